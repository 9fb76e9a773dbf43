"""Telling Amili of one payment, credit or withdrawal once: look, arm, send before the deadline, read back
(DESIGN.md, "Telling Amili once").

The same protocol as registration. What is in doubt is looked for by our own reference, and sent again only after a
look made a full settling time after the attempt finds none, and after a fresh decision: three times at most, and never
after an answer of success.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from sqlalchemy import Engine

from connector.amili.actions import Action, CreditorCancellation, CreditorCrediting, CreditorPayment, RegisteredAction
from connector.amili.client import AmiliClient
from connector.amili.models import Case, is_closed
from connector.amili.status import outcome as outcome_of
from connector.domain.action import ActionKind, ActionOutcome
from connector.domain.doubt import ASKED_ABOUT_AFTER_S, LONGEST_PAUSE_S
from connector.domain.errors import ConnectorError, NotFound, Unclear
from connector.domain.findings import Finding
from connector.domain.follow_up import CaseNow, FollowUpKind, FollowUpState, reported_as
from connector.flows import remote_findings
from connector.flows.deployment import Deployment
from connector.flows.follow_up import follow_up_findings
from connector.flows.follow_up.report import AT_ONCE, Report
from connector.flows.outcome import Outcome, Then, pause_s
from connector.flows.send_deadline import TooLate
from connector.flows.sending.attempts import doubt_before_look
from connector.flows.sending.decisions import REPORTING, Patience
from connector.flows.sending.post import post
from connector.flows.sending.put_off import after_restore_s, put_off
from connector.hosts.base import Host
from connector.store import follow_up_work, follow_ups, restores, withdrawals
from connector.store.database import age_s
from connector.store.doubts import doubt_of
from connector.store.follow_up_work import FollowUpLease
from connector.store.follow_ups import FollowUp
from connector.store.hand_over_record import HandOver

_ACTION_KINDS = {
    FollowUpKind.PAYMENT: ActionKind.PAYMENT,
    FollowUpKind.CREDIT: ActionKind.CREDITING,
    FollowUpKind.WITHDRAWAL: ActionKind.CANCELLATION,
}

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reporting:
    """The reports of one hand-over, as it was read at the beginning of a look."""

    deployment: Deployment
    hand_over: HandOver
    amili: AmiliClient
    host: Host
    account: str

    def send(self, follow_up: FollowUp, *, case: CaseNow | None = None) -> Outcome:
        """Report what was just decided to be reported, by what is left of the `case`.

        Raises `LostOwnership` and `TooLate`: then nothing was sent.
        """
        claimed = self._claim(follow_up)
        if isinstance(claimed, Outcome):
            return claimed
        if claimed.follow_up.state is not FollowUpState.DUE:
            follow_up_work.release(self._db, claimed)
            return AT_ONCE
        try:
            return self._send(claimed, case)
        except TooLate:
            follow_up_work.not_posted(self._db, follow_up.id)
            raise
        except ConnectorError as error:
            return self._put_off(claimed, error)

    def find(self, follow_up_id: str) -> Outcome | None:
        """Keep what Amili has by our reference already, of what an earlier store that was put back does not know.

        None where it has none, or does not tell.
        """
        claimed = self._claim(follow_ups.get(self._db, follow_up_id))
        if isinstance(claimed, Outcome):
            return claimed
        try:
            found = self.amili.find_action(self._action(claimed.follow_up))
        except (ValueError, Unclear):
            found = ()
        except ConnectorError as error:
            return self._put_off(claimed, error)
        if not found:
            follow_up_work.release(self._db, claimed)
            return None
        follow_up_work.taken(self._db, claimed, found[0].id, found=True)
        return AT_ONCE

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
            if claimed.follow_up.state is FollowUpState.TAKEN or claimed.follow_up.outcome_is_looked_for:
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
        is_taken = follow_up.state is FollowUpState.TAKEN or follow_up.outcome_is_looked_for
        settle_s = 0.0 if is_taken else settings.settle_s
        claimed = follow_up_work.claim(self._db, follow_up.id, for_s=settings.attempt_s, settle_s=settle_s)
        if isinstance(claimed, FollowUpLease):
            return claimed
        return Outcome(Then.AGAIN_FIRST, min(claimed, settings.settle_s / 4) + 0.05)

    def _send(self, lease: FollowUpLease, case: CaseNow | None) -> Outcome:
        try:
            action = self._action(lease.follow_up)
        except ValueError as error:
            return self._ask(lease, follow_up_findings.unsendable(error), may_report=False)
        if outcome := self._before_sending(lease, action):
            return outcome
        message = Report(self.deployment, lease, self.hand_over.follow_up_turn, case)
        receipt = post(self.deployment, message, lambda may_send: self.amili.act(action, may_send=may_send))
        if isinstance(receipt, Outcome):
            return receipt
        follow_up_work.taken(self._db, lease, receipt.id)
        return AT_ONCE

    def _before_sending(self, lease: FollowUpLease, action: Action) -> Outcome | None:
        """Look whether it stands there, and whether it may be sent; None where it is to be."""
        try:
            if found := self.amili.find_action(action):
                follow_up_work.taken(self._db, lease, found[0].id, found=True)
                return AT_ONCE
        except Unclear:
            # Anyone who decided that it is to be reported has been told that it may stand there already.
            if not lease.follow_up.decided_by:
                return self._ask(lease, follow_up_findings.may_stand_already(), may_report=True)
        if isinstance(action, CreditorCancellation) and is_closed(self.amili.case(action.case)):
            return self._ask(lease, follow_up_findings.closed_already(), may_report=False)
        if restores.is_held(self._db, self.hand_over.connection):
            follow_up_work.release(self._db, lease)
            return Outcome(Then.AGAIN_FIRST, after_restore_s(self.deployment))
        wait_s = doubt_of(self._db, lease.follow_up).not_before_s
        if wait_s == float("inf"):
            return self._ask(lease, follow_up_findings.posted_often(lease.follow_up.posts), may_report=True)
        if wait_s:
            follow_up_work.release(self._db, lease)
            return Outcome(Then.AGAIN_FIRST, min(wait_s, LONGEST_PAUSE_S))
        return None

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

    def _look(self, lease: FollowUpLease) -> Outcome:
        follow_up = lease.follow_up
        doubt = doubt_before_look(self.deployment, follow_up.id, follow_up)
        if found := self.amili.find_action(self._action(follow_up)):
            follow_up_work.taken(self._db, lease, found[0].id, found=True)
            return AT_ONCE
        again = doubt.after_vain_look(self.deployment.settings.settle_s)
        if again is None:
            # It was not received. Whether it is still to be sent is decided afresh.
            follow_up_work.wait(self._db, lease, waiting_for="", not_found=True)
            return AT_ONCE
        if again.asks and follow_up.asked_at is None:
            taken = doubt.taken_for_s is not None
            found_out = follow_up_findings.not_shown() if taken else follow_up_findings.posted_often(follow_up.posts)
            follow_up_work.ask_beside(self._db, lease, found_out)
        else:
            follow_up_work.looked_in_vain(self._db, lease)
        return Outcome(Then.AGAIN_FIRST, again.after_s, could_read=True)

    def _read_back(self, lease: FollowUpLease) -> Outcome:
        follow_up = lease.follow_up
        kind = _ACTION_KINDS[reported_as(follow_up.kind, follow_up.event_id)]
        try:
            action = self.amili.action(kind, follow_up.action_id)
        except NotFound as error:
            return replace(self._not_told(lease, remote_findings.waiting_text(error)), failed=error)
        if follow_up.kind is FollowUpKind.WITHDRAWAL and self._has_ended_the_case(action):
            return self._withdrawn(lease, action)
        outcome = outcome_of(action)
        if outcome is ActionOutcome.UNKNOWN and not action.status and self._has_moved_the_balance(follow_up):
            outcome = ActionOutcome.DONE
        findings: tuple[Finding, ...] = ()
        match outcome:
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
            outcome,
            findings,
            status=action.status,
            reason=action.status_reason,
            settled_amount=action.settled_amount,
        )
        return AT_ONCE

    def _has_moved_the_balance(self, follow_up: FollowUp) -> bool:
        """Return whether exactly the amount is off the case: what became of an action need not be shown
        (amili/API.md, "What became of an action")."""
        now = case_now(self.amili.case(self.hand_over.case_id))
        left = ((follow_up.capital_before, now.remaining_capital), (follow_up.total_before, now.remaining_total))
        return any(
            before is not None and after is not None and before - after == follow_up.amount for before, after in left
        )

    def _has_ended_the_case(self, cancellation: RegisteredAction) -> bool:
        """Amili need not show what became of a cancellation (amili/API.md, "What became of an action"): then the case
        tells."""
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
            tell_ledger=self.host.SUPPORTS_STATUS,
        )
        return AT_ONCE

    def _not_told(self, lease: FollowUpLease, waiting_for: str, status: str = "", reason: str = "") -> Outcome:
        if lease.follow_up.outcome_is_looked_for:
            follow_up_work.release(self._db, lease)
            return Outcome(Then.AGAIN_FIRST, LONGEST_PAUSE_S, could_read=True)
        if age_s(self._db, lease.follow_up.attempted_at) < ASKED_ABOUT_AFTER_S:
            follow_up_work.wait(self._db, lease, waiting_for=waiting_for)
            return Outcome(Then.AGAIN_FIRST, pause_s(lease.follow_up.tries), could_read=True)
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
        return put_off(self.deployment, _Waiting(self._db, lease, self.hand_over.connection), error)

    def _ask(self, lease: FollowUpLease, finding: Finding, *, may_report: bool) -> Outcome:
        follow_up_work.ask(self._db, lease, (finding,), may_report=may_report)
        return AT_ONCE


@dataclass(frozen=True)
class _Waiting:
    """A report that could not be looked for or prepared: a `connector.flows.sending.put_off.Work`."""

    db: Engine
    lease: FollowUpLease
    connection: str

    @property
    def patience(self) -> Patience:
        return REPORTING

    @property
    def refusals(self) -> int:
        return self.lease.follow_up.refusals

    @property
    def again(self) -> Then:
        return Then.AGAIN_FIRST

    def wait(self, waiting_for: str, *, refused: bool) -> None:
        follow_up_work.wait(self.db, self.lease, waiting_for=waiting_for, refused=refused)

    def rest(self, waiting_for: str) -> None:
        self.wait(waiting_for, refused=False)

    def ask(self, error: ConnectorError) -> None:
        log.debug("follow-up %s: %s; it goes on waiting", self.lease.follow_up.id, error)

    def pause_s(self, named_s: float | None) -> float:
        return pause_s(self.lease.follow_up.tries, named_s=named_s)


def case_now(case: Case) -> CaseNow:
    """Return what is left of a case."""
    total = case.total.remaining_transaction
    total = case.local.remaining_transaction if total is None else total
    return CaseNow(
        is_open=not is_closed(case),
        remaining_capital=case.remaining_capital,
        remaining_total=case.remaining_capital if total is None else total,
        settled_capital=case.settled_capital,
    )
