"""What tests of follow-up do: let things happen to a handed-over invoice, drive the looks, and see what Amili holds."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import update

from connector.domain.dates import today
from connector.domain.follow_up import FollowUpKind, FollowUpState, Reason, Step, Verdict
from connector.domain.hand_over import HandOverState
from connector.flows.events import following
from connector.flows.follow_up.follow_up import LOOK_AGAIN_S, follow_up
from connector.flows.outcome import Outcome, Then
from connector.store import follow_ups, tables
from connector.store.follow_ups import FollowUp, Look
from tests.flows.hand_over_steps import INSTANTS, begun, begun_earlier, driven, let_pass, stored
from tests.flows.stage import CONNECTION, Stage

CAPITAL = Decimal("1250.00")
ROUNDS = 40


class AtAmili(NamedTuple):
    """One action that Amili took in."""

    kind: str
    amount: Decimal
    status: str


def kr(amount: int | str | Decimal) -> Decimal:
    return Decimal(amount)


def sent(on: Stage) -> tuple[str, str]:
    """An invoice of 1 250 kronor that was handed over, and its hand-over; the ledger has been followed so far."""
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    assert driven(on, hand_over).state is HandOverState.REGISTERED
    noticed(on, hand_over)
    return invoice, hand_over


def noticed(on: Stage, hand_over: str) -> None:
    """Somebody looks how the invoice stands in the ledger: a hint, a poll, or the daily look."""
    on.side.let_windows_pass(on.deployment)
    _, host = on.deployment.sides(on.deployment.connection(CONNECTION))
    following.note_standings(on.deployment, host, (stored(on, hand_over),))


def pays(on: Stage, invoice: str, amount: int | str | Decimal, *, day: date | None = None) -> str:
    """The debtor pays directly; gives the payment."""
    return on.side.bookkeeper.pay(invoice, kr(amount), day=day or today())


def credits_(on: Stage, invoice: str, amount: int | str | None = None) -> str:
    """The creditor credits; gives the credit note's number."""
    return on.side.bookkeeper.credit(invoice, None if amount is None else kr(amount))


def one_round(on: Stage, hand_over: str) -> Outcome:
    """One round of the look that was asked for last."""
    on.side.let_windows_pass(on.deployment)
    return follow_up(on.deployment, Look(hand_over, CONNECTION, stored(on, hand_over).follow_up_asked))


def passes(on: Stage, hand_over: str, seconds: float, *, at_amili: bool = True) -> None:
    """Let time pass: for the hand-over, its follow-ups, and (not more than minutes) Amili."""
    table = tables.follow_ups
    with on.deployment.databases.main.begin() as connection:
        moved = {name: table.c[name] - seconds for name in INSTANTS}
        connection.execute(update(table).where(table.c.hand_over == hand_over).values(moved))
    for row in rows(on, hand_over):
        begun_earlier(on, row.id, seconds)
    let_pass(on, hand_over, seconds, at_amili=at_amili)


def looked(on: Stage, hand_over: str) -> None:
    """Drive the look, with its pauses, until nothing is left to do but wait for the ledger or a person."""
    for _ in range(ROUNDS):
        outcome = one_round(on, hand_over)
        if outcome.then is Then.STOP or outcome.after_s >= LOOK_AGAIN_S:
            return
        passes(on, hand_over, outcome.after_s, at_amili=outcome.after_s <= on.deployment.settings.settle_s)
    raise AssertionError(f"not through after {ROUNDS} rounds: {rows(on, hand_over)}")


def followed(on: Stage, hand_over: str) -> None:
    """What happened is noticed and seen to."""
    noticed(on, hand_over)
    looked(on, hand_over)


def rows(on: Stage, hand_over: str) -> tuple[FollowUp, ...]:
    """The follow-ups as stored."""
    return follow_ups.of_hand_over(on.deployment.databases.main, hand_over)


def states(on: Stage, hand_over: str) -> list[tuple[str, FollowUpState]]:
    return [(row.kind, row.state) for row in rows(on, hand_over)]


def questions(on: Stage, hand_over: str) -> list[str]:
    """The codes of what asks a person."""
    asking = [row for row in rows(on, hand_over) if row.state is FollowUpState.ASKING]
    return [finding.code.removeprefix("follow_up_") for row in asking for finding in row.findings]


def the_question(on: Stage, hand_over: str) -> FollowUp:
    """The only question that stands."""
    (asking,) = [row for row in rows(on, hand_over) if row.state is FollowUpState.ASKING]
    return asking


def payment_in_question(reason: Reason, *, may_report: bool = False) -> Verdict:
    """What asks a person about a payment of 10 kronor."""
    return Verdict(
        kind=FollowUpKind.PAYMENT,
        id="p1",
        ledger_id="p1",
        step=Step.ASK,
        amount=kr("10.00"),
        reason=reason,
        may_report=may_report,
    )


def actions(on: Stage, invoice: str) -> list[AtAmili]:
    """What Amili was told of the invoice, in order."""
    number = on.number(invoice)
    taken = [action for action in on.amili.actions.values() if action.case.invoice_number == number]
    return [AtAmili(action.kind, Decimal(action.body["amount"]), action.status) for action in taken]


def bodies(on: Stage, invoice: str) -> list[dict[str, object]]:
    """What was sent of the invoice, as it was received."""
    number = on.number(invoice)
    return [dict(action.body) for action in on.amili.actions.values() if action.case.invoice_number == number]


def remaining(on: Stage, invoice: str) -> Decimal:
    """What Amili still claims of the capital."""
    return on.amili.cases_of(on.number(invoice))[-1].remaining_capital
