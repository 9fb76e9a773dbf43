"""`preview`: every amount, every finding, and nothing sent."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connector.sandbox.odoo_books import InvoiceLine
from tests.cli.conftest import House
from tests.cli.terminal import Said


def nothing_sent(house: House) -> None:
    requests = house.on.amili.traffic.snapshot()["requests"]
    assert not [what for what in requests if what.startswith("POST")]
    assert house.on.ledger.writes == []


def with_fee(house: House) -> str:
    lines = [
        InvoiceLine("Konsulttimmar, projektering", Decimal(2000)),
        InvoiceLine("[FAKTAVG] Fakturaavgift", Decimal(40), product_code="FAKTAVG"),
    ]
    invoice = house.on.ledger.books.add_invoice(house.on.customer(name="Björkö Bygg AB"), lines, due_days_ago=45)
    house.on.ledger.books.pay(invoice, Decimal("550.25"))
    return str(invoice)


def rows(said: Said) -> dict[str, str]:
    """The amounts of the table, by their term."""
    lines = [line.split("  ") for line in said.out.splitlines()]
    return {
        cells[0]: next(cell.strip() for cell in cells[1:] if cell) for cells in lines if cells[0] and any(cells[1:])
    }


def test_a_clean_invoice(house: House) -> None:
    invoice = with_fee(house)
    said = house.terminal.run("preview", invoice)

    assert said.status == 0, said.err
    assert said.out.splitlines()[0] == f"Invoice {house.on.number(invoice)} · Björkö Bygg AB · xxxxxx-xxxx"
    amounts = rows(said)
    assert amounts["The invoice's amount"] == "2\u00a0550,00"
    assert amounts["Payment"] == "-550,25"
    assert amounts["Capital to claim"] == "1\u00a0999,75"
    assert amounts["of which invoice fee"] == "50,00"
    assert said.out.rstrip().endswith("Can be sent.")
    nothing_sent(house)


def test_the_amounts_stand_under_each_other(house: House) -> None:
    said = house.terminal.run("preview", with_fee(house))
    ends = {
        line.index(",") for line in said.out.splitlines() if "kr" not in line and "\u00a0" in line.partition(",")[0]
    }

    assert len(ends) == 1


def test_by_number_and_by_id(house: House) -> None:
    invoice = house.on.invoice()
    by_id = house.terminal.run("preview", invoice, "--json").json
    by_number = house.terminal.run("preview", house.on.number(invoice), "--json").json

    assert by_id == by_number
    assert by_id["invoice_id"] == invoice


@pytest.mark.parametrize("reference", ["INV/1999/00001", "999999", "99999999999999999999", "0", "-1", "1.5", "’"])
def test_an_unknown_invoice_is_named(house: House, reference: str) -> None:
    said = house.terminal.run("preview", "--", reference)

    assert said.status == 4
    assert said.sentence == f"Odoo: there is no customer invoice with the number or id {reference}."


def test_a_blocked_invoice(house: House) -> None:
    invoice = house.on.invoice(house.on.customer(street="", company_registry=""))
    said = house.terminal.run("preview", invoice)

    assert said.status == 5
    assert "✗ E2: " in said.out
    assert "✗ E10: " in said.out
    assert said.out.rstrip().splitlines()[-1].startswith("Cannot be sent now: ")
    nothing_sent(house)


def test_for_programs(house: House) -> None:
    invoice = house.on.invoice(house.on.customer(company_registry=""))
    said = house.terminal.run("preview", invoice, "--json")
    found = said.json

    assert said.status == 5
    assert found.keys() == {
        *("connection", "environment", "invoice_id", "invoice_number", "due_date", "first_action"),
        *("amounts", "findings", "stopping", "sendable", "case_id"),
    }
    assert found["sendable"] is False
    assert "E2" in found["stopping"]
    for amount in found["amounts"]:
        assert amount.keys() == {"term", "amount", "source"}
        assert Decimal(amount["amount"]).as_tuple().exponent == -2
    for finding in found["findings"]:
        assert finding.keys() == {"code", "severity", "field", "value", "sv", "en"}


def test_the_first_action_can_be_chosen(house: House) -> None:
    invoice = house.on.invoice(house.on.customer(company_registry=""))
    chosen = house.terminal.run("preview", invoice, "--first-action", "reminder", "--json").json
    by_default = house.terminal.run("preview", invoice, "--json").json

    assert (chosen["first_action"], by_default["first_action"]) == ("reminder", "debt_collection")
    severity = {
        found["first_action"]: next(one["severity"] for one in found["findings"] if one["code"] == "E2")
        for found in (chosen, by_default)
    }
    assert severity == {"reminder": "warning", "debt_collection": "block"}


SWEDISH, ENGLISH = "Kapital som krävs", "Capital to claim"


@pytest.mark.parametrize(
    ("env", "option", "expected"),
    [
        ({"LANG": "sv_SE.UTF-8"}, (), SWEDISH),
        ({"LANG": "C.UTF-8"}, (), ENGLISH),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "sv_SE.UTF-8"}, (), SWEDISH),
        ({"LANG": "sv_SE.UTF-8", "LC_MESSAGES": "en_GB.UTF-8"}, (), ENGLISH),
        ({"LANG": "sv_SE.UTF-8"}, ("--language", "en"), ENGLISH),
        ({"LANG": "en_US.UTF-8"}, ("--language", "sv"), SWEDISH),
    ],
)
def test_the_language(house: House, env: dict[str, str], option: tuple[str, ...], expected: str) -> None:
    said = house.terminal.run("preview", house.on.invoice(), *option, env=env)

    assert [words for words in (SWEDISH, ENGLISH) if words in said.out] == [expected]


def test_the_ledger_is_down(house: House) -> None:
    invoice = house.on.invoice()
    house.on.ledger.switches.change({"faults": [{"kind": "fail_before", "next_n": 1, "status": 502}]})
    said = house.terminal.run("preview", invoice)

    assert said.status == 4
    assert said.out == ""
    assert said.sentence.startswith("Odoo: ")
    assert house.terminal.run("preview", invoice).status == 0
