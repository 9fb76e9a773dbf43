"""Registering once: the first step of a hand-over (design, "Registering once").

Look before sending; commit the intent before the call; send only as the owner and before the deadline; treat
every unreadable end as unknown and look again, and send again only when a look made a full settling time
after the failed attempt finds nothing.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import Engine

from connector.amili.client import AmiliClient
from connector.amili.models import Case, is_closed
from connector.amili.registration import registration_body
from connector.domain import findings as judged
from connector.domain.assess import assess
from connector.domain.assessment import Assessment, Circumstances, CreditorStatus, PdfFacts
from connector.domain.checks.money import unreadable_amount
from connector.domain.claim import Claim
from connector.domain.dates import today
from connector.domain.errors import (
    AmountUnreadable,
    ConnectorError,
    NotAuthorised,
    NotFound,
    NotSent,
    OutcomeUnknown,
    Refused,
)
from connector.domain.findings import Finding
from connector.domain.follow_up import entries_of
from connector.domain.hand_over import WAITS_FOR_KEY, HandOverState, Origin
from connector.domain.invoice import Invoice, Pdf, standing_of
from connector.flows import remote_findings
from connector.flows.companies import keys
from connector.flows.companies.connecting import status_of
from connector.flows.deployment import Deployment
from connector.flows.fence import Fence, TooLate, clock_s
from connector.flows.hand_over.quiet import quiet_for_s
from connector.flows.outcome import NEXT, STOP, Outcome, Then, pause_s
from connector.hosts.base import Host, PdfUnavailable
from connector.store import connections, hand_over_work, hand_overs
from connector.store.connections import StoredConnection
from connector.store.hand_over_record import HandOver
from connector.store.hand_over_work import Busy, Lease
from connector.store.ownership import LostOwnership

log = logging.getLogger(__name__)

CREDITOR_FRESH_S = 900.0
TRIES_BEFORE_ASKING = 8
_SEND_MARGIN_S = 5.0
"""How long after a connection could have been made the bytes of a registration may still leave."""
_LOOKS_AT = (0.05, 0.2, 0.5, 1.0)
"""Shares of the settling time at which an unanswered registration is looked for."""


def register(deployment: Deployment, hand_over_id: str) -> Outcome:
    """Make sure that a case stands, or that findings say why not. Safe to repeat at any point."""
    db = deployment.databases.main
    settings = deployment.settings
    if _settled(hand_overs.get(db, hand_over_id)):
        return NEXT
    claimed = hand_over_work.claim(db, hand_over_id, for_s=settings.attempt_s, settle_s=settings.settle_s)
    if isinstance(claimed, Busy):
        return _while_busy(deployment, claimed)
    if _settled(claimed.hand_over):
        hand_over_work.release(db, claimed)
        return NEXT
    registration = _Registration(deployment, claimed, in_doubt=claimed.hand_over.attempted_at is not None)
    try:
        return registration.run()
    except LostOwnership:
        # Too slow for the deadline, or the doubt was ended beside us: the next round sees which, and loses nothing.
        return Outcome(Then.AGAIN_FIRST, pause_s(1))
    except TooLate:
        log.warning("hand-over %s: its deadline has passed, so nothing was sent", hand_over_id)
        return Outcome(Then.AGAIN_FIRST, settings.settle_s)
    except ConnectorError as error:
        return _put_off(deployment, claimed, error, in_doubt=registration.in_doubt)


def _settled(hand_over: HandOver) -> bool:
    return bool(hand_over.case_id) or hand_over.state in (HandOverState.BLOCKED, HandOverState.SKIPPED)


def _put_off(deployment: Deployment, lease: Lease, error: ConnectorError, *, in_doubt: bool) -> Outcome:
    """Something could not be read or reached and nothing was sent: try later, or ask a person."""
    db = deployment.databases.main
    if keys.parked(deployment, lease.hand_over.connection, error):
        return _wait_for_key(deployment, lease)
    hopeless = isinstance(error, (NotFound, Refused)) and not isinstance(error, NotAuthorised)
    tired = isinstance(error, NotAuthorised) and lease.hand_over.tries >= TRIES_BEFORE_ASKING
    try:
        if (hopeless or tired) and not in_doubt:
            hand_over_work.block(db, lease, remote_findings.of(error))
            return NEXT
        hand_over_work.wait(db, lease, waiting_for=remote_findings.waiting_text(error))
    except LostOwnership:
        return Outcome(Then.AGAIN_FIRST, pause_s(1))
    named_s = error.retry_after_s if isinstance(error, NotSent) else None
    after_s = pause_s(lease.hand_over.tries, named_s=named_s)
    if in_doubt and named_s is None:
        # Whoever waits for the outcome of an unanswered registration waits for us once Amili answers again.
        after_s = min(after_s, deployment.settings.settle_s)
    return Outcome(Then.AGAIN_FIRST, after_s)


def _wait_for_key(deployment: Deployment, lease: Lease) -> Outcome:
    """Come to rest until there is a new key; a worker then takes the hand-over up again."""
    try:
        hand_over_work.wait(deployment.databases.main, lease, waiting_for=WAITS_FOR_KEY)
    except LostOwnership:
        return Outcome(Then.AGAIN_FIRST, pause_s(1))
    return STOP


def _while_busy(deployment: Deployment, busy: Busy) -> Outcome:
    """Somebody else holds the row, perhaps dead: a look needs no lease, and may already end the doubt."""
    hand_over = busy.hand_over
    retry = Outcome(Then.AGAIN_FIRST, min(busy.wait_s, deployment.settings.settle_s / 4) + 0.05)
    if hand_over.attempted_at is None or not hand_over.invoice_number:
        return retry
    connection = deployment.connection(hand_over.connection)
    amili, _ = deployment.sides(connection)
    try:
        found = amili.cases_of_invoice(hand_over.creditor, hand_over.invoice_number)
    except ConnectorError:
        # A look beside the owner is a courtesy: the owner, or the look after its lease, gives the answer.
        return retry
    withdrawn = hand_overs.withdrawn_cases(deployment.databases.main, hand_over.connection, hand_over.invoice_id)
    case = _open_case(tuple(one for one in found if one.id not in withdrawn))
    if case is None:
        return retry
    hand_over_work.adopt_unowned(
        deployment.databases.main, hand_over, registration_id=case.registration_id or "", case_id=case.id
    )
    return NEXT


def _open_case(cases: tuple[Case, ...]) -> Case | None:
    return next((case for case in cases if not is_closed(case)), None)


def closed_case(cases: tuple[Case, ...]) -> str:
    """The id of a withdrawn or closed case among an invoice's cases, or ""."""
    return next((case.id for case in cases if is_closed(case)), "")


@dataclass
class _Registration:
    """One attempt, from the look to the receipt. Lives as long as the lease it works under.

    `in_doubt`: an earlier registration may have been received, and no look after its settling time has said.
    """

    deployment: Deployment
    lease: Lease
    in_doubt: bool

    def run(self) -> Outcome:
        hand_over = self.lease.hand_over
        connection = self.deployment.connection(hand_over.connection)
        amili, host = self.deployment.sides(connection)
        cases: tuple[Case, ...] = ()
        if hand_over.invoice_number:
            # Judged before the look: one that began too early proves nothing, however late its answer comes.
            too_early = self._too_early_to_repeat(hand_over)
            cases = amili.cases_of_invoice(hand_over.creditor, hand_over.invoice_number)
            if self._standing(cases):
                return self._adopt(cases)
            if too_early:
                return self._look_again(hand_over)
            self.in_doubt = False
        if hand_over.creditor != connection.settings.creditor:
            hand_over_work.block(self._db, self.lease, (remote_findings.creditor_changed(),))
            return NEXT
        if wait_s := quiet_for_s(self.deployment, host, hand_over.connection, hand_over.invoice_id):
            hand_over_work.release(self._db, self.lease)
            return Outcome(Then.AGAIN_FIRST, wait_s)
        invoice = self._read(host)
        if invoice is None:
            return NEXT
        if invoice.number != hand_over.invoice_number:
            if not hand_over_work.name_invoice(self._db, self.lease, invoice.number):
                hand_over_work.block(self._db, self.lease, (remote_findings.number_taken(invoice.number),))
                return NEXT
            cases = amili.cases_of_invoice(hand_over.creditor, invoice.number)
            if self._standing(cases):
                return self._adopt(cases)
        if left := _open_case(cases):
            return self._wait_for_withdrawn(left)
        if hand_over.origin is Origin.LEDGER and host.wish(hand_over.invoice_id) is None:
            hand_over_work.skip(self._db, self.lease, (remote_findings.wish_taken_back(),))
            return NEXT
        assessment = self._assess(connection, amili, host, invoice, cases)
        stopping = judged.stops(
            assessment.findings,
            accepted=(*hand_over.accepted, *connection.settings.accepted_warnings),
            lifted=hand_over.lifted,
        )
        if stopping or assessment.claim is None:
            hand_over_work.block(self._db, self.lease, assessment.findings)
            return NEXT
        return self._send(amili, assessment.claim, invoice, assessment.findings)

    @property
    def _db(self) -> Engine:
        return self.deployment.databases.main

    def _too_early_to_repeat(self, hand_over: HandOver) -> bool:
        return hand_over_work.unknown_for_s(self._db, hand_over) < self.deployment.settings.settle_s

    def _look_again(self, hand_over: HandOver) -> Outcome:
        settle_s = self.deployment.settings.settle_s
        since_s = hand_over_work.unknown_for_s(self._db, hand_over)
        hand_over_work.looked_in_vain(self._db, self.lease)
        next_look_s = next((share * settle_s for share in _LOOKS_AT if share * settle_s > since_s), settle_s)
        return Outcome(Then.AGAIN_FIRST, max(next_look_s - since_s, 0.0) + 0.01)

    @cached_property
    def _withdrawn(self) -> tuple[str, ...]:
        hand_over = self.lease.hand_over
        if not hand_over.generation:
            return ()
        return hand_overs.withdrawn_cases(self._db, hand_over.connection, hand_over.invoice_id)

    def _standing(self, cases: tuple[Case, ...]) -> list[Case]:
        """The open cases that nobody has withdrawn; a withdrawn one may look open for a while, and is never used."""
        return [case for case in cases if not is_closed(case) and case.id not in self._withdrawn]

    def _wait_for_withdrawn(self, case: Case) -> Outcome:
        hand_over_work.block(self._db, self.lease, (remote_findings.withdrawn_case_is_open(case.id),))
        return NEXT

    def _adopt(self, cases: tuple[Case, ...]) -> Outcome:
        standing = self._standing(cases)
        found: tuple[Finding, ...] = ()
        if self.lease.hand_over.attempted_at is None:
            found += (remote_findings.case_stood_already(standing[0].id),)
        if len(standing) > 1:
            found += (remote_findings.several_cases(tuple(case.id for case in standing)),)
        hand_over_work.adopt(
            self._db,
            self.lease,
            registration_id=standing[0].registration_id or "",
            case_id=standing[0].id,
            findings=found,
        )
        return NEXT

    def _read(self, host: Host) -> Invoice | None:
        try:
            return host.read(self.lease.hand_over.invoice_id)
        except AmountUnreadable as error:
            hand_over_work.block(self._db, self.lease, (unreadable_amount(error.field),))
            return None

    def _assess(
        self,
        connection: StoredConnection,
        amili: AmiliClient,
        host: Host,
        invoice: Invoice,
        cases: tuple[Case, ...],
    ) -> Assessment:
        hand_over = self.lease.hand_over
        return assess(
            invoice,
            connection.settings,
            Circumstances(
                today=today(),
                first_action=hand_over.first_action,
                proposed_balance=hand_over.proposed_balance,
                withdrawn_case=closed_case(cases) or next(iter(self._withdrawn), ""),
                creditor=creditor_status(self.deployment, connection, amili),
                pdf=_pdf_facts(host, invoice) if connection.settings.require_pdf else None,
            ),
        )

    def _send(self, amili: AmiliClient, claim: Claim, invoice: Invoice, findings: tuple[Finding, ...]) -> Outcome:
        try:
            body = registration_body(claim)
        except ValueError as error:
            hand_over_work.block(self._db, self.lease, (*findings, remote_findings.unsendable(error)))
            return NEXT
        fence = self._arm(claim, invoice)
        try:
            receipt = amili.register(body, may_send=fence.may_send)
        except NotSent as error:
            return self._not_sent(error, named_s=error.retry_after_s)
        except NotAuthorised as error:
            if self.lease.hand_over.tries < TRIES_BEFORE_ASKING:
                return self._not_sent(error)
            hand_over_work.block(self._db, self.lease, remote_findings.of(error))
            return NEXT
        except Refused as error:
            if remote_findings.means_duplicate(error) and self.lease.hand_over.tries < TRIES_BEFORE_ASKING:
                return self._unknown(error)
            hand_over_work.block(self._db, self.lease, (*findings, *remote_findings.of(error)))
            return NEXT
        except OutcomeUnknown as error:
            return self._unknown(error)
        hand_over_work.registered(
            self._db,
            self.lease,
            registration_id=receipt.registration_id,
            case_id=receipt.case_id,
            ocr=receipt.ocr_number,
            findings=findings,
        )
        return NEXT

    def _arm(self, claim: Claim, invoice: Invoice) -> Fence:
        settings = self.deployment.settings
        send_s = min(settings.attempt_s, settings.connect_timeout_s + _SEND_MARGIN_S)
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
        )
        return Fence(armed_at_s + send_s)

    def _not_sent(self, error: ConnectorError, *, named_s: float | None = None) -> Outcome:
        waiting_for = remote_findings.waiting_text(error)
        hand_over_work.wait(self._db, self.lease, waiting_for=waiting_for, not_sent=True)
        return Outcome(Then.AGAIN_FIRST, pause_s(self.lease.hand_over.tries, named_s=named_s))

    def _unknown(self, error: ConnectorError) -> Outcome:
        hand_over_work.outcome_unknown(self._db, self.lease, why=remote_findings.waiting_text(error))
        return Outcome(Then.AGAIN_FIRST, _LOOKS_AT[0] * self.deployment.settings.settle_s)


def creditor_status(deployment: Deployment, connection: StoredConnection, amili: AmiliClient) -> CreditorStatus:
    """What Amili says of the connection's creditor, asked at most every `CREDITOR_FRESH_S` seconds.

    A status that stops hand-overs is always asked for afresh: the agreement may have been mended since.
    """
    known = connection.creditor_status
    if known and known.is_active and known.has_payout_account is not False:
        age_s = connections.creditor_age_s(deployment.databases.main, connection.id)
        if age_s < CREDITOR_FRESH_S:
            return known
    status = status_of(amili.creditor(connection.settings.creditor))
    connections.save_creditor_status(deployment.databases.main, connection.id, status)
    return status


def _pdf_facts(host: Host, invoice: Invoice) -> PdfFacts:
    try:
        pdf = host.pdf(invoice.id)
    except PdfUnavailable as error:
        return PdfFacts(available=False, problem=error.message)
    return pdf_facts(pdf)


def pdf_facts(pdf: Pdf) -> PdfFacts:
    """What the checks need to know of a PDF."""
    return PdfFacts(
        available=True,
        starts_as_pdf=pdf.content.startswith(b"%PDF-"),
        size_bytes=len(pdf.content),
        invoice_number=pdf.invoice_number,
    )
