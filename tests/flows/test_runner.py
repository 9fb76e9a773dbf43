"""Who does the work beside the hand-overs: places, lanes, pauses, and what becomes of an end, an error or a death."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import select, update

from connector.domain.errors import ConnectorError
from connector.flows.deployment import Deployment, open_deployment
from connector.flows.job import DEPLOYMENT, Job, Kind
from connector.flows.outcome import NOTHING_NEW, STOP, Outcome, Then
from connector.flows.people_first import PeopleFirst
from connector.flows.runner import Runner
from connector.flows.troubles import About
from connector.store import executors, jobs, tables
from connector.store import troubles as kept
from connector.store.database import now, reading
from tests.conftest import SettingsFactory
from tests.flows.waiting import until

ME = "host:1:me"
SOON_S = 60.0
LONG_S = 3_600.0
INTERVAL_S = 300.0
DAY_S = 86_400.0


@dataclass(frozen=True)
class Named:
    """What a piece of these tests' work carries. `since` came with a later release."""

    name: str
    since: int = 7


@dataclass
class Work:
    """Notes what is done. `answers` are given in turn for each name, then STOP; `doing` happens meanwhile."""

    done: list[str] = field(default_factory=list)
    answers: dict[str, list[Outcome]] = field(default_factory=dict)
    doing: dict[str, Callable[[], None]] = field(default_factory=dict)

    def asked(self, _deployment: Deployment, payload: Named) -> Outcome:
        return self._of(payload.name)

    def round(self, _deployment: Deployment, name: str) -> Outcome:
        return self._of(name)

    def _of(self, name: str) -> Outcome:
        self.doing.get(name, lambda: None)()
        self.done.append(name)
        answers = self.answers.get(name, [])
        return answers.pop(0) if answers else STOP


@pytest.fixture
def work() -> Work:
    """What the runner is given to do."""
    return Work()


@pytest.fixture
def deployment(settings_factory: SettingsFactory, tmp_path: Path) -> Iterator[Deployment]:
    """A deployment with two places for people and eight others, one for each company."""
    opened = open_deployment(settings_factory(worker_concurrency=2, connection_concurrency=1, data_dir=tmp_path / "d"))
    yield opened
    opened.close()


def kinds(work: Work) -> dict[str, Kind]:
    return {
        "asked": Kind("asked", work.asked, carries=Named, trouble="hint", about=lambda one: About(one.name)),
        "once": Kind("once", work.asked, carries=Named, once=True),
        "round": Kind("round", work.round, every=lambda _: INTERVAL_S, per=DEPLOYMENT, slows=True),
        "daily": Kind("daily", work.round, every=lambda _: DAY_S, per=DEPLOYMENT, again_after_s=1_800.0),
    }


@contextmanager
def running(deployment: Deployment, work: Work, people: PeopleFirst | None = None) -> Iterator[Runner]:
    executors.beat(deployment.databases.main, ME)
    runner = Runner(deployment, kinds(work), executor_id=ME, submit=lambda _job: None, people=people or PeopleFirst())
    runner.start()
    try:
        yield runner
    finally:
        runner.stop(within_s=SOON_S)


def piece(name: str, *, kind: str = "asked", urgent: bool = False, company: str = "", number: int = 0) -> Job:
    return Job(kind, Named(name), company or name, key=name, number=number, urgent=urgent)


def ended(deployment: Deployment, work: Work, *names: str) -> None:
    table = tables.jobs

    def over() -> bool:
        with reading(deployment.databases.main) as connection:
            left = set(connection.execute(select(table.c.partition).where(table.c.due_at <= 4e9)).scalars())
        return set(names) <= set(work.done) and not left & set(names)

    until(over, within_s=SOON_S, what=f"the end of {names}")


def due_in_s(deployment: Deployment, name: str) -> float:
    """In how long a piece is due, once it has been given back."""
    db, table = deployment.databases.main, tables.jobs
    found: list[float] = []

    def is_given_back() -> bool:
        with reading(db) as connection:
            row = connection.execute(select(table.c.owner, table.c.due_at).where(table.c.partition == name)).one()
        found.append(row.due_at)
        return row.owner is None

    until(is_given_back, within_s=SOON_S, what="the end of the turn")
    with reading(db) as connection:
        return found[-1] - float(connection.execute(select(now(connection))).scalar_one())


def hold(held: threading.Event) -> None:
    assert held.wait(SOON_S)


def test_what_is_asked_for_is_done_at_once_and_once(deployment: Deployment, work: Work) -> None:
    with running(deployment, work) as runner:
        for _ in range(3):
            runner.submit(piece("a"))
        ended(deployment, work, "a")
        assert work.done == ["a"]
        assert jobs.count(deployment.databases.main, "asked") == 0


def test_a_pause_holds_no_place_and_ends(deployment: Deployment, work: Work) -> None:
    work.answers = {"a": [Outcome(Then.AGAIN_FIRST, 0.1)] * 2, "long": [Outcome(Then.AGAIN_FIRST, LONG_S)]}
    with running(deployment, work) as runner:
        runner.submit(piece("long", company="one"))
        until(lambda: work.done == ["long"], within_s=SOON_S, what="the first try")
        runner.submit(piece("a", company="one"))
        until(lambda: work.done == ["long", "a", "a", "a"], within_s=SOON_S, what="the end after two pauses")
        runner.submit(piece("long", company="one", number=1))
        until(lambda: work.done[-1] == "long", within_s=SOON_S, what="what is asked for once more")


def test_background_work_never_takes_the_last_place(deployment: Deployment, work: Work) -> None:
    held = threading.Event()
    with running(deployment, work) as runner:
        names = [f"b{number}" for number in range(20)]
        for name in names:
            work.doing[name] = lambda: hold(held)
            runner.submit(piece(name))
        try:
            until(lambda: len(runner._running) == 8, within_s=SOON_S, what="every place of the background taken")
            runner.submit(piece("click", urgent=True))
            ended(deployment, work, "click")
            assert work.done == ["click"]
        finally:
            held.set()
        ended(deployment, work, *names)


def test_a_company_that_hangs_holds_up_no_other(deployment: Deployment, work: Work) -> None:
    held = threading.Event()
    with running(deployment, work) as runner:
        for number in range(3):
            work.doing[f"h{number}"] = lambda: hold(held)
            runner.submit(piece(f"h{number}", company="hangs"))
        try:
            runner.submit(piece("well"))
            ended(deployment, work, "well")
            assert work.done == ["well"]
            assert len(runner._running) == 1
        finally:
            held.set()
        until(lambda: len(work.done) == 4, within_s=SOON_S, what="the others")


def test_while_a_person_waits_little_else_is_begun(deployment: Deployment, work: Work) -> None:
    held, people = threading.Event(), PeopleFirst()
    with running(deployment, work, people) as runner:
        with people.at_work():
            for number in range(8):
                work.doing[f"b{number}"] = lambda: hold(held)
                runner.submit(piece(f"b{number}"))
            until(lambda: len(runner._running) == 2, within_s=SOON_S, what="the first two")
            # They wait themselves, as for a ledger: then others may begin.
            until(lambda: len(runner._running) == 4, within_s=SOON_S, what="the next two")
        held.set()
        until(lambda: len(work.done) == 8, within_s=SOON_S, what="all, when no one waits")


def raising(error: Exception) -> Callable[[], None]:
    def fails() -> None:
        raise error

    return fails


def test_what_fails_is_tried_again_and_told_until_it_works(deployment: Deployment, work: Work) -> None:
    db = deployment.databases.main
    work.doing["a"] = raising(ConnectorError("no"))
    with running(deployment, work) as runner:
        runner.submit(piece("a"))
        until(lambda: bool(kept.every(db)), within_s=SOON_S, what="the failure")
        assert 10 < due_in_s(deployment, "a") < 60
        del work.doing["a"]
        runner.submit(piece("a", number=1))
        ended(deployment, work, "a")
        assert kept.every(db) == ()


def test_what_the_store_knows_to_be_due_is_not_tried_again_by_itself(deployment: Deployment, work: Work) -> None:
    work.doing["a"] = raising(ConnectorError("no"))
    with running(deployment, work) as runner:
        runner.submit(piece("a", kind="once"))
        until(lambda: jobs.count(deployment.databases.main, "once") == 0, within_s=SOON_S, what="its end")
    assert work.done == []


@pytest.mark.parametrize(
    ("kind", "error", "after_s"),
    [
        ("round", None, INTERVAL_S),
        ("round", ValueError(), INTERVAL_S),
        ("daily", None, DAY_S),
        ("daily", ValueError(), 1_800.0),
    ],
)
def test_what_comes_round_has_its_next_turn(
    deployment: Deployment, work: Work, kind: str, error: Exception | None, after_s: float
) -> None:
    if error:
        work.doing["c"] = raising(error)
    jobs.enter_all(deployment.databases.main, [jobs.Entry(kind, "c")])
    with running(deployment, work):
        until(lambda: due_in_s(deployment, "c") > 0, within_s=SOON_S, what="the turn")
        assert after_s - SOON_S < due_in_s(deployment, "c") <= after_s


@pytest.mark.parametrize(
    ("unchanged_days", "outcome", "times"),
    [
        (0, NOTHING_NEW, 1),
        (1.9, NOTHING_NEW, 1),
        (2.1, NOTHING_NEW, 2),
        (5, NOTHING_NEW, 3),
        (400, NOTHING_NEW, 4),
        (400, STOP, 1),
    ],
)
def test_where_nothing_changes_for_days_rounds_come_more_rarely(
    deployment: Deployment, work: Work, unchanged_days: float, outcome: Outcome, times: int
) -> None:
    db, table = deployment.databases.main, tables.jobs
    work.answers["c"] = [outcome]
    jobs.enter_all(db, [jobs.Entry("round", "c")])
    with db.begin() as connection:
        connection.execute(update(table).values(changed_at=table.c.changed_at - unchanged_days * DAY_S))
    with running(deployment, work):
        until(lambda: due_in_s(deployment, "c") > 0, within_s=SOON_S, what="the turn")
        assert times * INTERVAL_S - SOON_S < due_in_s(deployment, "c") <= times * INTERVAL_S


def test_work_of_another_release_is_read_or_left(deployment: Deployment, work: Work) -> None:
    db = deployment.databases.main
    for key, kind, payload in (
        ("a", "asked", '{"name": "a", "colour": "red"}'),
        ("b", "asked", '{"title": "b"}'),
        ("c", "unheard of", "{}"),
    ):
        jobs.submit(db, jobs.Entry(kind, key, key, payload=payload))
    with running(deployment, work):
        until(lambda: jobs.wait_s(db) is None, within_s=SOON_S, what="the end of all")
    assert work.done == ["a"]
    assert kept.every(db) == ()


def test_what_a_dead_process_was_at_is_done_by_another(deployment: Deployment, work: Work) -> None:
    db = deployment.databases.main
    executors.enrol(db, "dead:1:x")
    jobs.submit(db, jobs.Entry("asked", "a", "a", payload='{"name": "a"}'))
    every = dict.fromkeys(jobs.Lane, 1)
    assert len(jobs.turn(db, "dead:1:x", (), jobs.Wanted(every, 1, {}))) == 1
    with running(deployment, work) as runner:
        assert runner.take_back() == 0, "it lives"
        executors.bury(db, "dead:1:x")
        assert runner.take_back() == 1
        ended(deployment, work, "a")
        held = threading.Event()
        work.doing["b"] = lambda: hold(held)
        runner.submit(piece("b"))
        until(lambda: len(runner._running) == 1, within_s=SOON_S, what="the next")
        assert runner.take_back() == 0, "this process does it"
        held.set()


def test_a_stop_waits_for_what_is_under_way_and_leaves_the_rest(deployment: Deployment, work: Work) -> None:
    db = deployment.databases.main
    held = threading.Event()
    work.doing["a"] = lambda: hold(held)
    with running(deployment, work) as runner:
        runner.submit(piece("a"))
        until(lambda: len(runner._running) == 1, within_s=SOON_S, what="the work")
        runner.halt()
        runner.submit(piece("b"))
        held.set()
    assert work.done == ["a"]
    assert jobs.count(db, "asked") == 1
    with running(deployment, work):
        ended(deployment, work, "b")
