"""Turns at a braked account."""

from __future__ import annotations

from itertools import pairwise

from connector.web.turns import APART_S, LONGEST_WAIT_S, Turns


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_a_turn_comes_after_its_wait_and_is_used_once() -> None:
    clock = Clock()
    turns = Turns(clock)
    turn, wait_s = turns.give("eva", after_s=4.0)
    assert wait_s == 4.0
    assert not turns.use(turn, "eva")
    clock.now_s += 3.0
    assert turns.wait_s(turn, "eva") == 1.0
    clock.now_s += 1.0
    assert not turns.use(turn, "adam")
    assert turns.use(turn, "eva")
    assert not turns.use(turn, "eva")
    assert turns.wait_s(turn, "eva") is None


def test_turns_at_one_account_come_one_after_the_other_and_no_further_than_a_bound() -> None:
    clock = Clock()
    turns = Turns(clock)
    given = [turns.give("eva", after_s=1.0) for _ in range(200)]
    waits = [wait_s for turn, wait_s in given if turn]
    assert len(waits) == (LONGEST_WAIT_S - 1.0) / APART_S + 1
    assert {round(later - earlier, 6) for earlier, later in pairwise(waits)} == {APART_S}
    assert turns.give("adam", after_s=1.0)[1] == 1.0, "another account has turns of its own"
    clock.now_s += 10.0
    assert turns.give("eva", after_s=1.0)[0], "there is room again as time passes"


def test_a_turn_that_nobody_takes_is_forgotten() -> None:
    clock = Clock()
    turns = Turns(clock)
    turn, _ = turns.give("eva", after_s=1.0)
    clock.now_s += 1.0 + 119.0
    assert turns.wait_s(turn, "eva") == 0.0
    clock.now_s += 2.0
    assert turns.wait_s(turn, "eva") is None
    for number in range(300):
        turns.give(f"account {number}", after_s=1.0)
    assert not turns.use(turn, "eva")
