"""`settings`: shown, and changed only to what the ledger can be opened with."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update

from connector.store import tables
from tests.cli.conftest import Beginning, House


def file(house: House, content: Any) -> str:
    path = house.terminal.folder / "change.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return str(path)


def settings(house: House) -> dict[str, Any]:
    """What the command says holds."""
    said = house.terminal.run("settings")
    assert said.status == 0, said.err
    shown: dict[str, Any] = said.json
    return shown


def test_they_are_shown_whole_and_without_a_secret(house: House) -> None:
    said = house.terminal.run("settings")

    assert said.json["minimum_amount"] == "100.00"
    assert said.json["host"]["url"] == house.on.ledger_url
    assert not [name for name, secret in house.on.canaries.items() if secret in said.out + said.err]


def test_a_change_is_shown_and_the_rest_stays(house: House) -> None:
    before = settings(house)
    house.on.ledger.books.add_product("Aviavgift", Decimal(60), code="AVI")
    change = {"minimum_amount": 250, "host": {"fee_products": ["FAKTAVG", "AVI"]}}

    said = house.terminal.run("settings", "--change", file(house, change), typed="y\n")

    assert said.status == 0, said.err
    assert 'minimum_amount: "100.00" → "250.00"' in said.out
    assert 'host.fee_products: ["FAKTAVG"] → ["FAKTAVG", "AVI"]' in said.out
    assert settings(house) == before | {
        "minimum_amount": "250.00",
        "host": before["host"] | {"fee_products": ["FAKTAVG", "AVI"]},
    }


def test_null_takes_a_setting_of_the_ledger_back_to_its_default(house: House) -> None:
    said = house.terminal.run("settings", "--yes", "--change", file(house, {"host": {"fee_products": None}}))

    assert said.status == 0, said.err
    assert 'host.fee_products: ["FAKTAVG"] → (default)' in said.out
    assert "fee_products" not in settings(house)["host"]


def test_no_is_no(house: House) -> None:
    before = settings(house)

    said = house.terminal.run("settings", "--change", file(house, {"require_pdf": True}), typed="n\n")

    assert said.status == 130
    assert settings(house) == before


def test_nothing_to_change_is_said(house: House) -> None:
    said = house.terminal.run("settings", "--change", file(house, {"require_pdf": False}))

    assert said.status == 0
    assert "Nothing in it differs" in said.out


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"minimum": 5}, "minimum"),
        ({"minimum_amount": "much"}, "minimum_amount"),
        ({"environment": "production"}, "environment"),
        ({"creditor": "6" * 24}, "creditor"),
        ({"organization_number": "5560160680"}, "organization_number"),
        ({"host": {"fee_product": ["A"]}}, "fee_product"),
        ({"host": ["url"]}, "host"),
        ("{", "JSON"),
    ],
)
def test_what_cannot_be_is_named_and_not_saved(house: House, change: Any, words: str) -> None:
    before = settings(house)

    said = house.terminal.run("settings", "--yes", "--change", file(house, change))

    assert said.status == 3
    assert words in said.err
    assert "Traceback" not in said.err
    assert settings(house) == before


def test_a_ledger_that_cannot_be_opened_so_is_not_saved(house: House) -> None:
    before = settings(house)

    said = house.terminal.run("settings", "--yes", "--change", file(house, {"host": {"database": "elsewhere"}}))

    assert said.status in {3, 4}
    assert settings(house) == before


def test_the_books_must_be_the_same_companys(house: House) -> None:
    before = settings(house)
    house.on.ledger.records.update("res.company", 1, {"company_registry": "556016-0680"})

    said = house.terminal.run("settings", "--yes", "--change", file(house, {"host": {"fee_products": []}}))

    assert said.status == 3
    assert "556016" in said.err
    assert settings(house) == before


def test_only_what_is_named_changes_at_any_depth(house: House) -> None:
    begin = {
        "rule": {"most_invoices": 7, "most_amount": "1234.00", "days_after_due": 30},
        "reminders": {"fee": "60", "fee_agreed": True},
        "special_claims": {"products": ["HYRA"], "accounts": ["3911"]},
    }
    assert house.terminal.run("settings", "--yes", "--change", file(house, begin)).status == 0
    before = settings(house)
    change = {
        "rule": {"days_after_due": 12},
        "reminders": {"fee": "50"},
        "special_claims": {"products": ["HYRA", "EL"]},
    }

    said = house.terminal.run("settings", "--yes", "--change", file(house, change))

    assert said.status == 0, said.err
    assert settings(house) == before | {
        "rule": before["rule"] | {"days_after_due": 12},
        "reminders": before["reminders"] | {"fee": "50.00"},
        "special_claims": before["special_claims"] | {"products": ["HYRA", "EL"]},
    }


def test_null_takes_any_setting_back_to_its_default(house: House) -> None:
    change = {"rule": {"most_invoices": 7, "days_after_due": 30}, "minimum_amount": 250}
    assert house.terminal.run("settings", "--yes", "--change", file(house, change)).status == 0

    null = {"rule": {"most_invoices": None}, "minimum_amount": None}
    assert house.terminal.run("settings", "--yes", "--change", file(house, null)).status == 0

    after = settings(house)
    assert (after["rule"]["most_invoices"], after["rule"]["days_after_due"]) == (50, 30)
    assert after["minimum_amount"] == "100.00"


CANNOT_BE_MEANT: list[tuple[Any, Any, str, str]] = [
    ({"reminders": {"fee": "70"}}, {"reminders": {"fee": "60"}}, "högst 60,00 kronor", "60,00 kronor at most"),
    ({"reminders": {"fee": "-1"}}, {"reminders": {"fee": "0"}}, "mindre än 0 kronor", "less than 0 kronor"),
    ({"minimum_amount": "-5"}, {"minimum_amount": "0"}, "mindre än 0 kronor", "less than 0 kronor"),
    ({"rule": {"most_amount": "-5"}}, {"rule": {"most_amount": "0"}}, "mindre än 0 kronor", "less than 0 kronor"),
    (
        {"minimum_amount": "100000.01"},
        {"minimum_amount": "100000"},
        "stoppas varje faktura",
        "every invoice would be stopped",
    ),
    ({"accepted_warnings": ["E9"]}, {"accepted_warnings": ["E5"]}, "E9: den kontrollen", "E9: that check"),
    ({"accepted_warnings": ["Q7"]}, {"accepted_warnings": ["F2"]}, "Q7: ingen kontroll", "Q7: there is no check"),
]


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize(("wrong", "right", "sv", "en"), CANNOT_BE_MEANT)
def test_what_cannot_be_meant_is_refused_in_the_readers_language(
    house: House, wrong: Any, right: Any, sv: str, en: str, language: str
) -> None:
    before = settings(house)

    said = house.terminal.run("settings", "--yes", "--language", language, "--change", file(house, wrong))

    assert said.status == 3
    assert (sv if language == "sv" else en) in said.sentence.replace("\u00a0", " ")
    assert settings(house) == before
    assert house.terminal.run("settings", "--yes", "--change", file(house, right)).status == 0


def test_what_an_earlier_release_stored_is_read_told_by_check_and_stops_no_other_change(house: House) -> None:
    db = house.on.deployment.databases.main
    connection = house.on.deployment.connection(house.on.connection)
    stored = json.loads(connection.settings.model_dump_json())
    stored["reminders"]["fee"], stored["accepted_warnings"] = "70.00", ["E9"]
    with db.begin() as writing:
        writing.execute(update(tables.connections).values(settings=json.dumps(stored)))

    checked = house.terminal.run("check", "--json")

    assert checked.status == 3
    (company,) = checked.json
    assert not company["ok"]
    assert [text for text in company["problems"] if "reminders.fee" in text]
    assert [text for text in company["problems"] if "E9" in text]
    change = {"rule": {"days_after_due": 12}}
    assert house.terminal.run("settings", "--yes", "--change", file(house, change)).status == 0
    mend = {"reminders": {"fee": "60"}, "accepted_warnings": []}
    assert house.terminal.run("settings", "--yes", "--change", file(house, mend)).status == 0
    assert house.terminal.run("check", "--json").status == 0


def test_a_company_is_not_connected_with_what_cannot_be_meant(beginning: Beginning) -> None:
    path = beginning.terminal.folder / "settings.json"
    path.write_text(json.dumps({"reminders": {"fee": 70}}), encoding="utf-8")

    said = beginning.connect("--yes", "--settings", str(path))

    assert said.status == 3
    assert "reminders.fee" in said.sentence
    path.write_text(json.dumps({"reminders": {"fee": 60}}), encoding="utf-8")
    assert beginning.connect("--yes", "--settings", str(path)).status == 0


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize(
    ("setting", "sv", "en"),
    [("fee_products", "ingen produkt", "no product"), ("fee_accounts", "inget konto", "no account")],
)
def test_what_the_ledger_does_not_have_is_refused_by_name(
    house: House, setting: str, sv: str, en: str, language: str
) -> None:
    before = settings(house)
    change = file(house, {"host": {setting: ["FINNS-INTE"]}})

    said = house.terminal.run("settings", "--yes", "--language", language, "--change", change)

    assert said.status == 3
    assert f"host.{setting}" in said.sentence
    assert "FINNS-INTE" in said.sentence
    assert (sv if language == "sv" else en) in said.sentence
    assert settings(house) == before
