"""`connect`: both sides are tested before anything is saved, and every wrong turn leads back to the road."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connector.sandbox.amili.state import GUIDE_ACCOUNT, GUIDE_CREDITOR
from connector.sandbox.odoo.books import InvoiceLine
from connector.sandbox.odoo.state import INVOICING
from connector.sandbox.shared.switches import AmiliSwitches, Fault, FaultKind
from tests.cli.conftest import Beginning
from tests.cli.terminal import Said, Terminal
from tests.flows.ledgers import DATABASE, ORGANISATION

NAME = "testbolaget-ab"


def connected(terminal: Terminal) -> list[str]:
    """The connections that are stored."""
    said = terminal.run("check", "--json")
    if said.status == 3 and "No company is connected yet" in said.err:
        return []
    return [one["connection"] for one in said.json]


def succeeds(beginning: Beginning) -> None:
    """Nothing was stored so far, and the same connect works now."""
    assert connected(beginning.terminal) == []
    said = beginning.connect("--yes")
    assert said.status == 0, said.err
    assert connected(beginning.terminal) == [NAME]


def refused(said: Said, status: int, *words: str) -> None:
    assert said.status == status, said.err
    line = said.err.splitlines()[-1]
    assert not [word for word in words if word not in line], line
    assert "Traceback" not in said.err


def test_everything_given(beginning: Beginning) -> None:
    said = beginning.connect("--yes")

    assert said.status == 0, said.err
    assert "Ledger:   Testbolaget AB (5566778899), 19.0" in said.out
    assert "Customers with a valid personal or organisation number: 0 of 0" in said.out
    assert "Creditor: Testbolaget AB (5566778899) at Amili, sandbox" in said.out
    token = re.search(rf"http://127\.0\.0\.1:8080/webhooks/odoo/{NAME}/(\S{{40,}})\?event=requested", said.out)
    assert token
    assert beginning.ledger_key not in said.out + said.err
    (checked,) = beginning.terminal.run("check", "--json").json
    assert checked["creditor"]["id"] == GUIDE_CREDITOR
    assert checked["creditor"]["account"] == GUIDE_ACCOUNT
    everything = b"".join(path.read_bytes() for path in sorted((beginning.terminal.folder / "data").iterdir()))
    assert beginning.ledger_key.encode() not in everything
    assert beginning.api_code.encode() not in everything
    assert token[1].encode() not in everything


def test_everything_asked_for(beginning: Beginning) -> None:
    answers = f"{beginning.ledger_url}\n{DATABASE}\n{beginning.ledger_key}\n\n"
    said = beginning.terminal.run("connect", typed=answers)

    assert said.status == 0, said.err
    assert "Save as “testbolaget-ab”?" in said.out
    assert beginning.ledger_key not in said.out + said.err
    assert connected(beginning.terminal) == [NAME]


def test_the_key_from_the_environment(beginning: Beginning) -> None:
    said = beginning.terminal.run(
        *("connect", "--url", beginning.ledger_url, "--database", DATABASE, "--yes"),
        env={"LEDGER_API_KEY": beginning.ledger_key},
    )

    assert said.status == 0, said.err


def test_no_at_the_last_question_saves_nothing(beginning: Beginning) -> None:
    assert beginning.connect(typed="n\n").status == 130
    succeeds(beginning)


@pytest.mark.parametrize(
    ("number", "expected"),
    [("1", GUIDE_CREDITOR), ("2", "second"), ("3\n2", "second")],
    ids=["first", "second", "typo"],
)
def test_several_creditors_are_shown_and_one_is_chosen(beginning: Beginning, number: str, expected: str) -> None:
    second = beginning.amili.add_creditor(GUIDE_ACCOUNT, "Testbolaget Väst", ORGANISATION)
    beginning.amili.add_creditor(GUIDE_ACCOUNT, "Ett annat bolag", "5560160680")
    said = beginning.connect(typed=f"{number}\n\n")

    assert said.status == 0, said.err
    assert "Several creditors at Amili (sandbox) have the ledger's organisation number:" in said.out
    assert "Testbolaget Väst" in said.out
    assert "Ett annat bolag" not in said.out
    (checked,) = beginning.terminal.run("check", "--json").json
    assert checked["creditor"]["id"] == {"second": second}.get(expected, expected)


def test_several_creditors_and_nobody_to_ask(beginning: Beginning) -> None:
    second = beginning.amili.add_creditor(GUIDE_ACCOUNT, "Testbolaget Väst", ORGANISATION)
    refused(beginning.connect("--yes"), 3, "--creditor ID")
    refused(beginning.connect("--yes", "--creditor", "0" * 24), 3, "0" * 24)
    assert connected(beginning.terminal) == []

    assert beginning.connect("--yes", "--creditor", second).status == 0
    (checked,) = beginning.terminal.run("check", "--json").json
    assert checked["creditor"]["id"] == second


def test_no_creditor_with_the_number_is_said_and_left_to_the_person(beginning: Beginning) -> None:
    beginning.amili.set_creditor(GUIDE_CREDITOR, organization_no="5560160680")
    refused(beginning.connect("--yes"), 3, "--creditor ID")
    beginning.amili.set_creditor(GUIDE_CREDITOR, organization_no=ORGANISATION)
    succeeds(beginning)


def test_an_inactive_creditor_is_refused_before_the_question(beginning: Beginning) -> None:
    beginning.amili.set_creditor(GUIDE_CREDITOR, is_active=False)
    said = beginning.connect(typed="y\n")
    refused(said, 3, "Testbolaget AB is not active at Amili", "Finish the agreement")
    assert "Save as" not in said.out
    beginning.amili.set_creditor(GUIDE_CREDITOR, is_active=True)
    succeeds(beginning)


def test_our_key_sees_no_creditor(beginning: Beginning) -> None:
    kept = dict(beginning.amili.creditors)
    beginning.amili.creditors.clear()
    refused(beginning.connect("--yes"), 3, "Amili shows our key no creditor")
    beginning.amili.creditors.update(kept)
    succeeds(beginning)


def test_the_ledger_cannot_be_reached(beginning: Beginning) -> None:
    given = ("--database", DATABASE, "--api-key", beginning.ledger_key, "--yes")
    refused(
        beginning.terminal.run("connect", "--url", "http://127.0.0.1:1", *given), 4, "Odoo", "refused the connection"
    )
    succeeds(beginning)


def test_the_ledger_breaks_off(beginning: Beginning) -> None:
    beginning.ledger.switches.change({"faults": [{"kind": "drop_before", "next_n": 1}]})
    refused(beginning.connect("--yes"), 4, "Odoo", "the connection broke")
    succeeds(beginning)


def test_a_wrong_key_for_the_ledger(beginning: Beginning) -> None:
    said = beginning.connect("--yes", key="canary-wrong-key")
    refused(said, 4, "Odoo", "Make a new API key")
    assert "canary-wrong-key" not in said.out + said.err
    succeeds(beginning)


def test_what_cannot_be_a_key(beginning: Beginning) -> None:
    for key in ("åäö", "klistrad–nyckel", " "):
        refused(beginning.connect("--yes", key=key), 3, "The ledger's API key")
    succeeds(beginning)


def test_a_wrong_database(beginning: Beginning) -> None:
    given = ("--url", beginning.ledger_url, "--api-key", beginning.ledger_key, "--yes")
    refused(beginning.terminal.run("connect", "--database", "another", *given), 4, "Odoo", "database name")
    succeeds(beginning)


def test_a_user_without_the_rights(beginning: Beginning) -> None:
    beginning.ledger.add_user(
        "Läsare", key="canary-reader", groups=("base.group_user", "account.group_account_readonly")
    )
    refused(
        beginning.connect("--yes", key="canary-reader"), 3, "läsare", "lacks rights", "write the case id on invoices"
    )
    user = beginning.ledger.keys["canary-reader"]
    beginning.ledger.groups[user] = frozenset({"base.group_user", INVOICING})
    assert connected(beginning.terminal) == []
    assert beginning.connect("--yes", key="canary-reader").status == 0


def test_amili_cannot_be_reached(beginning: Beginning) -> None:
    address = beginning.terminal.env["AMILI_SANDBOX_URL"]
    beginning.terminal.env["AMILI_SANDBOX_URL"] = "http://127.0.0.1:1"
    refused(beginning.connect("--yes"), 4, "Amili")
    beginning.terminal.env["AMILI_SANDBOX_URL"] = address
    succeeds(beginning)


def test_amili_is_out_of_order(beginning: Beginning) -> None:
    faults = (Fault(FaultKind.FAIL_BEFORE, operations=("creditors",), next_n=1),)
    beginning.amili.switches.set(replace(AmiliSwitches(), faults=faults))
    refused(beginning.connect("--yes"), 4, "Amili", "503")
    succeeds(beginning)


def test_a_wrong_api_code(beginning: Beginning) -> None:
    said = beginning.terminal.run("amili", "code", "--api-code", "canary-wrong-code")
    refused(said, 4, "Amili", "does not accept our API code")
    assert "canary-wrong-code" not in said.out + said.err
    succeeds(beginning)


def test_no_api_code_yet(beginning: Beginning) -> None:
    beginning.terminal.run("amili", "keys", "--name", "new")
    refused(beginning.connect("--yes", "--amili-keys", "new"), 3, "has no API code yet", "amili-connector amili code")
    refused(beginning.connect("--yes", "--amili-keys", "none"), 3, "There is no Amili key pair named “none”")
    succeeds(beginning)


def test_production_needs_its_address(beginning: Beginning) -> None:
    refused(beginning.connect("--yes", "--environment", "production"), 3, "AMILI_PRODUCTION_URL")
    succeeds(beginning)


def test_addresses_that_may_not_be_used(beginning: Beginning) -> None:
    for url, words in (
        ("http://company.example", "https://"),
        ("ftp://company.example", "https://"),
        ("https://user:canary-word@company.example", "user name or a password"),
        ("https://company example", "characters that no address can hold"),
    ):
        said = beginning.terminal.run(
            *("connect", "--url", url, "--database", DATABASE, "--api-key", beginning.ledger_key, "--yes"),
            env={"ALLOW_PRIVATE_ADDRESSES": "false"},
        )
        refused(said, 3, words)
        assert "canary-word" not in said.err
    succeeds(beginning)


def test_an_unknown_host(beginning: Beginning) -> None:
    said = beginning.connect("visma")

    assert said.status == 2
    assert "odoo" in said.err
    succeeds(beginning)


def test_names_that_fit_no_address(beginning: Beginning) -> None:
    for name in ("Bolaget", "a/b", "-", "a b", "", "å", "x" * 41):
        assert beginning.connect("--yes", "--id", name).status == 2, name
    succeeds(beginning)


def test_a_name_that_is_taken(beginning: Beginning) -> None:
    assert beginning.connect("--yes", "--id", "bolaget").status == 0
    refused(beginning.connect("--yes", "--id", "bolaget"), 3, "bolaget", "--id")
    assert connected(beginning.terminal) == ["bolaget"]


def settings_file(terminal: Terminal, value: object) -> str:
    (terminal.folder / "settings.json").write_text(json.dumps(value), encoding="utf-8")
    return "settings.json"


def test_settings_from_a_file_are_kept(beginning: Beginning) -> None:
    chosen = {"first_action": "debt_collection", "host": {"fee_products": ["FAKTAVG"]}}
    said = beginning.connect("--yes", "--settings", settings_file(beginning.terminal, chosen))

    assert said.status == 0, said.err
    invoice = beginning.ledger.books.add_invoice(beginning.ledger.books.add_customer("Kund AB"), [], due_days_ago=3)
    assert beginning.terminal.run("preview", str(invoice), "--json").json["first_action"] == "debt_collection"


def test_the_environment_of_the_settings_counts_unless_another_is_given(beginning: Beginning) -> None:
    file = settings_file(beginning.terminal, {"environment": "production"})
    refused(beginning.connect("--yes", "--settings", file), 3, "AMILI_PRODUCTION_URL")

    said = beginning.connect("--yes", "--settings", file, "--environment", "sandbox")

    assert said.status == 0, said.err
    assert "at Amili, sandbox" in said.out


def test_corrupt_settings_files(beginning: Beginning) -> None:
    for content, words in (
        (b"{", "is not JSON: "),
        (b"", "is not JSON: "),
        (b"\xff\xfe{}", "is not JSON."),
        (b"[" * 100_000, "is not JSON."),
        (b"[]", "holds no JSON object."),
        (b'"text"', "holds no JSON object."),
        (b'{"first_action": "court"}', "the setting first_action: "),
        (b'{"minimum_amount": 0.001}', "the setting minimum_amount: "),
        (b'{"reminders": {"fee": "sixty"}}', "the setting reminders.fee: "),
        (b'{"fist_action": "reminder"}', "the setting fist_action: "),
        (b'{"host": {"fee_product": []}}', "The Odoo setting fee_product: "),
    ):
        (beginning.terminal.folder / "settings.json").write_bytes(content)
        refused(beginning.connect("--yes", "--settings", "settings.json"), 3, words)
    succeeds(beginning)


def test_a_settings_file_that_is_not_there(beginning: Beginning) -> None:
    said = beginning.connect("--yes", "--settings", "nowhere.json")

    assert said.status == 2
    assert "nowhere.json" in said.err


def test_a_name_from_any_company(beginning: Beginning) -> None:
    company: dict[str, Any] = beginning.ledger.records.get("res.company", 1)
    company["name"] = "Åkes Måleri & Söner / Öst AB"

    assert beginning.connect("--yes").status == 0
    assert connected(beginning.terminal) == ["akes-maleri-soner-ost-ab"]


@pytest.mark.parametrize("version", ["17.0", "18.0"])
def test_an_older_odoo_is_asked_for_the_login_as_well(beginning: Beginning, version: str) -> None:
    beginning.ledger.switches.change({"version": version})
    answers = f"{beginning.ledger_url}\n{DATABASE}\nconnector\n{beginning.ledger_key}\n\n"

    said = beginning.terminal.run("connect", typed=answers)

    assert said.status == 0, said.err
    assert f"Ledger:   Testbolaget AB (5566778899), {version}, as connector" in said.out
    assert connected(beginning.terminal) == [NAME]


def test_the_login_is_given_beside_the_key(beginning: Beginning) -> None:
    beginning.ledger.switches.change({"version": "18.0"})
    refused(beginning.connect("--yes", "--login", "somebody"), 4, "does not accept the login", "new API key")
    assert beginning.connect("--yes", "--login", "connector").status == 0


def test_the_login_is_not_asked_for_where_it_is_not_wanted(beginning: Beginning) -> None:
    said = beginning.connect("--yes")
    assert said.status == 0, said.err
    assert "Login" not in said.out


@pytest.mark.parametrize("version", ["17.0", "18.0"])
def test_from_connect_to_the_case_id_on_an_invoice_of_an_older_odoo(beginning: Beginning, version: str) -> None:
    beginning.ledger.switches.change({"version": version})
    books = beginning.ledger.books
    address: dict[str, Any] = {"street": "Kungsgatan 2", "zip": "411 19", "city": "Göteborg"}
    customer = books.add_customer("Kund AB", company_registry="556016-0680", **address)
    invoice = books.add_invoice(customer, [InvoiceLine("Konsulttimmar", Decimal(1000))], due_days_ago=45)
    beginning.ledger.generate_pdf(invoice)
    assert beginning.connect("--yes", "--login", "connector").status == 0

    said = beginning.terminal.run("send", str(invoice), "--yes")

    assert said.status == 0, said.out + said.err
    (case,) = beginning.amili.cases_of(books.number(invoice))
    assert books.field(invoice, "x_amili_case_id") == case.id
    assert not [call for call in beginning.ledger.traffic.requests if "/json/2/" in call]


@pytest.mark.parametrize("companies", [[1, 2], [1, 2, 3]])
def test_a_user_who_sees_several_companies_is_connected_to_the_chosen_one(
    beginning: Beginning, companies: list[int]
) -> None:
    for company in companies[1:]:
        values = {"name": f"Bolag {company}", "partner_id": False}
        beginning.ledger.records.create("res.company", values, identifier=company)
    beginning.ledger.records.update("res.users", 5, {"company_ids": companies})
    (beginning.terminal.folder / "settings.json").write_text('{"host": {"company_id": 1}}', encoding="utf-8")

    refused = beginning.connect("--yes")
    said = beginning.connect("--yes", "--settings", "settings.json")

    assert refused.status == 3
    assert "sees several companies" in refused.err
    assert said.status == 0, said.err
