"""Amounts in kronor: `Decimal` with at most two decimals, exact to the öre.

Source: RULES.md, "Exactness": more decimals are an error, never a rounding.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Annotated

from pydantic import BeforeValidator

ORE = Decimal("0.01")
LARGEST = Decimal(10) ** 12
"""More kronor than any invoice has. What a ledger shows beyond it is no amount."""


class InexactAmount(ValueError):
    """An amount with more than two decimals, or something that is no amount at all."""


def kronor(value: object) -> Decimal:
    """`value` as kronor with exactly two decimals.

    Takes `Decimal`, `int`, a numeric string, or a `float` as JSON libraries produce it (its shortest
    representation is what the sender wrote). Raises `InexactAmount` for more than two decimals, for
    infinities and for anything that is not a number.
    """
    if isinstance(value, bool) or not isinstance(value, (Decimal, int, float, str)):
        raise InexactAmount(f"not an amount: {type(value).__name__}")
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise InexactAmount("not an amount") from None
    if not amount.is_finite():
        raise InexactAmount("not a finite amount")
    try:
        exact = amount.quantize(ORE)
    except InvalidOperation:
        raise InexactAmount("not an amount of any invoice: too large") from None
    if exact != amount:
        raise InexactAmount(f"{amount} has more than two decimals")
    return exact


NOISE = Decimal("0.00001")
"""Less than this, a thousandth of an öre, is the trace of a sum in binary floats."""

_WITH_COMMA = re.compile(r"\s*[-+]?[0-9]+,[0-9]{1,2}\s*")


def loosely_written(value: object) -> object:
    """`value` for `kronor`, of a system that sums in binary floats (10063.000000000002) and writes decimal commas.

    What is no such amount is given back as it is.
    """
    if isinstance(value, str) and _WITH_COMMA.fullmatch(value):
        return value.replace(",", ".")
    if isinstance(value, (Decimal, float)):
        try:
            amount = Decimal(str(value))
            exact = amount.quantize(ORE)
            return exact if abs(exact - amount) < NOISE else value
        except InvalidOperation:
            return value
    return value


Kronor = Annotated[Decimal, BeforeValidator(kronor)]
"""A field type: an amount in kronor, two decimals, exact."""


def as_text(amount: Decimal) -> str:
    """`2050.00` as `2 050,00`, the way Swedish pages and letters write it."""
    whole, _, ore = f"{amount:,.2f}".partition(".")
    return whole.replace(",", "\u00a0") + "," + ore
