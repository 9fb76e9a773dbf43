"""Removing what is over: handled hints, finished work of the engine, failures of what no one tries any more."""

from __future__ import annotations

from connector.flows import troubles
from connector.flows.deployment import Deployment
from connector.flows.engine import forget_finished
from connector.flows.job import DAY_S, DEPLOYMENT, job
from connector.flows.outcome import STOP, Outcome
from connector.store import inbox
from connector.store import troubles as step_troubles

_UNTRIED_S = 2 * DAY_S
"""Longer than the pause before any step is tried again: what failed so long ago, no one tries any more."""


@job("tidy", every=DAY_S, per=DEPLOYMENT, trouble=troubles.TIDY)
def tidy(deployment: Deployment, _all: str) -> Outcome:
    """Remove what has been over for as long as the settings keep it."""
    keep_s = deployment.settings.retention_days * DAY_S
    inbox.forget_done(deployment.databases.inbox, older_than_s=keep_s)
    forget_finished(older_than_s=keep_s)
    step_troubles.forget(deployment.databases.main, untried_for_s=_UNTRIED_S)
    return STOP
