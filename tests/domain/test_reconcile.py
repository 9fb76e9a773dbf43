"""What ledger, our record and Amili say of one case, and what does not agree."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connector.domain.invoice import StandingKind
from connector.domain.reconcile import DifferenceKind, Three, differences, unknown_case, unknown_outcome

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
        ({"remaining_capital": "250.00"}, [KINDS.PAID_AT_AMILI]),
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
