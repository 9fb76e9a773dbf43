"""`propose`: the rule's plan, and the brake on it."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from sqlalchemy import update

from connector.domain.hand_over import HandOverState, Origin
from connector.sandbox.odoo.books import InvoiceLine
from connector.store import inbox, tables
from tests.cli.conftest import House
from tests.flows.hand_over_steps import asked
from tests.flows.stage import CONNECTION


def lately_due(house: House, days: int) -> str:
    books = house.on.ledger.books
    lines = [InvoiceLine("Konsulttimmar", Decimal(1000), Decimal(1))]
    return str(books.add_invoice(house.on.customer(), lines, due_days_ago=days))


def bank_is_booked(house: House) -> None:
    """Money of another customer came in: without any receipt no rule sends."""
    house.on.ledger.books.receive(Decimal(10))


def rule(house: House, **values: object) -> None:
    path = house.terminal.folder / "rule.json"
    path.write_text(json.dumps({"rule": values}), encoding="utf-8")
    said = house.terminal.run("settings", "--yes", "--change", str(path))
    assert said.status == 0, said.err


def standings(house: House) -> dict[str, str]:
    said = house.terminal.run("propose", "--json")
    assert said.status == 0, said.err
    return {one["invoice_id"]: one["standing"] for one in said.json["invoices"]}


def test_every_overdue_invoice_has_its_reason(house: House) -> None:
    clean = house.on.invoice()
    nameless = house.on.invoice(house.on.customer(company_registry=""))
    early = lately_due(house, 13)
    on_time = lately_due(house, 14)

    said = house.terminal.run("propose")

    assert said.status == 0
    assert standings(house) == {clean: "proposed", nameless: "stopped", early: "not_yet", on_time: "proposed"}
    assert "E2:" in said.out
    assert "due less than the rule's days ago" in said.out
    assert "2 invoices, 2\u00a0500,00 kr, proposed; 1 not yet, 1 stopped." in said.out
    assert house.on.amili.traffic.snapshot()["registrations_received"] == {}


def test_too_early_an_invoice_is_not_read(house: House) -> None:
    lately_due(house, 3)
    house.on.ledger.traffic.clear()

    assert set(standings(house).values()) == {"not_yet"}
    read = [name for name in house.on.ledger.traffic.snapshot()["requests"] if "web_search_read" in name]
    assert read == []


def test_the_first_plan_of_a_company_waits_for_a_person(house: House) -> None:
    house.on.invoice()

    said = house.terminal.run("propose", "--send", "--yes")

    assert said.status == 5
    assert "nothing of this company was ever sent before" in said.err
    assert house.terminal.run("list", "--json").json == []


def sent_by_the_rule(house: House) -> set[str]:
    """The invoices that lie in the inbox on the rule's behalf."""
    waiting = inbox.waiting(house.on.deployment.databases.inbox)
    return {one.invoice_id for one in waiting if one.request is not None and one.request.origin is Origin.RULE}


def test_a_person_may_send_it(house: House) -> None:
    invoices = {house.on.invoice(), house.on.invoice()}
    lately_due(house, 2)

    said = house.terminal.run("propose", "--send", typed="y\n")

    assert said.status == 0, said.err
    assert "2 invoices, 2\u00a0500,00 kr, handed to the workers, who go on once a worker runs" in said.err
    assert sent_by_the_rule(house) == invoices


def test_no_is_no(house: House) -> None:
    house.on.invoice()

    said = house.terminal.run("propose", "--send", typed="n\n")

    assert said.status == 130
    assert sent_by_the_rule(house) == set()


def test_later_plans_go_by_themselves_unless_they_are_too_large(house: House) -> None:
    bank_is_booked(house)
    first = house.on.invoice()
    sent = house.terminal.run("send", house.on.number(first), "--yes")
    assert sent.status == 0, sent.err
    second = house.on.invoice()

    assert house.terminal.run("propose", "--send", "--yes").status == 0
    assert sent_by_the_rule(house) == {second}
    assert standings(house)[first] == "sent"

    rule(house, most_amount=1000)
    third = house.terminal.run("propose", "--send", "--yes")
    assert third.status == 5
    assert "most_amount" in third.err
    assert house.terminal.run("propose", "--send", "--yes", "--force").status == 0


def test_what_a_person_skipped_is_not_proposed_again(house: House) -> None:
    invoice = house.on.invoice(wished_by="Eva")
    db = house.on.deployment.databases.main
    asked(house.on, invoice)
    with db.begin() as connection:
        connection.execute(update(tables.hand_overs).values(state=HandOverState.SKIPPED))

    assert standings(house) == {invoice: "skipped"}


def test_an_invoice_that_cannot_be_read_hides_no_other(house: House) -> None:
    clean, odd = house.on.invoice(), house.on.invoice()
    house.on.ledger.books.records.update("account.move", int(odd), {"amount_residual": Decimal("1250.005")})

    found = standings(house)

    assert found[clean] == "proposed"
    assert found[odd] == "stopped"


@pytest.mark.parametrize(
    ("side", "operation"), [("ledger", "account.move.line/search_read"), ("amili", "read_creditor")]
)
def test_who_asks_for_a_day_is_not_waited_for(house: House, side: str, operation: str) -> None:
    clean, other = house.on.invoice(), house.on.invoice()
    switches = house.on.ledger.switches if side == "ledger" else house.on.amili.switches
    fault = {"kind": "rate_limited", "share": 1.0, "retry_after_s": 86_400, "operations": [operation]}
    switches.change({"faults": [fault]})
    with house.on.deployment.databases.main.begin() as connection:
        connection.execute(update(tables.connections).values(creditor_checked_at=0.0))
    said = house.terminal.run("propose", "--json")

    assert said.status == 4, "what is not read is no success"
    assert {one["invoice_id"]: one["standing"] for one in said.json["invoices"]} == {clean: "unread", other: "unread"}
    assert "2 could not be read" in said.err
    switches.change({"faults": []})
    with house.on.deployment.databases.main.begin() as connection:
        connection.execute(tables.budgets.delete())
    assert house.terminal.run("propose").status == 0


def held(house: House) -> list[str]:
    """The titles of the plans that wait among the tasks."""
    tasks = house.terminal.run("tasks", "--json", "--language", "en").json
    return [one["what"] for one in tasks if one["kind"] == "plan"]


def test_a_plan_that_needs_a_person_waits_among_the_tasks(house: House) -> None:
    house.on.invoice()
    house.on.invoice()
    assert house.terminal.run("propose").status == 0
    assert held(house) == [], "only looked at"

    said = house.terminal.run("propose", "--send", "--yes")

    assert said.status == 5
    assert f"/connections/{CONNECTION}/plan" in said.err
    assert held(house) == ["The rule's plan of 2 invoices waits for you"]


@pytest.mark.parametrize("how", [("--yes", "--force"), ()])
def test_a_plan_that_went_waits_no_longer(house: House, how: tuple[str, ...]) -> None:
    bank_is_booked(house)
    invoice = house.on.invoice()
    assert house.terminal.run("propose", "--send", "--yes").status == 5

    assert house.terminal.run("propose", "--send", *how, typed="y\n").status == 0

    assert held(house) == []
    assert sent_by_the_rule(house) == {invoice}


def test_a_plan_of_nothing_ends_the_waiting(house: House) -> None:
    invoice = house.on.invoice()
    assert house.terminal.run("propose", "--send", "--yes").status == 5
    house.on.ledger.books.pay(int(invoice))

    assert house.terminal.run("propose", "--send", "--yes").status == 0

    assert held(house) == []
    assert sent_by_the_rule(house) == set()
