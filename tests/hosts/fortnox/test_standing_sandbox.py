"""How many invoices stand in the Fortnox sandbox: by its lists the very same as asked one by one, and far cheaper."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest

from connector.domain.errors import AmountUnreadable
from connector.domain.invoice import InvoiceState, Standing
from connector.hosts.fortnox.standing import WORTH
from connector.sandbox.fortnox import settling
from connector.sandbox.fortnox.documents import Row
from connector.sandbox.fortnox.switches import Empty, ErrorSpelling, ForeignAmount, Oddity
from tests.hosts.fortnox.sandbox_ledger import SandboxLedger

LIST, READ = "GET /3/invoices", "GET /3/invoices/{number}"
GONE = "999999999"


def asked(ledger: SandboxLedger, invoice_ids: Sequence[str]) -> tuple[Mapping[str, Standing], Counter[str]]:
    """How these stand, and the calls that it took."""
    before = ledger.calls()
    found = ledger.host.standings(invoice_ids)
    return found, ledger.calls() - before


def one_by_one(ledger: SandboxLedger, invoice_ids: Sequence[str]) -> dict[str, Standing]:
    found: dict[str, Standing] = {}
    for invoice_id in invoice_ids:
        found |= ledger.host.standings([invoice_id])
    return found


def many(ledger: SandboxLedger, count: int, **values: Any) -> list[str]:
    """So many invoices of one customer."""
    with ledger.state.lock:
        customer = ledger.books.add_customer("Storkund AB")
        rows = [Row("Konsulttimme", Decimal(1000))]
        return [ledger.books.add_invoice(customer, rows, due_days_ago=45, **values) for _ in range(count)]


def every_kind(ledger: SandboxLedger) -> dict[str, str]:
    """An invoice of each kind that we can think of, by what it is."""
    books = ledger.books
    kinds: dict[str, dict[str, Any]] = {
        "open": {},
        "part paid": {},
        "paid": {},
        "paid too much": {},
        "paid, not booked": {},
        "written off": {},
        "payment undone": {},
        "credited in part": {},
        "credited": {},
        "credited by nothing booked": {},
        "interest": {"InvoiceType": "INTRESTINVOICE"},
        "cash": {"InvoiceType": "CASHINVOICE"},
        "at Fortnox Finans": {"NoxFinans": True},
        "in euro": {"Currency": "EUR", "CurrencyRate": Decimal("11.50")},
        "not due": {"DueDate": "2099-01-01"},
        "draft": {"booked": False, "sent": False},
        "sent, not booked": {"booked": False},
        "cancelled": {"booked": False, "sent": False},
        "not completed": {"booked": False, "sent": False, "NotCompleted": True},
        "not completed and sent": {"booked": False, "NotCompleted": True},
        "booked, not completed": {"NotCompleted": True},
        "cash method, sent": {"booked": False, "AccountingMethod": "CASH"},
        "cash method, sent and cancelled": {"booked": False, "AccountingMethod": "CASH"},
        "cash method, sent, not completed": {"booked": False, "AccountingMethod": "CASH", "NotCompleted": True},
        "cash method, draft": {"booked": False, "sent": False, "AccountingMethod": "CASH"},
        "cash method, booked": {"AccountingMethod": "CASH"},
    }
    made = {kind: many(ledger, 1, **values)[0] for kind, values in kinds.items()}
    with ledger.state.lock:
        settling.pay(books, made["part paid"], Decimal("100.00"))
        settling.pay(books, made["paid"])
        settling.pay(books, made["paid too much"], Decimal(2000))
        settling.add_payment(books, made["paid, not booked"], Decimal("300.00"))
        loss = settling.write_off(Decimal("1150.00"))
        settling.pay(books, made["written off"], Decimal("100.00"), write_offs=[loss])
        undone = settling.pay(books, made["payment undone"])
        settling.delete_payment(books, undone, booked_too=True)
        made["credit in part"] = settling.credit(books, made["credited in part"], Decimal("200.00"))
        made["credit"] = settling.credit(books, made["credited"])
        settling.set_off(books, made["credited in part"], made["credit in part"], Decimal("200.00"))
        settling.set_off(books, made["credited"], made["credit"], books.invoice(made["credited"])["Total"])
        made["credit not booked"] = settling.credit(books, made["credited by nothing booked"], booked=False)
        made["credit of nothing"] = settling.credit(books, made["open"], Decimal("50.00"), referenced=False)
        for kind in ("cancelled", "cash method, sent and cancelled"):
            books.cancel(made[kind])
        made["deleted"] = many(ledger, 1, booked=False)[0]
        books.invoices.remove(made["deleted"])
    return made | {"never there": GONE, "no number": "../customers/2001"}


@pytest.mark.parametrize("included", [(), tuple(Oddity)])
@pytest.mark.parametrize("in_sek", [(), tuple(ForeignAmount)])
@pytest.mark.parametrize("empty", Empty)
def test_the_lists_say_what_each_invoice_says(
    ledger: SandboxLedger, included: tuple[Oddity, ...], in_sek: tuple[ForeignAmount, ...], empty: Empty
) -> None:
    ledger.switch(
        overdue_includes=included, amounts_in_sek=in_sek, empty=empty, error_spelling=ErrorSpelling.CAPITALISED
    )
    made = every_kind(ledger)
    singly = one_by_one(ledger, list(made.values()))

    found, calls = asked(ledger, list(made.values()))

    assert {kind: found.get(number) for kind, number in made.items()} == {
        kind: singly.get(number) for kind, number in made.items()
    }
    assert {kind for kind, number in made.items() if number not in found} == {"deleted", "never there", "no number"}
    assert found[made["booked, not completed"]].state is InvoiceState.DRAFT
    assert found[made["cash method, sent"]].state is InvoiceState.BOOKED
    assert found[made["part paid"]].balance == Decimal("1150.00")
    # What was sent and not booked, what is booked and not completed, what is on no page; and few that are not unpaid.
    assert calls == (Counter({LIST: 2, READ: 7 + 5}) if included else Counter({LIST: 3, READ: 7}))


def test_many_invoices_take_a_call_for_five_hundred(ledger: SandboxLedger) -> None:
    made = many(ledger, 1200)

    found, calls = asked(ledger, made)

    assert len(found) == 1200
    assert calls == Counter({LIST: 3 + 1})


def test_what_is_paid_takes_a_call_for_five_hundred_too(ledger: SandboxLedger) -> None:
    with ledger.state.lock:
        paid = many(ledger, 600)
        for invoice in paid:
            settling.pay(ledger.books, invoice)

    found, calls = asked(ledger, [*paid, *many(ledger, 20)])

    assert len(found) == 620
    assert calls == Counter({LIST: 1 + 2 + 1})


def test_few_invoices_are_asked_for_by_themselves(ledger: SandboxLedger) -> None:
    made = many(ledger, WORTH)

    assert asked(ledger, made[1:])[1] == Counter({READ: WORTH - 1})
    assert asked(ledger, made)[1] == Counter({LIST: 1 + 1})


def test_a_list_that_is_long_for_what_is_wanted_is_left_off(ledger: SandboxLedger) -> None:
    made = many(ledger, 1200)

    # The newest come first, so that these would be on the last page.
    found, calls = asked(ledger, made[: 2 * WORTH - 1])

    assert len(found) == 2 * WORTH - 1
    assert calls == Counter({LIST: 1 + 1, READ: 2 * WORTH - 1})


def test_a_long_list_of_uncompleted_invoices_is_left_off(ledger: SandboxLedger) -> None:
    many(ledger, 1200, booked=False, sent=False, NotCompleted=True)
    ledger.switch(overdue_includes=())
    made = many(ledger, WORTH)

    found, calls = asked(ledger, made)

    assert {standing.state for standing in found.values()} == {InvoiceState.BOOKED}
    assert calls == Counter({LIST: 1 + 1, READ: WORTH})


def test_an_invoice_that_no_page_shows_because_rows_moved_is_not_taken_for_gone(ledger: SandboxLedger) -> None:
    made = many(ledger, 1200)
    newest_first = made[::-1]

    def moved() -> None:
        with ledger.state.lock:
            for invoice in newest_first[:5]:
                settling.pay(ledger.books, invoice)

    with ledger.when_answered("GET", "/3/invoices", moved):
        found, calls = asked(ledger, [*made, GONE])

    assert set(found) == set(made)
    assert {found[invoice].kind for invoice in newest_first[500:505]} == {"open"}
    # Too few for the list of all.
    assert calls == Counter({LIST: 3 + 1, READ: 5 + 1})


def test_a_new_invoice_while_pages_are_turned_hides_none(ledger: SandboxLedger) -> None:
    made = many(ledger, 1200)

    def more() -> None:
        many(ledger, 3)

    with ledger.when_answered("GET", "/3/invoices", more):
        found, _ = asked(ledger, made)

    assert set(found) == set(made)


def test_an_amount_that_may_not_be_seen_is_told_by_both_ways(ledger: SandboxLedger) -> None:
    made = many(ledger, WORTH)
    ledger.books.facts.hidden_fields = {"Balance"}

    for wanted in (made[:1], made):
        with pytest.raises(AmountUnreadable):
            ledger.host.standings(wanted)


def test_what_falls_due_later_than_it_did_is_told_alone_and_among_many(ledger: SandboxLedger) -> None:
    ids = many(ledger, WORTH)
    paid, put_off, overdue = ids[0], ids[1], ids[2]
    with ledger.state.lock:
        settling.pay(ledger.books, paid)
        for one in (paid, put_off):
            ledger.books.set_invoice(one, DueDate="2099-01-01")

    for found in (ledger.host.standings(ids), one_by_one(ledger, ids)):
        assert [found[one].put_off for one in (paid, put_off, overdue)] == [False, True, False]
