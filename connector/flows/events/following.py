"""Following a ledger: every standing wish is taken up, and what happens to invoices that were handed over is noted.

Polling is the guarantee behind the hints: whatever no hint told of is found here (DESIGN.md, "Promises", 5).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from sqlalchemy import Engine

from connector.domain.errors import KeyRefused
from connector.domain.hand_over import MAY_BE_SENT_AGAIN
from connector.domain.invoice import Standing
from connector.flows import parking, troubles
from connector.flows.companies.going_live import leave_wishes, request_of
from connector.flows.deployment import Deployment
from connector.flows.follow_up import withdrawal_wishes
from connector.flows.job import COMPANIES, DAY_S, HOUR_S, Job, job
from connector.flows.outcome import NOT_NOW, NOTHING_NEW, STOP, Outcome
from connector.flows.troubles import About
from connector.hosts.base import Changes, Host, Wish
from connector.hosts.pacing import in_background
from connector.store import following, hand_overs, inbox, series
from connector.store.connections import StoredConnection
from connector.store.following import Followed

POLL = "poll"
CHANGES = "changes"
GONE = Standing(state=None)
_BATCH = 500
_TOGETHER_S = 30
_SHOWN_AFTER_S = 10
_SURELY_SHOWN_AFTER_S = 600.0
"""What a ledger shows may be older than what it showed before, but not by this much."""


@job(POLL, every=lambda settings: settings.poll_interval_s, per=COMPANIES, slows=True, trouble=troubles.POLL)
@in_background()
def poll(deployment: Deployment, connection_id: str) -> Outcome:
    """Ask one ledger for every standing wish, and for what has changed since it was last asked."""
    _, host = deployment.sides(deployment.connection(connection_id))
    changed = False
    try:
        changed |= bool(take_wishes(deployment, connection_id, host))
        withdrawal_wishes.take_all(deployment, connection_id, host)
        forget_wishes(deployment, connection_id, host)
        changed |= follow_changes(deployment, connection_id, host)
    except KeyRefused as error:
        if not parking.parked(deployment, connection_id, error):
            raise
    return STOP if changed else NOTHING_NEW


@dataclass(frozen=True)
class Asked:
    """The question what has changed in the ledger of `connection`."""

    connection: str


def changes_job(connection_id: str, *, at_s: float) -> Job:
    """The work of asking a ledger what has changed, after a hint at `at_s` (since the epoch) that named no invoice.

    All such hints of some seconds are one question, which comes late enough for the ledger to show what they told of.
    """
    due_s = (int(at_s) // _TOGETHER_S + 1) * _TOGETHER_S + _SHOWN_AFTER_S
    return Job(CHANGES, Asked(connection_id), connection_id, number=due_s, after_s=due_s - at_s)


@job(
    CHANGES,
    carries=Asked,
    about=lambda asked: About.of_connection(asked.connection),
    trouble=troubles.POLL,
    once=True,
)
def ask_for_changes(deployment: Deployment, asked: Asked) -> Outcome:
    """Ask a ledger what has changed; what fails of it is asked with the next round."""
    return poll(deployment, asked.connection)


@job("standings", every=DAY_S, per=COMPANIES, again_after_s=HOUR_S / 2, trouble=troubles.STANDINGS)
@in_background()
def look(deployment: Deployment, connection_id: str) -> Outcome:
    """Note how every handed-over invoice of one ledger stands."""
    connection = deployment.connection(connection_id)
    if connection.key.refused_at is not None:
        return NOT_NOW
    _, host = deployment.sides(connection)
    look_at_all(deployment, connection_id, host)
    return STOP


def take_wishes(deployment: Deployment, connection_id: str, host: Host) -> int:
    """Put every standing wish that has not been answered into the inbox; gives how many were not there yet.

    A ledger shows a wish only once it is committed there, so it needs no second look. What stood when the company left
    Amili's other environment is left there.
    """
    connection = deployment.connection(connection_id)
    leave_wishes(deployment, connection, host)
    left = series.left_wishes(deployment.databases.main, connection_id)
    put = 0
    for wishes in _batches(host.requested()):
        known = hand_overs.of_invoices(
            deployment.databases.main, connection_id, tuple(wish.invoice_id for wish in wishes)
        )
        fresh = []
        for wish in wishes:
            standing = known.get(wish.invoice_id)
            if (wish.invoice_id, wish.mark) in left:
                continue
            if standing is None or (standing.state in MAY_BE_SENT_AGAIN and standing.wish_mark != wish.mark):
                fresh.append(request_of(connection_id, wish, connection.settings.environment))
        put += inbox.put_wishes(deployment.databases.inbox, connection_id, fresh)
    return put


def take_all_wishes(deployment: Deployment, connection: StoredConnection) -> None:
    """Put every wish of one ledger, to send or to withdraw, into the inbox, as `connection` knows where they stand."""
    _, host = deployment.sides(connection)
    take_wishes(deployment, connection.id, host)
    withdrawal_wishes.take_all(deployment, connection.id, host)


def forget_wishes(deployment: Deployment, connection_id: str, host: Host) -> None:
    """Forget answered wishes that were taken away in the ledger since: expressed again, each is a new one."""
    db = deployment.databases.main
    answered = hand_overs.with_answered_wish(db, connection_id, idle_s=_SURELY_SHOWN_AFTER_S)
    gone = host.wishes_taken_away([hand_over.invoice_id for hand_over in answered])
    for hand_over in answered:
        if hand_over.invoice_id in gone:
            hand_overs.forget_wish(db, hand_over)


def follow_changes(deployment: Deployment, connection_id: str, host: Host) -> bool:
    """Note what has changed about handed-over invoices; the first time, how each of them stands.

    Gives whether the ledger told of any change, to whichever invoice.
    """
    db = deployment.databases.main
    before = following.cursor(db, connection_id)
    changed = not before
    for page in host.changes(before, now=datetime.now(UTC)):
        changed |= bool(page.standings or page.touched)
        if before:
            _note_page(db, connection_id, host, page)
        else:
            look_at_all(deployment, connection_id, host)
        # Only now is the page dealt with; the process that polls at the same time and was faster goes on alone.
        if not following.move_cursor(db, connection_id, before=before, after=page.cursor):
            return True
        before = page.cursor
    return changed


def _note_page(db: Engine, connection_id: str, host: Host, page: Changes) -> None:
    """Note how the handed-over invoices among a page's stand; only of these it is asked where the page does not say."""
    known = following.handed_over(db, connection_id, {*page.standings, *page.touched})
    untold = [hand_over.invoice_id for hand_over in known if hand_over.invoice_id not in page.standings]
    standings = {**page.standings, **(host.standings(untold) if untold else {})}
    for hand_over in known:
        if standing := standings.get(hand_over.invoice_id):
            following.note(db, hand_over, standing)


def look_at_all(deployment: Deployment, connection_id: str, host: Host) -> dict[str, Standing]:
    """Note how every handed-over invoice stands: what no change told of, and invoices that are gone.

    The ledger is asked for all of them at once: what it takes for some, it need not take again for others.
    Gives what it said, by hand-over.
    """
    return note_standings(deployment, host, following.all_handed_over(deployment.databases.main, connection_id))


def note_standings(deployment: Deployment, host: Host, known: Sequence[Followed]) -> dict[str, Standing]:
    """Note how these handed-over invoices stand now; gives it by hand-over."""
    told = host.standings([hand_over.invoice_id for hand_over in known])
    standings = {hand_over.id: told.get(hand_over.invoice_id, GONE) for hand_over in known}
    for hand_over in known:
        following.note(deployment.databases.main, hand_over, standings[hand_over.id])
    return standings


def _batches(wishes: Iterable[Wish]) -> Iterator[tuple[Wish, ...]]:
    rest = iter(wishes)
    while batch := tuple(islice(rest, _BATCH)):
        yield batch
