"""`tasks`: what waits for a person, for people and for scripts."""

from __future__ import annotations

from datetime import datetime

from tests.cli.conftest import House
from tests.flows.stage import CONNECTION


def test_nothing_waits(house: House) -> None:
    said = house.terminal.run("tasks", "--exit-code")

    assert (said.status, said.out) == (0, "")
    assert house.terminal.run("tasks", "--json").json == []


def test_what_waits_is_told_with_its_page_and_where_asked_by_the_exit_status(house: House) -> None:
    bad = house.on.invoice(house.on.customer(name="Hemlig Kund AB", company_registry=""))
    assert house.terminal.run("send", bad, "--yes").status == 5
    hand_over = house.on.hand_over(bad)
    assert hand_over is not None
    link = f"{house.on.deployment.settings.public_url}/hand-overs/{hand_over.id}"

    said = house.terminal.run("tasks", "--language", "sv")
    (document,) = house.terminal.run("tasks", "--connection", CONNECTION, "--json").json

    assert said.status == 0
    for shown in (CONNECTION, house.on.number(bad), "stoppades och är inte skickad", "Org-/personnummer saknas", link):
        assert shown in said.out
    assert "Hemlig Kund AB" not in said.out
    assert (document["kind"], document["connection"], document["owner"]) == ("blocked", CONNECTION, "")
    assert (document["invoice_number"], document["link"]) == (house.on.number(bad), link)
    assert datetime.fromisoformat(document["since"]).tzinfo is not None
    assert house.terminal.run("tasks", "--exit-code").status == 5


def test_a_company_that_is_not_there(house: House) -> None:
    assert house.terminal.run("tasks", "--connection", "nobody").status == 3
