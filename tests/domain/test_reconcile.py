"""What ledger, our record and Amili say of one case, and what does not agree."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connector.domain.invoice import StandingKind
from connector.domain.money_view import PaidOut
from connector.domain.reconcile import (
    PAYOUT_IS_LATE,
    SEEN_TWICE,
    Difference,
    DifferenceKind,
    Three,
    differences,
    still_open,
    unknown_case,
    unknown_outcome,
)

KINDS = DifferenceKind


def three(**changes: Any) -> Three:
    values: dict[str, Any] = {
        "hand_over_id": "h1",
        "invoice_number": "1001",
        "case_id": "c1",
        "claimed": Decimal("1000.00"),
        "balance_then": Decimal("1000.00"),
        "balance": Decimal("1000.00"),
        "ledger": StandingKind.OPEN,
        "remaining_capital": Decimal("1000.00"),
    }
    return Three(**(values | {name: _kr(value) for name, value in changes.items()}))


def _kr(value: Any) -> Any:
    return Decimal(value) if isinstance(value, str) and value[:1].isdigit() else value


def kinds(**changes: Any) -> list[DifferenceKind]:
    return [one.kind for one in differences(three(**changes))]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"balance": "400.00", "remaining_capital": "400.00"}, []),
        ({"balance": "400.00"}, [KINDS.NOT_REPORTED]),
        ({"balance": "400.00", "under_way": "600.00"}, [KINDS.REPORT_UNDER_WAY]),
        ({"balance": "400.00", "under_way": "599.99"}, [KINDS.NOT_REPORTED]),
        ({"balance": "400.00", "is_looked_at": True}, [KINDS.REPORT_UNDER_WAY]),
        ({"balance": "400.00", "is_looked_at": True, "is_hindered": True}, [KINDS.NOT_REPORTABLE]),
        ({"balance": "400.00", "under_way": "600.00", "is_hindered": True}, [KINDS.NOT_REPORTABLE]),
        ({"is_hindered": True}, []),
        ({"remaining_capital": "250.00", "is_hindered": True}, [KINDS.PAID_AT_AMILI]),
        ({"remaining_capital": "250.00"}, [KINDS.PAID_AT_AMILI]),
        ({"remaining_capital": "250.00", "reported": "749.99"}, [KINDS.PAID_AT_AMILI]),
        ({"remaining_capital": "250.00", "reported": "750.00"}, [KINDS.MORE_IN_LEDGER]),
        ({"remaining_capital": "250.00", "claimed": None}, [KINDS.PAID_AT_AMILI]),
        ({"balance": "1100.00"}, [KINDS.MORE_IN_LEDGER]),
        ({"balance": "0.00", "remaining_capital": "0.00", "ledger": StandingKind.SETTLED}, [KINDS.SETTLED_IN_LEDGER]),
        ({"is_open": False, "remaining_capital": "0.00"}, [KINDS.CLOSED_AT_AMILI]),
        ({"is_open": False, "balance": "0.00", "remaining_capital": "0.00"}, []),
        ({"ledger": StandingKind.CANCELLED}, [KINDS.NO_CLAIM]),
        ({"ledger": StandingKind.DRAFT}, [KINDS.NO_CLAIM]),
        ({"ledger": StandingKind.GONE, "balance": "0.00"}, [KINDS.NO_CLAIM]),
        ({"ledger": StandingKind.HELD}, [KINDS.DISPUTED]),
        ({"ledger": StandingKind.HELD, "balance": "400.00"}, [KINDS.DISPUTED, KINDS.NOT_REPORTED]),
        ({"case_gone": True}, [KINDS.CASE_GONE]),
        ({"remaining_capital": None}, [KINDS.NOT_READ]),
        ({"balance": None, "ledger": None}, [KINDS.NOT_READ]),
    ],
)
def test_every_way_not_to_agree_has_its_name(changes: dict[str, Any], expected: list[DifferenceKind]) -> None:
    assert kinds(**changes) == expected


def test_what_was_on_the_invoice_besides_the_claim_is_no_difference() -> None:
    assert kinds(balance_then="1060.00", balance="1060.00") == []
    (one,) = differences(three(balance_then="1060.00", balance="460.00"))
    assert (one.kind, one.in_ledger, one.amount) == (KINDS.NOT_REPORTED, Decimal("400.00"), Decimal("-600.00"))


def test_a_claim_of_an_earlier_release_is_compared_by_its_whole_balance() -> None:
    assert kinds(balance_then=None, balance="400.00", remaining_capital="400.00") == []


def test_one_difference_keeps_its_key() -> None:
    first, again = (next(differences(three(balance=left))) for left in ("400.00", "300.00"))

    assert first.key == again.key
    assert unknown_case("c9", "77", None).key != unknown_outcome("h9", "77", None).key


def only(**changes: Any) -> Difference:
    (one,) = differences(three(**changes))
    return one


@pytest.mark.parametrize(
    ("changes", "is_decided"),
    [
        ({"balance": "400.00", "not_to_report": "600.00"}, True),
        ({"balance": "400.00", "not_to_report": "500.00", "under_way": "100.00"}, True),
        # More than was decided, and something else that happens to be less: neither is what was decided.
        ({"balance": "400.00", "not_to_report": "599.99"}, False),
        ({"balance": "400.00", "not_to_report": "600.01"}, False),
        ({"remaining_capital": "400.00", "reported": "600.00", "taken_back": "600.00"}, True),
        ({"remaining_capital": "400.00", "reported": "600.00", "taken_back": "500.00"}, False),
        ({"remaining_capital": "400.00", "not_to_report": "600.00"}, False),
    ],
)
def test_what_a_person_decided_accounts_for_a_difference_to_the_ore(changes: dict[str, Any], is_decided: bool) -> None:
    one = only(**changes)

    assert one.is_decided is is_decided
    assert (one.may_stand is None) is is_decided


def paid_out(amount: str, day: int | None, category: str = "capital") -> PaidOut:
    on = date(2026, 11, day) if day else None
    return PaidOut("1001", category, category, "SEK", Decimal(amount), on, on, f"P{day}")


def test_the_payout_to_book_is_the_first_that_is_not_booked() -> None:
    payouts = (
        paid_out("60.00", 1, "creditor_commission"),
        paid_out("300.00", 12),
        paid_out("200.00", 5),
        paid_out("100.00", None),
    )

    def to_book(balance: str) -> tuple[date | None, str]:
        one = only(balance=balance, remaining_capital="400.00", payouts=payouts)
        assert one.kind is KINDS.PAID_AT_AMILI
        return one.payout_date, one.payout_reference

    assert to_book("1000.00") == (date(2026, 11, 5), "P5")
    assert to_book("900.00") == (date(2026, 11, 5), "P5")
    assert to_book("800.00") == (date(2026, 11, 12), "P12")
    # What has been paid out is booked, and the rest is to come.
    assert to_book("500.00") == (None, "")


def test_a_closed_case_that_was_paid_waits_for_its_payout_and_another_does_not() -> None:
    assert only(is_open=False, remaining_capital="0.00").may_stand == PAYOUT_IS_LATE
    assert only(is_open=False, remaining_capital="900.00").may_stand == SEEN_TWICE


def test_the_substance_is_what_differs_and_not_by_which_amounts() -> None:
    assert only(balance="400.00").substance == only(balance="300.00", remaining_capital="900.00").substance
    assert only(balance="400.00").substance != only(balance="300.00").substance
    assert only(remaining_capital=None).substance != only(remaining_capital=None, balance="300.00").substance


def test_a_withdrawn_case_that_amili_has_open_is_a_difference_of_its_own() -> None:
    one = still_open(three())

    assert (one.kind, one.at_amili, one.may_stand) == (KINDS.STILL_OPEN, Decimal("1000.00"), SEEN_TWICE)
