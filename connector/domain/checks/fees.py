"""Part D: fees beside the capital, and fees that a row put into it. Source: RULES.md, "D: fees beside the capital"; lag
(1981:739)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from connector.domain.checks.finding import finding
from connector.domain.checks.unchecked import not_checked
from connector.domain.connection import ConnectionSettings, FirstAction
from connector.domain.dates import is_overdue
from connector.domain.fee_rows import FeeRow, charged_in_capital
from connector.domain.findings import Finding, Severity
from connector.domain.invoice import Invoice
from connector.domain.money import as_text
from connector.domain.reckoning import ChargedReminderFee, Reckoning

REMINDER_FEE_MAXIMUM = Decimal("60.00")
"""Lag (1981:739) 4 § and its regulation; unchanged since 16 March 2013 (RULES.md, "Fees")."""

LATE_COMPENSATION_MAXIMUM = Decimal("450.00")
"""Lag (1981:739) 4 a § and its regulation. Owed by businesses and authorities alone."""


def check(
    invoice: Invoice,
    settings: ConnectionSettings,
    reckoning: Reckoning,
    *,
    first_action: FirstAction | str,
    today: date,
    is_company: bool | None,
) -> Iterator[Finding]:
    """D1 to D8. A debtor who may be a consumer (`is_company` not True) is judged as one."""
    fees = reckoning.reminder_fees
    yield from _d1_statutory_maximum(fees)
    yield from _d2_only_one(fees)
    yield from _d2_which_is_claimed(invoice, settings, reckoning)
    yield from _d2_not_charged_again(reckoning, first_action)
    yield from _d3_date(fees, invoice, today)
    yield from _d3_no_reminder(invoice, settings)
    yield from _d4_agreed(settings, reckoning, is_company)
    yield from _d5_late_compensation_row(invoice, is_company)
    yield from _d6_not_both(invoice, fees)
    yield from _d7_not_in_capital(invoice)
    yield from _d8_not_paid(fees)


def _d1_statutory_maximum(fees: tuple[ChargedReminderFee, ...]) -> Iterator[Finding]:
    highest = max((fee.amount for fee in fees), default=Decimal("0.00"))
    if highest > REMINDER_FEE_MAXIMUM:
        yield finding(
            "D1",
            Severity.BLOCK,
            field="reminders",
            value=as_text(highest),
            fee=highest,
            maximum=REMINDER_FEE_MAXIMUM,
        )


def _d2_only_one(fees: tuple[ChargedReminderFee, ...]) -> Iterator[Finding]:
    if len(fees) > 1:
        yield finding("D2", Severity.BLOCK, field="reminders", value=str(len(fees)), count=len(fees))


def _d2_which_is_claimed(invoice: Invoice, settings: ConnectionSettings, reckoning: Reckoning) -> Iterator[Finding]:
    """Return what became of the fees that the creditor's letters charged, where one alone may be claimed
    (RULES.md, "Fees")."""
    shared = [one for one in invoice.reminders if one.claimed_with]
    for reminder in shared:
        fee = reminder.not_claimed or settings.reminders.fee
        if not fee:
            continue
        yield finding(
            "D2.letter",
            Severity.INFO,
            field="reminders",
            value=as_text(fee),
            fee=fee,
            charged=reminder.date or "–",
            number=reminder.claimed_with,
        )
    claimed = reckoning.reminder_fee
    if claimed is None:
        return
    own = [one for one in invoice.reminders if one.written and not one.claimed_with]
    later = any(one.date and one.date > claimed.date and one.fee == 0 for one in own)
    if later or any(one.not_claimed for one in own):
        yield finding(
            "D2.level",
            Severity.INFO,
            field="reminders",
            value=as_text(claimed.amount),
            fee=claimed.amount,
            charged=claimed.date,
            count=len(invoice.reminders),
        )


def _d2_not_charged_again(reckoning: Reckoning, first_action: FirstAction | str) -> Iterator[Finding]:
    """Amili's own reminder charges its fee, beside the one that the creditor's reminder has charged already."""
    fee = reckoning.reminder_fee
    if fee is not None and first_action is FirstAction.REMINDER:
        yield finding("D2.again", Severity.WARNING, field="reminders", value=as_text(fee.amount), fee=fee.amount)


def _d3_date(fees: tuple[ChargedReminderFee, ...], invoice: Invoice, today: date) -> Iterator[Finding]:
    if any(fee.charged_on is None for fee in fees):
        yield not_checked("D3", field="reminders")
    for charged in sorted({fee.charged_on for fee in fees if fee.charged_on is not None}):
        too_early = invoice.due_date is not None and not is_overdue(invoice.due_date, today=charged)
        if too_early or charged > today:
            yield finding("D3", Severity.BLOCK, field="reminders", value=charged.isoformat(), charged=charged)


def _d3_no_reminder(invoice: Invoice, settings: ConnectionSettings) -> Iterator[Finding]:
    """A fee is owed for a reminder that was sent, and claimed with its date: none for reminders that no one shows."""
    fee, unseen = settings.reminders.fee, not (invoice.reminders_known and settings.reminders.in_ledger)
    if fee > 0 and unseen and not invoice.reminders:
        yield finding("D3.no_reminder", Severity.INFO, field="settings.reminders.fee", value=as_text(fee), fee=fee)


def _d4_agreed(settings: ConnectionSettings, reckoning: Reckoning, is_company: bool | None) -> Iterator[Finding]:
    fee = reckoning.reminder_fee
    if fee is not None and not settings.reminders.fee_agreed:
        severity = Severity.WARNING if is_company else Severity.LIFTABLE
        yield finding("D4", severity, field="settings.reminders.fee_agreed", value=as_text(fee.amount), fee=fee.amount)


def _d5_late_compensation_row(invoice: Invoice, is_company: bool | None) -> Iterator[Finding]:
    for line, kind in charged_in_capital(invoice.lines):
        if kind is FeeRow.LATE_COMPENSATION:
            owed = is_company is True and line.amount <= LATE_COMPENSATION_MAXIMUM
            yield finding(
                "D5.row" if owed else "D5.row_not_owed",
                Severity.LIFTABLE if owed else Severity.BLOCK,
                field="lines",
                value=as_text(line.amount),
                amount=line.amount,
                maximum=LATE_COMPENSATION_MAXIMUM,
            )


def _d6_not_both(invoice: Invoice, fees: tuple[ChargedReminderFee, ...]) -> Iterator[Finding]:
    charged = {kind for _, kind in charged_in_capital(invoice.lines)}
    if FeeRow.LATE_COMPENSATION in charged and (fees or FeeRow.REMINDER_FEE in charged):
        yield finding("D6.row", Severity.BLOCK, field="lines")


def _d7_not_in_capital(invoice: Invoice) -> Iterator[Finding]:
    """Fees known as such are taken off the balance; one that the settings do not know stays inside."""
    keys = {FeeRow.REMINDER_FEE: "D7", FeeRow.COLLECTION_COST: "D7.collection"}
    for line, kind in charged_in_capital(invoice.lines):
        if key := keys.get(kind):
            yield finding(key, Severity.BLOCK, field="lines", value=as_text(line.amount), amount=line.amount)


def _d8_not_paid(fees: tuple[ChargedReminderFee, ...]) -> Iterator[Finding]:
    paid = sum((fee.amount for fee in fees if fee.paid), Decimal("0.00"))
    if paid:
        yield finding("D8", Severity.BLOCK, field="reminders", value=as_text(paid), fee=paid)
    elif any(fee.paid is None and not fee.in_balance for fee in fees):
        # A fee inside the balance cannot be claimed twice: fee and capital together are at most the balance.
        yield not_checked("D8", field="reminders")
