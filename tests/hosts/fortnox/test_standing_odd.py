"""How invoices stand: an odd amount spoils its own invoice, and no other."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connector.domain.errors import AmountUnreadable
from connector.domain.invoice import Standing, StandingKind
from connector.hosts.fortnox.documents import NO_RIGHT
from connector.hosts.fortnox.standing import standings

GOOD: dict[str, Any] = {"Booked": True, "Cancelled": False, "Sent": True, "Balance": 1250, "DueDate": "2026-02-01"}


class Shown:
    """A client that has these invoices to show, and nothing else."""

    def __init__(self, **balances: Any) -> None:
        self._balances = balances

    def read(self, _call: object, invoice_number: str) -> dict[str, Any]:
        return GOOD | {"DocumentNumber": invoice_number, "Balance": self._balances[f"i{invoice_number}"]}


def found(**balances: Any) -> dict[str, Standing]:
    client: Any = Shown(**balances)
    return dict(standings(client, [name.removeprefix("i") for name in balances]))


@pytest.mark.parametrize("odd", ["1e400", "x", float("nan"), True, [1]], ids=repr)
def test_an_odd_amount_spoils_its_own_invoice_alone(odd: Any) -> None:
    shown = found(i7=odd, i8=1250)
    assert (shown["7"].kind, shown["8"].kind) == (StandingKind.UNREADABLE, StandingKind.OPEN)
    assert shown["8"].balance == Decimal("1250.00")


@pytest.mark.parametrize("withheld", [None, "", NO_RIGHT], ids=repr)
def test_an_amount_that_may_not_be_seen_is_an_error(withheld: Any) -> None:
    with pytest.raises(AmountUnreadable):
        found(i7=withheld, i8=1250)
