"""Worker processes: who is alive, who has fallen silent, and who ended."""

from __future__ import annotations

from sqlalchemy import update

from connector.store import executors, tables
from connector.store.database import Databases


def fall_silent(databases: Databases, executor_id: str, for_s: float) -> None:
    table = tables.executors
    with databases.main.begin() as connection:
        connection.execute(update(table).where(table.c.id == executor_id).values(beat_at=table.c.beat_at - for_s))


def test_nobody_is_alive_at_first(databases: Databases) -> None:
    assert not executors.alive(databases.main, within_s=15)
    assert executors.all_ids(databases.main) == ()


def test_who_is_entered_is_alive(databases: Databases) -> None:
    executors.enrol(databases.main, "one")
    assert executors.alive(databases.main, within_s=15)
    assert executors.silent(databases.main, for_s=15) == ()


def test_who_does_not_beat_is_silent(databases: Databases) -> None:
    for name in ("one", "two"):
        executors.enrol(databases.main, name)
    fall_silent(databases, "one", 20)
    assert executors.silent(databases.main, for_s=15) == ("one",)
    assert executors.alive(databases.main, within_s=15), "the other one is"
    fall_silent(databases, "two", 20)
    assert not executors.alive(databases.main, within_s=15)


def test_a_beat_ends_the_silence(databases: Databases) -> None:
    executors.enrol(databases.main, "one")
    fall_silent(databases, "one", 20)
    executors.beat(databases.main, "one")
    assert executors.silent(databases.main, for_s=15) == ()


def test_who_was_struck_off_and_beats_is_back(databases: Databases) -> None:
    executors.enrol(databases.main, "one")
    executors.strike_off(databases.main, "one")
    assert executors.all_ids(databases.main) == ()
    executors.strike_off(databases.main, "one")
    executors.beat(databases.main, "one")
    assert executors.all_ids(databases.main) == ("one",)


def test_a_death_is_remembered_and_an_ordinary_end_is_not(databases: Databases) -> None:
    for name in ("one", "two"):
        executors.enrol(databases.main, name)
    executors.strike_off(databases.main, "one")
    assert executors.deaths(databases.main, within_s=300) == 0
    executors.bury(databases.main, "two")
    assert executors.all_ids(databases.main) == ()
    assert executors.deaths(databases.main, within_s=300) == 1
    executors.bury(databases.main, "two")
    executors.bury(databases.main, "never entered")
    assert executors.deaths(databases.main, within_s=300) == 1, "a process dies once"


def test_a_clock_that_is_put_back_leaves_nobody_alive_who_is_not(databases: Databases) -> None:
    for name in ("dead", "alive"):
        executors.enrol(databases.main, name)
        fall_silent(databases, name, -3600)
    assert executors.silent(databases.main, for_s=15) == (), "nobody has been silent since"
    fall_silent(databases, "dead", 20)
    fall_silent(databases, "alive", 20)
    executors.beat(databases.main, "alive")
    assert executors.silent(databases.main, for_s=15) == ("dead",)
