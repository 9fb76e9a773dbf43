"""Part C: the dates, as plain dates in Stockholm. Source: domain.md section 11 C."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from connector.domain.checks.texts import finding
from connector.domain.findings import Finding, Severity
from connector.domain.invoice import Invoice

USUAL_DAYS_TO_PAY = range(1, 91)


def check(invoice: Invoice, *, today: date) -> Iterator[Finding]:
    """C1, C2 and C5. `today` is the date in Stockholm."""
    invoiced, due = invoice.invoice_date, invoice.due_date
    if invoiced is None:
        yield finding("C1.invoice_date", Severity.BLOCK, field="invoice_date")
    elif invoiced > today:
        yield finding("C1.future", Severity.BLOCK, field="invoice_date", value=invoiced.isoformat(), invoiced=invoiced)
    if due is None:
        yield finding("C1.due_date", Severity.BLOCK, field="due_date")
    elif invoiced is not None and due < invoiced:
        yield finding("C1.order", Severity.BLOCK, field="due_date", value=due.isoformat(), due=due, invoiced=invoiced)
    if due is not None and due >= today:
        yield finding("C2", Severity.BLOCK, field="due_date", value=due.isoformat(), due=due)
    if invoiced is not None and due is not None and due >= invoiced:
        days = (due - invoiced).days
        if days not in USUAL_DAYS_TO_PAY:
            yield finding("C5", Severity.WARNING, field="due_date", value=str(days), days=days)
