"""Following the changes of the Fortnox sandbox: all that matters is found, and little is asked for it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from connector.domain.invoice import InvoiceState, Standing
from connector.hosts.base import Changes
from connector.sandbox.fortnox import settling
from connector.sandbox.fortnox.switches import Zone
from tests.hosts.contract import followed
from tests.hosts.fortnox.sandbox_ledger import SandboxLedger

LISTS = Counter({"GET /3/invoices": 1, "GET /3/invoicepayments": 1})
READ = "GET /3/invoices/{number}"


def polled(ledger: SandboxLedger, cursor: str) -> tuple[list[Changes], Counter[str]]:
    """The pages since `cursor`, and the calls that they took."""
    before = ledger.calls()
    pages = list(ledger.host.changes(cursor, now=datetime.now(UTC)))
    return pages, ledger.calls() - before


def test_payments_and_credits_are_found_by_polling(ledger: SandboxLedger) -> None:
    paid, part_paid, credited, untouched = (ledger.overdue_invoice() for _ in range(4))
    _, cursor = followed(ledger.host, "")
    ledger.pay(paid, paid.total)
    ledger.pay(part_paid, Decimal("100.00"))
    ledger.credit(credited, credited.total)

    found, cursor = followed(ledger.host, cursor)

    assert found[paid.id] == Standing(state=InvoiceState.BOOKED, balance=Decimal("0.00"))
    assert found[part_paid.id] == Standing(state=InvoiceState.BOOKED, balance=part_paid.total - 100)
    assert found[credited.id].kind == "settled"
    assert untouched.id not in found or found[untouched.id].kind == "open"
    again, _ = followed(ledger.host, cursor)
    assert found.items() <= again.items()


@pytest.mark.parametrize("zone", Zone)
@pytest.mark.parametrize("inclusive", [True, False])
def test_changes_are_found_in_whichever_zone_fortnox_reads_the_time(
    ledger: SandboxLedger, zone: Zone, inclusive: bool
) -> None:
    ledger.switch(lastmodified_zone=zone, lastmodified_inclusive=inclusive)
    made = ledger.overdue_invoice()
    _, cursor = followed(ledger.host, "")
    ledger.pay(made, Decimal("10.00"))

    found, _ = followed(ledger.host, cursor)

    assert found[made.id].balance == made.total - 10


def test_a_hundred_payments_are_named_and_none_of_their_invoices_is_read(ledger: SandboxLedger) -> None:
    with ledger.yesterday():
        paid = [ledger.overdue_invoice() for _ in range(100)]
    _, cursor = followed(ledger.host, "")
    for invoice in paid:
        ledger.pay(invoice, Decimal("10.00"))

    for _ in range(3):
        pages, calls = polled(ledger, cursor)
        cursor = pages[-1].cursor

        assert touched(pages) == {invoice.id for invoice in paid}
        assert calls == LISTS


def test_a_credit_invoice_is_read_once_and_its_invoice_named_at_every_poll(ledger: SandboxLedger) -> None:
    with ledger.yesterday():
        credited = [ledger.overdue_invoice() for _ in range(3)]
    _, cursor = followed(ledger.host, "")
    for invoice in credited:
        ledger.credit(invoice, Decimal("10.00"))

    for reads in (3, 0, 0):
        pages, calls = polled(ledger, cursor)
        cursor = pages[-1].cursor

        assert touched(pages) == {invoice.id for invoice in credited}
        assert calls[READ] == reads
    assert calls == LISTS


def test_a_credit_invoice_that_comes_to_refer_to_an_invoice_is_seen(ledger: SandboxLedger) -> None:
    with ledger.yesterday():
        made = ledger.overdue_invoice()
    _, cursor = followed(ledger.host, "")
    with ledger.state.lock:
        note = settling.credit(ledger.books, made.id, Decimal("50.00"), referenced=False, booked=False)
    pages, _ = polled(ledger, cursor)
    assert made.id not in touched(pages)
    with ledger.state.lock:
        ledger.books.set_invoice(note, CreditInvoiceReference=made.id, Credit="true")

    pages, _ = polled(ledger, pages[-1].cursor)

    assert made.id in touched(pages)


def test_what_was_sent_by_the_cash_method_is_named_and_not_read(ledger: SandboxLedger) -> None:
    ledger.books.facts.accounting_method = "CASH"
    _, cursor = followed(ledger.host, "")
    sent = [ledger.unbooked_invoice() for _ in range(3)]

    pages, calls = polled(ledger, cursor)

    assert touched(pages) == {invoice.id for invoice in sent}
    assert calls == LISTS
    assert followed(ledger.host, cursor)[0][sent[0].id].state is InvoiceState.BOOKED


def test_a_cursor_of_an_earlier_release_is_taken(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()

    found, cursor = followed(ledger.host, datetime.now(UTC).isoformat(timespec="seconds"))

    assert found[made.id].balance == made.total
    assert cursor


def touched(pages: list[Changes]) -> set[str]:
    return {number for page in pages for number in page.touched}


DISPUTED = "Bestridd"


def test_disputed_invoices_are_named_and_held_at_every_poll(ledger: SandboxLedger) -> None:
    """That a label was set need not move the invoice's modified time."""
    with ledger.yesterday():
        disputed, other = ledger.overdue_invoice(), ledger.overdue_invoice()
    host = ledger.host_with(dispute_label=DISPUTED)
    _, cursor = followed(host, "")
    ledger.label(disputed, "VIP", DISPUTED)

    for _ in range(2):
        found, cursor = followed(host, cursor)
        assert found[disputed.id] == Standing(state=InvoiceState.BOOKED, balance=disputed.total, held=True)
        assert other.id not in found

    ledger.label(disputed, "VIP")
    assert host.standings([disputed.id])[disputed.id].held is False


def test_what_else_changed_of_a_disputed_invoice_does_not_hide_the_dispute(ledger: SandboxLedger) -> None:
    disputed = ledger.overdue_invoice()
    host = ledger.host_with(dispute_label=DISPUTED)
    _, cursor = followed(host, "")
    ledger.label(disputed, DISPUTED)
    ledger.pay(disputed, Decimal("10.00"))

    found, _ = followed(host, cursor)

    assert found[disputed.id] == Standing(state=InvoiceState.BOOKED, balance=disputed.total - 10, held=True)


def test_without_a_label_of_disputes_nothing_is_asked_for_it(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    _, cursor = followed(ledger.host, "")
    before = ledger.calls()

    list(ledger.host.changes(cursor, now=datetime.now(UTC)))
    assert ledger.calls() - before == LISTS
    ledger.host.standings([made.id])
    assert (ledger.calls() - before)["GET /3/labels"] == 0
