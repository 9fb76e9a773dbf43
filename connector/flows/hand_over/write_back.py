"""The last step of a hand-over: what became of the invoice goes back into the ledger, where the accountant looks."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Engine

from connector.domain.errors import ConnectorError
from connector.domain.hand_over import HandOverState, WriteBackState
from connector.domain.text import Quote, as_data
from connector.flows import remote_findings
from connector.flows.deployment import Deployment
from connector.flows.error_words import words_of
from connector.flows.hand_over import ledger_words, ocr
from connector.flows.hand_over.after_registering import Beside
from connector.flows.hand_over.quiet import quiet_for_s
from connector.flows.outcome import NEXT, Outcome, Then, pause_s
from connector.flows.send_deadline import SendDeadline, TooLate, clock_s
from connector.flows.sending.decisions import WRITING_BACK, Patience
from connector.flows.sending.put_off import put_off
from connector.hosts import kinds
from connector.hosts.base import Host, Language, ReceiptFile, WriteBack
from connector.store import cases, hand_over_work, hand_overs, restores, telling, withdrawals
from connector.store.connections import StoredConnection
from connector.store.hand_over_record import HandOver
from connector.store.hand_over_work import Busy, Lease
from connector.store.ownership import LostOwnership


def write_back(deployment: Deployment, hand_over_id: str) -> Outcome:
    """Make sure that the ledger shows what became of the invoice, or a finding says why it cannot."""
    db = deployment.databases.main
    if not telling.must_be_told(hand_overs.get(db, hand_over_id)):
        hand_over_work.finish(db, hand_over_id)
        return NEXT
    asked_at_s = clock_s()
    claimed = hand_over_work.claim(db, hand_over_id, for_s=deployment.settings.attempt_s, settle_s=0.0)
    if isinstance(claimed, Busy):
        return Outcome(Then.AGAIN, claimed.wait_s + 0.05)
    if not telling.must_be_told(claimed.hand_over):
        hand_over_work.release(db, claimed)
        return NEXT
    try:
        connection = deployment.connection(claimed.hand_over.connection)
        amili, host = deployment.sides(connection)
        if wait_s := quiet_for_s(deployment, host, connection.id, claimed.hand_over.invoice_id):
            hand_over_work.release(db, claimed)
            return Outcome(Then.AGAIN, wait_s)
        if _is_overtaken(db, claimed.hand_over):
            hand_over_work.write_back_result(db, claimed, WriteBackState.NOT_NEEDED, None)
            return NEXT
        claimed = replace(claimed, hand_over=ocr.completed(db, amili, claimed))
        told = _write(deployment, connection, host, claimed, SendDeadline(asked_at_s + deployment.settings.attempt_s))
    except (LostOwnership, TooLate):
        return Outcome(Then.AGAIN, pause_s(1))
    except ConnectorError as error:
        return put_off(deployment, _Waiting(deployment, claimed), error)
    return _ended(deployment, hand_over_id, told=told)


def _ended(deployment: Deployment, hand_over_id: str, *, told: bool) -> Outcome:
    """The end of a write-back; if the case has changed under it, the ledger is updated again at once."""
    if not told:
        return Outcome(Then.AGAIN, pause_s(0))
    hand_over_work.finish(deployment.databases.main, hand_over_id)
    return NEXT


def _is_overtaken(db: Engine, hand_over: HandOver) -> bool:
    """Return whether the invoice has another case by now, of which the ledger is updated instead.

    Of one that was left behind it is updated only where no one has asked again.
    """
    latest = hand_overs.latest(db, hand_over.connection, hand_over.invoice_id)
    if hand_over.state is HandOverState.LEFT:
        return latest is not None
    return latest is not None and latest.id != hand_over.id and bool(latest.case_id)


def _write(
    deployment: Deployment, connection: StoredConnection, host: Host, lease: Lease, deadline: SendDeadline
) -> bool:
    """Show and tell what stands; False if the case has changed meanwhile."""
    db = deployment.databases.main
    hand_over = lease.hand_over
    if hand_over.state is HandOverState.LEFT and (mark := host.hidden_wish(hand_over.invoice_id)):
        # Before it shows again: it stood there before the company left.
        hand_over_work.keep_left_wish(db, lease, mark)
    language = host.language()
    note = ledger_words.shown(
        hand_over,
        connection.settings,
        language,
        public_url=deployment.settings.public_url,
        case=cases.of(db, hand_over.case_id),
        withdrawal=withdrawals.of_hand_over(db, hand_over.id),
    )
    result = host.write_back(hand_over.invoice_id, note, _receipt_file(db, lease, deadline))
    if result.refused:
        lacks_case_id = bool(hand_over.case_id) and not result.holds_case_id
        why = Quote(result.refused) if isinstance(result.refused, str) else result.refused
        finding = remote_findings.write_back_refused(why, of_case_id=lacks_case_id)
        if result.locked and hand_over.state is not HandOverState.LEFT:
            finding = remote_findings.shown_here_alone(kinds.name_of(connection.host), hand_over.case_id)
        return hand_over_work.write_back_result(
            db, lease, WriteBackState.REFUSED, finding, why=as_data(why), case_id_written=result.holds_case_id
        )
    if host.SUPPORTS_MESSAGES:
        _leave_message(db, lease, host, note, language, deadline)
    return hand_over_work.write_back_result(
        db,
        lease,
        WriteBackState.WRITTEN,
        None,
        case_id_written=result.holds_case_id,
        places=result.places,
        status=note.status,
    )


def _receipt_file(db: Engine, lease: Lease, deadline: SendDeadline) -> ReceiptFile:
    """The receipt takes the place of a message in a ledger without any, so that its file is remembered like one."""

    def keep(file_id: str) -> None:
        hand_over_work.attempt_message(db, lease, file_id)
        deadline.may_send()

    return ReceiptFile(lease.hand_over.message_attempted, keep)


def _leave_message(
    db: Engine, lease: Lease, host: Host, note: WriteBack, language: Language, deadline: SendDeadline
) -> None:
    """One message for each change of outcome, however often the write-back is repeated."""
    hand_over = lease.hand_over
    outcome = ledger_words.outcome_mark(note)
    if hand_over.message_left == outcome:
        return
    message = ledger_words.message(hand_over, note, language)
    hand_over_work.attempt_message(db, lease, message.key)
    deadline.may_send()
    may_stand = hand_over.message_attempted == message.key or restores.was_after(db, hand_over.asked_at)
    refused = host.leave_message(hand_over.invoice_id, message, may_stand=may_stand)
    hand_over_work.message_result(db, lease, outcome, refused=refused)


@dataclass(frozen=True)
class _Waiting(Beside):
    """A write-back that did not come through: a `connector.flows.sending.put_off.Work`."""

    @property
    def patience(self) -> Patience:
        return WRITING_BACK

    def ask(self, error: ConnectorError) -> Outcome:
        lease = self.lease
        why = words_of(error)
        finding = remote_findings.write_back_refused(why, of_case_id=bool(lease.hand_over.case_id))
        told = hand_over_work.write_back_result(
            self.deployment.databases.main, lease, WriteBackState.REFUSED, finding, why=as_data(why)
        )
        return _ended(self.deployment, lease.hand_over.id, told=told)
