"""The worker process: takes up what waits, drives it, and keeps house."""

from __future__ import annotations

import logging
import threading
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from queue import SimpleQueue

from connector.flows import noticing, troubles
from connector.flows.companies import amili_keys, keys
from connector.flows.deployment import Deployment
from connector.flows.engine import Engine, Step
from connector.flows.events import following, requests
from connector.flows.events.sources import sources_of
from connector.flows.follow_up import case_reading, follow_up
from connector.flows.guarded import again_within, guarded, one_round
from connector.flows.hand_over import driving, looking_up
from connector.flows.hand_over.register import register
from connector.flows.hand_over.upload import upload
from connector.flows.hand_over.write_back import write_back
from connector.flows.job import Job
from connector.flows.money import payouts
from connector.flows.outcome import STOP, Outcome
from connector.flows.pace import paced
from connector.flows.reconcile import comparisons
from connector.flows.tasks import digest
from connector.flows.troubles import About
from connector.store import amili_accesses, case_readings, hand_overs, inbox, leases, resting, restores
from connector.store import troubles as step_troubles
from connector.store.resting import Rest

log = logging.getLogger(__name__)

POLL = "poll"
LOOK = "look"
CASES = "cases"
PAYOUTS = "payouts"
AMILI_KEY = "amili_key"
TIDY = "tidy"
DIGEST = "digest"
SCHEDULE = "schedule"
"""The lease of the one worker that begins rounds at set times."""
_DISPATCH_EVERY_S = 0.1
_BEAT_EVERY_S = 2.0
_RESCUE_EVERY_S = 30.0
_IDLE_S = 10.0
_HINT_STRANDED_S = 600.0
_HOUR_S = 3_600.0
_DAY_S = 86_400.0
_UNTRIED_S = 2 * _DAY_S
"""Longer than the pause before any step is tried again: what failed so long ago, no one tries any more."""


class Worker:
    """Runs until `stop` is called. One per process, because the engine is."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        deployment.silences.ask_rarely()
        self._stopping = threading.Event()
        self._scheduled: dict[tuple[str, str], str] = {}
        self._rests: Mapping[str, Rest] = {}
        self._sources = sources_of(deployment)
        self._looks = follow_up.Starting(deployment)
        self._comparisons = comparisons.Starting(deployment)
        # The engine takes no new work from within its own.
        self._wanted: SimpleQueue[Job] = SimpleQueue()
        self._engine = Engine(
            deployment.databases.main,
            url=deployment.databases.engine_url,
            jobs=self._jobs(),
            concurrency=deployment.settings.worker_concurrency,
            partition_concurrency=deployment.settings.connection_concurrency,
            stop_wait_s=deployment.settings.stop_wait_s,
        )

    def _jobs(self) -> Mapping[str, Sequence[tuple[str, Step]]]:
        """Every kind of work with its steps, in order. What fails of them for long is a task."""
        deployment = self._deployment
        watched = partial(troubles.watched, deployment.databases.main)
        sent, company, access = About.HAND_OVER, About.CONNECTION, About.ACCESS
        register_ = guarded("register", paced(deployment, register))
        upload_ = guarded("upload", paced(deployment, upload))
        write_back_ = guarded("write_back", paced(deployment, write_back))
        hint = guarded("hint", partial(requests.follow_hint, deployment))
        poll = watched(troubles.POLL, company, one_round("poll", partial(following.poll, deployment)))
        look = guarded("follow-up", partial(follow_up.follow_up, deployment))
        read_payouts = again_within("payouts", partial(payouts.look, deployment))
        key = again_within("key", partial(keys.look, deployment))
        standings = again_within("standings", partial(following.look, deployment))
        read_cases = one_round("cases", partial(case_reading.read, deployment, self._wanted.put))
        look_at_pair = one_round("amili key", partial(amili_keys.look, deployment))
        compare = one_round("compare", partial(comparisons.run, deployment))
        restored = guarded("restored", partial(looking_up.look_up, deployment))
        tidy = one_round("tidy", self._tidy)
        send_digests = one_round("digest", partial(digest.send_due, deployment))
        return {
            driving.HAND_OVER: (
                ("register", watched(troubles.REGISTER, sent, register_)),
                ("upload", watched(troubles.UPLOAD, sent, upload_)),
                ("write_back", watched(troubles.WRITE_BACK, sent, write_back_)),
            ),
            requests.HINT: (("look", watched(troubles.HINT, About.INVOICE, hint)),),
            following.CHANGES: (("wait", guarded("wait", following.wait_for_changes)), ("poll", poll)),
            follow_up.FOLLOW_UP: (("look", watched(troubles.FOLLOW_UP, sent, look)),),
            POLL: (("poll", poll),),
            PAYOUTS: (("payouts", watched(troubles.PAYOUTS, company, read_payouts)),),
            LOOK: (
                ("key", watched(troubles.KEY, company, key)),
                ("standings", watched(troubles.STANDINGS, company, standings)),
            ),
            CASES: (("read", watched(troubles.CASES, access, read_cases)),),
            AMILI_KEY: (("look", look_at_pair),),
            comparisons.COMPARE: (("compare", watched(troubles.COMPARE, company, compare)),),
            looking_up.RESTORED: (("look", watched(troubles.RESTORED, company, restored)),),
            TIDY: (("tidy", watched(troubles.TIDY, About.DEPLOYMENT, tidy)),),
            DIGEST: (("digest", watched(troubles.DIGEST, About.DEPLOYMENT, send_digests)),),
        }

    def run(self) -> None:
        """Work until stopped."""
        try:
            self._run()
        except BaseException:
            self._engine.stop(died=True)
            raise
        self._engine.stop()
        restores.rest(self._deployment.databases.main)

    def _run(self) -> None:
        noticing.notice(self._deployment)
        self._engine.start()
        self.rescue(idle_s=0.0)
        log.info("worker %s is ready", self._engine.executor_id)
        next_beat = next_rescue = time.monotonic()
        next_rescue += _RESCUE_EVERY_S
        for source in self._sources:
            source.start()
        try:
            while not self._stopping.is_set():
                taken = self._dispatch() + guarded_count(self._submit_wanted)
                if time.monotonic() >= next_beat:
                    next_beat = time.monotonic() + _BEAT_EVERY_S
                    self._keep_house()
                if time.monotonic() >= next_rescue:
                    next_rescue = time.monotonic() + _RESCUE_EVERY_S
                    guarded_count(self._notice)
                    guarded_count(partial(self.rescue, idle_s=_IDLE_S))
                if not taken:
                    self._stopping.wait(_DISPATCH_EVERY_S)
        finally:
            for source in self._sources:
                source.stop()

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
        rescued += follow_up.take_up(self._deployment, self._engine.live, self._submit)
        rescued += self._comparisons.revive(self._engine.live)
        rescued += inbox.return_stranded(self._deployment.databases.inbox, older_than_s=_HINT_STRANDED_S)
        if rescued:
            log.warning("work that nobody was driving was taken up again: %d", rescued)
        return rescued

    def _submit(self, job: Job) -> None:
        self._engine.submit(job)

    def _submit_wanted(self) -> int:
        """Submit what running work asked for; gives how much. What is lost with this process is found unfinished."""
        count = self._wanted.qsize()
        for _ in range(count):
            self._submit(self._wanted.get_nowait())
        return count

    def _dispatch(self) -> int:
        return guarded_count(partial(requests.dispatch, self._deployment, self._submit, self._engine.wake))

    def _keep_house(self) -> None:
        guarded_count(self._house)

    def _house(self) -> int:
        self._engine.beat()
        self._engine.take_over()
        noticing.keep_beside(self._deployment)
        known = resting.every(self._deployment.databases.main)
        self._take_up_freed(known)
        # Anyone who holds the lease in a store that was put back may be long gone.
        for hold in restores.holds(self._deployment.databases.main):
            self._submit_round(looking_up.job_of(hold))
        if leases.try_lease(self._deployment.databases.main, SCHEDULE, self._engine.executor_id, for_s=30.0):
            self._schedule(known)
            self._looks.start(self._submit)
            self._comparisons.start(self._submit, known.keys())
        return 0

    def _take_up_freed(self, known: Mapping[str, Rest]) -> None:
        """Let everything go on at once that waited for a new key, or for its company to go on."""
        before, self._rests = self._rests, known
        freed = [
            connection_id
            for connection_id, rest in known.items()
            if connection_id in before and rest.was_woken(before[connection_id])
        ]
        for connection_id in freed:
            subject = f"{connection_id}/freed-{time.time():.0f}"
            self._submit(Job(POLL, subject, f"poll:{subject}", connection_id))
        if freed:
            self.rescue(idle_s=0.0)

    def _schedule(self, known: Mapping[str, Rest]) -> None:
        interval_s = self._deployment.settings.poll_interval_s
        now_s = time.time()
        for connection_id, rest in known.items():
            parked = rest.key.refused_at is not None
            if not parked:
                self._submit_slot(POLL, connection_id, now_s, interval_s)
            self._submit_slot(PAYOUTS, connection_id, now_s, _DAY_S)
            self._submit_slot(LOOK, connection_id, now_s, _HOUR_S if parked else _DAY_S)
        for access_id in amili_accesses.to_look_at(self._deployment.databases.main):
            self._submit_slot(AMILI_KEY, access_id, now_s, _HOUR_S, partition=f"amili:{access_id}")
        for access_id in case_readings.accesses(self._deployment.databases.main):
            self._submit_slot(
                CASES, access_id, now_s, self._deployment.settings.cases_interval_s, partition=f"amili:{access_id}"
            )
        day = int(now_s // _DAY_S)
        self._submit_round(Job(TIDY, str(day), f"tidy:{day}", "connector"))
        if round_key := digest.round_key(self._deployment.settings, now_s):
            self._submit_round(Job(DIGEST, round_key, f"digest:{round_key}", "connector"))

    def _submit_slot(self, kind: str, of: str, now_s: float, interval_s: float, *, partition: str = "") -> None:
        offset_s = zlib.crc32(of.encode()) % int(interval_s)
        subject = f"{of}/{interval_s:.0f}.{int((now_s + offset_s) // interval_s)}"
        self._submit_round(Job(kind, subject, f"{kind}:{subject}", partition or of))

    def _submit_round(self, job: Job) -> None:
        # Submitting again is harmless, but thousands of connections every few seconds are not.
        turn = (job.kind, job.partition)
        if self._scheduled.get(turn) != job.key:
            self._submit(job)
            self._scheduled[turn] = job.key

    def _tidy(self, _subject: str) -> Outcome:
        keep_s = self._deployment.settings.retention_days * _DAY_S
        inbox.forget_done(self._deployment.databases.inbox, older_than_s=keep_s)
        self._engine.forget_finished(older_than_s=keep_s)
        step_troubles.forget(self._deployment.databases.main, untried_for_s=_UNTRIED_S)
        return STOP


def guarded_count(work: Callable[[], int]) -> int:
    """Run a piece of housekeeping; an error is logged and the loop goes on."""
    outcome: list[int] = []

    def run(_subject: str) -> Outcome:
        outcome.append(work())
        return STOP

    guarded("housekeeping", run)("")
    return outcome[0] if outcome else 0
