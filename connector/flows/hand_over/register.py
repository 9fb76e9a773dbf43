"""Registering once: the first step of a hand-over (DESIGN.md, "Registering once").

Look before sending; commit the intent before the call; send only as the owner and before the deadline; treat
every unreadable end as unknown and look again, and send again only when a look made a full settling time
after the failed attempt finds nothing: three times at most, and never after an answer of success. Of the cases that a
look finds, only one that fits the debt is used; else a person says whose it is.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import Engine

from connector.amili.client import AmiliClient
from connector.amili.models import FoundCase, is_closed
from connector.amili.registration import registration_body
from connector.domain import findings as judged
from connector.domain.assess import assess
from connector.domain.assessment import Assessment, Circumstances
from connector.domain.checks.money import unreadable_amount
from connector.domain.claim import Claim
from connector.domain.dates import today
from connector.domain.doubt import LookAgain, look_for_taken
from connector.domain.errors import AmountUnreadable, ConnectorError, OutcomeUnknown, Refused, RemoteError
from connector.domain.findings import Finding
from connector.domain.hand_over import REOPENABLE, WAITS_FOR_RESTORE, WAITS_WHILE_PAUSED, HandOverState, Origin
from connector.domain.invoice import Invoice
from connector.flows import remote_findings
from connector.flows.deployment import Deployment
from connector.flows.hand_over import debts, sent_debtor
from connector.flows.hand_over.bank_booking import read_invoice
from connector.flows.hand_over.beside import while_busy
from connector.flows.hand_over.circumstances import creditor_status, pdf_facts_of
from connector.flows.hand_over.pausing import pause_of
from connector.flows.hand_over.quiet import quiet_for_s
from connector.flows.hand_over.registration_message import RegistrationMessage
from connector.flows.outcome import NEXT, STOP, Outcome, Then, pause_s, took_too_long
from connector.flows.send_deadline import TooLate
from connector.flows.sending.attempts import doubt_before_look
from connector.flows.sending.decisions import REGISTERING, Patience
from connector.flows.sending.post import post
from connector.flows.sending.put_off import after_restore_s, put_off
from connector.hosts.base import Host
from connector.store import hand_over_work, hand_overs, restores
from connector.store.connections import StoredConnection
from connector.store.hand_over_record import HandOver
from connector.store.hand_over_work import Busy, Lease
from connector.store.ownership import LostOwnership

log = logging.getLogger(__name__)


def register(deployment: Deployment, hand_over_id: str) -> Outcome:
    """Make sure that a case stands, or that findings say why not. Safe to repeat at any point."""
    db = deployment.databases.main
    settings = deployment.settings
    if _settled(hand_overs.get(db, hand_over_id)):
        return NEXT
    claimed = hand_over_work.claim(db, hand_over_id, for_s=settings.attempt_s, settle_s=settings.settle_s)
    if isinstance(claimed, Busy):
        return while_busy(deployment, claimed)
    if _settled(claimed.hand_over):
        hand_over_work.release(db, claimed)
        return NEXT
    in_doubt = claimed.hand_over.attempted_at is not None or claimed.hand_over.taken_at is not None
    registration = _Registration(deployment, claimed, in_doubt=in_doubt)
    began_s = time.monotonic()
    try:
        return registration.run()
    except LostOwnership:
        # Too slow for the deadline, or the doubt was ended beside us: the next round sees which, and loses nothing.
        log.warning("hand-over %s: its lease is over, or somebody else has gone on with it", hand_over_id)
        if time.monotonic() - began_s < settings.attempt_s:
            return Outcome(Then.AGAIN_FIRST, pause_s(1))
        return Outcome(Then.AGAIN_FIRST, pause_of(claimed.hand_over, None), failed=took_too_long(settings.attempt_s))
    except TooLate:
        log.warning("hand-over %s: its deadline has passed, so nothing was sent", hand_over_id)
        hand_over_work.not_posted(db, hand_over_id)
        return Outcome(Then.AGAIN_FIRST, settings.settle_s)
    except ConnectorError as error:
        return put_off(deployment, registration, error)


def _settled(hand_over: HandOver) -> bool:
    return bool(hand_over.case_id) or hand_over.state in (*REOPENABLE, HandOverState.LEFT)


@dataclass
class _Registration:
    """One attempt, from the look to the receipt. Lives as long as the lease it works under.

    `in_doubt`: an earlier registration may have been received, and no look after its settling time has said.
    """

    deployment: Deployment
    lease: Lease
    in_doubt: bool
    _unread: RemoteError | None = None
    """Why Amili's record of the registration that it took could not be read."""

    def run(self) -> Outcome:
        hand_over = self.lease.hand_over
        connection = self.deployment.connection(hand_over.connection)
        amili, host = self.deployment.sides(connection)
        doubt = doubt_before_look(self.deployment, hand_over.id, hand_over)
        settle_s = self.deployment.settings.settle_s
        if doubt.taken_for_s is not None:
            return self._follow(connection, amili, host, look_for_taken(doubt.taken_for_s, settle_s))
        cases: tuple[FoundCase, ...] = ()
        if hand_over.invoice_number:
            cases = amili.cases_of_invoice(hand_over.creditor, hand_over.invoice_number, since=hand_over.invoice_date)
            if outcome := self._use(connection, host, cases, may_come=doubt.may_still_arrive(settle_s)):
                return outcome
        if again := doubt.after_vain_look(settle_s):
            return self._look_again(again, remote_findings.posted_often(hand_over.posts))
        self.in_doubt = False
        return self._begin(connection, amili, host, cases)

    def _begin(
        self, connection: StoredConnection, amili: AmiliClient, host: Host, cases: tuple[FoundCase, ...]
    ) -> Outcome:
        """Read and check the invoice, look for cases under the number that it has now, and register it."""
        hand_over = self.lease.hand_over
        if waits := self._waits_for_company(connection):
            return waits
        if hand_over.creditor != connection.settings.creditor:
            hand_over_work.block(self._db, self.lease, (remote_findings.creditor_changed(),))
            return NEXT
        if wait_s := quiet_for_s(self.deployment, host, hand_over.connection, hand_over.invoice_id):
            hand_over_work.release(self._db, self.lease)
            return Outcome(Then.AGAIN_FIRST, wait_s)
        invoice = self._read(host)
        if invoice is None:
            return NEXT
        debt = debts.debt_of(self.deployment, connection.settings, connection.id, invoice)
        if taken := debts.why_taken(self.deployment, self.lease, debt):
            hand_over_work.block(self._db, self.lease, (taken,))
            return NEXT
        if invoice.number != hand_over.invoice_number:
            cases = amili.cases_of_invoice(hand_over.creditor, invoice.number, since=invoice.invoice_date)
            if outcome := self._use(connection, host, cases, may_come=False, invoice=invoice):
                return outcome
        if left := next((one for one in cases if not is_closed(one) and one.id in self._withdrawn), None):
            return self._wait_for_withdrawn(left)
        asked_here: tuple[Finding, ...] = ()
        if hand_over.origin is Origin.LEDGER:
            if not host.vouches_for(hand_over.wish_mark):
                asked_here = (remote_findings.asked_by_anybody(hand_over.asked_by),)
            elif host.wish(hand_over.invoice_id) is None:
                hand_over_work.skip(self._db, self.lease, (remote_findings.wish_taken_back(),))
                return NEXT
        assessment = self._assess(connection, amili, host, invoice, cases)
        stopping = judged.stops(
            assessment.findings,
            accepted=(*hand_over.accepted, *connection.settings.accepted_warnings),
            lifted=hand_over.lifted,
        )
        if stopping or asked_here or assessment.claim is None:
            hand_over_work.block(
                self._db,
                self.lease,
                (*asked_here, *assessment.findings),
                stopping=(*asked_here, *stopping) or assessment.findings,
            )
            return NEXT
        return self._send(amili, assessment.claim, invoice, assessment.findings)

    def _waits_for_company(self, connection: StoredConnection) -> Outcome | None:
        if restores.is_held(self._db, connection.id):
            return self._wait_for_restore()
        if connection.paused_at is not None:
            self.rest(WAITS_WHILE_PAUSED)
            return STOP
        return None

    def _wait_for_restore(self) -> Outcome:
        """Wait until it has been looked up what was sent of the company before an earlier store was put back."""
        if self.lease.hand_over.waiting_for == WAITS_FOR_RESTORE:
            hand_over_work.release(self._db, self.lease)
        else:
            hand_over_work.wait(self._db, self.lease, waiting_for=WAITS_FOR_RESTORE)
        return Outcome(Then.AGAIN_FIRST, after_restore_s(self.deployment), could_read=True)

    @property
    def _db(self) -> Engine:
        return self.deployment.databases.main

    def _look_again(self, again: LookAgain, asking: Finding, *, failed: ConnectorError | None = None) -> Outcome:
        """Go on looking for a case while nothing may be posted; a person is asked in time."""
        hand_over_work.looked_in_vain(self._db, self.lease, findings=(asking,) if again.asks else None)
        return Outcome(Then.AGAIN_FIRST, again.after_s, failed=failed, could_read=True)

    @cached_property
    def _withdrawn(self) -> tuple[str, ...]:
        hand_over = self.lease.hand_over
        if not hand_over.generation:
            return ()
        return hand_overs.withdrawn_cases(self._db, hand_over.connection, hand_over.invoice_id)

    def _use(
        self,
        connection: StoredConnection,
        host: Host,
        cases: tuple[FoundCase, ...],
        *,
        may_come: bool,
        invoice: Invoice | None = None,
    ) -> Outcome | None:
        """Adopt the open case of this debt, or ask a person whose those are that stand; None where there is none.

        `may_come` says that its own may still show. `invoice` is the invoice where it has been read already.
        """
        hand_over = self.lease.hand_over
        standing = debts.in_question(cases, hand_over, withdrawn=self._withdrawn)
        if not standing:
            return None
        if own := debts.surely_own(hand_over, standing):
            return self._adopt(own)
        claimed = debts.claimed_before(hand_over)
        if claimed is None or not debts.is_whole(claimed):
            invoice = invoice or self._read(host)
            if invoice is None:
                return NEXT
            claimed = debts.claimed_now(self.deployment, connection.settings, hand_over, connection.id, invoice)
        likenesses = {case.id: debts.likeness(self.deployment, claimed, case) for case in standing}
        if fitting := tuple(case for case in standing if likenesses[case.id].fits):
            return self._adopt(fitting)
        if may_come:
            return None
        found = tuple(remote_findings.case_differs(case.id, likenesses[case.id]) for case in standing)
        hand_over_work.block(self._db, self.lease, found)
        return NEXT

    def _follow(self, connection: StoredConnection, amili: AmiliClient, host: Host, again: LookAgain) -> Outcome:
        """Find the case of a registration that Amili took. Nothing is ever posted after it."""
        hand_over = self.lease.hand_over
        if outcome := self._by_registration(amili):
            return outcome
        cases = amili.cases_of_invoice(hand_over.creditor, hand_over.invoice_number, since=hand_over.invoice_date)
        if outcome := self._use(connection, host, cases, may_come=True):
            return outcome
        return self._look_again(again, remote_findings.case_not_shown(hand_over.registration_id), failed=self._unread)

    def _by_registration(self, amili: AmiliClient) -> Outcome | None:
        hand_over = self.lease.hand_over
        if not hand_over.registration_id:
            return None
        try:
            registration = amili.registration(hand_over.registration_id)
        except (Refused, OutcomeUnknown) as error:
            # The list of cases may show it nevertheless.
            self._unread = error
            return None
        if not registration.case_id:
            return None
        hand_over_work.adopt(
            self._db,
            self.lease,
            registration_id=hand_over.registration_id,
            case_id=registration.case_id,
            ocr=registration.ocr_number,
            findings=remote_findings.lasting(hand_over.findings),
        )
        return NEXT

    def _wait_for_withdrawn(self, case: FoundCase) -> Outcome:
        hand_over_work.block(self._db, self.lease, (remote_findings.withdrawn_case_is_open(case.id),))
        return NEXT

    def _adopt(self, standing: tuple[FoundCase, ...]) -> Outcome:
        hand_over = self.lease.hand_over
        found: tuple[Finding, ...] = (
            remote_findings.lasting(hand_over.findings) if hand_over.taken_at is not None else ()
        )
        if hand_over.attempted_at is None:
            found += (remote_findings.case_stood_already(standing[0].id),)
        if len(standing) > 1:
            found += (remote_findings.several_cases(tuple(case.id for case in standing)),)
        hand_over_work.adopt(
            self._db,
            self.lease,
            registration_id=standing[0].registration_id or hand_over.registration_id,
            case_id=standing[0].id,
            findings=found,
        )
        return NEXT

    def _read(self, host: Host) -> Invoice | None:
        try:
            hand_over = self.lease.hand_over
            return read_invoice(self.deployment, hand_over.connection, host, hand_over.invoice_id)
        except AmountUnreadable as error:
            hand_over_work.block(self._db, self.lease, (unreadable_amount(error.field),))
            return None

    def _assess(
        self,
        connection: StoredConnection,
        amili: AmiliClient,
        host: Host,
        invoice: Invoice,
        cases: tuple[FoundCase, ...],
    ) -> Assessment:
        hand_over = self.lease.hand_over
        claimed = debts.claimed_now(self.deployment, connection.settings, hand_over, connection.id, invoice)
        closed = debts.closed_case(self.deployment, claimed, cases, but=hand_over.other_cases)
        return assess(
            invoice,
            connection.settings,
            Circumstances(
                today=today(),
                first_action=hand_over.first_action,
                by_rule=hand_over.origin is Origin.RULE,
                proposed_balance=hand_over.proposed_balance,
                withdrawn_case=closed or next(iter(self._withdrawn), ""),
                creditor=creditor_status(self.deployment, connection, amili),
                pdf=pdf_facts_of(host, invoice) if connection.settings.require_pdf else None,
            ),
        )

    def _send(self, amili: AmiliClient, claim: Claim, invoice: Invoice, findings: tuple[Finding, ...]) -> Outcome:
        try:
            body = registration_body(claim)
        except ValueError as error:
            unsendable = remote_findings.unsendable(error)
            hand_over_work.block(self._db, self.lease, (*findings, unsendable), stopping=(unsendable,))
            return NEXT
        sent_debtor.keep(self.deployment, self.lease.hand_over.id, invoice.customer)
        message = RegistrationMessage(self.deployment, self.lease, claim, invoice, findings)
        receipt = post(self.deployment, message, lambda may_send: amili.register(body, may_send=may_send))
        if isinstance(receipt, Outcome):
            return receipt
        hand_over_work.registered(
            self._db,
            self.lease,
            registration_id=receipt.registration_id,
            case_id=receipt.case_id,
            ocr=receipt.ocr_number,
            ocr_id=receipt.ocr_number_id,
            findings=findings,
        )
        return NEXT

    @property
    def connection(self) -> str:
        return self.lease.hand_over.connection

    @property
    def patience(self) -> Patience:
        return REGISTERING

    @property
    def refusals(self) -> int:
        return self.lease.hand_over.refusals

    @property
    def again(self) -> Then:
        return Then.AGAIN_FIRST

    def wait(self, waiting_for: str, *, refused: bool) -> None:
        hand_over_work.wait(
            self._db, self.lease, waiting_for=waiting_for, refused=refused, doubt_ended=not self.in_doubt
        )

    def rest(self, waiting_for: str) -> None:
        hand_over_work.wait(self._db, self.lease, waiting_for=waiting_for, doubt_ended=not self.in_doubt)

    def ask(self, error: ConnectorError) -> Outcome | None:
        if self.in_doubt:
            return None
        hand_over_work.block(self._db, self.lease, remote_findings.of(error))
        return NEXT

    def pause_s(self, named_s: float | None) -> float:
        after_s = pause_of(self.lease.hand_over, named_s)
        if self.in_doubt and named_s is None:
            # Anyone who waits for the outcome of an unanswered registration waits for us once Amili answers again.
            return min(after_s, self.deployment.settings.settle_s)
        return after_s
