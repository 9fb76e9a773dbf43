"""The engine that drives durable work: DBOS, behind four verbs. The only module that knows it.

Our store is the truth and the engine is only the driver: its tables may be lost, and all that is lost is time.
Arguments and results of the work are ids and pauses, so neither personal data nor secrets lie in its tables.

A repetition after a pause is a new, delayed workflow and not a sleep inside the old one, because a sleeping
workflow would hold its place in the queue and starve the others (engine.md, "one host down").
"""

from __future__ import annotations

import logging
import os
import socket
import sqlite3
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

from dbos import DBOS, DBOSConfig
from sqlalchemy import Engine as Database

from connector.flows.job import Job
from connector.flows.outcome import Outcome, Then
from connector.store import executors, leases
from connector.store.database import use_wal

log = logging.getLogger(__name__)

Step = Callable[[str], Outcome]

ORDER_OF_STEPS = "1"
"""The engine's application version: changes only when the order of steps in a job does."""

PEOPLE = "people"
BACKGROUND = "background"
_WORKFLOW = "work"
_POLL_S = {PEOPLE: 0.1, BACKGROUND: 0.25}
"""How often each queue is looked at: it costs CPU also while idle, and a free place waits half of it for work."""
_LEAST_PAUSE_S = 0.1
_SILENT_AFTER_S = 15.0
_SWEEP_LEASE_S = 10.0
_TAKE_OVER = "take-over"
_LIVE = ["ENQUEUED", "PENDING", "DELAYED"]


class Engine:
    """One worker process's engine."""

    def __init__(
        self,
        db: Database,
        *,
        url: str,
        jobs: Mapping[str, Sequence[tuple[str, Step]]],
        concurrency: int,
        partition_concurrency: int,
    ) -> None:
        # A fresh id per process: two processes with one id run the same work twice (engine.md).
        self.executor_id = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._db = db
        self._url = url
        self._jobs = jobs
        self._concurrency = concurrency
        self._partition_concurrency = min(partition_concurrency, concurrency)

    def start(self) -> None:
        """Begin to drive work, and take over what dead processes left."""
        if self._url.startswith("sqlite:///"):
            with closing(sqlite3.connect(self._url.removeprefix("sqlite:///"))) as connection:
                use_wal(connection.cursor())
        _jobs.clear()
        _jobs.update(self._jobs)
        config: DBOSConfig = {
            "name": "amili-connector",
            "system_database_url": self._url,
            "application_version": ORDER_OF_STEPS,
            "executor_id": self.executor_id,
            "use_listen_notify": False,
            "log_level": "WARNING",
        }
        if self._url.startswith("sqlite:///"):
            config["db_engine_kwargs"] = {"connect_args": {"factory": _unsynced}}
        DBOS(config=config)
        DBOS.launch()
        for queue in (PEOPLE, BACKGROUND):
            DBOS.register_queue(
                queue,
                worker_concurrency=self._concurrency,
                partition_worker_concurrency=self._partition_concurrency,
                polling_interval_sec=_POLL_S[queue],
            )
        executors.enrol(self._db, self.executor_id)
        self.take_over()

    def submit(self, job: Job) -> None:
        """Drive `job` unless its key has been submitted before."""
        _enqueue(job, 0, 0.0)

    def live(self, keys: Iterable[str]) -> frozenset[str]:
        """Those of `keys` whose work is waiting, delayed or running."""
        wanted = list(keys)
        if not wanted:
            return frozenset()
        found = DBOS.list_workflows(
            workflow_id_prefix=[f"{key}#" for key in wanted], status=_LIVE, load_input=False, load_output=False
        )
        return frozenset(status.workflow_id.rpartition("#")[0] for status in found)

    def beat(self) -> None:
        """Say that this process is alive."""
        executors.beat(self._db, self.executor_id)

    def take_over(self) -> None:
        """Resume the work of processes that died; one process at a time does this."""
        if not leases.try_lease(self._db, _TAKE_OVER, self.executor_id, for_s=_SWEEP_LEASE_S):
            return
        try:
            self._resume_work_of(self._dead())
        finally:
            leases.release(self._db, _TAKE_OVER, self.executor_id)

    def _resume_work_of(self, dead_ones: Iterable[str]) -> None:
        for dead in dead_ones:
            for status in DBOS.list_workflows(executor_id=dead, status="PENDING", load_input=False, load_output=False):
                log.warning("taking over %s from a dead worker", status.workflow_id)
                DBOS.resume_workflow(status.workflow_id, queue_name=status.queue_name)
            executors.strike_off(self._db, dead)

    def _dead(self) -> tuple[str, ...]:
        silent = set(executors.silent(self._db, for_s=_SILENT_AFTER_S))
        here = socket.gethostname()
        for executor in executors.all_ids(self._db):
            host, pid, _ = executor.split(":")
            if executor != self.executor_id and host == here and not _runs(int(pid)):
                silent.add(executor)
        return tuple(sorted(silent - {self.executor_id}))

    def forget_finished(self, *, older_than_s: float) -> int:
        """Remove finished work of the engine; gives how many."""
        before = datetime.now(UTC) - timedelta(seconds=older_than_s)
        removed = 0
        while True:
            batch = DBOS.list_workflows(
                status=["SUCCESS", "ERROR", "CANCELLED"],
                completed_before=before.isoformat(),
                limit=500,
                load_input=False,
                load_output=False,
            )
            if not batch:
                return removed
            DBOS.delete_workflows([status.workflow_id for status in batch])
            removed += len(batch)

    def stop(self) -> None:
        """Stop taking up work, wait briefly for what runs, and sign off."""
        DBOS.destroy(workflow_completion_timeout_sec=10)
        executors.strike_off(self._db, self.executor_id)


_jobs: dict[str, Sequence[tuple[str, Step]]] = {}


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
        job.subject,
        job.key,
        job.partition,
        job.urgent,
        round_number,
    )


@DBOS.workflow(name=_WORKFLOW)
def _work(kind: str, subject: str, key: str, partition: str, urgent: bool, round_number: int) -> None:
    pauses = []
    for name, step in _jobs[kind]:
        then, after_s = DBOS.run_step({"name": name}, _plainly, step, subject)
        if then in (Then.AGAIN, Then.AGAIN_FIRST):
            pauses.append(after_s)
        if then in (Then.STOP, Then.AGAIN_FIRST):
            break
    if pauses:
        _enqueue(Job(kind, subject, key, partition, urgent), round_number + 1, max(min(pauses), _LEAST_PAUSE_S))


def _plainly(step: Step, subject: str) -> tuple[str, float]:
    outcome = step(subject)
    return outcome.then.value, outcome.after_s


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
