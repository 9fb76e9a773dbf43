"""Follow-up: what happens to a handed-over invoice in its ledger reaches Amili, once each, or a person is asked.

One durable job for each hand-over and look. A look reads invoice, case and payouts afresh, decides, and reports at most
one thing; the next round looks again. News is asked for in the store in the same step that notes it, so that no crash
loses it, and a worker starts the looks from there (`connector.store.follow_ups.due`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from connector.amili.client import AmiliClient
from connector.amili.models import Case, is_closed
from connector.domain.dates import today
from connector.domain.errors import AmountUnreadable, ByHandOnly, KeyRefused, NotFound
from connector.domain.follow_up import (
    IN_FLIGHT,
    Boundary,
    CaseNow,
    FollowUpKind,
    FollowUpState,
    Ledger,
    PayoutPart,
    Step,
    ledger_of,
)
from connector.domain.follow_up_rules import Facts, decide
from connector.domain.hand_over import UNFINISHED, HandOverState, WriteBackState
from connector.flows.companies import keys
from connector.flows.deployment import Deployment
from connector.flows.fence import Fence, TooLate, clock_s
from connector.flows.follow_up import follow_up_findings, withdrawal_wishes
from connector.flows.follow_up.reporting import Reporting
from connector.flows.hand_over.write_back import write_back
from connector.flows.job import Job
from connector.flows.outcome import STOP, Outcome, Then, pause_s
from connector.hosts.base import Host
from connector.hosts.pacing import in_background
from connector.store import follow_ups, hand_overs
from connector.store.follow_ups import FollowUp, Look
from connector.store.hand_over_record import HandOver
from connector.store.ownership import LostOwnership

log = logging.getLogger(__name__)

FOLLOW_UP = "follow_up"
_MOST_AT_ONCE = 200
Submit = Callable[[Job], None]
LOOK_AGAIN_S = 6 * 3_600.0
"""When what waits in the ledger (a payment that is not booked) is looked at again, if no news comes before."""


def job_of(look: Look) -> Job:
    """The work of one look."""
    subject = f"{look.hand_over}/{look.asked}"
    return Job(FOLLOW_UP, subject, f"follow:{subject}", look.connection)


def take_up(deployment: Deployment, live: Callable[[Iterable[str]], Container[str]], submit: Submit) -> int:
    """Ask anew for every look that is due and that nobody makes; gives how many."""
    db = deployment.databases.main
    due = follow_ups.due(db)
    alive = live(job_of(look).key for look in due)
    again = [follow_ups.ask_again(db, look) for look in due if job_of(look).key not in alive]
    for look in again:
        if look is not None:
            submit(job_of(look))
    return len(again)


@dataclass
class Starting:
    """Starts the looks that were asked for in the store, each once: what a worker has started it remembers."""

    deployment: Deployment
    _started: dict[str, int] = field(default_factory=dict)

    def start(self, submit: Submit) -> None:
        """Start some of the looks that are due and not started."""
        due = {look.hand_over: look for look in follow_ups.due(self.deployment.databases.main)}
        self._started = {known: asked for known, asked in self._started.items() if known in due}
        fresh = [look for look in due.values() if self._started.get(look.hand_over) != look.asked]
        for look in fresh[:_MOST_AT_ONCE]:
            submit(job_of(look))
            self._started[look.hand_over] = look.asked


@in_background()
def follow_up(deployment: Deployment, subject: str) -> Outcome:
    """Make one round of a look. Safe to repeat at any point, and by several workers at once."""
    hand_over_id, _, asked = subject.partition("/")
    hand_over = hand_overs.get(deployment.databases.main, hand_over_id)
    if hand_over.follow_up_asked > int(asked):
        # A later look sees all that this one would.
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
        # Somebody else reported something meanwhile: it is decided anew from what remains now.
        return Outcome(Then.AGAIN_FIRST, pause_s(1))
    except TooLate:
        log.warning("hand-over %s: a report's deadline has passed, so nothing was sent", hand_over_id)
        return Outcome(Then.AGAIN_FIRST, deployment.settings.settle_s)
    except KeyRefused as error:
        if not keys.parked(deployment, hand_over.connection, error):
            raise
        return STOP


def _round(deployment: Deployment, hand_over: HandOver) -> Outcome:
    db = deployment.databases.main
    connection = deployment.connection(hand_over.connection)
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
    verdicts = decide(facts_of(amili, host, hand_over, amili.case(hand_over.case_id), rows))
    to_report = ""
    for verdict in verdicts:
        if verdict.step is Step.WAIT:
            continue
        kept = follow_ups.keep(db, hand_over, verdict, follow_up_findings.of_verdict(verdict))
        to_report = kept if verdict.step is Step.REPORT else to_report
    if to_report:
        return reporting.send(follow_ups.get(db, to_report))
    if hand_over.write_back is WriteBackState.PENDING and hand_over.state is HandOverState.DONE:
        # Where that comes to nothing now, a worker finds it unfinished.
        write_back(deployment, hand_over.id)
    if any(verdict.step is Step.WAIT for verdict in verdicts):
        return Outcome(Then.AGAIN_FIRST, LOOK_AGAIN_S)
    follow_ups.look_done(db, hand_over.id, hand_over.follow_up_asked)
    return STOP


def _wished_withdrawal(reporting: Reporting, withdrawal: FollowUp, rows: tuple[FollowUp, ...]) -> Outcome:
    """Withdraw on a wish in the ledger, if it still stands there and, seen afresh, nothing speaks against it."""
    hand_over, amili, host = reporting.hand_over, reporting.amili, reporting.host
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
    """What is known now of a hand-over, its invoice and its case. Raises the errors of remote calls."""
    return Facts(
        ledger=_ledger(host, hand_over.invoice_id),
        boundary=_boundary(hand_over, case),
        noted=tuple(row.noted for row in rows if row.kind is not FollowUpKind.WITHDRAWAL),
        case=_case_now(case),
        payouts=_payouts(amili, hand_over),
        today=today(),
    )


def _ledger(host: Host, invoice_id: str) -> Ledger:
    try:
        return ledger_of(host.read(invoice_id))
    except NotFound:
        return Ledger(state=None)
    except AmountUnreadable as error:
        return Ledger(state=None, unreadable=error.field)


def _boundary(hand_over: HandOver, case: Case) -> Boundary:
    """What the claim counted, and from which day on payments are after it.

    A case that stood already, and was adopted without our having sent anything, began when Amili says.
    """
    kept_on = _day(hand_over.registered_at)
    if hand_over.attempted_at is not None:
        sent_on = _day(hand_over.attempted_at)
        return Boundary(counted=hand_over.counted, registered_on=sent_on, doubtful_until=sent_on)
    began_on = min(today(case.created_at), kept_on) if case.created_at else kept_on
    return Boundary(counted=None, registered_on=began_on, doubtful_until=kept_on)


def _day(instant_s: float | None) -> date:
    return today(datetime.fromtimestamp(instant_s, UTC) if instant_s is not None else None)


def _case_now(case: Case) -> CaseNow:
    total = case.total.remaining_transaction
    total = case.local.remaining_transaction if total is None else total
    return CaseNow(
        is_open=not is_closed(case),
        remaining_capital=case.remaining_capital,
        remaining_total=case.remaining_capital if total is None else total,
        settled_capital=case.settled_capital,
    )


def _payouts(amili: AmiliClient, hand_over: HandOver) -> tuple[PayoutPart, ...]:
    return tuple(
        PayoutPart(
            category=line.category,
            amount=line.total_amount if line.total_amount is not None else line.amount or 0,
            booked_on=line.booked_on,
            paid_on=line.payout_date,
            payout=line.payout_id,
        )
        for line in amili.payout_lines_of(hand_over.creditor, hand_over.invoice_number)
    )


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
    fence = Fence(clock_s() + deployment.settings.attempt_s)
    try:
        amili.grant_respite(hand_over.case_id, days, may_send=fence.may_send)
    except ByHandOnly as error:
        return RespiteWords(text=str(error), url=error.url)
    return None
