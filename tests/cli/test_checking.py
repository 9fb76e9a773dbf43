"""`check`: who the two sides are, and which of them has a problem."""

from __future__ import annotations

from typing import Any

import pytest

from connector.sandbox.amili.state import GUIDE_ACCOUNT, GUIDE_CREDITOR
from connector.sandbox.odoo.state import INVOICING
from tests.cli.conftest import House
from tests.cli.terminal import Said
from tests.flows.ledgers import ORGANISATION
from tests.flows.stage import CONNECTION


def document(said: Said) -> dict[str, Any]:
    (found,) = said.json
    assert isinstance(found, dict)
    return found


def test_both_sides_say_who_they_are(house: House) -> None:
    said = house.terminal.run("check")

    assert said.status == 0
    assert said.err == ""
    lines = said.out.splitlines()
    assert lines[0] == f"{CONNECTION} (sandbox)"
    assert lines[1].startswith("  ✓ ledger    Testbolaget AB (5566778899), odoo 19.0")
    assert lines[2] == "    Customers with a valid personal or organisation number: 0 of 0"
    assert lines[3] == "  ✓ creditor  Testbolaget AB (5566778899), active"
    assert lines[4] == "  ✓ reading   all 14 endpoints of Amili that are read answer"


def test_how_many_customers_have_an_identity_number(house: House) -> None:
    books = house.on.ledger.books
    books.add_customer("Kund AB", company_registry="556016-0680")
    books.add_customer("Bageri AB", vat="SE559012345001")
    books.add_customer("Fel AB", company_registry="556016-0681")

    said = house.terminal.run("check")

    words = "Customers with a valid personal or organisation number: 2 of 3 (company_registry 1, vat 1)"
    assert words in said.out
    assert "556016" not in said.out
    (checked,) = house.terminal.run("check", "--json").json
    assert checked["customers"] == {"customers": 3, "valid": 2, "by_field": {"company_registry": 1, "vat": 1}}


def test_for_programs(house: House) -> None:
    found = document(house.terminal.run("check", "--json"))

    assert found["ok"] is True
    assert found["problems"] == []
    assert (found["connection"], found["host"], found["environment"]) == (CONNECTION, "odoo", "sandbox")
    assert found["ledger"]["organization_number"] == found["creditor"]["organization_number"] == ORGANISATION
    assert (found["creditor"]["id"], found["creditor"]["account"]) == (GUIDE_CREDITOR, GUIDE_ACCOUNT)


def test_one_company_of_several(house: House) -> None:
    assert house.terminal.run("check", "--connection", CONNECTION).status == 0
    unknown = house.terminal.run("check", "--connection", "another")

    assert unknown.status == 3
    assert "another" in unknown.sentence


@pytest.mark.parametrize(
    ("operation", "named"),
    [
        ("payout_specifications", ["list payout specifications", "list an invoice's payout specifications"]),
        ("look", ["look for the invoice's cases", "list open cases", "list changed cases"]),
        ("read_case", ["read a case"]),
        ("payments", ["look for a payment"]),
        ("read_payment", ["read a payment"]),
        ("creditings", ["look for a crediting"]),
        ("read_crediting", ["read a crediting"]),
        ("cancellations", ["look for a cancellation"]),
        ("read_cancellation", ["read a cancellation"]),
        ("registrations", ["list registrations"]),
        ("read_registration", ["read a registration"]),
    ],
)
def test_an_endpoint_that_is_refused_is_named(house: House, operation: str, named: list[str]) -> None:
    fault = {"kind": "fail_before", "operations": [operation], "status": 403, "share": 1.0}
    house.on.amili.switches.change({"faults": [fault]})
    said = house.terminal.run("check", "--json")

    assert said.status == 4
    found = document(said)
    assert found["ok"] is False
    assert [one["operation"] for one in found["endpoints"] if one["error"]] == named
    house.on.amili.switches.change({"faults": []})


@pytest.mark.parametrize("side", ["ledger", "creditor"])
def test_one_side_down(house: House, side: str) -> None:
    switches = house.on.ledger.switches if side == "ledger" else house.on.amili.switches
    switches.change({"faults": [{"kind": "fail_before", "share": 1.0, "status": 502}]})
    said = house.terminal.run("check")
    found = document(house.terminal.run("check", "--json"))
    other = {"ledger": "creditor", "creditor": "ledger"}[side]

    assert said.status == 4
    assert f"✗ {side:<8}  {'Odoo' if side == 'ledger' else 'Amili'}: " in said.out
    assert f"✓ {other}" in said.out
    assert found["ok"] is False
    assert "502" in found[side]["error"]
    assert "error" not in found[other]

    switches.change({"faults": []})

    assert house.terminal.run("check").status == 0


def test_both_sides_down(house: House) -> None:
    for switches in (house.on.ledger.switches, house.on.amili.switches):
        switches.change({"faults": [{"kind": "drop_before", "share": 1.0}]})
    said = house.terminal.run("check")

    assert said.status == 4
    assert said.out.count("✗") == 2


def test_a_key_that_has_run_out(house: House) -> None:
    house.on.ledger.keys.clear()
    said = house.terminal.run("check")

    assert said.status == 4
    assert "✗ ledger" in said.out
    assert "Make a new API key" in said.out
    assert house.on.ledger.api_key not in said.out + said.err


def test_an_inactive_creditor_needs_mending(house: House) -> None:
    house.on.amili.set_creditor(GUIDE_CREDITOR, is_active=False)
    said = house.terminal.run("check")

    assert said.status == 3
    assert "✗ creditor  Testbolaget AB (5566778899), NOT active" in said.out
    assert document(house.terminal.run("check", "--json"))["problems"] == ["the creditor is not active at Amili"]


def test_a_right_that_was_taken_away_needs_mending(house: House) -> None:
    (user,) = house.on.ledger.keys.values()
    house.on.ledger.groups[user] -= {INVOICING}
    said = house.terminal.run("check")

    assert said.status in {3, 4}
    assert "✗ ledger" in said.out
    house.on.ledger.groups[user] |= {INVOICING}
    assert house.terminal.run("check").status == 0
