"""Whether a case is this debt's: each field alone, both ways, and not shown."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from connector.domain.fitting import Likeness, same_capital, same_date
from connector.domain.follow_up import Entry, FollowUpKind

DAY = date(2026, 3, 2)
CLAIMED = Decimal("1000.00")


def entry(amount: str, day: date, kind: FollowUpKind = FollowUpKind.PAYMENT) -> Entry:
    return Entry(kind=kind, id=f"{day}{amount}", amount=Decimal(amount), date=day)


@pytest.mark.parametrize(
    ("invoice_date", "capital", "debtor", "since_ours", "fits"),
    [
        (True, True, True, False, True),
        (None, True, None, False, True),
        (True, None, None, False, True),
        (None, None, True, False, True),
        (False, True, True, True, False),
        (True, False, True, True, False),
        (True, True, False, True, False),
        (None, None, False, True, False),
        (None, None, None, False, False),
        (None, None, None, True, True),
    ],
)
def test_nothing_may_speak_against_it_and_something_must_speak_for_it(
    invoice_date: bool | None, capital: bool | None, debtor: bool | None, since_ours: bool, fits: bool
) -> None:
    assert Likeness(invoice_date, capital, debtor, since_ours).fits is fits


def test_a_date_that_one_side_does_not_tell_is_no_evidence() -> None:
    assert (same_date(DAY, DAY), same_date(DAY, date(2026, 3, 3))) == (True, False)
    assert (same_date(None, DAY), same_date(DAY, None)) == (None, None)


@pytest.mark.parametrize(
    ("initial", "entries", "same"),
    [
        ("1000.00", (), True),
        ("1000.01", (), False),
        ("1250.00", (entry("250", DAY),), True),
        ("1250.00", (entry("100", DAY), entry("250", date(2026, 4, 1))), True),
        ("1350.00", (entry("100", DAY), entry("250", date(2026, 4, 1), FollowUpKind.CREDIT)), True),
        ("1100.00", (entry("100", DAY), entry("250", date(2026, 4, 1))), False),
        ("900.00", (entry("100", DAY),), False),
        ("1100.00", (entry("100", DAY, FollowUpKind.UNTIED_CREDIT),), False),
    ],
)
def test_a_capital_may_be_more_by_what_was_paid_or_credited_since(
    initial: str, entries: tuple[Entry, ...], same: bool
) -> None:
    assert same_capital(Decimal(initial), CLAIMED, entries) is same


def test_a_capital_that_is_not_shown_is_no_evidence() -> None:
    assert same_capital(None, CLAIMED, ()) is None
    assert same_capital(CLAIMED, None, ()) is None
