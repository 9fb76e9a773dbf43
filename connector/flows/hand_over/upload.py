"""The second step of a hand-over: the ledger's own rendered invoice PDF becomes the case's original invoice."""

from __future__ import annotations

from connector.domain.errors import (
    ConnectorError,
    KeyRefused,
    NotAuthorised,
    NotFound,
    NotSent,
    OutcomeUnknown,
    Refused,
)
from connector.domain.findings import Finding
from connector.domain.hand_over import WAITS_FOR_KEY, HandOverState, PdfState
from connector.domain.invoice import Pdf
from connector.flows import remote_findings
from connector.flows.companies import keys
from connector.flows.deployment import Deployment
from connector.flows.fence import Fence, TooLate, clock_s
from connector.flows.hand_over.quiet import quiet_for_s
from connector.flows.outcome import NEXT, STOP, TRIES_BEFORE_GIVING_UP, Outcome, Then, pause_s
from connector.hosts.base import PdfUnavailable
from connector.store import hand_over_work, hand_overs
from connector.store.hand_over_record import HandOver
from connector.store.hand_over_work import Busy, Lease
from connector.store.ownership import LostOwnership

_PDF_MARK = b"%PDF-"


def upload(deployment: Deployment, hand_over_id: str) -> Outcome:
    """Make sure that the case has its PDF, or a finding says why not. Never fails a registered case."""
    db = deployment.databases.main
    settings = deployment.settings
    if not _due(hand_overs.get(db, hand_over_id)):
        return NEXT
    asked_at_s = clock_s()
    claimed = hand_over_work.claim(db, hand_over_id, for_s=settings.attempt_s, settle_s=0.0)
    if isinstance(claimed, Busy):
        return Outcome(Then.AGAIN, claimed.wait_s + 0.05)
    if not _due(claimed.hand_over):
        hand_over_work.release(db, claimed)
        return NEXT
    try:
        return _upload(deployment, claimed, Fence(asked_at_s + settings.attempt_s))
    except (LostOwnership, TooLate):
        return Outcome(Then.AGAIN, pause_s(1))
    except PdfUnavailable as error:
        return _without(deployment, claimed, remote_findings.pdf_unavailable(error.message))
    except ConnectorError as error:
        return _later_or_without(deployment, claimed, error)


def _due(hand_over: HandOver) -> bool:
    return hand_over.state is HandOverState.REGISTERED and hand_over.pdf is PdfState.PENDING


def _upload(deployment: Deployment, lease: Lease, fence: Fence) -> Outcome:
    db = deployment.databases.main
    hand_over = lease.hand_over
    connection = deployment.connection(hand_over.connection)
    amili, host = deployment.sides(connection)
    if hand_over.pdf_attempted and amili.case(hand_over.case_id).original_invoice_shown:
        hand_over_work.pdf_result(db, lease, PdfState.UPLOADED, None, found=True)
        return NEXT
    if wait_s := quiet_for_s(deployment, host, hand_over.connection, hand_over.invoice_id):
        # Some ledgers write to the invoice when they make its PDF.
        hand_over_work.release(db, lease)
        return Outcome(Then.AGAIN, wait_s)
    pdf = host.pdf(hand_over.invoice_id)
    _must_be_the_invoice(pdf, hand_over.invoice_number)
    hand_over_work.attempt_pdf(db, lease)
    amili.upload_original_invoice(hand_over.case_id, pdf.content, pdf.file_name, may_send=fence.may_send)
    hand_over_work.pdf_result(db, lease, PdfState.UPLOADED, None, bytes=len(pdf.content))
    return NEXT


def _must_be_the_invoice(pdf: Pdf, invoice_number: str) -> None:
    if not pdf.content.startswith(_PDF_MARK):
        raise PdfUnavailable("bokföringen gav en fil som inte är en PDF.")
    if pdf.invoice_number and invoice_number and pdf.invoice_number != invoice_number:
        raise PdfUnavailable(f"bokföringens PDF gäller faktura {pdf.invoice_number}.")


def _later_or_without(deployment: Deployment, lease: Lease, error: ConnectorError) -> Outcome:
    # Tried again: a case may take a moment to become visible, and a key may be mended.
    refused = isinstance(error, Refused) and not isinstance(error, (NotFound, NotAuthorised))
    tired = (
        not isinstance(error, (NotSent, OutcomeUnknown, KeyRefused)) and lease.hand_over.tries >= TRIES_BEFORE_GIVING_UP
    )
    if refused or tired:
        return _without(
            deployment, lease, remote_findings.pdf_unavailable(f"{error.system}: {remote_findings.words(error)}")
        )
    try:
        if keys.parked(deployment, lease.hand_over.connection, error):
            hand_over_work.wait(deployment.databases.main, lease, waiting_for=WAITS_FOR_KEY)
            return STOP
        hand_over_work.wait(deployment.databases.main, lease, waiting_for=remote_findings.waiting_text(error))
    except LostOwnership:
        return Outcome(Then.AGAIN, pause_s(1))
    named_s = error.retry_after_s if isinstance(error, NotSent) else None
    return Outcome(Then.AGAIN, pause_s(lease.hand_over.tries, named_s=named_s))


def _without(deployment: Deployment, lease: Lease, finding: Finding) -> Outcome:
    try:
        hand_over_work.pdf_result(deployment.databases.main, lease, PdfState.UNAVAILABLE, finding, why=finding.en)
    except LostOwnership:
        return Outcome(Then.AGAIN, pause_s(1))
    return NEXT
