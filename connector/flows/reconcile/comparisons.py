"""When a comparison of ledger, record and Amili is made, and what becomes of it: every night, and when a person asks.

Amili's payouts are read with it: what the debtor paid there is distinguished by whether it is paid out.

What is to be made stands in the store, so that a page asks without a worker being near, and no crash loses it. A worker
starts it from there, a few at a time: they come in the night, and must leave room for what else there is to do.
"""

from __future__ import annotations

import logging
import time
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as time_of_day

from connector.domain.dates import STOCKHOLM
from connector.domain.errors import ConnectorError, KeyRefused
from connector.flows import parking
from connector.flows import troubles as steps
from connector.flows.deployment import Deployment
from connector.flows.job import DAY_S, DEPLOYMENT, Job, job
from connector.flows.money import payouts
from connector.flows.outcome import STOP, Outcome
from connector.flows.reconcile.reconcile import reconcile
from connector.flows.troubles import About
from connector.hosts.pacing import in_background
from connector.settings import Settings
from connector.store import comparisons, jobs, troubles
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
        if not parking.parked(deployment, connection_id, error):
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
        steps.note(deployment.databases.main, steps.PAYOUTS, About.of_connection(connection.id), error)
        log.warning("connection %s: payouts were not read for the comparison: %s", connection.id, error)
    else:
        troubles.over(deployment.databases.main, steps.PAYOUTS, connection.id)


def due(deployment: Deployment) -> Iterator[Job]:
    """Give some of the comparisons that are due and that no one makes: what a person asked for waits for no other.

    Companies that have no night yet get their own.
    """
    db = deployment.databases.main
    comparisons.enrol_all(db, _nights(deployment, comparisons.without_night(db)))
    places = max(deployment.settings.worker_concurrency // _SHARE, 1) - jobs.count(db, COMPARE)
    for one in comparisons.due(db, not_entered_as=COMPARE):
        if one.asked_by or places > 0:
            places -= 1
            yield Job(COMPARE, one, one.connection, number=one.turn)


@job(
    COMPARE,
    carries=Due,
    about=lambda due: About.of_connection(due.connection),
    trouble=steps.COMPARE,
    found=due,
    once=True,
)
def run(deployment: Deployment, due: Due) -> Outcome:
    """Make the comparison that is due, and say when the next is. One that fails is tried again, a few times a night."""
    db = deployment.databases.main
    connection_id, turn = due.connection, due.turn
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


@job("nights", every=DAY_S, per=DEPLOYMENT, at_start=True)
def give_nights(deployment: Deployment, _all: str) -> Outcome:
    """Move the next nights to where the settings have them now."""
    db = deployment.databases.main
    nights = _nights(deployment, comparisons.times(db))
    comparisons.move_all(db, nights)
    return STOP


def _nights(deployment: Deployment, connection_ids: Iterable[str]) -> dict[str, float]:
    now_s = time.time()
    return {one: next_night(deployment.settings, one, now_s) for one in connection_ids}
