"""The host contract against the Fortnox sandbox, over HTTP.

Fortnox has no place for some of what the contract is about: a mark of disputes, receipts that are matched to nothing,
who asked and when, status, findings and messages on an invoice. For the tests of these, others say what holds instead.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from connector.domain.dates import today
from connector.domain.errors import KeyRefused, NotFound, Refused
from connector.domain.invoice import OpenReceipt
from connector.domain.invoiced import Named, who_was_invoiced
from connector.hosts.base import PdfUnavailable, WriteBackResult
from connector.sandbox.fortnox import settling
from connector.sandbox.fortnox.documents import Row
from connector.sandbox.fortnox.switches import LockedPut
from connector.sandbox.shared.switches import Fault, FaultKind
from tests.hosts.contract import *  # noqa: F403
from tests.hosts.contract import UNKNOWN_IDS, followed, message
from tests.hosts.fortnox.sandbox_ledger import APP, ASK, AT_AMILI, NOTE, SandboxLedger
from tests.hosts.fortnox.scripted_answers import require_described
from tests.remote.around_calls import around_calls

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
    "test_once_a_case_is_shown_as_withdrawn_a_wish_to_send_is_a_new_one",
    "test_a_wish_that_was_answered_for_good_is_taken_away_and_a_newer_one_is_not",
    "test_a_case_is_written_back_once",
    "test_a_later_status_replaces_the_earlier",
    "test_findings_that_are_mended_are_taken_away",
    "test_a_message_is_left_for_the_ledgers_own_people_and_mailed_to_nobody",
    "test_a_message_whose_answer_was_lost_is_not_left_twice",
)
"""The contract's tests of what Fortnox has no place for; those below say what holds instead."""

for _name in NO_PLACE:
    del globals()[_name]


# What Fortnox has no place for


def test_facts_that_fortnox_has_no_data_for_are_said_to_be_unknown(ledger: SandboxLedger) -> None:
    invoice = ledger.host.read(ledger.overdue_invoice().id)

    assert invoice.unapplied_credits == ()
    assert invoice.other_owners == ()
    assert (invoice.unmatched_receipts, invoice.holds) == (None, None), "said to be unchecked"


def test_an_invoice_keeps_whom_it_was_made_out_to_when_the_card_changes(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    before = ledger.host.read(made.id).customer
    assert before.invoiced is not None
    assert (before.invoiced.name, before.invoiced.id_number) == (before.name, before.id_number)

    with ledger.state.lock:
        ledger.books.set_customer(before.id, Name="Nya Köparen AB", OrganisationNumber="556026-9986")
    after = ledger.host.read(made.id).customer

    assert (after.name, after.id_number) == ("Nya Köparen AB", "556026-9986")
    assert after.invoiced == before.invoiced
    assert who_was_invoiced(after, today=today())[1] is Named.OTHER_NUMBER


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


def test_where_the_label_is_not_the_wish_was_taken_away(ledger: SandboxLedger) -> None:
    labelled, bare, other = (ledger.overdue_invoice() for _ in range(3))
    ledger.label(labelled, ASK)
    ledger.label(other, "VIP")
    before = ledger.calls()

    assert ledger.host.wishes_taken_away([labelled.id, bare.id, other.id, "999999999"]) == {bare.id, other.id}

    assert (ledger.calls() - before)["GET /3/invoices/{number}"] == 3, "what has the label is not read by itself"
    ledger.host.write_back(labelled.id, NOTE)
    assert ledger.host.wishes_taken_away([labelled.id]) == set(), "the case hides the wish, and it stands"


def test_labels_that_may_not_be_seen_are_not_called_away(ledger: SandboxLedger) -> None:
    made, other = ledger.overdue_invoice(), ledger.overdue_invoice()
    ledger.label(other, ASK)
    ledger.books.facts.hidden_fields.add("Labels")

    assert ledger.host.wishes_taken_away([made.id]) == set()


def test_where_no_label_asks_nothing_is_called_away(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    assert ledger.host.wishes_taken_away([made.id]) == set(), "the company has no such label"
    before = ledger.calls()

    assert ledger.host_with(request_label="").wishes_taken_away([made.id]) == set()
    assert ledger.host.wishes_taken_away([]) == set()
    assert ledger.calls() == before


def test_the_newest_invoice_comes_first(ledger: SandboxLedger) -> None:
    older, newer = ledger.overdue_invoice(), ledger.overdue_invoice()
    ledger.label(newer, ASK)
    ledger.label(older, ASK)

    assert [wish.invoice_id for wish in ledger.host.requested()] == [newer.id, older.id]


def test_labels_are_followed_only_where_the_company_has_switched_it_on(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    ledger.label(made, ASK)
    unfollowed = ledger.host_with(request_label="")

    assert unfollowed.wish(made.id) is None
    assert list(unfollowed.requested()) == []


def test_an_invoice_with_the_label_of_disputes_is_held(ledger: SandboxLedger) -> None:
    made, other = ledger.overdue_invoice(), ledger.overdue_invoice()
    ledger.label(made, "VIP", "Bestridd")
    host = ledger.host_with(dispute_label="Bestridd")
    before = ledger.calls()

    assert [hold.kind for hold in host.read(made.id).holds or ()] == ["disputed"]
    assert (ledger.calls() - before)["GET /3/labels"] == 1
    assert host.read(other.id).holds == ()
    assert (ledger.calls() - before)["GET /3/labels"] == 1, "an invoice without labels needs none of them"


def test_other_cards_are_searched_for_in_one_call(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    with ledger.state.lock:
        ledger.books.add_customer("Annan Siffra AB", OrganisationNumber="06805560-16")
        inactive = ledger.books.add_customer("Annan Firma AB", OrganisationNumber="5560160680", Active=False)
    before = ledger.calls()

    assert ledger.host.read(made.id).customer.cards_with_number == (inactive,)
    assert (ledger.calls() - before)["GET /3/customers"] == 1


def test_without_a_valid_number_no_card_is_searched_for(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    with ledger.state.lock:
        customer = ledger.books.add_customer("Utan Nummer", OrganisationNumber="saknas")
        number = ledger.books.add_invoice(customer, [Row("Arbete", Decimal(1000))], due_days_ago=45)
    ledger.host.read(made.id)
    before = ledger.calls()

    assert ledger.host.read(number).customer.cards_with_number is None
    assert (ledger.calls() - before)["GET /3/customers"] == 0


@pytest.mark.parametrize("status", [403, 404, 500])
def test_a_search_for_cards_that_fails_stops_no_reading(ledger: SandboxLedger, status: int) -> None:
    made = ledger.overdue_invoice()
    ledger.switch(faults=(Fault(FaultKind.FAIL_BEFORE, ("list_customers",), next_n=1, status=status),))

    assert ledger.host.read(made.id).customer.cards_with_number is None
    assert ledger.host.read(made.id).customer.cards_with_number == ()


def test_more_cards_than_one_answer_holds_are_not_taken_for_all(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    with ledger.state.lock:
        for number in range(501):
            ledger.books.add_customer(f"Bolag {number}", OrganisationNumber="0680")

    assert ledger.host.read(made.id).customer.cards_with_number is None


def test_a_withdrawn_case_is_not_put_on_an_invoice(ledger: SandboxLedger) -> None:
    made, shown = ledger.overdue_invoice(), ledger.overdue_invoice()
    ledger.host.write_back(shown.id, NOTE)

    for invoice in (made, shown):
        assert ledger.host.write_back(invoice.id, replace(NOTE, ended="withdrawn")) == WriteBackResult()

    assert (ledger.reference(made), ledger.labels(made)) == ("", set())
    assert ledger.reference(shown) == f"AMILI:{NOTE.case_id}"


def test_there_is_no_place_for_messages(ledger: SandboxLedger) -> None:
    made = ledger.overdue_invoice()
    calls = ledger.calls()

    assert not ledger.host.SUPPORTS_MESSAGES
    assert "ingen plats" in ledger.host.leave_message(made.id, message(), may_stand=False)
    assert ledger.calls() == calls


# Fortnox's own


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


def test_all_the_overdue_are_had_in_one_call_for_500_of_them(ledger: SandboxLedger) -> None:
    for _ in range(501):
        ledger.overdue_invoice()
    before = ledger.calls()

    assert len(ledger.host.overdue(today=today(), page_size=10_000)) == 501

    assert ledger.calls() - before == {"GET /3/invoices": 2}


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
    with around_calls(after=lambda request: sent.append((str(request.method), str(request.url), request.body))):
        ledger.label(made, ASK)
        _, cursor = followed(ledger.host, "")
        followed(ledger.host, cursor)
        ledger.switch(booked_put=LockedPut.ALLOW_LABELS)

        ledger.host.check()
        ledger.host.read(made.id)
        list(ledger.host.requested())
        ledger.host.overdue(today=today() + timedelta(days=1))
        ledger.host.pdf(made.id)
        ledger.host.identity_coverage()
        ledger.host.write_back(made.id, NOTE)

    asked = [one for one in sent if "/oauth-v1/" not in one[1]]
    assert len(asked) > 20
    for method, url, body in asked:
        require_described(method, url.replace(ledger.url, "https://api.fortnox.se"), body)
