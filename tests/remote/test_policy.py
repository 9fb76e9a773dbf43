"""What calls to other systems keep to."""

from __future__ import annotations

import pytest

from connector.remote.policy import HttpPolicy


@pytest.mark.parametrize(("at_most_s", "longest_s"), [(None, 65.0), (40.0, 40.0), (90.0, 65.0)])
def test_a_call_ends_with_its_waits_or_with_its_limit(at_most_s: float | None, longest_s: float) -> None:
    assert HttpPolicy(connect_timeout_s=5, read_timeout_s=30, at_most_s=at_most_s).longest_call_s == longest_s
