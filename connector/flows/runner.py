"""Does the work of `connector.store.jobs` in this process: what is due, at most so much at once, people's first.

Each piece has a thread of its own while it is done. What people wait for has places of its own; what held a place for
long and came to nothing, as a ledger that hangs does, has half of the others at most.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

from pydantic import TypeAdapter, ValidationError
from sqlalchemy.exc import SQLAlchemyError

from connector.flows import rounds, troubles
from connector.flows.deployment import Deployment
from connector.flows.guarded import again_within, guarded, one_round
from connector.flows.job import Job, Kind, Submit
from connector.flows.outcome import Outcome, Then
from connector.flows.people_first import PeopleFirst
from connector.store import jobs
from connector.store.jobs import Claimed, Ended, Entry, Lane, Wanted

log = logging.getLogger(__name__)

BACKGROUND_PLACES = 4
"""So many times the hand-overs that are worked on at once: what is done here waits for others, most of the time."""
_LONGEST_WAIT_S = 2.0
"""So soon what another process has asked for is seen."""
_NO_PLACE_WAIT_S = 0.25
_TOGETHER_S = 0.05
"""What ends within so long is noted together, but where a person waits."""
_AFTER_AN_ERROR_S = 2.0
_HELD_S = 3.0
"""Who holds a place for so long and fails is let in more rarely."""
_AT_ONCE_BESIDE_PEOPLE = 2
_YOUNG_S = 1.0
"""While people wait, at most so many pieces of other work are begun at once that have not shown to wait themselves."""


@dataclasses.dataclass(frozen=True)
class _Running:
    claimed: Claimed
    since_s: float


class Runner:
    """Runs between `start` and `stop`; `executor_id` is entered in `executors` for as long."""

    def __init__(
        self,
        deployment: Deployment,
        kinds: Mapping[str, Kind],
        *,
        executor_id: str,
        submit: Submit,
        people: PeopleFirst,
    ) -> None:
        """`submit` takes what the work itself asks for."""
        settings = deployment.settings
        self._deployment = deployment
        self._db = deployment.databases.main
        self._kinds = kinds
        self._executor_id = executor_id
        self._submit_any = submit
        self._people = people
        self._places = {
            Lane.PEOPLE: settings.worker_concurrency,
            Lane.BACKGROUND: BACKGROUND_PLACES * settings.worker_concurrency,
        }
        self._most_of_one = settings.connection_concurrency
        self._changed = threading.Condition()
        self._running: dict[tuple[str, str, str], _Running] = {}
        self._ended: list[Ended] = []
        self._woken = self._hurried = self._stopping = False
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)

    def start(self) -> None:
        """Begin to do what is due."""
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Enter a piece of work; durable when this returns. It is begun at once if there is a place for it."""
        if jobs.submit(self._db, entry_of(job)):
            self.wake()

    def wake(self) -> None:
        """Look at once whether something is due."""
        with self._changed:
            self._hurried = True
            self._changed.notify_all()

    def take_back(self) -> int:
        """Let others do what processes that died were at, and what this one has taken and does not do; gives how many.

        What this one has just taken, and not begun to note, is not among it: both are done under one lock.
        """
        with self._changed:
            released = jobs.release(self._db, self._executor_id, self._running.keys())
        if released:
            self.wake()
        return released

    def halt(self) -> None:
        """Begin nothing more."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def stop(self, *, within_s: float) -> None:
        """Begin nothing more, and wait so long for what is under way; what is left then is done by others."""
        self.halt()
        if self._thread.is_alive():
            self._thread.join()
        give_up = time.monotonic() + within_s
        with self._changed:
            while self._running and (left_s := give_up - time.monotonic()) > 0:
                self._changed.wait(left_s)
        try:
            self._turn(Wanted({}, 0, {}))
        except SQLAlchemyError as error:
            log.warning("what has ended could not be noted: %s; it is done once more", type(error).__name__)

    def _run(self) -> None:
        while not self._stopping:
            try:
                wait_s = self._turn_of_now()
            except Exception as error:  # noqa: BLE001  whatever went wrong must not end what comes round
                log.warning("what is due cannot be begun: %s; tried again", type(error).__name__)
                wait_s = _AFTER_AN_ERROR_S
            with self._changed:
                self._changed.wait_for(lambda: self._woken or self._hurried or self._stopping, wait_s)
                self._changed.wait_for(lambda: self._hurried or self._stopping, _TOGETHER_S)
                self._woken = self._hurried = False

    def _turn_of_now(self) -> float:
        """Note what has ended and begin what is due; gives for how long nothing more is."""
        wanted = self._wanted()
        due_s = jobs.wait_s(self._db)
        is_due = due_s is not None and due_s <= 0
        if self._ended or (is_due and any(wanted.places.values())):
            self._turn(wanted)
            due_s = jobs.wait_s(self._db)
        if due_s is None or due_s <= 0:
            # What is due still has no place now. Who gives one back wakes us, but not who only waits for an answer.
            return _LONGEST_WAIT_S if due_s is None else _NO_PLACE_WAIT_S
        return min(due_s, _LONGEST_WAIT_S)

    def _wanted(self) -> Wanted:
        with self._changed:
            running = tuple(self._running.values())
        lanes = Counter(one.claimed.lane for one in running)
        others = self._places[Lane.BACKGROUND] - lanes[Lane.BACKGROUND] - lanes[Lane.FAILING]
        if self._people.someone_waits or lanes[Lane.PEOPLE]:
            now_s = time.monotonic()
            young = sum(one.claimed.lane is not Lane.PEOPLE and now_s - one.since_s < _YOUNG_S for one in running)
            others = min(others, _AT_ONCE_BESIDE_PEOPLE - young)
        failing = min(others, self._places[Lane.BACKGROUND] // 2 - lanes[Lane.FAILING])
        places = {
            Lane.PEOPLE: max(self._places[Lane.PEOPLE] - lanes[Lane.PEOPLE], 0),
            Lane.BACKGROUND: max(others, 0),
            Lane.FAILING: max(failing, 0),
        }
        return Wanted(places, self._most_of_one, Counter(one.claimed.partition for one in running))

    def _turn(self, wanted: Wanted) -> None:
        with self._changed:
            ended, self._ended = self._ended, []
            try:
                taken = jobs.turn(self._db, self._executor_id, ended, wanted)
            except BaseException:
                self._ended = ended + self._ended
                raise
            for claimed in taken:
                self._running[claimed.id] = _Running(claimed, time.monotonic())
        for claimed in taken:
            threading.Thread(target=self._do, args=(claimed,), name=f"job {claimed.kind}", daemon=True).start()

    def _do(self, claimed: Claimed) -> None:
        began_s = time.monotonic()
        ended = Ended(claimed, again_after_s=_AFTER_AN_ERROR_S, lane=claimed.lane, tries=claimed.tries + 1)
        try:
            with ExitStack() as stack:
                if claimed.lane is Lane.PEOPLE:
                    stack.enter_context(self._people.at_work())
                ended = self._done(claimed, began_s)
        finally:
            with self._changed:
                self._running.pop(claimed.id, None)
                self._ended.append(ended)
                self._woken = True
                self._hurried |= claimed.lane is Lane.PEOPLE
                self._changed.notify_all()

    def _done(self, claimed: Claimed, began_s: float) -> Ended:
        kind = self._kinds.get(claimed.kind)
        if kind is None:
            log.info("%s is no kind of work that this release knows", claimed.kind)
            return Ended(claimed)
        try:
            payload = _payload(kind, claimed)
        except ValidationError:
            # Nothing that a row alone holds is lost with it: hints and looks are found again in the store.
            log.warning("%s of %s cannot be read, and is left", claimed.kind, claimed.partition)
            return Ended(claimed)
        outcome = self._stepped(kind, payload)
        failed = outcome.failed is not None
        tries = claimed.tries + 1 if failed else 0
        held = failed and (claimed.lane is Lane.FAILING or time.monotonic() - began_s >= _HELD_S)
        usual = Lane.PEOPLE if claimed.lane is Lane.PEOPLE else Lane.BACKGROUND
        lane = Lane.FAILING if held else usual
        changed = not outcome.unchanged and not failed
        if outcome.then in (Then.AGAIN, Then.AGAIN_FIRST):
            return Ended(claimed, again_after_s=outcome.after_s, lane=lane, tries=tries, changed=changed)
        if not kind.comes_round:
            return Ended(claimed)
        after_s = rounds.next_s(kind, self._deployment.settings, claimed, changed=changed, lane=lane, tries=tries)
        return Ended(claimed, again_after_s=after_s, lane=lane, tries=tries, changed=changed)

    def _stepped(self, kind: Kind, payload: Any) -> Outcome:
        return stepping(kind, self._deployment, self._submit_any)(payload)


def entry_of(job: Job) -> Entry:
    """Return a piece of work as it is kept."""
    return Entry(
        kind=job.kind,
        partition=job.partition,
        key=job.key,
        number=job.number,
        payload=json.dumps(dataclasses.asdict(job.payload)),
        lane=Lane.PEOPLE if job.urgent else Lane.BACKGROUND,
        after_s=job.after_s,
    )


def stepping(kind: Kind, deployment: Deployment, submit: Submit) -> Callable[[Any], Outcome]:
    """Return what does a piece of work of a kind: caught as the kind says, its failures kept."""

    def step(payload: Any) -> Outcome:
        given = (deployment, submit, payload) if kind.submits else (deployment, payload)
        outcome: Outcome = kind.step(*given)
        return outcome

    if kind.again_after_s is not None:
        caught = again_within(kind.name, kind.again_after_s, step)
    else:
        caught = (one_round if kind.comes_round or kind.once else guarded)(kind.name, step)
    about = kind.per.about if kind.per else kind.about
    if not kind.trouble or about is None:
        return caught
    return troubles.watched(deployment.databases.main, kind.trouble, about, caught)


def _payload(kind: Kind, claimed: Claimed) -> Any:
    """Return what the step is given: an id of what comes round, else what it carries, whichever release wrote it."""
    if kind.carries is None:
        return claimed.partition
    return TypeAdapter(kind.carries).validate_json(claimed.payload or "{}")
