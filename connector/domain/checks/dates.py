"""Part C: the dates, as plain dates in Stockholm. Source: domain.md section 11 C."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

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
    yield from _c2_overdue(invoice, today)
    if invoiced is not None and due is not None and due >= invoiced:
        days = (due - invoiced).days
        if days not in USUAL_DAYS_TO_PAY:
            yield finding("C5", Severity.WARNING, field="due_date", value=str(days), days=days)


def _c2_overdue(invoice: Invoice, today: date) -> Iterator[Finding]:
    """An invoice is claimed once and whole, so that the last of its instalments must be overdue as well."""
    due, parts = invoice.due_date, invoice.instalments
    if due is None:
        return
    overdue = sum((part.balance for part in parts if part.due_date < today), Decimal("0.00"))
    if due >= today and overdue > 0:
        yield finding(
            "C2.instalments",
            Severity.BLOCK,
            field="due_date",
            value=due.isoformat(),
            count=len(parts),
            overdue=overdue,
            later=sum((part.balance for part in parts), -overdue),
            due=due,
        )
    elif due >= today:
        yield finding("C2", Severity.BLOCK, field="due_date", value=due.isoformat(), due=due)
    elif parts:
        yield finding("C2.parts", Severity.INFO, field="due_date", value=due.isoformat(), count=len(parts), due=due)
