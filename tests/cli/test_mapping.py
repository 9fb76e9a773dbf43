"""`map`: offline, from a saved document, and the very registration that the flow sends."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from connector.domain.dates import today
from connector.hosts.odoo import documents
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.settings import OdooSettings
from connector.remote.policy import HttpPolicy
from connector.resources import templates_path
from connector.sandbox.odoo.books import InvoiceLine
from tests.cli.conftest import House
from tests.cli.terminal import Said, Terminal
from tests.flows.ledgers import DATABASE
from tests.flows.stage import CONNECTION

EXAMPLE = str(templates_path() / "odoo" / "example-document.json")


def file(folder: Path, name: str, value: object) -> str:
    (folder / name).write_text(json.dumps(value, ensure_ascii=False, default=str), encoding="utf-8")
    return name


def mapped(terminal: Terminal, *options: str, document: str = EXAMPLE) -> Said:
    return terminal.run("map", "--host", "odoo", "--input", document, *options)


def test_the_example(terminal: Terminal) -> None:
    settings = file(
        terminal.folder,
        "settings.json",
        {"first_action": "debt_collection", "host": {"fee_products": ["FAKTAVG"]}, "account": "a", "creditor": "c"},
    )
    said = mapped(terminal, "--settings", settings, "--today", "2026-11-23")
    registration = said.json["registration"]
    (debt,) = registration["debts"]

    assert said.status == 0, said.err
    assert said.json.keys() == {"registration", "findings"}
    assert registration["customer"]["id_number"] == "5560160680"
    assert registration["first_action"] == "debt_collection"
    assert debt["invoice_number"] == "INV/2026/00001"
    assert debt["capital_to_claim"] == 2550
    assert debt["fees_included_in_capital_to_claim"]["invoice_fee"] == 50
    for finding in said.json["findings"]:
        assert finding.keys() == {"code", "severity", "field", "value", "sv", "en"}


def test_the_example_of_fortnox(terminal: Terminal) -> None:
    settings = file(terminal.folder, "settings.json", {"invoice_fee_agreed": True, "reminders": {"fee": "60.00"}})
    example = str(templates_path() / "fortnox" / "example-document.json")
    said = terminal.run("map", "--host", "fortnox", "--input", example, "--settings", settings, "--today", "2026-03-04")
    (debt,) = said.json["registration"]["debts"]

    assert said.status == 0, said.err
    assert said.json["registration"]["customer"]["id_number"] == "5520000018"
    assert (debt["invoice_number"], debt["capital_to_claim"]) == ("10457", 10063)
    assert debt["fees_included_in_capital_to_claim"]["invoice_fee"] == 62.5
    assert debt["fees_already_claimed"]["reminder"]["amount"] == 60
    assert "B4" not in [one["code"] for one in said.json["findings"]]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({}, "This is no document of a Fortnox invoice: the document lacks 'Invoice'."),
        ({"Invoice": {"DocumentNumber": "1"}}, "the document lacks 'Customer'."),
        ({"Invoice": {"Total": "much", "DocumentNumber": "1"}, "Customer": {}}, "B2"),
    ],
)
def test_saved_answers_that_will_not_do(terminal: Terminal, content: dict[str, Any], words: str) -> None:
    said = terminal.run("map", "--host", "fortnox", "--input", file(terminal.folder, "document.json", content))

    assert words in (said.out or said.sentence)


def test_it_needs_no_setting_and_leaves_nothing_behind(terminal: Terminal) -> None:
    said = mapped(terminal)

    assert said.status == 0, said.err
    assert list(said.json["registration"]) == ["first_action", "currency", "customer", "debts"]
    assert "G1" in [one["code"] for one in said.json["findings"]]
    assert list(terminal.folder.iterdir()) == []


def test_what_cannot_be_registered_has_findings_only(terminal: Terminal) -> None:
    text = Path(EXAMPLE).read_text(encoding="utf-8").replace('"SEK"', '"EUR"')
    (terminal.folder / "document.json").write_text(text, encoding="utf-8")
    said = mapped(terminal, document="document.json")

    assert said.status == 0, said.err
    assert said.json["registration"] is None
    assert "B1" in [one["code"] for one in said.json["findings"]]


def test_on_another_day_and_with_another_first_action(terminal: Terminal) -> None:
    early = mapped(terminal, "--today", "2026-10-12", "--first-action", "reminder").json
    late = mapped(terminal, "--today", "2026-10-13", "--first-action", "debt_collection").json

    assert "C2" in [one["code"] for one in early["findings"]]
    assert "C2" not in [one["code"] for one in late["findings"]]
    assert early["registration"]["first_action"] == "reminder"
    assert late["registration"]["first_action"] == "debt_collection"


def document_of(house: House, invoice: str) -> dict[str, Any]:
    """The host document that an installer would save."""
    settings = OdooSettings(url=house.on.ledger_url, database=DATABASE, company_id=1)
    client = OdooClient(
        house.on.ledger_url, DATABASE, SecretStr(house.on.ledger.api_key), http=HttpPolicy(allow_private=True)
    )
    return dict(documents.fetch(client, invoice, settings))


def test_it_prints_what_the_flow_sends(house: House) -> None:
    customer = house.on.customer(name="Björkö Bygg AB")
    lines = [
        InvoiceLine("Konsulttimmar, projektering av tak", Decimal("1000.10"), Decimal(3)),
        InvoiceLine("[FAKTAVG] Fakturaavgift", Decimal(40), product_code="FAKTAVG"),
    ]
    invoice = str(house.on.ledger.books.add_invoice(customer, lines, due_days_ago=45))
    house.on.ledger.books.pay(int(invoice), Decimal("99.99"))
    document = file(house.terminal.folder, "document.json", document_of(house, invoice))
    settings = house.on.deployment.connection(CONNECTION).settings
    settings_file = file(house.terminal.folder, "settings.json", settings.model_dump(mode="json"))
    said = mapped(house.terminal, "--settings", settings_file, "--today", today().isoformat(), document=document)
    assert house.terminal.run("send", invoice, "--yes").status == 0
    (sent,) = house.on.amili.registrations.values()

    assert said.status == 0, said.err
    printed = json.loads(said.out, parse_float=Decimal)["registration"]
    assert printed == {name: value for name, value in sent.items() if not name.startswith("_")}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is not JSON: "),
        (b"{", "is not JSON: "),
        (b"\x00\xff", "is not JSON."),
        (b"[]", "holds no JSON object."),
        (b"{}", "This is no document of an Odoo invoice"),
        (b'{"move": 1}', "This is no document of an Odoo invoice"),
        (b'{"move": {}}', "This is no document of an Odoo invoice"),
        (b'{"move": null, "lines": []}', "This is no document of an Odoo invoice"),
    ],
)
def test_what_is_no_document(terminal: Terminal, content: bytes, words: str) -> None:
    (terminal.folder / "document.json").write_bytes(content)
    said = mapped(terminal, document="document.json")

    assert said.status == 3
    assert said.out == ""
    assert words in said.sentence


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1e400", "2550.001", '"much"', "null", "[]"])
def test_an_amount_that_is_none(terminal: Terminal, amount: str) -> None:
    text = Path(EXAMPLE).read_text(encoding="utf-8")
    assert text.count('"amount_residual": 2550.0') == 1
    (terminal.folder / "document.json").write_text(
        text.replace('"amount_residual": 2550.0', f'"amount_residual": {amount}'), encoding="utf-8"
    )
    said = mapped(terminal, document="document.json")

    assert said.status in {0, 3}, said.err
    if said.status == 0:
        assert said.json["registration"] is None
        assert [one["code"] for one in said.json["findings"]] == ["B2"]
    else:
        assert "This is no document of an Odoo invoice" in said.sentence


def test_an_unknown_host(terminal: Terminal) -> None:
    said = terminal.run("map", "--host", "visma", "--input", EXAMPLE)

    assert said.status == 3
    assert "visma" in said.sentence


def test_files_that_are_not_there(terminal: Terminal) -> None:
    assert mapped(terminal, document="nowhere.json").status == 2
    assert mapped(terminal, "--settings", "nowhere.json").status == 2


def test_a_wrong_setting_is_named(terminal: Terminal) -> None:
    settings = file(terminal.folder, "settings.json", {"minimum_amount": "much"})
    said = mapped(terminal, "--settings", settings)

    assert said.status == 3
    assert said.sentence.startswith("settings.json: the setting minimum_amount: ")


def test_findings_are_no_failure(terminal: Terminal) -> None:
    text = Path(EXAMPLE).read_text(encoding="utf-8").replace("556016-0680", "556016-0681")
    (terminal.folder / "document.json").write_text(text, encoding="utf-8")
    said = mapped(terminal, document="document.json")

    assert said.status == 0
    assert "E3" in [one["code"] for one in said.json["findings"]]
