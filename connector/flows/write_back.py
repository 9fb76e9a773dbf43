"""The last step of a hand-over: case id, status and date go back into the ledger, where the accountant looks."""

from __future__ import annotations

from datetime import UTC, datetime

from connector.domain.errors import ConnectorError, NotAuthorised, NotSent, OutcomeUnknown, Refused
from connector.domain.findings import stops, worst_first
from connector.domain.hand_over import HandOverState, Origin, WriteBackState
from connector.flows import remote_findings
from connector.flows.deployment import Deployment
from connector.flows.outcome import NEXT, TRIES_BEFORE_GIVING_UP, Outcome, Then, pause_s
from connector.hosts.base import WriteBack
from connector.store import hand_over_work, hand_overs
from connector.store.hand_over_record import HandOver
from connector.store.hand_over_work import Busy, Lease, LostOwnership

REGISTERED_TEXT = "Hos Amili"
ACTION_NEEDED_TEXT = "Åtgärd krävs"
_LONGEST_STATUS = 250


def write_back(deployment: Deployment, hand_over_id: str) -> Outcome:
    """Make sure that the ledger shows what became of the invoice, or a finding says why it cannot."""
    db = deployment.databases.main
    if not _due(hand_overs.get(db, hand_over_id)):
        hand_over_work.finish(db, hand_over_id)
        return NEXT
    claimed = hand_over_work.claim(db, hand_over_id, for_s=deployment.settings.attempt_s, settle_s=0.0)
    if isinstance(claimed, Busy):
        return Outcome(Then.AGAIN, claimed.wait_s + 0.05)
    if not _due(claimed.hand_over):
        hand_over_work.release(db, claimed)
        return NEXT
    try:
        _write(deployment, claimed)
    except LostOwnership:
        return Outcome(Then.AGAIN, pause_s(1))
    except ConnectorError as error:
        return _later_or_refused(deployment, claimed, error)
    hand_over_work.finish(db, hand_over_id)
    return NEXT


def _due(hand_over: HandOver) -> bool:
    if hand_over.write_back is not WriteBackState.PENDING:
        return False
    answered = hand_over.state is HandOverState.BLOCKED and hand_over.origin is Origin.LEDGER
    return hand_over.state is HandOverState.REGISTERED or answered


def _write(deployment: Deployment, lease: Lease) -> None:
    db = deployment.databases.main
    hand_over = lease.hand_over
    _, host = deployment.sides(deployment.connection(hand_over.connection))
    at = datetime.fromtimestamp(hand_over.registered_at or hand_over.updated_at, UTC).replace(microsecond=0)
    result = host.write_back(hand_over.invoice_id, WriteBack(hand_over.case_id, _status(hand_over), at))
    if result.refused:
        finding = remote_findings.write_back_refused(result.refused)
        hand_over_work.write_back_result(db, lease, WriteBackState.REFUSED, finding, why=result.refused)
        return
    hand_over_work.write_back_result(db, lease, WriteBackState.WRITTEN, None, places=result.places)


def _status(hand_over: HandOver) -> str:
    if hand_over.case_id:
        return REGISTERED_TEXT
    stopping = stops(hand_over.findings, accepted=hand_over.accepted, lifted=hand_over.lifted)
    words = " ".join(finding.sv for finding in worst_first(stopping))
    return f"{ACTION_NEEDED_TEXT}: {words}"[:_LONGEST_STATUS]


def _later_or_refused(deployment: Deployment, lease: Lease, error: ConnectorError) -> Outcome:
    db = deployment.databases.main
    clear_no = isinstance(error, Refused) and not isinstance(error, NotAuthorised)
    tired = not isinstance(error, (NotSent, OutcomeUnknown)) and lease.hand_over.tries >= TRIES_BEFORE_GIVING_UP
    try:
        if clear_no or tired:
            why = remote_findings.words(error)
            finding = remote_findings.write_back_refused(why)
            hand_over_work.write_back_result(db, lease, WriteBackState.REFUSED, finding, why=why)
            hand_over_work.finish(db, lease.hand_over.id)
            return NEXT
        hand_over_work.wait(db, lease, waiting_for=remote_findings.waiting_text(error))
    except LostOwnership:
        return Outcome(Then.AGAIN, pause_s(1))
    named_s = error.retry_after_s if isinstance(error, NotSent) else None
    return Outcome(Then.AGAIN, pause_s(lease.hand_over.tries, named_s=named_s))
