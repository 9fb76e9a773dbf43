"""Waiting for a turn."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import pytest

from connector.domain.errors import RateLimited
from connector.hosts.pacing import Pace, in_background


@dataclass
class Waits:
    """A budget that says these waits, one after the other, and then that there is room."""

    left: list[float]
    asked: list[bool] = field(default_factory=list)
    blocked_s: list[float] = field(default_factory=list)

    def take(self, *, background: bool) -> float:
        self.asked.append(background)
        return self.left.pop(0) if self.left else 0.0

    def block(self, for_s: float) -> None:
        self.blocked_s.append(for_s)


def test_it_sleeps_until_there_is_room() -> None:
    slept: list[float] = []
    budget = Waits([2.0, 0.5])

    Pace(budget, system="Fortnox", sleep=slept.append).wait()

    assert slept == [2.0, 0.5]
    assert len(budget.asked) == 3


def test_too_long_a_wait_is_told_at_once() -> None:
    slept: list[float] = []
    pace = Pace(Waits([20.0, 10.5]), system="Fortnox", longest_wait_s=30, sleep=slept.append)

    with pytest.raises(RateLimited) as caught:
        pace.wait()

    assert slept == [20.0]
    assert (caught.value.system, caught.value.retry_after_s) == ("Fortnox", 10.5)


def test_whoever_works_in_the_background_says_so_for_its_own_thread() -> None:
    budget = Waits([])
    pace = Pace(budget, system="Fortnox")

    pace.wait()
    with in_background():
        pace.wait()
        other = threading.Thread(target=pace.wait)
        other.start()
        other.join()
    pace.wait()

    assert budget.asked == [False, True, False, False]


def test_a_ledgers_wish_to_wait_is_passed_on() -> None:
    budget = Waits([])
    Pace(budget, system="Fortnox").blocked(7)
    assert budget.blocked_s == [7]
