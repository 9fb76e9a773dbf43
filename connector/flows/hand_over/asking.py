"""A person asks for hand-overs and waits for what becomes of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from connector.domain.hand_over import UNFINISHED, HandOverState, Request
from connector.flows.deployment import Deployment
from connector.store import executors, hand_overs, inbox
from connector.store.hand_over_record import HandOver

WORKER_ALIVE_S = 15.0
_DYING_WITHIN_S = 300.0
_DYING_FROM = 3
"""How many deaths within `_DYING_WITHIN_S` are no accident: a worker that cannot work is started again and dies."""
_LOOK_EVERY_S = 0.2


@dataclass(frozen=True)
class Asked:
    """A request, and its item in the inbox."""

    request: Request
    item: int


def ask(deployment: Deployment, request: Request) -> Asked:
    """Put a request into the inbox; durable when this returns."""
    return Asked(request, inbox.put_request(deployment.databases.inbox, request))


def again_after(seen: HandOver | None) -> str:
    """Return what a request says of the hand-over that the person saw: that it is meant again after a withdrawal."""
    return seen.id if seen is not None and seen.state is HandOverState.WITHDRAWN else ""


def worker_runs(deployment: Deployment) -> bool:
    """Return whether some worker process is alive to take up what is asked."""
    return executors.alive(deployment.databases.main, within_s=WORKER_ALIVE_S)


def worker_deaths(deployment: Deployment) -> int:
    """Return how many worker processes died within the last five minutes, without having been told to end."""
    return executors.deaths(deployment.databases.main, within_s=_DYING_WITHIN_S)


def workers_die(deployment: Deployment) -> bool:
    """Return whether workers are started and die again, so that little is taken up though one may be alive just now."""
    return worker_deaths(deployment) >= _DYING_FROM


def outcomes(
    deployment: Deployment, asked: tuple[Asked, ...], *, wait_s: float, sleep: Callable[[float], None] = time.sleep
) -> Iterator[Mapping[str, HandOver | None]]:
    """Yield, again and again, what has become of each invoice so far, until all have ended or `wait_s` is over.

    Keys are invoice ids; None while a request has not been taken up.
    """
    give_up = time.monotonic() + wait_s
    while True:
        standing = {one.request.invoice_id: _ended(deployment, one) for one in asked}
        yield standing
        if all(one is not None and one.state not in UNFINISHED for one in standing.values()):
            return
        if time.monotonic() >= give_up:
            return
        sleep(_LOOK_EVERY_S)


def _ended(deployment: Deployment, asked: Asked) -> HandOver | None:
    found = hand_overs.latest(deployment.databases.main, asked.request.connection, asked.request.invoice_id)
    if found is None or not inbox.is_done(deployment.databases.inbox, asked.item):
        return None
    return found
