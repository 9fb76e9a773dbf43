"""`withdraw`: one cancellation, with a reason, and what is said of it."""

from __future__ import annotations

from decimal import Decimal

from connector.sandbox.amili.settling import debtor_pays
from connector.store import timeline
from tests.cli.conftest import House

REASON = "Fel kund."


def cancelled(house: House) -> int:
    return sum(action.kind == "cancellation" for action in house.on.amili.actions.values())


def test_a_case_is_withdrawn_and_sent_again_only_by_a_new_send(house: House) -> None:
    invoice = house.on.invoice()
    (sent,) = house.terminal.run("send", invoice, "--yes", "--json").json
    house.on.ledger.books.pay(int(invoice), Decimal(100))
    said = house.terminal.run("withdraw", sent["invoice_number"], "--reason", REASON, typed="y\n")

    assert said.status == 0, said.err
    assert "may cost" in said.out
    assert "payment 100,00 SEK" in said.out
    assert "withdrawn" in said.out
    assert cancelled(house) == 1
    ended = house.terminal.run("withdraw", sent["case_id"], "--reason", REASON, "--yes", "--json").json
    assert ended["state"] == "withdrawn"
    assert cancelled(house) == 1
    told = timeline.of_hand_over(house.on.deployment.databases.main, sent["id"])
    assert [entry.data["why"] for entry in told if entry.event == "withdrawn"] == [REASON]

    stopped = house.terminal.run("send", invoice, "--yes", "--json")
    assert stopped.status == 5
    assert "A10" in [finding["code"] for finding in stopped.json[0]["findings"]]
    again = house.terminal.run("send", invoice, "--accept", "A10", "--yes", "--json")
    assert again.status == 0, again.err
    assert again.json[0]["case_id"] != sent["case_id"]
    assert house.on.cases(invoice) == 2


def test_without_a_yes_or_an_open_case_nothing_is_sent(house: House) -> None:
    invoice = house.on.invoice()
    (sent,) = house.terminal.run("send", invoice, "--yes", "--json").json
    assert house.terminal.run("withdraw", sent["case_id"], "--reason", REASON, typed="n\n").status != 0
    assert house.terminal.run("withdraw", sent["case_id"], "--reason", "  ", "--yes").status == 2
    assert house.terminal.run("withdraw", "NO-SUCH", "--reason", REASON, "--yes").status == 2
    debtor_pays(house.on.amili, sent["case_id"])
    said = house.terminal.run("withdraw", sent["case_id"], "--reason", REASON, "--yes")
    assert said.status == 3
    assert "closed at Amili already" in said.err
    assert cancelled(house) == 0
