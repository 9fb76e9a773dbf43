"""The engine that drives durable work: DBOS, behind four verbs. The only module that knows it.

It drives hand-overs alone; what comes round by itself needs no more than a row (`connector.store.jobs`).

Our store is the truth and the engine is only the driver: its tables may be lost, and all that is lost is time.
Arguments and results of the work are ids and pauses, so neither personal data nor secrets lie in its tables.

A repetition after a pause is a new, delayed workflow and not a sleep inside the old one, because a sleeping
workflow would hold its place in the queue and starve the others (DESIGN.md, "Traps of the engine").
"""

from __future__ import annotations

import logging
import os
import socket
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from dbos import DBOS, DBOSConfig, WorkflowStatus
from pydantic import TypeAdapter
from sqlalchemy import Engine as Database
from sqlalchemy.engine import make_url

from connector.flows import engine_bell
from connector.flows.engine_bell import Bell
from connector.flows.job import Job
from connector.flows.outcome import Outcome, Then
from connector.flows.people_first import PeopleFirst
from connector.store import executors, leases, restores
from connector.store.database import CLOCKS_DIFFER_S, use_wal

log = logging.getLogger(__name__)

Step = Callable[[Any], Outcome]

ORDER_OF_STEPS = "2"
"""The engine's application version: changes only when the order of steps in a job does, or what a job carries."""
_EARLIER_ORDERS = ["1"]
"""What waits under them is removed, and made again from the store."""

PEOPLE = "people"
BACKGROUND = "background"
_WORKFLOW = "work"
_POLL_S = {PEOPLE: 0.5, BACKGROUND: 1.0}
"""How often each queue is looked at for what other processes have put there: it costs CPU also while idle."""
_LEAST_PAUSE_S = 0.1
_SILENT_AFTER_S = 15.0
_SWEEP_LEASE_S = 10.0
_SWEEP_EVERY_S = 10.0
_TAKE_OVER = "take-over"
_WAITING = ["ENQUEUED", "DELAYED"]
_RUNNING = "PENDING"
_AT_ONCE = 100
"""How many prefixes or ids one call of the engine is given: SQLite takes a thousand terms in an expression, PostgreSQL
65 535 values in a statement."""


@dataclass(frozen=True)
class Driven:
    """How a kind of job is driven: the class of what it carries, and its steps with their names, in order."""

    carries: type[Any]
    steps: Sequence[tuple[str, Step]]


class Engine:
    """One worker process's engine."""

    def __init__(
        self,
        db: Database,
        *,
        url: str,
        jobs: Mapping[str, Driven],
        concurrency: int,
        partition_concurrency: int,
        stop_wait_s: int = 8,
        stranded_after_s: float = 10.0,
        people: PeopleFirst | None = None,
    ) -> None:
        """`people` is informed of the work that they wait for. `stop_wait_s`: how long a stop waits for what runs.

        `stranded_after_s`: how long work may be entered as running in this process that it does not run. The engine
        enters it just before it begins, and strikes it out just after its end.
        """
        # A fresh id per process: two processes with one id run the same work twice (DESIGN.md, "Traps of the engine").
        self.executor_id = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._db = db
        self._url = url
        self._jobs = jobs
        self._people = people or PeopleFirst()
        self._concurrency = concurrency
        self._partition_concurrency = min(partition_concurrency, concurrency)
        self._stop_wait_s = stop_wait_s
        self._stranded_after_s = stranded_after_s
        self._others: frozenset[str] = frozenset()
        self._gone: frozenset[str] = frozenset()
        self._not_run: dict[str, float] = {}
        self._stranded: set[str] = set()
        self._sweep_at = 0.0
        self._mark = ""

    def start(self) -> None:
        """Begin to drive work, and take over what dead processes left."""
        file = make_url(self._url).database if self._url.startswith("sqlite:///") else None
        if file:
            with closing(sqlite3.connect(file)) as connection:
                use_wal(connection.cursor())
        # What is done under a key need not be done in a store that was put back since, while the engine's tables stay.
        restored = restores.number(self._db)
        self._mark = f"~{restored}" if restored else ""
        _process.jobs, _process.people = self._jobs, self._people
        config: DBOSConfig = {
            "name": "amili-connector",
            "system_database_url": self._url,
            "application_version": ORDER_OF_STEPS,
            "executor_id": self.executor_id,
            "use_listen_notify": False,
            "log_level": "WARNING",
        }
        if file:
            config["db_engine_kwargs"] = {"connect_args": {"factory": _unsynced}}
        dbos = DBOS(config=config)
        # Entered before it takes up work: the others resume what a process runs that is not entered.
        executors.enrol(self._db, self.executor_id)
        DBOS.launch()
        _process.bells = engine_bell.hung_at(dbos.background_thread_stop_events)
        for queue in (PEOPLE, BACKGROUND):
            DBOS.register_queue(
                queue,
                worker_concurrency=self._concurrency,
                partition_worker_concurrency=self._partition_concurrency,
                polling_interval_sec=_POLL_S[queue],
            )
        self._remove_earlier()
        self.take_over()

    def submit(self, job: Job) -> None:
        """Drive `job` unless its key has been submitted before."""
        _enqueue(replace(job, key=job.key + self._mark), 0, 0.0)
        engine_bell.ring(_process.bells)

    def _remove_earlier(self) -> None:
        """Remove what an earlier release left waiting, in a form of its own. The store knows what is unfinished."""
        waiting = {"status": [*_WAITING, _RUNNING], "app_version": _EARLIER_ORDERS}
        self._note_others()
        while left := [one for one in _listed(limit=_AT_ONCE, **waiting) if not self._is_run(one)]:
            DBOS.delete_workflows([one.workflow_id for one in left])

    def wake(self, job: Job) -> None:
        """Let the work of `job` go on at once where it pauses before a repetition."""
        paused = DBOS.list_workflows(
            workflow_id_prefix=[f"{job.key}{self._mark}#"], status="DELAYED", load_input=False, load_output=False
        )
        for status in paused:
            DBOS.set_workflow_delay(status.workflow_id, delay_seconds=0)

    def live(self, keys: Iterable[str]) -> frozenset[str]:
        """Those of `keys` whose work is waiting, delayed, or run by a process that is alive.

        What the engine has entered as running, and no one runs, is not live, whatever its tables say.
        """
        wanted = frozenset(keys)
        if not wanted:
            return frozenset()
        criteria: dict[str, Any] = {"status": [*_WAITING, _RUNNING], "app_version": ORDER_OF_STEPS}
        if len(wanted) <= _AT_ONCE:
            criteria["workflow_id_prefix"] = [f"{key}{self._mark}#" for key in sorted(wanted)]
        entered = _listed(**criteria)
        # Read after the work: the process that runs it was entered before it took it up.
        self._note_others()
        driven = {
            status.workflow_id.rpartition("#")[0].removesuffix(self._mark)
            for status in entered
            if status.status != _RUNNING or self._is_run(status)
        }
        return wanted & driven

    def _is_run(self, status: WorkflowStatus) -> bool:
        if status.executor_id == self.executor_id:
            return status.workflow_id not in self._stranded
        return status.executor_id in self._others

    def beat(self) -> None:
        """Say that this process is alive."""
        executors.beat(self._db, self.executor_id)

    def take_over(self) -> None:
        """Resume the work that no one runs: of processes that died or stopped, and what this one entered and lost.

        Processes that have died are noticed at every call, the rest at every tenth second.
        """
        self._note_others()
        if self._gone or time.monotonic() >= self._sweep_at:
            self._sweep_at = time.monotonic() + min(_SWEEP_EVERY_S, self._stranded_after_s)
            self._sweep()
            self._end_pauses_of_the_future()

    def _note_others(self) -> None:
        entered = frozenset(executors.all_ids(self._db)) - {self.executor_id}
        self._gone = self._dead(entered)
        self._others = entered - self._gone

    def _sweep(self) -> None:
        """Resume what is entered as running and not run; one process at a time does this for the others."""
        running = _listed(status=_RUNNING, app_version=ORDER_OF_STEPS)
        # Read after the work: the process that runs it was entered before it took it up.
        self._note_others()
        self._note_stranded({status.workflow_id for status in running if status.executor_id == self.executor_id})
        left = [status for status in running if not self._is_run(status)]
        if not left and not self._gone:
            return
        if not leases.try_lease(self._db, _TAKE_OVER, self.executor_id, for_s=_SWEEP_LEASE_S):
            left = [status for status in left if status.executor_id == self.executor_id]
        for status in left:
            log.warning("taking over %s, which nobody runs", status.workflow_id)
            DBOS.resume_workflow(status.workflow_id, queue_name=status.queue_name)
            self._stranded.discard(status.workflow_id)
            self._not_run.pop(status.workflow_id, None)
        # Needs no lease: a death counts once, no matter who notes it, and what a process that is not entered left
        # behind is
        # found by every sweep, so that it matters little who dies while taking it over.
        for gone in self._gone:
            executors.bury(self._db, gone)
        leases.release(self._db, _TAKE_OVER, self.executor_id)

    @staticmethod
    def _end_pauses_of_the_future() -> None:
        """Let go on what began to pause later than now: the clock has been put back, and would hold it up so long."""
        after = datetime.now(UTC) + timedelta(seconds=CLOCKS_DIFFER_S)
        for status in _listed(status="DELAYED", app_version=ORDER_OF_STEPS, start_time=after.isoformat()):
            DBOS.set_workflow_delay(status.workflow_id, delay_seconds=0)

    def _note_stranded(self, entered: set[str]) -> None:
        """Find what this process has entered as running and has not run for a while."""
        with _running_lock:
            not_run = entered - _running
        seen_at = time.monotonic()
        self._not_run = {one: self._not_run.get(one, seen_at) for one in not_run}
        # Two sweeps have seen it not run: what began since the last one is in neither set yet.
        self._stranded = {one for one, since in self._not_run.items() if seen_at - since >= self._stranded_after_s}

    def _dead(self, entered: frozenset[str]) -> frozenset[str]:
        silent = set(executors.silent(self._db, for_s=_SILENT_AFTER_S))
        here = socket.gethostname()
        for executor in entered:
            host, pid, _ = executor.split(":")
            if host == here and not _runs(int(pid)):
                silent.add(executor)
        return frozenset(silent & entered)

    def stop(self, *, died: bool = False) -> None:
        """Stop taking up work, wait briefly for what runs, and sign off; `died` says that no one asked for it.

        What still runs then stays entered under this process, and the process that works next finds that no one runs
        it.
        """
        DBOS.destroy(workflow_completion_timeout_sec=self._stop_wait_s)
        sign_off = executors.bury if died else executors.strike_off
        sign_off(self._db, self.executor_id)


def forget_finished(*, older_than_s: float) -> int:
    """Remove finished work of this process's engine; gives how many."""
    before = datetime.now(UTC) - timedelta(seconds=older_than_s)
    removed = 0
    while True:
        batch = _listed(status=["SUCCESS", "ERROR", "CANCELLED"], completed_before=before.isoformat(), limit=_AT_ONCE)
        if not batch:
            return removed
        DBOS.delete_workflows([status.workflow_id for status in batch])
        removed += len(batch)


@dataclass
class _Process:
    """What the engine, of which a process has one, is given to work with."""

    jobs: Mapping[str, Driven] = field(default_factory=dict)
    people: PeopleFirst = field(default_factory=PeopleFirst)
    bells: Sequence[Bell] = ()


_process = _Process()
_running: set[str] = set()
_running_lock = threading.Lock()


@contextmanager
def _noted_as_running(workflow_id: str) -> Iterator[None]:
    with _running_lock:
        _running.add(workflow_id)
    try:
        yield
    finally:
        with _running_lock:
            _running.discard(workflow_id)


def _listed(**criteria: Any) -> list[WorkflowStatus]:
    return DBOS.list_workflows(load_input=False, load_output=False, **criteria)


def _unsynced(*args: Any, **options: Any) -> sqlite3.Connection:
    """A connection that waits for the disk at checkpoints only, not at every commit of the engine.

    A crash of the process loses nothing by it. A power cut may lose the engine's last commits, and what they
    drove is found unfinished in our own store, which does wait.
    """
    connection = sqlite3.Connection(*args, **options)
    connection.execute("PRAGMA synchronous=NORMAL")
    return connection


def _enqueue(job: Job, round_number: int, delay_s: float) -> None:
    options: dict[str, Any] = {
        "workflow_name": _WORKFLOW,
        "queue_name": PEOPLE if job.urgent else BACKGROUND,
        "workflow_id": f"{job.key}#{round_number}",
        "queue_partition_key": job.partition,
        "app_version": ORDER_OF_STEPS,
    }
    if delay_s > 0:
        options["delay_seconds"] = delay_s
    DBOS.enqueue_workflow_with_options(
        options,  # type: ignore[arg-type]
        job.kind,
        asdict(job.payload),
        job.key,
        job.partition,
        job.urgent,
        round_number,
    )


@DBOS.workflow(name=_WORKFLOW)
def _work(kind: str, carried: dict[str, Any], key: str, partition: str, urgent: bool, round_number: int) -> None:
    with ExitStack() as during:
        during.callback(engine_bell.ring, _process.bells)
        during.enter_context(_noted_as_running(f"{key}#{round_number}"))
        if urgent:
            during.enter_context(_process.people.at_work())
        driven = _process.jobs[kind]
        payload = TypeAdapter(driven.carries).validate_python(carried)
        pauses = []
        for name, step in driven.steps:
            then, after_s = DBOS.run_step({"name": name}, _plainly, step, payload)
            if then in (Then.AGAIN, Then.AGAIN_FIRST):
                pauses.append(after_s)
            if then in (Then.STOP, Then.AGAIN_FIRST):
                break
        if pauses:
            job = Job(kind, payload, partition, key=key, urgent=urgent)
            _enqueue(job, round_number + 1, max(min(pauses), _LEAST_PAUSE_S))


def _plainly(step: Step, payload: object) -> tuple[str, float]:
    outcome = step(payload)
    return outcome.then.value, outcome.after_s


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
