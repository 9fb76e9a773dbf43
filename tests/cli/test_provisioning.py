"""`odoo provision` and `odoo remove`, as far as they can be tried without a real Odoo (tests/live does the rest)."""

from __future__ import annotations

import csv
from decimal import Decimal

import pytest
from pydantic import SecretStr

from connector.sandbox.odoo.books import InvoiceLine
from connector.sandbox.odoo.state import CONNECTORS_GROUPS
from connector.store import connections
from connector.store.connections import DEFAULT_ACCESS
from tests.cli.conftest import House
from tests.cli.terminal import Said
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


SETTINGS = ("base.group_user", "base.group_system")


def administrator(house: House, *groups: str) -> None:
    """A Settings user with that key, who may read no invoices."""
    house.on.ledger.add_user("administrator", key=KEY, groups=(*SETTINGS, *groups))


def case_in_the_ledger(house: House, company: int = 1) -> str:
    """An invoice with a case id in Odoo; gives its number."""
    customer = house.on.ledger.books.add_customer("Kund AB")
    invoice = house.on.ledger.books.add_invoice(customer, [InvoiceLine("Konsulttimme", Decimal(1000))], due_days_ago=20)
    house.on.ledger.books.set_invoice(
        invoice,
        company_id=company,
        x_amili_case_id=f"case-{company}",
        x_amili_status="Hos Amili",
        x_amili_date="2026-11-24 12:00:00",
    )
    return str(house.on.ledger.books.field(invoice, "name"))


def test_no_at_the_question_removes_nothing(house: House) -> None:
    administrator(house)
    case_in_the_ledger(house)
    said = house.terminal.run("odoo", "remove", "--settings-key", KEY, typed="\nn\n")

    assert said.status == 130
    assert "1 case ids in Odoo will be lost" in said.out
    assert house.on.ledger.writes == []


def test_the_case_ids_are_offered_and_saved_before_anything_is_removed(house: House) -> None:
    administrator(house)
    number = case_in_the_ledger(house)
    said = house.terminal.run("odoo", "remove", "--settings-key", KEY, typed="cases.csv\nn\n")

    assert said.status == 130
    lines = (house.terminal.folder / "cases.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "invoice_number,invoice_id,case_id,status,date_utc,company"
    assert [line.split(",")[0] for line in lines[1:]] == [number]
    assert lines[1].endswith(",case-1,Hos Amili,2026-11-24 12:00:00,Testbolaget AB")
    assert house.on.ledger.writes == []


def test_a_file_that_stands_already_is_not_written_over(house: House) -> None:
    administrator(house)
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


def second_company(house: House, number: int = 2) -> int:
    """Another company in the same Odoo, which has been set up too."""
    ledger = house.on.ledger
    ledger.records.create("res.company", {"name": f"Bolag {number}", "partner_id": False}, identifier=number)
    rule = {"name": f"rule_changed_company_{number}", "module": "amili_connector", "model": "base.automation"}
    ledger.records.create("ir.model.data", {**rule, "res_id": 1})
    return number


def exported(house: House) -> list[tuple[str, str]]:
    """Case id and company of each line of the file."""
    with (house.terminal.folder / "cases.csv").open(encoding="utf-8-sig", newline="") as file:
        return [(line["case_id"], line["company"]) for line in csv.DictReader(file)]


def remove(house: House, *arguments: str) -> Said:
    given = ("odoo", "remove", "--settings-key", KEY, "--export", "cases.csv", *arguments)
    return house.terminal.run(*given, typed="n\n")


ALL = [("case-1", "Testbolaget AB"), ("case-2", "Bolag 2")]


def test_the_case_ids_of_a_company_that_the_administrator_sees_are_saved_too(house: House) -> None:
    administrator(house, "account.group_account_invoice")
    company = second_company(house)
    (user,) = house.on.ledger.records.search("res.users", [["name", "=", "administrator"]])
    house.on.ledger.records.update("res.users", user, {"company_ids": [1, company]})
    for one in (1, company):
        case_in_the_ledger(house, one)

    said = remove(house)

    assert (said.status, exported(house)) == (130, ALL)
    assert "2 case ids in Odoo will be lost" in said.out
    assert "2 invoices of Testbolaget AB, Bolag 2." in said.out


def test_the_case_ids_of_another_connections_company_are_saved_too(house: House) -> None:
    administrator(house)
    company = second_company(house)
    bot = house.on.ledger.add_user("Other", key="canary-other-key-91ab", groups=CONNECTORS_GROUPS)
    house.on.ledger.records.update("res.users", bot, {"company_id": company, "company_ids": [company]})
    deployment = house.on.deployment
    own = deployment.connection(CONNECTION)
    host = {**own.settings.host, "company_id": company, "pdf_action_id": 7, "answer_action_id": 8}
    connections.add(
        deployment.databases.main,
        deployment.vault,
        connection_id="bolag-2",
        host="odoo",
        name="Bolag 2",
        amili_access=DEFAULT_ACCESS,
        settings=own.settings.model_copy(update={"host": host}),
        secrets={connections.API_KEY: SecretStr("canary-other-key-91ab")},
    )
    for one in (1, company):
        case_in_the_ledger(house, one)

    said = remove(house, "--connection", CONNECTION)

    assert (said.status, exported(house)) == (130, ALL)
    (house.terminal.folder / "cases.csv").unlink()
    assert remove(house, "--connection", CONNECTION, "--yes").status == 0
    left = connections.settings_of(deployment.databases.main, "bolag-2").host
    assert (left["pdf_action_id"], left["answer_action_id"]) == (None, None)


def test_case_ids_that_no_key_can_read_stop_an_export_and_are_told_of_without(house: House) -> None:
    administrator(house)
    second_company(house)
    case_in_the_ledger(house)
    told = "The case ids of Bolag 2 in this Odoo cannot be read by any key."

    asked = remove(house)
    assert asked.status == 3
    assert told in asked.sentence
    assert "remove without --export" in asked.sentence
    assert not (house.terminal.folder / "cases.csv").exists()

    unasked = house.terminal.run("odoo", "remove", "--settings-key", KEY, typed="\nn\n")
    assert unasked.status == 130
    assert told in unasked.err
    assert house.on.ledger.writes == []


@pytest.mark.parametrize("version", ["17.0", "18.0", "19.0"])
def test_a_set_up_tells_how_far_it_has_come(house: House, version: str) -> None:
    administrator(house)
    house.on.ledger.switches.change({"version": version})
    deployment = house.on.deployment
    own = deployment.connection(CONNECTION).settings
    with_login = own.model_copy(update={"host": {**own.host, "login": "connector"}})
    connections.save_settings(deployment.databases.main, CONNECTION, with_login)

    said = house.terminal.run("odoo", "provision", "--settings-key", KEY, "--settings-login", "administrator")

    assert (said.status, said.err) == (0, "")
    lines = said.out.splitlines()
    assert "up to two minutes" in lines[0]
    assert lines.index("  Fields: 1 of 18 …") < lines.index("  Views and menu …") < lines.index("In Odoo now:")
    assert house.on.ledger.lock_ups == 0
    kept = deployment.connection(CONNECTION).settings.host
    assert kept["answer_action_id"] != own.host["answer_action_id"]


@pytest.mark.parametrize("kind", ["fail_before", "drop_after"])
def test_a_set_up_that_fails_says_that_it_was_taken_back_and_the_old_webhook_goes_on(house: House, kind: str) -> None:
    administrator(house)
    ledger = house.on.ledger
    before = len(list(ledger.records.all("ir.model.data")))
    for _ in range(3):
        ledger.switches.change(
            {"faults": [{"kind": kind, "operations": ["base.automation/create"], "next_n": 1, "status": 403}]}
        )
        said = house.terminal.run("odoo", "provision", "--settings-key", KEY)
        assert said.status == 4
        assert "What the set-up had begun was taken back: Odoo is as it was before" in said.sentence
        assert "It failed: taking back what was begun" in said.out
    assert len(list(ledger.records.all("ir.model.data"))) == before
    assert token_still_fits(house)
