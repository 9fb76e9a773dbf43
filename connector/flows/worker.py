"""The worker process: takes up what waits, drives it, and keeps house."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

from connector.flows import noticing, registry, rounds, troubles
from connector.flows.deployment import Deployment
from connector.flows.engine import Driven as DrivenKind
from connector.flows.engine import Engine, Step
from connector.flows.events import following, requests
from connector.flows.events.sources import sources_of
from connector.flows.guarded import guarded
from connector.flows.hand_over import driving, looking_up
from connector.flows.hand_over.driving import HAND_OVER, Driven
from connector.flows.hand_over.register import register
from connector.flows.hand_over.upload import upload
from connector.flows.hand_over.write_back import write_back
from connector.flows.job import Job
from connector.flows.outcome import STOP, Outcome
from connector.flows.pace import paced
from connector.flows.people_first import PeopleFirst
from connector.flows.runner import Runner
from connector.flows.troubles import About
from connector.store import hand_overs, inbox, jobs, leases, resting, restores
from connector.store.database import Watch
from connector.store.resting import Rest

log = logging.getLogger(__name__)

SCHEDULE = "schedule"
"""The lease of the one worker that begins what comes round by itself."""
_DISPATCH_EVERY_S = 0.1
_BEAT_EVERY_S = 2.0
_RESCUE_EVERY_S = 30.0
_KEEP_EVERY_S = 10.0
_IDLE_S = 10.0
_STIRRED_FOR_S = 3_600.0
_HINT_STRANDED_S = 600.0


class Worker:
    """Runs until `stop` is called. One per process, because the engine is."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        deployment.silences.ask_rarely()
        self._stopping = threading.Event()
        self._ending = False
        self._rests: Mapping[str, Rest] = {}
        self._rests_mark: Sequence[float] = ()
        self._stirred: dict[str, float] = {}
        self._inbox = Watch(deployment.databases.inbox)
        self._empty_at: int | None = None
        self._store = Watch(deployment.databases.main)
        self._looked_at: tuple[int | None, float] = (None, 0.0)
        self._kept_at_s = -_KEEP_EVERY_S
        self._sources = sources_of(deployment)
        self._kinds = registry.kinds()
        people = PeopleFirst()
        self._engine = Engine(
            deployment.databases.main,
            url=deployment.databases.engine_url,
            jobs={HAND_OVER: DrivenKind(Driven, self._steps())},
            concurrency=deployment.settings.worker_concurrency,
            partition_concurrency=deployment.settings.connection_concurrency,
            stop_wait_s=deployment.settings.stop_wait_s,
            people=people,
        )
        self._runner = Runner(
            deployment, self._kinds, executor_id=self._engine.executor_id, submit=self._submit, people=people
        )
        self._found = rounds.Finding(deployment, self._kinds.values(), self._runner.submit)

    def _steps(self) -> Sequence[tuple[str, Step]]:
        """The steps of a hand-over, in order. What fails of them for long is a task."""
        steps = {
            troubles.REGISTER: register,
            troubles.UPLOAD: upload,
            troubles.WRITE_BACK: write_back,
        }
        return [(name, self._step(name, step)) for name, step in steps.items()]

    def _step(self, name: str, step: Callable[[Deployment, str], Outcome]) -> Step:
        at_their_pace = paced(self._deployment, step)

        def run(driven: Driven) -> Outcome:
            return at_their_pace(driven.hand_over)

        def about(driven: Driven) -> About:
            return About.of_hand_over(driven.hand_over, driven.connection)

        return troubles.watched(self._deployment.databases.main, name, about, guarded(name, run))

    def run(self) -> None:
        """Work until stopped."""
        try:
            self._run()
        except BaseException:
            self._end(died=True)
            raise
        self._end()
        restores.rest(self._deployment.databases.main)

    def _run(self) -> None:
        noticing.notice(self._deployment)
        self._engine.start()
        self._runner.take_back()
        self.rescue(idle_s=0.0)
        self._begin_rounds()
        self._runner.start()
        log.info("worker %s is ready", self._engine.executor_id)
        next_beat = next_rescue = time.monotonic()
        next_rescue += _RESCUE_EVERY_S
        for source in self._sources:
            source.start()
        try:
            while not self._stopping.is_set():
                taken = self._dispatch()
                if time.monotonic() >= next_beat:
                    next_beat = time.monotonic() + _BEAT_EVERY_S
                    guarded_count(self._house)
                if time.monotonic() >= next_rescue:
                    next_rescue = time.monotonic() + _RESCUE_EVERY_S
                    guarded_count(self._notice)
                    guarded_count(partial(self.rescue, idle_s=_IDLE_S))
                    guarded_count(self._put_in_order)
                if not taken:
                    self._stopping.wait(_DISPATCH_EVERY_S)
        finally:
            for source in self._sources:
                source.stop()
            self._inbox.close()
            self._store.close()

    def _end(self, *, died: bool = False) -> None:
        """Stop both who drive work, and wait for what is under way no longer than for one of them."""
        self._ending = True
        give_up = time.monotonic() + self._deployment.settings.stop_wait_s
        self._runner.halt()
        self._engine.stop(died=died)
        self._runner.stop(within_s=max(give_up - time.monotonic(), 0.0))

    def stop(self) -> None:
        """Ask `run` to end after what it is doing; safe from a signal handler."""
        self._stopping.set()

    def _notice(self) -> int:
        """Note that the store is at work here, and whether it was put back while this worker was."""
        return int(noticing.notice(self._deployment) is not None)

    def rescue(self, *, idle_s: float) -> int:
        """Give every unfinished hand-over without live work a new job, and return stranded hints; gives how many.

        This is why losing the engine's tables costs nothing but time.
        """
        db = self._deployment.databases.main
        waiting = hand_overs.unfinished(db, idle_s=idle_s)
        live = self._engine.live(hand_over.workflow_id for hand_over in waiting)
        rescued = 0
        for hand_over in waiting:
            if hand_over.workflow_id in live:
                continue
            again = hand_overs.resubmit(db, hand_over)
            if again:
                self._submit(driving.job_of(again))
                rescued += 1
        rescued += inbox.return_stranded(self._deployment.databases.inbox, older_than_s=_HINT_STRANDED_S)
        if rescued:
            log.warning("work that nobody was driving was taken up again: %d", rescued)
        return rescued

    def _begin_rounds(self) -> None:
        """Begin what has become due while no worker was there as spread as what begins for the first time."""
        databases, settings = self._deployment.databases, self._deployment.settings
        rounds.spread_overdue(databases, settings, self._kinds.values())
        for kind in self._kinds.values():
            if kind.at_start:
                jobs.bring_forward(databases.main, kind.name, [""], within_s=0.0)

    def _submit(self, job: Job) -> None:
        if job.kind != HAND_OVER:
            self._runner.submit(job)
        elif not self._ending:
            # What is submitted at the end is found unfinished by the next worker.
            self._engine.submit(job)

    def _dispatch(self) -> int:
        return guarded_count(self._dispatch_news)

    def _dispatch_news(self) -> int:
        """Take up what waits in the inbox, which is looked into only where it may have changed since it was empty."""
        version = self._inbox.version()
        if version is not None and version == self._empty_at:
            return 0
        taken = requests.dispatch(self._deployment, self._submit, self._engine.wake, self._stir)
        self._empty_at = None if taken else version
        return taken

    def _stir(self, connection_ids: Collection[str]) -> None:
        """Poll companies at their usual pace from here on, of which there is news; written at most once an hour."""
        now_s = time.monotonic()
        fresh = [one for one in connection_ids if now_s - self._stirred.get(one, -_STIRRED_FOR_S) >= _STIRRED_FOR_S]
        if fresh:
            self._stirred |= dict.fromkeys(fresh, now_s)
            within_s = self._deployment.settings.poll_interval_s
            jobs.bring_forward(self._deployment.databases.main, following.POLL, fresh, within_s=within_s, changed=True)

    def _house(self) -> int:
        version, looked_at_s = self._looked_at
        is_same = version is not None and version == self._store.version()
        self._engine.beat()
        self._engine.take_over()
        self._runner.take_back()
        # Some of it becomes due by time alone.
        if not is_same or time.monotonic() - looked_at_s >= _KEEP_EVERY_S:
            self._look_after()
            self._looked_at = self._store.version(), time.monotonic()
        return 0

    def _look_after(self) -> None:
        """See to all that the store may have come to ask for."""
        noticing.keep_beside(self._deployment)
        if self._take_up_freed():
            self._kept_at_s = -_KEEP_EVERY_S
        # Anyone who holds the lease in a store that was put back may be long gone.
        for hold in restores.holds(self._deployment.databases.main):
            self._submit(looking_up.job_of(hold))
        if self._leads() and self._keep_rounds() + self._found.submit():
            self._runner.wake()

    def _keep_rounds(self) -> int:
        """Make the rounds that are missing: when it changes who is there, and now and then; gives how many."""
        now_s = time.monotonic()
        if now_s - self._kept_at_s < _KEEP_EVERY_S:
            return 0
        self._kept_at_s = now_s
        return rounds.keep(self._deployment.databases, self._deployment.settings, self._kinds.values())

    def _put_in_order(self) -> int:
        if not self._leads():
            return 0
        return rounds.put_in_order(self._deployment.databases, self._deployment.settings, self._kinds.values())

    def _leads(self) -> bool:
        return leases.try_lease(self._deployment.databases.main, SCHEDULE, self._engine.executor_id, for_s=30.0)

    def _take_up_freed(self) -> bool:
        """Let everything go on at once that waited for a new key, or for its company to go on.

        True where it has changed which companies there are, or what rests.
        """
        db = self._deployment.databases.main
        mark = resting.mark(db)
        if mark == self._rests_mark:
            return False
        before, self._rests, self._rests_mark = self._rests, resting.every(db), mark
        freed = [
            connection_id
            for connection_id, rest in self._rests.items()
            if connection_id in before and rest.was_woken(before[connection_id])
        ]
        if freed:
            jobs.bring_forward(db, following.POLL, freed, within_s=0.0)
            self._runner.wake()
            self.rescue(idle_s=0.0)
        return True


def guarded_count(work: Callable[[], int]) -> int:
    """Run a piece of housekeeping; an error is logged and the loop goes on."""
    outcome: list[int] = []

    def run(_none: Any) -> Outcome:
        outcome.append(work())
        return STOP

    guarded("housekeeping", run)("")
    return outcome[0] if outcome else 0
