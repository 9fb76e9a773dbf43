"""Putting off what cannot be registered now, and was not sent."""

from __future__ import annotations

from connector.domain.errors import ConnectorError, NotAuthorised, NotFound, NotSent, Refused
from connector.domain.hand_over import WAITS_FOR_RESTORE
from connector.flows import remote_findings, repeats
from connector.flows.companies import keys
from connector.flows.deployment import Deployment
from connector.flows.hand_over.pausing import pause_of
from connector.flows.outcome import NEXT, STOP, Outcome, Then, pause_s
from connector.store import hand_over_work
from connector.store.hand_over_work import Lease
from connector.store.ownership import LostOwnership

_LOOK_EVERY_S = 5.0


def put_off(deployment: Deployment, lease: Lease, error: ConnectorError, *, in_doubt: bool) -> Outcome:
    """Something could not be read or reached and nothing was sent: try later, or ask a person."""
    db = deployment.databases.main
    if waits_for := keys.waits_for(deployment, lease.hand_over.connection, error):
        return rest(deployment, lease, waits_for)
    hopeless = isinstance(error, (NotFound, Refused)) and not isinstance(error, NotAuthorised)
    refused = isinstance(error, NotAuthorised)
    tired = refused and lease.hand_over.refusals + 1 >= repeats.TRIES_BEFORE_ASKING
    try:
        if (hopeless or tired) and not in_doubt:
            hand_over_work.block(db, lease, remote_findings.of(error))
            return NEXT
        waiting_for = remote_findings.waiting_text(error)
        hand_over_work.wait(db, lease, waiting_for=waiting_for, refused=refused, doubt_ended=not in_doubt)
    except LostOwnership:
        return Outcome(Then.AGAIN_FIRST, pause_s(1))
    named_s = error.retry_after_s if isinstance(error, NotSent) else None
    after_s = pause_of(lease.hand_over, named_s)
    if in_doubt and named_s is None:
        # Anyone who waits for the outcome of an unanswered registration waits for us once Amili answers again.
        after_s = min(after_s, deployment.settings.settle_s)
    return Outcome(Then.AGAIN_FIRST, after_s, failed=error)


def rest(deployment: Deployment, lease: Lease, waiting_for: str, *, doubt_ended: bool = False) -> Outcome:
    """Come to rest until there is a new key, or the company goes on; a worker then takes the hand-over up again."""
    try:
        hand_over_work.wait(deployment.databases.main, lease, waiting_for=waiting_for, doubt_ended=doubt_ended)
    except LostOwnership:
        return Outcome(Then.AGAIN_FIRST, pause_s(1))
    return STOP


def wait_for_restore(deployment: Deployment, lease: Lease) -> Outcome:
    """Wait until it has been looked up what was sent of the company before an earlier store was put back.

    Raises `LostOwnership`.
    """
    db = deployment.databases.main
    if lease.hand_over.waiting_for == WAITS_FOR_RESTORE:
        hand_over_work.release(db, lease)
    else:
        hand_over_work.wait(db, lease, waiting_for=WAITS_FOR_RESTORE)
    return Outcome(Then.AGAIN_FIRST, after_restore_s(deployment), could_read=True)


def after_restore_s(deployment: Deployment) -> float:
    """The pause before it is seen again whether a restore has been looked into."""
    return min(deployment.settings.settle_s / 4, _LOOK_EVERY_S)
