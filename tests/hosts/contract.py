"""The suite that every host must pass, against its sandbox and against a real system.

A test module imports all of it and gives the fixture `ledger`: the people at work in one ledger, and the host
that looks on. Every invoice they make is the ledger's own business, so tests look at their own invoices only.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Protocol

import pytest

from connector.domain.dates import last_day_to_pay, today
from connector.domain.errors import KeyRefused, NotAuthorised, NotFound
from connector.domain.identity import read_identity
from connector.domain.invoice import CustomerType, InvoiceKind, InvoiceState, LineKind, OverdueInvoice, Standing
from connector.hosts import kinds, opening
from connector.hosts.base import Host, LedgerMessage, PdfUnavailable, Quality, WriteBack

UNKNOWN_IDS = ("999999999", "0", "-1", "", "abc", "1; drop table", "٣")


@dataclass(frozen=True)
class Made:
    """An invoice that a ledger's people have made; `total` with VAT, `fee` the invoice fee in it."""

    id: str
    number: str
    total: Decimal
    fee: Decimal


class Ledger(Protocol):
    """People at work in a ledger of the host `kind`. Each invoice has a customer of its own, a company."""

    kind: str
    host: Host

    def host_with_wrong_key(self) -> Host: ...
    def overdue_invoice(self) -> Made:
        """A booked invoice, unpaid and weeks overdue: goods and an invoice fee, with odd öre."""

    def not_yet_due_invoice(self) -> Made: ...
    def draft_invoice(self) -> Made: ...
    def pay(self, invoice: Made, amount: Decimal) -> None:
        """A payment, booked today and matched to the invoice."""

    def credit(self, invoice: Made, amount: Decimal) -> None:
        """A credit note matched to the invoice."""

    def block(self, invoice: Made) -> None:
        """Mark the invoice as disputed."""

    def receive_on_account(self, invoice: Made, amount: Decimal) -> None:
        """Money from the invoice's customer, matched to nothing."""

    def receive_from_nobody(self, amount: Decimal) -> None:
        """Money on the bank statement from nobody known, matched to nothing."""

    def credit_on_account(self, invoice: Made, amount: Decimal) -> None:
        """A credit note to the invoice's customer, matched to nothing."""

    def other_card(self, invoice: Made, name: str, spelling: str) -> str:
        """A further card with the identity number of the invoice's customer; `spelling` has "{}" for its ten digits.
        What people call the card by."""

    def without_pdf(self, invoice: Made) -> None:
        """See to it that no PDF of the invoice can be had."""

    def wish(self, invoice: Made, by: str, at: datetime) -> None:
        """A person asks to send the invoice to collection."""

    def wish_withdrawal(self, invoice: Made, case_id: str, by: str, reason: str, at: datetime) -> bool:
        """A person asks to withdraw the case that the invoice shows; False where the ledger has no place for that."""

    def event(self, invoice: Made) -> bytes:
        """The body of the webhook that tells of it."""

    def shown(self, invoice: Made) -> WriteBack:
        """What the ledger's people see of the case on the invoice."""

    def messages(self, invoice: Made) -> list[str]:
        """The messages that the ledger's people see at the invoice, as HTML, oldest first, without its own."""

    def footprint(self, invoice: Made) -> str:
        """Changes whenever anything is written to the invoice."""

    def mails(self) -> int:
        """How many e-mails have left the ledger so far."""


def test_the_ledger_says_who_it_is(ledger: Ledger) -> None:
    identity = ledger.host.check()

    assert identity.company
    assert identity.organization_number == "5566778899"
    assert identity.version
    assert identity.user
    assert identity.missing_rights == ()


def test_a_wrong_key_is_told_apart_from_everything_else(ledger: Ledger) -> None:
    invoice = ledger.overdue_invoice()

    with pytest.raises(NotAuthorised) as refusal:
        ledger.host_with_wrong_key().read(invoice.id)
    assert refusal.value.advice


def test_an_invoice_is_read_whole(ledger: Ledger) -> None:
    made = ledger.overdue_invoice()

    invoice = ledger.host.read(made.id)

    assert (invoice.id, invoice.number) == (made.id, made.number)
    assert invoice.kind is InvoiceKind.INVOICE
    assert invoice.state is InvoiceState.BOOKED
    assert invoice.currency == "SEK"
    assert invoice.total == invoice.balance == made.total
    assert sum(line.amount for line in invoice.lines) == made.total
    assert [line.amount for line in invoice.lines if line.kind is LineKind.INVOICE_FEE] == [made.fee]
    assert all(line.description for line in invoice.lines)
    assert type(invoice.invoice_date) is date
    assert type(invoice.due_date) is date
    assert invoice.invoice_date <= invoice.due_date < today()
    assert invoice.payments == ()
    assert invoice.credit_notes == ()


def test_the_customer_is_read_whole(ledger: Ledger) -> None:
    customer = ledger.host.read(ledger.overdue_invoice().id).customer

    assert customer.id
    assert customer.name
    assert customer.customer_type is CustomerType.COMPANY
    assert len(read_identity(customer.id_number, today=today()).digits) == 10
    for address in (customer.address, customer.invoice_address):
        assert address.address_line_1
        assert address.zip_code
        assert address.city
        assert address.country == "SE"


def test_facts_that_the_checks_need_are_answered(ledger: Ledger) -> None:
    invoice = ledger.host.read(ledger.overdue_invoice().id)

    assert invoice.unmatched_receipts == ()
    assert invoice.unapplied_credits == ()
    assert invoice.holds == ()


def test_part_payments_lessen_the_balance(ledger: Ledger) -> None:
    made = ledger.overdue_invoice()
    ledger.pay(made, Decimal("1000.01"))
    ledger.pay(made, Decimal("99.50"))

    invoice = ledger.host.read(made.id)

    assert invoice.total == made.total
    assert invoice.balance == made.total - Decimal("1099.51")
    assert sorted(payment.amount for payment in invoice.payments) == [Decimal("99.50"), Decimal("1000.01")]
    assert {payment.date for payment in invoice.payments} == {today()}
    assert len({payment.id for payment in invoice.payments}) == 2
    assert invoice.credit_notes == ()


def test_a_paid_invoice_has_no_balance(ledger: Ledger) -> None:
    made = ledger.overdue_invoice()
    ledger.pay(made, made.total)

    invoice = ledger.host.read(made.id)

    assert invoice.balance == 0
    assert sum(payment.amount for payment in invoice.payments) == made.total


def test_a_credit_note_is_no_payment(ledger: Ledger) -> None:
    made = ledger.overdue_invoice()
    ledger.credit(made, Decimal("500.00"))

    invoice = ledger.host.read(made.id)

    assert invoice.balance == made.total - 500
    assert [note.amount for note in invoice.credit_notes] == [Decimal("500.00")]
    assert invoice.credit_notes[0].number
    assert invoice.credit_notes[0].number != made.number
    assert invoice.payments == ()


def test_a_wholly_credited_invoice_has_no_balance(ledger: Ledger) -> None:
    made = ledger.overdue_invoice()
    ledger.credit(made, made.total)

    invoice = ledger.host.read(made.id)

    assert invoice.balance == 0
    assert sum(note.amount for note in invoice.credit_notes) == made.total


def test_the_latest_bank_posting_is_told(ledger: Ledger) -> None:
    made = ledger.overdue_invoice()
    ledger.pay(made, Decimal("10.00"))

    assert ledger.host.read(made.id).bank_booked_until == today()
    assert ledger.host.check().bank_booked_until == today()


def test_money_on_account_is_told(ledger: Ledger) -> None:
    made = ledger.overdue_invoice()
    ledger.receive_on_account(made, Decimal("321.50"))

    invoice = ledger.host.read(made.id)

    assert invoice.balance == made.total
    assert [receipt.amount for receipt in invoice.unmatched_receipts or ()] == [Decimal("321.50")]


@pytest.mark.parametrize("more", [Decimal(0), Decimal(60), Decimal(450)])
def test_money_from_nobody_of_about_the_amount_is_told(ledger: Ledger, more: Decimal) -> None:
    made = ledger.overdue_invoice()
    ledger.receive_from_nobody(made.total + more)
    ledger.receive_from_nobody(made.total + 61)

    receipts = ledger.host.read(made.id).unmatched_receipts or ()

    assert [receipt.amount for receipt in receipts] == [made.total + more]


def test_a_credit_on_account_is_told(ledger: Ledger) -> None:
    made = ledger.overdue_invoice()
    ledger.credit_on_account(made, Decimal("120.00"))

    invoice = ledger.host.read(made.id)

    assert [credit.amount for credit in invoice.unapplied_credits or ()] == [Decimal("120.00")]
    assert invoice.unmatched_receipts == ()


def test_a_disputed_invoice_is_held(ledger: Ledger) -> None:
    made = ledger.overdue_invoice()
    ledger.block(made)

    assert [hold.kind for hold in ledger.host.read(made.id).holds or ()] == ["blocked"]


def test_a_draft_is_not_booked(ledger: Ledger) -> None:
    assert ledger.host.read(ledger.draft_invoice().id).state is InvoiceState.DRAFT


@pytest.mark.parametrize("invoice_id", UNKNOWN_IDS)
def test_an_unknown_invoice_is_not_found(ledger: Ledger, invoice_id: str) -> None:
    with pytest.raises(NotFound):
        ledger.host.read(invoice_id)
    with pytest.raises(NotFound):
        ledger.host.pdf(invoice_id)
    with pytest.raises(NotFound):
        ledger.host.write_back(invoice_id, WriteBack("c", "s", datetime.now(UTC)))
    if ledger.host.SUPPORTS_MESSAGES:
        with pytest.raises(NotFound):
            ledger.host.leave_message(invoice_id, message(), may_stand=False)
    assert ledger.host.wish(invoice_id) is None
    assert ledger.host.withdrawal_wish(invoice_id) is None


def test_the_quality_list_says_what_the_ledger_has(ledger: Ledger) -> None:
    quality = kinds.kind(ledger.kind).quality
    made, at = ledger.overdue_invoice(), datetime.now(UTC) - timedelta(minutes=5)
    ledger.host.write_back(made.id, WriteBack("case-1", "Registrerat", at.replace(microsecond=0)))

    assert quality.is_kept(Quality.PASSES_THE_CONTRACT)
    assert quality.is_kept(Quality.SHOWS_THE_STATUS) is ledger.host.SUPPORTS_STATUS
    assert quality.is_kept(Quality.TAKES_MESSAGES) is ledger.host.SUPPORTS_MESSAGES
    assert quality.is_kept(Quality.WITHDRAWN_INSIDE) is ledger.wish_withdrawal(
        made, "case-1", "Eva Ekonom", "Fel kund.", at + timedelta(minutes=1)
    )


def test_an_invoice_is_found_by_its_exact_number(ledger: Ledger) -> None:
    made = ledger.overdue_invoice()

    assert ledger.host.find(made.number) == made.id
    for other in {made.number[:-1], made.number + "0", made.number.lower(), "%", ""} - {made.number}:
        with pytest.raises(NotFound):
            ledger.host.find(other)


def followed(host: Host, cursor: str) -> tuple[dict[str, Standing], str]:
    """All that changed since `cursor`, and where to go on; what was merely touched is asked for."""
    found: dict[str, Standing] = {}
    for page in host.changes(cursor, now=datetime.now(UTC)):
        found |= {**page.standings, **host.standings(sorted(page.touched))}
        cursor = page.cursor
    return found, cursor


def test_changes_begin_now(ledger: Ledger) -> None:
    ledger.overdue_invoice()

    found, cursor = followed(ledger.host, "")

    assert found == {}
    assert cursor


def test_every_change_of_an_invoice_is_found_by_polling(ledger: Ledger) -> None:
    paid, part_paid, credited, disputed, untouched = (ledger.overdue_invoice() for _ in range(5))
    _, cursor = followed(ledger.host, "")
    ledger.pay(paid, paid.total)
    ledger.pay(part_paid, Decimal("100.00"))
    ledger.credit(credited, credited.total)
    ledger.block(disputed)

    found, cursor = followed(ledger.host, cursor)

    assert found[paid.id] == Standing(state=InvoiceState.BOOKED, balance=Decimal("0.00"))
    assert found[part_paid.id] == Standing(state=InvoiceState.BOOKED, balance=part_paid.total - 100)
    assert found[credited.id].kind == "settled"
    assert found[disputed.id] == Standing(state=InvoiceState.BOOKED, balance=disputed.total, held=True)
    assert untouched.id not in found or found[untouched.id].kind == "open"
    again, _ = followed(ledger.host, cursor)
    ours = {one.id: found[one.id] for one in (paid, part_paid, credited, disputed)}
    assert ours.items() <= again.items(), "what was written lately is read again, for transactions that end late"


def test_a_cursor_from_the_future_hides_nothing(ledger: Ledger) -> None:
    made = ledger.overdue_invoice()
    _, cursor = followed(ledger.host, "")
    ledger.pay(made, made.total)

    found, _ = followed(ledger.host, cursor.replace("20", "29", 1))

    assert found[made.id].kind == "settled"


def test_how_invoices_stand_is_told_by_their_ids(ledger: Ledger) -> None:
    made, draft, other = ledger.overdue_invoice(), ledger.draft_invoice(), ledger.overdue_invoice()

    found = ledger.host.standings([made.id, draft.id, "999999999"])

    assert found[made.id] == Standing(state=InvoiceState.BOOKED, balance=made.total)
    assert found[draft.id].state is InvoiceState.DRAFT
    assert other.id not in found
    assert "999999999" not in found


def test_overdue_lists_what_is_open_and_past_due(ledger: Ledger) -> None:
    overdue, part_paid, paid = (ledger.overdue_invoice() for _ in range(3))
    later, draft = ledger.not_yet_due_invoice(), ledger.draft_invoice()
    ledger.pay(part_paid, Decimal("100.00"))
    ledger.pay(paid, paid.total)

    listed = {row.id: row for page in _pages(ledger) for row in page}

    row = listed[overdue.id]
    assert (row.number, row.total, row.balance, row.currency) == (
        overdue.number,
        overdue.total,
        overdue.total,
        "SEK",
    )
    assert row.customer_name
    assert listed[part_paid.id].balance == part_paid.total - 100
    assert not {paid.id, later.id, draft.id} & set(listed)


def test_overdue_comes_in_pages_oldest_first(ledger: Ledger) -> None:
    for _ in range(3):
        ledger.overdue_invoice()

    rows = [row for page in _pages(ledger, page_size=2) for row in page]

    assert len({row.id for row in rows}) == len(rows)
    due_dates = [row.due_date for row in rows if row.due_date]
    assert len(due_dates) == len(rows)
    assert all(earlier <= later for earlier, later in pairwise(due_dates))


def _pages(ledger: Ledger, page_size: int = 50) -> list[tuple[OverdueInvoice, ...]]:
    found: list[tuple[OverdueInvoice, ...]] = []
    while page := ledger.host.overdue(today=today(), page=len(found) + 1, page_size=page_size):
        assert len(page) <= page_size
        found.append(page)
    return found


def test_cards_are_read_as_they_are_now(ledger: Ledger) -> None:
    customer = ledger.host.read(ledger.overdue_invoice().id).customer

    found = ledger.host.cards([customer.id, "987654321"])

    assert set(found) == {customer.id}
    card = found[customer.id]
    assert (card.name, card.id_number) == (customer.name, customer.id_number)
    assert (card.address.address_line_1, card.address.city) == (customer.address.address_line_1, customer.address.city)
    assert ledger.host.cards([]) == {}


def test_the_same_number_on_a_card_of_another_name_is_found(ledger: Ledger) -> None:
    made = ledger.overdue_invoice()
    customer = ledger.host.read(made.id).customer
    before = customer.cards_with_number
    assert before is not None
    ledger.other_card(made, f"{customer.name.upper()} (publ)", "{}")
    assert ledger.host.read(made.id).customer.cards_with_number == before

    others = [ledger.other_card(made, "Annan Firma HB", one) for one in ("{}", "16{}", "SE{}01")]

    assert ledger.host.read(made.id).customer.cards_with_number == (*before, *others)


def test_an_invoice_falling_due_today_is_not_overdue(ledger: Ledger) -> None:
    made = ledger.overdue_invoice()
    due = ledger.host.read(made.id).due_date
    assert due is not None

    def listed(day: date) -> set[str]:
        return {row.id for row in ledger.host.overdue(today=day, page_size=10_000)}

    last_day = last_day_to_pay(due)
    assert made.id not in listed(last_day)
    assert made.id in listed(last_day + timedelta(days=1))


def test_the_pdf_is_the_invoices_and_nobody_is_mailed(ledger: Ledger) -> None:
    made, mails = ledger.overdue_invoice(), ledger.mails()

    first, second = ledger.host.pdf(made.id), ledger.host.pdf(made.id)

    assert first.content.startswith(b"%PDF-")
    assert first.content == second.content
    assert first.invoice_number == made.number
    assert first.file_name.endswith(".pdf")
    assert ledger.mails() == mails


def test_a_pdf_that_cannot_be_had_is_told_in_words(ledger: Ledger) -> None:
    made, mails = ledger.overdue_invoice(), ledger.mails()
    ledger.without_pdf(made)

    with pytest.raises(PdfUnavailable) as unavailable:
        ledger.host.pdf(made.id)

    assert len(unavailable.value.message) > 10
    assert ledger.mails() == mails


def test_a_wish_stands_until_the_case_is_written_back(ledger: Ledger) -> None:
    made, other = ledger.overdue_invoice(), ledger.overdue_invoice()
    asked_at = datetime.now(UTC) - timedelta(minutes=5)
    assert ledger.host.wish(made.id) is None

    ledger.wish(made, "Eva Ekonom", asked_at)

    wish = ledger.host.wish(made.id)
    assert wish is not None
    assert (wish.invoice_id, wish.by) == (made.id, "Eva Ekonom")
    assert wish.mark
    assert wish in list(ledger.host.requested())
    assert ledger.host.wish(other.id) is None

    ledger.host.write_back(made.id, WriteBack("case-1", "Registrerat", datetime.now(UTC)))

    assert ledger.host.wish(made.id) is None
    assert made.id not in {standing.invoice_id for standing in ledger.host.requested()}


def test_a_wish_expressed_anew_has_another_mark(ledger: Ledger) -> None:
    made, asked_at = ledger.overdue_invoice(), datetime.now(UTC) - timedelta(minutes=5)

    ledger.wish(made, "Eva Ekonom", asked_at)
    first = ledger.host.wish(made.id)
    ledger.wish(made, "Eva Ekonom", asked_at + timedelta(minutes=1))
    second = ledger.host.wish(made.id)

    assert first is not None
    assert second is not None
    assert first.mark != second.mark


def test_standing_wishes_come_newest_first(ledger: Ledger) -> None:
    older, newer, asked_at = ledger.overdue_invoice(), ledger.overdue_invoice(), datetime.now(UTC)
    ledger.wish(older, "Eva Ekonom", asked_at - timedelta(minutes=1))
    ledger.wish(newer, "Eva Ekonom", asked_at)

    order = [wish.invoice_id for wish in ledger.host.requested()]

    assert order.index(newer.id) < order.index(older.id)


def test_a_wish_to_withdraw_stands_until_it_is_answered(ledger: Ledger) -> None:
    made, other, at = ledger.overdue_invoice(), ledger.overdue_invoice(), datetime.now(UTC).replace(microsecond=0)
    note = WriteBack("case-1", "Hos Amili", at)
    ledger.host.write_back(made.id, note)
    assert ledger.host.withdrawal_wish(made.id) is None

    if not ledger.wish_withdrawal(made, "case-1", "Eva Ekonom", "Fel kund.", at):
        assert list(ledger.host.withdrawal_wishes()) == []
        return

    wish = ledger.host.withdrawal_wish(made.id)
    assert wish is not None
    assert (wish.invoice_id, wish.case_id, wish.by, wish.reason) == (made.id, "case-1", "Eva Ekonom", "Fel kund.")
    assert wish.mark
    assert wish in list(ledger.host.withdrawal_wishes())
    assert ledger.host.withdrawal_wish(other.id) is None

    ledger.host.write_back(made.id, replace(note, answered_withdrawal="another wish"))
    assert ledger.host.withdrawal_wish(made.id) == wish
    answer = replace(note, findings=("Kunden har betalat.",), answered_withdrawal=wish.mark)
    ledger.host.write_back(made.id, answer)
    assert ledger.host.withdrawal_wish(made.id) is None
    assert made.id not in {one.invoice_id for one in ledger.host.withdrawal_wishes()}
    assert ledger.shown(made) == replace(answer, answered_withdrawal="")

    ledger.wish_withdrawal(made, "case-1", "Eva Ekonom", "Fel kund.", at + timedelta(minutes=1))
    again = ledger.host.withdrawal_wish(made.id)
    assert again is not None
    assert again.mark != wish.mark


def test_a_refused_wish_to_withdraw_is_taken_away_and_a_newer_one_is_not(ledger: Ledger) -> None:
    made, at = ledger.overdue_invoice(), datetime.now(UTC) - timedelta(minutes=5)
    if not ledger.wish_withdrawal(made, "case-1", "Eva Ekonom", "Fel kund.", at):
        return
    first = ledger.host.withdrawal_wish(made.id)
    assert first is not None
    ledger.wish_withdrawal(made, "case-1", "Eva Ekonom", "Fel kund.", at + timedelta(minutes=1))
    second = ledger.host.withdrawal_wish(made.id)
    assert second is not None

    ledger.host.refuse_withdrawal(first, "Det är gammalt.")
    assert ledger.host.withdrawal_wish(made.id) == second
    ledger.host.refuse_withdrawal(second, "Inget ärende.")
    assert ledger.host.withdrawal_wish(made.id) is None


def test_once_a_case_is_shown_as_withdrawn_a_wish_to_send_is_a_new_one(ledger: Ledger) -> None:
    made, asked_at = ledger.overdue_invoice(), datetime.now(UTC) - timedelta(minutes=5)
    ledger.wish(made, "Eva Ekonom", asked_at)
    note = WriteBack("case-1", "Hos Amili", asked_at.replace(microsecond=0))
    ledger.host.write_back(made.id, note)
    ledger.wish_withdrawal(made, "case-1", "Eva Ekonom", "Fel kund.", asked_at)

    for _repeated in range(2):
        ledger.host.write_back(made.id, replace(note, ended="withdrawn"))
        assert ledger.host.wish(made.id) is None
        assert ledger.host.withdrawal_wish(made.id) is None
        assert made.id not in {wish.invoice_id for wish in ledger.host.requested()}

    if ledger.host.SUPPORTS_STATUS:
        ledger.wish(made, "Eva Ekonom", asked_at + timedelta(minutes=1))
        wish = ledger.host.wish(made.id)
        assert wish is not None
        assert wish in list(ledger.host.requested())
        ledger.host.write_back(made.id, replace(note, ended="withdrawn"))
        assert ledger.host.wish(made.id) == wish, "the withdrawal was shown before"
        ledger.host.write_back(made.id, replace(note, case_id="case-2"))
        assert ledger.host.wish(made.id) is None


def test_a_wish_that_was_answered_for_good_is_taken_away_and_a_newer_one_is_not(ledger: Ledger) -> None:
    made, asked_at = ledger.overdue_invoice(), datetime.now(UTC) - timedelta(minutes=5)
    ledger.wish(made, "Eva Ekonom", asked_at)
    first = ledger.host.wish(made.id)
    assert first is not None
    ledger.wish(made, "Eva Ekonom", asked_at + timedelta(minutes=1))
    second = ledger.host.wish(made.id)
    assert second is not None
    declined = WriteBack("", "Skickas inte", asked_at.replace(microsecond=0))

    ledger.host.write_back(made.id, replace(declined, answered_wish=first.mark))
    assert ledger.host.wish(made.id) == second
    ledger.host.write_back(made.id, replace(declined, answered_wish=second.mark))
    assert ledger.host.wish(made.id) is None


def test_a_case_is_written_back_once(ledger: Ledger) -> None:
    made = ledger.overdue_invoice()
    note = WriteBack(
        "68a1f0",
        "Påminnelse skickad",
        datetime(2026, 11, 22, 13, 5, 59, tzinfo=UTC),
        link="https://connector.example/hand-overs/1f",
        findings=("Kunden saknar nummer. Fyll i det.", "Beloppet 10 < 100 & mindre än företagets gräns."),
    )

    first = ledger.host.write_back(made.id, note)
    written = ledger.footprint(made)
    second = ledger.host.write_back(made.id, note)

    assert first.places
    assert not first.refused
    assert second == first
    assert ledger.shown(made) == note
    assert ledger.footprint(made) == written


def test_a_later_status_replaces_the_earlier(ledger: Ledger) -> None:
    made, at = ledger.overdue_invoice(), datetime(2026, 11, 22, 13, 5, 59, tzinfo=UTC)
    ledger.host.write_back(made.id, WriteBack("68a1f0", "Registrerat", at))
    later = WriteBack("68a1f0", "Krav skickat", at + timedelta(days=10), findings=("Ny anmärkning.",))

    ledger.host.write_back(made.id, later)

    assert ledger.shown(made) == later


def test_findings_that_are_mended_are_taken_away(ledger: Ledger) -> None:
    made, at = ledger.overdue_invoice(), datetime(2026, 11, 22, 13, 5, 59, tzinfo=UTC)
    ledger.host.write_back(made.id, WriteBack("", "Åtgärd krävs", at, findings=("Kunden saknar nummer.",)))
    mended = WriteBack("68a1f0", "Hos Amili", at)

    ledger.host.write_back(made.id, mended)

    assert ledger.shown(made) == mended


def test_the_ledgers_people_read_a_language_of_ours(ledger: Ledger) -> None:
    assert ledger.host.language() in ("sv", "en")


def message(key: str = "hand-over.1") -> LedgerMessage:
    return LedgerMessage(
        key=key,
        title="Amili: Åtgärd krävs",
        lines=("Beloppet 10 < 100 & mindre.", "Kunden saknar nummer."),
        link="https://connector.example/hand-overs/1f?a=1&b=2",
        link_text="Öppna",
    )


def test_a_message_is_left_for_the_ledgers_own_people_and_mailed_to_nobody(ledger: Ledger) -> None:
    made, mails = ledger.overdue_invoice(), ledger.mails()

    assert ledger.host.leave_message(made.id, message(), may_stand=False) == ""

    (left,) = ledger.messages(made)
    assert "Amili: Åtgärd krävs" in left
    assert "Beloppet 10 &lt; 100 &amp; mindre." in left
    assert 'href="https://connector.example/hand-overs/1f?a=1&amp;b=2"' in left
    assert ledger.mails() == mails


def test_a_message_whose_answer_was_lost_is_not_left_twice(ledger: Ledger) -> None:
    made, other = ledger.overdue_invoice(), ledger.overdue_invoice()
    ledger.host.leave_message(other.id, message(), may_stand=False)

    for may_stand in (True, True):
        ledger.host.leave_message(made.id, message(), may_stand=may_stand)
    ledger.host.leave_message(made.id, message("hand-over.2"), may_stand=True)

    assert len(ledger.messages(made)) == 2
    assert len(ledger.messages(other)) == 1


def test_reading_leaves_no_trace(ledger: Ledger) -> None:
    made = ledger.overdue_invoice()
    before = ledger.footprint(made)

    ledger.host.check()
    ledger.host.read(made.id)
    ledger.host.find(made.number)
    ledger.host.wish(made.id)
    ledger.host.withdrawal_wish(made.id)
    ledger.host.language()
    list(ledger.host.withdrawal_wishes())
    list(ledger.host.requested())
    ledger.host.overdue(today=today())

    assert ledger.footprint(made) == before


def test_hints_are_looked_at_again_after_growing_times(ledger: Ledger) -> None:
    timing = ledger.host.hint_timing()

    assert list(timing.look_again_at_s) == sorted(timing.look_again_at_s)
    assert timing.quiet_s >= 0


def test_the_key_is_accepted_and_a_wrong_one_is_told_apart(ledger: Ledger) -> None:
    expires = ledger.host.key_expires()

    assert expires is None or expires >= today()
    with pytest.raises(KeyRefused):
        ledger.host_with_wrong_key().key_expires()


def test_an_event_points_at_its_invoice(ledger: Ledger) -> None:
    made = ledger.overdue_invoice()

    assert opening.hints(ledger.kind, ledger.event(made)).invoice_ids == (made.id,)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b"\xff\xfe", b'{"_id": {"$gt": 0}}', b"[" * 100_000])
def test_noise_points_at_nothing(ledger: Ledger, body: bytes) -> None:
    assert opening.hints(ledger.kind, body).invoice_ids == ()


def test_an_event_far_too_long_points_at_nothing(ledger: Ledger) -> None:
    event = json.loads(ledger.event(ledger.overdue_invoice())) | {"padding": "x" * 2_000_000}

    assert opening.hints(ledger.kind, json.dumps(event).encode()).invoice_ids == ()
