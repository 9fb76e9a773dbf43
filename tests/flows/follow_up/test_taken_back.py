"""What the ledger takes back of money that Amili knows, where its invoice does not change: noticed, and asked about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from connector.domain.dates import today
from connector.flows.events import following
from connector.flows.reconcile.reconcile import reconcile
from connector.sandbox.odoo import oddities, settling
from connector.sandbox.odoo.books import Books
from tests.flows.follow_up_steps import AtAmili, actions, followed, kr, looked, questions, sent
from tests.flows.hand_over_steps import stored
from tests.flows.stage import CONNECTION, Stage

CHANGES = [settling.payment_to_draft, oddities.reject_payment]


def registered(on: Stage, invoice: str, amount: int, *, days_ago: int = 0) -> int:
    """A payment that somebody registers by hand; gives its id."""
    day = today() - timedelta(days=days_ago)
    on.ledger.books.pay(int(invoice), kr(amount), day=day, by_bank=False)
    return settling.payments_of(on.ledger.books, int(invoice))[-1]


def polled(on: Stage, hand_over: str) -> bool:
    """The ledger is polled; gives whether a look was asked for."""
    before = stored(on, hand_over).follow_up_asked
    following.poll(on.deployment, CONNECTION)
    return stored(on, hand_over).follow_up_asked > before


@pytest.mark.parametrize("change", CHANGES, ids=lambda one: one.__name__)
def test_a_reported_payment_that_is_taken_back_is_asked_about_after_the_next_poll(
    on: Stage, change: Callable[[Books, int], None]
) -> None:
    invoice, hand_over = sent(on)
    polled(on, hand_over)
    payment = registered(on, invoice, 400)
    assert polled(on, hand_over)
    looked(on, hand_over)
    assert (actions(on, invoice), questions(on, hand_over)) == ([AtAmili("payment", kr(400), "completed")], [])
    assert not polled(on, hand_over)

    written = on.ledger.books.field(int(invoice), "write_date")
    change(on.ledger.books, payment)
    assert on.ledger.books.field(int(invoice), "write_date") == written
    assert polled(on, hand_over)
    looked(on, hand_over)
    assert questions(on, hand_over) == ["reversed"]
    assert len(actions(on, invoice)) == 1
    assert not polled(on, hand_over)

    settling.post_payment_again(on.ledger.books, payment)
    assert polled(on, hand_over)
    looked(on, hand_over)
    assert questions(on, hand_over) == []


@pytest.mark.parametrize("change", CHANGES, ids=lambda one: one.__name__)
def test_the_nightly_comparison_notices_it_too(on: Stage, change: Callable[[Books, int], None]) -> None:
    invoice, hand_over = sent(on)
    payment = registered(on, invoice, 400)
    followed(on, hand_over)
    change(on.ledger.books, payment)
    asked = stored(on, hand_over).follow_up_asked
    reconcile(on.deployment, on.deployment.connection(CONNECTION))
    assert stored(on, hand_over).follow_up_asked == asked + 1
    looked(on, hand_over)
    assert questions(on, hand_over) == ["reversed"]


def test_a_credit_note_that_is_put_back_to_draft_is_noticed(on: Stage) -> None:
    invoice, hand_over = sent(on)
    note = on.ledger.books.credit(int(invoice), kr(100))
    followed(on, hand_over)
    polled(on, hand_over)
    settling.to_draft(on.ledger.books, note)
    assert polled(on, hand_over)
    looked(on, hand_over)
    assert questions(on, hand_over) == ["reversed"]


def test_a_payment_that_was_rejected_before_it_was_reported_is_no_money(on: Stage) -> None:
    invoice, hand_over = sent(on)
    payment = registered(on, invoice, 400)
    oddities.reject_payment(on.ledger.books, payment)
    followed(on, hand_over)
    assert (actions(on, invoice), questions(on, hand_over)) == ([], ["rejected"])
    # Somebody takes it off the invoice: nobody need say anything more.
    settling.unmatch_all(on.ledger.books, int(on.ledger.records.get("account.payment", payment)["move_id"]))
    followed(on, hand_over)
    assert (actions(on, invoice), questions(on, hand_over)) == ([], [])


def test_a_payment_whose_entry_is_reversed_after_it_was_reported_is_asked_about(on: Stage) -> None:
    invoice, hand_over = sent(on)
    payment = registered(on, invoice, 400)
    followed(on, hand_over)
    oddities.reverse_payment(on.ledger.books, payment)
    followed(on, hand_over)
    assert questions(on, hand_over) == ["reversed"]


def test_a_payment_of_before_the_case_that_is_booked_late_is_asked_about(on: Stage) -> None:
    invoice, hand_over = sent(on)
    on.ledger.books.locked_until = today() - timedelta(days=1)
    registered(on, invoice, 400, days_ago=30)
    followed(on, hand_over)
    assert (actions(on, invoice), questions(on, hand_over)) == ([], ["before_case"])
    on.ledger.books.locked_until = None
    registered(on, invoice, 300)
    followed(on, hand_over)
    assert actions(on, invoice) == [AtAmili("payment", kr(300), "completed")]


def test_a_bank_line_that_is_short_for_several_invoices_is_asked_about(on: Stage) -> None:
    invoice, hand_over = sent(on)
    other = on.invoice()
    line = on.ledger.books.receive(kr(2450))
    oddities.match_bank_line_short(on.ledger.books, line, int(invoice), int(other))
    followed(on, hand_over)
    assert (actions(on, invoice), questions(on, hand_over)) == ([], ["no_receipt"])
