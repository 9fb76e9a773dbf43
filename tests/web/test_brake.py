"""The brake on guessing passwords."""

from __future__ import annotations

from connector.web.brake import LONGEST_WAIT_S, Brake


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_the_free_tries_cost_nothing_and_then_each_waits_twice_as_long() -> None:
    clock = Clock()
    brake = Brake(free=3, clock_s=clock)
    assert [brake.enter("eva") for _ in range(3)] == [0.0, 0.0, 0.0]
    waits = []
    for _ in range(4):
        waits.append(brake.enter("eva"))
        clock.now_s += waits[-1]
        assert brake.enter("eva") == 0.0
    assert waits == [1.0, 2.0, 4.0, 8.0]


def test_a_try_that_comes_too_early_does_not_lengthen_the_wait() -> None:
    clock = Clock()
    brake = Brake(free=1, clock_s=clock)
    brake.enter("eva")
    assert [brake.enter("eva") for _ in range(50)] == [1.0] * 50
    clock.now_s += 1.0
    assert brake.enter("eva") == 0.0


def test_the_wait_has_an_end_however_many_failures_there_were() -> None:
    clock = Clock()
    brake = Brake(free=1, clock_s=clock)
    for _ in range(100):
        clock.now_s += brake.enter("eva") + LONGEST_WAIT_S
    brake.enter("eva")
    assert 0 < brake.enter("eva") <= LONGEST_WAIT_S


def test_one_key_does_not_slow_another_and_being_right_takes_the_failures_back() -> None:
    brake = Brake(free=1, clock_s=Clock())
    brake.enter("eva")
    assert brake.enter("adam") == 0.0
    brake.forget("eva")
    assert brake.enter("eva") == 0.0
    brake.forgive("eva")
    assert brake.enter("eva") == 0.0


def test_an_hour_later_failures_are_forgotten() -> None:
    clock = Clock()
    brake = Brake(free=1, clock_s=clock)
    for _ in range(10):
        brake.enter("eva")
        clock.now_s += 600
    clock.now_s += 3601
    assert brake.enter("eva") == 0.0
    assert brake.enter("eva") == 1.0
