"""When a comparison of ledger, record and Amili is made, and what becomes of it: every night, and when a person asks.

Amili's payouts are read with it: what the debtor paid there is distinguished by whether it is paid out.

What is to be made stands in the store, so that a page asks without a worker being near, and no crash loses it. A worker
starts it from there, a few at a time: they come in the night, and must leave room for what else there is to do.
"""

from __future__ import annotations

import logging
import time
import zlib
from collections.abc import Callable, Collection, Container, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from datetime import time as time_of_day

from connector.domain.dates import STOCKHOLM
from connector.domain.errors import ConnectorError, KeyRefused
from connector.flows import troubles as steps
from connector.flows.companies import keys
from connector.flows.deployment import Deployment
from connector.flows.job import Job
from connector.flows.money import payouts
from connector.flows.outcome import STOP, Outcome
from connector.flows.reconcile.reconcile import reconcile
from connector.hosts.pacing import in_background
from connector.settings import Settings
from connector.store import comparisons, troubles
from connector.store.comparisons import Due, KeptDifference
from connector.store.connections import StoredConnection

log = logging.getLogger(__name__)

COMPARE = "compare"
SPREAD_S = 3 * 3_600
"""The part of the night over which the companies' comparisons are spread."""
AGAIN_AFTER_S = 3_600.0
TRIES_A_NIGHT = 3
_SHARE = 4
"""One in so many of a worker's places is for the night's comparisons."""
_LONGEST_FAILURE_CHARACTERS = 500

Submit = Callable[[Job], None]


@dataclass(frozen=True)
class Compared:
    """What a comparison came to: how many cases, and what did not agree, with the instant when it was first seen."""

    cases: int
    differences: tuple[KeptDifference, ...]


def next_night(settings: Settings, connection_id: str, now_s: float) -> float:
    """The instant of a connection's next nightly comparison after `now_s`: its own time, by Stockholm's clock."""
    after = timedelta(seconds=zlib.crc32(connection_id.encode()) % SPREAD_S)
    day = datetime.fromtimestamp(now_s, STOCKHOLM).date()
    nights = (
        datetime.combine(day + timedelta(days=n), time_of_day(settings.reconcile_hour), STOCKHOLM) for n in (0, 1)
    )
    return next(at for night in nights if (at := night.timestamp() + after.total_seconds()) > now_s)


def ask(deployment: Deployment, connection_id: str, *, by: str) -> None:
    """A person wants the comparison now; durable when this returns."""
    comparisons.ask(deployment.databases.main, connection_id, by=by)


@in_background()
def compare(deployment: Deployment, connection_id: str) -> Compared:
    """Compare a connection now, and keep what is found.

    Raises the errors of remote calls, after noting that it failed and why; then what the comparison before found stays.
    """
    db = deployment.databases.main
    comparisons.enrol(db, connection_id, due_at=next_night(deployment.settings, connection_id, time.time()))
    began_at = comparisons.instant(db)
    known = {one.difference.key for one in comparisons.differences(db, connection_id)}
    try:
        connection = deployment.connection(connection_id)
        _read_payouts(deployment, connection)
        found = reconcile(deployment, connection, known=known)
    except ConnectorError as error:
        # A dead key is a task of its own, and no failure of the comparison's.
        if not keys.parked(deployment, connection_id, error):
            comparisons.failed(db, connection_id, why=str(error)[:_LONGEST_FAILURE_CHARACTERS])
        raise
    except Exception:
        comparisons.failed(db, connection_id, why="")
        raise
    if deployment.connection(connection_id).settings.environment is not connection.settings.environment:
        # What was compared was left behind meanwhile.
        return Compared(found.compared, ())
    kept = comparisons.keep(db, connection_id, found.differences, cases=found.compared, began_at=began_at)
    troubles.over(db, COMPARE, connection_id)
    return Compared(found.compared, kept)


def _read_payouts(deployment: Deployment, connection: StoredConnection) -> None:
    """Read the payouts that are new. Where they cannot be read, what is said about them is as it was read before."""
    amili, _ = deployment.sides(connection)
    try:
        payouts.read(deployment, connection, amili)
    except ConnectorError as error:
        # Whether a person is asked goes by the daily reading too, and the rest can be compared nevertheless.
        steps.note(deployment.databases.main, steps.PAYOUTS, steps.About.CONNECTION, connection.id, error)
        log.warning("connection %s: payouts were not read for the comparison: %s", connection.id, error)
    else:
        troubles.over(deployment.databases.main, steps.PAYOUTS, connection.id)


def run(deployment: Deployment, subject: str) -> Outcome:
    """Make the comparison that is due, and say when the next is. One that fails is tried again, a few times a night."""
    db = deployment.databases.main
    connection_id, _, number = subject.rpartition("/")
    turn = int(number)
    stored = comparisons.get(db, connection_id)
    if stored is None or stored.turn != turn:
        return STOP
    try:
        found = compare(deployment, connection_id)
    except KeyRefused:
        known = deployment.connection(connection_id)
        if known.key.refused_at is None and known.amili_refused_at is None:
            _try_again(deployment, connection_id, turn)
            raise
        # It is due still, and made once there is a new key.
        comparisons.again(db, connection_id, turn)
        return STOP
    except Exception:
        _try_again(deployment, connection_id, turn)
        raise
    log.info(
        "connection %s: compared with Amili; cases: %d, differences: %d",
        connection_id,
        found.cases,
        len(found.differences),
    )
    comparisons.end(db, connection_id, turn, due_at=next_night(deployment.settings, connection_id, time.time()))
    return STOP


def _try_again(deployment: Deployment, connection_id: str, turn: int) -> None:
    db = deployment.databases.main
    stored = comparisons.get(db, connection_id)
    if stored is not None and stored.tries < TRIES_A_NIGHT:
        comparisons.again(db, connection_id, turn, due_at=time.time() + AGAIN_AFTER_S)
    else:
        comparisons.end(db, connection_id, turn, due_at=next_night(deployment.settings, connection_id, time.time()))


def job_of(due: Due) -> Job:
    """The work of one run."""
    subject = f"{due.connection}/{due.turn}"
    return Job(COMPARE, subject, f"{COMPARE}:{subject}", due.connection)


@dataclass
class Starting:
    """Starts the comparisons that are due, each once, and not all at once: what a worker has started it remembers."""

    deployment: Deployment
    _enrolled: frozenset[str] = frozenset()
    _started: dict[str, Due] = field(default_factory=dict)

    def start(self, submit: Submit, known: Collection[str]) -> None:
        """Start some of the comparisons that are due; `known` are all connections, each of which is to have its night.

        The first time that a connection is met, its next night is moved to where the settings have it now.

        What a person asked for waits for no other.
        """
        self._enrol(known)
        due = comparisons.due(self.deployment.databases.main)
        by_connection = {one.connection: one for one in due}
        self._started = {
            connection_id: one
            for connection_id, one in self._started.items()
            if connection_id in by_connection and by_connection[connection_id].turn == one.turn
        }
        places = max(self.deployment.settings.worker_concurrency // _SHARE, 1) - len(self._started)
        for one in due:
            if one.connection in self._started or not (one.asked_by or places > 0):
                continue
            submit(job_of(one))
            self._started[one.connection] = one
            places -= 1

    def revive(self, live: Callable[[Iterable[str]], Container[str]]) -> int:
        """Let what was started and no one is making be started again; gives how many."""
        alive = live([job_of(one).key for one in self._started.values()])
        lost = [one for one in self._started.values() if job_of(one).key not in alive]
        db = self.deployment.databases.main
        return sum(comparisons.again(db, one.connection, one.turn) for one in lost)

    def _enrol(self, known: Collection[str]) -> None:
        fresh = frozenset(known) - self._enrolled
        if not fresh:
            return
        db, settings = self.deployment.databases.main, self.deployment.settings
        times = comparisons.times(db)
        for connection_id in sorted(fresh):
            at_s = next_night(settings, connection_id, time.time())
            if connection_id not in times:
                comparisons.enrol(db, connection_id, due_at=at_s)
            elif times[connection_id] != at_s:
                comparisons.move(db, connection_id, due_at=at_s)
        self._enrolled |= fresh
