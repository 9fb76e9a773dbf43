"""A page waits a few seconds for a ledger, fills itself in after that, and holds nobody else up."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from connector.domain.errors import Unavailable
from connector.store import inbox
from connector.web.app import create_app
from connector.web.reading import Readings, StillReading
from tests.flows.stage import CONNECTION, Stage
from tests.flows.waiting import until
from tests.web.conftest import EMAIL
from tests.web.page import read
from tests.web.visitor import Visitor

IMPATIENT = 0.01
PATIENT = 60.0


class Ledger:
    """Answers once it is told to."""

    def __init__(self) -> None:
        self.answers = threading.Event()
        self.asked = 0

    def ask(self) -> str:
        self.asked += 1
        assert self.answers.wait(PATIENT)
        return "41 invoices"


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


def test_what_is_read_in_time_is_the_answer() -> None:
    assert Readings(wait_s=PATIENT).read("a", "overdue", lambda: "41 invoices") == "41 invoices"


def test_what_takes_longer_is_read_once_and_fetched_later(ledger: Ledger) -> None:
    readings = Readings(wait_s=IMPATIENT)
    for _ in range(3):
        with pytest.raises(StillReading):
            readings.read("a", "overdue", ledger.ask)
    ledger.answers.set()
    until(lambda: _fetched(readings, ledger) == "41 invoices", within_s=PATIENT, what="what was read")
    assert ledger.asked == 1
    assert _fetched(readings, ledger) in ("41 invoices", ""), "it was fetched, and is read afresh"
    assert ledger.asked == 2


def _fetched(readings: Readings, ledger: Ledger) -> str:
    try:
        return readings.read("a", "overdue", ledger.ask)
    except StillReading:
        return ""


def test_what_went_wrong_is_raised_where_it_is_fetched() -> None:
    def fail() -> str:
        raise Unavailable("refused the connection.", system="Odoo")

    with pytest.raises(Unavailable):
        Readings(wait_s=PATIENT).read("a", "overdue", fail)


def test_one_company_takes_no_more_readings_than_its_own(ledger: Ledger) -> None:
    readings = Readings(wait_s=IMPATIENT, of_a_company=2, at_once=3)
    for number in range(5):
        with pytest.raises(StillReading):
            readings.read("hung", number, ledger.ask)
    until(lambda: ledger.asked == 2, within_s=PATIENT, what="the readings of the company that hangs")

    def read_elsewhere() -> bool:
        try:
            return readings.read("well", "overdue", lambda: "3 invoices") == "3 invoices"
        except StillReading:
            return False

    until(read_elsewhere, within_s=PATIENT, what="the overdue invoices of another company")
    assert ledger.asked == 2
    ledger.answers.set()


def test_pages_that_find_every_place_taken_do_not_wait(ledger: Ledger) -> None:
    readings = Readings(wait_s=PATIENT, waiting=1)
    with ThreadPoolExecutor(1) as first:
        waits = first.submit(readings.read, "a", 1, ledger.ask)
        until(lambda: ledger.asked == 1, within_s=PATIENT, what="the first page")
        with pytest.raises(StillReading):
            readings.read("a", 2, ledger.ask)
        ledger.answers.set()
        assert waits.result(PATIENT) == "41 invoices"


@pytest.fixture
def hurried(house: Stage) -> Visitor:
    """Eva, at pages that wait for nothing."""
    app = create_app(house.deployment)
    app.extensions["readings"] = Readings(wait_s=0.0)
    visitor = Visitor(app)
    assert visitor.sign_in(EMAIL).status_code == 303
    return visitor


def test_a_page_says_that_it_is_being_read_and_fills_itself_in(house: Stage, hurried: Visitor) -> None:
    invoice = house.invoice()
    path = f"/connections/{CONNECTION}/"
    first = hurried.get(path)
    assert (first.status_code, "again.js" in first.text) == (200, True)
    assert "Sidan fylls i av sig själv" in read(first.text).text
    until(lambda: house.number(invoice) in hurried.get(path).text, within_s=PATIENT, what="the overdue invoices")


def test_a_form_is_kept_and_nothing_is_sent_before_the_invoice_is_read(house: Stage, hurried: Visitor) -> None:
    invoice = house.invoice()
    path = f"/connections/{CONNECTION}/invoices/{invoice}"
    until(lambda: 'name="seen"' in hurried.get(path).text, within_s=PATIENT, what="the invoice")
    seen = Visitor.page(_patient_eva(house), path).form(path).fields

    answer = hurried.client.post(path, data=seen | {"csrf_token": _token(hurried)})
    assert answer.status_code == 503
    assert "Inget har skickats" in read(answer.text).text
    assert inbox.waiting(house.deployment.databases.inbox) == ()
    again = read(answer.text).form(f"{path}?").fields
    assert {name: again[name] for name in seen if name != "csrf_token"} == {
        name: value for name, value in seen.items() if name != "csrf_token"
    }

    def sent() -> bool:
        return hurried.client.post(path, data=again).status_code == 303

    until(sent, within_s=PATIENT, what="the invoice that is sent")
    assert [one.request.invoice_id for one in inbox.waiting(house.deployment.databases.inbox) if one.request] == [
        invoice
    ]


def _patient_eva(house: Stage) -> Visitor:
    visitor = Visitor(create_app(house.deployment))
    assert visitor.sign_in(EMAIL).status_code == 303
    return visitor


def _token(visitor: Visitor) -> str:
    with visitor.client.session_transaction() as session:
        return str(session["csrf_token"])
