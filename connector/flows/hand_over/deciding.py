"""A person says whose an open case at Amili is, or lets an invoice be sent once more; they see both sides before.

What they say is kept first, and acted on by a worker: at once where the hand-over had ended with the question, else at
its next look.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from connector.amili.models import FoundCase, is_closed
from connector.domain.checks.money import unreadable_amount
from connector.domain.doubt import ASKED_ABOUT_AFTER_S
from connector.domain.errors import AmountUnreadable, ConfigurationError
from connector.domain.findings import Finding
from connector.domain.fitting import Likeness
from connector.domain.hand_over import HandOverState, Origin, Request
from connector.domain.invoice import Invoice
from connector.flows.deployment import Deployment
from connector.flows.hand_over import asking, debts
from connector.flows.hand_over.asking import Asked
from connector.store import hand_overs
from connector.store.connections import StoredConnection
from connector.store.database import age_s
from connector.store.hand_over_record import HandOver
from connector.words import say

OPEN_TO_WORD = (HandOverState.BLOCKED, HandOverState.REQUESTED, HandOverState.UNKNOWN, HandOverState.TAKEN)
"""States in which nothing at Amili belongs to the hand-over for sure, so that a person's word counts."""

_NOTHING_SHOWN = Likeness(invoice_date=None, capital=None, debtor=None, theirs_since_ours=False)


@dataclass(frozen=True)
class Candidate:
    """A case of the invoice's number, as Amili shows it; None where it does not. Amounts are kronor.

    One that is not open, or not shown any more, is in question where all that is known of its debt is that number.
    """

    case_id: str
    created_at: datetime | None
    invoice_date: date | None
    initial_capital: Decimal | None
    likeness: Likeness
    is_open: bool = True


@dataclass(frozen=True)
class CaseQuestion:
    """What a person decides on: the invoice, and the cases of its number that are not known to be another's.

    `unreadable` is the finding that stands in the place of an invoice whose amounts cannot be read: then there is
    nothing to decide on.
    """

    connection: StoredConnection
    hand_over: HandOver
    invoice: Invoice | None
    capital: Decimal
    candidates: tuple[Candidate, ...]
    may_send_once_more: bool
    unreadable: Finding | None = None

    @property
    def is_open(self) -> bool:
        """Return whether there is anything to decide."""
        return bool(self.candidates) or self.may_send_once_more

    @property
    def facts(self) -> tuple[object, ...]:
        """All that a person decides on: what differs from what they saw is seen again first. Not to be logged."""
        hand_over, invoice = self.hand_over, self.invoice
        if invoice is None:
            return (hand_over.id, hand_over.state)
        return (
            (hand_over.id, hand_over.state, hand_over.posts, hand_over.this_case, hand_over.other_cases),
            (invoice.number, invoice.invoice_date, invoice.customer.model_dump_json(), self.capital),
            self.candidates,
            self.may_send_once_more,
        )


def question(deployment: Deployment, hand_over_id: str) -> CaseQuestion:
    """Read the invoice and look for the cases of its number afresh. Raises `connector.domain.errors`."""
    hand_over = hand_overs.get(deployment.databases.main, hand_over_id)
    connection = deployment.connection(hand_over.connection)
    amili, host = deployment.sides(connection)
    try:
        invoice = host.read(hand_over.invoice_id)
    except AmountUnreadable as error:
        finding = unreadable_amount(error.field)
        return CaseQuestion(connection, hand_over, None, Decimal(0), (), may_send_once_more=False, unreadable=finding)
    claimed = debts.claimed_now(deployment, connection.settings, hand_over, connection.id, invoice)
    candidates: tuple[Candidate, ...] = ()
    if hand_over.state in OPEN_TO_WORD:
        found = amili.cases_of_invoice(hand_over.creditor, invoice.number, since=invoice.invoice_date)
        withdrawn = hand_overs.withdrawn_cases(deployment.databases.main, connection.id, hand_over.invoice_id)
        earlier = debts.cases_with_number_alone(deployment, hand_over, invoice.number)
        in_question = {case.id: case for case in debts.in_question(found, hand_over, withdrawn=withdrawn)}
        in_question |= {case.id: case for case in found if case.id in earlier}
        candidates = tuple(
            _candidate(case, debts.likeness(deployment, claimed, case)) for case in in_question.values()
        ) + tuple(
            Candidate(case_id, None, None, capital, _NOTHING_SHOWN, is_open=False)
            for case_id, capital in earlier.items()
            if case_id not in in_question
        )
    return CaseQuestion(
        connection=connection,
        hand_over=hand_over,
        invoice=invoice,
        capital=claimed.capital or Decimal(0),
        candidates=candidates,
        may_send_once_more=_may_send_once_more(deployment, hand_over),
    )


def still_as_seen(deployment: Deployment, asked: CaseQuestion) -> CaseQuestion:
    """Ask afresh after a person took their time. Raises `ConfigurationError` where it is not what they saw."""
    now = question(deployment, asked.hand_over.id)
    if now.facts != asked.facts:
        raise _moved_on()
    return now


def say_whose(
    deployment: Deployment, asked: CaseQuestion, case_id: str, *, is_this: bool, by: str, origin: Origin
) -> Asked | None:
    """Keep that a case is of this debt, or of another one, and have the invoice sent on that.

    Gives the request that was made for that; None where work on the hand-over goes on without one. Raises
    `ConfigurationError` where the case is not among those that were shown, or things have moved on.
    """
    _must_be_readable(asked)
    chosen = next((one for one in asked.candidates if one.case_id == case_id), None)
    if chosen is None:
        raise ConfigurationError(f"The case {case_id} is not one of this invoice number that is in question.")
    if is_this and not chosen.is_open:
        raise ConfigurationError(f"The case {case_id} is not open, so it cannot be used.")
    db = deployment.databases.main
    decided = hand_overs.choose_case(db, asked.hand_over, case_id, is_this=is_this, by=by)
    if decided is None:
        raise _moved_on()
    return _ask_again(deployment, decided, by=by, origin=origin) if decided.state is HandOverState.BLOCKED else None


def send_once_more(deployment: Deployment, asked: CaseQuestion, *, by: str) -> None:
    """Let one registration more be posted, after one more look. Raises `ConfigurationError` where that may not be."""
    _must_be_readable(asked)
    if not asked.may_send_once_more:
        raise ConfigurationError(
            "The invoice may not be sent once more.",
            advice="What Amili has taken is never sent again; what was not sent often enough goes by itself.",
        )
    if hand_overs.allow_one_more(deployment.databases.main, asked.hand_over, by=by) is None:
        raise _moved_on()


def _may_send_once_more(deployment: Deployment, hand_over: HandOver) -> bool:
    if hand_over.state not in (HandOverState.REQUESTED, HandOverState.UNKNOWN) or hand_over.registration_id:
        return False
    if hand_over.taken_at is None:
        return hand_over.posts >= hand_over.posts_allowed
    # An answer of success that names no registration may have been something else's than Amili's.
    return age_s(deployment.databases.main, hand_over.taken_at) >= ASKED_ABOUT_AFTER_S


def _ask_again(deployment: Deployment, hand_over: HandOver, *, by: str, origin: Origin) -> Asked:
    request = Request(
        connection=hand_over.connection,
        invoice_id=hand_over.invoice_id,
        invoice_number=hand_over.invoice_number,
        origin=origin,
        asked_by=by,
        first_action=hand_over.first_action,
        proposed_balance=hand_over.proposed_balance,
        accepted=hand_over.accepted,
        lifted=dict(hand_over.lifted),
        environment=hand_over.environment,
    )
    return asking.ask(deployment, request)


def _candidate(case: FoundCase, likeness: Likeness) -> Candidate:
    return Candidate(
        case.id, case.created_at, case.invoice_date, case.initial_capital, likeness, is_open=not is_closed(case)
    )


def _must_be_readable(asked: CaseQuestion) -> None:
    if asked.unreadable is not None:
        raise ConfigurationError(say(asked.unreadable.says, "en"), says=asked.unreadable.says)


def _moved_on() -> ConfigurationError:
    return ConfigurationError("The hand-over has moved on meanwhile.", advice="Look at it anew.")
