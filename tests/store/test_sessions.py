"""Sessions: who holds one, and when it is over."""

from __future__ import annotations

import pytest
from sqlalchemy import Column, select, update

from connector.store import sessions, tables
from connector.store.database import Databases, reading

EVA = "eva@bolaget.example"
IDLE_S = 600.0
USED, BEGUN = tables.sessions.c.used_at, tables.sessions.c.begun_at


def pass_time(databases: Databases, column: Column[float], seconds: float) -> None:
    with databases.main.begin() as connection:
        connection.execute(update(tables.sessions).values({column: column - seconds}))


def holder(databases: Databases, secret: str, *, is_use: bool = True) -> str | None:
    return sessions.holder(databases.main, secret, idle_s=IDLE_S, is_use=is_use)


def used_at(databases: Databases) -> float:
    with reading(databases.main) as connection:
        return float(connection.execute(select(USED)).scalar_one())


def test_a_session_is_its_holders_until_it_ends(databases: Databases) -> None:
    mine, other = (sessions.begin(databases.main, EVA, idle_s=IDLE_S) for _ in range(2))
    assert mine != other
    assert holder(databases, mine) == EVA
    sessions.end(databases.main, mine)
    sessions.end(databases.main, mine)
    assert holder(databases, mine) is None
    assert holder(databases, other) == EVA
    assert [holder(databases, guess) for guess in ("", "x", "å")] == [None] * 3


@pytest.mark.parametrize(("column", "lasts_s"), [(USED, IDLE_S), (BEGUN, sessions.LONGEST_S)])
def test_a_session_is_over_when_it_is_old_or_unused(
    databases: Databases, column: Column[float], lasts_s: float
) -> None:
    secret = sessions.begin(databases.main, EVA, idle_s=IDLE_S)
    pass_time(databases, column, lasts_s - 30)
    assert holder(databases, secret, is_use=False) == EVA
    pass_time(databases, column, 31)
    assert holder(databases, secret, is_use=False) is None


def test_a_use_is_written_down_now_and_then_and_what_is_none_is_not(databases: Databases) -> None:
    secret = sessions.begin(databases.main, EVA, idle_s=IDLE_S)
    first = used_at(databases)
    holder(databases, secret)
    assert used_at(databases) == first
    pass_time(databases, USED, sessions.NOTED_EVERY_S + 1)
    holder(databases, secret, is_use=False)
    assert used_at(databases) < first
    holder(databases, secret)
    assert used_at(databases) >= first


def test_a_new_session_forgets_those_that_are_over(databases: Databases) -> None:
    sessions.begin(databases.main, EVA, idle_s=IDLE_S)
    pass_time(databases, USED, IDLE_S + 1)
    lasting = sessions.begin(databases.main, EVA, idle_s=IDLE_S)
    with reading(databases.main) as connection:
        assert len(connection.execute(select(tables.sessions)).all()) == 1
    assert holder(databases, lasting) == EVA
