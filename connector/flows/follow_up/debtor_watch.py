"""Whether the customers of open cases are still those that were sent to Amili (H7 of
RULES.md, "H: after the registration").

What was sent is kept by digests alone. A card that says otherwise now is a question for a person, once for each state
of the card; nothing is asked to Amili, which has no call for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from connector.domain.dates import today
from connector.domain.debtor_change import Care, Part, care_of, parts_of
from connector.domain.follow_up import FollowUpKind, FollowUpState, Reason, Step, Verdict
from connector.domain.invoice import Customer
from connector.flows.deployment import Deployment
from connector.flows.follow_up import follow_up_findings
from connector.hosts.base import Host
from connector.store import follow_ups, sent_debtors
from connector.store.hand_over_record import HandOver
from connector.store.ownership import LostOwnership
from connector.store.sent_debtors import SentDebtor

_REASONS = {
    Part.NAME: Reason.DEBTOR_NAME,
    Part.NUMBER: Reason.DEBTOR_NUMBER,
    Part.ADDRESS: Reason.DEBTOR_ADDRESS,
}
_CARES = {
    Care.ESTATE: Reason.DEBTOR_ESTATE,
    Care.INSOLVENT: Reason.DEBTOR_INSOLVENT,
    Care.PROTECTED: Reason.DEBTOR_PROTECTED,
}
_STANDING = (FollowUpState.ASKING, FollowUpState.SKIPPED)


def watch(deployment: Deployment, host: Host, open_cases: Sequence[HandOver]) -> None:
    """Ask a person about every customer of these cases whose card is not as it was. Raises the errors of the ledger.

    Cases that an earlier release sent, and those that were only adopted, have nothing to compare with.
    """
    db = deployment.databases.main
    sent = sent_debtors.of(db, deployment.vault, [one.id for one in open_cases])
    cards = host.cards(sorted({one.customer for one in sent.values() if one.customer})) if sent else {}
    for hand_over in open_cases:
        before = sent.get(hand_over.id)
        card = cards.get(before.customer) if before else None
        if before is not None and card is not None:
            _note(deployment, hand_over, tuple(_changes(before, card)))


def _changes(before: SentDebtor, card: Customer) -> Iterator[Verdict]:
    parts = parts_of(card, today=today())
    for name in before.differ(parts):
        # By the digest, so that a card that is changed once more is another question.
        yield _asking(f"{name}:{before.digest(parts[Part(name)])[:16]}", _REASONS[Part(name)])
    for care in sorted(care_of(card, today=today()) - {Care(code) for code in before.care}):
        yield _asking(care, _CARES[care])


def _asking(identifier: str, reason: Reason) -> Verdict:
    return Verdict(step=Step.ASK, kind=FollowUpKind.DEBTOR, id=identifier, ledger_id=identifier, reason=reason)


def _note(deployment: Deployment, hand_over: HandOver, changes: Sequence[Verdict]) -> None:
    db = deployment.databases.main
    rows = [row for row in follow_ups.of_hand_over(db, hand_over.id) if row.kind is FollowUpKind.DEBTOR]
    standing = {row.event_id for row in rows if row.state in _STANDING}
    now = {one.id for one in changes}
    over = [
        Verdict(step=Step.LAPSE, kind=FollowUpKind.DEBTOR, id=identifier, ledger_id=identifier)
        for identifier in sorted(standing - now)
    ]
    for verdict in (*over, *(one for one in changes if one.id not in standing)):
        try:
            follow_ups.keep(db, hand_over, verdict, follow_up_findings.of_verdict(verdict))
        except LostOwnership:
            # Something was reported at this moment: the next comparison asks.
            return
