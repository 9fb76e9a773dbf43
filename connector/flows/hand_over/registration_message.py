"""A registration as it is posted: what is committed before the call, and what is kept of each answer."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Engine

from connector.domain.claim import Claim
from connector.domain.errors import ConnectorError, RemoteError, WithoutCase
from connector.domain.findings import Finding
from connector.domain.follow_up import entries_of
from connector.domain.invoice import Invoice, standing_of
from connector.flows import remote_findings
from connector.flows.deployment import Deployment
from connector.flows.hand_over.pausing import pause_of
from connector.flows.outcome import NEXT, Outcome
from connector.store import hand_over_work
from connector.store.hand_over_work import Lease


@dataclass(frozen=True)
class RegistrationMessage:
    """A `connector.flows.sending.post.Message` for a hand-over; `findings` are what its checks found."""

    deployment: Deployment
    lease: Lease
    claim: Claim
    invoice: Invoice
    findings: tuple[Finding, ...]

    @property
    def _db(self) -> Engine:
        return self.deployment.databases.main

    @property
    def id(self) -> str:
        return self.lease.hand_over.id

    @property
    def refusals(self) -> int:
        return self.lease.hand_over.refusals

    @property
    def may_be_ours(self) -> bool:
        # Refused once more, it is for a person to find.
        return not self.lease.hand_over.posts

    def arm(self, *, for_s: float, settle_s: float) -> None:
        claim, invoice = self.claim, self.invoice
        hand_over_work.arm(
            self._db,
            self.lease,
            for_s=for_s,
            settle_s=settle_s,
            debtor_name=claim.debtor.name,
            capital=claim.capital_to_claim,
            standing=standing_of(invoice),
            counted=entries_of(invoice),
            total=invoice.total,
            claimed_fee=claim.reminder_fee.amount if claim.reminder_fee else Decimal("0.00"),
        )

    def not_sent(self, error: RemoteError, *, refused: bool) -> None:
        waiting_for = remote_findings.waiting_text(error)
        hand_over_work.wait(self._db, self.lease, waiting_for=waiting_for, not_sent=True, refused=refused)

    def unknown(self, error: RemoteError, *, refused: bool, taken: bool) -> None:
        if isinstance(error, WithoutCase):
            hand_over_work.taken(self._db, self.lease, registration_id=error.registration_id, findings=self.findings)
            return
        why = remote_findings.waiting_text(error)
        hand_over_work.outcome_unknown(self._db, self.lease, why=why, refused=refused, taken=taken)

    def ask(self, error: ConnectorError) -> Outcome:
        why = remote_findings.of(error)
        hand_over_work.block(self._db, self.lease, (*self.findings, *why), refused=True, stopping=why)
        return NEXT

    def pause_s(self, named_s: float | None) -> float:
        return pause_of(self.lease.hand_over, named_s)
