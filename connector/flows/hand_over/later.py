"""What can be left out of a registered case, PDF and write-back: tried again after a failure, and given up in time."""

from __future__ import annotations

from connector.domain.errors import ConnectorError, KeyRefused, NotSent, OutcomeUnknown
from connector.flows import remote_findings
from connector.flows.companies import keys
from connector.flows.deployment import Deployment
from connector.flows.outcome import STOP, TRIES_BEFORE_GIVING_UP, Outcome, Then, pause_s
from connector.store import hand_over_work
from connector.store.hand_over_work import Lease
from connector.store.ownership import LostOwnership


def is_given_up(lease: Lease, error: ConnectorError) -> bool:
    """Return whether it was refused so often that it is not tried any more."""
    return _is_no(error) and lease.hand_over.refusals + 1 >= TRIES_BEFORE_GIVING_UP


def try_again(deployment: Deployment, lease: Lease, error: ConnectorError) -> Outcome:
    """Note what it waits for, and give the lease back; where a side wants a new key, come to rest until then."""
    db = deployment.databases.main
    try:
        if waits_for := keys.waits_for(deployment, lease.hand_over.connection, error):
            hand_over_work.wait(db, lease, waiting_for=waits_for)
            return STOP
        hand_over_work.wait(db, lease, waiting_for=remote_findings.waiting_text(error), refused=_is_no(error))
    except LostOwnership:
        return Outcome(Then.AGAIN, pause_s(1))
    named_s = error.retry_after_s if isinstance(error, NotSent) else None
    return Outcome(Then.AGAIN, pause_s(lease.hand_over.tries, named_s=named_s), failed=error)


def _is_no(error: ConnectorError) -> bool:
    return not isinstance(error, (NotSent, OutcomeUnknown, KeyRefused))
