"""The host contract against the Fortnox sandbox, over HTTP.

Fortnox has no place for some of what the contract is about: a mark of disputes, receipts that are matched to nothing,
who asked and when, status, findings and messages on an invoice. For the tests of these, others say what holds instead.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from pydantic import SecretStr

from connector.domain.dates import today
from connector.domain.errors import KeyRefused, NotFound, Refused
from connector.domain.invoice import InvoiceState, OpenReceipt, Standing
from connector.hosts.base import Host, PdfUnavailable, WriteBack
from connector.hosts.fortnox.client import FortnoxClient
from connector.hosts.fortnox.host import FortnoxHost
from connector.hosts.fortnox.oauth import SCOPES, AuthorisationServer, FortnoxApp, KeptToken
from connector.hosts.fortnox.settings import FortnoxSettings
from connector.hosts.fortnox.tokens import CompanyTokens
from connector.hosts.pacing import Pace
from connector.sandbox import fortnox_settling as settling
from connector.sandbox.fortnox import create_fortnox
from connector.sandbox.fortnox_documents import Row
from connector.sandbox.fortnox_grants import App, Grant
from connector.sandbox.fortnox_state import FortnoxState
from connector.sandbox.fortnox_switches import LabelArray, LockedPut, Zone
from connector.sandbox.serve import running
from tests.hosts.contract import *  # noqa: F403
from tests.hosts.contract import UNKNOWN_IDS, Made, message
from tests.hosts.fortnox.wired import Tokens, Turns, require_described

NO_PLACE = (
    "test_facts_that_the_checks_need_are_answered",
    "test_money_on_account_is_told",
    "test_money_from_nobody_of_about_the_amount_is_told",
    "test_a_credit_on_account_is_told",
    "test_a_disputed_invoice_is_held",
    "test_every_change_of_an_invoice_is_found_by_polling",
    "test_a_wish_stands_until_the_case_is_written_back",
    "test_a_wish_expressed_anew_has_another_mark",
    "test_standing_wishes_come_newest_first",
    "test_a_case_is_written_back_once",
    "test_a_later_status_replaces_the_earlier",
    "test_findings_that_are_mended_are_taken_away",
    "test_a_message_is_left_for_the_ledgers_own_people_and_mailed_to_nobody",
    "test_a_message_whose_answer_was_lost_is_not_left_twice",
)
"""The contract's tests of what Fortnox has no place for; those below say what holds instead."""

for _name in NO_PLACE:
    del globals()[_name]

APP = App("client-1", "the-apps-own-secret", "https://connector.example/callback")
ASK, AT_AMILI = "Till inkasso", "Hos inkasso"
NOTE = WriteBack("68a1f0", "Påminnelse skickad", datetime(2026, 11, 22, 13, 5, 59, tzinfo=UTC))


class MemoryTokens:
    """A token store of one process."""

    def __init__(self) -> None:
        self.kept: dict[str, KeptToken] = {}

    def get(self, key: str) -> KeptToken | None:
        return self.kept.get(key)

    def put(self, key: str, token: KeptToken) -> None:
        self.kept[key] = token

    def forget(self, key: str) -> None:
        self.kept.pop(key, None)

    def lock(self, key: str) -> AbstractContextManager[None]:
        return nullcontext()


class SandboxLedger:
    kind = "fortnox"

    def __init__(self, state: FortnoxState, url: str) -> None:
        self.state = state
        self.url = url
        self.books = state.add_company("Testbolaget AB", "556677-8899")
        self.books.facts.whole_kronor = False
        self.switch(rate_limit_requests=10_000, booked_put=LockedPut.ALLOW_ALL)
        state.consent(Grant(APP.client_id, self.books.tenant, tuple(SCOPES), service=True))
        app = FortnoxApp(APP.client_id, SecretStr(APP.client_secret), APP.redirect_uri)
        server = AuthorisationServer(app, url=url, allow_private=True)
        self.host: Host = self.open(CompanyTokens(server, str(self.books.tenant), MemoryTokens()))
        self._prices = (Decimal(2000) + number * 1000 for number in count())

    def open(self, tokens: Any) -> FortnoxHost:
        client = FortnoxClient(tokens, Pace(Turns(), system="Fortnox"), url=self.url, allow_private=True)
        return FortnoxHost(client, FortnoxSettings(request_label=ASK))

    def switch(self, **changes: Any) -> None:
        self.state.switches.set(replace(self.state.switches.switches, **changes))

    def host_with_wrong_key(self) -> Host:
        return self.open(Tokens("no-such-token"))

    def _invoice(self, *, due_days_ago: int = 45, **more: Any) -> Made:
        with self.state.lock:
            customer = self.books.add_customer(
                "Provkund AB",
                OrganisationNumber="556016-0680",
                Address1="Kungsgatan 2",
                ZipCode="411 19",
                City="Göteborg",
            )
            row = Row("Konsulttimme", next(self._prices) + Decimal("0.56"))
            number = self.books.add_invoice(
                customer, [row], due_days_ago=due_days_ago, AdministrationFee=Decimal(40), **more
            )
            return Made(number, number, self.books.invoice(number)["Total"], Decimal("50.00"))

    def overdue_invoice(self) -> Made:
        return self._invoice()

    def not_yet_due_invoice(self) -> Made:
        return self._invoice(due_days_ago=-10)

    def draft_invoice(self) -> Made:
        return self._invoice(booked=False, sent=False)

    def pay(self, invoice: Made, amount: Decimal) -> None:
        with self.state.lock:
            settling.pay(self.books, invoice.id, amount)

    def enter_payment(self, invoice: Made, amount: Decimal) -> str:
        with self.state.lock:
            return settling.add_payment(self.books, invoice.id, amount, source="file")

    def credit(self, invoice: Made, amount: Decimal) -> None:
        with self.state.lock:
            settling.credit(self.books, invoice.id, None if amount == invoice.total else amount)

    def credit_on_account(self, invoice: Made, amount: Decimal) -> None:
        with self.state.lock:
            settling.credit(self.books, invoice.id, amount, referenced=False)

    def without_pdf(self, invoice: Made) -> None:
        self.books.broken_pdfs[invoice.id] = "Utskriftsmallen kunde inte läsas."

    def label(self, invoice: Made, *texts: str) -> None:
        with self.state.lock:
            ids = {text: number for number, text in self.books.labels.items()}
            numbers = [ids.get(text) or self.books.add_label(text) for text in texts]
            self.books.set_labels(invoice.id, numbers)

    def labels(self, invoice: Made) -> set[str]:
        with self.state.lock:
            return {self.books.labels[label["Id"]] for label in self.books.invoice(invoice.id)["Labels"]}

    def reference(self, invoice: Made) -> str:
        with self.state.lock:
            return str(self.books.invoice(invoice.id)["ExternalInvoiceReference2"] or "")

    def event(self, invoice: Made) -> bytes:
        return json.dumps({"topic": "invoices", "type": "invoice-updated-v1", "entityId": invoice.id}).encode()

    def footprint(self, invoice: Made) -> str:
        with self.state.lock:
            return f"{self.books.invoice(invoice.id)} {self.state.writes}"

    def mails(self) -> int:
        return sum(sum(counts.values()) for counts in self.books.side_effects.values())


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[FortnoxState, str]]:
    state = FortnoxState(app=APP)
    with running(create_fortnox(state)) as url:
        yield state, url


@pytest.fixture
def ledger(served: tuple[FortnoxState, str]) -> SandboxLedger:
    state, url = served
    return SandboxLedger(state, url)


@pytest.fixture(autouse=True)
def _nothing_reaches_the_customer(ledger: SandboxLedger) -> Iterator[None]:
    """Whatever a test does, nothing was sent, printed, booked, credited or cancelled by us."""
    yield
    assert not any(ledger.books.side_effects.values())


def polled(ledger: SandboxLedger, cursor: str) -> tuple[dict[str, Standing], str]:
    """What changed since `cursor`, and where to go on."""
    found: dict[str, Standing] = {}
    for page in ledger.host.changes(cursor, now=datetime.now(UTC)):
        found |= page.standings
        cursor = page.cursor
    return found, cursor


# What Fortnox has no place for


def test_facts_that_fortnox_has_no_data_for_are_said_to_be_unknown(ledger: SandboxLedger) -> None:
    invoice = ledger.host.read(ledger.overdue_invoice().id)

    assert invoice.unapplied_credits == ()
    assert invoice.other_owners == ()
    assert (invoice.unmatched_receipts, invoice.holds) == (None, None), "said to be unchecked"


def test_a_payment_that_is_not_booked_is_told(ledger: SandboxLedger) -> None:
    """A payment that is entered on the invoice and not booked is all the unmatched money that Fortnox shows."""
    made = ledger.overdue_invoice()
    number = ledger.enter_payment(made, Decimal("321.50"))

    invoice = ledger.host.read(made.id)

    assert invoice.balance == made.total
    assert invoice.payments == ()
    assert invoice.unmatched_receipts == (OpenReceipt(amount=Decimal("321.50"), date=today(), reference=number),)


def test_a_credit_without_a_reference_is_told(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    ledger.credit_on_account(made, Decimal("120.00"))

    invoice = ledger.host.read(made.id)

    assert [credit.amount for credit in invoice.unapplied_credits or ()] == [Decimal("120.00")]
    assert invoice.credit_notes == ()


def test_payments_and_credits_are_found_by_polling(ledger: SandboxLedger) -> None:
    paid, part_paid, credited, untouched = (ledger.overdue_invoice() for _ in range(4))
    _, cursor = polled(ledger, "")
    ledger.pay(paid, paid.total)
    ledger.pay(part_paid, Decimal("100.00"))
    ledger.credit(credited, credited.total)

    found, cursor = polled(ledger, cursor)

    assert found[paid.id] == Standing(state=InvoiceState.BOOKED, balance=Decimal("0.00"))
    assert found[part_paid.id] == Standing(state=InvoiceState.BOOKED, balance=part_paid.total - 100)
    assert found[credited.id].kind == "settled"
    assert untouched.id not in found or found[untouched.id].kind == "open"
    again, _ = polled(ledger, cursor)
    assert found.items() <= again.items()


def test_a_label_is_a_wish_until_the_case_is_written_back(ledger: SandboxLedger) -> None:
    made, other = ledger.overdue_invoice(), ledger.overdue_invoice()
    assert ledger.host.wish(made.id) is None

    ledger.label(made, "VIP", ASK)

    wish = ledger.host.wish(made.id)
    assert wish is not None
    assert (wish.invoice_id, wish.by) == (made.id, "")
    assert wish.mark
    assert list(ledger.host.requested()) == [wish]
    assert ledger.host.wish(other.id) is None

    ledger.host.write_back(made.id, NOTE)

    assert ledger.host.wish(made.id) is None
    assert list(ledger.host.requested()) == []


def test_a_wish_is_fulfilled_by_the_label_too(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    ledger.label(made, ASK)
    ledger.switch(booked_put=LockedPut.ALLOW_LABELS)

    ledger.host.write_back(made.id, NOTE)

    assert ledger.labels(made) == {ASK, AT_AMILI}
    assert ledger.host.wish(made.id) is None
    assert list(ledger.host.requested()) == []


def test_the_same_label_is_the_same_wish(ledger: SandboxLedger) -> None:
    """Fortnox does not tell when a label was set, so that it is acted on once."""
    made = ledger.overdue_invoice()
    ledger.label(made, ASK)
    first = ledger.host.wish(made.id)
    ledger.label(made)
    assert ledger.host.wish(made.id) is None
    ledger.label(made, ASK)

    assert ledger.host.wish(made.id) == first


def test_the_newest_invoice_comes_first(ledger: SandboxLedger) -> None:
    older, newer = ledger.overdue_invoice(), ledger.overdue_invoice()
    ledger.label(newer, ASK)
    ledger.label(older, ASK)

    assert [wish.invoice_id for wish in ledger.host.requested()] == [newer.id, older.id]


def test_labels_are_followed_only_where_the_company_has_switched_it_on(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    ledger.label(made, ASK)
    assert isinstance(ledger.host, FortnoxHost)
    unfollowed = FortnoxHost(ledger.host._client, FortnoxSettings())

    assert unfollowed.wish(made.id) is None
    assert list(unfollowed.requested()) == []


# Writing back, and being refused


def test_a_case_is_written_back_once_as_a_reference(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()

    first = ledger.host.write_back(made.id, NOTE)
    written = ledger.footprint(made)
    second = ledger.host.write_back(made.id, NOTE)

    assert first.places == ("ExternalInvoiceReference2",)
    assert not first.refused
    assert second == first
    assert (ledger.reference(made), ledger.labels(made)) == ("AMILI:68a1f0", set())
    assert ledger.footprint(made) == written


def test_a_later_case_replaces_the_earlier(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    ledger.host.write_back(made.id, NOTE)

    ledger.host.write_back(made.id, replace(NOTE, case_id="79b2f1"))

    assert ledger.reference(made) == "AMILI:79b2f1"


def test_findings_without_a_case_write_nothing(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    before = ledger.footprint(made)

    told = ledger.host.write_back(made.id, replace(NOTE, case_id="", findings=("Kunden saknar nummer.",)))

    assert (told.places, told.refused) == ((), "")
    assert ledger.footprint(made) == before


@pytest.mark.parametrize(
    ("answer", "places", "reference", "labels"),
    [
        (LockedPut.REJECT, (), "", {"VIP"}),
        (LockedPut.UNCHANGED, (), "", {"VIP"}),
        (LockedPut.ALLOW_REFS, ("ExternalInvoiceReference2",), "AMILI:68a1f0", {"VIP"}),
        (LockedPut.ALLOW_LABELS, ("Labels",), "", {"VIP", AT_AMILI}),
        (LockedPut.ALLOW_ALL, ("ExternalInvoiceReference2",), "AMILI:68a1f0", {"VIP"}),
    ],
)
@pytest.mark.parametrize("array", LabelArray)
def test_what_a_booked_invoice_takes(
    ledger: SandboxLedger,
    array: LabelArray,
    answer: LockedPut,
    places: tuple[str, ...],
    reference: str,
    labels: set[str],
) -> None:
    made = ledger.overdue_invoice()
    ledger.label(made, "VIP")
    ledger.switch(booked_put=answer, label_array=array)

    told = ledger.host.write_back(made.id, NOTE)

    assert told.places == places
    assert (ledger.reference(made), ledger.labels(made)) == (reference, labels)
    assert bool(told.refused) is not bool(places)
    assert ledger.host.write_back(made.id, NOTE) == told


def test_a_refusal_repeats_fortnoxs_words_and_says_what_can_be_done(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    ledger.switch(booked_put=LockedPut.REJECT)

    told = ledger.host.write_back(made.id, NOTE)

    assert re.search(r"\(.*bokförd.*\)", told.refused)
    assert f"Sätt etiketten på fakturan själv, eller anteckna {NOTE.case_id}" in told.refused


@pytest.mark.parametrize("theirs", ["ORDER-77", "amili:old", "AMILI"])
def test_what_somebody_else_has_written_stays(ledger: SandboxLedger, theirs: str) -> None:
    made = ledger.overdue_invoice()
    with ledger.state.lock:
        ledger.books.set_invoice(made.id, ExternalInvoiceReference2=theirs)

    told = ledger.host.write_back(made.id, NOTE)

    assert told.places == ("Labels",)
    assert (ledger.reference(made), ledger.labels(made)) == (theirs, {AT_AMILI})


def test_the_label_is_made_once(ledger: SandboxLedger) -> None:
    ledger.switch(booked_put=LockedPut.ALLOW_LABELS)
    for made in (ledger.overdue_invoice(), ledger.overdue_invoice()):
        ledger.host.write_back(made.id, NOTE)

    assert list(ledger.books.labels.values()) == [AT_AMILI]


def test_there_is_no_place_for_messages(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    before = ledger.footprint(made)

    assert "ingen plats" in ledger.host.leave_message(made.id, message(), may_stand=False)
    assert ledger.footprint(made) == before


# Fortnox's own


@pytest.mark.parametrize("zone", Zone)
@pytest.mark.parametrize("inclusive", [True, False])
def test_changes_are_found_in_whichever_zone_fortnox_reads_the_time(
    ledger: SandboxLedger, zone: Zone, inclusive: bool
) -> None:
    ledger.switch(lastmodified_zone=zone, lastmodified_inclusive=inclusive)
    made = ledger.overdue_invoice()
    _, cursor = polled(ledger, "")
    ledger.pay(made, Decimal("10.00"))

    found, _ = polled(ledger, cursor)

    assert found[made.id].balance == made.total - 10


def test_a_credit_without_a_reference_that_the_customer_has_is_told_at_its_other_invoices(
    ledger: SandboxLedger,
) -> None:
    made = ledger.overdue_invoice()
    with ledger.state.lock:
        settling.credit(ledger.books, made.id, Decimal("50.00"), booked=False)

    credits_ = ledger.host.read(made.id).unapplied_credits or ()

    assert [credit.amount for credit in credits_] == [Decimal("50.00")]


def test_overdue_leaves_out_what_fortnoxs_filter_lets_through(ledger: SandboxLedger) -> None:
    plain, unbooked = ledger.overdue_invoice(), ledger._invoice(booked=False, sent=False)
    ledger.switch(due_today_is_overdue=True)
    due_today, credited = ledger._invoice(due_days_ago=0), ledger.overdue_invoice()
    with ledger.state.lock:
        settling.credit(ledger.books, credited.id, Decimal("10.00"), booked=False)

    listed = {row.id for row in ledger.host.overdue(today=today())}

    assert listed == {plain.id, credited.id}
    assert not listed & {unbooked.id, due_today.id}


def test_a_case_that_stands_on_an_invoice_is_listed(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    ledger.host.write_back(made.id, NOTE)

    (row,) = ledger.host.overdue(today=today())
    assert row.case_id == NOTE.case_id


@pytest.mark.parametrize(
    ("resource", "scope"), [("invoices", "invoice"), ("customers", "customer"), ("invoicepayments", "payment")]
)
def test_a_right_that_the_user_lacks_is_named(ledger: SandboxLedger, resource: str, scope: str) -> None:
    ledger.books.facts.forbidden_resources.add(resource)

    (missing,) = ledger.host.check().missing_rights
    assert missing.startswith(f"{scope}: ")


def test_a_missing_licence_is_named(ledger: SandboxLedger) -> None:
    ledger.books.facts.unlicensed_scopes.add("settings")

    (missing,) = ledger.host.check().missing_rights
    assert missing.startswith("settings: ")


def test_a_withdrawn_consent_needs_a_new_one(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    ledger.host.read(made.id)
    ledger.state.revoke_consent(APP.client_id, ledger.books.tenant)

    with pytest.raises(KeyRefused) as caught:
        ledger.host.read(made.id)
    assert "Connect Fortnox again" in caught.value.advice


def test_an_invoice_whose_customer_may_not_be_seen_is_not_called_missing(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    with ledger.state.lock:
        ledger.books.customers.remove(ledger.books.invoice(made.id)["CustomerNumber"])

    with pytest.raises(Refused) as caught:
        ledger.host.read(made.id)
    assert not isinstance(caught.value, NotFound)


def test_identity_numbers_are_counted(ledger: SandboxLedger) -> None:
    ledger.overdue_invoice()
    with ledger.state.lock:
        ledger.books.add_customer("Utan nummer AB")
        ledger.books.add_customer("Fel nummer AB", OrganisationNumber="556016-0681")

    coverage = ledger.host.identity_coverage()

    assert (coverage.customers, coverage.valid, coverage.by_field) == (3, 1, {"OrganisationNumber": 1})


@pytest.mark.parametrize("invoice_id", UNKNOWN_IDS)
def test_an_unknown_invoice_has_no_wish_and_no_standing(ledger: SandboxLedger, invoice_id: str) -> None:
    assert ledger.host.standings([invoice_id]) == {}


def test_what_is_no_pdf_is_told(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    ledger.switch(preview_needs_bank_details=True)
    ledger.books.facts.bank_details = False

    with pytest.raises(PdfUnavailable, match="Bankuppgifter saknas"):
        ledger.host.pdf(made.id)


def test_every_request_is_one_that_fortnox_describes(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    sent: list[tuple[str, str, Any]] = []
    assert isinstance(ledger.host, FortnoxHost)
    session = ledger.host._client._transport._session()
    session.hooks["response"].append(
        lambda answer, **_: sent.append((answer.request.method, answer.request.url, answer.request.body))
    )
    ledger.label(made, ASK)
    _, cursor = polled(ledger, "")
    polled(ledger, cursor)
    ledger.switch(booked_put=LockedPut.ALLOW_LABELS)

    ledger.host.check()
    ledger.host.read(made.id)
    list(ledger.host.requested())
    ledger.host.overdue(today=today() + timedelta(days=1))
    ledger.host.pdf(made.id)
    ledger.host.identity_coverage()
    ledger.host.write_back(made.id, NOTE)

    assert len(sent) > 20
    for method, url, body in sent:
        require_described(method, url.replace(ledger.url, "https://api.fortnox.se"), body)
