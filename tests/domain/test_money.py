"""Amounts are exact to the öre: what floats add of themselves is taken away, and nothing else."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.money import InexactAmount, kronor, loosely_written


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        (Decimal("10063.000000000002"), "10063.00"),
        (37.740000000000002, "37.74"),
        (0.1 + 0.2, "0.30"),
        (Decimal("1249.9999999999998"), "1250.00"),
        (Decimal("-0.0000000001"), "0.00"),
        ("0,00", "0.00"),
        ("1250,5", "1250.50"),
        ("-12,34", "-12.34"),
        ("60", "60.00"),
        (60, "60.00"),
    ],
)
def test_an_amount_is_read_to_the_ore(value: object, amount: str) -> None:
    assert str(kronor(loosely_written(value))) in {amount, f"-{amount}"}
    assert kronor(loosely_written(value)) == Decimal(amount)


@pytest.mark.parametrize(
    "value",
    [
        "2050.005",
        Decimal("0.001"),
        "0.00001",
        "1,005",
        "1,250,00",
        "1.250,00",
        "1 250",
        "0,",
        "",
        "abc",
        True,
        None,
        "NaN",
    ],
)
def test_what_has_more_decimals_or_is_none_is_refused(value: object) -> None:
    with pytest.raises(InexactAmount):
        kronor(loosely_written(value))


@given(st.integers(-(10**9), 10**9), st.integers(1, 5))
def test_sums_of_floats_come_out_exact(ore: int, parts: int) -> None:
    whole = sum([ore / 100 / parts] * parts)
    assert kronor(loosely_written(whole)) == Decimal(ore) / 100
