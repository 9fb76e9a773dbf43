"""Part C: the dates, as plain dates in Stockholm. Source: RULES.md, "C: dates"."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from connector.domain.checks.finding import finding
from connector.domain.checks.unchecked import not_checked
from connector.domain.connection import ConnectionSettings, FirstAction
from connector.domain.dates import add_bank_days, is_overdue, last_day_to_pay, months_after
from connector.domain.findings import Finding, Severity
from connector.domain.invoice import Invoice, PaymentKind

USUAL_DAYS_TO_PAY = range(1, 91)
LIMITATION_MONTHS = 120
CONSUMER_LIMITATION_MONTHS = 36
"""After how long a claim is time-barred: preskriptionslagen (1981:130) 2 §."""
LIMITATION_WARNING_MONTHS = 3
OLD_AFTER_MONTHS = 12

_DEBTORS_MONEY = frozenset({PaymentKind.RECEIPT, PaymentKind.UNSEEN})


def check(
    invoice: Invoice,
    settings: ConnectionSettings,
    *,
    first_action: FirstAction | str,
    is_company: bool | None,
    by_rule: bool,
    today: date,
) -> Iterator[Finding]:
    """C1 to C7. `today` is the date in Stockholm; `by_rule` says that no person decides on this invoice.

    A debtor who may be a consumer (`is_company` not True) is judged as one.
    """
    yield from _c1_dates_in_order(invoice, today)
    yield from _c2_overdue(invoice, today)
    yield from _c3_receipts_had_time(invoice, settings, by_rule=by_rule, today=today)
    if first_action is not FirstAction.REMINDER:
        yield from _c4_reminded(invoice, settings, today)
    yield from _c5_time_to_pay(invoice)
    yield from _c6_limitation(invoice, is_company=is_company, by_rule=by_rule, today=today)
    yield from _c7_old(invoice, settings, by_rule=by_rule, today=today)


def _c1_dates_in_order(invoice: Invoice, today: date) -> Iterator[Finding]:
    invoiced, due = invoice.invoice_date, invoice.due_date
    if invoiced is None:
        yield finding("C1.invoice_date", Severity.BLOCK, field="invoice_date")
    elif invoiced > today:
        yield finding("C1.future", Severity.BLOCK, field="invoice_date", value=invoiced.isoformat(), invoiced=invoiced)
    if due is None:
        yield finding("C1.due_date", Severity.BLOCK, field="due_date")
    elif invoiced is not None and due < invoiced:
        yield finding("C1.order", Severity.BLOCK, field="due_date", value=due.isoformat(), due=due, invoiced=invoiced)


def _c2_overdue(invoice: Invoice, today: date) -> Iterator[Finding]:
    """An invoice is claimed once and whole, so that the last of its instalments must be overdue as well.

    That receipts are booked through the last day to pay is for A3, which asks for the previous bank day: where an
    invoice is overdue, that is the same day or a later one.
    """
    due, parts = invoice.due_date, invoice.instalments
    if due is None:
        return
    earliest = last_day_to_pay(due) + timedelta(days=1)
    overdue = sum((part.balance for part in parts if is_overdue(part.due_date, today=today)), Decimal("0.00"))
    if is_overdue(due, today=today):
        if parts:
            yield finding("C2.parts", Severity.INFO, field="due_date", value=due.isoformat(), count=len(parts), due=due)
    elif overdue > 0:
        yield finding(
            "C2.instalments",
            Severity.BLOCK,
            field="due_date",
            value=due.isoformat(),
            count=len(parts),
            overdue=overdue,
            later=sum((part.balance for part in parts), -overdue),
            due=due,
            earliest=earliest,
        )
    else:
        key = "C2" if due >= today else "C2.no_bank_day"
        yield finding(key, Severity.BLOCK, field="due_date", value=due.isoformat(), due=due, earliest=earliest)


def _c3_receipts_had_time(
    invoice: Invoice, settings: ConnectionSettings, *, by_rule: bool, today: date
) -> Iterator[Finding]:
    due = invoice.due_date
    if due is None or not is_overdue(due, today=today):
        return
    count = settings.rule.bank_days_after_due if by_rule else settings.bank_days_after_due
    waits_through = add_bank_days(last_day_to_pay(due), count)
    if today <= waits_through:
        earliest = waits_through + timedelta(days=1)
        yield finding(
            "C3", Severity.LIFTABLE, field="due_date", value=due.isoformat(), count=count, due=due, earliest=earliest
        )


def _c4_reminded(invoice: Invoice, settings: ConnectionSettings, today: date) -> Iterator[Finding]:
    """No law asks for a reminder, so its lack is a warning only for a company that expects one of itself."""
    reminders = invoice.reminders
    if not reminders and not (invoice.reminders_known and settings.reminders.in_ledger):
        yield not_checked("C4", field="reminders")
    elif settings.own_reminder_expected and not any(one.date is None or one.date <= today for one in reminders):
        yield finding("C4", Severity.WARNING, field="reminders")


def _c5_time_to_pay(invoice: Invoice) -> Iterator[Finding]:
    invoiced, due = invoice.invoice_date, invoice.due_date
    if invoiced is not None and due is not None and due >= invoiced:
        days = (due - invoiced).days
        if days not in USUAL_DAYS_TO_PAY:
            yield finding("C5", Severity.WARNING, field="due_date", value=str(days), days=days)


def _c6_limitation(invoice: Invoice, *, is_company: bool | None, by_rule: bool, today: date) -> Iterator[Finding]:
    if invoice.invoice_date is None:
        return
    months = LIMITATION_MONTHS if is_company else CONSUMER_LIMITATION_MONTHS
    since = _limitation_runs_from(invoice, invoice.invoice_date, months, today)
    limit = months_after(since, months)
    if today >= limit:
        key, severity = "C6", Severity.LIFTABLE
    elif today >= months_after(since, months - LIMITATION_WARNING_MONTHS):
        # A rule takes nothing that is nearly time-barred, whatever warnings the company has accepted.
        key, severity = "C6.soon", Severity.LIFTABLE if by_rule else Severity.WARNING
    else:
        return
    years = months // 12
    yield finding(key, severity, field="invoice_date", value=since.isoformat(), limit=limit, years=years, since=since)


def _limitation_runs_from(invoice: Invoice, invoiced: date, months: int, today: date) -> date:
    """The day from which the limitation is counted: preskriptionslagen (1981:130) 5 and 6 §§.

    Again from the debtor's latest part payment and from a written reminder. A reminder that came when the time had run
    out interrupts nothing. Undated reminders prove nothing.
    """
    since = max(filter(None, (invoiced, _latest_part_payment(invoice, today))))
    written = (one.date for one in invoice.reminders if one.written)
    reminded = sorted(day for day in written if day is not None and day <= today)
    for day in reminded:
        if since < day < months_after(since, months):
            since = day
    return since


def _latest_part_payment(invoice: Invoice, today: date) -> date | None:
    """Return when the debtor last paid money that was not taken back."""
    money = [one for one in invoice.payments if one.kind in _DEBTORS_MONEY and one.date <= today]
    taken_back = Counter(-one.amount for one in money if one.amount < 0)
    for payment in sorted(money, key=lambda one: one.date, reverse=True):
        if payment.amount <= 0:
            continue
        if not taken_back[payment.amount]:
            return payment.date
        taken_back[payment.amount] -= 1
    return None


def _c7_old(invoice: Invoice, settings: ConnectionSettings, *, by_rule: bool, today: date) -> Iterator[Finding]:
    invoiced = invoice.invoice_date
    if invoiced is None or today <= months_after(invoiced, OLD_AFTER_MONTHS):
        return
    months = (today.year - invoiced.year) * 12 + today.month - invoiced.month - (today.day < invoiced.day)
    severity = Severity.WARNING
    if by_rule:
        named = today <= months_after(invoiced, settings.rule.oldest_months)
        severity = Severity.INFO if named and settings.rule.oldest_months > OLD_AFTER_MONTHS else Severity.LIFTABLE
    yield finding("C7", severity, field="invoice_date", value=str(months), months=months)
