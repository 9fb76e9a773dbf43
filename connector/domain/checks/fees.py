"""Part D: the reminder fee charged beside the capital. Source: domain.md section 11 D; lag (1981:739).

D5 and D6 judge late-payment compensation (450 kronor). A claim cannot carry it, because the key Amili takes
it under is unknown (`connector.domain.claim.UNCONFIRMED_FEE_KEYS`), so these two cannot fire and are not
here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from connector.domain.checks.texts import finding
from connector.domain.checks.unchecked import not_checked
from connector.domain.connection import ConnectionSettings
from connector.domain.findings import Finding, Severity
from connector.domain.invoice import Invoice, LineKind
from connector.domain.money import as_text
from connector.domain.reckoning import ChargedReminderFee, Reckoning

REMINDER_FEE_MAXIMUM = Decimal("60.00")
"""Lag (1981:739) 4 § and its regulation; unchanged since 16 March 2013 (domain.md 1.2)."""


def check(
    invoice: Invoice,
    settings: ConnectionSettings,
    reckoning: Reckoning,
    *,
    today: date,
    is_company: bool | None,
) -> Iterator[Finding]:
    """D1 to D4, D7 and D8. A debtor who may be a consumer (`is_company` not True) is judged as one."""
    fees = reckoning.reminder_fees
    yield from _d1_statutory_maximum(fees)
    yield from _d2_only_one(fees)
    yield from _d3_date(fees, invoice, today)
    yield from _d4_agreed(settings, reckoning, is_company)
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


def _d3_date(fees: tuple[ChargedReminderFee, ...], invoice: Invoice, today: date) -> Iterator[Finding]:
    if any(fee.charged_on is None for fee in fees):
        yield not_checked("D3", field="reminders")
    for charged in sorted({fee.charged_on for fee in fees if fee.charged_on is not None}):
        too_early = invoice.due_date is not None and charged <= invoice.due_date
        if too_early or charged > today:
            yield finding("D3", Severity.BLOCK, field="reminders", value=charged.isoformat(), charged=charged)


def _d4_agreed(settings: ConnectionSettings, reckoning: Reckoning, is_company: bool | None) -> Iterator[Finding]:
    fee = reckoning.reminder_fee
    if fee is not None and not settings.reminders.fee_agreed:
        severity = Severity.WARNING if is_company else Severity.LIFTABLE
        yield finding("D4", severity, field="settings.reminders.fee_agreed", value=as_text(fee.amount), fee=fee.amount)


_REMINDER_FEE = re.compile(r"påminnelse(?:avgift|kostnad)|reminder fee|dunning fee", re.IGNORECASE)


def _d7_not_in_capital(invoice: Invoice) -> Iterator[Finding]:
    """Fees known as such are taken off the balance; one that the settings do not know stays inside."""
    for line in invoice.lines:
        counted = line.kind in {LineKind.GOODS, LineKind.INVOICE_FEE} and line.amount > 0
        if counted and _REMINDER_FEE.search(line.description):
            yield finding("D7", Severity.BLOCK, field="lines", value=as_text(line.amount), amount=line.amount)


def _d8_not_paid(fees: tuple[ChargedReminderFee, ...]) -> Iterator[Finding]:
    paid = sum((fee.amount for fee in fees if fee.paid), Decimal("0.00"))
    if paid:
        yield finding("D8", Severity.BLOCK, field="reminders", value=as_text(paid), fee=paid)
    elif any(fee.paid is None and not fee.in_balance for fee in fees):
        # A fee inside the balance cannot be claimed twice: fee and capital together are at most the balance.
        yield not_checked("D8", field="reminders")
