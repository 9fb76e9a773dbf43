"""How a host document is fetched: which calls, within which company."""

from __future__ import annotations

from typing import Any

import pytest
import responses

from connector.domain.errors import NotFound
from connector.hosts.odoo.documents import LINE_FIELDS, fetch
from connector.hosts.odoo.settings import OdooSettings
from tests.hosts.odoo.recorded import SETTINGS, client, document, says, sent


def says_document(recorded: dict[str, Any]) -> None:
    """Odoo answers the calls of one fetch with what was recorded."""
    entry = recorded["last_bank_entry"]
    for answer in ([recorded["move"]], [entry] if entry else []):
        says("account.move/search_read", answer)
    for answer in (recorded["lines"], recorded["open_credit_lines"]):
        says("account.move.line/search_read", answer)
    says("account.partial.reconcile/read", recorded["partials"])
    says("account.move.line/read", recorded["matched_lines"])
    says("account.payment/read", recorded["payments"])
    partners = {partner["id"]: partner for partner in (recorded["partner"], recorded["commercial_partner"])}
    says("res.partner/read", list(partners.values()))
    says("account.bank.statement.line/search_read", recorded["statement_lines"])


@pytest.mark.parametrize("name", ["unpaid", "part_paid", "part_credited", "to_contact", "open_credits", "instalments"])
@responses.activate
def test_a_document_comes_back_as_it_was_recorded(name: str) -> None:
    recorded = document(name)
    says_document(recorded)
    assert fetch(client(), str(recorded["move"]["id"]), SETTINGS) == recorded


@pytest.mark.parametrize(("name", "calls"), [("unpaid", 6), ("part_credited", 8), ("part_paid", 9)])
@responses.activate
def test_the_calls_are_few(name: str, calls: int) -> None:
    recorded = document(name)
    says_document(recorded)
    fetch(client(), str(recorded["move"]["id"]), SETTINGS)
    assert len(sent()) == calls


@responses.activate
def test_every_call_stays_within_the_company() -> None:
    recorded = document("part_paid")
    says_document(recorded)
    fetch(client(), "8", SETTINGS)
    assert {str(body["context"]["allowed_company_ids"]) for _, body in sent()} == {"[1]"}


@responses.activate
def test_without_a_chosen_company_the_invoices_own_bounds_the_rest() -> None:
    recorded = document("unpaid")
    says_document(recorded)
    fetch(client(), "7", OdooSettings())
    (_, first), *rest = sent()
    assert "context" not in first
    assert {str(body["context"]["allowed_company_ids"]) for _, body in rest} == {"[1]"}


@responses.activate
def test_the_fields_of_the_settings_are_fetched() -> None:
    recorded = document("unpaid")
    says_document(recorded)
    settings = OdooSettings(
        company_id=1,
        id_number_fields=("x_pnr", "company_registry"),
        sole_trader_field="x_trader",
        protected_identity_field="x_protected",
    )
    fetch(client(), "7", settings)
    fields = dict(sent())["res.partner/read"]["fields"]
    assert {"x_pnr", "company_registry", "x_trader", "x_protected"} <= set(fields)
    assert "vat" not in fields


@responses.activate
def test_receipts_are_looked_for_by_customer_and_by_amount() -> None:
    recorded = document("unpaid")
    says_document(recorded)
    fetch(client(), "7", SETTINGS)
    domain = dict(sent())["account.bank.statement.line/search_read"]["domain"]
    customer = recorded["commercial_partner"]["id"]
    assert domain[-2:] == [
        ["partner_id.commercial_partner_id", "=", customer],
        ["amount", "in", [2550.0, 2610.0, 2490.0, 3000.0, 2100.0]],
    ]


@responses.activate
def test_an_invoice_of_another_company_is_not_found() -> None:
    says("account.move/search_read", [])
    with pytest.raises(NotFound):
        fetch(client(), "7", SETTINGS)
    assert len(sent()) == 1


@pytest.mark.parametrize("invoice_id", ["", "abc", "7 or 1=1", "-7", "²", "99999999999"])
@responses.activate
def test_what_cannot_be_an_id_is_not_even_asked_for(invoice_id: str) -> None:
    with pytest.raises(NotFound):
        fetch(client(), invoice_id, SETTINGS)
    assert sent() == []


def test_recorded_lines_hold_every_field() -> None:
    assert all(set(LINE_FIELDS) <= set(line) for line in document("part_paid")["lines"])
