"""Rows that several processes enter at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

from connector.store import upserts
from connector.store.database import Databases, reading
from connector.store.tables import leases as table


def rows(databases: Databases) -> dict[str, tuple[str, float]]:
    with reading(databases.main) as connection:
        return {row.name: (row.owner, row.until) for row in connection.execute(select(table)).all()}


def put(databases: Databases, **values: Any) -> bool:
    with databases.main.begin() as connection:
        return upserts.put(connection, table, **values)


def test_a_row_that_is_there_is_not_entered_again(databases: Databases) -> None:
    for owner, is_first in (("a", True), ("b", False)):
        with databases.main.begin() as connection:
            assert upserts.enter(connection, table, name="x", owner=owner, until=1.0) is is_first
    assert rows(databases) == {"x": ("a", 1.0)}


def test_a_row_is_put_in_place_of_the_one_with_its_key_alone(databases: Databases) -> None:
    assert put(databases, name="other", owner="c", until=3.0)
    assert put(databases, name="x", owner="a", until=1.0)
    assert put(databases, name="x", owner="b", until=2.0)
    assert rows(databases) == {"x": ("b", 2.0), "other": ("c", 3.0)}


def test_what_is_for_the_first_time_alone_stays(databases: Databases) -> None:
    for owner, until in (("a", 1.0), ("b", 2.0)):
        put(databases, first={"owner": owner}, name="x", until=until)
    assert rows(databases) == {"x": ("a", 2.0)}


@pytest.mark.parametrize(("until", "is_put"), [(1.0, True), (5.0, False)])
def test_a_row_that_does_not_meet_the_condition_stays(databases: Databases, *, until: float, is_put: bool) -> None:
    put(databases, name="x", owner="a", until=until)
    assert put(databases, only_if=table.c.until <= 2.0, name="x", owner="b", until=9.0) is is_put
    assert rows(databases) == {"x": ("b", 9.0) if is_put else ("a", until)}


def test_two_who_put_the_same_rows_the_other_way_round_both_do(databases: Databases) -> None:
    names = [f"row-{number}" for number in range(200)]

    def put_all(order: list[str]) -> None:
        with databases.main.begin() as connection:
            upserts.put_all(connection, table, [{"name": name, "owner": "a", "until": 1.0} for name in order])

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(put_all, [names, names[::-1]] * 5))
    assert rows(databases) == dict.fromkeys(names, ("a", 1.0))


def test_no_rows_are_put_in_silence(databases: Databases) -> None:
    with databases.main.begin() as connection:
        upserts.put_all(connection, table, [])
    assert rows(databases) == {}
