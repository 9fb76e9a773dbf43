"""`send`: invoices become cases, and the person is told what became of each."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest

from connector.domain.findings import Finding, stops
from connector.domain.hand_over import HandOverState
from connector.flows.hand_over import asking
from connector.sandbox.odoo.books import InvoiceLine
from connector.store import timeline
from tests.cli.conftest import House
from tests.cli.terminal import Running
from tests.flows.waiting import until


@contextmanager
def worker(house: House) -> Iterator[Running]:
    """A worker that runs beside."""
    running = house.terminal.start("worker")
    until(lambda: asking.worker_runs(house.on.deployment), within_s=120, what="the worker")
    yield running
    running.signal(signal.SIGTERM)
    assert running.wait().status == 0


def abroad(house: House) -> str:
    """An invoice with a liftable block (E12) and a warning (F1)."""
    norway = house.on.ledger.records.create("res.country", {"name": "Norway", "code": "NO"})
    customer = house.on.customer(name="Fjord Handel AS")
    house.on.ledger.records.update("res.partner", customer, {"country_id": norway, "country_code": "NO"})
    lines = [InvoiceLine("Tjänster", Decimal("9000.40"))]
    return str(house.on.ledger.books.add_invoice(customer, lines, due_days_ago=20))


def test_one_invoice_without_a_worker(house: House) -> None:
    invoice = house.on.invoice()
    said = house.terminal.run("send", invoice, typed="y\n")

    assert said.status == 0, said.err
    (case,) = house.on.amili.cases_of(house.on.number(invoice))
    assert "Can be sent." in said.out
    assert "Send 1 invoice to Amili (sandbox)?" in said.out
    row = next(line for line in said.out.splitlines() if case.id in line)
    assert house.on.number(invoice) in row
    assert "1\u00a0250,00" in row
    assert case.debt["capital_to_claim"] == Decimal("1250.00")
    assert not asking.worker_runs(house.on.deployment)


def test_several_invoices_with_a_worker_and_for_programs(house: House) -> None:
    with worker(house):
        invoices = [house.on.invoice() for _ in range(3)]
        said = house.terminal.run("send", invoices[0], house.on.number(invoices[1]), invoices[2], "--yes", "--json")

    assert said.status == 0, said.err
    assert [one["invoice_id"] for one in said.json] == invoices
    for one in said.json:
        (case,) = house.on.amili.cases_of(one["invoice_number"])
        assert one["case_id"] == case.id
        assert (one["state"], one["pdf"], one["write_back"]) == ("done", "uploaded", "written")
        assert one["capital_to_claim"] == "1250.00"


def test_the_same_invoice_twice_is_one(house: House) -> None:
    invoice = house.on.invoice()
    said = house.terminal.run("send", invoice, house.on.number(invoice), invoice, "--yes", "--json")

    assert said.status == 0, said.err
    assert len(said.json) == 1
    assert house.on.cases(invoice) == 1


def test_what_was_sent_is_not_sent_again(house: House) -> None:
    invoice = house.on.invoice()
    first = house.terminal.run("send", invoice, "--yes", "--json").json
    again = house.terminal.run("send", invoice, "--yes", "--json")

    assert again.status == 0
    assert again.json == first
    assert house.on.cases(invoice) == 1
    assert house.on.amili.traffic.snapshot()["registrations_received"] == {house.on.number(invoice): 1}


def test_blocked_with_its_reasons_then_mended_and_sent(house: House) -> None:
    customer = house.on.customer(company_registry="")
    invoice = house.on.invoice(customer)
    said = house.terminal.run("send", invoice, "--yes")

    assert said.status == 5
    assert "✗ E2: The organisation or personal number is missing." in said.out
    assert "blocked" in said.out
    assert house.on.cases(invoice) == 0

    house.on.ledger.books.set_customer(customer, company_registry="556016-0680")

    assert house.terminal.run("send", invoice, "--yes").status == 0
    assert house.on.cases(invoice) == 1


def test_one_blocked_holds_no_other_back(house: House) -> None:
    good, bad = house.on.invoice(), house.on.invoice(house.on.customer(company_registry=""))
    said = house.terminal.run("send", bad, good, typed="y\n")

    assert said.status == 5
    assert "Send 2 invoices (1 of them will be stopped) to Amili (sandbox)?" in said.out
    assert (house.on.cases(good), house.on.cases(bad)) == (1, 0)


def test_no_at_the_question_sends_nothing(house: House) -> None:
    invoice = house.on.invoice()
    said = house.terminal.run("send", invoice, typed="n\n")

    assert said.status == 130
    assert house.on.hand_over(invoice) is None
    assert house.on.cases(invoice) == 0
    assert house.on.amili.traffic.snapshot()["registrations_received"] == {}


def test_the_question_keeps_out_of_the_document(house: House) -> None:
    invoice = house.on.invoice()
    said = house.terminal.run("send", invoice, "--json", typed="y\n")

    assert said.status == 0
    assert said.json[0]["invoice_id"] == invoice
    assert "Send 1 invoice to Amili" in said.err


def test_an_unknown_invoice_stops_all_before_anything_is_asked_for(house: House) -> None:
    invoice = house.on.invoice()
    said = house.terminal.run("send", invoice, "INV/1999/00001", "--yes")

    assert said.status == 4
    assert "INV/1999/00001" in said.sentence
    assert house.on.hand_over(invoice) is None


def test_an_invoice_that_cannot_be_read_stops_no_other(house: House) -> None:
    invoices = [house.on.invoice() for _ in range(3)]
    fault = {"kind": "fail_before", "operations": ["look"], "status": 503, "body": "html", "next_n": 1}
    house.on.amili.switches.change({"faults": [fault]})
    said = house.terminal.run("send", *invoices, "--yes", "--json")

    assert said.status == 4
    assert f"{invoices[0]} is not sent, for it could not be read." in said.err
    assert "took effect" not in said.err
    assert [(one["invoice_id"], one["state"]) for one in said.json] == [
        (invoices[1], "done"),
        (invoices[2], "done"),
        (invoices[0], None),
    ]
    assert [house.on.cases(invoice) for invoice in invoices] == [0, 1, 1]


def test_ticks_and_reasons_are_needed_and_kept(house: House) -> None:
    invoice = abroad(house)

    assert house.terminal.run("preview", invoice, "--json").json["stopping"] == ["E12", "F1"]
    for too_little in ((), ("--accept", "F1"), ("--lift", "E12=Avtalat")):
        assert house.terminal.run("send", invoice, "--yes", *too_little).status == 5
        assert house.on.cases(invoice) == 0
    said = house.terminal.run("send", invoice, "--accept", "F1", "--lift", "E12=Avtalat = ja", typed="y\n")

    assert said.status == 0, said.out + said.err
    assert "Can be sent." in said.out
    assert house.on.cases(invoice) == 1
    hand_over = house.on.hand_over(invoice)
    assert hand_over is not None
    entries = timeline.of_hand_over(house.on.deployment.databases.main, hand_over.id)
    asked = [entry.data for entry in entries if entry.event == "asked"]
    assert (asked[-1]["accepted"], asked[-1]["lifted"]) == (["F1"], {"E12": "Avtalat = ja"})


@pytest.mark.parametrize(
    ("wrong", "way_out"),
    [
        (("--lift", "E2=Ändå"), "--accept E2"),
        (("--accept", "E12"), "--lift E12=REASON"),
        (("--accept", "A1"), "must be mended"),
        (("--lift", "A1=Ändå"), "must be mended"),
    ],
)
def test_what_cannot_be_answered_so_is_refused_and_nothing_is_sent(
    house: House, wrong: tuple[str, str], way_out: str
) -> None:
    invoice = house.on.invoice()

    said = house.terminal.run("send", invoice, "--yes", *wrong)

    assert said.status == 2
    assert way_out in said.sentence
    assert house.on.hand_over(invoice) is None
    assert house.terminal.run("send", invoice, "--yes").status == 0
    assert house.on.cases(invoice) == 1


def test_what_stops_this_invoice_for_good_is_not_confirmed_in_silence(house: House) -> None:
    invoice = house.on.invoice(house.on.customer(company_registry=""))

    said = house.terminal.run("send", invoice, "--yes", "--accept", "E2", "--first-action", "debt_collection")

    assert said.status == 2
    assert "must be mended. Nothing was sent" in said.sentence
    assert house.on.hand_over(invoice) is None
    as_reminder = house.terminal.run("send", invoice, "--yes", "--accept", "E2", "--first-action", "reminder")
    assert as_reminder.status == 5
    assert "E2" not in [one.code for one in stops_of(house, invoice)]


def stops_of(house: House, invoice: str) -> tuple[Finding, ...]:
    """What stopped the invoice."""
    found = house.on.hand_over(invoice)
    assert found is not None
    return stops(found.findings, accepted=found.accepted, lifted=found.lifted)


@pytest.mark.parametrize(
    "wrong", [("--accept", "E99"), ("--accept", "e2"), ("--lift", "E12"), ("--lift", "E12= "), ("--lift", "=Skäl")]
)
def test_ticks_and_reasons_that_mean_nothing(house: House, wrong: tuple[str, str]) -> None:
    invoice = house.on.invoice()
    said = house.terminal.run("send", invoice, "--yes", *wrong)

    assert said.status == 2
    assert said.sentence.startswith(wrong[0])
    assert house.on.hand_over(invoice) is None


def test_the_end_is_not_reached_in_time(house: House) -> None:
    invoice = house.on.invoice()
    house.on.amili.switches.change({"faults": [{"kind": "rate_limited", "operations": ["register"], "share": 1.0}]})
    said = house.terminal.run("send", invoice, "--yes", "--wait-s", "3", "--json")

    assert said.status == 6
    assert said.json[0]["invoice_id"] == invoice
    assert said.json[0]["state"] in {None, "requested", "registering"}
    assert f"Not ended yet: {house.on.number(invoice)}" in said.err

    house.on.amili.switches.change({"faults": []})

    assert house.terminal.run("send", invoice, "--yes").status == 0
    assert house.on.cases(invoice) == 1


def test_progress_is_told_beside_the_result(house: House) -> None:
    invoice = house.on.invoice()
    house.on.amili.switches.change(
        {"faults": [{"kind": "rate_limited", "operations": ["register"], "next_n": 1, "retry_after_s": 2}]}
    )
    said = house.terminal.run("send", invoice, "--yes")

    assert said.status == 0, said.err
    assert f"[0/1] {house.on.number(invoice)}: requested, waiting for Amili (HTTP 429)" in said.err
    assert f"[1/1] {house.on.number(invoice)}: done" in said.err
    assert "[1/1]" not in said.out


def test_a_case_with_a_remark_is_a_success_that_says_so(house: House) -> None:
    invoice = house.on.invoice()
    house.on.ledger.break_pdf(int(invoice))
    said = house.terminal.run("send", invoice, "--yes")

    assert said.status == 0, said.err
    assert "! pdf_unavailable: The case is registered without the invoice copy" in said.out
    assert house.on.cases(invoice) == 1


def test_paid_between_looking_and_sending(house: House) -> None:
    invoice = house.on.invoice()
    running = house.terminal.start("send", invoice, "--yes", "--wait-s", "0")
    assert running.wait().status == 6
    house.on.ledger.books.pay(int(invoice))
    hand_over = house.on.hand_over(invoice)
    if hand_over is None or hand_over.state is not HandOverState.DONE:
        assert house.terminal.run("send", invoice, "--yes").status == 5
        assert house.on.cases(invoice) == 0
