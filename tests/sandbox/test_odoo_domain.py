"""Search domains on the demo's ledger, as Odoo 19 answers them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.conftest import Ledger


def labels(ledger: Ledger, domain: list[Any], **arguments: Any) -> list[str]:
    names = {number: label for label, number in ledger.state.labels.items()}
    found = ledger.rows("account.move/search", domain=[["move_type", "=", "out_invoice"], *domain], **arguments)
    return [names[number] for number in found]


EVERY = {"clean", "paid_since", "without_identity", "answer_lost", "without_pdf", "paid", "not_due"}


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ([], EVERY),
        ([["payment_state", "=", "paid"]], {"paid"}),
        ([["payment_state", "!=", "paid"]], EVERY - {"paid"}),
        ([["payment_state", "in", ["paid", "partial"]]], {"paid"}),
        ([["payment_state", "not in", ["not_paid"]]], {"paid"}),
        ([["amount_residual", ">", 4000]], {"without_pdf"}),
        ([["amount_residual", ">=", 4000.0]], {"without_pdf", "without_identity"}),
        ([["amount_residual", "=", 2550.0]], {"clean"}),
        ([["invoice_date_due", "<", "2026-11-22"]], EVERY - {"not_due"}),
        ([["x_amili_case_id", "=", False]], EVERY),
        ([["x_amili_case_id", "!=", False]], set()),
        ([["partner_id.company_registry", "=", False]], {"without_identity"}),
        ([["partner_id.company_registry", "!=", False]], EVERY - {"without_identity"}),
        ([["partner_id", "ilike", "bygg"]], {"clean", "paid"}),
        ([["partner_id", "=", "Anna Andersson"]], {"paid_since"}),
        ([["partner_id.name", "like", "bygg"]], set()),
        ([["partner_id.name", "=ilike", "surdegen%"]], {"answer_lost", "not_due"}),
        ([["partner_id.name", "not ilike", "AB"]], {"paid_since"}),
        ([["invoice_line_ids.product_id.default_code", "=", "FAKTAVG"]], {"clean", "paid_since", "answer_lost"}),
        (["|", ["payment_state", "=", "paid"], ["partner_id.is_company", "=", False]], {"paid", "paid_since"}),
        (["!", ["invoice_date_due", "<", "2026-11-22"]], {"not_due"}),
        (["&", ["payment_state", "=", "not_paid"], ["partner_id", "ilike", "surdegen"]], {"answer_lost", "not_due"}),
        (
            ["|", "|", ["name", "=", "INV/2026/00001"], ["name", "=", "INV/2026/00002"], ["state", "=", "draft"]],
            {"clean", "paid_since"},
        ),
        ([["id", "in", [1, 3, 999]]], {"clean", "without_identity"}),
        ([["id", "=", "1"]], {"clean"}),
        ([["ref", "=", "PO-1"]], set()),
        ([["ref", "!=", "PO-1"]], EVERY),
    ],
)
def test_a_domain_finds(ledger: Ledger, domain: list[Any], expected: set[str]) -> None:
    assert set(labels(ledger, domain)) == expected


def test_order_offset_and_limit(ledger: Ledger) -> None:
    assert labels(ledger, [["payment_state", "=", "not_paid"]], order="invoice_date_due, id", limit=2) == [
        "clean",
        "paid_since",
    ]
    assert labels(ledger, [], order="amount_residual desc", offset=1, limit=1) == ["without_identity"]
    assert ledger.rows("account.move/search_count", domain=[["move_type", "=", "out_invoice"]]) == 7


def test_empty_values_come_last_when_ascending(ledger: Ledger) -> None:
    ledger.state.books.set_invoice(ledger.state.labels["paid"], ref="A")
    assert labels(ledger, [], order="ref, id")[0] == "paid"
    assert labels(ledger, [], order="ref desc, id")[-1] == "paid"


def test_archived_customers_are_hidden_unless_asked_for(ledger: Ledger) -> None:
    gone = ledger.state.books.add_customer("Nedlagd AB", active=False)
    assert gone not in ledger.rows("res.partner/search", domain=[])
    assert ledger.rows("res.partner/search", domain=[["active", "=", False]]) == [gone]
    assert gone in ledger.rows("res.partner/search", domain=[], context={"active_test": False})


def test_unmatched_money_can_be_found(ledger: Ledger) -> None:
    line = ledger.state.books.receive(Decimal(2550))
    assert ledger.rows(
        "account.bank.statement.line/search", domain=[["is_reconciled", "=", False], ["amount", "=", 2550]]
    ) == [line]


@pytest.mark.parametrize(
    ("domain", "name", "message"),
    [
        ("x", "builtins.TypeError", "Domain() invalid argument type for domain: 'x'"),
        ([["a"]], "builtins.ValueError", "Domain() invalid item in domain: ['a']"),
        ([["state", "zz", 1]], "builtins.ValueError", "Invalid operator in condition ('state', 'zz', 1)"),
        (
            [["nofield", "=", 1]],
            "builtins.ValueError",
            "Invalid field account.move.nofield in condition ('nofield', '=', 1)",
        ),
        (
            [["partner_id.mobile", "=", 1]],
            "builtins.ValueError",
            "Invalid field account.move.partner_id.mobile in condition ('partner_id.mobile', '=', 1)",
        ),
        (["&", ["id", "=", 1]], "builtins.ValueError", "Domain() malformed domain ['&', ['id', '=', 1]]"),
        (
            [["invoice_payments_widget", "!=", False]],
            "builtins.ValueError",
            "Cannot convert account.move.invoice_payments_widget to SQL because it is not stored",
        ),
    ],
)
def test_a_bad_domain_is_a_server_error(ledger: Ledger, domain: object, name: str, message: str) -> None:
    answer = ledger.call("account.move/search", domain=domain)
    assert answer.status_code == 500
    assert (answer.get_json()["name"], answer.get_json()["message"]) == (name, message)
