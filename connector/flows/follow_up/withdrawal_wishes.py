"""Wishes to withdraw a case that stand in a ledger: each is taken up once, and looked at afresh before Amili is asked.

The person has seen a warning in the ledger and not the preview (`connector.flows.follow_up.withdrawal`). What the
preview would have shown them decides here: where the case may end by itself, a person is asked, who can go through with
it there.
"""

from __future__ import annotations

from connector.amili.models import Case, is_closed
from connector.domain.findings import Finding
from connector.domain.follow_up import IN_FLIGHT, FollowUpState
from connector.domain.follow_up_rules import LESSENING, Facts, decide, not_told
from connector.domain.withdrawal import kept_reason
from connector.flows.deployment import Deployment
from connector.flows.follow_up import follow_up_findings
from connector.hosts.base import Host, WithdrawalWish
from connector.store import hand_overs, withdrawals
from connector.words import say

_NOT_TOLD = (*IN_FLIGHT, FollowUpState.ASKING)


def take_all(deployment: Deployment, connection_id: str, host: Host) -> None:
    """Take up every wish to withdraw that stands in one ledger."""
    for wish in host.withdrawal_wishes():
        take(deployment, connection_id, host, wish)


def take(deployment: Deployment, connection_id: str, host: Host, wish: WithdrawalWish) -> bool:
    """Take up one wish, once: True for the one that does. The ledger is updated what becomes of it.

    A wish that is meant for another case than the invoice's present one withdraws nothing.
    """
    hand_over = hand_overs.latest(deployment.databases.main, connection_id, wish.invoice_id)
    if hand_over is None or not hand_over.case_id:
        host.refuse_withdrawal(wish, say(follow_up_findings.nothing_to_withdraw(), host.language()))
        return True
    reason = kept_reason(wish.reason)
    objections: tuple[Finding, ...] = ()
    if not host.vouches_for(wish.mark):
        objections = (follow_up_findings.withdrawal_asked_by_anybody(wish.by),)
    elif wish.case_id != hand_over.case_id:
        objections = (follow_up_findings.meant_for_another_case(wish.case_id),)
    elif not reason:
        objections = (follow_up_findings.without_reason(),)
    return withdrawals.take_wish(
        deployment.databases.main, hand_over.id, mark=wish.mark, by=wish.by, reason=reason, objections=objections
    )


def objection(case: Case, facts: Facts) -> Finding | None:
    """Return why a case is not withdrawn on a ledger's wish alone, as things stand now; None where nothing speaks
    against it.

    The case must not be withdrawn where it ends by itself: once what was paid or credited is reported
    (RULES.md, "After the hand-over").
    """
    if is_closed(case):
        return follow_up_findings.closed_already()
    if facts.ledger.unreadable:
        return follow_up_findings.may_be_paid()
    coming = any(one.kind in LESSENING and one.state in _NOT_TOLD for one in facts.noted)
    left = facts.case.remaining_total
    if coming or not_told(decide(facts)) or (left is not None and left <= 0):
        return follow_up_findings.paid_instead()
    return None
