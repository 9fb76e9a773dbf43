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
from decimal import Decimal
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
from connector.domain.errors import (
    AmountUnreadable,
    ConnectorError,
    NotAuthorised,
    NotSent,
    OutcomeUnknown,
    Refused,
    RemoteError,
    WithoutCase,
    was_taken,
)
from connector.domain.findings import Finding
from connector.domain.follow_up import entries_of
from connector.domain.hand_over import REOPENABLE, WAITS_WHILE_PAUSED, HandOverState, Origin
from connector.domain.invoice import Invoice, standing_of
from connector.flows import remote_findings, repeats
from connector.flows.deployment import Deployment
from connector.flows.fence import Fence, TooLate, clock_s
from connector.flows.hand_over import debts, sent_debtor
from connector.flows.hand_over.bank_booking import read_invoice
from connector.flows.hand_over.beside import while_busy
from connector.flows.hand_over.circumstances import creditor_status, pdf_facts_of
from connector.flows.hand_over.pausing import pause_of
from connector.flows.hand_over.putting_off import put_off, rest, wait_for_restore
from connector.flows.hand_over.quiet import quiet_for_s
from connector.flows.outcome import (
    NEXT,
    Outcome,
    Then,
    pause_s,
    took_too_long,
)
from connector.hosts.base import Host
from connector.store import hand_over_work, hand_overs, restores
from connector.store.connections import StoredConnection
from connector.store.database import age_s
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
        return put_off(deployment, claimed, error, in_doubt=registration.in_doubt)


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
        if hand_over.taken_at is not None:
            return self._follow(connection, amili, host)
        cases: tuple[FoundCase, ...] = ()
        if hand_over.invoice_number:
            # Judged before the look: one that began too early proves nothing, however late its answer comes.
            too_early = self._too_early_to_repeat(hand_over)
            cases = amili.cases_of_invoice(hand_over.creditor, hand_over.invoice_number, since=hand_over.invoice_date)
            if outcome := self._use(connection, host, cases, may_come=too_early):
                return outcome
            if too_early:
                return self._look_again(hand_over)
            self.in_doubt = False
        first_age_s = age_s(self._db, hand_over.first_post_at)
        if wait_s := repeats.not_before_s(hand_over.posts, hand_over.posts_allowed, first_age_s):
            self.in_doubt = hand_over.attempted_at is not None
            return self._look_on(wait_s)
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
            return wait_for_restore(self.deployment, self.lease)
        if connection.paused_at is not None:
            return rest(self.deployment, self.lease, WAITS_WHILE_PAUSED, doubt_ended=not self.in_doubt)
        return None

    @property
    def _db(self) -> Engine:
        return self.deployment.databases.main

    def _too_early_to_repeat(self, hand_over: HandOver) -> bool:
        return self._unknown_for_s(hand_over) < self.deployment.settings.settle_s

    def _unknown_for_s(self, hand_over: HandOver) -> float:
        return self.deployment.posted.at_most_s(hand_over.id, hand_over_work.unknown_for_s(self._db, hand_over))

    def _look_again(self, hand_over: HandOver) -> Outcome:
        settle_s = self.deployment.settings.settle_s
        since_s = self._unknown_for_s(hand_over)
        hand_over_work.looked_in_vain(self._db, self.lease)
        return Outcome(Then.AGAIN_FIRST, repeats.next_look_after_s(since_s, settle_s), could_read=True)

    def _look_on(self, wait_s: float) -> Outcome:
        """Go on looking for a case, with growing pauses, while nothing may be posted."""
        hand_over = self.lease.hand_over
        waits_for_person = wait_s == float("inf")
        findings = (remote_findings.posted_often(hand_over.posts),) if waits_for_person else None
        hand_over_work.looked_in_vain(self._db, self.lease, findings=findings)
        since_s = age_s(self._db, hand_over.unknown_since or hand_over.first_post_at)
        return Outcome(Then.AGAIN_FIRST, min(self._growing_s(since_s), wait_s + 0.01), could_read=True)

    def _growing_s(self, since_s: float) -> float:
        return repeats.later_look_after_s(since_s, self.deployment.settings.settle_s)

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

    def _follow(self, connection: StoredConnection, amili: AmiliClient, host: Host) -> Outcome:
        """Find the case of a registration that Amili took. Nothing is ever posted after it."""
        hand_over = self.lease.hand_over
        if outcome := self._by_registration(amili):
            return outcome
        cases = amili.cases_of_invoice(hand_over.creditor, hand_over.invoice_number, since=hand_over.invoice_date)
        if outcome := self._use(connection, host, cases, may_come=True):
            return outcome
        since_s = age_s(self._db, hand_over.taken_at)
        asks = since_s >= repeats.ASKED_ABOUT_AFTER_S
        findings = (remote_findings.case_not_shown(hand_over.registration_id),) if asks else None
        hand_over_work.looked_in_vain(self._db, self.lease, findings=findings)
        return Outcome(Then.AGAIN_FIRST, self._growing_s(since_s), failed=self._unread, could_read=True)

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
        fence = self._arm(claim, invoice)
        try:
            receipt = amili.register(body, may_send=fence.may_send)
        except NotSent as error:
            return self._not_sent(error, named_s=error.retry_after_s)
        except NotAuthorised as error:
            if self.lease.hand_over.refusals + 1 < repeats.TRIES_BEFORE_ASKING:
                return self._not_sent(error, refused=True)
            hand_over_work.block(self._db, self.lease, remote_findings.of(error), refused=True)
            return NEXT
        except Refused as error:
            # Its case may show a little later; refused once more, it is for a person to find.
            if remote_findings.means_duplicate(error) and not self.lease.hand_over.posts:
                return self._unknown(error, refused=True)
            why = remote_findings.of(error)
            hand_over_work.block(self._db, self.lease, (*findings, *why), refused=True, stopping=why)
            return NEXT
        except WithoutCase as error:
            return self._taken(error.registration_id, findings)
        except OutcomeUnknown as error:
            return self._unknown(error, taken=was_taken(error))
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

    def _taken(self, registration_id: str, findings: tuple[Finding, ...]) -> Outcome:
        hand_over_work.taken(self._db, self.lease, registration_id=registration_id, findings=findings)
        return Outcome(Then.AGAIN_FIRST, self._growing_s(0.0))

    def _arm(self, claim: Claim, invoice: Invoice) -> Fence:
        settings = self.deployment.settings
        send_s = min(settings.attempt_s, settings.connect_timeout_s + repeats.SEND_MARGIN_S)
        armed_at_s = clock_s()
        hand_over_work.arm(
            self._db,
            self.lease,
            for_s=send_s,
            settle_s=settings.settle_s,
            debtor_name=claim.debtor.name,
            capital=claim.capital_to_claim,
            standing=standing_of(invoice),
            counted=entries_of(invoice),
            total=invoice.total,
            claimed_fee=claim.reminder_fee.amount if claim.reminder_fee else Decimal("0.00"),
        )
        self.deployment.posted.note(self.lease.hand_over.id)
        return Fence(armed_at_s + send_s)

    def _not_sent(self, error: ConnectorError, *, named_s: float | None = None, refused: bool = False) -> Outcome:
        waiting_for = remote_findings.waiting_text(error)
        hand_over_work.wait(self._db, self.lease, waiting_for=waiting_for, not_sent=True, refused=refused)
        return Outcome(Then.AGAIN_FIRST, pause_of(self.lease.hand_over, named_s), failed=error)

    def _unknown(self, error: ConnectorError, *, refused: bool = False, taken: bool = False) -> Outcome:
        why = remote_findings.waiting_text(error)
        self.deployment.posted.note(self.lease.hand_over.id)
        hand_over_work.outcome_unknown(self._db, self.lease, why=why, refused=refused, taken=taken)
        return Outcome(Then.AGAIN_FIRST, repeats.first_look_after_s(self.deployment.settings.settle_s), failed=error)
