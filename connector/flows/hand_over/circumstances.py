"""What the checks need to know beside the invoice: how its creditor stands at Amili, and what its PDF is."""

from __future__ import annotations

from connector.amili.client import AmiliClient
from connector.domain.assessment import CreditorStatus, PdfFacts
from connector.domain.checks.content import PDF_MAX_BYTES
from connector.domain.invoice import Invoice, Pdf
from connector.flows.companies.connecting import status_of
from connector.flows.deployment import Deployment
from connector.flows.error_words import words_of
from connector.hosts.base import Host, PdfUnavailable
from connector.store import connections
from connector.store.connections import StoredConnection

CREDITOR_FRESH_S = 900.0


def creditor_status(deployment: Deployment, connection: StoredConnection, amili: AmiliClient) -> CreditorStatus:
    """Return what Amili says of the connection's creditor, asked at most every `CREDITOR_FRESH_S` seconds.

    A status that stops hand-overs is always asked for afresh: the agreement may have been fixed since.
    """
    known = connection.creditor_status
    if known and known.is_active and known.has_payout_account is not False:
        age_s = connections.creditor_age_s(deployment.databases.main, connection.id)
        if age_s < CREDITOR_FRESH_S:
            return known
    status = status_of(amili.creditor(connection.settings.creditor))
    connections.save_creditor_status(deployment.databases.main, connection.id, status)
    return status


def pdf_facts_of(host: Host, invoice: Invoice) -> PdfFacts:
    """Return what the checks need to know of the PDF that the ledger has of an invoice."""
    try:
        pdf = host.pdf(invoice.id)
    except PdfUnavailable as error:
        return PdfFacts(available=False, problem=words_of(error))
    return pdf_facts(pdf)


def pdf_facts(pdf: Pdf) -> PdfFacts:
    """Return what the checks need to know of a PDF."""
    # Here, because it is 17 MB that the pages do without until someone looks at an invoice copy.
    from connector.flows.hand_over.pdf_content import PdfContent, content_of  # noqa: PLC0415

    # What is too large to be sent is not looked into.
    found = content_of(pdf.content) if len(pdf.content) <= PDF_MAX_BYTES else PdfContent(is_pdf=True)
    return PdfFacts(
        available=True,
        is_pdf=found.is_pdf,
        active=found.active,
        files=found.files,
        size_bytes=len(pdf.content),
        invoice_number=pdf.invoice_number,
    )
