"""`go-live`, `pause`, `resume`, `disconnect`, and key pairs that are replaced, given on the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.amili.keys import make_key_pair
from connector.domain.connection import Environment
from connector.domain.hand_over import HandOverState
from connector.sandbox.amili.app import create_amili
from connector.sandbox.amili.state import GUIDE_CREDITOR, AmiliState, guide_state
from connector.store import amili_accesses, hand_overs
from connector.store.connections import DEFAULT_ACCESS
from tests import canary
from tests.cli.conftest import Beginning, House
from tests.flows.ledgers import ORGANISATION
from tests.flows.stage import CONNECTION
from tests.flows.two_amilis import by_https

LIVE_CODE = "canary-live-code-8e07"


@pytest.fixture
def production(house: House, tmp_path: Path) -> Iterator[AmiliState]:
    """Amili's production environment, whose address the deployment knows; its key pair “live” has its code."""
    state = guide_state(organization_no=ORGANISATION)
    folder = tmp_path / "certificate"
    folder.mkdir()
    with by_https(create_amili(state), folder) as (url, trusting):
        house.terminal.env |= {"AMILI_PRODUCTION_URL": url, **trusting}
        made = house.terminal.run("amili", "keys", "--name", "live")
        state.register_key(LIVE_CODE, made.out)
        said = house.terminal.run("amili", "code", "--name", "live", "--api-code", LIVE_CODE)
        assert (said.status, "It works in production." in said.out) == (0, True), said.err
        yield state


def environment(house: House) -> Environment:
    """Where the company is."""
    return house.on.deployment.connection(CONNECTION).settings.environment


def test_a_company_goes_live_and_what_was_sent_stays_in_the_sandbox(house: House, production: AmiliState) -> None:
    invoice = house.on.invoice()
    assert house.terminal.run("send", invoice, "--yes").status == 0

    said = house.terminal.run("go-live", "--amili-keys", "live", typed="y\n")

    assert said.status == 0, said.out + said.err
    assert "Stays in the sandbox, on record: 1 case(s)" in said.out
    assert environment(house) is Environment.PRODUCTION
    (left,) = hand_overs.listing(house.on.deployment.databases.main)
    assert left.state is HandOverState.LEFT
    assert house.terminal.run("send", invoice, "--yes").status == 0
    number = house.on.number(invoice)
    assert (house.on.cases(invoice), len(production.cases_of(number))) == (1, 1)
    back = house.terminal.run("go-live", "--back", "--yes")
    assert (back.status, environment(house)) == (3, Environment.PRODUCTION)
    assert house.terminal.run("check", "--json").json[0]["environment"] == "production"


def test_no_is_no_and_production_is_tested_first(house: House, production: AmiliState) -> None:
    assert house.terminal.run("go-live", "--amili-keys", "live", typed="n\n").status == 130
    wrong_pair = house.terminal.run("go-live", "--yes")
    assert wrong_pair.status == 4
    assert "does not accept our API code" in wrong_pair.sentence
    production.set_creditor(GUIDE_CREDITOR, is_active=False)
    inactive = house.terminal.run("go-live", "--amili-keys", "live", "--yes")
    assert (inactive.status, "not active" in inactive.sentence) == (3, True)
    assert environment(house) is Environment.SANDBOX

    production.set_creditor(GUIDE_CREDITOR, is_active=True)
    assert house.terminal.run("go-live", "--amili-keys", "live", "--yes").status == 0
    assert house.terminal.run("go-live", "--back", "--yes").status == 0
    assert environment(house) is Environment.SANDBOX


def test_without_the_address_it_is_said(house: House) -> None:
    said = house.terminal.run("go-live", "--yes")

    assert said.status == 3
    assert "AMILI_PRODUCTION_URL" in said.sentence


def test_a_company_pauses_and_goes_on(house: House) -> None:
    invoice = house.on.invoice()
    paused = house.terminal.run("pause")
    assert (paused.status, "no invoice is sent" in paused.out) == (0, True)
    assert "pauses already" in house.terminal.run("pause").out

    waits = house.terminal.run("send", invoice, "--yes", "--wait-s", "20")

    assert waits.status == 6
    assert "pauses" in waits.err
    assert house.on.cases(invoice) == 0
    assert house.terminal.run("check", "--json").json[0]["paused"] is True
    assert "pauses" in house.terminal.run("list").err
    assert "goes on" in house.terminal.run("resume").out
    assert house.terminal.run("send", invoice, "--yes").status == 0
    assert house.on.cases(invoice) == 1


def test_an_end_says_what_stays_and_the_books_can_be_connected_anew(house: House) -> None:
    invoice = house.on.invoice()
    assert house.terminal.run("send", invoice, "--yes").status == 0
    assert house.terminal.run("disconnect", typed="n\n").status == 130

    said = house.terminal.run("disconnect", typed="y\n")

    assert said.status == 0, said.err
    assert "1 open case(s) stay at Amili" in said.out
    assert "By hand: delete the API key" in said.out
    refused = house.terminal.run("send", invoice, "--yes", "--connection", CONNECTION)
    assert (refused.status, "disconnected" in refused.sentence) == (3, True)
    assert "No company is connected" in house.terminal.run("check").sentence
    assert house.terminal.run("check", "--connection", CONNECTION).status == 3
    assert house.terminal.run("list", "--json").json[0]["state"] == "done"


def test_the_same_books_are_connected_once(beginning: Beginning) -> None:
    assert beginning.connect("--yes").status == 0

    again = beginning.connect("--yes", "--id", "igen")

    assert again.status == 3
    assert "connected to Amili's sandbox already" in again.sentence
    assert "amili-connector key" in again.sentence


def test_a_key_pair_is_replaced_while_it_is_in_use(house: House) -> None:
    assert house.terminal.run("amili", "keys", "--confirm").status == 3
    made = house.terminal.run("amili", "keys", "--replace")
    assert made.status == 0
    assert house.terminal.run("amili", "keys", "--replace").out == made.out
    assert house.terminal.run("amili", "public-key").out != made.out
    early = house.terminal.run("amili", "keys", "--confirm")
    assert (early.status, "does not work yet" in early.err) == (4, True)
    assert house.terminal.run("check").status == 0

    house.on.amili.register_key(canary.API_CODE, made.out)
    said = house.terminal.run("amili", "keys", "--confirm")

    assert said.status == 0, said.err
    assert house.terminal.run("amili", "public-key").out == made.out
    house.on.amili.expire_tokens()
    assert house.terminal.run("check").status == 0


def test_a_new_pair_may_come_with_a_new_code(house: House) -> None:
    made = house.terminal.run("amili", "keys", "--replace")
    house.on.amili.register_key(LIVE_CODE, made.out)

    said = house.terminal.run("amili", "code", "--api-code", LIVE_CODE)

    assert (said.status, "is in use" in said.out) == (0, True), said.err
    assert house.terminal.run("amili", "public-key").out == made.out


def test_a_new_pair_can_be_given_up(house: House) -> None:
    house.terminal.run("amili", "keys", "--replace")
    assert "forgotten" in house.terminal.run("amili", "keys", "--give-up").out
    assert "No new key pair waits" in house.terminal.run("amili", "keys", "--give-up").out
    assert house.terminal.run("amili", "keys", "--replace", "--confirm").status == 2


def test_a_refused_pair_is_said_by_check_and_list(house: House) -> None:
    house.on.amili.register_key(canary.API_CODE, make_key_pair().public_key)
    house.on.amili.expire_tokens()

    assert house.terminal.run("check").status == 4

    db = house.on.deployment.databases.main
    assert [one.amili_access for one in amili_accesses.refusals(db)] == [DEFAULT_ACCESS]
    assert "amili keys --replace" in house.terminal.run("list").err
