"""Follow-up: what happens to a handed-over invoice in its ledger reaches Amili, once each, or a person is asked.

One durable job for each hand-over and look. A look reads invoice, case and payouts afresh, decides, and reports at most
one thing; the next round looks again. News is asked for in the store in the same step that notes it, so that no crash
loses it, and a worker starts the looks from there (`connector.store.follow_ups.due`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from connector.amili.client import AmiliClient
from connector.amili.models import Case
from connector.domain import counted
from connector.domain.dates import today
from connector.domain.errors import AmountUnreadable, ByHandOnly, ConnectorError, KeyRefused, NotFound
from connector.domain.follow_up import (
    IN_FLIGHT,
    Boundary,
    FollowUpKind,
    FollowUpState,
    Ledger,
    PayoutPart,
    Step,
    ledger_of,
)
from connector.domain.follow_up_rules import Facts, decide, not_told
from connector.domain.hand_over import UNFINISHED, HandOverState, WriteBackState
from connector.flows import parking, troubles
from connector.flows.deployment import Deployment
from connector.flows.follow_up import follow_up_findings, withdrawal_wishes
from connector.flows.follow_up.report import AT_ONCE
from connector.flows.follow_up.reporting import Reporting, case_now
from connector.flows.hand_over.write_back import write_back
from connector.flows.job import Job, job
from connector.flows.outcome import NOT_NOW, STOP, Outcome, Then, pause_s
from connector.flows.send_deadline import SendDeadline, TooLate, clock_s
from connector.flows.troubles import About
from connector.hosts.base import Host
from connector.hosts.pacing import in_background
from connector.store import follow_ups, hand_overs, restores
from connector.store import troubles as steps
from connector.store.follow_ups import FollowUp, Look
from connector.store.hand_over_record import HandOver
from connector.store.ownership import LostOwnership

log = logging.getLogger(__name__)

FOLLOW_UP = "follow_up"
_MOST_AT_ONCE = 200
LOOK_AGAIN_S = 6 * 3_600.0
"""When what waits in the ledger (a payment that is not booked) is looked at again, if no news comes before."""


def job_of(look: Look) -> Job:
    """The work of one look."""
    return Job(FOLLOW_UP, look, look.connection, key=look.hand_over, number=look.asked)


def due(deployment: Deployment) -> Iterator[Job]:
    """Give some of the looks that were asked for in the store and that no one makes."""
    return map(job_of, follow_ups.due(deployment.databases.main, not_entered_as=FOLLOW_UP, limit=_MOST_AT_ONCE))


@job(
    FOLLOW_UP,
    carries=Look,
    about=lambda look: About.of_hand_over(look.hand_over, look.connection),
    trouble=troubles.FOLLOW_UP,
    found=due,
)
@in_background()
def follow_up(deployment: Deployment, look: Look) -> Outcome:
    """Make one round of a look. Safe to repeat at any point, and by several workers at once."""
    hand_over_id = look.hand_over
    hand_over = hand_overs.get(deployment.databases.main, hand_over_id)
    if hand_over.follow_up_asked > look.asked:
        # A later look sees all that this one would.
        return NOT_NOW
    if hand_over.state is HandOverState.LEFT:
        return STOP
    if hand_over.state is HandOverState.WITHDRAWN:
        told = write_back(deployment, hand_over_id)
        return Outcome(Then.AGAIN_FIRST, told.after_s) if told.then is Then.AGAIN else STOP
    if not hand_over.case_id:
        registering = hand_over.state in UNFINISHED
        return Outcome(Then.AGAIN_FIRST, deployment.settings.settle_s) if registering else STOP
    try:
        return _round(deployment, hand_over)
    except LostOwnership:
        # Someone else reported something meanwhile: it is decided again from what remains now.
        return Outcome(Then.AGAIN_FIRST, pause_s(1))
    except TooLate:
        log.warning("hand-over %s: a report's deadline has passed, so nothing was sent", hand_over_id)
        return Outcome(Then.AGAIN_FIRST, deployment.settings.settle_s)
    except KeyRefused as error:
        if not parking.parked(deployment, hand_over.connection, error):
            raise
        return STOP


def _round(deployment: Deployment, hand_over: HandOver) -> Outcome:
    db = deployment.databases.main
    connection = deployment.connection(hand_over.connection)
    if hand_over.environment is not connection.settings.environment or connection.disconnected_at is not None:
        # Left behind, or ended, at this very moment.
        return STOP
    amili, host = deployment.sides(connection)
    reporting = Reporting(deployment, hand_over, amili, host, connection.settings.account)
    rows = follow_ups.of_hand_over(db, hand_over.id)
    withdrawal = next((row for row in rows if _is_wanted_withdrawal(row)), None)
    if withdrawal is not None and withdrawal.by_wish:
        return _wished_withdrawal(reporting, withdrawal, rows)
    if on_its_way := next((row for row in rows if row.state in IN_FLIGHT), None):
        return reporting.go_on(on_its_way)
    if withdrawal is not None:
        return reporting.send(withdrawal)
    looked_for = next((row for row in rows if row.outcome_is_looked_for), None)
    looks_on = None if looked_for is None else reporting.go_on(looked_for)
    if looks_on == AT_ONCE:
        return AT_ONCE
    case = amili.case(hand_over.case_id)
    ledger = _ledger(host, hand_over.invoice_id)
    payouts, unread = _payouts(amili, hand_over)
    _note_guard(deployment, hand_over, unread)
    facts = _facts(ledger, hand_over, case, rows, payouts)
    verdicts = decide(facts)
    to_report = ""
    for verdict in verdicts:
        if verdict.step is Step.WAIT:
            continue
        kept = follow_ups.keep(db, hand_over, verdict, follow_up_findings.of_verdict(verdict))
        if verdict in not_told(verdicts) and restores.was_after(db, hand_over.asked_at):
            found = reporting.find(kept)
            if found is not None:
                return found
        to_report = kept if verdict.step is Step.REPORT else to_report
    if to_report:
        return reporting.send(follow_ups.get(db, to_report), case=facts.case)
    if hand_over.write_back is WriteBackState.PENDING and hand_over.state is HandOverState.DONE:
        # Where that comes to nothing now, a worker finds it unfinished.
        write_back(deployment, hand_over.id)
    if any(verdict.step is Step.WAIT for verdict in verdicts) or looks_on is not None:
        return Outcome(Then.AGAIN_FIRST, LOOK_AGAIN_S, worked=True)
    follow_ups.look_done(db, hand_over.id, hand_over.follow_up_asked)
    return STOP


def _wished_withdrawal(reporting: Reporting, withdrawal: FollowUp, rows: tuple[FollowUp, ...]) -> Outcome:
    """Withdraw on a wish in the ledger, if it still stands there and, seen afresh, nothing speaks against it."""
    hand_over, amili, host = reporting.hand_over, reporting.amili, reporting.host
    if not host.vouches_for(withdrawal.wish_mark):
        # Taken up by an earlier release.
        return reporting.leave_to_a_person(
            withdrawal, follow_up_findings.withdrawal_asked_by_anybody(withdrawal.decided_by)
        )
    wish = host.withdrawal_wish(hand_over.invoice_id)
    if wish is None or wish.case_id != hand_over.case_id:
        return reporting.drop(withdrawal)
    case = amili.case(hand_over.case_id)
    if why := withdrawal_wishes.objection(case, facts_of(amili, host, hand_over, case, rows)):
        return reporting.leave_to_a_person(withdrawal, why)
    return reporting.send(withdrawal)


def _is_wanted_withdrawal(row: FollowUp) -> bool:
    return row.kind is FollowUpKind.WITHDRAWAL and row.state is FollowUpState.DUE


def facts_of(amili: AmiliClient, host: Host, hand_over: HandOver, case: Case, rows: tuple[FollowUp, ...]) -> Facts:
    """Return what is known now of a hand-over, its invoice and its case. Raises the errors of remote calls.

    Where Amili's payouts cannot be read, the facts say so: they guard against one mistake, and stop nothing else.
    """
    ledger = _ledger(host, hand_over.invoice_id)
    payouts, _ = _payouts(amili, hand_over)
    return _facts(ledger, hand_over, case, rows, payouts)


def _facts(
    ledger: Ledger, hand_over: HandOver, case: Case, rows: tuple[FollowUp, ...], payouts: tuple[PayoutPart, ...] | None
) -> Facts:
    boundary = _boundary(hand_over, case)
    if hand_over.claimed_fee == 0:
        # Where the fee is claimed at Amili, or may be, the money that paid it is reported whole.
        ledger = ledger.model_copy(update={"entries": counted.of_the_invoice(ledger.entries)})
        known = None if boundary.counted is None else counted.of_the_invoice(boundary.counted)
        boundary = boundary.model_copy(update={"counted": known})
    return Facts(
        ledger=ledger,
        boundary=boundary,
        noted=tuple(row.noted for row in rows if row.kind is not FollowUpKind.WITHDRAWAL),
        case=case_now(case),
        payouts=payouts or (),
        today=today(),
        payouts_unread=payouts is None,
    )


def _ledger(host: Host, invoice_id: str) -> Ledger:
    try:
        return ledger_of(host.read(invoice_id))
    except NotFound:
        return Ledger(state=None)
    except AmountUnreadable as error:
        return Ledger(state=None, unreadable=error.field)


def _boundary(hand_over: HandOver, case: Case) -> Boundary:
    """Return what the claim counted, and from which day on payments are after it.

    A case that stood already, and was adopted without our having sent anything, began when Amili says.
    """
    kept_on = _day(hand_over.registered_at)
    if hand_over.attempted_at is not None:
        sent_on = _day(hand_over.attempted_at)
        return Boundary(
            counted=hand_over.counted, registered_on=sent_on, doubtful_until=sent_on, total=hand_over.total_then
        )
    began_on = min(today(case.created_at), kept_on) if case.created_at else kept_on
    return Boundary(counted=None, registered_on=began_on, doubtful_until=kept_on)


def _day(instant_s: float | None) -> date:
    return today(datetime.fromtimestamp(instant_s, UTC) if instant_s is not None else None)


def _payouts(amili: AmiliClient, hand_over: HandOver) -> tuple[tuple[PayoutPart, ...] | None, ConnectorError | None]:
    """The lines of what Amili pays out for the invoice; None, and why, where they cannot be read."""
    try:
        lines = amili.payout_lines_of(hand_over.creditor, hand_over.invoice_number)
    except ConnectorError as error:
        log.warning("hand-over %s: %s; what comes in is reported without comparing it", hand_over.id, error)
        return None, error
    parts = tuple(
        PayoutPart(
            category=line.category,
            amount=line.total_amount if line.total_amount is not None else line.amount or 0,
            booked_on=line.booked_on,
            paid_on=line.payout_date,
            payout=line.payout_id,
        )
        for line in lines
    )
    return parts, None


def _note_guard(deployment: Deployment, hand_over: HandOver, unread: ConnectorError | None) -> None:
    """Have a person asked where the payouts cannot be read, although the work goes on.

    Kept for the whole company: an invoice that nothing more happens to would never say that they can be read again.
    """
    db = deployment.databases.main
    if unread is None:
        steps.over(db, troubles.PAYOUT_GUARD, hand_over.connection)
    else:
        troubles.note(db, troubles.PAYOUT_GUARD, About.of_connection(hand_over.connection), unread)


@dataclass(frozen=True)
class RespiteWords:
    """What a person reads who wants to postpone a case, and the page where they do it."""

    text: str
    url: str


def grant_respite(deployment: Deployment, hand_over_id: str, days: int) -> RespiteWords | None:
    """Postpone the case of a hand-over by `days`; None once Amili has granted it.

    As long as it is not known how Amili is asked, nothing is sent, and the answer says where a person does it.
    """
    hand_over = hand_overs.get(deployment.databases.main, hand_over_id)
    amili, _ = deployment.sides(deployment.connection(hand_over.connection))
    deadline = SendDeadline(clock_s() + deployment.settings.attempt_s)
    try:
        amili.grant_respite(hand_over.case_id, days, may_send=deadline.may_send)
    except ByHandOnly as error:
        return RespiteWords(text=str(error), url=error.url)
    return None
