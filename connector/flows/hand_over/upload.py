"""The second step of a hand-over: the ledger's own rendered invoice PDF becomes the case's original invoice."""

from __future__ import annotations

from dataclasses import dataclass

from connector.amili.client import AmiliClient
from connector.amili.models import ORIGINAL_INVOICE_FILE_NAME
from connector.domain.checks.content import check_pdf
from connector.domain.doubt import Doubt
from connector.domain.errors import ConnectorError, OutcomeUnknown
from connector.domain.findings import Finding, Severity
from connector.domain.hand_over import HandOverState, PdfState
from connector.domain.text import as_data
from connector.flows import remote_findings
from connector.flows.deployment import Deployment
from connector.flows.error_words import sentence_of
from connector.flows.hand_over.after_registering import Beside
from connector.flows.hand_over.circumstances import pdf_facts
from connector.flows.hand_over.quiet import quiet_for_s
from connector.flows.outcome import NEXT, Outcome, Then, pause_s
from connector.flows.send_deadline import SendDeadline, TooLate, clock_s
from connector.flows.sending.decisions import UPLOADING, Patience
from connector.flows.sending.put_off import put_off
from connector.hosts.base import PdfUnavailable
from connector.store import hand_over_work, hand_overs, pdf_work, restores
from connector.store.hand_over_record import HandOver
from connector.store.hand_over_work import Busy, Lease
from connector.store.ownership import LostOwnership


def upload(deployment: Deployment, hand_over_id: str) -> Outcome:
    """Make sure that the case has its PDF, or a finding says why not. Never fails a registered case."""
    db = deployment.databases.main
    settings = deployment.settings
    if not _due(hand_overs.get(db, hand_over_id)):
        return NEXT
    asked_at_s = clock_s()
    claimed = hand_over_work.claim(db, hand_over_id, for_s=settings.attempt_s, settle_s=settings.settle_s)
    if isinstance(claimed, Busy):
        return Outcome(Then.AGAIN, claimed.wait_s + 0.05)
    if not _due(claimed.hand_over):
        hand_over_work.release(db, claimed)
        return NEXT
    try:
        return _upload(deployment, claimed, SendDeadline(asked_at_s + settings.attempt_s))
    except (LostOwnership, TooLate):
        return Outcome(Then.AGAIN, pause_s(1))
    except PdfUnavailable as error:
        return _without(deployment, claimed, remote_findings.pdf_unavailable(sentence_of(error)))
    except ConnectorError as error:
        return put_off(deployment, _Waiting(deployment, claimed), error)


def _due(hand_over: HandOver) -> bool:
    return hand_over.state is HandOverState.REGISTERED and hand_over.pdf is PdfState.PENDING


def _upload(deployment: Deployment, lease: Lease, deadline: SendDeadline) -> Outcome:
    db = deployment.databases.main
    hand_over = lease.hand_over
    connection = deployment.connection(hand_over.connection)
    amili, host = deployment.sides(connection)
    may_stand = hand_over.pdf_attempted or restores.was_after(db, hand_over.asked_at)
    if may_stand and (outcome := _look(deployment, lease, amili)):
        return outcome
    if wait_s := quiet_for_s(deployment, host, hand_over.connection, hand_over.invoice_id):
        # Some ledgers write to the invoice when they make its PDF.
        hand_over_work.release(db, lease)
        return Outcome(Then.AGAIN, wait_s)
    pdf = host.pdf(hand_over.invoice_id)
    number = hand_over.invoice_number or pdf.invoice_number
    if unfit := next(check_pdf(pdf_facts(pdf), number, Severity.WARNING), None):
        return _without(deployment, lease, remote_findings.pdf_unavailable(unfit.says))
    pdf_work.attempt(db, lease)
    try:
        amili.upload_original_invoice(
            hand_over.case_id, pdf.content, ORIGINAL_INVOICE_FILE_NAME, may_send=deadline.may_send
        )
    except OutcomeUnknown:
        deployment.posted.note(_subject(hand_over))
        pdf_work.unknown(db, lease)
        raise
    pdf_work.result(db, lease, PdfState.UPLOADED, None, bytes=len(pdf.content))
    return NEXT


def _look(deployment: Deployment, lease: Lease, amili: AmiliClient) -> Outcome | None:
    """Find the PDF that was sent before, or wait while it may still arrive; None where it may be sent again."""
    db = deployment.databases.main
    # Judged before the look: one that began too early proves nothing, however late its answer comes.
    unknown_for_s = pdf_work.unknown_for_s(db, lease.hand_over)
    doubt = Doubt(deployment.posted.at_most_s(_subject(lease.hand_over), unknown_for_s))
    if amili.case(lease.hand_over.case_id).original_invoice_shown:
        pdf_work.result(db, lease, PdfState.UPLOADED, None, found=True)
        return NEXT
    again = doubt.after_vain_look(deployment.settings.settle_s)
    if again is None:
        return None
    pdf_work.not_shown(db, lease)
    return Outcome(Then.AGAIN, again.after_s, could_read=True)


def _subject(hand_over: HandOver) -> str:
    return f"{hand_over.id}:pdf"


def _without(deployment: Deployment, lease: Lease, finding: Finding) -> Outcome:
    try:
        pdf_work.result(deployment.databases.main, lease, PdfState.UNAVAILABLE, finding, why=as_data(finding.says))
    except LostOwnership:
        return Outcome(Then.AGAIN, pause_s(1))
    return NEXT


@dataclass(frozen=True)
class _Waiting(Beside):
    """An upload that did not come through: a `connector.flows.sending.put_off.Work`."""

    @property
    def patience(self) -> Patience:
        return UPLOADING

    def ask(self, error: ConnectorError) -> Outcome:
        finding = remote_findings.pdf_unavailable(sentence_of(error))
        return _without(self.deployment, self.lease, finding)
