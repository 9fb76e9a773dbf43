"""What is done for a case that stands, copy and write-back, and waits: later steps go on without it."""

from __future__ import annotations

from dataclasses import dataclass

from connector.flows.deployment import Deployment
from connector.flows.outcome import Then, pause_s
from connector.store import hand_over_work
from connector.store.hand_over_work import Lease


@dataclass(frozen=True)
class Beside:
    """A step on a registered hand-over, put off: all of a `connector.flows.sending.put_off.Work` but its end."""

    deployment: Deployment
    lease: Lease

    @property
    def connection(self) -> str:
        return self.lease.hand_over.connection

    @property
    def refusals(self) -> int:
        return self.lease.hand_over.refusals

    @property
    def again(self) -> Then:
        return Then.AGAIN

    def wait(self, waiting_for: str, *, refused: bool) -> None:
        hand_over_work.wait(self.deployment.databases.main, self.lease, waiting_for=waiting_for, refused=refused)

    def rest(self, waiting_for: str) -> None:
        self.wait(waiting_for, refused=False)

    def pause_s(self, named_s: float | None) -> float:
        return pause_s(self.lease.hand_over.tries, named_s=named_s)
