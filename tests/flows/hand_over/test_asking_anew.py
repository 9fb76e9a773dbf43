"""A label in Fortnox that was answered asks again only after it was away: nobody sends what somebody withdrew by it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from connector.domain.hand_over import HandOverState, Origin
from connector.flows.events import following
from connector.flows.follow_up import withdrawal
from connector.sandbox.fortnox.switches import LockedPut
from connector.store import hand_overs, inbox
from tests.flows.bookkeeping import FortnoxBookkeeper
from tests.flows.follow_up_steps import looked, noticed
from tests.flows.hand_over_steps import begun, codes, driven, let_pass, registrations, stored
from tests.flows.ledgers import REQUEST_LABEL, FortnoxLedger, fortnox_state
from tests.flows.stage import CONNECTION, Stage, stage_with

LONG_S = 601.0


@pytest.fixture(scope="module")
def module_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stage with a Fortnox whose people label booked invoices, which take nothing from us."""
    side = FortnoxLedger(fortnox_state(booked_put=LockedPut.REJECT))
    with stage_with(side, tmp_path_factory.mktemp("stage") / "data") as on:
        yield on


@pytest.fixture(autouse=True)
def the_clock_goes_right_again(on: Stage) -> Iterator[None]:
    yield
    on.amili.now = lambda: datetime.now(UTC)


def keeper(on: Stage) -> FortnoxBookkeeper:
    assert isinstance(on.side, FortnoxLedger)
    return on.side.bookkeeper


def poll(on: Stage) -> None:
    on.side.let_windows_pass(on.deployment)
    following.poll(on.deployment, CONNECTION)


def asks(on: Stage, invoice: str) -> bool:
    """Whether somebody asks for the invoice."""
    return invoice in {item.invoice_id for item in inbox.waiting(on.deployment.databases.inbox)}


def wished(on: Stage, invoice: str) -> str:
    """The hand-over that came of a label, as far as it got."""
    poll(on)
    (item,) = [one for one in inbox.waiting(on.deployment.databases.inbox) if one.invoice_id == invoice]
    assert item.request is not None
    hand_over = begun(on, invoice, origin=Origin.LEDGER, wish_mark=item.request.wish_mark)
    inbox.mark_dispatched(on.deployment.databases.inbox, (item.id,))
    inbox.mark_done(on.deployment.databases.inbox, (item.id,))
    driven(on, hand_over)
    return hand_over


def withdrawn(on: Stage) -> tuple[str, str]:
    """An invoice that was sent by its label and whose case was withdrawn; the label is still on it."""
    invoice = on.invoice(wished_by="Eva")
    hand_over = wished(on, invoice)
    noticed(on, hand_over)
    withdrawal.ask(on.deployment, hand_over, by="eva@byran.example", reason="Fel kund.")
    looked(on, hand_over)
    assert stored(on, hand_over).state is HandOverState.WITHDRAWN
    return invoice, hand_over


def test_a_label_that_stays_on_a_withdrawn_case_asks_for_nothing(on: Stage) -> None:
    invoice, hand_over = withdrawn(on)
    let_pass(on, hand_over, LONG_S)
    for _ in range(3):
        poll(on)
    assert not asks(on, invoice)
    assert stored(on, hand_over).wish_mark


def test_one_that_was_seen_to_be_away_asks_anew_and_a_person_confirms(on: Stage) -> None:
    invoice, hand_over = withdrawn(on)
    keeper(on).unlabel(invoice, REQUEST_LABEL)
    let_pass(on, hand_over, LONG_S)
    poll(on)
    keeper(on).label(invoice, REQUEST_LABEL)
    again = wished(on, invoice)
    assert (stored(on, again).generation, stored(on, again).state) == (1, HandOverState.BLOCKED)
    assert "A10" in codes(on, again)
    assert registrations(on, invoice) == 1
    poll(on)
    assert not asks(on, invoice)


def test_off_and_on_between_two_looks_is_the_same_wish(on: Stage) -> None:
    invoice, hand_over = withdrawn(on)
    let_pass(on, hand_over, LONG_S)
    poll(on)
    keeper(on).unlabel(invoice, REQUEST_LABEL)
    keeper(on).label(invoice, REQUEST_LABEL)
    poll(on)
    assert not asks(on, invoice)


def test_soon_after_the_answer_a_look_without_the_label_proves_nothing(on: Stage) -> None:
    """What is read can be older than what was read before."""
    invoice, _ = withdrawn(on)
    keeper(on).unlabel(invoice, REQUEST_LABEL)
    poll(on)
    keeper(on).label(invoice, REQUEST_LABEL)
    poll(on)
    assert not asks(on, invoice)


def test_a_label_with_another_name_for_a_while_is_the_same_wish(on: Stage) -> None:
    invoice, hand_over = withdrawn(on)
    let_pass(on, hand_over, LONG_S)
    assert isinstance(on.side, FortnoxLedger)
    (label,) = [one for one, text in on.side.books.labels.items() if text == REQUEST_LABEL]
    for name in ("Inkasso", REQUEST_LABEL):
        with on.fortnox.lock:
            on.side.books.rename_label(label, name)
        poll(on)
    assert not asks(on, invoice)


def test_what_was_mended_is_sent_by_labelling_it_again(on: Stage) -> None:
    customer = on.customer(**keeper(on).without_number)
    invoice = on.invoice(customer, wished_by="Eva")
    hand_over = wished(on, invoice)
    assert stored(on, hand_over).state is HandOverState.BLOCKED
    with on.fortnox.lock:
        keeper(on).books.set_customer(customer, OrganisationNumber="556016-0680")
    keeper(on).unlabel(invoice, REQUEST_LABEL)
    let_pass(on, hand_over, LONG_S)
    poll(on)
    keeper(on).label(invoice, REQUEST_LABEL)
    assert wished(on, invoice) == hand_over
    assert stored(on, hand_over).state is HandOverState.REGISTERED


def test_what_is_at_amili_is_not_asked_for_by_labelling_it_again(on: Stage) -> None:
    invoice = on.invoice(wished_by="Eva")
    hand_over = wished(on, invoice)
    keeper(on).unlabel(invoice, REQUEST_LABEL)
    let_pass(on, hand_over, LONG_S)
    poll(on)
    keeper(on).label(invoice, REQUEST_LABEL)
    poll(on)
    assert not asks(on, invoice)
    assert registrations(on, invoice) == 1


def test_a_wish_that_a_case_id_hid_is_no_new_one_once_that_is_gone(on: Stage) -> None:
    """The label stood while the case was shown; somebody then clears the field."""
    invoice = on.invoice(wished_by="Eva")
    hand_over = wished(on, invoice)
    with on.fortnox.lock:
        keeper(on).books.set_invoice(invoice, ExternalInvoiceReference2=f"AMILI:{stored(on, hand_over).case_id}")
    withdrawal.ask(on.deployment, hand_over, by="eva@byran.example", reason="Fel kund.")
    looked(on, hand_over)
    with on.fortnox.lock:
        keeper(on).books.set_invoice(invoice, ExternalInvoiceReference2="")
    poll(on)
    assert not asks(on, invoice)
    found = hand_overs.latest(on.deployment.databases.main, CONNECTION, invoice)
    assert found is not None
    assert found.generation == 0
