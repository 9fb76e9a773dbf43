"""Taking requests from the inbox: one row and one job come of each."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from sqlalchemy.exc import OperationalError

from connector.domain.errors import ConfigurationError, KeyRefused, NotFound
from connector.domain.hand_over import UNFINISHED, HandOverState, Judgement, Origin, Request
from connector.flows import parking, troubles
from connector.flows.companies.going_live import leave_wishes, request_of
from connector.flows.deployment import Deployment
from connector.flows.events.following import changes_job, note_standings, take_wishes
from connector.flows.follow_up import withdrawal_wishes
from connector.flows.hand_over import driving
from connector.flows.job import Job, Submit, job
from connector.flows.outcome import NEXT, Outcome, Then
from connector.flows.troubles import About
from connector.hosts.pacing import in_background
from connector.store import connections, hand_overs, inbox, series
from connector.store.hand_over_record import HandOver

log = logging.getLogger(__name__)

HINT = "hint"


@dataclass(frozen=True)
class Hint:
    """What a ledger pointed at, in the inbox up to item `newest`."""

    connection: str
    invoice_id: str
    newest: int


def dispatch(
    deployment: Deployment,
    submit: Submit,
    wake: Submit = lambda _job: None,
    stir: Callable[[Collection[str]], object] = lambda _connections: None,
) -> int:
    """Start the work of everything that waits in the inbox; gives how many items were taken up.

    What is asked for again while it pauses is woken by `wake`; `stir` is given the companies for which there is news.

    Repeating it, in this process or another, starts nothing twice: rows and jobs have their own keys.
    """
    items = inbox.waiting(deployment.databases.inbox)
    hints: dict[tuple[str, str], int] = {}
    done, dispatched = [], []
    for item in items:
        dispatched.append(item.id)
        if item.request is None:
            hints[item.connection, item.invoice_id] = item.id
        elif _taken(deployment, item.request, submit, wake):
            done.append(item.id)
    for (connection_id, invoice_id), newest in hints.items():
        if invoice_id == inbox.NO_INVOICE:
            submit(changes_job(connection_id, at_s=time.time()))
            continue
        hint = Hint(connection_id, invoice_id, newest)
        submit(Job(HINT, hint, connection_id, key=invoice_id, number=newest, urgent=True))
    done += [item.id for item in items if item.request is None and item.invoice_id == inbox.NO_INVOICE]
    inbox.mark_dispatched(deployment.databases.inbox, tuple(dispatched))
    inbox.mark_done(deployment.databases.inbox, tuple(done))
    stir({item.connection for item in items})
    return len(items)


def _taken(deployment: Deployment, request: Request, submit: Submit, wake: Submit) -> bool:
    """Take a request; one that cannot be taken stops no other, stays in the inbox and is tried again later."""
    try:
        take(deployment, request, submit, wake)
    except ConfigurationError as error:
        log.error("a request was dropped: %s", error)
    except OperationalError:
        # The database is the trouble, not this request: the whole batch waits for it.
        raise
    except Exception as error:  # noqa: BLE001  whatever is wrong with one request must not stop the others
        log.error("a request for invoice %s cannot be taken: %s", request.invoice_id, type(error).__name__)
        return False
    return True


def take(deployment: Deployment, request: Request, submit: Submit, wake: Submit = lambda _job: None) -> HandOver:
    """Make sure that a request has its hand-over and, while that is unfinished, work that drives it.

    Who asks again for what waits does so because it should go now: its pause is cut short. A rule's is not.
    """
    settings = connections.settings_of(deployment.databases.main, request.connection)
    hand_over, judgement = hand_overs.ask(
        deployment.databases.main,
        request,
        creditor=settings.creditor,
        default_action=settings.first_action,
    )
    if hand_over.state in UNFINISHED:
        submit(driving.job_of(hand_over))
        if judgement is Judgement.UNDER_WAY and request.origin is not Origin.RULE:
            wake(driving.job_of(hand_over))
    return hand_over


@job(
    HINT,
    carries=Hint,
    about=lambda hint: About.of_invoice(hint.connection, hint.invoice_id),
    trouble=troubles.HINT,
)
@in_background()
def follow_hint(deployment: Deployment, hint: Hint) -> Outcome:
    """Look at the invoice a hint named, and note how it stands if it was sent; take up what the ledger wishes.

    One hint may stand for several wishes: where the invoice has a new one, all are looked for.

    Where a hint may come before its change can be seen, nothing new is looked for again, a few times.
    """
    connection_id, invoice_id = hint.connection, hint.invoice_id
    again_at_s: tuple[float, ...] = ()
    fresh = False
    known = hand_overs.latest(deployment.databases.main, connection_id, invoice_id)
    try:
        connection = deployment.connection(connection_id)
        _, host = deployment.sides(connection)
        leave_wishes(deployment, connection, host)
        wish = host.wish(invoice_id)
        if wish is not None and (invoice_id, wish.mark) in series.left_wishes(
            deployment.databases.main, connection_id, invoice_id
        ):
            wish = None
        again_at_s = host.hint_timing().look_again_at_s
        if known is not None and known.case_id:
            note_standings(deployment, host, (known,))
        if wish is not None and (
            known is None or (known.state is not HandOverState.DONE and known.wish_mark != wish.mark)
        ):
            fresh = True
            # A ledger may send one hint for all the invoices that a person chose at once, or one for each.
            if inbox.put_wishes(
                deployment.databases.inbox,
                connection_id,
                [request_of(connection_id, wish, connection.settings.environment)],
            ):
                take_wishes(deployment, connection_id, host)
        if known is not None and known.case_id and (unwanted := host.withdrawal_wish(invoice_id)):
            fresh |= withdrawal_wishes.take(deployment, connection_id, host, unwanted)
    except (NotFound, ConfigurationError) as error:
        log.info("hint dropped: %s", error)
    except KeyRefused as error:
        # Once there is a new key, all standing wishes are looked for.
        if not parking.parked(deployment, connection_id, error):
            raise
    if again_at_s and not fresh:
        age_s = inbox.since_hint_s(deployment.databases.inbox, connection_id, invoice_id)
        if next_s := next((at_s for at_s in again_at_s if at_s > age_s), None):
            return Outcome(Then.AGAIN_FIRST, next_s - age_s)
    inbox.finish_hints(deployment.databases.inbox, connection_id, invoice_id, up_to=hint.newest)
    return NEXT
