"""The host contract against the Odoo sandbox as each version, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from flask import request as request_of_flask
from pydantic import SecretStr

from connector.domain.dates import today
from connector.domain.errors import ConfigurationError
from connector.hosts import opening
from connector.hosts.base import Host, PdfUnavailable, WriteBack
from connector.hosts.odoo.fields import (
    CASE_ID,
    CASE_URL,
    DATE,
    ENDED,
    FINDINGS,
    REQUESTED_AT,
    REQUESTED_BY,
    STATUS,
    WITHDRAWAL_AT,
    WITHDRAWAL_BY,
    WITHDRAWAL_CASE,
    WITHDRAWAL_REASON,
    odoo_datetime,
)
from connector.sandbox.odoo import create_odoo
from connector.sandbox.odoo_books import InvoiceLine
from connector.sandbox.odoo_reminders import remind
from connector.sandbox.odoo_state import OdooState
from connector.sandbox.serve import running
from connector.sandbox.switches import LedgerSwitches, OdooVersion
from tests.hosts.contract import *  # noqa: F403
from tests.hosts.contract import Made

FEE = Decimal("50.00")


class SandboxLedger:
    kind = "odoo"

    def __init__(self, state: OdooState, url: str, heard: list[tuple[str, dict[str, Any]]]) -> None:
        self.state = state
        self.url = url
        self.heard = heard
        self.host = self.open()
        self._prices = (Decimal(2000) + number * 1000 for number in count())

    def open(self, key: str | None = None, **chosen: Any) -> Host:
        settings = {
            "url": self.url,
            "database": self.state.database,
            "login": "" if self.state.version is OdooVersion.V19 else "connector",
            "fee_products": ["FAKTAVG"],
            "pdf_action_id": self.state.pdf_action or None,
            **chosen,
        }
        return opening.open_host(
            "odoo", settings=settings, api_key=SecretStr(key or self.state.api_key), allow_private=True
        )

    def host_with_wrong_key(self) -> Host:
        return self.open("wrong")

    def _invoice(self, *, due_days_ago: int = 45, **values: Any) -> Made:
        customer = self.state.books.add_customer(
            "Provkund AB",
            company_registry="556016-0680",
            street="Kungsgatan 2",
            zip="411 19",
            city="Göteborg",
        )
        goods = InvoiceLine("Konsulttimme", next(self._prices) + Decimal("0.56"))
        fee = InvoiceLine("Fakturaavgift", Decimal(40), product_code="FAKTAVG")
        move = self.state.books.add_invoice(customer, [goods, fee], due_days_ago=due_days_ago, **values)
        number = self.state.books.field(move, "name") or ""
        return Made(str(move), number, self.state.books.field(move, "amount_total"), FEE)

    def overdue_invoice(self) -> Made:
        return self._invoice()

    def not_yet_due_invoice(self) -> Made:
        return self._invoice(due_days_ago=-5)

    def draft_invoice(self) -> Made:
        return self._invoice(state="draft")

    def pay(self, invoice: Made, amount: Decimal) -> None:
        self.state.books.pay(int(invoice.id), amount)

    def credit(self, invoice: Made, amount: Decimal) -> None:
        self.state.books.credit(int(invoice.id), amount)

    def block(self, invoice: Made) -> None:
        # 17 has no such state, and a mark on the lines instead, which has a test of its own below.
        self.state.books.set_invoice(int(invoice.id), payment_state="blocked")

    def _customer(self, invoice: Made) -> int:
        return int(self.state.books.field(int(invoice.id), "partner_id"))

    def receive_on_account(self, invoice: Made, amount: Decimal) -> None:
        self.state.books.prepay(self._customer(invoice), amount)

    def receive_from_nobody(self, amount: Decimal) -> None:
        self.state.books.receive(amount)

    def credit_on_account(self, invoice: Made, amount: Decimal) -> None:
        self.state.books.credit(int(invoice.id), amount, matched=False)

    def without_pdf(self, invoice: Made) -> None:
        self.state.break_pdf(int(invoice.id))

    def wish(self, invoice: Made, by: str, at: datetime) -> None:
        self.state.books.set_invoice(int(invoice.id), **{REQUESTED_AT: odoo_datetime(at), REQUESTED_BY: by})

    def wish_withdrawal(self, invoice: Made, case_id: str, by: str, reason: str, at: datetime) -> bool:
        values = {
            WITHDRAWAL_AT: odoo_datetime(at),
            WITHDRAWAL_BY: by,
            WITHDRAWAL_CASE: case_id,
            WITHDRAWAL_REASON: reason,
        }
        self.state.books.set_invoice(int(invoice.id), **values)
        return True

    def event(self, invoice: Made) -> bytes:
        return json.dumps({"_action": "Send", "_id": int(invoice.id), "_model": "account.move"}).encode()

    def shown(self, invoice: Made) -> WriteBack:
        names = (CASE_ID, STATUS, DATE, CASE_URL, FINDINGS, ENDED)
        case_id, status, at, link, findings, ended = (self.state.books.field(int(invoice.id), name) for name in names)
        moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
        texts = tuple((findings or "").splitlines())
        return WriteBack(case_id or "", status, moment, link or "", texts, ended or "")

    def messages(self, invoice: Made) -> list[str]:
        return self.state.messages(int(invoice.id))

    def footprint(self, invoice: Made) -> str:
        return str(self.state.books.field(int(invoice.id), "write_date"))

    def mails(self) -> int:
        return sum(self.state.emails_sent.values())


@pytest.fixture(params=list(OdooVersion))
def ledger(request: pytest.FixtureRequest) -> Iterator[SandboxLedger]:
    state = OdooState(switches=LedgerSwitches(version=request.param))
    if state.version is OdooVersion.V17:
        # 17 has no way of its own to make a PDF that surely mails nobody; the installed action has.
        state.pdf_action = 304
    heard: list[tuple[str, dict[str, Any]]] = []
    app = create_odoo(state)
    app.before_request(lambda: heard.extend(_calls(request_of_flask.path, request_of_flask.get_json(silent=True))))
    with running(app) as url:
        yield SandboxLedger(state, url, heard)


def _calls(path: str, body: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """The call of a model's method in a request, by either wire, with its context."""
    if path.startswith("/json/2/"):
        yield path, body.get("context", {})
    elif path == "/jsonrpc" and body["params"]["method"] == "execute_kw":
        *_, model, method, _, named = body["params"]["args"]
        yield f"{model}/{method}", named.get("context", {})


def test_the_installed_action_renders_the_pdf_and_leaves_no_trace(ledger: SandboxLedger) -> None:
    ledger.state.pdf_action = 304
    made = ledger.overdue_invoice()
    before = ledger.footprint(made)

    pdf = ledger.open(pdf_action_id=304).pdf(made.id)

    assert pdf.content.startswith(b"%PDF-")
    assert ledger.footprint(made) == before
    assert not ledger.state.books.field(int(made.id), "is_move_sent")
    assert ledger.mails() == 0


@pytest.mark.parametrize("ledger", [OdooVersion.V18, OdooVersion.V19], indirect=True)
def test_without_the_action_odoo_makes_the_pdf_and_mails_nobody(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()

    pdf = ledger.open(pdf_action_id=304).pdf(made.id)

    assert pdf.content.startswith(b"%PDF-")
    assert ledger.state.pdfs_generated[int(made.id)] == 1
    assert ledger.mails() == 0


@pytest.mark.parametrize("ledger", [OdooVersion.V17], indirect=True)
def test_without_the_action_17_gives_the_pdf_that_was_sent_and_makes_none(ledger: SandboxLedger) -> None:
    unsent, sent = ledger.overdue_invoice(), ledger.overdue_invoice()
    ledger.state.generate_pdf(int(sent.id))
    host = ledger.open(pdf_action_id=None)

    assert host.pdf(sent.id).content.startswith(b"%PDF-")
    with pytest.raises(PdfUnavailable) as unavailable:
        host.pdf(unsent.id)

    assert "Print the invoice" in unavailable.value.advice
    assert ledger.state.pdfs_generated[int(unsent.id)] == 0


@pytest.mark.parametrize("ledger", [OdooVersion.V17], indirect=True)
def test_an_invoice_of_17_is_exempted_by_a_mark_on_any_of_its_lines(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    assert ledger.host.read(made.id).holds == ()

    line = ledger.state.books.field(int(made.id), "line_ids")[-1]
    ledger.state.records.update("account.move.line", line, {"blocked": True})

    assert [hold.kind for hold in ledger.host.read(made.id).holds or ()] == ["no_followup"]


@pytest.mark.parametrize("ledger", [OdooVersion.V17, OdooVersion.V18], indirect=True)
def test_without_a_login_the_older_versions_say_that_they_want_it(ledger: SandboxLedger) -> None:
    with pytest.raises(ConfigurationError, match=f"Odoo {ledger.state.version} wants the login") as refusal:
        ledger.open(login="").check()
    assert "login" in refusal.value.advice


@pytest.mark.parametrize("ledger", [OdooVersion.V17, OdooVersion.V18], indirect=True)
def test_an_odoo_that_is_upgraded_is_spoken_to_in_its_new_way(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    assert ledger.host.read(made.id).holds == ()
    asked = ledger.state.traffic.requests["GET /json/version"]
    ledger.state.switches.change({"version": "19.0"})

    identity = ledger.host.check()
    ledger.state.books.set_invoice(int(made.id), no_followup=True)

    assert identity.version == "19.0"
    assert [hold.kind for hold in ledger.host.read(made.id).holds or ()] == ["no_followup"]
    assert ledger.state.traffic.requests["GET /json/version"] == asked + 1


@pytest.mark.parametrize(
    ("module", "fees", "told"),
    [
        (False, False, []),
        (True, False, [None]),
        (True, True, [Decimal("60.00")]),
    ],
)
def test_reminders_are_read_where_a_module_keeps_them(
    ledger: SandboxLedger, module: bool, fees: bool, told: list[Decimal | None]
) -> None:
    ledger.state.switches.change({"reminder_module": module, "reminder_fees": fees})
    made = ledger.overdue_invoice()
    remind(ledger.state.books, int(made.id), day=today(), fee=Decimal(60))
    remind(ledger.state.books, int(made.id), day=today(), fee=Decimal(60), state="draft")

    reminders = ledger.host.read(made.id).reminders

    assert [reminder.fee for reminder in reminders] == told
    assert {reminder.date for reminder in reminders} <= {today()}


def test_a_dispute_and_a_bar_are_read_from_the_connectors_own_fields(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    ledger.state.books.set_invoice(
        int(made.id),
        x_amili_disputed=True,
        x_amili_disputed_by="Eva Ekonom",
        x_amili_disputed_at="2026-11-10 12:00:00",
    )
    ledger.state.books.set_customer(ledger.state.books.field(int(made.id), "partner_id"), x_amili_never_send=True)

    invoice = ledger.host.read(made.id)

    assert [(hold.kind, hold.by, str(hold.since)) for hold in invoice.holds or ()] == [
        ("disputed", "Eva Ekonom", "2026-11-10")
    ]
    assert invoice.customer.never_send is True


def test_fields_that_are_removed_meanwhile_stop_no_reading(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    assert ledger.host.read(made.id).customer.never_send is False

    ledger.state.switches.change({"custom_fields": False})

    assert ledger.host.read(made.id).customer.never_send is None


def test_an_invoice_is_read_in_four_calls_once_the_ledger_is_known(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    ledger.pay(made, Decimal("10.00"))
    ledger.credit(made, Decimal("20.00"))
    ledger.host.read(made.id)
    before = sum(ledger.state.traffic.snapshot()["requests"].values())

    ledger.host.read(made.id)

    assert sum(ledger.state.traffic.snapshot()["requests"].values()) - before == 4


def test_every_call_stays_within_the_connections_company(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    ledger.wish(made, "Eva Ekonom", datetime.now(UTC))
    ledger.state.pdf_action = 304
    heard = ledger.heard
    heard.clear()
    host = ledger.open(company_id=1, pdf_action_id=304)

    host.check()
    host.identity_coverage()
    host.read(made.id)
    host.find(made.number)
    host.wish(made.id)
    list(host.requested())
    host.overdue(today=today())
    host.pdf(made.id)
    ledger.open(company_id=1).pdf(made.id)
    host.write_back(made.id, WriteBack("case-1", "Registrerat", datetime.now(UTC)))

    assert len(heard) > 20
    assert {str(context.get("allowed_company_ids")) for _, context in heard} == {"[1]"}
