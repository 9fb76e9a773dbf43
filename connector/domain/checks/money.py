"""Part B: the amounts. Source: RULES.md, "B: amounts"."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from connector.domain.checks.finding import finding
from connector.domain.checks.unchecked import not_checked
from connector.domain.connection import ConnectionSettings
from connector.domain.fee_rows import FeeRow, charged_in_capital
from connector.domain.findings import Finding, Severity
from connector.domain.invoice import Invoice, InvoiceKind, LineKind
from connector.domain.money import as_text
from connector.domain.reckoning import Reckoning, settled_by_ledger, states_part, total_of

CURRENCY = "SEK"

ROUNDING_ROOM = Decimal("1.00")
"""Lines may always differ from the printed total by less than this: invoices are rounded to whole kronor
(lag 1970:1029)."""

ROUNDING_OF_A_LINE = Decimal("0.005")
"""What rounding a line's VAT by itself moves it at most, up or down: some ledgers round that, others once on the whole,
and one shows the one and charges the other."""


def check(invoice: Invoice, settings: ConnectionSettings, reckoning: Reckoning) -> Iterator[Finding]:
    """B1 to B9."""
    yield from _b1_currency(invoice)
    yield from _b2_amounts_add_up(invoice, reckoning)
    yield from _b3_invoice_fee(invoice, reckoning)
    yield from _b3_invoice_fee_known(invoice)
    yield from _b4_invoice_fee_agreed(settings, reckoning)
    yield from _b5_b6_limits(settings, reckoning)
    yield from _b7_part_paid(invoice, reckoning)
    yield from _b8_tax_reduction(invoice, reckoning)
    yield from _b9_no_interest_in_capital(invoice)


def unreadable_amount(field: str) -> Finding:
    """B2 for an amount that is no amount exact to the öre: what a host's `InexactAmount` becomes.

    `field` names the ledger's field.
    """
    return finding("B2.unreadable", Severity.BLOCK, field=field, name=field)


def _b1_currency(invoice: Invoice) -> Iterator[Finding]:
    if invoice.currency != CURRENCY:
        currency = invoice.currency or "?"
        yield finding("B1", Severity.BLOCK, field="currency", value=currency, currency=currency)


def _b2_amounts_add_up(invoice: Invoice, reckoning: Reckoning) -> Iterator[Finding]:
    if invoice.balance <= 0:
        return
    capital = reckoning.capital_to_claim
    if capital == 0:
        yield finding(
            "B2.nothing_left",
            Severity.BLOCK,
            field="balance",
            value=as_text(invoice.balance),
            balance=invoice.balance,
        )
    elif capital > _most_that_can_be_open(invoice):
        yield finding(
            "B2.sums",
            Severity.BLOCK,
            field="balance",
            value=as_text(invoice.balance),
            balance=invoice.balance,
            total=invoice.total,
            fees=reckoning.booked_reminder_fee + reckoning.booked_interest,
            settled=settled_by_ledger(invoice),
        )


def _most_that_can_be_open(invoice: Invoice) -> Decimal:
    # A payment that the ledger knows of but has not taken off the balance is money already paid.
    booked_on_lines = total_of(invoice.lines, LineKind.REMINDER_FEE)
    if invoice.kind is not InvoiceKind.INTEREST:
        booked_on_lines += total_of(invoice.lines, LineKind.INTEREST)
    state_pays = (invoice.tax_reduction or Decimal("0.00")) if not invoice.only_reduction_left else Decimal("0.00")
    # Some ledgers print the total after tax reduction; only lines that add up to the total show it whole.
    total_is_whole = _is_rounding(invoice, total_of(invoice.lines) - invoice.total)
    total = invoice.total - state_pays if total_is_whole else invoice.total
    return total - max(booked_on_lines, Decimal("0.00")) - settled_by_ledger(invoice)


def _b3_invoice_fee(invoice: Invoice, reckoning: Reckoning) -> Iterator[Finding]:
    fee = reckoning.charged_invoice_fee
    if fee < 0 or fee > max(invoice.total, Decimal("0.00")):
        yield finding("B3.impossible", Severity.BLOCK, field="lines", value=as_text(fee), fee=fee, total=invoice.total)
    elif fee and not _lines_explain_total(invoice, reckoning):
        lines = total_of(invoice.lines)
        yield finding("B3.lines", Severity.BLOCK, field="lines", value=as_text(lines), lines=lines, total=invoice.total)


def _b3_invoice_fee_known(invoice: Invoice) -> Iterator[Finding]:
    """A line that reads like an invoice fee and is not told apart: it is owed, and bears no interest."""
    for line, kind in charged_in_capital(invoice.lines):
        if kind is FeeRow.INVOICE_FEE and line.kind is LineKind.GOODS:
            yield finding("B3.row", Severity.INFO, field="lines", value=as_text(line.amount), amount=line.amount)


def _lines_explain_total(invoice: Invoice, reckoning: Reckoning) -> bool:
    lines = total_of(invoice.lines)
    booked_beside = reckoning.booked_reminder_fee
    state_pays = invoice.tax_reduction or Decimal("0.00")
    explanations = (lines, lines + booked_beside, lines - state_pays)
    return any(_is_rounding(invoice, explained - invoice.total) for explained in explanations)


def _is_rounding(invoice: Invoice, difference: Decimal) -> bool:
    """Return whether the lines and the total differ by no more than rounding explains."""
    charged = sum(line.amount != 0 for line in invoice.lines)
    return abs(difference) < ROUNDING_ROOM or abs(difference) <= ROUNDING_OF_A_LINE * charged


def _b4_invoice_fee_agreed(settings: ConnectionSettings, reckoning: Reckoning) -> Iterator[Finding]:
    if reckoning.invoice_fee > 0 and not settings.invoice_fee_agreed:
        fee = reckoning.invoice_fee
        yield finding("B4", Severity.WARNING, field="settings.invoice_fee_agreed", value=as_text(fee), fee=fee)


def _b5_b6_limits(settings: ConnectionSettings, reckoning: Reckoning) -> Iterator[Finding]:
    amount = reckoning.capital_to_claim
    value = as_text(amount)
    if 0 < amount < settings.minimum_amount:
        limit = settings.minimum_amount
        yield finding("B5", Severity.WARNING, field="balance", value=value, amount=amount, limit=limit)
    if amount > settings.maximum_amount:
        limit = settings.maximum_amount
        yield finding("B6", Severity.LIFTABLE, field="balance", value=value, amount=amount, limit=limit)


def _b7_part_paid(invoice: Invoice, reckoning: Reckoning) -> Iterator[Finding]:
    settled = invoice.total - invoice.balance - states_part(invoice)
    if invoice.balance > 0 and settled > 0:
        yield finding(
            "B7",
            Severity.INFO,
            field="balance",
            value=as_text(invoice.balance),
            settled=settled,
            total=invoice.total,
            capital=reckoning.capital_to_claim,
        )


def _b8_tax_reduction(invoice: Invoice, reckoning: Reckoning) -> Iterator[Finding]:
    if invoice.tax_reduction is None:
        yield not_checked("B8", field="tax_reduction")
    elif invoice.only_reduction_left:
        yield finding(
            "B8.left",
            Severity.LIFTABLE,
            field="tax_reduction",
            value=as_text(invoice.tax_reduction),
            reduction=invoice.tax_reduction,
            capital=reckoning.capital_to_claim,
        )
    elif invoice.tax_reduction > 0:
        yield finding(
            "B8",
            Severity.WARNING,
            field="tax_reduction",
            value=as_text(invoice.tax_reduction),
            reduction=invoice.tax_reduction,
            capital=reckoning.capital_to_claim,
        )


def _b9_no_interest_in_capital(invoice: Invoice) -> Iterator[Finding]:
    """The connector adds none itself; what can slip in is a line the settings do not know as interest."""
    if invoice.kind is InvoiceKind.INTEREST:
        return
    for line, kind in charged_in_capital(invoice.lines):
        if kind is FeeRow.INTEREST:
            yield finding("B9", Severity.BLOCK, field="lines", value=as_text(line.amount), amount=line.amount)
