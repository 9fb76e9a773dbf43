"""The end of a case is three facts, each of which may be unknown, and none of which stands for another."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connector.domain.case import CaseStanding, Closing, Ending, closing
from connector.domain.invoice import InvoiceState, Standing

OPEN = Standing(state=InvoiceState.BOOKED, balance=Decimal("1250.00"))
PAID = Standing(state=InvoiceState.BOOKED, balance=Decimal("0.00"))
CANCELLED = Standing(state=InvoiceState.CANCELLED, balance=Decimal("0.00"))
GONE = Standing(state=None)


def case(*, closed: bool, left: str | None = "0.00", capital: str | None = "0.00") -> CaseStanding:
    return CaseStanding(
        id="c",
        creditor="k",
        closed=closed,
        remaining=None if left is None else Decimal(left),
        remaining_capital=None if capital is None else Decimal(capital),
    )


@pytest.mark.parametrize(
    ("at_amili", "invoice", "facts", "ending"),
    [
        (None, None, (None, None, None), None),
        (None, OPEN, (None, False, False), None),
        (None, PAID, (None, True, None), None),
        (case(closed=False, left="1310.00"), OPEN, (False, False, False), Ending.OPEN),
        (case(closed=False), None, (False, None, None), Ending.OPEN),
        (case(closed=False, left="60.00"), PAID, (False, True, False), Ending.PAID),
        (case(closed=False), PAID, (False, True, True), Ending.PAID),
        (case(closed=True), OPEN, (True, False, False), Ending.CLOSED),
        (case(closed=True), None, (True, None, None), Ending.CLOSED),
        (case(closed=True), CANCELLED, (True, False, True), Ending.CLOSED),
        (case(closed=True), GONE, (True, False, None), Ending.CLOSED),
        (case(closed=True, left="60.00"), PAID, (True, True, False), Ending.BALANCE),
        (case(closed=True, left=None, capital=None), PAID, (True, True, None), Ending.BALANCE),
        (case(closed=True, left=None), PAID, (True, True, True), Ending.ENDED),
        (case(closed=True), PAID, (True, True, True), Ending.ENDED),
    ],
)
def test_three_facts(
    at_amili: CaseStanding | None,
    invoice: Standing | None,
    facts: tuple[bool | None, bool | None, bool | None],
    ending: Ending | None,
) -> None:
    found = closing(at_amili, invoice)
    assert found == Closing(*facts)
    assert found.ending is ending
