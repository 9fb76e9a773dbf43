"""The engine behind its verbs: order, idempotency, pauses that hold nobody up, fairness, and leaving no trace."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine, inspect, text

from connector.flows.engine import Engine, Step
from connector.flows.job import Job
from connector.flows.outcome import NEXT, STOP, Outcome, Then
from connector.store import executors
from connector.store.database import Databases
from tests.flows.waiting import until

SOON_S = 15.0
LONG_S = 3600.0


class Work:
    """Steps that note what they did. `answers` are a step's answers in turn, for each subject; then NEXT."""

    def __init__(self) -> None:
        self.done: list[tuple[str, str]] = []
        self.answers: dict[str, list[Outcome]] = {}
        self.doing: dict[str, Callable[[], None]] = {}

    def step(self, name: str) -> Step:
        def run(subject: str) -> Outcome:
            self.doing.get(subject, lambda: None)()
            self.done.append((name, subject))
            answers = self.answers.get(f"{name} {subject}", [])
            return answers.pop(0) if answers else NEXT

        return run

    def of(self, subject: str) -> list[str]:
        return [name for name, of in self.done if of == subject]


@pytest.fixture
def work() -> Work:
    """What the engine is given to do."""
    return Work()


@contextmanager
def running(databases: Databases, work: Work, *, concurrency: int = 4, partition: int = 2) -> Iterator[Engine]:
    """An engine at work; stopped afterwards, whatever happens."""
    engine = Engine(
        databases.main,
        url=databases.engine_url,
        jobs={"job": [(name, work.step(name)) for name in ("one", "two", "three")]},
        concurrency=concurrency,
        partition_concurrency=partition,
    )
    engine.start()
    try:
        yield engine
    finally:
        engine.stop()


def job(subject: str, *, partition: str = "company", urgent: bool = False) -> Job:
    return Job("job", subject, f"key:{subject}", partition, urgent=urgent)


def ended(engine: Engine, work: Work, subject: str) -> None:
    until(lambda: not engine.live([f"key:{subject}"]), within_s=SOON_S, what=f"the end of {subject}")


def tables(databases: Databases) -> str:
    """Everything that stands in the engine's tables."""
    schema = "dbos" if databases.main.dialect.name == "postgresql" else None
    reader = create_engine(databases.engine_url)
    with reader.connect() as connection:
        names = inspect(connection).get_table_names(schema=schema)
        rows = {
            name: connection.execute(text(f"SELECT * FROM {schema + '.' if schema else ''}{name}")).all()
            for name in names
        }
    reader.dispose()
    return repr(rows)


def test_what_the_engine_promises(databases: Databases, work: Work) -> None:
    """One engine for many promises, because starting one takes seconds."""
    with running(databases, work) as engine:
        _steps_run_in_order_once(engine, work)
        _a_stop_ends_the_work(engine, work)
        _again_goes_on_and_comes_back(engine, work)
        _again_first_comes_back_before_later_steps(engine, work)
        _people_do_not_wait_behind_the_background(engine, work)
        _finished_work_is_forgotten_and_live_work_is_not(engine, work)
        kept = tables(databases)
        assert "key:later#1" in kept
        assert executors.all_ids(databases.main) == (engine.executor_id,)
        assert str(os.getpid()) in engine.executor_id
    assert executors.all_ids(databases.main) == (), "it signed off"
    _delayed_work_survives_a_restart(databases, work)


def _steps_run_in_order_once(engine: Engine, work: Work) -> None:
    for _ in range(3):
        engine.submit(job("ordinary"))
    ended(engine, work, "ordinary")
    engine.submit(job("ordinary"))
    ended(engine, work, "ordinary")
    assert work.of("ordinary") == ["one", "two", "three"]


def _a_stop_ends_the_work(engine: Engine, work: Work) -> None:
    work.answers["one stopping"] = [STOP]
    engine.submit(job("stopping"))
    ended(engine, work, "stopping")
    assert work.of("stopping") == ["one"]


def _again_goes_on_and_comes_back(engine: Engine, work: Work) -> None:
    work.answers["two repeated"] = [Outcome(Then.AGAIN, 0.1)]
    engine.submit(job("repeated"))
    ended(engine, work, "repeated")
    assert work.of("repeated") == ["one", "two", "three"] * 2


def _again_first_comes_back_before_later_steps(engine: Engine, work: Work) -> None:
    work.answers["one patient"] = [Outcome(Then.AGAIN_FIRST, 0.1)] * 2
    engine.submit(job("patient"))
    ended(engine, work, "patient")
    assert work.of("patient") == ["one", "one", "one", "two", "three"]


def _people_do_not_wait_behind_the_background(engine: Engine, work: Work) -> None:
    held = threading.Event()
    names = [f"background {number}" for number in range(4)]
    for name in names:
        work.doing[name] = lambda: _hold(held)
        engine.submit(job(name))
    until(
        lambda: len(engine.live(f"key:{name}" for name in names)) == 4, within_s=SOON_S, what="the background at work"
    )
    engine.submit(job("click", urgent=True))
    ended(engine, work, "click")
    assert work.of("click") == ["one", "two", "three"]
    held.set()
    for name in names:
        ended(engine, work, name)


def _hold(held: threading.Event) -> None:
    assert held.wait(timeout=60)


def _finished_work_is_forgotten_and_live_work_is_not(engine: Engine, work: Work) -> None:
    work.answers["one later"] = [Outcome(Then.AGAIN_FIRST, LONG_S)]
    engine.submit(job("later"))
    until(lambda: work.of("later") == ["one"], within_s=SOON_S, what="the first round")
    until(lambda: engine.forget_finished(older_than_s=-60) > 0, within_s=SOON_S, what="something to forget")
    assert engine.live(["key:later", "key:ordinary"]) == {"key:later"}
    until(lambda: engine.forget_finished(older_than_s=-60) == 0, within_s=SOON_S, what="nothing left to forget")
    assert engine.forget_finished(older_than_s=LONG_S) == 0


def _delayed_work_survives_a_restart(databases: Databases, work: Work) -> None:
    """And a new release: the engine's version is pinned, not made from the code."""
    with running(databases, work) as engine:
        assert engine.live(["key:later"]) == {"key:later"}


def test_a_pause_holds_no_place_and_a_slow_company_no_other(databases: Databases, work: Work) -> None:
    """Two places in all, one for each company: neither pauses nor a ledger that hangs may fill them."""
    held = threading.Event()
    with running(databases, work, concurrency=2, partition=1) as engine:
        for number in range(4):
            work.answers[f"one paused {number}"] = [Outcome(Then.AGAIN_FIRST, LONG_S)]
            engine.submit(job(f"paused {number}"))
        until(lambda: len(work.done) == 4, within_s=SOON_S, what="the first round of all")
        assert len(engine.live(f"key:paused {number}" for number in range(4))) == 4
        engine.submit(job("after the pauses"))
        ended(engine, work, "after the pauses")
        assert work.of("after the pauses") == ["one", "two", "three"]
        try:
            for number in range(4):
                work.doing[f"hanging {number}"] = lambda: _hold(held)
                engine.submit(job(f"hanging {number}", partition="its ledger hangs"))
            engine.submit(job("another company", partition="another"))
            ended(engine, work, "another company")
            assert work.of("another company") == ["one", "two", "three"]
            assert work.of("hanging 3") == []
        finally:
            held.set()
        for number in range(4):
            ended(engine, work, f"hanging {number}")


def test_nothing_but_ids_and_pauses_lies_in_the_engines_tables(databases: Databases, work: Work) -> None:
    seen: list[str] = []
    work.doing["an-id"] = lambda: seen.append("canary: what a step reads")
    work.answers["two an-id"] = [Outcome(Then.AGAIN, 0.1)]
    with running(databases, work) as engine:
        engine.submit(job("an-id"))
        ended(engine, work, "an-id")
    kept = tables(databases)
    assert len(seen) == 6
    assert "canary" not in kept
    assert "key:an-id#0" in kept
    assert "key:an-id#1" in kept
