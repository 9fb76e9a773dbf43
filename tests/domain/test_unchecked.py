"""What could not be looked at says what would let us look, in the ledger's own words and not in ours."""

from __future__ import annotations

import pytest

from connector.domain.checks.unchecked import not_checked


@pytest.mark.parametrize("right", ["Credit Control / Info", "Ledger: policies"])
def test_the_right_that_lacks_is_named_as_the_ledger_calls_it(right: str) -> None:
    said = not_checked("A6.policies", field="holds", right=right)
    assert right in said.sv
    assert right in said.en


def test_without_one_nothing_is_said_to_be_added() -> None:
    said = not_checked("A6.policies", field="holds")
    assert "lägg till" not in said.sv
    assert "add " not in said.en
