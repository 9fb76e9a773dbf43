"""Part F: what the debt is for, the evidence, and how the debtor was asked to pay. Source:
RULES.md, "F: content and evidence"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stdnum import luhn

from connector.domain.assessment import PdfFacts
from connector.domain.checks.finding import finding
from connector.domain.checks.unchecked import not_checked
from connector.domain.connection import ClaimScope, ConnectionSettings
from connector.domain.description import is_vague
from connector.domain.findings import Finding, Severity
from connector.domain.invoice import Invoice
from connector.domain.text import Text, text

LONGEST_OCR = 25
"""Digits of the longest OCR number that Bankgirot takes; the shortest has two (RULES.md, "OCR numbers")."""

PDF_MAX_BYTES = 10 * 1024 * 1024
"""The largest invoice copy that is uploaded. Amili's limit is unknown (amili/API.md, "Upload of the invoice"), so
unconfirmed."""


def check(
    invoice: Invoice, settings: ConnectionSettings, *, description: str, reads: str, pdf: PdfFacts | None
) -> Iterator[Finding]:
    """F1 on the description that would be sent, F2 on the PDF as far as it has been looked at, F3 to F5.

    `reads` is what the debtor will read: where that is the creditor's standard text, ours is not judged.
    """
    invoice_number = invoice.number
    if reads != description:
        yield finding("F1.standard", Severity.INFO, field="lines", value=reads, text=reads)
    elif not description:
        yield finding("F1.empty", Severity.BLOCK, field="lines")
    elif is_vague(description, invoice_number=invoice_number):
        yield finding("F1.vague", Severity.WARNING, field="lines", value=description, text=description)
    if pdf is None:
        yield not_checked("F2", field="pdf")
    else:
        yield from check_pdf(pdf, invoice_number, Severity.BLOCK if settings.require_pdf else Severity.WARNING)
    if what := _named_by(settings.special_claims, invoice):
        yield finding("F3", Severity.LIFTABLE, field="lines", value=str(what.facts.get("name", "")), what=what)
    if what := _named_by(settings.sensitive_claims, invoice):
        yield finding("F4", Severity.WARNING, field="pdf", value=str(what.facts.get("name", "")), what=what)
    yield from _f5_payable(invoice)


def _f5_payable(invoice: Invoice) -> Iterator[Finding]:
    """Return whether Bankgirot takes the number that the customer was asked to pay with, where it looks like an OCR
    number.

    The number itself is not told: many a company makes it of the customer's personal number. That of the invoice is
    stated as it is, and no OCR number.
    """
    reference = invoice.payment_reference
    if not (reference.isascii() and reference.isdigit()) or reference == invoice.number.strip():
        return
    length = len(reference)
    if not 2 <= length <= LONGEST_OCR:
        yield finding("F5.long", Severity.INFO, field="payment_reference", value=str(length), length=length)
    elif not luhn.is_valid(reference):
        yield finding("F5", Severity.INFO, field="payment_reference", value=str(length))
    elif invoice.reference_has_length_digit and reference[-2] != str(length % 10):
        yield finding(
            "F5.length",
            Severity.INFO,
            field="payment_reference",
            value=str(length),
            length=length,
            found=int(reference[-2]),
            wanted=length % 10,
        )


def _named_by(scope: ClaimScope, invoice: Invoice) -> Text | None:
    """Return what the company has named of the invoice's products, accounts and customer, if anything."""
    customer = invoice.customer
    products, customers = _spelt(scope.products), _spelt(scope.customers)
    for line in invoice.lines:
        if named := sorted(_spelt(line.products) & products):
            return text("named.product", name=named[0])
        if line.account and line.account in scope.accounts:
            return text("named.account", name=line.account)
    if {customer.id.casefold(), customer.number.casefold()} & customers - {""}:
        # By no number: many a ledger numbers its customers by their personal numbers.
        return text("named.customer")
    return None


def _spelt(names: Iterable[str]) -> set[str]:
    return {name.strip().casefold() for name in names}


def check_pdf(pdf: PdfFacts, invoice_number: str, severity: Severity) -> Iterator[Finding]:
    """F2: whether the PDF is one, of this invoice, no larger than may be, and nothing but pages."""
    if not pdf.available:
        yield finding("F2.missing", severity, field="pdf", problem=pdf.problem or "–")
        return
    if not pdf.is_pdf:
        yield finding("F2.no_pdf", severity, field="pdf")
    if pdf.active:
        yield finding("F2.active", severity, field="pdf")
    if pdf.files:
        yield finding("F2.files", severity, field="pdf", value=str(pdf.files), count=pdf.files)
    if pdf.invoice_number and pdf.invoice_number != invoice_number:
        yield finding(
            "F2.number",
            severity,
            field="pdf",
            value=pdf.invoice_number,
            found=pdf.invoice_number,
            wanted=invoice_number,
        )
    if not 0 < pdf.size_bytes <= PDF_MAX_BYTES:
        yield finding(
            "F2.size",
            severity,
            field="pdf",
            value=str(pdf.size_bytes),
            size=pdf.size_bytes,
            maximum=PDF_MAX_BYTES,
        )
