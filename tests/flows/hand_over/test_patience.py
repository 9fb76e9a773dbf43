"""How long one plan waits for a ledger that asks it to: within bounds, and never again once that is over."""

from __future__ import annotations

import pytest

from connector.domain.errors import RateLimited
from connector.flows.hand_over.plan import LONGEST_PAUSE_S, LONGEST_WAIT_S, Patience


def slow_down(seconds: float | None) -> RateLimited:
    return RateLimited("asks us to slow down.", system="Fortnox", retry_after_s=seconds)


@pytest.mark.parametrize(("named_s", "waited_s"), [(3.0, 3.0), (None, 5.0), (0.0, 0.0), (LONGEST_PAUSE_S, 60.0)])
def test_a_short_pause_is_waited_out(named_s: float | None, waited_s: float) -> None:
    waited: list[float] = []
    patience = Patience(waited.append)
    patience.wait(slow_down(named_s))
    patience.must_not_be_over()
    assert waited == [waited_s]


@pytest.mark.parametrize("named_s", [LONGEST_PAUSE_S + 1, 86_400.0])
def test_a_longer_one_is_not_and_nobody_is_asked_again(named_s: float) -> None:
    waited: list[float] = []
    patience = Patience(waited.append)
    with pytest.raises(RateLimited):
        patience.wait(slow_down(named_s))
    with pytest.raises(RateLimited):
        patience.must_not_be_over()
    assert waited == []


@pytest.mark.parametrize("named_s", [0.0, 45.0, None])
def test_short_pauses_end_too(named_s: float | None) -> None:
    waited: list[float] = []
    patience = Patience(waited.append)
    with pytest.raises(RateLimited):  # noqa: PT012  it is raised by one of them
        for _ in range(2_000):
            patience.wait(slow_down(named_s))
    assert sum(waited) <= LONGEST_WAIT_S
