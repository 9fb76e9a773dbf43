"""Telling Amili of one payment, credit or withdrawal once: look, arm, fence, send, read back (design, section 6).

The same protocol as registration. What is in doubt is looked for by our own reference, and sent again only after a
look made a full settling time after the attempt finds none, and after a fresh decision.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from connector.amili.actions import Action, CreditorCancellation, CreditorCrediting, CreditorPayment, RegisteredAction
from connector.amili.client import AmiliClient
from connector.amili.models import is_closed
from connector.amili.status import outcome as outcome_of
from connector.domain.action import ActionKind, ActionOutcome
from connector.domain.errors import (
    ConnectorError,
    KeyRefused,
    NotAuthorised,
    NotFound,
    NotSent,
    OutcomeUnknown,
    Refused,
    Unreadable,
)
from connector.domain.findings import Finding
from connector.domain.follow_up import FollowUpKind, FollowUpState, reported_as
from connector.flows import remote_findings
from connector.flows.deployment import Deployment
from connector.flows.fence import Fence, clock_s
from connector.flows.follow_up import follow_up_findings
from connector.flows.outcome import TRIES_BEFORE_GIVING_UP, Outcome, Then, pause_s
from connector.hosts.base import Host
from connector.store import follow_up_work, follow_ups, withdrawals
from connector.store.follow_up_work import FollowUpLease
from connector.store.follow_ups import FollowUp
from connector.store.hand_over_record import HandOver

TRIES_BEFORE_ASKING = 8
AT_ONCE = Outcome(Then.AGAIN_FIRST)
_SEND_MARGIN_S = 5.0
"""How long after a connection could have been made the bytes of a report may still leave."""
_LOOKS_AT = (0.05, 0.2, 0.5, 1.0)
"""Shares of the settling time at which an unanswered report is looked for."""

_ACTION_KINDS = {
    FollowUpKind.PAYMENT: ActionKind.PAYMENT,
    FollowUpKind.CREDIT: ActionKind.CREDITING,
    FollowUpKind.WITHDRAWAL: ActionKind.CANCELLATION,
}


@dataclass(frozen=True)
class Reporting:
    """The reports of one hand-over, as it was read at the beginning of a look."""

    deployment: Deployment
    hand_over: HandOver
    amili: AmiliClient
    host: Host
    account: str

    def send(self, follow_up: FollowUp) -> Outcome:
        """Report what was just decided to be reported. Raises `LostOwnership` and `TooLate`: then nothing was sent."""
        claimed = self._claim(follow_up)
        if isinstance(claimed, Outcome):
            return claimed
        if claimed.follow_up.state is not FollowUpState.DUE:
            follow_up_work.release(self._db, claimed)
            return AT_ONCE
        try:
            return self._send(claimed)
        except ConnectorError as error:
            return self._put_off(claimed, error)

    def leave_to_a_person(self, withdrawal: FollowUp, why: Finding) -> Outcome:
        """Have a person decide on a withdrawal that was wished for in the ledger, and that is not sent."""
        claimed = self._claim_wished(withdrawal)
        return claimed if isinstance(claimed, Outcome) else self._ask(claimed, why, may_report=False)

    def drop(self, withdrawal: FollowUp) -> Outcome:
        """Drop a withdrawal that is not wished for in the ledger any more."""
        claimed = self._claim_wished(withdrawal)
        if isinstance(claimed, Outcome):
            return claimed
        follow_up_work.lapse(self._db, claimed)
        return AT_ONCE

    def _claim_wished(self, withdrawal: FollowUp) -> FollowUpLease | Outcome:
        claimed = self._claim(withdrawal)
        if isinstance(claimed, Outcome):
            return claimed
        if claimed.follow_up.state is FollowUpState.DUE and claimed.follow_up.by_wish:
            return claimed
        follow_up_work.release(self._db, claimed)
        return AT_ONCE

    def go_on(self, follow_up: FollowUp) -> Outcome:
        """Find out what became of a report that is, or may be, on its way."""
        claimed = self._claim(follow_up)
        if isinstance(claimed, Outcome):
            return claimed
        try:
            if claimed.follow_up.state is FollowUpState.TAKEN:
                return self._read_back(claimed)
            if claimed.follow_up.state in (FollowUpState.REPORTING, FollowUpState.UNKNOWN):
                return self._look(claimed)
        except ConnectorError as error:
            return self._put_off(claimed, error)
        follow_up_work.release(self._db, claimed)
        return AT_ONCE

    @property
    def _db(self) -> Engine:
        return self.deployment.databases.main

    def _claim(self, follow_up: FollowUp) -> FollowUpLease | Outcome:
        settings = self.deployment.settings
        settle_s = 0.0 if follow_up.state is FollowUpState.TAKEN else settings.settle_s
        claimed = follow_up_work.claim(self._db, follow_up.id, for_s=settings.attempt_s, settle_s=settle_s)
        if isinstance(claimed, FollowUpLease):
            return claimed
        return Outcome(Then.AGAIN_FIRST, min(claimed, settings.settle_s / 4) + 0.05)

    def _send(self, lease: FollowUpLease) -> Outcome:
        try:
            action = self._action(lease.follow_up)
        except ValueError as error:
            return self._ask(lease, follow_up_findings.unsendable(error), may_report=False)
        try:
            if found := self.amili.find_action(action):
                follow_up_work.taken(self._db, lease, found[0].id, found=True)
                return AT_ONCE
        except Unreadable as error:
            # Whoever decided that it is to be reported has been told that it may stand there already.
            if not lease.follow_up.decided_by:
                return self._ask(lease, follow_up_findings.may_stand_already(error), may_report=True)
        if isinstance(action, CreditorCancellation) and is_closed(self.amili.case(action.case)):
            return self._ask(lease, follow_up_findings.closed_already(), may_report=False)
        fence = self._arm(lease)
        try:
            receipt = self.amili.act(action, may_send=fence.may_send)
        except NotSent as error:
            return self._not_sent(lease, error, named_s=error.retry_after_s)
        except NotAuthorised as error:
            if lease.follow_up.tries < TRIES_BEFORE_ASKING:
                return self._not_sent(lease, error)
            return self._refused(lease, error)
        except Refused as error:
            if remote_findings.means_duplicate(error) and lease.follow_up.tries < TRIES_BEFORE_ASKING:
                return self._unknown(lease, error)
            return self._refused(lease, error)
        except OutcomeUnknown as error:
            return self._unknown(lease, error)
        follow_up_work.taken(self._db, lease, receipt.id)
        return AT_ONCE

    def _action(self, follow_up: FollowUp) -> Action:
        whose = {"account": self.account, "creditor": self.hand_over.creditor, "case": self.hand_over.case_id}
        if follow_up.kind is FollowUpKind.WITHDRAWAL:
            return CreditorCancellation(**whose)
        reference = follow_ups.reference_of(self.hand_over, follow_up)
        if reported_as(follow_up.kind, follow_up.event_id) is FollowUpKind.CREDIT:
            return CreditorCrediting(
                **whose,
                amount=follow_up.amount,
                credit_invoice=follow_up.number or None,
                creditor_reference=reference,
            )
        if follow_up.date is None:
            raise ValueError("a payment without a date")
        return CreditorPayment(
            **whose,
            amount=follow_up.amount,
            bank_transaction_date=follow_up.date,
            creditor_payment_reference=reference,
        )

    def _arm(self, lease: FollowUpLease) -> Fence:
        settings = self.deployment.settings
        send_s = min(settings.attempt_s, settings.connect_timeout_s + _SEND_MARGIN_S)
        armed_at_s = clock_s()
        follow_up_work.arm(
            self._db, lease, turn=self.hand_over.follow_up_turn, for_s=send_s, settle_s=settings.settle_s
        )
        return Fence(armed_at_s + send_s)

    def _look(self, lease: FollowUpLease) -> Outcome:
        settle_s = self.deployment.settings.settle_s
        # Judged before the look: one that began too early proves nothing, however late its answer comes.
        since_s = follow_up_work.unknown_for_s(self._db, lease.follow_up)
        action = self._action(lease.follow_up)
        if found := self.amili.find_action(action):
            follow_up_work.taken(self._db, lease, found[0].id, found=True)
            return AT_ONCE
        if since_s < settle_s:
            follow_up_work.looked_in_vain(self._db, lease)
            next_look_s = next((share * settle_s for share in _LOOKS_AT if share * settle_s > since_s), settle_s)
            return Outcome(Then.AGAIN_FIRST, max(next_look_s - since_s, 0.0) + 0.01)
        # It was not received. Whether it is still to be sent is decided afresh.
        follow_up_work.wait(self._db, lease, waiting_for="", not_sent=True)
        return AT_ONCE

    def _read_back(self, lease: FollowUpLease) -> Outcome:
        follow_up = lease.follow_up
        kind = _ACTION_KINDS[reported_as(follow_up.kind, follow_up.event_id)]
        try:
            action = self.amili.action(kind, follow_up.action_id)
        except NotFound as error:
            return self._not_told(lease, remote_findings.waiting_text(error))
        if follow_up.kind is FollowUpKind.WITHDRAWAL and self._has_ended_the_case(action):
            return self._withdrawn(lease, action)
        findings: tuple[Finding, ...] = ()
        match outcome_of(action):
            case ActionOutcome.UNKNOWN:
                return self._not_told(lease, f"Amili ({action.status or '–'})", action.status, action.status_reason)
            case ActionOutcome.FAILED:
                findings = (follow_up_findings.failed(action),)
            case ActionOutcome.DIFFERENT:
                findings = (follow_up_findings.settled_otherwise(action),)
            case ActionOutcome.DONE:
                findings = ()
        follow_up_work.settled(
            self._db,
            lease,
            outcome_of(action),
            findings,
            status=action.status,
            reason=action.status_reason,
            settled_amount=action.settled_amount,
        )
        return AT_ONCE

    def _has_ended_the_case(self, cancellation: RegisteredAction) -> bool:
        """Amili need not show what became of a cancellation (amili.md 5.4): then the case tells."""
        if outcome_of(cancellation) in (ActionOutcome.DONE, ActionOutcome.DIFFERENT):
            return True
        return is_closed(self.amili.case(self.hand_over.case_id))

    def _withdrawn(self, lease: FollowUpLease, action: RegisteredAction) -> Outcome:
        try:
            wish = self.host.wish(self.hand_over.invoice_id)
        except NotFound:
            wish = None
        outcome = outcome_of(action)
        withdrawals.took_effect(
            self._db,
            lease,
            outcome,
            (follow_up_findings.withdrawn_otherwise(action),) if outcome is ActionOutcome.DIFFERENT else (),
            status=action.status,
            reason=action.status_reason,
            wish_mark=wish.mark if wish else self.hand_over.wish_mark,
            tell_ledger=self.host.shows_status(),
        )
        return AT_ONCE

    def _not_told(self, lease: FollowUpLease, waiting_for: str, status: str = "", reason: str = "") -> Outcome:
        if lease.follow_up.tries < TRIES_BEFORE_GIVING_UP:
            follow_up_work.wait(self._db, lease, waiting_for=waiting_for)
            return Outcome(Then.AGAIN_FIRST, pause_s(lease.follow_up.tries))
        follow_up_work.settled(
            self._db,
            lease,
            ActionOutcome.UNKNOWN,
            (follow_up_findings.outcome_not_told(),),
            status=status,
            reason=reason,
            settled_amount=None,
        )
        return AT_ONCE

    def _put_off(self, lease: FollowUpLease, error: ConnectorError) -> Outcome:
        """Something could not be read, and nothing was sent: try later."""
        follow_up_work.wait(self._db, lease, waiting_for=remote_findings.waiting_text(error))
        if isinstance(error, KeyRefused):
            raise error
        named_s = error.retry_after_s if isinstance(error, NotSent) else None
        return Outcome(Then.AGAIN_FIRST, pause_s(lease.follow_up.tries, named_s=named_s))

    def _not_sent(self, lease: FollowUpLease, error: ConnectorError, *, named_s: float | None = None) -> Outcome:
        follow_up_work.wait(self._db, lease, waiting_for=remote_findings.waiting_text(error), not_sent=True)
        return Outcome(Then.AGAIN_FIRST, pause_s(lease.follow_up.tries, named_s=named_s))

    def _unknown(self, lease: FollowUpLease, error: ConnectorError) -> Outcome:
        follow_up_work.outcome_unknown(self._db, lease, why=remote_findings.waiting_text(error))
        return Outcome(Then.AGAIN_FIRST, _LOOKS_AT[0] * self.deployment.settings.settle_s)

    def _refused(self, lease: FollowUpLease, error: ConnectorError) -> Outcome:
        may_report = lease.follow_up.kind is not FollowUpKind.WITHDRAWAL
        return self._ask(lease, follow_up_findings.refused(error), may_report=may_report)

    def _ask(self, lease: FollowUpLease, finding: Finding, *, may_report: bool) -> Outcome:
        follow_up_work.ask(self._db, lease, (finding,), may_report=may_report)
        return AT_ONCE
