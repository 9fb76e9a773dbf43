"""Budgets of requests: a sliding window, shared by all, with room kept free for people."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from connector.store import budgets
from connector.store.budgets import Quota, Turn
from connector.store.database import Databases

NAME = "fortnox:client-1:348211"
QUOTA = Quota(limit=5, window_s=10.0, reserved=2)
START = 1_000_000.0


def take(databases: Databases, at: float, *, background: bool = False, name: str = NAME) -> float:
    turn = budgets.take(databases.main, name, QUOTA, background=background, at=at)
    assert turn.at == at
    return turn.wait_s


def test_the_limit_holds_in_any_window(databases: Databases) -> None:
    for second in (0, 1, 2, 3, 4):
        assert take(databases, START + second) == 0

    assert take(databases, START + 4) == 6
    assert take(databases, START + 9.5) == 0.5
    assert take(databases, START + 10) == 0
    assert take(databases, START + 10.5) == 0.5


def test_what_was_not_allowed_is_not_counted(databases: Databases) -> None:
    for _ in range(5):
        take(databases, START)
    for _ in range(100):
        assert take(databases, START + 1) == 9

    assert [take(databases, START + 10) for _ in range(6)] == [0, 0, 0, 0, 0, 10]


def test_background_work_leaves_room_for_people(databases: Databases) -> None:
    assert [take(databases, START, background=True) for _ in range(5)] == [0, 0, 0, 10, 10]
    assert [take(databases, START + 1) for _ in range(3)] == [0, 0, 9]


def test_people_may_take_everything(databases: Databases) -> None:
    for _ in range(5):
        assert take(databases, START) == 0

    assert take(databases, START + 1, background=True) == 9
    assert take(databases, START + 10, background=True) == 0


def test_background_work_waits_until_its_own_share_is_free(databases: Databases) -> None:
    for second in (0, 1, 2, 3):
        take(databases, START + second)

    assert take(databases, START + 5, background=True) == 6
    assert take(databases, START + 11, background=True) == 0


def test_companies_do_not_share(databases: Databases) -> None:
    for _ in range(5):
        take(databases, START)

    assert take(databases, START, name="fortnox:client-1:2") == 0


@pytest.mark.parametrize("background", [True, False])
def test_whoever_is_told_to_wait_tells_everybody(databases: Databases, background: bool) -> None:
    budgets.block(databases.main, NAME, for_s=30, at=START)

    assert take(databases, START + 10, background=background) == 20
    assert take(databases, START + 30, background=background) == 0


def test_a_shorter_wait_does_not_end_a_longer_one(databases: Databases) -> None:
    budgets.block(databases.main, NAME, for_s=30, at=START)
    budgets.block(databases.main, NAME, for_s=1, at=START + 1)

    assert take(databases, START + 2) == 28


def test_a_clock_set_back_by_an_hour_holds_nobody_up_for_an_hour(databases: Databases) -> None:
    for _ in range(5):
        take(databases, START)
    budgets.block(databases.main, NAME, for_s=3, at=START)
    earlier = START - 3600

    assert take(databases, earlier) == 10
    assert take(databases, earlier + 10) == 3


def test_the_databases_clock_counts(databases: Databases) -> None:
    first: Turn = budgets.take(databases.main, NAME, QUOTA, background=False)
    for _ in range(4):
        assert budgets.take(databases.main, NAME, QUOTA, background=False).wait_s == 0

    sixth = budgets.take(databases.main, NAME, QUOTA, background=False)
    assert sixth.wait_s == pytest.approx(first.at + QUOTA.window_s - sixth.at)


def test_twenty_threads_get_no_more_than_there_is(databases: Databases) -> None:
    with ThreadPoolExecutor(20) as workers:
        waits = list(workers.map(lambda _: take(databases, START), range(20)))

    assert waits.count(0) == QUOTA.limit
