"""`settings`: shown, and changed only to what the ledger can be opened with."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.conftest import House


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
