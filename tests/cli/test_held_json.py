"""What scripts read of the commands: the names in the JSON that they print. One may be added; none may go."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connector.store import ledger_keys
from tests.cli.conftest import House
from tests.flows.stage import CONNECTION
from tests.source import ROOT

FINDING = "code severity field value sv en"
HAND_OVER = (
    "id connection invoice_id invoice_number state first_action case_id registration_id capital_to_claim debtor_name "
    "asked_by asked_at waiting_for pdf write_back findings ledger ocr ocr_id"
)
CASE = "case closing ending"
PREVIEW = (
    "connection environment invoice_id invoice_number due_date first_action amounts findings stopping sendable case_id "
    "asks_whose hand_over_id"
)
REGISTRATION = "first_action currency customer debts"
SETTINGS = (
    "environment account creditor organization_number first_action other_first_actions minimum_amount maximum_amount "
    "bank_days_after_due debt_description invoice_fee_agreed reminders rule require_pdf special_claims "
    "sensitive_claims accepted_warnings group_numbers own_reminder_expected host"
)


def names(held: str) -> set[str]:
    return set(held.split())


def missing(held: str, document: Any) -> set[str]:
    return names(held) - set(document)


def test_a_document_that_is_mapped(house: House) -> None:
    example = ROOT / "templates" / "odoo" / "example-document.json"
    printed = house.terminal.run("map", "--host", "odoo", "--input", str(example)).json

    assert not missing("registration findings", printed)
    assert not missing(REGISTRATION, printed["registration"])
    assert not missing(FINDING, printed["findings"][0])


def test_an_invoice_before_it_is_sent_and_after(house: House) -> None:
    terminal = house.terminal
    number = house.on.number(house.on.invoice())

    preview = terminal.run("preview", number, "--json").json
    assert not missing(PREVIEW, preview)
    assert not missing("term amount source", preview["amounts"][0])
    assert not missing(FINDING, preview["findings"][0])
    proposed = terminal.run("propose", "--json").json
    assert not missing("connection environment rule proposed amount invoices", proposed)

    (sent,) = terminal.run("send", number, "--yes", "--json").json
    assert not missing(HAND_OVER, sent)
    (listed,) = terminal.run("list", "--json").json
    assert not missing(f"{HAND_OVER} {CASE}", listed)
    (shown,) = terminal.run("show", number, "--json").json
    assert not missing(f"{HAND_OVER} {CASE} timeline", shown)
    assert not missing("at event actor data", shown["timeline"][0])

    house.on.amili.set_case(sent["case_id"], remaining_capital=Decimal("1.00"))
    compared = terminal.run("reconcile", "--json").json
    assert not missing("connection compared differences", compared)
    assert not missing("kind cause first_seen payouts_read_at", compared["differences"][0])
    withdrawn = terminal.run("withdraw", number, "--reason", "Fel kund.", "--yes", "--json").json
    assert not missing(HAND_OVER, withdrawn)


def test_a_company_and_what_waits(house: House) -> None:
    terminal = house.terminal
    (checked,) = terminal.run("check", "--json").json
    assert not missing(
        "connection name host environment paused ok ledger customers creditor endpoints problems", checked
    )
    assert not missing(
        "company organization_number version user missing_rights bank_booked_until key_expires to_mend unknown",
        checked["ledger"],
    )
    assert not missing("customers valid by_field", checked["customers"])
    assert not missing("operation error", checked["endpoints"][0])
    assert not missing(SETTINGS, terminal.run("settings").json)
    booked = terminal.run("booked-through", "2026-11-30", "--json").json
    assert not missing("connection booked_until accounts said", booked)

    with_ = house.on.deployment
    assert ledger_keys.refused(with_.databases.main, CONNECTION, with_.connection(CONNECTION).key.number)
    (task,) = terminal.run("tasks", "--json").json
    assert not missing("key kind connection company invoice_number what findings action since owner link", task)


def test_people_and_backups(house: House) -> None:
    terminal = house.terminal
    assert terminal.run("user", "add", "eva@byran.example").status == 0
    (person,) = terminal.run("user", "list", "--json").json
    assert not missing("email name language digest may_use_all connections", person)

    made = terminal.run("backup", "kept", "--json").json
    assert not missing("folder made_at version files connections hand_overs users", made)


@pytest.mark.parametrize(
    ("held", "document", "gone"), [("a b", ["a", "b", "c"], set()), ("a b", ["a"], {"b"})], ids=["comes", "goes"]
)
def test_a_name_that_goes_is_seen_and_one_that_comes_is_not(
    held: str, document: dict[str, int], gone: set[str]
) -> None:
    assert missing(held, document) == gone
