"""How far receipts are booked in Odoo: by each bank journal, and by real receipts alone
(RULES.md, "How far receipts are booked")."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from pydantic import SecretStr

from connector.domain.dates import today
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.documents import last_bank_entry, receipts_by_journal
from connector.remote.policy import HttpPolicy
from connector.sandbox.odoo import chart
from connector.sandbox.odoo.app import create_odoo
from connector.sandbox.odoo.books import Books, InvoiceLine
from connector.sandbox.odoo.state import OdooState
from connector.sandbox.shared.serve import running
from tests.hosts.odoo.recorded_documents import SETTINGS

SECOND = 13
Happening = Callable[[Books], object]


def ago(days: int) -> date:
    return today() - timedelta(days=days)


def invoice(books: Books) -> int:
    return books.add_invoice(books.add_customer("Annan AB"), [InvoiceLine("Arbete", Decimal(900))], due_days_ago=5)


def received(books: Books, days: int, *, journal: int = chart.BANK_JOURNAL, amount: int = 500) -> None:
    line = books.receive(Decimal(amount), day=ago(days))
    books.records.update("account.bank.statement.line", line, {"journal_id": journal})


def many(books: Books, count: int) -> None:
    for _ in range(count):
        received(books, 1)


def by_hand(books: Books, days: int, *, journal: int = chart.BANK_JOURNAL, outbound: bool = False) -> None:
    payment = books.prepay(books.add_customer("Leverantör AB"), Decimal(4000), day=ago(days))
    values = {"payment_type": "outbound", "partner_type": "supplier"} if outbound else {}
    books.records.update("account.payment", payment, {"journal_id": journal, **values})


def both(*happenings: Happening) -> Happening:
    return lambda books: [one(books) for one in happenings]


CASES: dict[str, tuple[Happening, int | None]] = {
    "the last line with money in": (lambda books: received(books, 21), 21),
    "a payment by hand tells nothing": (
        both(lambda b: received(b, 21), lambda b: b.pay(invoice(b), by_bank=False)),
        21,
    ),
    "a payment to a supplier tells nothing": (
        both(lambda b: received(b, 21), lambda b: by_hand(b, 0, outbound=True)),
        21,
    ),
    "a line with money out tells nothing": (both(lambda b: received(b, 21), lambda b: received(b, 1, amount=-80)), 21),
    "a journal that is behind decides": (
        both(lambda b: received(b, 1), lambda b: received(b, 21, journal=SECOND)),
        21,
    ),
    "one that nobody has paid on for long does not": (
        both(lambda b: received(b, 1), lambda b: received(b, 91, journal=SECOND)),
        1,
    ),
    "one whose bank is not read any more does, while payments are entered": (
        both(
            lambda b: received(b, 1),
            lambda b: received(b, 120, journal=SECOND),
            lambda b: by_hand(b, 2, journal=SECOND),
        ),
        120,
    ),
    "without any bank line payments tell": (lambda books: by_hand(books, 4), 4),
    "also beside a journal that has lines": (
        both(lambda b: received(b, 1), lambda b: by_hand(b, 4, journal=SECOND)),
        4,
    ),
    "many receipts hide no other journal": (
        both(lambda b: many(b, 101), lambda b: received(b, 21, journal=SECOND)),
        21,
    ),
    "nothing came in lately: the last of all": (lambda books: received(books, 200), 200),
    "nothing ever": (lambda books: None, None),
    "later than today": (lambda books: received(books, -2), None),
}


@pytest.mark.parametrize("name", CASES)
def test_real_receipts_tell_how_far_the_bank_is_booked(name: str) -> None:
    happens, days = CASES[name]
    state = OdooState()
    books = state.books
    for model in ("account.bank.statement.line", "account.payment"):
        for number in books.records.search(model, [], order="id"):
            books.records.update(model, number, {"amount": Decimal(-1)})
    for number, day in ((chart.BANK_JOURNAL, "Bank"), (SECOND, "Bank 2")):
        if number == SECOND:
            values = {"name": day, "type": "bank", "code": "BNK2", "active": True, "company_id": 1}
            books.records.create("account.journal", values, identifier=number)
    happens(books)
    with running(create_odoo(state)) as url:
        client = OdooClient(url, state.database, SecretStr(state.api_key), http=HttpPolicy(allow_private=True))
        entry = last_bank_entry(client, SETTINGS)
        journals = receipts_by_journal(client, SETTINGS)

    assert (entry["date"] if entry else None) == (ago(days).isoformat() if days is not None else None)
    assert len({one["journal_id"][0] for one in journals}) == len(journals)
