"""What money, credits and withdrawals do to a case of the Amili imitation.

Source: amili/API.md, "Actions", RULES.md, "After the hand-over". No rule of the real Amili's is public
(amili/API.md, "Unconfirmed"), so each is a switch; statuses of closed cases, and the reasons given, are made up to look
like nothing documented.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from connector.sandbox.amili.checks import as_rfc_1123
from connector.sandbox.amili.lines import add_line
from connector.sandbox.amili.state import Action, AmiliState, Case
from connector.sandbox.shared.switches import Unfit

PAYMENT, CREDITING, CANCELLATION = "payment", "crediting", "cancellation"

CASE_CLOSED = "sandbox.case_closed"
MORE_THAN_REMAINS = "sandbox.more_than_remains"


class Misfit(NamedTuple):
    """Why an action does not fit its case, how that is answered, and how much would fit."""

    answer: Unfit
    reason: str
    field: str
    fits: Decimal


def misfit(state: AmiliState, case: Case, kind: str, amount: Decimal) -> Misfit | None:
    """Return what is wrong with an action on `case` as it stands now."""
    switches = state.switches.switches
    if case.closed_at is not None:
        return Misfit(switches.action_on_closed_case, CASE_CLOSED, "case", Decimal(0))
    owed = case.remaining_capital + case.remaining_costs
    if kind == PAYMENT and amount > owed:
        return Misfit(switches.overpayment, MORE_THAN_REMAINS, "amount", owed)
    if kind == CREDITING and amount > case.remaining_capital:
        return Misfit(switches.overcrediting, MORE_THAN_REMAINS, "amount", case.remaining_capital)
    return None


def take_in(state: AmiliState, kind: str, case: Case, body: Mapping[str, Any]) -> Action:
    """Take in an action that was not refused; it takes effect when it is due."""
    with state.lock:
        identifier = state.new_id()
        now = state.now()
        action = Action(
            id=identifier,
            kind=kind,
            case=case,
            body=body,
            document=state.stamps(identifier)
            | {"client_registration_date": as_rfc_1123(now)}
            | {name: value for name, value in body.items() if name != "invoice_number"}
            | {"account": case.account, "case": case.id, "case_invoice_number": case.invoice_number},
            created=now,
            due=now + timedelta(seconds=state.switches.switches.actions_settle_after_s),
        )
        state.actions[identifier] = action
        state.unsettled.append(action)
        settle_due(state)
        return action


def settle_due(state: AmiliState) -> None:
    """Let every action that is due take effect, in the order in which they came."""
    with state.lock:
        due = [action for action in state.unsettled if action.due <= state.now()]
        for action in due:
            state.unsettled.remove(action)
            _settle(state, action)


def _settle(state: AmiliState, action: Action) -> None:
    failure = state.switches.switches.actions_fail
    amount = Decimal(action.body.get("amount", 0))
    wrong = misfit(state, action.case, action.kind, amount)
    if failure:
        _finish(state, action, "error", Decimal(0), failure)
    elif wrong is None:
        _take_effect(state, action, amount)
        _finish(state, action, "completed", amount, "")
    elif wrong.answer is Unfit.WARNING:
        if wrong.fits:
            _take_effect(state, action, wrong.fits)
        _finish(state, action, "warning", wrong.fits, wrong.reason)
    else:
        _finish(state, action, "error", Decimal(0), wrong.reason)


def _finish(state: AmiliState, action: Action, status: str, settled: Decimal, reason: str) -> None:
    if action.kind == CANCELLATION:
        # Its documented statuses are completed and warning alone (amili/API.md, "What became of an action").
        action.status = "completed" if status == "completed" else "warning"
    else:
        action.status = status
        action.document["settled_amount"] = settled
    action.document |= {"status": action.status, "_updated": as_rfc_1123(state.now())}
    if reason:
        action.document["status_reason_locale"] = reason


def _take_effect(state: AmiliState, action: Action, amount: Decimal) -> None:
    case = action.case
    switches = state.switches.switches
    if action.kind == PAYMENT:
        reduce(state, case, amount)
    elif action.kind == CREDITING:
        case.remaining_capital -= amount
        if not case.remaining_capital and switches.crediting_all_closes:
            close(state, case, "closed_by_crediting")
    else:
        close(state, case, "closed_by_cancellation")
        if switches.cancellation_cost_kronor:
            cost = -Decimal(switches.cancellation_cost_kronor)
            add_line(state, case, "creditor_commission", "cancellation", cost)
    state.touch(case)


def reduce(state: AmiliState, case: Case, amount: Decimal) -> tuple[Decimal, Decimal]:
    """Take a payment off a case, capital first, and close it if no more than a small rest remains.

    Returns how much went to the capital and how much to the costs.
    """
    to_capital = min(amount, case.remaining_capital)
    to_costs = min(amount - to_capital, case.remaining_costs)
    case.remaining_capital -= to_capital
    case.remaining_costs -= to_costs
    if not case.remaining_capital and case.remaining_costs <= state.switches.switches.rest_claim_kronor:
        close(state, case, "closed_by_payment")
    state.touch(case)
    return to_capital, to_costs


def close(state: AmiliState, case: Case, status: str) -> None:
    """Close a case; costs that remain are given up."""
    case.closed_at = state.now()
    case.status = status
    case.remaining_costs = Decimal(0)


def debtor_pays(state: AmiliState, case_id: str, amount: Decimal | None = None) -> list[dict[str, Any]]:
    """Let the debtor pay at Amili, all that is owed unless an `amount` is given; returns the payout lines.

    Raises `KeyError` for an unknown case.
    """
    with state.lock:
        settle_due(state)
        case = state.cases[case_id]
        owed = case.remaining_capital + case.remaining_costs
        to_capital, to_costs = reduce(state, case, owed if amount is None else min(amount, owed))
        settled = [("capital", "capital", to_capital), ("creditor_outlay", "reminder", to_costs)]
        return [add_line(state, case, category, article, part) for category, article, part in settled if part]
