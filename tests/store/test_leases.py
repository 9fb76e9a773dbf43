"""Named locks: one holder at a time, for a bounded time, given back only by the holder."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, update

from connector.store import leases, tables
from connector.store.database import Databases, now, reading
from connector.store.leases import LeaseTimeout
from tests.flows.waiting import until

LONG_S = 60.0


def test_one_holder_at_a_time(databases: Databases) -> None:
    assert leases.try_lease(databases.main, "sweep", "one", for_s=LONG_S)
    assert not leases.try_lease(databases.main, "sweep", "two", for_s=LONG_S)
    assert leases.try_lease(databases.main, "another", "two", for_s=LONG_S)


def test_the_holder_prolongs_its_own(databases: Databases) -> None:
    assert leases.try_lease(databases.main, "sweep", "one", for_s=0.0)
    assert leases.try_lease(databases.main, "sweep", "one", for_s=LONG_S)
    assert not leases.try_lease(databases.main, "sweep", "two", for_s=LONG_S)


def test_a_lease_ends_by_itself(databases: Databases) -> None:
    assert leases.try_lease(databases.main, "sweep", "dead", for_s=0.05)
    until(
        lambda: leases.try_lease(databases.main, "sweep", "next", for_s=LONG_S), within_s=5, what="the end of the lease"
    )
    assert not leases.try_lease(databases.main, "sweep", "dead", for_s=LONG_S)


def test_only_the_holder_gives_it_back(databases: Databases) -> None:
    leases.try_lease(databases.main, "sweep", "one", for_s=LONG_S)
    leases.release(databases.main, "sweep", "two")
    assert not leases.try_lease(databases.main, "sweep", "two", for_s=LONG_S)
    leases.release(databases.main, "sweep", "one")
    assert leases.try_lease(databases.main, "sweep", "two", for_s=LONG_S)


def test_one_of_twenty_gets_it(databases: Databases) -> None:
    start = threading.Barrier(20)

    def one(number: int) -> bool:
        start.wait(timeout=30)
        return leases.try_lease(databases.main, "sweep", f"worker {number}", for_s=LONG_S)

    with ThreadPoolExecutor(20) as workers:
        assert list(workers.map(one, range(20))).count(True) == 1


def test_one_of_twenty_gets_it_from_a_dead_holder(databases: Databases) -> None:
    leases.try_lease(databases.main, "sweep", "dead", for_s=0.0)
    start = threading.Barrier(20)

    def one(number: int) -> bool:
        start.wait(timeout=30)
        return leases.try_lease(databases.main, "sweep", f"worker {number}", for_s=LONG_S)

    with ThreadPoolExecutor(20) as workers:
        assert list(workers.map(one, range(20))).count(True) == 1


def test_blocks_never_overlap(databases: Databases) -> None:
    inside, most, guard = 0, 0, threading.Lock()

    def one(_: int) -> None:
        nonlocal inside, most
        with leases.lease(databases.main, "token", for_s=LONG_S, wait_s=LONG_S):
            with guard:
                inside += 1
                most = max(most, inside)
            leases.try_lease(databases.main, "something else", "x", for_s=0.0)
            with guard:
                inside -= 1

    with ThreadPoolExecutor(8) as workers:
        list(workers.map(one, range(16)))
    assert most == 1


def test_waiting_in_vain_says_so(databases: Databases) -> None:
    leases.try_lease(databases.main, "token", "somebody", for_s=LONG_S)
    with (
        pytest.raises(LeaseTimeout, match="token"),
        leases.lease(databases.main, "token", for_s=LONG_S, wait_s=0.05),
    ):
        pytest.fail("two hold the lease")


def test_a_block_that_fails_gives_the_lease_back(databases: Databases) -> None:
    with pytest.raises(ZeroDivisionError), leases.lease(databases.main, "token", for_s=LONG_S, wait_s=1):
        raise ZeroDivisionError
    assert leases.try_lease(databases.main, "token", "next", for_s=LONG_S)


AN_HOUR_S = 3600.0


def clock_put_back(databases: Databases, by_s: float) -> None:
    """What is stored looks as it does after the clock was put back."""
    table = tables.leases
    with databases.main.begin() as connection:
        connection.execute(update(table).values(until=table.c.until + by_s))


def left_s(databases: Databases) -> float:
    with reading(databases.main) as connection:
        return float(connection.execute(select(tables.leases.c.until - now(connection))).scalar_one())


def test_a_clock_that_is_put_back_holds_nobody_up_for_longer_than_a_lease_lasts(databases: Databases) -> None:
    leases.try_lease(databases.main, "sweep", "dead", for_s=LONG_S)
    clock_put_back(databases, AN_HOUR_S)
    assert not leases.try_lease(databases.main, "sweep", "next", for_s=LONG_S), "it may well be alive"
    assert LONG_S - 30 < left_s(databases) <= LONG_S


def test_a_lease_that_is_as_long_as_it_should_be_is_left(databases: Databases) -> None:
    leases.try_lease(databases.main, "sweep", "alive", for_s=LONG_S)
    clock_put_back(databases, -LONG_S / 2)
    assert not leases.try_lease(databases.main, "sweep", "next", for_s=LONG_S)
    assert left_s(databases) <= LONG_S / 2
