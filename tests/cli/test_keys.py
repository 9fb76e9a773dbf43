"""`key`: a new key is tested before it is saved; commands tell which keys need one."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.domain.dates import today
from tests.cli.conftest import House
from tests.flows.stage import CONNECTION

NEW = "a-new-key-0123456789abcdef0123456789abcd"
BOT = 5


def test_a_new_key_is_tested_and_stored(house: House) -> None:
    ledger = house.on.ledger
    ledger.drop_key(ledger.api_key)
    assert house.terminal.run("check").status == 4
    listed = house.terminal.run("list")
    assert f"{CONNECTION}: its ledger does not accept our key" in listed.err
    ends = today() + timedelta(days=80)
    ledger.set_key(NEW, BOT, expires=ends)

    said = house.terminal.run("key", typed=f"{NEW}\n")

    assert said.status == 0
    assert str(ends) in said.out
    assert NEW not in said.out + said.err
    assert house.terminal.run("check").status == 0
    assert house.terminal.run("list").err.strip() == "Nothing to list."


def test_a_key_that_does_not_work_is_not_stored(house: House) -> None:
    said = house.terminal.run("key", "--api-key", "wrong-key")

    assert said.status == 4
    assert "Odoo" in said.err
    assert house.terminal.run("check").status == 0


def test_the_end_of_a_key_is_told_ahead(house: House) -> None:
    ends = today() + timedelta(days=9)
    house.on.ledger.set_key(house.on.ledger.api_key, BOT, expires=ends)

    checked = house.terminal.run("check")

    assert checked.status == 0
    assert f"key ends {ends} – SOON" in checked.out
    assert f"amili-connector key --connection {CONNECTION}" in checked.out
    assert f"its key ends on {ends}" in house.terminal.run("list").err


@pytest.mark.parametrize("companies", [[1], [1, 2], [1, 2, 3]])
def test_a_user_who_sees_several_companies_is_checked_and_given_a_new_key(house: House, companies: list[int]) -> None:
    ledger = house.on.ledger
    for company in companies[1:]:
        ledger.records.create("res.company", {"name": f"Bolag {company}", "partner_id": False}, identifier=company)
    ledger.records.update("res.users", BOT, {"company_ids": companies})
    ledger.set_key(NEW, BOT)

    assert house.terminal.run("check").status == 0
    assert house.terminal.run("key", typed=f"{NEW}\n").status == 0
    assert house.terminal.run("check").status == 0
