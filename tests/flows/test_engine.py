"""The engine behind its verbs: order, idempotency, pauses that hold nobody up, fairness, and leaving no trace."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from sqlalchemy import Connection, create_engine, inspect, text

from connector.flows.engine import Driven, Engine, Step, forget_finished
from connector.flows.job import Job
from connector.flows.outcome import NEXT, STOP, Outcome, Then
from connector.store import executors
from connector.store.database import Databases
from tests.flows.waiting import until

SOON_S = 60.0
LONG_S = 3600.0


@dataclass(frozen=True)
class Subject:
    """What a job of these tests carries."""

    name: str


class Work:
    """Steps that note what they did. `answers` are a step's answers in turn, for each subject; then NEXT."""

    def __init__(self) -> None:
        self.done: list[tuple[str, str]] = []
        self.answers: dict[str, list[Outcome]] = {}
        self.doing: dict[str, Callable[[], None]] = {}

    def step(self, name: str) -> Step:
        def run(of: Subject) -> Outcome:
            subject = of.name
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


def made(databases: Databases, work: Work, *, concurrency: int = 4, partition: int = 2, stop_wait_s: int = 8) -> Engine:
    """An engine that has not begun."""
    return Engine(
        databases.main,
        url=databases.engine_url,
        jobs={"job": Driven(Subject, [(name, work.step(name)) for name in ("one", "two", "three")])},
        concurrency=concurrency,
        partition_concurrency=partition,
        stop_wait_s=stop_wait_s,
        stranded_after_s=0.3,
    )


@contextmanager
def running(databases: Databases, work: Work, *, concurrency: int = 4, partition: int = 2) -> Iterator[Engine]:
    """An engine at work; stopped afterwards, whatever happens."""
    engine = made(databases, work, concurrency=concurrency, partition=partition)
    engine.start()
    try:
        yield engine
    finally:
        engine.stop()


def job(subject: str, *, partition: str = "company", urgent: bool = False) -> Job:
    return Job("job", Subject(subject), partition, key=f"key:{subject}", urgent=urgent)


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
        _what_pauses_can_be_woken(engine, work)
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


def _what_pauses_can_be_woken(engine: Engine, work: Work) -> None:
    work.answers["one pausing"] = [Outcome(Then.AGAIN_FIRST, LONG_S)]
    engine.submit(job("pausing"))
    until(lambda: work.of("pausing") == ["one"], within_s=SOON_S, what="the first try")

    def woken() -> bool:
        # The first try has ended only once its pause stands in the engine's tables.
        engine.wake(job("pausing"))
        return not engine.live(["key:pausing"])

    until(woken, within_s=SOON_S, what="the end of what was woken")
    assert work.of("pausing") == ["one", "one", "two", "three"]


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
    until(lambda: forget_finished(older_than_s=-60) > 0, within_s=SOON_S, what="something to forget")
    assert engine.live(["key:later", "key:ordinary"]) == {"key:later"}
    until(lambda: forget_finished(older_than_s=-60) == 0, within_s=SOON_S, what="nothing left to forget")
    assert forget_finished(older_than_s=LONG_S) == 0


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


def test_work_that_a_stop_cut_short_is_taken_up_at_the_next_start(databases: Databases, work: Work) -> None:
    held = threading.Event()
    work.doing["cut short"] = lambda: _hold(held)
    stopped = made(databases, work, stop_wait_s=0)
    stopped.start()
    try:
        stopped.submit(job("cut short"))
        until(lambda: bool(stopped.live(["key:cut short"])), within_s=SOON_S, what="the work")
        until(lambda: _states(databases) == {"key:cut short#0": "PENDING"}, within_s=SOON_S, what="its beginning")
        stopped.stop()
        assert executors.all_ids(databases.main) == (), "it signed off"
        del work.doing["cut short"]
        with running(databases, work) as engine:
            ended(engine, work, "cut short")
            assert work.of("cut short") == ["one", "two", "three"]
    finally:
        held.set()


def test_work_entered_as_running_that_nobody_runs_is_not_live_and_is_taken_up(databases: Databases, work: Work) -> None:
    with running(databases, work) as engine:
        engine.submit(job("lost"))
        ended(engine, work, "lost")
        _enter_as_running(databases, "key:lost#0", by=engine.executor_id)
        assert engine.live(["key:lost"]) == {"key:lost"}, "it may just be beginning"

        def run(times: int) -> bool:
            engine.take_over()
            return work.of("lost") == ["one", "two", "three"] * times

        until(lambda: run(2), within_s=SOON_S, what="the second run")
        _enter_as_running(databases, "key:lost#0", by="elsewhere:1:gone")
        assert engine.live(["key:lost"]) == frozenset(), "nobody of that name is entered"
        until(lambda: run(3), within_s=SOON_S, what="the third run")


def test_work_that_another_live_process_runs_is_left_to_it(databases: Databases, work: Work) -> None:
    with running(databases, work) as engine:
        engine.submit(job("theirs"))
        ended(engine, work, "theirs")
        executors.enrol(databases.main, "elsewhere:1:alive")
        _enter_as_running(databases, "key:theirs#0", by="elsewhere:1:alive")
        engine.take_over()
        assert engine.live(["key:theirs"]) == {"key:theirs"}
        assert _states(databases)["key:theirs#0"] == "PENDING"


def test_a_clock_that_is_put_back_makes_no_pause_longer(databases: Databases, work: Work) -> None:
    with running(databases, work) as engine:
        for subject in ("before", "since"):
            work.answers[f"one {subject}"] = [Outcome(Then.AGAIN_FIRST, LONG_S)]
            engine.submit(job(subject))
        paused = {f"key:{subject}#1": "DELAYED" for subject in ("before", "since")}
        until(lambda: paused.items() <= _states(databases).items(), within_s=SOON_S, what="both pauses")
        _begun_tomorrow(databases, "key:before#1")

        def gone_on() -> bool:
            engine.take_over()
            return work.of("before") == ["one", "one", "two", "three"]

        until(gone_on, within_s=SOON_S, what="the end of what paused by the old clock")
        assert work.of("since") == ["one"]


def test_any_number_of_keys_can_be_asked_for(databases: Databases, work: Work) -> None:
    held = threading.Event()
    work.doing["running"] = lambda: _hold(held)
    with running(databases, work) as engine:
        engine.submit(job("running"))
        asked = [f"key:{number}" for number in range(40_000)]
        assert engine.live(asked) == frozenset()
        assert engine.live(["key:running", *asked]) == {"key:running"}
        held.set()


def _states(databases: Databases) -> dict[str, str]:
    with _statuses(databases) as (connection, table):
        rows = connection.execute(text(f"SELECT workflow_uuid, status FROM {table}")).all()
    return {row.workflow_uuid: row.status for row in rows}


def _begun_tomorrow(databases: Databases, workflow_id: str) -> None:
    """As a process with a clock that is a day ahead leaves it."""
    day_ms = 86_400_000
    with _statuses(databases) as (connection, table):
        connection.execute(
            text(
                f"UPDATE {table} SET created_at = created_at + {day_ms}, "
                f"delay_until_epoch_ms = delay_until_epoch_ms + {day_ms} WHERE workflow_uuid = :id"
            ),
            {"id": workflow_id},
        )


def _enter_as_running(databases: Databases, workflow_id: str, *, by: str) -> None:
    """Leave the row of a work as a process leaves it that lost its bookkeeping: entered as running, no step noted."""
    with _statuses(databases) as (connection, table):
        steps = table.replace("workflow_status", "operation_outputs")
        connection.execute(text(f"DELETE FROM {steps} WHERE workflow_uuid = :id"), {"id": workflow_id})
        entered = text(f"UPDATE {table} SET status = 'PENDING', executor_id = :by WHERE workflow_uuid = :id")
        connection.execute(entered, {"id": workflow_id, "by": by})


@contextmanager
def _statuses(databases: Databases) -> Iterator[tuple[Connection, str]]:
    schema = "dbos." if databases.main.dialect.name == "postgresql" else ""
    engine = create_engine(databases.engine_url)
    with engine.begin() as connection:
        yield connection, f"{schema}workflow_status"
    engine.dispose()
