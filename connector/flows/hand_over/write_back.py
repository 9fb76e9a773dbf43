"""The last step of a hand-over: what became of the invoice goes back into the ledger, where the accountant looks."""

from __future__ import annotations

from sqlalchemy import Engine

from connector.domain.errors import ConnectorError, KeyRefused, NotAuthorised, NotSent, OutcomeUnknown, Refused
from connector.domain.hand_over import WAITS_FOR_KEY, HandOverState, WriteBackState
from connector.flows import remote_findings
from connector.flows.companies import keys
from connector.flows.deployment import Deployment
from connector.flows.fence import Fence, TooLate, clock_s
from connector.flows.hand_over import ledger_words
from connector.flows.hand_over.quiet import quiet_for_s
from connector.flows.outcome import NEXT, STOP, TRIES_BEFORE_GIVING_UP, Outcome, Then, pause_s
from connector.hosts.base import Host, Language, ReceiptFile, WriteBack
from connector.store import cases, hand_over_work, hand_overs, withdrawals
from connector.store.connections import StoredConnection
from connector.store.hand_over_record import HandOver
from connector.store.hand_over_work import Busy, Lease
from connector.store.ownership import LostOwnership


def write_back(deployment: Deployment, hand_over_id: str) -> Outcome:
    """Make sure that the ledger shows what became of the invoice, or a finding says why it cannot."""
    db = deployment.databases.main
    if not _due(hand_overs.get(db, hand_over_id)):
        hand_over_work.finish(db, hand_over_id)
        return NEXT
    asked_at_s = clock_s()
    claimed = hand_over_work.claim(db, hand_over_id, for_s=deployment.settings.attempt_s, settle_s=0.0)
    if isinstance(claimed, Busy):
        return Outcome(Then.AGAIN, claimed.wait_s + 0.05)
    if not _due(claimed.hand_over):
        hand_over_work.release(db, claimed)
        return NEXT
    try:
        connection = deployment.connection(claimed.hand_over.connection)
        _, host = deployment.sides(connection)
        if wait_s := quiet_for_s(deployment, host, connection.id, claimed.hand_over.invoice_id):
            hand_over_work.release(db, claimed)
            return Outcome(Then.AGAIN, wait_s)
        if _is_overtaken(db, claimed.hand_over):
            hand_over_work.write_back_result(db, claimed, WriteBackState.NOT_NEEDED, None)
            return NEXT
        told = _write(deployment, connection, host, claimed, Fence(asked_at_s + deployment.settings.attempt_s))
    except (LostOwnership, TooLate):
        return Outcome(Then.AGAIN, pause_s(1))
    except ConnectorError as error:
        return _later_or_refused(deployment, claimed, error)
    return _ended(deployment, hand_over_id, told=told)


def _ended(deployment: Deployment, hand_over_id: str, *, told: bool) -> Outcome:
    """The end of a write-back; if the case has changed under it, the ledger is told again at once."""
    if not told:
        return Outcome(Then.AGAIN, pause_s(0))
    hand_over_work.finish(deployment.databases.main, hand_over_id)
    return NEXT


def _due(hand_over: HandOver) -> bool:
    if hand_over.write_back is not WriteBackState.PENDING:
        return False
    declined = hand_over.state is HandOverState.SKIPPED and bool(hand_over.declined_by)
    answered = hand_over.is_told and (hand_over.state is HandOverState.BLOCKED or declined)
    with_case = hand_over.state in (HandOverState.REGISTERED, HandOverState.DONE, HandOverState.WITHDRAWN)
    return with_case or answered


def _is_overtaken(db: Engine, hand_over: HandOver) -> bool:
    """Whether the invoice has another case by now, of which the ledger is told instead."""
    latest = hand_overs.latest(db, hand_over.connection, hand_over.invoice_id)
    return latest is not None and latest.id != hand_over.id and bool(latest.case_id)


def _write(deployment: Deployment, connection: StoredConnection, host: Host, lease: Lease, fence: Fence) -> bool:
    """Show and tell what stands; False if the case has changed meanwhile."""
    db = deployment.databases.main
    hand_over = lease.hand_over
    language = host.language()
    note = ledger_words.shown(
        hand_over,
        connection.settings,
        language,
        public_url=deployment.settings.public_url,
        case=cases.of(db, hand_over.case_id),
        withdrawal=withdrawals.of_hand_over(db, hand_over.id),
    )
    result = host.write_back(hand_over.invoice_id, note, _receipt_file(db, lease, fence))
    if result.refused:
        finding = remote_findings.write_back_refused(result.refused)
        if result.locked:
            finding = remote_findings.shown_here_alone(connection.host.capitalize(), hand_over.case_id)
        return hand_over_work.write_back_result(db, lease, WriteBackState.REFUSED, finding, why=result.refused)
    if host.has_messages():
        _leave_message(db, lease, host, note, language, fence)
    return hand_over_work.write_back_result(
        db, lease, WriteBackState.WRITTEN, None, places=result.places, status=note.status
    )


def _receipt_file(db: Engine, lease: Lease, fence: Fence) -> ReceiptFile:
    """The receipt takes the place of a message in a ledger without any, so that its file is remembered like one."""

    def keep(file_id: str) -> None:
        hand_over_work.attempt_message(db, lease, file_id)
        fence.may_send()

    return ReceiptFile(lease.hand_over.message_attempted, keep)


def _leave_message(db: Engine, lease: Lease, host: Host, note: WriteBack, language: Language, fence: Fence) -> None:
    """One message for each change of outcome, however often the write-back is repeated."""
    hand_over = lease.hand_over
    outcome = ledger_words.outcome_mark(note)
    if hand_over.message_left == outcome:
        return
    message = ledger_words.message(hand_over, note, language)
    hand_over_work.attempt_message(db, lease, message.key)
    fence.may_send()
    may_stand = hand_over.message_attempted == message.key
    refused = host.leave_message(hand_over.invoice_id, message, may_stand=may_stand)
    hand_over_work.message_result(db, lease, outcome, refused=refused)


def _later_or_refused(deployment: Deployment, lease: Lease, error: ConnectorError) -> Outcome:
    db = deployment.databases.main
    clear_no = isinstance(error, Refused) and not isinstance(error, NotAuthorised)
    tired = (
        not isinstance(error, (NotSent, OutcomeUnknown, KeyRefused)) and lease.hand_over.tries >= TRIES_BEFORE_GIVING_UP
    )
    try:
        if clear_no or tired:
            why = remote_findings.words(error)
            finding = remote_findings.write_back_refused(why)
            told = hand_over_work.write_back_result(db, lease, WriteBackState.REFUSED, finding, why=why)
            return _ended(deployment, lease.hand_over.id, told=told)
        if keys.parked(deployment, lease.hand_over.connection, error):
            hand_over_work.wait(db, lease, waiting_for=WAITS_FOR_KEY)
            return STOP
        hand_over_work.wait(db, lease, waiting_for=remote_findings.waiting_text(error))
    except LostOwnership:
        return Outcome(Then.AGAIN, pause_s(1))
    named_s = error.retry_after_s if isinstance(error, NotSent) else None
    return Outcome(Then.AGAIN, pause_s(lease.hand_over.tries, named_s=named_s))
