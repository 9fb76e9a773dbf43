"""An invoice whose own total is no longer what it was when it was sent: put back to draft, changed, and posted again.

Such a change shows among no payments and credits. Nothing is in doubt about it, so that a person is asked at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from connector.domain.follow_up import FollowUpKind, FollowUpState, Noted, Reason, Step, Verdict

CHANGES = (FollowUpKind.LOWERED, FollowUpKind.RAISED)
_OPEN_QUESTION = (FollowUpState.ASKING, FollowUpState.DUE)
_LEDGER_ID = "total"


def verdicts(total_then: Decimal | None, total_now: Decimal | None, noted: Iterable[Noted]) -> list[Verdict]:
    """Return what is to be asked about the change that has not been dealt with; a question about another one lapses.

    A total (kronor) is None where it is not known: of hand-overs by releases that did not keep it, and of invoices in
    other currencies. Then nothing is asked.
    """
    if total_then is None or total_now is None:
        return []
    before = [one for one in noted if one.kind in CHANGES]
    asking = [one for one in before if one.state in _OPEN_QUESTION and not one.at_amili]
    difference = total_now - total_then - sum((_signed(one) for one in before if _is_dealt_with(one)), Decimal("0.00"))
    if any(_signed(one) == difference for one in asking):
        return []
    found = [
        Verdict(step=Step.LAPSE, kind=one.kind, id=one.id, ledger_id=one.ledger_id, amount=one.amount) for one in asking
    ]
    if difference:
        lowered = difference < 0
        found.append(
            Verdict(
                step=Step.ASK,
                kind=FollowUpKind.LOWERED if lowered else FollowUpKind.RAISED,
                id=f"{_LEDGER_ID}#{len(before) + 1}",
                ledger_id=_LEDGER_ID,
                amount=abs(difference),
                reason=Reason.INVOICE_LOWERED if lowered else Reason.INVOICE_RAISED,
                may_report=lowered,
            )
        )
    return found


def _signed(one: Noted) -> Decimal:
    return -one.amount if one.kind is FollowUpKind.LOWERED else one.amount


def _is_dealt_with(one: Noted) -> bool:
    return one.at_amili or one.state is FollowUpState.SKIPPED
