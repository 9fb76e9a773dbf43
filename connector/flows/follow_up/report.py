"""A report as it is posted: what is committed before the call, and what is kept of each answer."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from connector.domain.errors import ConnectorError, RemoteError
from connector.domain.follow_up import CaseNow, FollowUpKind
from connector.flows import remote_findings
from connector.flows.deployment import Deployment
from connector.flows.follow_up import follow_up_findings
from connector.flows.outcome import Outcome, Then, pause_s
from connector.store import follow_up_work
from connector.store.follow_up_work import FollowUpLease

AT_ONCE = Outcome(Then.AGAIN_FIRST)


@dataclass(frozen=True)
class Report:
    """A `connector.flows.sending.post.Message` for a payment, credit or withdrawal.

    `turn` is the hand-over's, as it was when this was decided; `case` is what was left of the case then.
    """

    deployment: Deployment
    lease: FollowUpLease
    turn: int
    case: CaseNow | None

    @property
    def _db(self) -> Engine:
        return self.deployment.databases.main

    @property
    def id(self) -> str:
        return self.lease.follow_up.id

    @property
    def refusals(self) -> int:
        return self.lease.follow_up.refusals

    @property
    def may_be_ours(self) -> bool:
        # Refused once more, it is for a person to find.
        return not self.lease.follow_up.refusals

    def arm(self, *, for_s: float, settle_s: float) -> None:
        follow_up_work.arm(
            self._db,
            self.lease,
            turn=self.turn,
            for_s=for_s,
            settle_s=settle_s,
            capital_before=self.case.remaining_capital if self.case else None,
            total_before=self.case.remaining_total if self.case else None,
        )

    def not_sent(self, error: RemoteError, *, refused: bool) -> None:
        waiting_for = remote_findings.waiting_text(error)
        follow_up_work.wait(self._db, self.lease, waiting_for=waiting_for, not_sent=True, refused=refused)

    def unknown(self, error: RemoteError, *, refused: bool, taken: bool) -> None:
        why = remote_findings.waiting_text(error)
        follow_up_work.outcome_unknown(self._db, self.lease, why=why, refused=refused, taken=taken)

    def ask(self, error: ConnectorError) -> Outcome:
        may_report = self.lease.follow_up.kind is not FollowUpKind.WITHDRAWAL
        finding = follow_up_findings.refused(error)
        follow_up_work.ask(self._db, self.lease, (finding,), may_report=may_report, refused=True)
        return AT_ONCE

    def pause_s(self, named_s: float | None) -> float:
        return pause_s(self.lease.follow_up.tries, named_s=named_s)
