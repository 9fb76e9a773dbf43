"""Put off what failed before anything was sent: until later, until there is a new key, or until a person decides."""

from __future__ import annotations

from typing import Protocol

from connector.domain.errors import ConnectorError, NotSent
from connector.flows import parking, remote_findings
from connector.flows.deployment import Deployment
from connector.flows.outcome import STOP, Outcome, Then, pause_s
from connector.flows.sending.decisions import Next, Patience, after_failing
from connector.store.ownership import LostOwnership

_RESTORE_LOOK_EVERY_S = 5.0


class Work(Protocol):
    """A step on a row, under its lease, which each of these methods gives back, or raises `LostOwnership`."""

    @property
    def connection(self) -> str: ...
    @property
    def patience(self) -> Patience: ...
    @property
    def refusals(self) -> int:
        """Return how many refusals in a row were counted."""

    @property
    def again(self) -> Then:
        """Return whether later steps go on before this one is repeated."""

    def wait(self, waiting_for: str, *, refused: bool) -> None:
        """Note what it waits for; `refused` counts a refusal."""

    def rest(self, waiting_for: str) -> None:
        """Note that it waits until there is a new key, or for nothing more."""

    def ask(self, error: ConnectorError) -> Outcome | None:
        """End it, and show a person why it is a clear no; None where it may not end yet, and is tried again."""

    def pause_s(self, named_s: float | None) -> float:
        """Return the pause before it is tried again."""


def put_off(deployment: Deployment, work: Work, error: ConnectorError) -> Outcome:
    """Note why a step did not come through, and say what follows. Nothing was sent."""
    try:
        if waits_for := parking.waits_for(deployment, work.connection, error):
            work.rest(waits_for)
            return STOP
        decision = after_failing(error, work.patience, refusals=work.refusals)
        if decision.next is Next.ASK and (ended := work.ask(error)):
            return ended
        work.wait(remote_findings.waiting_text(error), refused=decision.counts)
    except LostOwnership:
        return Outcome(work.again, pause_s(1))
    named_s = error.retry_after_s if isinstance(error, NotSent) else None
    return Outcome(work.again, work.pause_s(named_s), failed=error)


def after_restore_s(deployment: Deployment) -> float:
    """Return the pause before it is seen again whether a restore has been looked into."""
    return min(deployment.settings.settle_s / 4, _RESTORE_LOOK_EVERY_S)
