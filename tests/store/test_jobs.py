"""Work beside the hand-overs: taken by one process, given back by its death, done once more where it is asked again."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import Engine, Select, select, text, update

from connector.store import executors, jobs, resting, tables
from connector.store.database import Databases, reading
from connector.store.jobs import Claimed, Ended, Entry, Lane, Wanted
from tests.store.samples import CONNECTION, add_connection

ME, OTHER = "host:1:me", "host:2:other"
DAY_S = 86_400.0
LAST_S = 60.0


@pytest.fixture
def db(databases: Databases) -> Engine:
    """A store in which two processes are entered."""
    for one in (ME, OTHER):
        executors.enrol(databases.main, one)
    return databases.main


def places(people: int = 10, background: int = 10, failing: int = 10, *, of_one: int = 4, **running: int) -> Wanted:
    by_lane = {Lane.PEOPLE: people, Lane.BACKGROUND: background, Lane.FAILING: failing}
    return Wanted(by_lane, of_one, running)


def taken(db: Engine, wanted: Wanted | None = None, *, by: str = ME) -> list[Claimed]:
    return list(jobs.turn(db, by, (), wanted or places()))


def ended(db: Engine, *those: Ended, by: str = ME) -> None:
    assert jobs.turn(db, by, those, places(0, 0, 0)) == ()


def test_a_piece_is_taken_once_and_is_gone_when_it_has_ended(db: Engine) -> None:
    entry = Entry("look", CONNECTION, "7", number=3, payload='{"a": 1}')
    assert jobs.submit(db, entry)
    assert not jobs.submit(db, entry)
    (one,) = taken(db)
    assert (one.kind, one.partition, one.key, one.number, one.payload) == ("look", CONNECTION, "7", 3, '{"a": 1}')
    assert taken(db) == taken(db, by=OTHER) == []
    assert jobs.count(db, "look") == 1
    ended(db, Ended(one))
    assert jobs.count(db, "look") == 0
    assert jobs.wait_s(db) is None


def test_two_processes_share_what_is_due(db: Engine) -> None:
    for number in range(40):
        jobs.submit(db, Entry("look", f"c{number}"))
    found: list[str] = []
    begin = threading.Barrier(2)

    def work(who: str) -> None:
        begin.wait()
        while some := jobs.turn(db, who, (), places(background=3)):
            found.extend(one.partition for one in some)

    both = [threading.Thread(target=work, args=(who,)) for who in (ME, OTHER)]
    for one in both:
        one.start()
    for one in both:
        one.join(LAST_S)
    assert sorted(found) == sorted(f"c{number}" for number in range(40))


def test_what_is_due_later_waits_and_says_how_long(db: Engine) -> None:
    jobs.submit(db, Entry("look", "a", after_s=DAY_S))
    assert taken(db) == []
    wait_s = jobs.wait_s(db)
    assert wait_s is not None
    assert DAY_S - 60 < wait_s <= DAY_S
    jobs.submit(db, Entry("look", "b"))
    wait_s = jobs.wait_s(db)
    assert wait_s is not None
    assert wait_s <= 0


def test_what_comes_again_waits_for_its_time_in_its_lane(db: Engine) -> None:
    jobs.submit(db, Entry("poll", "a"))
    (one,) = taken(db)
    ended(db, Ended(one, again_after_s=0.0, lane=Lane.FAILING, tries=2))
    assert taken(db, places(failing=0)) == []
    (again,) = taken(db)
    assert (again.lane, again.tries) == (Lane.FAILING, 2)
    ended(db, Ended(again, again_after_s=DAY_S))
    assert taken(db) == []


def test_what_is_asked_for_while_it_is_under_way_is_done_once_more(db: Engine) -> None:
    jobs.submit(db, Entry("hint", "a", "7", number=1, payload="1"))
    (first,) = taken(db)
    assert jobs.submit(db, Entry("hint", "a", "7", number=2, payload="2"))
    assert taken(db, by=OTHER) == [], "it is under way"
    ended(db, Ended(first))
    (second,) = taken(db)
    assert (second.number, second.payload) == (2, "2")
    ended(db, Ended(second, again_after_s=DAY_S))
    assert taken(db) == []
    assert jobs.submit(db, Entry("hint", "a", "7", number=3))
    assert [one.number for one in taken(db)] == [3], "a pause is cut short"


def test_no_company_takes_more_than_its_places_and_none_waits_behind_it(db: Engine) -> None:
    for number in range(30):
        jobs.submit(db, Entry("look", "busy", str(number)))
    jobs.submit(db, Entry("look", "other", "1"))
    assert sorted(one.partition for one in taken(db, places(of_one=2))) == ["busy", "busy", "other"]
    assert taken(db, places(of_one=2, busy=2)) == []


def test_lanes_do_not_take_each_others_places(db: Engine) -> None:
    for lane in Lane:
        for number in range(5):
            jobs.submit(db, Entry("look", f"{lane} {number}", lane=lane))
    found = taken(db, places(people=2, background=1, failing=0))
    assert [one.lane for one in found] == [Lane.PEOPLE, Lane.PEOPLE, Lane.BACKGROUND]


def test_what_a_dead_process_had_taken_is_taken_by_another_and_its_end_is_no_news(db: Engine) -> None:
    jobs.submit(db, Entry("look", "a"))
    (before,) = taken(db)
    assert jobs.release(db, OTHER, ()) == 0, "it lives"
    executors.bury(db, ME)
    assert jobs.release(db, OTHER, ()) == 1
    (after,) = taken(db, by=OTHER)
    # The first was frozen, and wakes.
    ended(db, Ended(before))
    assert jobs.count(db, "look") == 1
    ended(db, Ended(after), by=OTHER)
    assert jobs.count(db, "look") == 0


def test_a_process_gives_back_what_it_has_taken_and_does_not_do(db: Engine) -> None:
    jobs.submit(db, Entry("look", "a"))
    (one,) = taken(db)
    assert jobs.release(db, ME, {one.id}) == 0
    assert jobs.release(db, ME, ()) == 1
    assert [again.id for again in taken(db)] == [one.id]


def companies() -> Select[str]:
    return resting.connected()


def test_rounds_are_made_for_who_has_none_and_end_with_who_is_gone(databases: Databases, db: Engine) -> None:
    add_connection(databases)
    assert jobs.missing(db, "poll", companies()) == (CONNECTION,)
    for _ in range(2):
        jobs.enter_all(db, [Entry("poll", CONNECTION), Entry("poll", "gone")])
    assert jobs.missing(db, "poll", companies()) == ()
    assert jobs.missing(db, "key", companies()) == (CONNECTION,)
    assert jobs.drop_others(db, "poll", companies()) == 1
    assert [one.partition for one in taken(db)] == [CONNECTION]


def test_a_round_can_be_brought_forward_and_is_made_again_if_it_is_under_way(db: Engine) -> None:
    jobs.enter_all(db, [Entry("poll", one, after_s=DAY_S) for one in "ab"])
    assert jobs.bring_forward(db, "poll", ["a"], within_s=0.0) == 1
    assert jobs.bring_forward(db, "poll", ["a"], within_s=60.0) == 0
    (one,) = taken(db)
    assert one.partition == "a"
    assert jobs.bring_forward(db, "poll", ["a"], within_s=0.0) == 1
    ended(db, Ended(one, again_after_s=DAY_S))
    assert [again.partition for again in taken(db)] == ["a"]


def test_what_has_changed_is_known_by_its_age(db: Engine) -> None:
    jobs.submit(db, Entry("poll", "a"))
    table = tables.jobs
    with db.begin() as connection:
        connection.execute(update(table).values(changed_at=table.c.changed_at - DAY_S))
    (one,) = taken(db)
    assert DAY_S <= one.unchanged_s < DAY_S + 60
    ended(db, Ended(one, again_after_s=0.0, changed=False))
    (one,) = taken(db)
    assert one.unchanged_s >= DAY_S
    ended(db, Ended(one, again_after_s=0.0, changed=True))
    (one,) = taken(db)
    assert one.unchanged_s < 60


def test_a_clock_that_is_put_back_holds_nothing_up(db: Engine) -> None:
    jobs.enter_all(db, [Entry("poll", "usual", after_s=300.0), Entry("poll", "old clock", after_s=DAY_S)])
    assert jobs.end_pauses_of_the_future(db, "poll", longest_s=300.0) == 1
    assert [one.partition for one in taken(db)] == ["old clock"]


def test_what_has_become_due_can_be_put_off(db: Engine) -> None:
    jobs.enter_all(db, [Entry("poll", "a"), Entry("poll", "b"), Entry("poll", "c", after_s=DAY_S)])
    assert sorted(jobs.overdue(db, "poll")) == ["a", "b"]
    jobs.put_off(db, "poll", {"a": 600.0, "c": 0.0})
    assert [one.partition for one in taken(db)] == ["b"]


@pytest.mark.parametrize("lane", Lane)
def test_what_is_due_is_found_by_an_index(db: Engine, lane: Lane) -> None:
    """However many rows wait: neither looking for work nor giving it back reads them all."""
    jobs.enter_all(db, [Entry("poll", f"c{number}", after_s=DAY_S, lane=lane) for number in range(3_000)])
    table = tables.jobs
    with db.begin() as connection:
        if db.dialect.name == "postgresql":
            connection.execute(text("ANALYZE jobs"))
    due = select(table.c.kind).where(table.c.owner.is_(None), table.c.lane == lane, table.c.due_at <= 1.0)
    owned = select(table.c.kind).where(table.c.owner.is_not(None), table.c.owner == ME)
    assert "jobs_waiting" in plan(db, due.order_by(table.c.due_at).limit(4))
    assert "jobs_owned" in plan(db, owned)


def plan(db: Engine, query: Select[str]) -> str:
    explain = "EXPLAIN" if db.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    compiled = query.compile(db, compile_kwargs={"literal_binds": True})
    with reading(db) as connection:
        return "\n".join(str(tuple(row)) for row in connection.execute(text(f"{explain} {compiled}")))
