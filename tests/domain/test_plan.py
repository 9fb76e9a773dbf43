"""When the rule proposes an invoice, and when a plan waits for a person."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from connector.domain.connection import EscalationRule
from connector.domain.invoice import ReminderSent
from connector.domain.plan import Brake, NotYet, PlanSize, brakes, due_long_enough, not_yet
from tests.domain.clean_invoice import an_invoice

TODAY = date(2026, 11, 24)
RULE = EscalationRule(days_after_due=14, days_after_reminder=10, most_invoices=3, most_amount=Decimal("5000.00"))


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


@pytest.mark.parametrize(("days", "is_time"), [(14, True), (13, False), (0, False), (-3, False), (400, True)])
def test_days_after_the_due_date(days: int, is_time: bool) -> None:
    assert due_long_enough(ago(days), RULE, today=TODAY) is is_time
    found = not_yet(an_invoice(due_date=ago(days)), RULE, today=TODAY)
    assert found is (None if is_time else NotYet.DUE_LATELY)


def test_an_invoice_without_a_due_date_is_never_proposed() -> None:
    assert not due_long_enough(None, RULE, today=TODAY)


@pytest.mark.parametrize(
    ("reminder", "found"),
    [
        (ReminderSent(date=ago(10)), None),
        (ReminderSent(date=ago(9)), NotYet.REMINDED_LATELY),
        (ReminderSent(), NotYet.REMINDED_WHEN),
    ],
)
def test_the_latest_reminder_gives_its_own_time(reminder: ReminderSent, found: NotYet | None) -> None:
    reminded = an_invoice(due_date=ago(60), reminders=(ReminderSent(date=ago(40)), reminder))

    assert not_yet(reminded, RULE, today=TODAY) is found


@pytest.mark.parametrize(
    ("size", "is_first", "held"),
    [
        (PlanSize(0, Decimal(0)), True, []),
        (PlanSize(3, Decimal("5000.00")), False, []),
        (PlanSize(1, Decimal(1)), True, [Brake.FIRST]),
        (PlanSize(4, Decimal(1)), False, [Brake.TOO_MANY]),
        (PlanSize(1, Decimal("5000.01")), False, [Brake.TOO_MUCH]),
        (PlanSize(1, Decimal(1), bank_unknown=True), False, [Brake.BANK_UNKNOWN]),
        (PlanSize(9, Decimal(9000)), True, [Brake.FIRST, Brake.TOO_MANY, Brake.TOO_MUCH]),
    ],
)
def test_too_large_a_plan_waits_for_a_person(size: PlanSize, is_first: bool, held: list[Brake]) -> None:
    assert list(brakes(size, RULE, is_first=is_first)) == held
