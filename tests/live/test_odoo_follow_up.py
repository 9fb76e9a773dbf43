"""What people do in a real Odoo 19 to an invoice at Amili reaches Amili, once, or a person is asked.

Everything is done by Odoo's own methods, as its buttons, wizards and the reconciliation of bank lines call them, and
noticed by polling. Creates in Odoo: the connector's set-up, which it takes away again; customers, invoices, payments,
bank lines and credit notes, which stay. Amili is the sandbox; time passes only where a test says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update

from connector.domain.dates import today
from connector.domain.follow_up import FollowUpKind, FollowUpState
from connector.domain.hand_over import HandOverState
from connector.flows.events import following
from connector.flows.follow_up import case_reading, withdrawal
from connector.flows.follow_up.follow_up import LOOK_AGAIN_S
from connector.flows.hand_over.write_back import write_back
from connector.flows.outcome import Then
from connector.hosts.odoo.fields import CASE_ID, FINDINGS, STATUS
from connector.hosts.odoo.removal import remove
from connector.sandbox.shared.switches import AmiliSwitches, ClosedAs
from connector.store import connections, follow_ups, hand_overs, tables
from connector.store.connections import DEFAULT_ACCESS
from tests.flows.follow_up_steps import (
    actions,
    bodies,
    kr,
    looked,
    one_round,
    questions,
    remaining,
    rows,
    the_question,
)
from tests.flows.hand_over_steps import begun, driven, stored
from tests.flows.stage import CONNECTION, Stage, stage_with
from tests.live.odoo_books import Books, odoo_env
from tests.live.odoo_versions import needs
from tests.live.provisioned_odoo import answer_action, set_up
from tests.live.real_ledger import RealOdoo

pytestmark = [
    pytest.mark.odoo,
    pytest.mark.skipif(not odoo_env(), reason="no real Odoo: ODOO_URL and its keys are not set"),
]

SLOW = {"ATTEMPT_S": "600", "SETTLE_S": "600", "CONNECT_TIMEOUT_S": "5", "READ_TIMEOUT_S": "90"}
YESTERDAY, BEFORE = today() - timedelta(days=1), today() - timedelta(days=3)


@pytest.fixture(scope="module")
def stage_on_odoo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    books = Books(odoo_env())
    # Nobody listens there: hints are another test's matter.
    set_up(books, "http://127.0.0.1:9/webhooks/odoo/follow-up/none")
    chosen = {"fee_products": ["FAKTAVG"], "payments_await_bank": False, "answer_action_id": answer_action(books)}
    side = RealOdoo(books, chosen)
    try:
        with stage_with(side, tmp_path_factory.mktemp("stage") / "data", **SLOW) as on:
            following.poll(on.deployment, CONNECTION)
            yield on
    finally:
        remove(books.settings_client)


@pytest.fixture
def on(stage_on_odoo: Stage) -> Iterator[Stage]:
    on = stage_on_odoo
    on.amili.switches.set(AmiliSwitches(closed_as=ClosedAs.BOOLEAN))
    on.let_cases_be_read()
    yield on
    on.amili.now = lambda: datetime.now(UTC)


@pytest.fixture
def books(on: Stage) -> Books:
    assert isinstance(on.side, RealOdoo)
    return on.side.books


@dataclass(frozen=True)
class Sent:
    """An invoice at Amili: its ids in Odoo and here, and the capital that was claimed."""

    on: Stage
    invoice: int
    hand_over: str
    capital: Decimal

    def amounts(self) -> list[tuple[str, Decimal]]:
        """What Amili was told, in order; all of it must have taken effect."""
        told = actions(self.on, str(self.invoice))
        assert {one.status for one in told} <= {"completed"}
        return [(one.kind, one.amount) for one in told]

    def asks(self) -> list[str]:
        return questions(self.on, self.hand_over)

    def states(self) -> list[FollowUpState]:
        return [row.state for row in rows(self.on, self.hand_over)]

    @property
    def remaining(self) -> Decimal:
        return remaining(self.on, str(self.invoice))

    def days(self) -> list[str]:
        """The days on which the bank booked what was reported, as they were sent."""
        return [str(body["bank_transaction_date"])[:16] for body in bodies(self.on, str(self.invoice))]


def sent(on: Stage, books: Books, customer: int | None = None) -> Sent:
    """An invoice of its own amount that was handed over, and is shown so in Odoo."""
    price = kr(str(books.price())).quantize(kr("1"))
    invoice = on.invoice(customer, price=str(price))
    hand_over = begun(on, invoice)
    assert driven(on, hand_over).state is HandOverState.REGISTERED
    assert write_back(on.deployment, hand_over).then is Then.NEXT
    case_reading.read(on.deployment, lambda _: None, DEFAULT_ACCESS)
    return Sent(on, int(invoice), hand_over, books.balance(int(invoice)))


def polled(one: Sent) -> bool:
    """Ask Odoo what has changed; says whether the invoice is among it."""
    before = stored(one.on, one.hand_over).follow_up_asked
    following.poll(one.on.deployment, CONNECTION)
    return stored(one.on, one.hand_over).follow_up_asked > before


def happened(one: Sent) -> None:
    """What was done is found by polling and seen to; found once more, nothing comes of it."""
    assert polled(one)
    looked(one.on, one.hand_over)
    before = (one.amounts(), one.states())
    looked_at_again(one)
    assert (one.amounts(), one.states()) == before


def looked_at_again(one: Sent) -> None:
    """Somebody looks without any news: after hours because something waits, or by hand."""
    with one.on.deployment.databases.main.begin() as connection:
        follow_ups.ask_for_look(connection, one.hand_over)
    looked(one.on, one.hand_over)


def skipped(one: Sent) -> None:
    question = the_question(one.on, one.hand_over)
    follow_ups.skip(one.on.deployment.databases.main, question.id, by="Eva", reason="Utrett.")
    looked(one.on, one.hand_over)


def reported(one: Sent) -> None:
    question = the_question(one.on, one.hand_over)
    assert question.may_report
    follow_ups.report_it(one.on.deployment.databases.main, question.id, by="Eva")
    looked(one.on, one.hand_over)


def registered_days_ago(one: Sent, days: int) -> None:
    """Let the hand-over have been made some days ago."""
    table = tables.hand_overs
    moved = {name: table.c[name] - days * 86_400.0 for name in ("attempted_at", "registered_at")}
    with one.on.deployment.databases.main.begin() as connection:
        connection.execute(update(table).where(table.c.id == one.hand_over).values(moved))


@contextmanager
def awaiting_bank(on: Stage) -> Iterator[None]:
    """A company that matches its payments with the bank."""
    db, settings = on.deployment.databases.main, on.deployment.connection(CONNECTION).settings
    host = {**settings.host, "payments_await_bank": True}
    connections.save_settings(db, CONNECTION, settings.model_copy(update={"host": host}))
    yield
    connections.save_settings(db, CONNECTION, settings)


def shown(books: Books, one: Sent) -> dict[str, Any]:
    """What Odoo's fields show, once Amili's cases were read and whatever changed was told."""
    case_reading.read(one.on.deployment, lambda _: None, DEFAULT_ACCESS)
    for hand_over in hand_overs.unfinished(one.on.deployment.databases.main):
        write_back(one.on.deployment, hand_over.id)
    return books.move(one.invoice, CASE_ID, STATUS, FINDINGS)


def bank_day(day: date) -> str:
    return f"{day:%a, %d %b %Y}"


def test_a_part_payment_is_a_creditor_payment_of_its_amount_and_day(on: Stage, books: Books) -> None:
    one = sent(on, books)
    books.pay(one.invoice, kr("400.57"))
    happened(one)
    (body,) = bodies(on, str(one.invoice))
    (row,) = rows(on, one.hand_over)
    assert (body["amount"], body["currency"], body["origin"]) == (kr("400.57"), "SEK", "creditor_system")
    assert body["creditor_payment_reference"] == follow_ups.reference_of(stored(on, one.hand_over), row)
    assert one.days() == [bank_day(today())]
    assert (row.state, row.settled, one.remaining) == (FollowUpState.REPORTED, kr("400.57"), one.capital - kr("400.57"))
    fields = shown(books, one)
    assert fields[CASE_ID] == stored(on, one.hand_over).case_id
    assert fields[STATUS].startswith("Hos Amili")
    assert not fields[FINDINGS]


def test_two_part_payments_and_the_rest_by_a_bank_line_pay_the_case(on: Stage, books: Books) -> None:
    one = sent(on, books)
    books.pay(one.invoice, kr(300))
    books.pay(one.invoice, kr(300))
    happened(one)
    rest = one.capital - 600
    books.match_bank_line(books.statement_line(float(rest), books.customer_of(one.invoice)), one.invoice)
    happened(one)
    assert one.amounts() == [("payment", kr(300)), ("payment", kr(300)), ("payment", rest)]
    assert (one.remaining, one.asks(), books.balance(one.invoice)) == (kr(0), [], kr(0))
    assert shown(books, one)[STATUS].startswith("Avslutat hos Amili")


def test_a_payment_of_all_that_is_open_pays_the_case(on: Stage, books: Books) -> None:
    one = sent(on, books)
    books.pay(one.invoice)
    happened(one)
    assert (one.amounts(), one.remaining, one.asks()) == ([("payment", one.capital)], kr(0), [])


def test_a_credit_in_part_is_a_crediting_with_the_credit_notes_number(on: Stage, books: Books) -> None:
    one = sent(on, books)
    note = books.credit(one.invoice, 200.5)
    happened(one)
    (body,) = bodies(on, str(one.invoice))
    assert (body["credit_invoice"], one.amounts()) == (on.number(str(note)), [("crediting", kr("200.50"))])
    assert one.remaining == one.capital - kr("200.50")


def test_a_credit_in_full_is_a_crediting_and_no_withdrawal(on: Stage, books: Books) -> None:
    one = sent(on, books)
    books.credit(one.invoice)
    happened(one)
    assert books.move(one.invoice, "payment_state")["payment_state"] == "reversed"
    assert (one.amounts(), one.remaining, one.asks()) == ([("crediting", one.capital)], kr(0), [])
    assert stored(on, one.hand_over).state is not HandOverState.WITHDRAWN
    assert shown(books, one)[STATUS].startswith("Avslutat hos Amili")


def test_paid_in_part_and_credited_in_full_credits_the_rest_and_asks_about_what_is_left(
    on: Stage, books: Books
) -> None:
    one = sent(on, books)
    books.pay(one.invoice, kr(100))
    happened(one)
    books.credit(one.invoice)
    happened(one)
    assert one.amounts() == [("payment", kr(100)), ("crediting", one.capital - 100)]
    assert (one.remaining, one.asks()) == (kr(0), ["untied_credit"])


@pytest.mark.parametrize("first", ["credit", "payment"])
def test_in_whatever_order_credits_and_payments_come_the_sums_are_the_same(on: Stage, books: Books, first: str) -> None:
    one = sent(on, books)
    for step in ("credit", "payment") if first == "credit" else ("payment", "credit"):
        books.credit(one.invoice, 250.0) if step == "credit" else books.pay(one.invoice, kr("250.00"))
        happened(one)
    assert sorted(one.amounts()) == [("crediting", kr(250)), ("payment", kr(250))]
    assert one.remaining == one.capital - 500 == books.balance(one.invoice)


def test_a_payment_taken_off_before_it_was_reported_leaves_nothing(on: Stage, books: Books) -> None:
    one = sent(on, books)
    books.pay(one.invoice, kr(400))
    assert polled(one)
    books.unmatch(one.invoice)
    assert polled(one)
    looked(on, one.hand_over)
    assert (one.amounts(), one.asks(), one.states()) == ([], [], [])


def test_a_reported_payment_taken_off_is_asked_and_matched_again_it_is_the_same(on: Stage, books: Books) -> None:
    one = sent(on, books)
    payment = books.pay(one.invoice, kr(400))
    happened(one)
    books.unmatch(one.invoice)
    happened(one)
    assert (one.asks(), the_question(on, one.hand_over).amount) == (["reversed"], kr(400))
    assert one.remaining == one.capital - 400, "it cannot be taken back from here"
    books.match_payment(one.invoice, payment)
    happened(one)
    assert (one.amounts(), one.asks()) == ([("payment", kr(400))], [])


def test_a_reported_payment_that_is_cancelled_stops_the_rest_until_a_person_has_answered(
    on: Stage, books: Books
) -> None:
    one = sent(on, books)
    payment = books.pay(one.invoice, kr(400))
    happened(one)
    books.payment(payment, "action_draft")
    books.payment(payment, "action_cancel")
    books.pay(one.invoice, kr(150))
    happened(one)
    assert (one.amounts(), one.asks()) == ([("payment", kr(400))], ["reversed"])
    skipped(one)
    assert (one.amounts(), one.asks()) == ([("payment", kr(400)), ("payment", kr(150))], [])


def test_a_payment_put_back_to_draft_waits_though_odoo_keeps_it_matched(on: Stage, books: Books) -> None:
    one = sent(on, books)
    payment = books.pay(one.invoice, kr(400))
    books.payment(payment, "action_draft")
    assert books.balance(one.invoice) == one.capital - 400
    assert polled(one)
    outcome = one_round(on, one.hand_over)
    assert (outcome.then, outcome.after_s, one.amounts()) == (Then.AGAIN_FIRST, LOOK_AGAIN_S, [])
    books.payment(payment, "action_post")
    happened(one)
    assert one.amounts() == [("payment", kr(400))]
    written = books.move(one.invoice, "write_date")
    books.payment(payment, "action_draft")
    assert books.move(one.invoice, "write_date") == written, "nothing of it shows on the invoice"
    happened(one)
    assert one.asks() == ["reversed"]
    books.payment(payment, "action_post")
    happened(one)
    assert (one.amounts(), one.asks()) == ([("payment", kr(400))], [])


@needs(18, 19, why="a payment has no state beside its entry's")
def test_a_reported_payment_that_is_rejected_is_asked_though_the_invoice_does_not_change(
    on: Stage, books: Books
) -> None:
    one = sent(on, books)
    payment = books.pay(one.invoice, kr(400))
    happened(one)
    polled(one)
    written = books.move(one.invoice, "write_date")
    books.payment(payment, "action_reject")
    assert books.move(one.invoice, "write_date") == written
    happened(one)
    assert (one.amounts(), one.asks()) == ([("payment", kr(400))], ["reversed"])


@needs(18, 19, why="a payment has no state beside its entry's")
def test_a_payment_that_is_rejected_before_it_was_reported_is_asked_and_not_reported(on: Stage, books: Books) -> None:
    one = sent(on, books)
    books.payment(books.pay(one.invoice, kr(400)), "action_reject")
    happened(one)
    assert (one.amounts(), one.asks()) == ([], ["rejected"])


def test_a_payment_of_before_the_case_that_is_booked_late_in_a_locked_period_is_asked(on: Stage, books: Books) -> None:
    one = sent(on, books)
    with books.closed_until(today() - timedelta(days=20)):
        books.pay(one.invoice, kr(400), payment_date=(today() - timedelta(days=40)).isoformat())
    happened(one)
    assert (one.amounts(), one.asks()) == ([], ["before_case"])


def test_a_draft_whose_amount_is_changed_is_no_payment_of_the_invoice_any_more(on: Stage, books: Books) -> None:
    one = sent(on, books)
    payment = books.pay(one.invoice, kr(400))
    happened(one)
    books.payment(payment, "action_draft")
    books.client.call("account.payment", "write", ids=[payment], vals={"amount": 300.0})
    books.payment(payment, "action_post")
    happened(one)
    assert one.asks() == ["reversed"]
    books.match_payment(one.invoice, payment)
    happened(one)
    assert (one.amounts(), the_question(on, one.hand_over).amount) == ([("payment", kr(400))], kr(100))


def test_a_credit_note_put_back_to_draft_waits_and_a_reported_one_that_is_cancelled_is_asked(
    on: Stage, books: Books
) -> None:
    one = sent(on, books)
    note = books.credit(one.invoice, 200.0)
    books.to_draft(note)
    assert polled(one)
    outcome = one_round(on, one.hand_over)
    assert (outcome.then, outcome.after_s, one.amounts()) == (Then.AGAIN_FIRST, LOOK_AGAIN_S, [])
    books.post(note)
    looked_at_again(one)
    assert one.amounts() == [("crediting", kr(200))]
    books.to_draft(note)
    books.cancel(note)
    happened(one)
    assert (one.amounts(), one.asks()) == ([("crediting", kr(200))], ["reversed"])


def test_an_invoice_reset_to_draft_is_asked_until_it_is_posted_again(on: Stage, books: Books) -> None:
    one = sent(on, books)
    books.pay(one.invoice, kr(400))
    happened(one)
    number = on.number(str(one.invoice))
    books.to_draft(one.invoice)
    happened(one)
    assert one.asks() == ["invoice_draft"]
    books.post(one.invoice)
    happened(one)
    assert (one.asks(), one.amounts(), on.number(str(one.invoice))) == ([], [("payment", kr(400))], number)


def test_an_invoice_that_is_cancelled_is_asked_once(on: Stage, books: Books) -> None:
    one = sent(on, books)
    books.pay(one.invoice, kr(400))
    happened(one)
    books.to_draft(one.invoice)
    books.cancel(one.invoice)
    happened(one)
    assert (one.asks(), one.amounts()) == (["invoice_cancelled"], [("payment", kr(400))])


def test_what_was_written_off_with_a_payment_is_asked_and_only_the_money_reported(on: Stage, books: Books) -> None:
    one = sent(on, books)
    books.pay_and_write_off(one.invoice, kr("10.50"))
    assert books.balance(one.invoice) == 0
    happened(one)
    assert one.amounts() == [("payment", one.capital - kr("10.50"))]
    assert (one.remaining, one.asks()) == (kr("10.50"), ["write_off"])
    assert the_question(on, one.hand_over).amount == kr("10.50")


def test_of_an_overpayment_the_rest_is_asked_until_it_is_matched_elsewhere(on: Stage, books: Books) -> None:
    one = sent(on, books)
    payment = books.pay(one.invoice, one.capital + 250)
    happened(one)
    assert (one.amounts(), one.asks()) == ([("payment", one.capital)], ["surplus"])
    assert the_question(on, one.hand_over).amount == kr(250)
    other = books.invoice(books.customer_of(one.invoice))
    books.match_payment(other, payment)
    looked_at_again(one)
    assert (one.amounts(), one.asks()) == ([("payment", one.capital)], [])


def test_a_payment_dated_before_the_case_is_asked_and_reported_by_a_person(on: Stage, books: Books) -> None:
    one = sent(on, books)
    books.pay(one.invoice, kr(400), payment_date=BEFORE.isoformat())
    happened(one)
    assert (one.amounts(), one.asks()) == ([], ["before_case"])
    reported(one)
    assert (one.amounts(), one.asks(), one.days()) == ([("payment", kr(400))], [], [bank_day(BEFORE)])


def test_of_one_bank_line_for_two_invoices_each_case_gets_its_part_with_the_banks_day(on: Stage, books: Books) -> None:
    one = sent(on, books)
    two = sent(on, books, books.customer_of(one.invoice))
    for each in (one, two):
        registered_days_ago(each, 5)
    line = books.statement_line(float(one.capital + 700), books.customer_of(one.invoice), day=YESTERDAY)
    books.match_bank_line(line, one.invoice, two.invoice)
    assert polled(one)
    for each in (one, two):
        looked(on, each.hand_over)
        assert (each.asks(), each.days()) == ([], [bank_day(YESTERDAY)])
    assert (one.amounts(), two.amounts()) == ([("payment", one.capital)], [("payment", kr(700))])


def test_one_payment_of_two_invoices_is_the_part_of_each(on: Stage, books: Books) -> None:
    one = sent(on, books)
    two = sent(on, books, books.customer_of(one.invoice))
    books.pay_together(one.invoice, two.invoice)
    assert polled(one)
    for each in (one, two):
        looked(on, each.hand_over)
        assert (each.amounts(), each.asks(), each.remaining) == ([("payment", each.capital)], [], kr(0))


def test_an_entry_without_money_is_asked_and_reported_only_by_a_person(on: Stage, books: Books) -> None:
    one = sent(on, books)
    books.offset(one.invoice, kr(400))
    happened(one)
    assert (one.amounts(), one.asks()) == ([], ["no_receipt"])
    reported(one)
    assert (one.amounts(), one.asks()) == ([("payment", kr(400))], [])


def test_a_bank_line_that_is_undone_and_matched_again_is_reported_once(on: Stage, books: Books) -> None:
    one = sent(on, books)
    line = books.statement_line(400.0, books.customer_of(one.invoice))
    books.match_bank_line(line, one.invoice)
    happened(one)
    books.undo_bank_line(line)
    happened(one)
    assert one.asks() == ["reversed"]
    books.match_bank_line(line, one.invoice)
    happened(one)
    assert (one.amounts(), one.asks()) == ([("payment", kr(400))], [])


def test_where_payments_are_matched_with_the_bank_one_waits_for_it_and_is_of_its_day(on: Stage, books: Books) -> None:
    one = sent(on, books)
    registered_days_ago(one, 5)
    with awaiting_bank(on):
        payment = books.pay(one.invoice, kr(400), payment_date=BEFORE.isoformat())
        assert polled(one)
        outcome = one_round(on, one.hand_over)
        assert (outcome.then, outcome.after_s, one.amounts()) == (Then.AGAIN_FIRST, LOOK_AGAIN_S, [])
        books.seen_by_bank(payment, day=YESTERDAY)
        looked_at_again(one)
    assert (one.amounts(), one.days(), one.asks()) == ([("payment", kr(400))], [bank_day(YESTERDAY)], [])


def test_that_a_company_begins_to_wait_for_its_bank_takes_nothing_back(on: Stage, books: Books) -> None:
    one = sent(on, books)
    books.pay(one.invoice, kr(400))
    happened(one)
    with awaiting_bank(on):
        looked_at_again(one)
    assert (one.amounts(), one.asks()) == ([("payment", kr(400))], [])


def test_two_payments_that_came_in_one_bank_line_are_two_at_amili(on: Stage, books: Books) -> None:
    one = sent(on, books)
    registered_days_ago(one, 5)
    with awaiting_bank(on):
        payments = [books.pay(one.invoice, kr(amount)) for amount in (300, 200)]
        books.seen_by_bank(*payments, day=YESTERDAY)
        happened(one)
    assert sorted(one.amounts()) == [("payment", kr(200)), ("payment", kr(300))]
    assert (one.days(), one.remaining) == ([bank_day(YESTERDAY)] * 2, one.capital - 500)


def changed(books: Books, one: Sent, price: Decimal) -> Decimal:
    """A person puts the invoice back to draft, gives its row another price and posts it; gives what it asks for now."""
    books.to_draft(one.invoice)
    (row,) = books.move(one.invoice, "invoice_line_ids")["invoice_line_ids"]
    vals = {"invoice_line_ids": [(1, row, {"price_unit": float(price)})]}
    books.client.call("account.move", "write", ids=[one.invoice], vals=vals)
    books.post(one.invoice)
    return Decimal(str(books.move(one.invoice, "amount_total")["amount_total"]))


def test_an_invoice_that_is_lowered_is_asked_about_at_once_and_credited_when_a_person_says_so(
    on: Stage, books: Books
) -> None:
    one = sent(on, books)
    now = changed(books, one, kr(1000))
    happened(one)
    question = the_question(on, one.hand_over)
    assert (one.asks(), question.amount, one.amounts()) == (["invoice_lowered"], one.capital - now, [])
    reported(one)
    assert (one.amounts(), one.remaining, one.asks()) == ([("crediting", one.capital - now)], now, [])


def test_an_invoice_with_a_payment_that_is_raised_is_asked_about_at_once(on: Stage, books: Books) -> None:
    one = sent(on, books)
    books.pay(one.invoice, kr(400))
    happened(one)
    now = changed(books, one, one.capital)
    happened(one)
    # A changed amount takes the payment off the invoice.
    assert sorted(one.asks()) == ["invoice_raised", "reversed"]
    (question,) = [row for row in rows(on, one.hand_over) if row.kind is FollowUpKind.RAISED]
    assert (question.amount, question.may_report) == (now - one.capital, False)
    assert one.amounts() == [("payment", kr(400))]


def test_an_invoice_that_is_posted_again_unchanged_asks_nothing(on: Stage, books: Books) -> None:
    one = sent(on, books)
    assert changed(books, one, one.capital / kr("1.25")) == one.capital
    polled(one)
    looked_at_again(one)
    assert (one.amounts(), one.asks()) == ([], [])


def test_a_payment_without_an_entry_in_the_books_waits(on: Stage, books: Books) -> None:
    one = sent(on, books)
    books.pay_without_entry(one.invoice, books.customer_of(one.invoice), 400.0)
    looked_at_again(one)
    outcome = one_round(on, one.hand_over)
    assert (outcome.then, outcome.after_s, one.amounts(), one.asks()) == (Then.AGAIN_FIRST, LOOK_AGAIN_S, [], [])


def test_a_dispute_marked_in_odoo_stops_everything_until_it_is_settled(on: Stage, books: Books) -> None:
    one = sent(on, books)
    on.side.bookkeeper.dispute(str(one.invoice))
    books.pay(one.invoice, kr(400))
    happened(one)
    assert (one.amounts(), one.asks()) == ([], ["disputed"])
    on.side.bookkeeper.settle_dispute(str(one.invoice))
    happened(one)
    assert (one.amounts(), one.asks()) == ([("payment", kr(400))], [])


def test_a_withdrawal_cancels_the_case_once_and_shows_in_odoo(on: Stage, books: Books) -> None:
    one = sent(on, books)
    withdrawal.ask(on.deployment, one.hand_over, by="eva@byran.example", reason="Fel kund.")
    looked(on, one.hand_over)
    books.pay(one.invoice, kr(400))
    polled(one)
    looked(on, one.hand_over)
    number = on.number(str(one.invoice))
    assert [one.kind for one in on.amili.actions.values() if one.case.invoice_number == number] == ["cancellation"]
    assert stored(on, one.hand_over).state is HandOverState.WITHDRAWN
    assert shown(books, one)[STATUS] == "Återkallat hos Amili"
