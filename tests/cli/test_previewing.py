"""`preview`: every amount, every finding, and nothing sent."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import update

from connector.sandbox.amili.state import GUIDE_CREDITOR
from connector.sandbox.odoo.books import InvoiceLine
from connector.store import tables
from tests.cli.conftest import House
from tests.cli.terminal import Said
from tests.flows.hand_over.test_debts import DIFFERING, stranger
from tests.flows.hand_over_steps import begun, step


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
        *("amounts", "findings", "stopping", "sendable", "case_id", "hand_over_id", "asks_whose"),
    }
    assert found["sendable"] is False
    assert "E2" in found["stopping"]
    for amount in found["amounts"]:
        assert amount.keys() == {"term", "amount", "source"}
        assert Decimal(amount["amount"]).as_tuple().exponent == -2
    for finding in found["findings"]:
        assert finding.keys() == {"code", "severity", "field", "value", "sv", "en"}


@pytest.mark.parametrize(("always", "reads"), [(False, "Konsulttimmar"), (True, "Varor och tjänster")])
def test_what_the_debtor_will_read_is_amilis_text_where_it_is_always_used(
    house: House, always: bool, reads: str
) -> None:
    invoice = house.on.invoice()
    house.on.amili.set_creditor(GUIDE_CREDITOR, always_use_standard_debt_description=always)
    with house.on.deployment.databases.main.begin() as connection:
        connection.execute(update(tables.connections).values(creditor_checked_at=0.0))
    said = house.terminal.run("preview", invoice)
    house.on.amili.set_creditor(GUIDE_CREDITOR, always_use_standard_debt_description=False)

    assert said.status == 0, said.err
    assert f"The debtor reads: {reads}" in said.out


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


def test_an_open_case_that_does_not_fit_is_told_with_where_to_decide(house: House) -> None:
    invoice, alike = house.on.invoice(), house.on.invoice()
    case = stranger(house.on, invoice, **DIFFERING["capital"])
    stranger(house.on, alike)
    before = house.terminal.run("preview", invoice)
    assert before.status == 5
    assert f"! case_differs: An open case at Amili ({case.id}) has the same invoice number" in before.out
    assert "Cannot be sent now: case_differs." in before.out
    assert "amili-connector decide" not in before.out, "there is nothing to decide on yet"
    assert house.terminal.run("preview", alike).status == 0
    nothing_sent(house)

    hand_over = begun(house.on, invoice)
    step(house.on, hand_over)
    after = house.terminal.run("preview", invoice)
    assert (after.status, f"✗ case_differs: An open case at Amili ({case.id})" in after.out) == (5, True)
    assert f"amili-connector decide {hand_over}" in after.out
    assert house.terminal.run("decide", hand_over).status == 0
    document = house.terminal.run("preview", invoice, "--json").json
    assert (document["asks_whose"], document["hand_over_id"]) == (True, hand_over)
