"""The finance endpoints of the Amili imitation. Source: amili/API.md, "Payouts"."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Flask, Response

from connector.sandbox.amili.calls import Calls
from connector.sandbox.amili.settling import settle_due


def add_finance(app: Flask, calls: Calls) -> None:
    """The endpoints of payout specifications and payouts."""
    state = calls.state

    def seen(documents: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        api_code = calls.caller()
        with state.lock:
            settle_due(state)
            return [
                dict(document)
                for document in documents
                if state.may_see(api_code, state.creditors[document["creditor"]]["account"])
            ]

    def payouts() -> list[dict[str, Any]]:
        hidden = set() if calls.switches.payout_shows_creditor else {"creditor"}
        return [
            {name: value for name, value in payout.items() if name not in hidden}
            for payout in seen(state.payouts.values())
        ]

    def named(documents: list[dict[str, Any]], identifier: str) -> dict[str, Any] | None:
        return next((document for document in documents if document["_id"] == identifier), None)

    @app.get("/finance--payout-specifications", endpoint="payout_specifications")
    def list_lines() -> Response:
        return calls.listed(seen(state.payout_lines.values()), calls.where())

    @app.get("/finance--payout-specifications/<specification_id>", endpoint="read_payout_specification")
    def read_line(specification_id: str) -> Response:
        return calls.one(named(seen(state.payout_lines.values()), specification_id))

    @app.get("/finance--payouts", endpoint="payouts")
    def list_payouts() -> Response:
        return calls.listed(payouts(), calls.where())

    @app.get("/finance--payouts/<payout_id>", endpoint="read_payout")
    def read_payout(payout_id: str) -> Response:
        return calls.one(named(payouts(), payout_id))
