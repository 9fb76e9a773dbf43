"""Cases as the Amili imitation shows them. Source: amili/API.md, "Case"."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from flask import Flask, Response

from connector.sandbox.amili.calls import Calls
from connector.sandbox.amili.checks import as_rfc_1123
from connector.sandbox.amili.query import Document, without
from connector.sandbox.amili.settling import settle_due
from connector.sandbox.amili.state import AmiliState, Case
from connector.sandbox.shared.switches import AmiliSwitches, ClosedAs


def case_document(state: AmiliState, case: Case) -> dict[str, Any]:
    """`case` as it is shown now. Made again only when something it shows has changed."""
    switches = state.switches.switches
    initializing = state.now() < case.created + timedelta(seconds=switches.initializing_s)
    key = (switches, initializing, *case.changeable())
    if case.shown is None or case.shown[0] != key:
        case.shown = (key, _document(case, switches, initializing=initializing))
    return case.shown[1]


def _document(case: Case, switches: AmiliSwitches, *, initializing: bool) -> dict[str, Any]:
    state, status = ("initializing", "initialized") if initializing else (case.state, case.status)
    if switches.unknown_state:
        state = status = switches.unknown_state
    first = [{"state": "initializing", "state_date": as_rfc_1123(case.created)}]
    later = [{"state": name, "state_date": as_rfc_1123(at)} for name, at in case.history]
    history = first if initializing else first + later
    remaining = {
        "remaining_capital_amount": case.remaining_capital,
        "remaining_costs_amount": case.remaining_costs,
        "remaining_interest_amount": Decimal(0),
        "remaining_transaction_amount": case.remaining_capital + case.remaining_costs,
    }
    document = {
        **case.document,
        "state": state,
        "status": status,
        "state_history": history,
        "status_history": [],
        "latest_state_date": history[-1]["state_date"],
        **{f"local_{name}": amount for name, amount in remaining.items()},
    }
    if switches.shows_total_amounts:
        document |= {f"total_{name}": amount for name, amount in remaining.items()}
    if switches.shows_original_invoice and case.uploads:
        document["original_invoice"] = f"{case.id}-{len(case.uploads)}"
    return without(document | _closure(case, switches.closed_as), switches.hidden_case_fields)


def _closure(case: Case, closed_as: ClosedAs) -> dict[str, Any]:
    match closed_as:
        case ClosedAs.BOOLEAN:
            return {"closed": case.closed_at is not None}
        case ClosedAs.DATE if case.closed_at:
            return {"closed": as_rfc_1123(case.closed_at)}
        case ClosedAs.OBJECT | ClosedAs.OBJECT_OR_EMPTY if case.closed_at:
            return {"closed": _closing(case, case.closed_at)}
        case ClosedAs.OBJECT_OR_EMPTY:
            return {"closed": {}}
        case ClosedAs.LIST:
            return {"closed": [_closing(case, case.closed_at)] if case.closed_at else []}
        case _:
            return {}


def _closing(case: Case, at: datetime) -> dict[str, Any]:
    return {"date": as_rfc_1123(at), "reason": case.status}


def add_cases(app: Flask, calls: Calls) -> None:
    """The endpoints under /cases."""
    state = calls.state

    def visible(where: Mapping[str, Any], api_code: str) -> list[Document]:
        with state.lock:
            state.make_due_cases()
            settle_due(state)
            latest = state.now() - timedelta(seconds=calls.switches.visible_after_s)
            return [
                case_document(state, case)
                for case in state.cases_for(where.get("creditor"), where.get("debt.invoice_number"))
                if case.created <= latest and state.may_see(api_code, case.account)
            ]

    @app.get("/cases", endpoint="look")
    def look() -> Response:
        api_code = calls.caller()
        where = calls.where()
        return calls.listed(visible(where, api_code), where)

    @app.get("/cases/<case_id>", endpoint="read_case")
    def read_case(case_id: str) -> Response:
        api_code = calls.caller()
        with state.lock:
            state.make_due_cases()
            settle_due(state)
            case = state.cases.get(case_id)
            if case is None or not state.may_see(api_code, case.account):
                raise calls.missing()
            return calls.one(case_document(state, case))
