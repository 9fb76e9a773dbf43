"""What happens at Amili without its API, for tests and demos in another process: paths under /_sandbox/."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

from flask import Flask, Response

from connector.sandbox.amili.lines import make_payout
from connector.sandbox.amili.settling import debtor_pays
from connector.sandbox.amili.state import AmiliState
from connector.sandbox.shared.wire import as_json, control_body


def snapshot(state: AmiliState) -> dict[str, Any]:
    """Everything that was received, as JSON; file contents by size and digest."""
    with state.lock:
        return {
            **state.traffic.snapshot(),
            "tokens_issued": state.tokens_issued,
            "registrations_created": dict(state.registrations_created),
            "registrations": list(state.registrations.values()),
            "cases": [
                {
                    "id": case.id,
                    "account": case.account,
                    "creditor": case.creditor,
                    "invoice_number": case.invoice_number,
                    "registration": case.registration_id,
                    "state": case.state,
                    "status": case.status,
                    "closed": case.closed_at is not None,
                    "remaining_capital": case.remaining_capital,
                    "remaining_costs": case.remaining_costs,
                    "respite_days": case.respite_days,
                    "debt": dict(case.debt),
                    "uploads": [
                        {
                            "file_name": upload.file_name,
                            "content_type": upload.content_type,
                            "size_bytes": len(upload.content),
                            "sha256": hashlib.sha256(upload.content).hexdigest(),
                        }
                        for upload in case.uploads
                    ],
                }
                for case in state.cases.values()
            ],
            "actions": [
                {
                    "id": action.id,
                    "kind": action.kind,
                    "case": action.case.id,
                    "reference": action.reference,
                    "amount": action.body.get("amount"),
                    "status": action.status,
                }
                for action in state.actions.values()
            ],
            "payout_lines": list(state.payout_lines.values()),
            "payouts": list(state.payouts.values()),
        }


def add_control(app: Flask, state: AmiliState) -> None:
    """The control endpoints that are Amili's alone."""

    @app.post("/_sandbox/keys")
    def add_key() -> Response:
        body = control_body()
        accounts = body.get("accounts")
        state.register_key(body["api_code"], body["public_key"], accounts=None if accounts is None else tuple(accounts))
        return as_json({"registered": body["api_code"]}, 201)

    @app.post("/_sandbox/accounts")
    def add_account() -> Response:
        return as_json({"_id": state.add_account(**control_body())}, 201)

    @app.post("/_sandbox/creditors")
    def add_creditor() -> Response:
        return as_json({"_id": state.add_creditor(**control_body())}, 201)

    @app.post("/_sandbox/creditors/<creditor_id>")
    def set_creditor(creditor_id: str) -> Response:
        state.set_creditor(creditor_id, **control_body())
        return as_json(state.creditors[creditor_id])

    @app.post("/_sandbox/cases/<case_id>")
    def set_case(case_id: str) -> Response:
        body = control_body()
        if "remaining_capital" in body:
            body["remaining_capital"] = Decimal(body["remaining_capital"])
        state.set_case(case_id, **body)
        return as_json({"changed": case_id})

    @app.post("/_sandbox/cases/<case_id>/pay")
    def debtor_pays_at_amili(case_id: str) -> Response:
        amount: Any = control_body().get("amount")
        lines = debtor_pays(state, case_id, None if amount is None else Decimal(amount))
        return as_json({"payout_lines": [line["_id"] for line in lines]}, 201)

    @app.post("/_sandbox/payouts")
    def pay_out() -> Response:
        payout = make_payout(state, control_body()["creditor"])
        return as_json({"_id": payout["_id"], "payout_date": payout["payout_date"]}, 201)

    @app.get("/_sandbox/uploads/<case_id>/<int:number>")
    def uploaded(case_id: str, number: int) -> Response:
        upload = state.cases[case_id].uploads[number - 1]
        return Response(upload.content, content_type=upload.content_type)

    @app.post("/_sandbox/tokens/expire")
    def expire_tokens() -> Response:
        state.expire_tokens()
        return as_json({"expired": True})
