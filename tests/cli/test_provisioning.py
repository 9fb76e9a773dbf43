"""`odoo provision` and `odoo remove`, as far as they can be tried without a real Odoo (tests/live does the rest)."""

from __future__ import annotations

import pytest

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


def test_no_at_the_question_removes_nothing(house: House) -> None:
    before = house.on.ledger.traffic.snapshot()["requests"]
    said = house.terminal.run("odoo", "remove", "--settings-key", KEY, typed="n\n")

    assert said.status == 130
    assert "Case ids in Odoo are lost." in said.out
    assert house.on.ledger.traffic.snapshot()["requests"] == before


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
    beside = ("--yes",) if command == "remove" else ()

    asked = house.terminal.run("odoo", command, *beside, "--settings-key", KEY, typed="admin\n")
    given = house.terminal.run("odoo", command, *beside, "--settings-key", KEY, "--settings-login", "admin")

    assert "Login of a user with Settings rights" in asked.out
    assert "Login of" not in given.out
    for said in (asked, given):
        assert said.status == 4
        assert "does not accept the login with this key" in said.err
