"""What could not be looked at says what would let us look, in the ledger's own words and not in ours."""

from __future__ import annotations

import pytest

from connector.domain.checks.unchecked import not_checked
from tests.said import en, sv


@pytest.mark.parametrize("right", ["Credit Control / Info", "Ledger: policies"])
def test_the_right_that_lacks_is_named_as_the_ledger_calls_it(right: str) -> None:
    said = not_checked("A6.policies", field="holds", right=right)
    assert right in sv(said)
    assert right in en(said)


def test_without_one_nothing_is_said_to_be_added() -> None:
    said = not_checked("A6.policies", field="holds")
    assert "lägg till" not in sv(said)
    assert "add " not in en(said)
