"""How invoices of Odoo stand, as far as follow-up is concerned."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connector.domain.invoice import Standing, StandingKind
from connector.hosts.odoo.changes import standings


def standing_of(amount: Any) -> Standing:
    row = {"id": 7, "state": "posted", "payment_state": "not_paid", "amount_residual": amount}
    found = standings(lambda *_, **__: [row], ["7"], added=frozenset(), disputes=lambda _: {}, matches=lambda _: [])
    return found["7"]


@pytest.mark.parametrize(("amount", "balance"), [(1250, "1250.00"), (Decimal("0.005"), "0.01"), (Decimal(0), "0.00")])
def test_what_is_left_is_told_to_the_ore(amount: Any, balance: str) -> None:
    assert standing_of(amount).balance == Decimal(balance)


@pytest.mark.parametrize("amount", [Decimal("1e400"), Decimal("NaN"), float("inf"), "x", None, [1]], ids=repr)
def test_what_is_no_amount_spoils_its_own_invoice_alone(amount: Any) -> None:
    odd = {"id": 7, "state": "posted", "payment_state": "not_paid", "amount_residual": amount}
    good = odd | {"id": 8, "amount_residual": 1250}
    found = standings(
        lambda *_, **__: [odd, good], ["7", "8"], added=frozenset(), disputes=lambda _: {}, matches=lambda _: []
    )
    assert found["7"].kind is StandingKind.UNREADABLE
    assert found["8"] == standing_of(1250)
