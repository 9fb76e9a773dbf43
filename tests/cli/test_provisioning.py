"""`odoo provision` and `odoo remove`, as far as they can be tried without a real Odoo (tests/live does the rest)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connector.sandbox.odoo_books import InvoiceLine
from connector.store import connections
from tests.cli.conftest import House
from tests.flows.stage import CONNECTION

KEY = "canary-settings-key-5d1b"


def token_still_fits(house: House) -> bool:
    deployment = house.on.deployment
    digests = connections.webhook_digests(deployment.databases.main, deployment.vault, CONNECTION)
    return connections.token_fits(house.on.webhook_token, digests)


@pytest.mark.parametrize("command", ["provision", "remove"])
def test_a_key_without_settings_rights_changes_nothing(house: House, command: str) -> None:
    for _ in range(3):
        said = house.terminal.run(
            *("odoo", command, *(("--yes",) if command == "remove" else ())),
            env={"ODOO_SETTINGS_KEY": house.on.ledger.api_key},
        )
        assert said.status == 4, said.err
        assert said.sentence.startswith("Odoo: ")
    assert house.on.ledger.writes == []
    assert token_still_fits(house)


@pytest.mark.parametrize("command", ["provision", "remove"])
def test_a_wrong_key_is_asked_for_unseen_and_never_shown(house: House, command: str) -> None:
    for _ in range(3):
        said = house.terminal.run("odoo", command, *(("--yes",) if command == "remove" else ()), typed=f"{KEY}\n")
        assert said.status == 4
        assert "Make a new API key" in said.err
        assert KEY not in said.out + said.err
    assert token_still_fits(house)


def case_in_the_ledger(house: House) -> str:
    """An invoice with a case id in Odoo; gives its number."""
    customer = house.on.ledger.books.add_customer("Kund AB")
    invoice = house.on.ledger.books.add_invoice(customer, [InvoiceLine("Konsulttimme", Decimal(1000))], due_days_ago=20)
    house.on.ledger.books.set_invoice(
        invoice, x_amili_case_id="case-1", x_amili_status="Hos Amili", x_amili_date="2026-11-24 12:00:00"
    )
    return str(house.on.ledger.books.field(invoice, "name"))


def test_no_at_the_question_removes_nothing(house: House) -> None:
    case_in_the_ledger(house)
    said = house.terminal.run("odoo", "remove", "--settings-key", KEY, typed="\nn\n")

    assert said.status == 130
    assert "1 case ids in Odoo will be lost" in said.out
    assert house.on.ledger.writes == []


def test_the_case_ids_are_offered_and_saved_before_anything_is_removed(house: House) -> None:
    number = case_in_the_ledger(house)
    said = house.terminal.run("odoo", "remove", "--settings-key", KEY, typed="cases.csv\nn\n")

    assert said.status == 130
    lines = (house.terminal.folder / "cases.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "invoice_number,invoice_id,case_id,status,date_utc"
    assert [line.split(",")[0] for line in lines[1:]] == [number]
    assert lines[1].endswith(",case-1,Hos Amili,2026-11-24 12:00:00")
    assert house.on.ledger.writes == []


def test_a_file_that_stands_already_is_not_written_over(house: House) -> None:
    case_in_the_ledger(house)
    file = house.terminal.folder / "cases.csv"
    file.write_text("dear to somebody", encoding="utf-8")
    said = house.terminal.run("odoo", "remove", "--yes", "--settings-key", KEY, "--export", "cases.csv")

    assert said.status == 2
    assert "cases.csv" in said.sentence
    assert file.read_text(encoding="utf-8") == "dear to somebody"


def test_case_ids_that_cannot_be_read_stop_the_removal_only_where_they_were_asked_for(house: House) -> None:
    house.on.ledger.switches.change({"faults": [{"kind": "drop_before", "share": 1.0}]})
    asked = house.terminal.run("odoo", "remove", "--yes", "--settings-key", KEY, "--export", "cases.csv")
    unasked = house.terminal.run("odoo", "remove", "--settings-key", KEY, typed="n\n")

    assert asked.status == 4
    assert not (house.terminal.folder / "cases.csv").exists()
    assert unasked.status == 130
    assert "cannot be read" in unasked.err
    assert "The case ids in Odoo will be lost" in unasked.out


def test_the_ledger_is_away(house: House) -> None:
    house.on.ledger.switches.change({"faults": [{"kind": "drop_before", "share": 1.0}]})
    said = house.terminal.run("odoo", "provision", "--settings-key", KEY)

    assert said.status == 4
    assert KEY not in said.err


def test_an_unknown_company(house: House) -> None:
    said = house.terminal.run("odoo", "provision", "--connection", "another", "--settings-key", KEY)

    assert said.status == 3
    assert "another" in said.sentence


@pytest.mark.parametrize("command", ["provision", "remove"])
def test_an_older_odoo_is_asked_for_the_login_of_the_key_as_well(house: House, command: str) -> None:
    house.on.ledger.switches.change({"version": "18.0"})
    deployment = house.on.deployment
    settings = connections.settings_of(deployment.databases.main, CONNECTION)
    own = settings.model_copy(update={"host": {**settings.host, "login": "connector"}})
    connections.save_settings(deployment.databases.main, CONNECTION, own)
    beside = ("--yes",) if command == "remove" else ()

    asked = house.terminal.run("odoo", command, *beside, "--settings-key", KEY, typed="admin\n")
    given = house.terminal.run("odoo", command, *beside, "--settings-key", KEY, "--settings-login", "admin")

    assert "Login of a user with Settings rights" in asked.out
    assert "Login of" not in given.out
    for said in (asked, given):
        assert said.status == 4
        assert "does not accept the login with this key" in said.err
