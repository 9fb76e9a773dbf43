"""From when an invoice is overdue, and how old a claim may be."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connector.domain.assess import assess
from connector.domain.connection import EscalationRule, FirstAction
from connector.domain.dates import is_overdue, last_day_to_pay, latest_overdue, months_after
from connector.domain.findings import Finding, Severity, stops
from connector.domain.invoice import Payment, PaymentKind, ReminderSent
from connector.domain.plan import due_long_enough
from tests.domain.clean_invoice import a_customer, a_person, an_invoice, circumstances, settings
from tests.said import en, sv

DAY = timedelta(days=1)

# The due date, the last day to pay, and the first day on which it is overdue and that day's receipts can be booked.
DUE = [
    (date(2026, 3, 13), date(2026, 3, 13), date(2026, 3, 14)),  # a Friday
    (date(2026, 3, 14), date(2026, 3, 16), date(2026, 3, 17)),  # a Saturday
    (date(2026, 3, 15), date(2026, 3, 16), date(2026, 3, 17)),  # a Sunday
    (date(2026, 3, 16), date(2026, 3, 16), date(2026, 3, 17)),
    (date(2026, 4, 3), date(2026, 4, 7), date(2026, 4, 8)),  # Good Friday
    (date(2026, 6, 19), date(2026, 6, 22), date(2026, 6, 23)),  # Midsummer Eve
    (date(2026, 12, 24), date(2026, 12, 28), date(2026, 12, 29)),  # Christmas Eve
    (date(2026, 12, 31), date(2027, 1, 4), date(2027, 1, 5)),  # New Year's Eve
    (date(2026, 5, 1), date(2026, 5, 4), date(2026, 5, 5)),
]


def judged(today: date, *, setting: dict[str, Any] | None = None, by_rule: bool = False, **changes: Any) -> set[str]:
    return {finding.code for finding in findings(today, setting=setting, by_rule=by_rule, **changes)}


def findings(
    today: date, *, setting: dict[str, Any] | None = None, by_rule: bool = False, **changes: Any
) -> tuple[Finding, ...]:
    world = circumstances(today=today, by_rule=by_rule)
    booked = {"bank_booked_until": today - DAY}
    return assess(an_invoice(**{**booked, **changes}), settings(**(setting or {})), world).findings


@pytest.mark.parametrize(("due", "last", "earliest"), DUE)
def test_an_invoice_is_overdue_from_the_day_after_its_last_day_to_pay(due: date, last: date, earliest: date) -> None:
    dates: dict[str, Any] = {"invoice_date": due - timedelta(days=30), "due_date": due}
    assert last_day_to_pay(due) == last
    assert judged(earliest, bank_booked_until=last, **dates) == set()
    for day in (due + n * DAY for n in range((earliest - due).days)):
        assert judged(day, bank_booked_until=last, **dates) == {"C2"}, day
        assert not is_overdue(due, today=day)


@pytest.mark.parametrize(("due", "last", "earliest"), DUE)
def test_receipts_of_the_last_day_to_pay_must_be_booked(due: date, last: date, earliest: date) -> None:
    dates: dict[str, Any] = {"invoice_date": due - timedelta(days=30), "due_date": due}
    assert judged(earliest, bank_booked_until=last - DAY, **dates) == {"A3"}


@pytest.mark.parametrize("today", [date(2026, 3, 9) + n * DAY for n in range(35)])
def test_lists_that_compare_dates_alone_show_what_is_overdue(today: date) -> None:
    for due in (today - n * DAY for n in range(-3, 10)):
        assert (due <= latest_overdue(today)) is is_overdue(due, today=today)


def test_what_a_customer_may_still_pay_in_time_says_until_when() -> None:
    (c2,) = findings(date(2026, 3, 16), invoice_date=date(2026, 2, 12), due_date=date(2026, 3, 14))
    assert "2026-03-17" in sv(c2)
    assert "2026-03-17" in en(c2)


@pytest.mark.parametrize(
    ("today", "count", "stopped"),
    [
        (date(2026, 3, 17), 0, False),
        (date(2026, 3, 17), 1, True),
        (date(2026, 3, 18), 1, False),
        (date(2026, 3, 23), 5, True),
        (date(2026, 3, 24), 5, False),
    ],
)
def test_further_bank_days_are_counted_from_the_last_day_to_pay(today: date, count: int, stopped: bool) -> None:
    dates: dict[str, Any] = {"invoice_date": date(2026, 2, 12), "due_date": date(2026, 3, 14)}
    person, rule = {"bank_days_after_due": count}, {"rule": EscalationRule(bank_days_after_due=count)}
    expected = {"C3"} if stopped else set()
    assert judged(today, setting=person, **dates) == expected
    assert judged(today, setting=rule, by_rule=True, **dates) == expected
    assert judged(today, setting=rule, **dates) == set()


def test_a_rule_waits_as_long_as_both_its_days_ask() -> None:
    due = date(2026, 3, 14)
    soon = EscalationRule(days_after_due=1)
    assert not due_long_enough(due, soon, today=date(2026, 3, 23))
    assert due_long_enough(due, soon, today=date(2026, 3, 24))
    at_once = EscalationRule(days_after_due=1, bank_days_after_due=0)
    assert not due_long_enough(due, at_once, today=date(2026, 3, 16))
    assert due_long_enough(due, at_once, today=date(2026, 3, 17))
    later = EscalationRule(days_after_due=14, bank_days_after_due=0)
    assert not due_long_enough(due, later, today=date(2026, 3, 29))
    assert due_long_enough(due, later, today=date(2026, 3, 30))


TODAY = date(2026, 3, 20)


def age(since: date, *, person: bool = True, **changes: Any) -> set[str]:
    """What C6 and its like say of a claim that arose on a day."""
    customer = a_person() if person else a_customer()
    dates: dict[str, Any] = {"invoice_date": since, "due_date": since + timedelta(days=30)}
    return judged(TODAY, customer=customer, **dates, **changes) & {"C6"}


def paid(on: date, amount: str = "500.00", **changes: Any) -> dict[str, Any]:
    payment = Payment(id="p", amount=Decimal(amount), date=on, **changes)
    return {"payments": (payment,), "balance": Decimal("2000.00") - payment.amount}


def reminded(on: date) -> dict[str, Any]:
    return {"reminders": (ReminderSent(date=on),)}


LONG_AGO = date(2023, 1, 10)
"""A consumer's claim of this day was time-barred on 10 January 2026."""


@pytest.mark.parametrize(
    ("changes", "stopped"),
    [
        ({}, True),
        (paid(date(2025, 6, 1)), False),
        (paid(date(2023, 3, 20)), True),
        (paid(date(2023, 8, 1)), False),
        (paid(date(2025, 6, 1), kind=PaymentKind.OFFSET), True),
        (paid(date(2025, 6, 1), kind=PaymentKind.UNBOOKED), True),
        (paid(date(2025, 6, 1), "-500.00"), True),
        (
            {
                "payments": (
                    Payment(id="1", amount=Decimal("500.00"), date=date(2025, 6, 1)),
                    Payment(id="2", amount=Decimal("-500.00"), date=date(2025, 6, 9)),
                )
            },
            True,
        ),
        (reminded(date(2025, 6, 1)), False),
        ({"reminders": (ReminderSent(date=date(2025, 6, 1), written=False),)}, True),
        (reminded(date(2026, 1, 9)), False),
        (reminded(date(2026, 1, 10)), True),
        ({"reminders": (ReminderSent(date=None),)}, True),
        ({"reminders": (ReminderSent(date=date(2025, 9, 1)), ReminderSent(date=date(2026, 3, 1)))}, False),
    ],
)
def test_limitation_runs_anew_from_a_part_payment_and_from_a_reminder(changes: dict[str, Any], stopped: bool) -> None:
    assert age(LONG_AGO, **changes) == ({"C6"} if stopped else set())


def test_who_may_be_a_consumer_counts_as_one() -> None:
    unknown = a_customer(customer_type=None, id_number="")
    dates: dict[str, Any] = {"invoice_date": LONG_AGO, "due_date": LONG_AGO + timedelta(days=30)}
    assert "C6" in judged(TODAY, customer=unknown, **dates)
    assert not age(LONG_AGO, person=False)
    assert age(date(2016, 3, 20), person=False)


@pytest.mark.parametrize(
    ("customer", "invoiced", "severity"),
    [
        (a_person(), date(2023, 6, 21), None),
        (a_person(), date(2023, 6, 20), Severity.WARNING),
        (a_person(), date(2023, 3, 21), Severity.WARNING),
        (a_person(), date(2023, 3, 20), Severity.LIFTABLE),
        (a_customer(), date(2016, 6, 21), None),
        (a_customer(), date(2016, 6, 20), Severity.WARNING),
        (a_customer(), date(2016, 3, 21), Severity.WARNING),
        (a_customer(), date(2016, 3, 20), Severity.LIFTABLE),
    ],
)
def test_the_limit_is_warned_of_three_months_before(customer: Any, invoiced: date, severity: Severity | None) -> None:
    found = findings(TODAY, customer=customer, invoice_date=invoiced, due_date=invoiced + timedelta(days=30))
    assert [one.severity for one in found if one.code == "C6"] == ([severity] if severity else [])


@pytest.mark.parametrize("invoiced", [date(2023, 6, 20), date(2023, 3, 20), date(2025, 3, 19)])
def test_a_rule_takes_no_old_claim_whatever_the_company_has_accepted(invoiced: date) -> None:
    found = findings(
        TODAY, by_rule=True, customer=a_person(), invoice_date=invoiced, due_date=invoiced + timedelta(days=30)
    )
    assert stops(found, accepted=("C6", "C7"), lifted={})


def test_a_rule_takes_what_its_scope_names_the_age_of() -> None:
    dates: dict[str, Any] = {"invoice_date": date(2025, 1, 20), "due_date": date(2025, 2, 19)}

    def stopped(months: int) -> bool:
        setting = {"rule": EscalationRule(oldest_months=months)}
        return bool(stops(findings(TODAY, setting=setting, by_rule=True, **dates), accepted=(), lifted={}))

    assert [stopped(months) for months in (12, 13, 14)] == [True, True, False]


def test_the_age_of_an_old_invoice_is_told_in_whole_months() -> None:
    (c7,) = findings(TODAY, invoice_date=date(2025, 1, 21), due_date=date(2025, 2, 20))
    assert (c7.code, c7.value) == ("C7", "13")
    assert not findings(TODAY, invoice_date=date(2025, 3, 20), due_date=date(2025, 4, 19))


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2023, 1, 31), 1, date(2023, 2, 28)),
        (date(2023, 12, 15), 1, date(2024, 1, 15)),
        (date(2023, 1, 15), -1, date(2022, 12, 15)),
        (date(2023, 1, 15), 120, date(2033, 1, 15)),
    ],
)
def test_months_later_is_the_same_day_where_there_is_one(day: date, months: int, then: date) -> None:
    assert months_after(day, months) == then


def test_a_reminder_by_the_collector_asks_for_none_of_ones_own() -> None:
    world = circumstances(first_action=FirstAction.REMINDER)
    expected = settings(own_reminder_expected=True)
    assert not assess(an_invoice(reminders=()), expected, world).findings
    assert not assess(an_invoice(reminders_known=False), expected, world).findings


def test_a_company_that_expects_no_reminder_of_itself_hears_nothing() -> None:
    assert not assess(an_invoice(reminders=()), settings(), circumstances()).findings
