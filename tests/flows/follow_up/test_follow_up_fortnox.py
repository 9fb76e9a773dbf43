"""Follow-up where Fortnox is unlike other ledgers: payments not booked yet, write-offs, credits, the cash method."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connector.domain.connection import ReminderPolicy
from connector.domain.dates import today
from connector.domain.errors import ConnectorError
from connector.flows.events import following
from connector.flows.hand_over.upload import upload
from connector.flows.hand_over.write_back import write_back
from connector.flows.outcome import Then
from connector.sandbox.fortnox import settling
from connector.sandbox.fortnox.books import Books
from connector.sandbox.fortnox.switches import LinkedCredit, PaidFee, WhichCredit
from connector.sandbox.shared.switches import Fault, FaultKind
from connector.store import connections, tables, timeline
from tests.flows.bookkeeping import DISPUTED, FortnoxBookkeeper
from tests.flows.follow_up_steps import (
    CAPITAL,
    AtAmili,
    actions,
    bodies,
    credits_,
    followed,
    kr,
    looked,
    pays,
    questions,
    remaining,
    sent,
    states,
    the_question,
)
from tests.flows.hand_over_steps import begun, driven, stored
from tests.flows.ledgers import FortnoxLedger
from tests.flows.stage import CONNECTION, Stage

pytestmark = pytest.mark.ledgers("fortnox")


@pytest.fixture(autouse=True)
def by_the_accrual_method(on: Stage) -> Iterator[None]:
    yield
    on.amili.now = lambda: datetime.now(UTC)
    books(on).facts.accounting_method = "ACCRUAL"


def books(on: Stage) -> Books:
    assert isinstance(on.side, FortnoxLedger)
    return on.side.books


def keeper(on: Stage) -> FortnoxBookkeeper:
    assert isinstance(on.side, FortnoxLedger)
    return on.side.bookkeeper


def switch(on: Stage, **changes: Any) -> None:
    on.fortnox.switches.set(replace(on.fortnox.switches.switches, **changes))


def done(kind: str, amount: int) -> AtAmili:
    return AtAmili(kind, kr(amount), "completed")


def poll(on: Stage) -> None:
    on.side.let_windows_pass(on.deployment)
    assert following.poll(on.deployment, CONNECTION).then is Then.STOP


# Payments


def test_a_payment_that_is_entered_waits_until_it_is_booked(on: Stage) -> None:
    invoice, hand_over = sent(on)
    payment = keeper(on).enter(invoice, kr(250))
    followed(on, hand_over)
    assert (actions(on, invoice), states(on, hand_over)) == ([], [])
    keeper(on).book(payment)
    for _ in range(2):
        followed(on, hand_over)
    assert (actions(on, invoice), questions(on, hand_over)) == ([done("payment", 250)], [])


def test_one_that_was_entered_before_the_hand_over_was_no_part_of_the_claim(on: Stage) -> None:
    invoice = on.invoice()
    payment = keeper(on).enter(invoice, kr(250))
    hand_over = begun(on, invoice, accepted=("A4",))
    driven(on, hand_over)
    assert stored(on, hand_over).capital == CAPITAL
    keeper(on).book(payment)
    followed(on, hand_over)
    assert (actions(on, invoice), questions(on, hand_over)) == ([done("payment", 250)], [])
    assert remaining(on, invoice) == keeper(on).balance(invoice) == kr(1000)


def test_a_write_off_without_money_is_a_question_and_no_refund(on: Stage) -> None:
    invoice, hand_over = sent(on)
    keeper(on).pay(invoice, kr(0), written_off=kr(300))
    followed(on, hand_over)
    assert (actions(on, invoice), questions(on, hand_over)) == ([], ["write_off"])
    assert the_question(on, hand_over).amount == kr(300)


def test_a_reminder_fee_that_was_paid_beside_and_not_claimed_is_not_told(on: Stage) -> None:
    switch(on, paid_reminder_fee=PaidFee.IN_PAYMENT)
    invoice, hand_over = sent(on)
    with on.fortnox.lock:
        settling.pay(books(on), invoice, kr(250), reminder_fee=kr(60))
        settling.pay(books(on), invoice, kr(0), reminder_fee=kr(60))
    followed(on, hand_over)
    assert (actions(on, invoice), questions(on, hand_over)) == ([done("payment", 250)], [])
    assert remaining(on, invoice) == keeper(on).balance(invoice) == kr(1000)


def test_one_that_was_claimed_is_told_with_the_whole_payment(on: Stage) -> None:
    switch(on, paid_reminder_fee=PaidFee.IN_PAYMENT)
    db = on.deployment.databases.main
    policy = ReminderPolicy(fee=kr(60), fee_agreed=True)
    before = on.deployment.connection(CONNECTION).settings
    connections.save_settings(db, CONNECTION, before.model_copy(update={"reminders": policy}))
    try:
        invoice = on.invoice()
        with on.fortnox.lock:
            books(on).remind(invoice, today() - timedelta(days=20))
        hand_over = begun(on, invoice)
        driven(on, hand_over)
        assert stored(on, hand_over).claimed_fee == kr(60)
        with on.fortnox.lock:
            settling.pay(books(on), invoice, kr(250), reminder_fee=kr(60))
        followed(on, hand_over)
    finally:
        connections.save_settings(db, CONNECTION, before)
    assert (actions(on, invoice), questions(on, hand_over)) == ([done("payment", 310)], [])


def test_a_hand_over_of_which_the_fee_is_not_known_is_told_the_whole_as_before(on: Stage) -> None:
    switch(on, paid_reminder_fee=PaidFee.IN_PAYMENT)
    invoice, hand_over = sent(on)
    with on.deployment.databases.main.begin() as connection:
        connection.execute(tables.hand_overs.update().values(claimed_fee=None))
    with on.fortnox.lock:
        settling.pay(books(on), invoice, kr(250), reminder_fee=kr(60))
    followed(on, hand_over)
    assert (actions(on, invoice), questions(on, hand_over)) == ([done("payment", 310)], [])


def test_money_paid_back_to_the_customer_is_a_question(on: Stage) -> None:
    invoice, hand_over = sent(on)
    pays(on, invoice, 250)
    followed(on, hand_over)
    pays(on, invoice, -100)
    followed(on, hand_over)
    assert (actions(on, invoice), questions(on, hand_over)) == ([done("payment", 250)], ["refund"])
    assert not the_question(on, hand_over).may_report


def test_a_payment_that_was_undone_is_found_by_the_daily_look(on: Stage) -> None:
    """It leaves no trace: no change is told of it (fortnox/API.md, "Payments")."""
    invoice, hand_over = sent(on)
    payment = pays(on, invoice, 250)
    followed(on, hand_over)
    keeper(on).take_back(payment)
    on.side.let_windows_pass(on.deployment)
    following.look(on.deployment, CONNECTION)
    looked(on, hand_over)
    assert questions(on, hand_over) == ["reversed"]
    assert the_question(on, hand_over).amount == kr(250)


# Credits


@pytest.mark.parametrize("which", list(WhichCredit))
def test_every_credit_is_found_whichever_of_them_the_invoice_names(on: Stage, which: WhichCredit) -> None:
    switch(on, debit_reference=which)
    invoice, hand_over = sent(on)
    numbers = [credits_(on, invoice, amount) for amount in (100, 200)]
    followed(on, hand_over)
    assert sorted(actions(on, invoice)) == [done("crediting", 100), done("crediting", 200)]
    assert {str(body["credit_invoice"]) for body in bodies(on, invoice)} == set(numbers)
    assert remaining(on, invoice) == keeper(on).balance(invoice) == kr(950)


@pytest.mark.parametrize("amount", [250, 1250])
@pytest.mark.parametrize("referenced", [True, False])
def test_a_credit_that_is_set_off_by_two_payments_is_told_as_a_crediting_once(
    on: Stage, referenced: bool, amount: int
) -> None:
    invoice, hand_over = sent(on)
    with on.fortnox.lock:
        number = settling.credit(books(on), invoice, kr(amount), referenced=referenced)
    followed(on, hand_over)
    assert (actions(on, invoice), questions(on, hand_over)) == ([], ["untied_credit"])
    with on.fortnox.lock:
        settling.set_off(books(on), invoice, number, kr(amount))
    for _ in range(3):
        followed(on, hand_over)
    assert (actions(on, invoice), questions(on, hand_over)) == ([done("crediting", amount)], [])
    assert [body["credit_invoice"] for body in bodies(on, invoice)] == [number]
    assert remaining(on, invoice) == keeper(on).balance(invoice) == CAPITAL - amount


@pytest.mark.parametrize("payments_too", [False, True])
def test_a_linked_credit_that_lessens_the_invoice_by_itself_is_told_once(on: Stage, payments_too: bool) -> None:
    switch(on, linked_credit_means=LinkedCredit.SET_OFF)
    invoice, hand_over = sent(on)
    with on.fortnox.lock:
        number = settling.credit(books(on), invoice, kr(250))
        if payments_too:
            settling.set_off(books(on), invoice, number, kr(250))
    for _ in range(3):
        followed(on, hand_over)
    assert (actions(on, invoice), questions(on, hand_over)) == ([done("crediting", 250)], [])


def test_money_on_the_day_of_a_set_off_is_told_as_money(on: Stage) -> None:
    invoice, hand_over = sent(on)
    with on.fortnox.lock:
        number = settling.credit(books(on), invoice, kr(250))
        settling.set_off(books(on), invoice, number, kr(250))
        settling.pay(books(on), invoice, kr(300))
    for _ in range(3):
        followed(on, hand_over)
    assert sorted(actions(on, invoice)) == [done("crediting", 250), done("payment", 300)]
    assert remaining(on, invoice) == keeper(on).balance(invoice) == kr(700)


def test_a_credit_invoice_has_no_effect_before_it_is_booked(on: Stage) -> None:
    invoice, hand_over = sent(on)
    with on.fortnox.lock:
        number = settling.credit(books(on), invoice, kr(250), booked=False)
    followed(on, hand_over)
    assert actions(on, invoice) == []
    with on.fortnox.lock:
        books(on).book(number)
        settling.set_off(books(on), invoice, number, kr(250))
    followed(on, hand_over)
    assert (actions(on, invoice), questions(on, hand_over)) == ([done("crediting", 250)], [])


def test_a_credit_invoice_that_is_cancelled_instead_leaves_nothing(on: Stage) -> None:
    invoice, hand_over = sent(on)
    with on.fortnox.lock:
        number = settling.credit(books(on), invoice, kr(250), booked=False)
    followed(on, hand_over)
    with on.fortnox.lock:
        books(on).cancel(number)
    followed(on, hand_over)
    assert (actions(on, invoice), questions(on, hand_over)) == ([], [])
    assert remaining(on, invoice) == CAPITAL


# The invoice itself: what is booked is never a draft again, but by the cash method nothing is booked before it is paid


def not_sent(on: Stage, invoice: str) -> None:
    books(on).set_invoice(invoice, Sent=False)


def cancelled(on: Stage, invoice: str) -> None:
    books(on).cancel(invoice)


def removed(on: Stage, invoice: str) -> None:
    books(on).invoices.remove(invoice)


NO_CLAIM: Mapping[str, Callable[[Stage, str], None]] = {
    "invoice_draft": not_sent,
    "invoice_cancelled": cancelled,
    "invoice_gone": removed,
}


@pytest.mark.parametrize("code", NO_CLAIM)
def test_by_the_cash_method_an_invoice_can_cease_to_be_a_claim(on: Stage, code: str) -> None:
    books(on).facts.accounting_method = "CASH"
    with on.fortnox.lock:
        invoice = books(on).add_invoice(
            on.customer(), books(on).rows(on.invoice()), due_days_ago=45, booked=False, sent=True
        )
    hand_over = begun(on, invoice)
    driven(on, hand_over)
    with on.fortnox.lock:
        NO_CLAIM[code](on, invoice)
    followed(on, hand_over)
    assert questions(on, hand_over) == [code]
    assert [one for one in on.amili.actions.values() if one.case.id == stored(on, hand_over).case_id] == []


# What tells of it


HAPPENS: Mapping[str, Callable[[Stage, str], object]] = {
    "payment": lambda on, invoice: pays(on, invoice, 250),
    "credit": lambda on, invoice: credits_(on, invoice, 250),
    "dispute": lambda on, invoice: keeper(on).label(invoice, DISPUTED),
    "respite": lambda on, invoice: keeper(on).put_off(invoice, today() + timedelta(days=30)),
}


@pytest.mark.parametrize("what", HAPPENS)
def test_the_next_poll_finds_it_without_any_event(on: Stage, what: str) -> None:
    invoice, hand_over = sent(on)
    poll(on)
    looked(on, hand_over)
    HAPPENS[what](on, invoice)
    poll(on)
    looked(on, hand_over)
    assert states(on, hand_over) != []
    told = [one.event for one in timeline.of_hand_over(on.deployment.databases.main, hand_over)]
    assert told.count("ledger_changed") == 1


def test_a_poll_that_fortnox_breaks_off_loses_nothing(on: Stage) -> None:
    invoice, hand_over = sent(on)
    poll(on)
    pays(on, invoice, 250)
    on.side.strike((Fault(FaultKind.FAIL_BEFORE, ("list_payments",), next_n=1),))
    on.side.let_windows_pass(on.deployment)
    with pytest.raises(ConnectorError, match="Fortnox"):
        following.poll(on.deployment, CONNECTION)
    poll(on)
    looked(on, hand_over)
    assert actions(on, invoice) == [done("payment", 250)]


def test_fortnox_shows_the_case_and_is_written_to_no_more(on: Stage) -> None:
    invoice, hand_over = sent(on)
    for step in (upload, write_back):
        on.side.let_windows_pass(on.deployment)
        step(on.deployment, hand_over)
    assert on.side.case_shown(invoice) == stored(on, hand_over).case_id
    pays(on, invoice, 250)
    credits_(on, invoice, 300)
    followed(on, hand_over)
    pays(on, invoice, 700)
    followed(on, hand_over)
    assert sum((one.amount for one in actions(on, invoice)), Decimal(0)) == CAPITAL
    assert remaining(on, invoice) == keeper(on).balance(invoice) == 0
    assert on.side.case_shown(invoice) == stored(on, hand_over).case_id
    assert on.side.changing_writes(invoice) == 1
    assert sum(map(len, books(on).side_effects.values())) == 0


def test_what_is_paid_later_than_today_waits(on: Stage) -> None:
    invoice, hand_over = sent(on)
    pays(on, invoice, 250, day=today() + timedelta(days=2))
    followed(on, hand_over)
    assert (actions(on, invoice), questions(on, hand_over)) == ([], [])
