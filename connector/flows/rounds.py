"""What comes round by itself: when, for whom, and how it is spread so that no instant has the work of all.

A round is a row of `connector.store.jobs` for each of those for whom it comes round. It is made here for each that has
none, spread over time by a number that each always has: a few at once, thousands over the whole interval.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable, Mapping, Sequence

from connector.flows.deployment import Deployment
from connector.flows.job import DAY_S, Kind, Submit
from connector.settings import Settings
from connector.store import jobs
from connector.store.database import Databases
from connector.store.jobs import Claimed, Entry, Lane

APART_S = 0.25
"""So far apart rounds that begin together are put: a few begin at once, and 1 200 fill five minutes."""
FIRST_S = 1.0
"""What begins for the first time leaves the first second to people."""
SLOWEST = 4
"""At most so many intervals lie between two rounds, where nothing has changed or a place was held for nothing."""
SLOWER_EVERY_S = 2 * DAY_S
"""After so long without a change, and each time again, one interval more lies between two rounds."""
LONGEST_SLOWED_S = 1_800.0
"""But never more than half an hour, unless the interval itself is longer."""
_FOUND_AGAIN_S = 30.0
_ASKED_LATER_S = 6 * 3_600.0
"""No pause of what is asked for is longer."""


def keep(databases: Databases, settings: Settings, kinds: Iterable[Kind]) -> int:
    """Make the rounds that are missing, and hasten those that are to come sooner; gives how many. Safe to repeat."""
    made = 0
    for kind in kinds:
        if kind.every is None or kind.per is None:
            continue
        missing = jobs.missing(databases.main, kind.name, kind.per.ids())
        times_s = spread(kind.name, missing, kind.every(settings))
        jobs.enter_all(databases.main, [Entry(kind.name, one, after_s=times_s[one]) for one in missing])
        made += len(missing)
        if kind.sooner:
            sooner = kind.sooner
            made += jobs.bring_forward(databases.main, kind.name, sooner.ids(), within_s=sooner.every_s)
    return made


def put_in_order(databases: Databases, settings: Settings, kinds: Iterable[Kind]) -> int:
    """Remove the rounds of who is gone, and end pauses that no clock of today began; gives how many."""
    found = 0
    for kind in kinds:
        if kind.every is None or kind.per is None:
            found += jobs.end_pauses_of_the_future(databases.main, kind.name, longest_s=_ASKED_LATER_S)
            continue
        found += jobs.drop_others(databases.main, kind.name, kind.per.ids())
        every_s = kind.every(settings)
        longest_s = max(slowest_s(every_s), kind.again_after_s or 0.0)
        found += jobs.end_pauses_of_the_future(databases.main, kind.name, longest_s=longest_s)
    return found


def spread_overdue(databases: Databases, settings: Settings, kinds: Iterable[Kind]) -> None:
    """After a stop: let what has become due meanwhile be done as spread as what is made afresh."""
    for kind in kinds:
        if kind.every is not None:
            overdue = jobs.overdue(databases.main, kind.name)
            jobs.put_off(databases.main, kind.name, spread(kind.name, overdue, kind.every(settings)))


def spread(kind: str, whom: Sequence[str], every_s: float) -> Mapping[str, float]:
    """Return in how many seconds the round of each begins: within the interval, and sooner where there are few."""
    window_s = min(every_s, APART_S * len(whom))
    return {one: FIRST_S + window_s * zlib.crc32(f"{kind} {one}".encode()) / 2**32 for one in whom}


def next_s(kind: Kind, settings: Settings, claimed: Claimed, *, changed: bool, lane: Lane, tries: int) -> float:
    """In how many seconds the next round of `claimed` begins, which has just ended.

    It comes more rarely where nothing has changed for days, if the kind does so, and after rounds that held a place and
    failed (`lane`).
    """
    every_s = kind.every(settings) if kind.every else 0.0
    times = 1.0
    if kind.slows and not changed:
        times += max(claimed.unchanged_s, 0.0) // SLOWER_EVERY_S
    if lane is Lane.FAILING:
        times = max(times, 2.0 ** min(tries, SLOWEST))
    return min(every_s * times, slowest_s(every_s))


def slowest_s(every_s: float) -> float:
    """The longest time between two rounds that an interval comes to."""
    return max(every_s, min(SLOWEST * every_s, LONGEST_SLOWED_S))


class Finding:
    """Submits what is to be done by the store and no one does; what has just come to nothing rests for a while."""

    def __init__(self, deployment: Deployment, kinds: Iterable[Kind], submit: Submit) -> None:
        self._deployment = deployment
        self._kinds = [kind for kind in kinds if kind.found]
        self._submit = submit
        self._submitted: dict[tuple[str, str, str], tuple[int, float]] = {}

    def submit(self) -> int:
        """Submit what is found; gives how much."""
        now_s = time.monotonic()
        self._submitted = {
            id_: (number, at_s) for id_, (number, at_s) in self._submitted.items() if now_s - at_s < _FOUND_AGAIN_S
        }
        count = 0
        for kind in self._kinds:
            for job in kind.found(self._deployment) if kind.found else ():
                id_ = job.kind, job.partition, job.key
                if self._submitted.get(id_, (None,))[0] != job.number:
                    self._submitted[id_] = job.number, now_s
                    self._submit(job)
                    count += 1
        return count
