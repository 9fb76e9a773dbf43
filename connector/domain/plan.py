"""What the rule proposes: which overdue invoices it is time to send, and when a plan is too large to go by itself.

Source: RULES.md, "Rules that propose". A rule proposes; every check is made again when an invoice is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from pydantic import Field

from connector.domain.connection import EscalationRule
from connector.domain.dates import add_bank_days, last_day_to_pay
from connector.domain.invoice import Frozen, Invoice
from connector.domain.money import Kronor


class NotYet(StrEnum):
    """Why it is too early."""

    DUE_LATELY = "due_lately"
    REMINDED_LATELY = "reminded_lately"
    REMINDED_WHEN = "reminded_when"
    """A reminder was sent, and the ledger does not say when."""


class Brake(StrEnum):
    """Why a plan waits for a person."""

    FIRST = "first"
    """Nothing of this company has ever been sent."""
    TOO_MANY = "too_many"
    TOO_MUCH = "too_much"
    BANK_UNKNOWN = "bank_unknown"
    """It is not known through which day receipts are booked: someone may have paid."""


class Proposed(Frozen):
    """An invoice that a rule proposes to send, as the ledger told of it when the plan was made."""

    invoice_id: str
    invoice_number: str
    customer_name: str = Field("", repr=False)
    due_date: date | None
    balance: Kronor
    bank_unknown: bool = False


@dataclass(frozen=True)
class PlanSize:
    """How many invoices a plan proposes, and their balances in all, in kronor.

    `bank_unknown` says that for one of them it is not known how far receipts are booked.
    """

    invoices: int
    amount: Decimal
    bank_unknown: bool = False


def due_long_enough(due_date: date | None, rule: EscalationRule, *, today: date) -> bool:
    """Return whether an invoice has been overdue for as long as the rule asks, counted from its last day to pay."""
    if due_date is None:
        return False
    last_day = last_day_to_pay(due_date)
    had_time = add_bank_days(last_day, rule.bank_days_after_due) < today
    return had_time and last_day + timedelta(days=rule.days_after_due) <= today


def not_yet(invoice: Invoice, rule: EscalationRule, *, today: date) -> NotYet | None:
    """Return why the rule does not propose an invoice yet; None if it is time."""
    if not due_long_enough(invoice.due_date, rule, today=today):
        return NotYet.DUE_LATELY
    for reminder in invoice.reminders:
        if reminder.date is None:
            return NotYet.REMINDED_WHEN
        if reminder.date + timedelta(days=rule.days_after_reminder) > today:
            return NotYet.REMINDED_LATELY
    return None


def size_of(proposed: Iterable[Proposed]) -> PlanSize:
    """Return how much is proposed."""
    listed = tuple(proposed)
    amount = sum((one.balance for one in listed), Decimal("0.00"))
    return PlanSize(len(listed), amount, bank_unknown=any(one.bank_unknown for one in listed))


def brakes(size: PlanSize, rule: EscalationRule, *, is_first: bool) -> Sequence[Brake]:
    """Return why a plan of this size does not go without a person who says so; none for an empty plan."""
    if not size.invoices:
        return ()
    found = [Brake.FIRST] if is_first else []
    if size.invoices > rule.most_invoices:
        found.append(Brake.TOO_MANY)
    if size.amount > rule.most_amount:
        found.append(Brake.TOO_MUCH)
    if size.bank_unknown:
        found.append(Brake.BANK_UNKNOWN)
    return found
