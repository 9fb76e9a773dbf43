"""The ledger's books: payments, credit notes, and the button with its webhook."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask, Response, request

from connector.sandbox.amili.state import luhn_digit
from connector.sandbox.odoo.books import InvoiceLine
from connector.sandbox.odoo.records import UserError
from connector.sandbox.odoo.state import OdooState
from connector.sandbox.odoo.switches import LedgerSwitches
from connector.sandbox.shared.serve import running
from tests.sandbox.conftest import Ledger


def state_of(ledger: Ledger, invoice: int) -> tuple[str, float]:
    (row,) = ledger.rows("account.move/read", ids=[invoice], fields=["payment_state", "amount_residual"])
    return row["payment_state"], row["amount_residual"]


def partials(ledger: Ledger, invoice: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ledger.rows(
        "account.partial.reconcile/search_read",
        domain=[["debit_move_id.move_id", "=", invoice]],
        fields=["amount", "max_date", "credit_move_id"],
        order="id",
    )
    return found


def test_its_day_begins_at_midnight_in_sweden() -> None:
    state = OdooState(now=lambda: datetime(2026, 7, 7, 22, 30, tzinfo=UTC))

    assert state.books.today() == date(2026, 7, 8)


@pytest.mark.parametrize("by_bank", [True, False])
def test_a_payment_in_two_parts(ledger: Ledger, by_bank: bool) -> None:
    books = ledger.state.books
    books.pay(1, Decimal("550.50"), by_bank=by_bank)
    assert state_of(ledger, 1) == ("partial", 1999.5)
    books.pay(1, by_bank=by_bank)
    assert state_of(ledger, 1) == ("paid", 0.0)
    assert [row["amount"] for row in partials(ledger, 1)] == [550.5, 1999.5]
    (line,) = ledger.rows(
        "account.move.line/search_read",
        domain=[["move_id", "=", 1], ["account_type", "=", "asset_receivable"]],
        fields=["reconciled", "amount_residual", "matched_credit_ids"],
    )
    assert (line["reconciled"], line["amount_residual"], len(line["matched_credit_ids"])) == (True, 0.0, 2)


def test_a_bank_payment_leads_back_to_its_statement_line(ledger: Ledger) -> None:
    ledger.state.books.pay(1)
    (partial,) = partials(ledger, 1)
    (line,) = ledger.rows(
        "account.move.line/read", ids=[partial["credit_move_id"][0]], fields=["statement_line_id", "payment_id", "date"]
    )
    assert line["payment_id"] is False
    (statement,) = ledger.rows(
        "account.bank.statement.line/read", ids=[line["statement_line_id"][0]], fields=["amount", "is_reconciled"]
    )
    assert (statement["amount"], statement["is_reconciled"]) == (2550.0, True)


def test_a_payment_by_hand_is_linked_and_shown_in_the_widget(ledger: Ledger) -> None:
    ledger.state.books.pay(1, Decimal(100), by_bank=False)
    (row,) = ledger.rows("account.move/read", ids=[1], fields=["matched_payment_ids", "invoice_payments_widget"])
    (shown,) = row["invoice_payments_widget"]["content"]
    assert (shown["amount"], shown["account_payment_id"], shown["is_refund"]) == (
        100.0,
        row["matched_payment_ids"][0],
        False,
    )


def test_paid_without_a_journal_entry_leaves_the_balance_open(ledger: Ledger) -> None:
    ledger.state.books.mark_paid(1)
    assert state_of(ledger, 1) == ("paid", 2550.0)


def test_money_on_account_is_an_open_credit_of_the_customer(ledger: Ledger) -> None:
    payment = ledger.state.books.prepay(2, Decimal(500))
    (line,) = ledger.rows(
        "account.move.line/search_read",
        domain=[["partner_id", "=", 2], ["account_type", "=", "asset_receivable"], ["amount_residual", "<", 0]],
        fields=["amount_residual", "payment_id"],
    )
    assert (line["amount_residual"], line["payment_id"][0]) == (-500.0, payment)
    assert ledger.rows("account.payment/read", ids=[payment], fields=["state"])[0]["state"] == "in_process"


def test_of_a_payment_that_is_more_than_what_is_open_the_rest_stays_open(ledger: Ledger) -> None:
    ledger.state.books.pay(1, Decimal(3000))
    assert state_of(ledger, 1) == ("paid", 0.0)
    (rest,) = ledger.rows(
        "account.move.line/search_read",
        domain=[["account_type", "=", "asset_receivable"], ["amount_residual", "<", 0]],
        fields=["amount_residual"],
    )
    assert rest["amount_residual"] == -450.0


def test_a_full_credit_reverses_the_invoice(ledger: Ledger) -> None:
    invoice = ledger.state.labels["answer_lost"]
    note = ledger.state.books.credit(invoice)
    assert state_of(ledger, invoice) == ("reversed", 0.0)
    (row,) = ledger.rows(
        "account.move/read", ids=[note], fields=["move_type", "reversed_entry_id", "payment_state", "name"]
    )
    assert (row["move_type"], row["reversed_entry_id"][0], row["payment_state"]) == ("out_refund", invoice, "paid")
    assert row["name"].startswith("RINV/")


@pytest.mark.parametrize("amount", ["0.01", "99.99", "1234.57"])
def test_a_part_credit_leaves_the_rest_exactly(ledger: Ledger, amount: str) -> None:
    ledger.state.books.credit(1, Decimal(amount))
    assert ledger.state.books.field(1, "amount_residual") == Decimal(2550) - Decimal(amount)


def test_a_credit_note_can_stay_unapplied(ledger: Ledger) -> None:
    note = ledger.state.books.credit(1, Decimal(100), matched=False)
    assert state_of(ledger, 1) == ("not_paid", 2550.0)
    assert state_of(ledger, note) == ("not_paid", 100.0)


def test_a_draft_has_no_number_and_owes_nothing(ledger: Ledger) -> None:
    lines = [InvoiceLine("Utkast", Decimal(100))]
    draft = ledger.state.books.add_invoice(2, lines, due_days_ago=10, state="draft")
    (row,) = ledger.rows("account.move/read", ids=[draft], fields=["name", "state", "payment_reference"])
    assert row == {"id": draft, "name": False, "state": "draft", "payment_reference": False}


def test_the_demo_has_the_five_invoices_it_names(ledger: Ledger) -> None:
    labels = ledger.state.labels
    overdue = ledger.rows(
        "account.move/search",
        domain=[
            ["move_type", "=", "out_invoice"],
            ["payment_state", "in", ["not_paid", "partial"]],
            ["invoice_date_due", "<", "2026-11-22"],
        ],
    )
    five = ("clean", "paid_since", "without_identity", "answer_lost", "without_pdf")
    assert set(overdue) == {labels[name] for name in five}
    ledger.client.post(f"/_sandbox/invoices/{labels['paid_since']}/pay")
    assert state_of(ledger, labels["paid_since"])[0] == "paid"


@contextmanager
def receiver(status: int = 200, hold: threading.Event | None = None) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    app = Flask("receiver")
    received: list[dict[str, Any]] = []

    @app.post("/hook")
    def hook() -> Response:
        received.append(
            {"body": json.loads(request.get_data()), "type": request.content_type, "query": request.args.to_dict()}
        )
        if hold is not None:
            hold.wait(5)
        return Response(status=status)

    with running(app) as url:
        yield f"{url}/hook?event=requested", received


def test_a_click_stores_the_wish_and_calls_the_webhook_once(ledger: Ledger) -> None:
    with receiver() as (url, received):
        ledger.client.post("/_sandbox/webhook", json={"url": url})
        answer = ledger.client.post("/_sandbox/invoices/1/click", json={"by": "Eva", "first_action": "reminder"})
    assert answer.get_json() == {"requested_at": "2026-11-22 12:00:00"}
    (row,) = ledger.rows(
        "account.move/read",
        ids=[1],
        fields=["x_amili_requested_at", "x_amili_requested_by", "x_amili_first_action"],
    )
    assert row == {
        "id": 1,
        "x_amili_requested_at": "2026-11-22 12:00:00",
        "x_amili_requested_by": "Eva",
        "x_amili_first_action": "reminder",
    }
    (call,) = received
    assert (call["type"], call["query"]) == ("application/json", {"event": "requested"})
    body = call["body"]
    assert (body["_model"], body["_id"], body["id"], body["partner_id"]) == ("account.move", 1, 1, 2)
    assert body["write_date"].count(".") == 1
    assert ledger.state.webhook_calls[0]["outcome"] == "200"


def test_a_failing_receiver_is_not_called_again(ledger: Ledger) -> None:
    with receiver(status=500) as (url, received):
        ledger.state.webhook_url = url
        ledger.state.click_send(1, "Eva")
    assert len(received) == 1
    assert ledger.state.webhook_calls[0]["outcome"] == "500"
    ledger.state.click_send(1, "Eva")
    assert ledger.state.webhook_calls[1]["outcome"].startswith("failed")


def test_a_slow_receiver_is_given_up_after_a_second(ledger: Ledger) -> None:
    hold = threading.Event()
    with receiver(hold=hold) as (url, received):
        ledger.state.webhook_url = url
        ledger.state.click_send(1, "Eva")
        hold.set()
    assert len(received) == 1
    assert "timed out" in ledger.state.webhook_calls[0]["outcome"]


def test_a_click_without_a_webhook_is_still_a_wish(ledger: Ledger) -> None:
    ledger.state.click_send(1, "Eva")
    assert ledger.state.webhook_calls == []
    assert ledger.rows("account.move/search", domain=[["x_amili_requested_at", "!=", False]]) == [1]


def test_there_is_no_button_without_the_custom_fields() -> None:
    state = OdooState(switches=LedgerSwitches(custom_fields=False))
    with pytest.raises(UserError):
        state.click_send(1, "Eva")


def test_customers_and_invoices_can_be_added_over_control(ledger: Ledger) -> None:
    customer = ledger.client.post("/_sandbox/customers", json={"name": "Ny Kund AB", "zip": "111 22"}).get_json()["id"]
    added = ledger.client.post(
        "/_sandbox/invoices",
        json={
            "partner": customer,
            "due_days_ago": 20,
            "lines": [{"description": "Arbete", "price": 0.1, "quantity": 3}],
        },
    ).get_json()
    (row,) = ledger.rows("account.move/read", ids=[added["id"]], fields=["name", "amount_total", "partner_id"])
    assert row == {
        "id": added["id"],
        "name": added["number"],
        "amount_total": 0.38,
        "partner_id": [customer, "Ny Kund AB"],
    }
    ledger.client.post(f"/_sandbox/invoices/{added['id']}", json={"payment_state": "blocked"})
    assert state_of(ledger, added["id"])[0] == "blocked"
    ledger.client.post(f"/_sandbox/customers/{customer}", json={"company_registry": "556677-8899"})
    assert ledger.state.records.get("res.partner", customer)["company_registry"] == "556677-8899"


def test_reset_brings_the_seeded_ledger_back(ledger: Ledger) -> None:
    ledger.state.books.pay(1)
    ledger.rows("account.move/write", ids=[1], vals={"x_amili_status": "x"})
    ledger.client.post("/_sandbox/reset")
    assert state_of(ledger, 1) == ("not_paid", 2550.0)
    assert ledger.state.writes == []


def test_the_company_has_a_valid_organisation_number(ledger: Ledger) -> None:
    assert ledger.state.organization_number == "5566778899"
    assert luhn_digit(ledger.state.organization_number[:-1]) == ledger.state.organization_number[-1]
