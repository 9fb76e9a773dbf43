"""The imitation of Odoo does with matched payments and credit notes what was recorded of a real Odoo 19."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from connector.domain.dates import today
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.documents import Extras, fetch
from connector.hosts.odoo.present import Present
from connector.hosts.odoo.translate import translate
from connector.remote.policy import HttpPolicy
from connector.sandbox.odoo import settling
from connector.sandbox.odoo.app import create_odoo
from connector.sandbox.odoo.books import Books, InvoiceLine
from connector.sandbox.odoo.state import OdooState
from connector.sandbox.shared.serve import running
from tests.hosts.odoo.recorded_documents import SETTINGS, document

Made = Callable[[Books, int], None]
YESTERDAY, BEFORE = today() - timedelta(days=1), today() - timedelta(days=3)


def kr(amount: str) -> Decimal:
    return Decimal(amount)


def customer(books: Books, invoice: int) -> int:
    return int(books.field(invoice, "partner_id"))


def register(books: Books, invoice: int, amount: str, *, day: date | None = None) -> int:
    """A payment entered by hand; gives its id."""
    books.pay(invoice, kr(amount), day=day, by_bank=False)
    return settling.payments_of(books, invoice)[-1]


def written_off(books: Books, invoice: int) -> None:
    books.pay(invoice, by_bank=False, written_off=kr("10.50"))


def overpaid(books: Books, invoice: int) -> None:
    books.pay(invoice, books.field(invoice, "amount_residual") + 250, by_bank=False)


def part_paid(books: Books, invoice: int) -> None:
    register(books, invoice, "1000.57")
    register(books, invoice, "200")


def paid(books: Books, invoice: int) -> None:
    books.pay(invoice, by_bank=False)


def part_credited(books: Books, invoice: int) -> None:
    books.credit(invoice, kr("500"))


def credited(books: Books, invoice: int) -> None:
    books.credit(invoice)


def payment_in_draft(books: Books, invoice: int) -> None:
    settling.payment_to_draft(books, register(books, invoice, "500"))


def payment_cancelled(books: Books, invoice: int) -> None:
    payment = register(books, invoice, "500")
    settling.payment_to_draft(books, payment)
    settling.cancel_payment(books, payment)


def unmatched(books: Books, invoice: int) -> None:
    register(books, invoice, "500")
    settling.unmatch_all(books, invoice)


def paid_by_bank(books: Books, invoice: int) -> None:
    line = books.receive(kr("1000"), partner=customer(books, invoice), day=YESTERDAY)
    settling.match_bank_line(books, line, invoice)


def bank_line_redone(books: Books, invoice: int) -> None:
    line = books.receive(kr("1100"), partner=customer(books, invoice), day=YESTERDAY)
    settling.match_bank_line(books, line, invoice)
    settling.undo_bank_line(books, line)
    settling.match_bank_line(books, line, invoice)


def bank_line_undone(books: Books, invoice: int) -> None:
    line = books.receive(kr("1200"), partner=customer(books, invoice), day=YESTERDAY)
    settling.match_bank_line(books, line, invoice)
    settling.undo_bank_line(books, line)


def bank_line_of_two(books: Books, invoice: int) -> None:
    second = books.add_invoice(customer(books, invoice), [InvoiceLine("Mer", kr("6900"))], due_days_ago=45)
    line = books.receive(kr("10000"), partner=customer(books, invoice), day=YESTERDAY)
    settling.match_bank_line(books, line, invoice, second)


def seen_by_bank(books: Books, invoice: int) -> None:
    settling.seen_by_bank(books, register(books, invoice, "700", day=BEFORE), day=YESTERDAY)


def two_seen_by_bank(books: Books, invoice: int) -> None:
    payments = register(books, invoice, "300"), register(books, invoice, "200")
    settling.seen_by_bank(books, *payments, day=YESTERDAY)


def credit_in_draft(books: Books, invoice: int) -> None:
    settling.to_draft(books, books.credit(invoice, kr("400")))


def credit_cancelled(books: Books, invoice: int) -> None:
    note = books.credit(invoice, kr("400"))
    settling.to_draft(books, note)
    settling.cancel(books, note)


def draft_again(books: Books, invoice: int) -> None:
    register(books, invoice, "500")
    settling.to_draft(books, invoice)


SCENARIOS = (
    part_paid,
    paid,
    part_credited,
    credited,
    written_off,
    overpaid,
    payment_in_draft,
    payment_cancelled,
    unmatched,
    paid_by_bank,
    bank_line_redone,
    bank_line_undone,
    bank_line_of_two,
    seen_by_bank,
    two_seen_by_bank,
    credit_in_draft,
    credit_cancelled,
    draft_again,
)


@pytest.fixture
def state() -> OdooState:
    return OdooState()


@pytest.fixture
def client(state: OdooState) -> Iterator[OdooClient]:
    with running(create_odoo(state)) as url:
        yield OdooClient(url, state.database, SecretStr(state.api_key), http=HttpPolicy(allow_private=True))


def like(state: OdooState, recorded: dict[str, Any]) -> int:
    """An invoice of the same lines and dates as a recorded one."""
    lines = [
        InvoiceLine("Arbete", line["price_subtotal"]) for line in recorded["lines"] if line["display_type"] == "product"
    ]
    return state.books.add_invoice(state.books.add_customer("Provkund AB"), lines, due_days_ago=45)


def facts(found: dict[str, Any]) -> dict[str, Any]:
    """What a document says of what was done with its invoice, without numbers, names and the day it was made on."""
    move = found["move"]
    start = date.fromisoformat(move["invoice_date"])

    def days(value: object) -> int | None:
        return (date.fromisoformat(str(value)) - start).days if value else None

    invoice = translate(found, SETTINGS)
    return {
        "move": [move[name] for name in ("state", "payment_state", "amount_total", "amount_residual")],
        "matched": [
            [
                *(line[name] for name in ("move_type", "parent_state", "balance", "received", "bank_matched")),
                *(days(line[name]) for name in ("date", "bank_date")),
                line["bank_line"] is not None,
            ]
            for line in found["matched_lines"]
        ],
        "payments": sorted([one["state"], one["amount"], bool(one["move_id"])] for one in found["payments"]),
        "open": [(one["move_type"], one["amount_residual"]) for one in found["open_credit_lines"]],
        "statement": [one["amount"] for one in found["statement_lines"]],
        "read": (
            [(one.kind, one.amount, days(one.date), one.id.startswith("bank-")) for one in invoice.payments],
            [(one.amount, one.booked) for one in invoice.credit_notes],
            [one.amount for one in invoice.write_offs],
            [(one.amount, bool(one.rest_of)) for one in invoice.unmatched_receipts or ()],
            [one.amount for one in invoice.unapplied_credits or ()],
            invoice.balance,
        ),
    }


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: str(scenario.__name__))
def test_the_imitation_ends_as_the_real_one_did(scenario: Made, state: OdooState, client: OdooClient) -> None:
    recorded = document(scenario.__name__)
    invoice = like(state, recorded)
    scenario(state.books, invoice)
    assert facts(fetch(client, str(invoice), SETTINGS)) == facts(recorded)


def test_a_bank_line_that_is_matched_anew_has_other_rows_and_is_the_same_payment(
    state: OdooState, client: OdooClient
) -> None:
    invoice = like(state, document("paid_by_bank"))
    paid_by_bank(state.books, invoice)
    (before,) = translate(fetch(client, str(invoice), SETTINGS), SETTINGS).payments
    (line,) = settling.bank_lines(state.books)
    settling.undo_bank_line(state.books, line)
    settling.match_bank_line(state.books, line, invoice)
    (after,) = translate(fetch(client, str(invoice), SETTINGS), SETTINGS).payments
    assert after.former_id != before.former_id
    assert after == before.model_copy(update={"former_id": after.former_id})


def test_that_the_company_matches_payments_with_the_bank_is_seen(state: OdooState, client: OdooClient) -> None:
    def seen() -> Extras:
        return Present(client).extras({"allowed_company_ids": [1]})

    invoice = like(state, document("seen_by_bank"))
    register(state.books, invoice, "100")
    paid_by_bank(state.books, invoice)
    assert not seen().awaits_bank
    seen_by_bank(state.books, invoice)
    assert seen().awaits_bank
