"""The host contract against the Odoo sandbox as each version, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from flask import request as request_of_flask
from pydantic import SecretStr

from connector.domain.assess import assess
from connector.domain.assessment import Assessment
from connector.domain.connection import EscalationRule, ReminderPolicy
from connector.domain.dates import today
from connector.domain.errors import ConfigurationError
from connector.domain.findings import Finding, Severity
from connector.domain.invoice import Invoice
from connector.domain.plan import NotYet, not_yet
from connector.hosts import opening
from connector.hosts.base import Host, LedgerMessage, PdfUnavailable, WriteBack
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
from connector.remote.policy import HttpPolicy
from connector.sandbox.odoo.app import create_odoo
from connector.sandbox.odoo.books import InvoiceLine
from connector.sandbox.odoo.chart import SALES_JOURNAL
from connector.sandbox.odoo.modules import CREDIT_INFO
from connector.sandbox.odoo.reminders import add_number, add_policy, remind, remind_of_overdue
from connector.sandbox.odoo.request_rows import ACTION_IDS, ANSWER, DISPUTE, SEND, SETTLE, WITHDRAW
from connector.sandbox.odoo.state import OdooState
from connector.sandbox.odoo.switches import LedgerSwitches, OdooVersion
from connector.sandbox.shared.serve import running
from connector.sandbox.shared.switches import Fault, FaultKind
from tests.domain.clean_invoice import circumstances, settings
from tests.hosts.contract import *  # noqa: F403
from tests.hosts.contract import Made
from tests.said import en

FEE = Decimal("50.00")
CONNECTORS_USER = 5


def assessed(invoice: Invoice, **chosen: Any) -> Assessment:
    """The judgement of an invoice today."""
    return assess(invoice, settings(**chosen), circumstances(today=today()))


def judged(invoice: Invoice) -> tuple[Finding, ...]:
    return assessed(invoice).findings


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
            "answer_action_id": ACTION_IDS[ANSWER],
            **chosen,
        }
        return opening.open_host(
            "odoo", settings=settings, api_key=SecretStr(key or self.state.api_key), http=HttpPolicy(allow_private=True)
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

    def other_card(self, invoice: Made, name: str, spelling: str) -> str:
        return str(self.state.books.add_customer(name, vat=spelling.format("5560160680")))

    def without_pdf(self, invoice: Made) -> None:
        self.state.break_pdf(int(invoice.id))

    def wish(self, invoice: Made, by: str, at: datetime) -> None:
        self.state.books.set_invoice(int(invoice.id), **{REQUESTED_AT: odoo_datetime(at), REQUESTED_BY: by})
        self.state.request(int(invoice.id), SEND, by, at=at)

    def wish_withdrawal(self, invoice: Made, case_id: str, by: str, reason: str, at: datetime) -> bool:
        values = {
            WITHDRAWAL_AT: odoo_datetime(at),
            WITHDRAWAL_BY: by,
            WITHDRAWAL_CASE: case_id,
            WITHDRAWAL_REASON: reason,
        }
        self.state.books.set_invoice(int(invoice.id), **values)
        self.state.request(int(invoice.id), WITHDRAW, by, at=at, x_case_id=case_id, x_reason=reason)
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


@pytest.mark.parametrize("ledger", [OdooVersion.V19], indirect=True)
def test_an_odoo_that_minds_its_database_s_name_is_read_all_the_same(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    ledger.state.switches.change({"minds_database_name": True})

    assert ledger.open().check().version == "19.0"
    assert ledger.open().read(made.id).id == made.id


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


@pytest.mark.parametrize("keeps_reminders", [False, True])
def test_a_companys_reminder_fee_is_claimed_for_a_reminder_that_odoo_shows_and_never_else(
    ledger: SandboxLedger, keeps_reminders: bool
) -> None:
    ledger.state.switches.change({"reminder_module": keeps_reminders, "reminder_fees": False})
    made = ledger.overdue_invoice()
    remind(ledger.state.books, int(made.id), day=today())
    policy = ReminderPolicy(fee=Decimal(60), fee_agreed=True)

    found = assessed(ledger.host.read(made.id), reminders=policy)

    assert found.claim is not None
    claimed = found.claim.reminder_fee
    assert (claimed.amount if claimed else None) == (Decimal(60) if keeps_reminders else None)
    said = [en(finding) for finding in found.findings if finding.code == "D3"]
    assert ["is not claimed: the ledger shows no reminders" in text for text in said] == [True] * (not keeps_reminders)


@pytest.mark.parametrize(
    ("customer_number", "said"),
    [("12345678", "10 digits"), ("1234567", ""), ("123456789", ""), ("1234567890", "12 digits")],
)
def test_a_reference_that_odoo_made_with_a_wrong_length_digit_is_told(
    ledger: SandboxLedger, customer_number: str, said: str
) -> None:
    journal = {"invoice_reference_model": "se_ocr3", "invoice_reference_type": "partner"}
    ledger.state.records.update("account.journal", SALES_JOURNAL, journal)
    customer = ledger.state.books.add_customer(
        "Provkund AB",
        company_registry="556016-0680",
        street="Kungsgatan 2",
        zip="411 19",
        city="Göteborg",
        ref=customer_number,
    )
    line = InvoiceLine("Konsulttimmar", Decimal(1000))
    invoice = ledger.host.read(str(ledger.state.books.add_invoice(customer, [line], due_days_ago=45)))

    found = [en(finding) for finding in judged(invoice) if finding.code == "F5"]

    assert [said in text for text in found] == ([True] if said else [])


def test_many_small_lines_that_odoo_rounds_by_themselves_stop_no_invoice(ledger: SandboxLedger) -> None:
    customer = ledger.state.books.add_customer(
        "Provkund AB", company_registry="556016-0680", street="Kungsgatan 2", zip="411 19", city="Göteborg"
    )
    small = [InvoiceLine("Skruv M4", Decimal("0.30"))] * 210
    fee = InvoiceLine("Fakturaavgift", Decimal(40), product_code="FAKTAVG")
    invoice = ledger.host.read(str(ledger.state.books.add_invoice(customer, [*small, fee], due_days_ago=45)))
    assert (invoice.total, sum(line.amount for line in invoice.lines)) == (Decimal("128.75"), Decimal("129.80"))

    assert [finding for finding in judged(invoice) if finding.code == "B3"] == []
    dearer = invoice.model_copy(update={"total": Decimal("128.74"), "balance": Decimal("128.74")})
    assert [finding.severity for finding in judged(dearer) if finding.code == "B3"] == [Severity.BLOCK]


def a_customer_with_invoices(ledger: SandboxLedger, count: int = 1, **card: Any) -> tuple[int, list[int]]:
    """A customer without an identity number, with overdue invoices."""
    books = ledger.state.books
    customer = books.add_customer("Provkund AB", street="Kungsgatan 2", zip="411 19", city="Göteborg", **card)
    line = InvoiceLine("Konsulttimmar", Decimal(1000))
    return customer, [books.add_invoice(customer, [line], due_days_ago=45) for _ in range(count)]


def test_one_letter_about_three_invoices_claims_its_fee_once(ledger: SandboxLedger) -> None:
    ledger.state.switches.change({"reminder_module": True, "reminder_fees": True})
    _, invoices = a_customer_with_invoices(ledger, 3, company_registry="556016-0680")
    for invoice in invoices:
        remind(ledger.state.books, invoice, day=today(), fee=Decimal(60), letter=7)
    read = [ledger.host.read(str(invoice)) for invoice in invoices]

    found = [assessed(one, reminders=ReminderPolicy(fee_agreed=True)) for one in read]

    claims = [one.claim for one in found]
    assert [claim.reminder_fee.amount if claim and claim.reminder_fee else None for claim in claims] == [60, None, None]
    said = [[en(finding) for finding in one.findings if finding.code == "D2"] for one in found]
    assert [bool(texts) for texts in said] == [False, True, True]
    assert all(read[0].number in text for texts in said for text in texts)


def test_a_fee_of_an_earlier_level_is_claimed_and_told(ledger: SandboxLedger) -> None:
    ledger.state.switches.change({"reminder_module": True, "reminder_fees": True})
    made = ledger.overdue_invoice()
    charged = today() - timedelta(days=20)
    remind(ledger.state.books, int(made.id), day=charged, fee=Decimal(60), letter=7)
    remind(ledger.state.books, int(made.id), day=today(), letter=8)

    found = assessed(ledger.host.read(made.id), reminders=ReminderPolicy(fee_agreed=True))

    assert found.claim is not None
    assert found.claim.reminder_fee is not None
    assert (found.claim.reminder_fee.amount, found.claim.reminder_fee.date) == (Decimal(60), charged)
    (said,) = [en(finding) for finding in found.findings if finding.code == "D2"]
    assert str(charged) in said


@pytest.mark.parametrize(
    ("of_invoice", "of_customer", "held"),
    [(None, None, False), (None, True, True), (True, None, True), (True, False, True), (False, True, False)],
)
def test_a_policy_of_following_nothing_up_holds_the_invoice(
    ledger: SandboxLedger, of_invoice: bool | None, of_customer: bool | None, held: bool
) -> None:
    ledger.state.switches.change({"reminder_module": True})
    ledger.state.groups[CONNECTORS_USER] |= {CREDIT_INFO}
    books = ledger.state.books
    policies = {kind: add_policy(books, str(kind), do_nothing=kind) for kind in (True, False)}
    customer, (invoice,) = a_customer_with_invoices(ledger)
    if of_invoice is not None:
        books.set_invoice(invoice, credit_policy_id=policies[of_invoice])
    if of_customer is not None:
        books.set_customer(customer, credit_policy_id=policies[of_customer])

    read = ledger.host.read(str(invoice))

    assert [hold.kind for hold in read.holds or ()] == ["no_follow_policy"] * held
    assert not [finding for finding in judged(read) if finding.code == "A6" and "Not checked" in en(finding)]


def test_where_policies_are_not_for_us_to_see_the_invoice_says_so(ledger: SandboxLedger) -> None:
    ledger.state.switches.change({"reminder_module": True})
    customer, (invoice,) = a_customer_with_invoices(ledger)
    policy = add_policy(ledger.state.books, "No follow", do_nothing=True)
    ledger.state.books.set_customer(customer, credit_policy_id=policy)

    found = judged(ledger.host.read(str(invoice)))

    (said,) = [finding for finding in found if finding.code == "A6"]
    assert said.severity is Severity.INFO
    assert "Credit Control / Info" in en(said)


@pytest.mark.parametrize("marked", ["invoice", "customer", "neither"])
def test_what_the_other_module_for_reminders_exempts_is_held_up_to_18(ledger: SandboxLedger, marked: str) -> None:
    ledger.state.switches.change({"overdue_reminder_module": True})
    customer, (invoice,) = a_customer_with_invoices(ledger)
    ledger.state.books.set_invoice(invoice, no_overdue_reminder=marked == "invoice")
    ledger.state.books.set_customer(customer, no_overdue_reminder=marked == "customer")

    read = ledger.host.read(str(invoice))

    kinds = {"invoice": ["no_reminder"], "customer": ["no_reminder_customer"], "neither": []}
    has_module = ledger.state.version is not OdooVersion.V19
    assert [hold.kind for hold in read.holds or ()] == (kinds[marked] if has_module else [])


def test_reminders_of_the_other_module_count_for_the_rules_days_up_to_18(ledger: SandboxLedger) -> None:
    ledger.state.switches.change({"overdue_reminder_module": True})
    _, invoices = a_customer_with_invoices(ledger, 2, company_registry="556016-0680")
    remind_of_overdue(ledger.state.books, invoices, day=today() - timedelta(days=12))
    rule = EscalationRule()
    has_module = ledger.state.version is not OdooVersion.V19
    policy = ReminderPolicy(fee=Decimal(60), fee_agreed=True)

    read = [ledger.host.read(str(invoice)) for invoice in invoices]
    claims = [assessed(one, reminders=policy).claim for one in read]
    assert [one.reminders_known for one in read] == [has_module, has_module]
    assert [not_yet(one, rule, today=today()) for one in read] == [None, None]
    fees = [claim.reminder_fee.amount if claim and claim.reminder_fee else None for claim in claims]
    assert fees == [60 if has_module else None, None]

    remind_of_overdue(ledger.state.books, invoices[:1], day=today() - timedelta(days=2), kind="phone")
    again = [not_yet(ledger.host.read(str(invoice)), rule, today=today()) for invoice in invoices]
    assert again == [NotYet.REMINDED_LATELY if has_module else None, None]


@pytest.mark.parametrize("is_there", [True, False])
def test_a_list_of_numbers_is_read_counted_and_searched(ledger: SandboxLedger, is_there: bool) -> None:
    ledger.state.switches.change({"identification_module": True})
    ledger.host = ledger.open(id_number_fields=["id_numbers", "company_registry"])
    customer, (invoice,) = a_customer_with_invoices(ledger)
    other, _ = a_customer_with_invoices(ledger)
    ledger.state.books.set_customer(other, name="Annan AB")
    if is_there:
        for card in (customer, other):
            add_number(ledger.state.books, card, "AA1234567")
            add_number(ledger.state.books, card, "556016-0680")
    coverage = ledger.host.identity_coverage()

    read = ledger.host.read(str(invoice)).customer

    assert ledger.host.check().user
    assert read.id_number == ("556016-0680" if is_there else "")
    assert ledger.host.cards([str(customer)])[str(customer)].id_number == read.id_number
    assert coverage.by_field["id_numbers"] == (2 if is_there else 0)
    assert read.cards_with_number == ((str(other),) if is_there else None)


@pytest.mark.parametrize(
    ("field", "refused"),
    [
        ("company_registry", False),
        ("comment", True),
        ("bank_ids", True),
        ("is_company", True),
        ("customer_rank", True),
        ("parent_id", True),
    ],
)
def test_a_field_that_can_hold_no_number_is_refused_when_the_company_is_connected(
    ledger: SandboxLedger, field: str, refused: bool
) -> None:
    host = ledger.open(id_number_fields=[field])
    if not refused:
        assert host.check().user
        return
    with pytest.raises(ConfigurationError, match=f"{field} .*can hold no identity number"):
        host.check()


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


def test_a_dispute_is_what_was_said_last_by_whom_odoo_has_kept(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    move, books = int(made.id), ledger.state.books
    said = datetime(2026, 11, 10, 12, 0, tzinfo=UTC)
    ledger.state.request(move, DISPUTE, "Eva Ekonom", at=said)
    # Whoever may change the invoice writes what it shows.
    books.set_invoice(move, x_amili_disputed=False, x_amili_disputed_by="Verkställande direktören")

    (hold,) = ledger.host.read(made.id).holds or ()
    assert (hold.kind, hold.by, str(hold.since)) == ("disputed", "Eva Ekonom", "2026-11-10")
    assert ledger.host.standings([made.id])[made.id].held is True

    ledger.state.request(move, SETTLE, "Eva Ekonom")
    books.set_invoice(move, x_amili_disputed=True)
    assert ledger.host.read(made.id).holds == ()
    assert ledger.host.standings([made.id])[made.id].held is False


WRITTEN_BY_ANYBODY = {
    REQUESTED_AT: "2026-11-24 09:00:00",
    REQUESTED_BY: "Verkställande direktören",
    WITHDRAWAL_AT: "2026-11-24 09:00:00",
    WITHDRAWAL_BY: "Verkställande direktören",
    WITHDRAWAL_CASE: "case-1",
    WITHDRAWAL_REASON: "Fel kund.",
}


def test_what_is_written_in_the_invoices_fields_is_no_wish(ledger: SandboxLedger) -> None:
    forged, asked = ledger.overdue_invoice(), ledger.overdue_invoice()
    ledger.state.books.set_invoice(int(forged.id), **WRITTEN_BY_ANYBODY)
    ledger.wish(asked, "Eva Ekonom", datetime.now(UTC))

    assert ledger.host.wish(forged.id) is None
    assert ledger.host.withdrawal_wish(forged.id) is None
    assert [wish.invoice_id for wish in ledger.host.requested()] == [asked.id]
    assert list(ledger.host.withdrawal_wishes()) == []

    # Nor does it hide one.
    ledger.state.books.set_invoice(
        int(asked.id), x_amili_case_id="case-2", x_amili_ended="closed", x_amili_requested_at=False
    )
    wish = ledger.host.wish(asked.id)
    assert wish is not None
    assert wish in list(ledger.host.requested())
    assert ledger.host.vouches_for(wish.mark)


def test_an_odoo_that_keeps_no_requests_is_read_all_the_same(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    ledger.state.books.set_invoice(int(made.id), **WRITTEN_BY_ANYBODY)
    ledger.state.switches.set(replace(ledger.state.switches.switches, requests=False))
    host = ledger.open(answer_action_id=None)

    assert host.read(made.id).number == made.number
    assert [wish.invoice_id for wish in host.requested()] == [made.id]
    assert host.write_back(made.id, WriteBack("case-1", "Hos Amili", datetime.now(UTC))).refused == ""
    assert host.wish(made.id) is None
    assert len(host.check().to_mend) == 1


def test_until_odoo_is_set_up_anew_fields_are_told_and_not_vouched_for(ledger: SandboxLedger) -> None:
    written, asked = ledger.overdue_invoice(), ledger.overdue_invoice()
    ledger.state.books.set_invoice(int(written.id), **WRITTEN_BY_ANYBODY)
    ledger.wish(asked, "Eva Ekonom", datetime.now(UTC))
    host = ledger.open(answer_action_id=None)

    wishes = {wish.invoice_id: wish for wish in host.requested()}
    assert {made: host.vouches_for(wish.mark) for made, wish in wishes.items()} == {written.id: False, asked.id: True}
    unwanted = host.withdrawal_wish(written.id)
    assert unwanted is not None
    assert host.vouches_for(unwanted.mark) is False
    host.write_back(written.id, WriteBack("", "Skickas inte", datetime.now(UTC), answered_wish=wishes[written.id].mark))
    assert host.wish(written.id) is None


def test_an_answer_that_odoo_does_not_take_is_told_and_the_case_is_shown_all_the_same(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    ledger.wish(made, "Eva Ekonom", datetime.now(UTC))
    host = ledger.open(answer_action_id=999)

    result = host.write_back(made.id, WriteBack("case-1", "Hos Amili", datetime.now(UTC)))

    assert "odoo provision" in en(result.refused)
    assert ledger.state.books.field(int(made.id), CASE_ID) == "case-1"


def test_a_contact_who_moves_to_another_company_takes_nothing_of_the_invoice_along(ledger: SandboxLedger) -> None:
    books = ledger.state.books
    address: dict[str, Any] = {"street": "Gatan 1", "zip": "411 19", "city": "Göteborg"}
    old = books.add_customer("Gamla Bolaget AB", company_registry="556016-0680", **address)
    new = books.add_customer("Nya Bolaget AB", company_registry="556677-8899", street="Annan gata 9")
    kim = books.add_customer("Kim", is_company=False, parent_id=old, **address, email="kim@gamla.example")
    move = books.add_invoice(kim, [InvoiceLine("Arbete", Decimal(1000))], due_days_ago=45)
    before = ledger.host.read(str(move)).customer
    assert (before.name, before.email, before.addressee_left) == ("Gamla Bolaget AB", "kim@gamla.example", False)

    books.set_customer(kim, parent_id=new, street="Annan gata 9", email="kim@nya.example", phone="070-174 06 05")
    after = ledger.host.read(str(move)).customer

    assert after.addressee_left
    assert (after.name, after.email, after.phone) == ("Gamla Bolaget AB", "", "")
    assert after.invoice_address == after.address == before.address


def test_a_free_standing_customer_takes_its_invoices_along_to_a_company(ledger: SandboxLedger) -> None:
    books = ledger.state.books
    kim = books.add_customer("Kim", is_company=False, street="Gatan 1")
    new = books.add_customer("Nya Bolaget AB", company_registry="556016-0680")
    move = books.add_invoice(kim, [InvoiceLine("Arbete", Decimal(1000))], due_days_ago=45)
    assert ledger.host.read(str(move)).customer.name == "Kim"

    books.set_customer(kim, parent_id=new)

    assert ledger.host.read(str(move)).customer.name == "Nya Bolaget AB"


def test_fields_that_are_removed_meanwhile_stop_no_reading(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    assert ledger.host.read(made.id).customer.never_send is False

    ledger.state.switches.change({"custom_fields": False})

    assert ledger.host.read(made.id).customer.never_send is None


def test_an_invoice_is_read_in_seven_calls_once_the_ledger_is_known(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    ledger.pay(made, Decimal("10.00"))
    ledger.credit(made, Decimal("20.00"))
    ledger.host.read(made.id)
    before = sum(ledger.state.traffic.snapshot()["requests"].values())

    ledger.host.read(made.id)

    assert sum(ledger.state.traffic.snapshot()["requests"].values()) - before == 7


def test_cards_of_the_same_debtor_are_no_other_customers(ledger: SandboxLedger) -> None:
    books = ledger.state.books
    made = ledger.overdue_invoice()
    own = books.field(int(made.id), "commercial_partner_id")
    group = books.add_customer("Provkund Holding AB", vat="SE556016068001")
    books.set_customer(own, parent_id=group)
    books.add_customer("Provkunds lager", company_registry="5560160680", parent_id=own)
    books.add_customer("Kim, inköp", is_company=False, company_registry="556016-0680", parent_id=own)
    assert ledger.host.read(made.id).customer.cards_with_number == ()

    other = books.add_customer("Annan Firma AB", company_registry="556016 0680", active=False)
    books.add_customer("Lo, inköp", is_company=False, company_registry="556016-0680", parent_id=other)

    assert ledger.host.read(made.id).customer.cards_with_number == (str(other),), "archived, and without a number"


def test_without_a_valid_number_no_card_is_searched_for(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    ledger.state.books.set_customer(ledger.state.books.field(int(made.id), "partner_id"), company_registry="saknas")
    ledger.host.read(made.id)
    ledger.heard.clear()

    assert ledger.host.read(made.id).customer.cards_with_number is None
    assert "res.partner/search_read" not in {call for call, _ in ledger.heard}


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_search_for_cards_that_fails_stops_no_reading(ledger: SandboxLedger, status: int) -> None:
    made = ledger.overdue_invoice()
    fault = Fault(FaultKind.FAIL_BEFORE, ("res.partner/search_read",), next_n=1, status=status)
    ledger.state.switches.set(replace(ledger.state.switches.switches, faults=(fault,)))

    assert ledger.host.read(made.id).customer.cards_with_number is None
    assert ledger.host.read(made.id).customer.cards_with_number == ()


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
    # What a company is a branch of is asked within none, or it could not be seen.
    elsewhere = {call.removeprefix("/json/2/") for call, context in heard if context.get("allowed_company_ids") != [1]}
    assert elsewhere == {"res.company/search_read"}


@pytest.mark.parametrize("version", list(OdooVersion))
@pytest.mark.parametrize("companies", [[1], [1, 2], [1, 2, 3]])
def test_a_user_who_sees_several_companies_is_told_of_the_chosen_one(
    version: OdooVersion, companies: list[int]
) -> None:
    state = OdooState(switches=LedgerSwitches(version=version))
    for company in companies[1:]:
        values = {"name": f"Bolag {company}", "company_registry": "559123-4561", "partner_id": False}
        state.records.create("res.company", values, identifier=company)
    state.records.update("res.users", 5, {"company_ids": companies})
    with running(create_odoo(state)) as url:
        ledger = SandboxLedger(state, url, [])
        for company in companies:
            identity = ledger.open(company_id=company).check()
            assert identity.company == state.records.get("res.company", company)["name"]
            assert identity.found_settings == {"company_id": company}
        if len(companies) == 1:
            assert ledger.open().check().found_settings == {"company_id": 1}
            return
        with pytest.raises(ConfigurationError, match="sees several companies"):
            ledger.open().check()


@pytest.mark.parametrize("version", list(OdooVersion))
@pytest.mark.parametrize("email", [False, "connector@testbolaget.example"])
def test_a_note_is_left_by_a_user_with_an_address_and_without(version: OdooVersion, email: object) -> None:
    state = OdooState(switches=LedgerSwitches(version=version))
    card = state.books.add_customer("Connector")
    state.records.update("res.users", 5, {"email": email, "partner_id": card})
    with running(create_odoo(state)) as url:
        ledger = SandboxLedger(state, url, [])
        made = ledger.overdue_invoice()
        note = LedgerMessage("hand-over.1", "Hos Amili", (), "", "")
        assert ledger.host.leave_message(made.id, note, may_stand=False) == ""
    assert len(state.messages(int(made.id))) == 1
    assert state.emails_sent[int(made.id)] == 0
    (message,) = state.records.all("mail.message")
    needed = version is not OdooVersion.V19 and not email
    assert message.get("author_id", False) == (card if needed else False)
