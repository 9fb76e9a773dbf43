"""`list` and `show`: what was sent, and everything that happened to it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest

from connector.flows.events.following import poll
from connector.flows.follow_up import case_reading
from connector.sandbox.shared.switches import AmiliSwitches, ClosedAs, answer_lost_after_create
from connector.store.connections import DEFAULT_ACCESS
from tests.cli.conftest import House
from tests.cli.terminal import Terminal
from tests.flows.stage import CONNECTION


@pytest.fixture
def sent(house: House) -> House:
    """A house where one invoice was sent, and one was blocked after it."""
    good = house.on.invoice(house.on.customer(name="Björkö Bygg AB"))
    bad = house.on.invoice(house.on.customer(company_registry=""))
    assert house.terminal.run("send", good, "--yes").status == 0
    assert house.terminal.run("send", bad, "--yes").status == 5
    return house


def read_cases(house: House) -> None:
    """Amili is asked how cases stand, as the worker does by itself now and then."""
    case_reading.read(house.on.deployment, lambda _job: None, DEFAULT_ACCESS)


def test_nothing_yet(terminal: Terminal) -> None:
    terminal.run("init")

    assert terminal.run("list").out == ""
    assert terminal.run("list").status == 0
    assert terminal.run("list", "--json").json == []


def test_newest_first_with_state_and_case(sent: House) -> None:
    said = sent.terminal.run("list")
    (case,) = sent.on.amili.cases.values()
    blocked, done = said.out.splitlines()[2:]

    assert said.status == 0
    assert "blocked" in blocked
    for shown in (
        CONNECTION,
        case.invoice_number,
        "Björkö Bygg AB",
        "done",
        case.id,
        "1\u00a0250,00",
        "uploaded",
        "written",
    ):
        assert shown in done


def test_for_programs(sent: House) -> None:
    blocked, done = sent.terminal.run("list", "--json").json

    assert (blocked["state"], done["state"]) == ("blocked", "done")
    assert done["case_id"] in sent.on.amili.cases
    assert done["capital_to_claim"] == "1250.00"
    assert datetime.fromisoformat(done["asked_at"]).tzinfo is not None
    assert "E2" in [finding["code"] for finding in blocked["findings"]]
    assert blocked["capital_to_claim"] is None


def test_chosen_by_state_company_and_number(sent: House) -> None:
    def states(*options: str) -> list[str]:
        return [one["state"] for one in sent.terminal.run("list", "--json", *options).json]

    assert states("--state", "done") == ["done"]
    assert states("--connection", CONNECTION) == ["blocked", "done"]
    assert states("--limit", "1") == ["blocked"]
    assert states("--state", "skipped") == []


def test_an_unknown_company_is_no_empty_list(sent: House) -> None:
    said = sent.terminal.run("list", "--connection", "another")

    assert said.status == 3
    assert "another" in said.sentence


@pytest.mark.parametrize("option", [("--limit", "0"), ("--state", "paid")])
def test_choices_that_are_none(terminal: Terminal, option: tuple[str, str]) -> None:
    assert terminal.run("list", *option).status == 2


def test_by_case_by_number_and_by_our_own_id(sent: House) -> None:
    (case,) = sent.on.amili.cases.values()
    read_cases(sent)
    by_case = sent.terminal.run("show", case.id, "--json")
    (document,) = by_case.json

    assert by_case.status == 0
    assert sent.terminal.run("show", case.invoice_number, "--json").json == [document]
    assert sent.terminal.run("show", document["id"], "--json").json == [document]
    events = [entry["event"] for entry in document["timeline"] if entry["event"] != "case_changed"]
    # Afterwards the ledger may be told how the case stands, if it has been read meanwhile.
    until_done = events[: events.index("done") + 1]
    assert until_done == [
        "asked",
        "registering",
        "registered",
        "pdf_uploaded",
        "message_left",
        "written_back",
        "done",
    ]
    assert [entry for entry in document["timeline"] if datetime.fromisoformat(entry["at"]).tzinfo is None] == []


def test_how_a_case_stands_and_the_three_facts_that_end_it(sent: House) -> None:
    sent.on.let_cases_be_read()
    (case,) = sent.on.amili.cases.values()
    invoice = next(one["invoice_id"] for one in sent.terminal.run("list", "--json").json if one["case_id"])
    sent.on.amili.switches.set(AmiliSwitches(closed_as=ClosedAs.BOOLEAN))
    read_cases(sent)
    sent.on.amili.set_case(case.id, status="något_nytt", remaining_capital=Decimal(0), closed=True)
    read_cases(sent)
    (document,) = sent.terminal.run("show", case.id, "--json").json

    assert document["case"]["status"] == "något_nytt"
    assert document["case"]["remaining_capital"] == "0.00"
    assert document["closing"] == {"closed_at_amili": True, "paid_in_ledger": False, "balances_zero": False}
    assert [one["ending"] for one in sent.terminal.run("list", "--json").json] == [None, "closed"]
    assert [one["case_id"] for one in sent.terminal.run("list", "--ending", "closed", "--json").json] == [case.id]
    assert sent.terminal.run("list", "--ending", "ended", "--json").json == []
    sent.on.ledger.books.pay(int(invoice), Decimal("1250.00"))
    poll(sent.on.deployment, CONNECTION)
    assert [one["case_id"] for one in sent.terminal.run("list", "--ending", "ended", "--json").json] == [case.id]
    said = sent.terminal.run("show", case.id, "--language", "sv").out
    assert "Avslutat hos Amili: Inkassokrav, något_nytt (debt_collection / något_nytt)" in said
    assert "left of capital: 0,00" in said
    (row,) = [line for line in said.splitlines() if line.startswith(CONNECTION)]
    assert row.count("yes") == 3
    assert sent.terminal.run("list", "--ending", "shut").status == 2


def test_a_case_is_found_by_its_ocr_number(sent: House) -> None:
    (done,) = sent.terminal.run("list", "--state", "done", "--json").json
    (registration,) = sent.on.amili.registrations.values()
    (number,) = registration["_ocr_numbers_ocr"]
    assert (done["ocr"], done["ocr_id"]) == (number, registration["_ocr_numbers"][0])

    assert [one["case_id"] for one in sent.terminal.run("list", "--ocr", number, "--json").json] == [done["case_id"]]
    assert number in sent.terminal.run("list", "--ocr", number).out
    assert sent.terminal.run("list", "--ocr", number[:-1], "--json").json == []
    assert [one["case_id"] for one in sent.terminal.run("show", number, "--json").json] == [done["case_id"]]


def test_for_people(sent: House) -> None:
    (case,) = sent.on.amili.cases.values()
    said = sent.terminal.run("show", case.id)

    assert said.status == 0
    assert f"case_id: {case.id}" in said.out
    assert "capital: 1250.00" in said.out
    for event in ("asked", "registered", "pdf_uploaded", "written_back", "done"):
        assert f"  {event}" in said.out


def test_the_language_of_the_findings(sent: House) -> None:
    (blocked,) = sent.terminal.run("list", "--state", "blocked", "--json").json
    english = sent.terminal.run("show", blocked["invoice_number"], "--language", "en").out
    swedish = sent.terminal.run("show", blocked["invoice_number"], "--language", "sv").out

    assert "number is missing" in english
    assert "saknas" in swedish


@pytest.mark.parametrize("reference", ["INV/1999/00001", "6" * 24, "%", "' OR 1=1 --"])
def test_nothing_of_that_name(sent: House, reference: str) -> None:
    said = sent.terminal.run("show", reference)

    assert said.status == 2
    assert said.sentence == f"No hand-over has the case id, invoice number or OCR number {reference}."


def test_an_invoice_that_never_got_a_number_is_found_by_its_id(house: House) -> None:
    house.on.ask("424242")
    house.terminal.run("send", house.on.invoice(), "--yes")
    said = house.terminal.run("show", "424242", "--json")

    assert said.status == 0, said.err
    assert said.json[0]["invoice_number"] == ""


def test_a_lost_answer_stands_in_the_record(house: House) -> None:
    invoice = house.on.invoice()
    house.on.amili.switches.set(AmiliSwitches(faults=(answer_lost_after_create(next_n=1),)))
    assert house.terminal.run("send", invoice, "--yes").status == 0
    (document,) = house.terminal.run("show", house.on.number(invoice), "--json").json
    events = [entry["event"] for entry in document["timeline"]]

    assert events.index("outcome_unknown") < events.index("adopted")
    assert house.on.cases(invoice) == 1
