"""Part F: what the debt is for, and the evidence. Source: domain.md section 11 F."""

from __future__ import annotations

from collections.abc import Iterator

from connector.domain.assessment import PdfFacts
from connector.domain.checks.texts import finding
from connector.domain.checks.unchecked import not_checked
from connector.domain.description import is_vague
from connector.domain.findings import Finding, Severity

PDF_MAX_BYTES = 10 * 1024 * 1024
"""The largest invoice copy that is uploaded. Amili's limit is unknown (amili.md 3), so unconfirmed."""


def check(*, description: str, invoice_number: str, pdf: PdfFacts | None, require_pdf: bool) -> Iterator[Finding]:
    """F1 on the description that would be sent, F2 on the PDF as far as it has been looked at."""
    if not description:
        yield finding("F1.empty", Severity.BLOCK, field="lines")
    elif is_vague(description, invoice_number=invoice_number):
        yield finding("F1.vague", Severity.WARNING, field="lines", value=description, text=description)
    if pdf is None:
        yield not_checked("F2", field="pdf")
    else:
        yield from _f2_pdf(pdf, invoice_number, Severity.BLOCK if require_pdf else Severity.WARNING)


def _f2_pdf(pdf: PdfFacts, invoice_number: str, severity: Severity) -> Iterator[Finding]:
    if not pdf.available:
        yield finding("F2.missing", severity, field="pdf", problem=pdf.problem or "–")
        return
    if not pdf.starts_as_pdf:
        yield finding("F2.no_pdf", severity, field="pdf")
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
