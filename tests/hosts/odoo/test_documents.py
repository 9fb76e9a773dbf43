"""How a host document is fetched: which calls, within which company."""

from __future__ import annotations

from typing import Any

import pytest
import responses

from connector.domain.errors import NotFound
from connector.hosts.odoo.companies import Parents
from connector.hosts.odoo.documents import (
    LINE_FIELDS,
    MATCHED_LINE_FIELDS,
    MONEY_FIELDS,
    OPEN_LINE_FIELDS,
    Extras,
    fetch,
    specification,
)
from connector.hosts.odoo.settings import OdooSettings
from connector.hosts.odoo.versions import DIALECTS
from tests.hosts.odoo.recorded_documents import SETTINGS, client, document, nested, says, sent

WHOLE = "account.move/web_search_read"
JOURNAL = [12, "Bank"]
REMINDERS = "credit.control.line/search_read"


def says_document(recorded: dict[str, Any]) -> None:
    """Odoo answers the calls of one fetch with what was recorded; then `recorded` is what is fetched."""
    entry = recorded.pop("last_bank_entry")
    owed = [line["id"] for line in recorded["lines"] if line["account_type"] == "asset_receivable"]
    for partial in recorded["partials"]:
        partial["line_id"] = owed[0]
    for payment in recorded["payments"]:
        payment["reversed"] = False
    recorded["move"].setdefault("payment_reference", False)
    recorded["hidden_company"] = ""
    recorded["bank_receipts"] = [{"date": entry["date"], "journal_id": JOURNAL}] if entry else []
    says(WHOLE, {"length": 1, "records": [nested(recorded)]})
    says("account.move.line/search_read", recorded["open_credit_lines"])
    says("account.bank.statement.line/search_read", recorded["statement_lines"])
    says("account.bank.statement.line/search_read", recorded["bank_receipts"])
    says("account.payment/search_read", [])


@pytest.mark.parametrize("name", ["part_paid", "seen_by_bank", "paid_by_bank"])
@responses.activate
def test_odoos_own_answer_is_taken_apart(name: str) -> None:
    recorded = document(name)
    says(WHOLE, document(f"whole_{name}"))
    says_document(recorded)

    assert fetch(client(), str(recorded["move"]["id"]), SETTINGS) == recorded


@pytest.mark.parametrize("name", ["unpaid", "part_paid", "credited_twice", "to_contact", "open_credits", "instalments"])
@responses.activate
def test_a_document_comes_back_as_it_was_recorded(name: str) -> None:
    recorded = document(name)
    says_document(recorded)
    assert fetch(client(), str(recorded["move"]["id"]), SETTINGS) == recorded


@pytest.mark.parametrize("name", ["unpaid", "part_credited", "part_paid"])
@responses.activate
def test_the_calls_are_few(name: str) -> None:
    recorded = document(name)
    says_document(recorded)
    fetch(client(), str(recorded["move"]["id"]), SETTINGS)
    assert len(sent()) == 5


@responses.activate
def test_every_call_stays_within_the_company() -> None:
    recorded = document("part_paid")
    says_document(recorded)
    says(REMINDERS, [])
    fetch(client(), "8", SETTINGS, Extras(reminders=frozenset({"date"})))
    assert len(sent()) == 6
    assert {str(body["context"]["allowed_company_ids"]) for _, body in sent()} == {"[1]"}
    assert all(body["domain"][0] == ["company_id", "=", 1] for _, body in sent())


@responses.activate
def test_the_fields_of_the_settings_are_fetched() -> None:
    settings = OdooSettings(
        company_id=1,
        id_number_fields=("x_pnr", "company_registry"),
        sole_trader_field="x_trader",
        protected_identity_field="x_protected",
    )
    asked = specification(settings, DIALECTS[19])
    for partner in ("partner_id", "commercial_partner_id"):
        fields = asked[partner]["fields"]
        assert {"x_pnr", "company_registry", "x_trader", "x_protected"} <= set(fields)
        assert "vat" not in fields


@responses.activate
def test_the_connectors_own_fields_are_fetched_where_they_are() -> None:
    bare = specification(SETTINGS, DIALECTS[19])
    assert not [name for name in (*bare, *bare["partner_id"]["fields"]) if name.startswith("x_")]

    extras = Extras(move=frozenset({"x_amili_disputed"}), partner=frozenset({"x_amili_never_send"}))
    asked = specification(SETTINGS, DIALECTS[19], extras)
    assert "x_amili_disputed" in asked
    assert "x_amili_never_send" in asked["commercial_partner_id"]["fields"]


@pytest.mark.parametrize(("major", "missing"), [(17, {"no_followup", "matched_payment_ids"}), (18, {"no_followup"})])
def test_fields_that_a_version_lacks_are_not_asked_for(major: int, missing: set[str]) -> None:
    assert set(specification(SETTINGS, DIALECTS[19])) - set(specification(SETTINGS, DIALECTS[major])) == missing


@pytest.mark.parametrize(("major", "asked"), [(17, True), (18, True), (19, False)])
def test_mobile_numbers_are_asked_for_where_a_version_has_them(major: int, asked: bool) -> None:
    partner = specification(SETTINGS, DIALECTS[major])["commercial_partner_id"]["fields"]
    assert ("mobile" in partner) is asked


@responses.activate
def test_receipts_are_looked_for_by_customer_and_by_amount_in_the_invoices_currency() -> None:
    recorded = document("unpaid")
    says_document(recorded)
    fetch(client(), "7", SETTINGS)
    domain = next(body for call, body in sent() if call == "account.bank.statement.line/search_read")["domain"]
    number = "INV%2026%00007"
    assert domain[3:] == [
        *["|"] * 4,
        *([field, "ilike", number] for field in ("payment_ref", "narration", "ref")),
        ["partner_id.commercial_partner_id", "=", recorded["commercial_partner"]["id"]],
        "&",
        ["currency_id", "=", recorded["move"]["currency_id"][0]],
        ["amount", "in", [2550.0, 2610.0, 2490.0, 3000.0, 2100.0]],
    ]


@responses.activate
def test_money_of_a_branch_is_looked_for_at_its_parents_too_and_its_invoice_at_its_own() -> None:
    says_document(document("unpaid"))
    fetch(client(), "7", SETTINGS, parents=Parents((3, 4)))
    (_, whole), *others = sent()
    assert whole["domain"][0] == ["company_id", "=", 1]
    assert all(body["domain"][0] == ["company_id", "in", [1, 3, 4]] for _, body in others)
    assert {str(body["context"]["allowed_company_ids"]) for _, body in sent()} == {"[1, 3, 4]"}


@responses.activate
def test_reminders_are_read_with_the_fields_that_their_module_has() -> None:
    recorded = document("unpaid")
    says_document(recorded)
    says(REMINDERS, [{"id": 3, "date": "2026-10-20", "state": "sent"}])

    found = fetch(client(), "7", SETTINGS, Extras(reminders=frozenset({"date", "state"})))

    assert found["reminder_lines"] == [{"id": 3, "date": "2026-10-20", "state": "sent"}]
    asked = dict(sent())[REMINDERS]
    assert (asked["domain"], asked["fields"]) == (
        [["company_id", "=", 1], ["invoice_id", "=", recorded["move"]["id"]]],
        ["date", "state"],
    )


@responses.activate
def test_an_unknown_invoice_is_not_found() -> None:
    says(WHOLE, {"length": 0, "records": []})
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
    recorded = document("part_paid")
    assert all(set(LINE_FIELDS) <= set(line) for line in recorded["lines"])
    assert all({*MATCHED_LINE_FIELDS, *MONEY_FIELDS} <= set(line) for line in recorded["matched_lines"])
    assert "awaits_bank" in recorded
    assert all(set(OPEN_LINE_FIELDS) <= set(line) for line in document("open_credits")["open_credit_lines"])
