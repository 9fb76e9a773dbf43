"""Where a store lies and when it was last at work, what is held once it may be a copy, and the end of that."""

from __future__ import annotations

import pytest

from connector.store import restores
from connector.store.database import Databases
from connector.store.restores import Why
from tests.store.samples import CONNECTION, add_connection, ask


def test_a_store_lies_where_it_lay(databases: Databases) -> None:
    here = restores.place(databases.main)
    assert here != restores.IN_A_BACKUP
    databases.dispose()
    ask_something(databases)
    assert restores.place(databases.main) == here


def ask_something(databases: Databases) -> None:
    add_connection(databases)
    ask(databases)


def test_whoever_notes_it_second_has_noticed_nothing(databases: Databases) -> None:
    ask_something(databases)
    db = databases.main
    assert restores.sign(db, None, "here", why=None)
    assert not restores.sign(db, None, "here", why=Why.MOVED)
    before = restores.last(db)
    assert before is not None
    assert restores.sign(db, before, "there", why=Why.MOVED)
    assert not restores.sign(db, before, "there", why=Why.MOVED)
    assert [hold.restore for hold in restores.holds(db)] == [1]


@pytest.mark.parametrize("why", Why)
def test_every_company_is_held_until_it_is_let_go(databases: Databases, why: Why) -> None:
    ask_something(databases)
    db = databases.main
    assert not restores.is_held(db, CONNECTION)
    restores.sign(db, None, "here", why=None)
    before = restores.last(db)
    restores.sign(db, before, "here", why=why)

    (hold,) = restores.holds(db)
    assert (hold.connection, hold.data_of, hold.age_s < 60) == (CONNECTION, before and before.seen_at, True)
    assert restores.is_held(db, CONNECTION)
    assert restores.number(db) == (hold.restore if why.is_sure else 0)
    assert restores.was_after(db, hold.data_of or 0.0)
    restores.sign(db, restores.last(db), "here", why=why)
    restores.release(db, hold)
    assert restores.is_held(db, CONNECTION), "of the later one"
    restores.release(db, restores.holds(db)[0])
    assert not restores.is_held(db, CONNECTION)


def test_a_store_that_was_never_put_back_holds_nothing(databases: Databases) -> None:
    ask_something(databases)
    restores.sign(databases.main, None, "here", why=None)
    assert restores.holds(databases.main) == ()
    assert restores.number(databases.main) == 0
    assert not restores.was_after(databases.main, 0.0)
    restores.say_so(databases.main)
    found = restores.last(databases.main)
    assert found is not None
    assert found.place == Why.SAID
