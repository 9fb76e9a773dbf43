"""Odoo's invoices in our form, on documents recorded from a real Odoo 19."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connector.domain.errors import AmountUnreadable, Unreadable
from connector.domain.invoice import (
    CustomerType,
    Invoice,
    InvoiceKind,
    InvoiceState,
    LineKind,
    PaymentKind,
)
from connector.hosts.odoo.customers import ADDRESS_FIELDS, CUSTOMER_FIELDS
from connector.hosts.odoo.documents import LINE_FIELDS, MOVE_FIELDS, PARTNER_FIELDS
from connector.hosts.odoo.settings import OdooSettings
from connector.hosts.odoo.translate import INVOICE_FIELDS, translate
from tests.hosts.odoo.recorded_documents import SETTINGS, document


def read(name: str, **changes: Any) -> Invoice:
    return translate(document(name), SETTINGS.model_copy(update=changes))


def amounts(invoice: Invoice) -> list[str]:
    return [str(payment.amount) for payment in invoice.payments]


def test_every_field_of_the_tables_is_fetched() -> None:
    assert set(INVOICE_FIELDS.values()) <= set(MOVE_FIELDS)
    assert set(CUSTOMER_FIELDS.values()) | set(ADDRESS_FIELDS.values()) <= set(PARTNER_FIELDS)
    assert {"price_total", "display_type", "date_maturity"} <= set(LINE_FIELDS)
    assert "invoice_date_due" in MOVE_FIELDS


def test_an_unpaid_invoice() -> None:
    invoice = read("unpaid")

    assert invoice.number == "INV/2026/00007"
    assert (invoice.kind, invoice.state) == (InvoiceKind.INVOICE, InvoiceState.BOOKED)
    assert (invoice.invoice_date, invoice.due_date) == (date(2026, 9, 10), date(2026, 10, 10))
    assert (invoice.currency, str(invoice.total), str(invoice.balance)) == ("SEK", "2550.00", "2550.00")
    assert [(line.description, str(line.amount), line.kind) for line in invoice.lines] == [
        ("Konsulttimme", "2500.00", LineKind.GOODS),
        ("[FAKTAVG] Fakturaavgift", "50.00", LineKind.INVOICE_FEE),
    ]
    assert (invoice.payments, invoice.credit_notes, invoice.holds) == ((), (), ())
    assert (invoice.unmatched_receipts, invoice.unapplied_credits) == ((), ())


def test_facts_that_odoo_has_no_field_for_are_not_answered() -> None:
    invoice = read("unpaid")

    assert invoice.respite_until is None
    assert invoice.other_owners is None
    assert invoice.tax_reduction is None
    assert invoice.customer.protected_identity is None
    assert invoice.customer.sole_trader is None
    assert invoice.reminders == ()


STANDINGS = [
    ("draft", InvoiceKind.INVOICE, InvoiceState.DRAFT, "2675.00"),
    ("cancelled", InvoiceKind.INVOICE, InvoiceState.CANCELLED, "2800.00"),
    ("part_paid", InvoiceKind.INVOICE, InvoiceState.BOOKED, "2599.43"),
    ("paid", InvoiceKind.INVOICE, InvoiceState.BOOKED, "0.00"),
    ("part_credited", InvoiceKind.INVOICE, InvoiceState.BOOKED, "3550.00"),
    ("credited", InvoiceKind.INVOICE, InvoiceState.BOOKED, "0.00"),
    ("credit_note", InvoiceKind.CREDIT_NOTE, InvoiceState.BOOKED, "0.00"),
    ("instalments", InvoiceKind.INVOICE, InvoiceState.BOOKED, "2050.00"),
    ("instalments_ahead", InvoiceKind.INVOICE, InvoiceState.BOOKED, "4175.00"),
    ("credited_twice", InvoiceKind.INVOICE, InvoiceState.BOOKED, "5324.50"),
    ("discount_open", InvoiceKind.INVOICE, InvoiceState.BOOKED, "5675.00"),
    ("discount_past", InvoiceKind.INVOICE, InvoiceState.BOOKED, "5425.00"),
    ("discount_taken", InvoiceKind.INVOICE, InvoiceState.BOOKED, "0.00"),
    ("discount_on_vat", InvoiceKind.INVOICE, InvoiceState.BOOKED, "5527.80"),
    ("paid_in_euro", InvoiceKind.INVOICE, InvoiceState.BOOKED, "4800.00"),
    ("euro_company", InvoiceKind.INVOICE, InvoiceState.BOOKED, "4099.43"),
]


@pytest.mark.parametrize(("name", "kind", "state", "balance"), STANDINGS)
def test_kind_state_and_balance(name: str, kind: InvoiceKind, state: InvoiceState, balance: str) -> None:
    invoice = read(name)
    assert (invoice.kind, invoice.state, str(invoice.balance)) == (kind, state, balance)


@pytest.mark.parametrize(("name", "kind", "state", "balance"), STANDINGS)
def test_what_is_matched_explains_the_balance(name: str, kind: InvoiceKind, state: str, balance: str) -> None:
    invoice = read(name)
    matched = sum(payment.amount for payment in invoice.payments)
    credited = sum(note.amount for note in invoice.credit_notes)
    written_off = sum(one.amount for one in invoice.write_offs)
    if kind is InvoiceKind.INVOICE:
        assert invoice.total - matched - credited - written_off == invoice.balance


@pytest.mark.parametrize(
    ("move_type", "kind"),
    [
        ("out_invoice", InvoiceKind.INVOICE),
        ("out_refund", InvoiceKind.CREDIT_NOTE),
        ("out_receipt", InvoiceKind.CASH),
        ("in_invoice", InvoiceKind.OTHER),
        ("entry", InvoiceKind.OTHER),
        ("something_new", InvoiceKind.OTHER),
    ],
)
def test_every_type_of_entry_has_a_kind(move_type: str, kind: InvoiceKind) -> None:
    recorded = document("unpaid")
    recorded["move"]["move_type"] = move_type
    assert translate(recorded, SETTINGS).kind is kind


def test_a_state_nobody_knows_is_not_guessed() -> None:
    recorded = document("unpaid")
    recorded["move"]["state"] = "archived"
    with pytest.raises(Unreadable, match="unknown state"):
        translate(recorded, SETTINGS)


@pytest.mark.parametrize("name", ["/", False])
def test_a_draft_has_no_number(name: object) -> None:
    recorded = document("draft")
    recorded["move"]["name"] = name
    assert translate(recorded, SETTINGS).number == ""


def test_part_payments_are_told_apart() -> None:
    invoice = read("part_paid")
    assert amounts(invoice) == ["1000.57", "200.00"]
    assert len({payment.id for payment in invoice.payments}) == 2
    assert {payment.date for payment in invoice.payments} == {date(2026, 11, 24)}
    assert invoice.payments[0].reference.startswith("PBNK1/2026/")
    assert invoice.credit_notes == ()


def paid_by(received: str | None, *, balance: str = "-1000.57", currency: str = "SEK") -> Invoice:
    """The part-paid invoice, its first match by a row of this kind."""
    recorded = document("part_paid")
    move = recorded["move"]
    money = [126, currency] if currency != "SEK" else move["currency_id"]
    recorded["matched_lines"][0] |= {
        "balance": Decimal(balance),
        "currency_id": money,
        "received": None if received is None else Decimal(received),
    }
    return translate(recorded, SETTINGS)


def payments(invoice: Invoice) -> list[tuple[str, str, str, str]]:
    return [(one.kind, one.id, str(one.amount), str(one.date)) for one in invoice.payments]


def test_a_payment_or_bank_line_is_money_received() -> None:
    first, second = read("part_paid").payments
    assert (first.kind, str(first.amount), first.currency) == (PaymentKind.RECEIPT, "1000.57", "")
    assert (second.kind, second.former_id) == (PaymentKind.RECEIPT, "")


def test_a_document_from_before_these_fields_counts_every_row_as_money() -> None:
    recorded = document("part_paid")
    for line in recorded["matched_lines"]:
        for name in ("parent_state", "balance", "currency_id", "received", "bank_line", "bank_matched", "bank_date"):
            del line[name]
    del recorded["awaits_bank"]
    assert [one.kind for one in translate(recorded, SETTINGS).payments] == [PaymentKind.RECEIPT] * 2


def test_a_bank_line_is_one_payment_of_its_own_day_by_its_own_id_however_often_it_is_matched_anew() -> None:
    assert payments(read("paid_by_bank")) == [("receipt", "bank-3", "1000.00", "2026-11-23")]
    assert payments(read("bank_line_redone")) == [("receipt", "bank-4", "1100.00", "2026-11-23")]
    (row,) = document("bank_line_redone")["matched_lines"]
    assert read("bank_line_redone").payments[0].former_id == str(row["id"])
    undone = read("bank_line_undone")
    assert undone.payments == ()
    assert [(str(one.amount), one.rest_of) for one in undone.unmatched_receipts or ()] == [("1200.00", "")]


def test_a_bank_line_matched_by_two_rows_is_one_payment() -> None:
    recorded = document("paid_by_bank")
    recorded["partials"].append(recorded["partials"][0] | {"id": 9001, "credit_move_id": [9002, "BNK1"]})
    recorded["matched_lines"][0] |= {"received": Decimal(2000), "settled": Decimal(2000)}
    recorded["matched_lines"].append(recorded["matched_lines"][0] | {"id": 9002})
    assert payments(translate(recorded, SETTINGS)) == [("receipt", "bank-3", "2000.00", "2026-11-23")]
    recorded["matched_lines"][1]["parent_state"] = "draft"
    assert payments(translate(recorded, SETTINGS)) == [("unbooked", "bank-3", "2000.00", "2026-11-23")]


def test_of_a_bank_line_for_two_invoices_each_gets_its_part() -> None:
    invoice = read("bank_line_of_two")
    assert payments(invoice) == [("receipt", "bank-6", str(invoice.total), "2026-11-23")]


def test_a_payment_that_the_bank_has_seen_is_of_the_banks_day() -> None:
    (line,) = document("seen_by_bank")["matched_lines"]
    assert (line["date"], line["bank_date"]) == ("2026-11-21", "2026-11-23")
    assert payments(read("seen_by_bank")) == [("receipt", str(line["id"]), "700.00", "2026-11-23")]
    assert [one[2:] for one in payments(read("two_seen_by_bank"))] == [
        ("300.00", "2026-11-23"),
        ("200.00", "2026-11-23"),
    ]


@pytest.mark.parametrize(
    ("setting", "document_says", "payment_state", "kind"),
    [
        (None, False, "partial", PaymentKind.RECEIPT),
        (None, True, "partial", PaymentKind.UNSEEN),
        (None, False, "in_payment", PaymentKind.UNSEEN),
        (True, False, "partial", PaymentKind.UNSEEN),
        (False, True, "in_payment", PaymentKind.RECEIPT),
    ],
)
def test_where_payments_are_matched_with_the_bank_one_that_is_not_waits(
    setting: bool | None, document_says: bool, payment_state: str, kind: PaymentKind
) -> None:
    recorded = document("part_paid")
    recorded["awaits_bank"] = document_says
    recorded["move"]["payment_state"] = payment_state
    invoice = translate(recorded, SETTINGS.model_copy(update={"payments_await_bank": setting}))
    assert {one.kind for one in invoice.payments} == {kind}
    assert str(invoice.balance) == "2599.43", "what a person has entered as paid is never claimed"


@pytest.mark.parametrize("name", ["seen_by_bank", "paid_by_bank"])
def test_what_the_bank_has_seen_waits_for_nothing(name: str) -> None:
    assert [one.kind for one in read(name, payments_await_bank=True).payments] == [PaymentKind.RECEIPT]


def test_a_payment_or_credit_note_that_is_a_draft_again_is_not_booked_though_odoo_keeps_it_matched() -> None:
    payment = read("payment_in_draft")
    assert [(one.kind, str(one.amount)) for one in payment.payments] == [(PaymentKind.UNBOOKED, "500.00")]
    assert payment.total - payment.balance == 500
    credit = read("credit_in_draft")
    assert [(one.booked, str(one.amount)) for one in credit.credit_notes] == [(False, "400.00")]
    assert [one.booked for one in read("part_credited").credit_notes] == [True]


@pytest.mark.parametrize("name", ["payment_cancelled", "unmatched", "credit_cancelled"])
def test_what_was_taken_off_the_invoice_again_is_no_payment(name: str) -> None:
    invoice = read(name)
    assert (invoice.payments, invoice.credit_notes, invoice.balance) == ((), (), invoice.total)


def test_what_was_paid_beyond_the_invoice_is_named_after_its_payment() -> None:
    invoice = read("overpaid")
    (payment,) = invoice.payments
    assert (payment.amount, invoice.balance) == (invoice.total, Decimal(0))
    assert [(str(one.amount), one.rest_of) for one in invoice.unmatched_receipts or ()] == [("250.00", payment.id)]
    waiting = read("overpaid", payments_await_bank=True)
    assert [one.rest_of for one in waiting.unmatched_receipts or ()] == [""]


def test_a_payment_dated_in_a_locked_period_is_of_its_own_day_and_not_of_its_entrys() -> None:
    (line,) = document("locked_period")["matched_lines"]
    assert (line["date"], payments(read("locked_period", payments_await_bank=False))) == (
        "2026-11-29",
        [("receipt", "868", "400.00", "2026-10-25")],
    )


def test_a_rejected_payment_did_not_come_though_odoo_keeps_it_booked_and_matched() -> None:
    invoice = read("payment_rejected")
    assert payments(invoice) == [("rejected", "864", "400.00", "2026-11-29")]
    assert (invoice.taken_back, str(invoice.balance)) == (("864",), "600.00")
    recorded = document("payment_rejected")
    recorded["payments"][0]["state"] = "in_process"
    accepted = translate(recorded, SETTINGS.model_copy(update={"payments_await_bank": False}))
    assert (payments(accepted)[0][0], accepted.taken_back) == ("receipt", ())


@pytest.mark.parametrize("name", ["advance_open", "advance_matched"])
def test_what_is_matched_on_other_accounts_than_receivables_pays_nothing(name: str) -> None:
    invoice = read(name)
    assert (invoice.payments, invoice.credit_notes, str(invoice.balance)) == ((), (), "7000.00")


def test_of_matches_in_an_older_document_those_count_that_explain_what_is_left() -> None:
    recorded = document("advance_matched")
    entry = recorded["matched_lines"][0] | {"id": 900, "move_type": "entry", "balance": Decimal(-2000)}
    recorded["matched_lines"] += [entry, entry | {"id": 901, "received": Decimal(2000)}]
    for row in (900, 901):
        partial = recorded["partials"][0] | {"id": row, "debit_amount_currency": Decimal(2000)}
        recorded["partials"].append(partial | {"credit_move_id": [row, "x"]})
    owed = recorded["lines"][2]
    for left, ids in ((7000, []), (5000, ["901"]), (3000, ["901", "900"])):
        owed["amount_residual_currency"] = Decimal(left)
        assert [one.id for one in translate(recorded, SETTINGS).payments] == ids


def test_a_payment_whose_entry_was_reversed_is_none_though_it_says_paid() -> None:
    recorded = document("payment_rejected")
    recorded |= {"partials": [], "matched_lines": []}
    recorded["lines"][1]["amount_residual_currency"] = recorded["move"]["amount_residual"] = Decimal(1000)
    recorded["payments"][0]["state"] = "paid"
    invoice = translate(recorded, SETTINGS)
    assert (invoice.payments, str(invoice.balance)) == ((), "1000.00")
    assert [str(one.amount) for one in invoice.reversed_payments] == ["400.00"]
    recorded["open_credit_lines"] = document("overpaid")["open_credit_lines"]
    recorded["open_credit_lines"][0]["move_name"] = recorded["payments"][0]["name"]
    assert translate(recorded, SETTINGS).reversed_payments == ()


def test_an_entry_that_belongs_to_no_payment_is_an_offset() -> None:
    first, _ = paid_by(None).payments
    assert (first.kind, str(first.amount)) == (PaymentKind.OFFSET, "1000.57")


def test_what_was_written_off_with_a_payment_is_told_apart() -> None:
    invoice = read("written_off")
    (payment,) = invoice.payments
    assert (payment.kind, payment.amount, invoice.balance) == (
        PaymentKind.RECEIPT,
        invoice.total - Decimal("10.50"),
        Decimal(0),
    )
    assert [(one.id, str(one.amount)) for one in invoice.write_offs] == [(payment.id, "10.50")]


def test_a_payment_of_several_invoices_with_a_difference_does_not_tell_what_was_money_here() -> None:
    invoice = paid_by("1990.00", balance="-2000.00")
    assert (invoice.payments[0].kind, str(invoice.payments[0].amount)) == (PaymentKind.OFFSET, "1000.57")
    assert invoice.write_offs == ()


def test_a_payment_for_several_invoices_is_money_received() -> None:
    invoice = paid_by("2000.00", balance="-2000.00")
    assert (invoice.payments[0].kind, str(invoice.payments[0].amount)) == (PaymentKind.RECEIPT, "1000.57")


def test_money_of_another_currency_is_named() -> None:
    assert paid_by("88.00", currency="EUR").payments[0].currency == "EUR"


def test_a_payment_without_an_entry_is_unbooked() -> None:
    assert [one.kind for one in read("paid_without_entry").payments] == [PaymentKind.UNBOOKED]


def test_a_credit_note_is_no_payment() -> None:
    invoice = read("part_credited")
    assert invoice.payments == ()
    (note,) = invoice.credit_notes
    assert (note.number, str(note.amount), note.date) == ("RINV/2026/00001", "500.00", date(2026, 11, 24))


def test_one_payment_over_two_instalments_is_one_payment() -> None:
    assert len(document("instalments")["partials"]) == 2
    assert amounts(read("instalments")) == ["3000.00"]


def test_an_invoice_in_parts_is_due_when_its_last_open_part_is() -> None:
    invoice = read("instalments_ahead")
    assert [(part.due_date, str(part.balance)) for part in invoice.instalments] == [
        (date(2026, 10, 10), "1587.50"),
        (date(2027, 1, 8), "2587.50"),
    ]
    assert invoice.due_date == date(2027, 1, 8)


def test_a_last_part_that_was_paid_first_puts_nothing_off() -> None:
    recorded = document("instalments_ahead")
    (last,) = [line for line in recorded["lines"] if line["date_maturity"] == "2027-01-08"]
    last["amount_residual_currency"] = Decimal("0.0")
    assert translate(recorded, SETTINGS).due_date == date(2026, 10, 10)


def test_a_due_date_put_off_on_the_journal_item_holds() -> None:
    assert document("put_off")["move"]["invoice_date_due"] == "2026-10-10"
    invoice = read("put_off")
    assert invoice.due_date == date(2026, 12, 14)
    assert invoice.instalments == ()


def test_no_journal_item_makes_an_invoice_due_before_the_date_that_it_shows() -> None:
    recorded = document("unpaid")
    (row,) = [line for line in recorded["lines"] if line["account_type"] == "asset_receivable"]
    row["date_maturity"] = "2026-09-20"
    assert translate(recorded, SETTINGS).due_date == date(2026, 10, 10)


@pytest.mark.parametrize("name", ["draft", "paid", "discount_taken"])
def test_where_nothing_is_open_the_date_that_the_invoice_shows_is_told(name: str) -> None:
    assert str(read(name).due_date) == document(name)["move"]["invoice_date_due"]


def test_several_credit_notes_and_a_payment_are_told_apart() -> None:
    invoice = read("credited_twice")
    assert amounts(invoice) == ["100.00"]
    assert [str(note.amount) for note in invoice.credit_notes] == ["200.00", "300.50"]
    assert len({note.number for note in invoice.credit_notes}) == 2


@pytest.mark.parametrize("name", ["discount_open", "discount_past"])
def test_an_early_payment_discount_that_nobody_took_lessens_nothing(name: str) -> None:
    invoice = read(name)
    assert invoice.balance == invoice.total


def test_a_payment_less_a_discount_that_was_granted_settles_the_invoice() -> None:
    invoice = read("discount_taken")
    assert invoice.balance == 0
    assert amounts(invoice) == ["5684.00"]
    assert [one.amount for one in invoice.write_offs] == [invoice.total - 5684]


def test_lines_add_up_where_vat_is_reckoned_less_the_discount() -> None:
    invoice = read("discount_on_vat")
    assert [(str(line.amount), line.kind) for line in invoice.lines] == [
        ("5478.00", LineKind.GOODS),
        ("49.80", LineKind.INVOICE_FEE),
    ]
    assert sum(line.amount for line in invoice.lines) == invoice.total


def test_a_payment_in_other_money_counts_as_what_it_took_off() -> None:
    (payment,) = document("paid_in_euro")["payments"]
    assert (payment["amount"], payment["currency_id"][1]) == (Decimal("100.0"), "EUR")
    invoice = read("paid_in_euro")
    assert amounts(invoice) == ["1250.00"]
    assert [payment.currency for payment in invoice.payments] == ["EUR"]
    assert str(invoice.balance) == "4800.00"


def test_an_open_credit_in_other_money_is_told_in_kronor_where_the_books_are() -> None:
    (row,) = document("euro_credit")["open_credit_lines"]
    assert row["amount_residual_currency"] == Decimal("-50.0")
    assert [(str(credit.amount), credit.currency) for credit in read("euro_credit").unapplied_credits or ()] == [
        ("555.56", "")
    ]


def test_a_company_with_books_in_euro_is_read_in_the_invoices_kronor() -> None:
    assert document("euro_company")["move"]["company_currency_id"][1] == "EUR"
    invoice = read("euro_company")
    assert (invoice.currency, str(invoice.total), str(invoice.balance)) == ("SEK", "5100.00", "4099.43")
    assert amounts(invoice) == ["1000.57"]
    assert [(str(credit.amount), credit.currency) for credit in invoice.unapplied_credits or ()] == [
        ("70.00", ""),
        ("7.00", "EUR"),
    ]


def test_an_exchange_difference_is_no_payment() -> None:
    recorded = document("euro")
    (partial,) = recorded["partials"]
    exchange_move = partial["exchange_move_id"]
    assert exchange_move
    assert amounts(translate(recorded, SETTINGS)) == ["400.00"]

    # Depending on which way the rate went, the difference is matched to the invoice itself.
    recorded["partials"].append(
        partial | {"id": 9001, "credit_move_id": [9002, "EXCH"], "debit_amount_currency": Decimal("0.01")}
    )
    recorded["matched_lines"].append(
        recorded["matched_lines"][0] | {"id": 9002, "move_id": exchange_move, "move_name": exchange_move[1]}
    )
    assert amounts(translate(recorded, SETTINGS)) == ["400.00"]


def test_a_foreign_invoice_is_read_in_its_own_currency() -> None:
    invoice = read("euro")
    assert (invoice.currency, str(invoice.total), str(invoice.balance)) == ("EUR", "1129.50", "729.50")


def test_a_payment_without_an_entry_lessens_what_is_claimed() -> None:
    recorded = document("paid_without_entry")
    assert (recorded["move"]["payment_state"], recorded["move"]["amount_residual"]) == ("paid", Decimal("4425"))

    invoice = translate(recorded, SETTINGS)

    assert str(invoice.balance) == "3925.00"
    assert amounts(invoice) == ["500.00"]
    assert invoice.payments[0].id.startswith("payment-")


def test_payments_without_an_entry_never_make_the_balance_negative() -> None:
    recorded = document("paid_without_entry")
    recorded["payments"][0]["amount"] = Decimal("9999.00")
    assert str(translate(recorded, SETTINGS).balance) == "0.00"


@pytest.mark.parametrize(
    ("change", "balance"),
    [
        ({"state": "paid"}, "3925.00"),
        ({"state": "draft"}, "4425.00"),
        ({"state": "canceled"}, "4425.00"),
        ({"state": "rejected"}, "4425.00"),
        ({"move_id": [77, "PBNK1/2026/00001"]}, "4425.00"),
    ],
)
def test_only_standing_payments_without_an_entry_count(change: dict[str, Any], balance: str) -> None:
    recorded = document("paid_without_entry")
    recorded["payments"][0].update(change)
    assert str(translate(recorded, SETTINGS).balance) == balance


def test_a_payment_confirmed_by_a_matched_bank_line_counts_once() -> None:
    recorded = document("part_paid")
    recorded["payments"] = [recorded["payments"][0] | {"state": "paid", "move_id": False}]
    assert str(translate(recorded, SETTINGS).balance) == "2599.43"


def test_a_payment_without_an_entry_in_other_money_is_only_told() -> None:
    recorded = document("paid_without_entry")
    recorded["payments"][0]["currency_id"] = [126, "EUR"]
    invoice = translate(recorded, SETTINGS)
    assert str(invoice.balance) == "4425.00"
    assert [str(receipt.amount) for receipt in invoice.unmatched_receipts or ()] == ["500.00"]


def test_open_money_and_credits_are_told_apart() -> None:
    invoice = read("open_credits")
    assert str(invoice.balance) == "4550.00"
    assert sorted(str(receipt.amount) for receipt in invoice.unmatched_receipts or ()) == [
        "250.00",
        "4610.00",
        "77.25",
    ]
    assert [str(credit.amount) for credit in invoice.unapplied_credits or ()] == ["100.00"]


@pytest.mark.parametrize("name", ["blocked", "no_followup"])
def test_an_invoice_that_a_user_has_stopped_is_held(name: str) -> None:
    assert [hold.kind for hold in read(name).holds or ()] == [name]


def test_a_disputed_invoice_is_held_with_who_and_when() -> None:
    recorded = document("unpaid")
    recorded["move"] |= {
        "x_amili_disputed": True,
        "x_amili_disputed_by": "Eva Ekonom",
        # Half past midnight in Stockholm, on the day after.
        "x_amili_disputed_at": "2026-11-10 23:30:00",
    }
    (hold,) = translate(recorded, SETTINGS).holds or ()
    assert (hold.kind, hold.by, hold.since) == ("disputed", "Eva Ekonom", date(2026, 11, 11))


def test_a_dispute_that_was_settled_holds_nothing() -> None:
    recorded = document("unpaid")
    recorded["move"] |= {"x_amili_disputed": False, "x_amili_disputed_by": "Eva", "x_amili_disputed_at": False}
    assert translate(recorded, SETTINGS).holds == ()


@pytest.mark.parametrize("barred", [True, False])
def test_a_customer_may_be_barred_from_collection(barred: bool) -> None:
    recorded = document("to_contact")
    assert translate(recorded, SETTINGS).customer.never_send is None
    recorded["partner"]["x_amili_never_send"] = not barred
    recorded["commercial_partner"]["x_amili_never_send"] = barred
    assert translate(recorded, SETTINGS).customer.never_send is barred


def reminders(*lines: dict[str, Any]) -> list[tuple[str, str | None]]:
    recorded = document("unpaid")
    letter = {"state": "sent", "date_sent": False, "currency_id": [18, "SEK"]}
    recorded["reminder_lines"] = [letter | {"id": number} | line for number, line in enumerate(lines)]
    found = translate(recorded, SETTINGS).reminders
    return [(str(reminder.date), None if reminder.fee is None else str(reminder.fee)) for reminder in found]


def test_a_reminder_has_the_fee_that_its_module_charged() -> None:
    letter = {"date": "2026-10-19", "date_sent": "2026-10-20", "dunning_fees_amount": Decimal("60.0")}
    assert reminders(letter) == [("2026-10-20", "60.00")]


def test_only_the_last_fee_that_a_letter_charged_is_claimed() -> None:
    first = {"date": "2026-10-20", "dunning_fees_amount": Decimal("60.0")}
    second = {"date": "2026-11-03", "dunning_fees_amount": Decimal("50.0")}
    third = {"date": "2026-11-10", "dunning_fees_amount": Decimal("0.0")}
    assert reminders(second, first) == [("2026-10-20", "0.00"), ("2026-11-03", "50.00")]
    assert reminders(second, first, third)[1:] == [("2026-11-03", "50.00"), ("2026-11-10", "0.00")]


def in_letters(*rows: tuple[int, int, str], fees: bool = True) -> list[tuple[str, str | None, str, str]]:
    """The reminders of invoice 7 by (row, letter, fee); rows 1 of invoice 5 and 100 of invoice 9 are in letter 3."""
    recorded = document("unpaid")
    assert recorded["move"]["id"] == 7

    def fee(amount: str) -> dict[str, Decimal]:
        return {"dunning_fees_amount": Decimal(amount)} if fees else {}

    recorded["reminder_lines"] = [
        {
            "id": number,
            "state": "sent",
            "date": f"2026-11-{letter:02}",
            "date_sent": False,
            "currency_id": [18, "SEK"],
            "communication_id": [letter, f"Letter {letter}"],
            **fee(amount),
        }
        for number, letter, amount in rows
    ]
    recorded["letter_lines"] = [
        {"id": row, "state": "sent", "invoice_id": [move, shown], "communication_id": [3, "Letter 3"], **fee("60.0")}
        for row, move, shown in ((1, 5, "INV/2026/00005 (PO-77)"), (100, 9, "INV/2026/00009"))
    ] + [
        {
            "id": number,
            "state": "sent",
            "invoice_id": [7, "INV/2026/00007"],
            "communication_id": [letter, f"Letter {letter}"],
            **fee(amount),
        }
        for number, letter, amount in rows
    ]
    found = translate(recorded, SETTINGS).reminders
    return [
        (str(one.date), None if one.fee is None else str(one.fee), str(one.not_claimed), one.claimed_with)
        for one in found
    ]


def test_the_fee_of_a_letter_about_several_invoices_is_claimed_with_the_first_of_them() -> None:
    assert in_letters((20, 3, "60.0")) == [("2026-11-03", "0.00", "60.00", "INV/2026/00005")]
    assert in_letters((20, 3, "60.0"), fees=False) == [("2026-11-03", "0.00", "0.00", "INV/2026/00005")]


def test_the_first_invoice_of_a_letter_claims_its_fee() -> None:
    assert in_letters((0, 3, "60.0")) == [("2026-11-03", "60.00", "0.00", "")]


def test_a_letter_of_its_own_is_claimed_beside_one_about_several() -> None:
    assert in_letters((20, 3, "60.0"), (21, 4, "50.0")) == [
        ("2026-11-03", "0.00", "60.00", "INV/2026/00005"),
        ("2026-11-04", "50.00", "0.00", ""),
    ]


@pytest.mark.parametrize(
    ("paid_on", "sent"),
    [
        ("2026-10-21", ["2026-10-20", "2026-11-10"]),
        ("2026-10-20", ["2026-10-20", "2026-11-10"]),
        ("2026-10-19", ["2026-11-10"]),
    ],
)
def test_a_reminder_of_an_instalment_that_was_paid_before_it_was_sent_is_none(paid_on: str, sent: list[str]) -> None:
    recorded = document("instalments")
    first, second = (line["id"] for line in recorded["lines"] if line["account_type"] == "asset_receivable")
    for partial, row in zip(recorded["partials"], (first, second), strict=True):
        partial |= {"line_id": row, "max_date": paid_on}
    reminder = {"state": "sent", "date_sent": False, "currency_id": [18, "SEK"]}
    recorded["reminder_lines"] = [
        reminder | {"id": number, "date": day, "move_line_id": [row, "x"]}
        for number, day, row in ((1, "2026-10-20", first), (2, "2026-11-10", second))
    ]
    assert [str(one.date) for one in translate(recorded, SETTINGS).reminders] == sent


def test_two_rows_of_one_letter_are_one_reminder_with_one_fee() -> None:
    assert in_letters((20, 4, "60.0"), (21, 4, "60.0")) == [("2026-11-04", "60.00", "0.00", "")]


def overdue(*actions: tuple[str, str, list[Any]]) -> list[tuple[str, str | None, str, bool]]:
    recorded = document("unpaid")
    recorded["overdue_reminders"] = [
        {"id": number, "action_date": day, "action_reminder_type": kind, "invoices": invoices}
        for number, (day, kind, invoices) in enumerate(actions)
    ]
    invoice = translate(recorded, SETTINGS)
    assert invoice.reminders_known
    return [
        (str(one.date), None if one.fee is None else str(one.fee), one.claimed_with, one.written)
        for one in invoice.reminders
    ]


def test_the_reminders_of_the_other_module_are_told_without_a_fee() -> None:
    own, other = [7, "INV/2026/00007"], [5, "INV/2026/00005"]
    assert overdue(("2026-11-09", "post", [other, own]), ("2026-11-02", "mail", [own, other])) == [
        ("2026-11-02", None, "", True),
        ("2026-11-09", "0.00", "INV/2026/00005", True),
    ]


def test_a_call_is_no_written_reminder_and_has_no_fee() -> None:
    assert overdue(("2026-11-02", "phone", [[7, "INV/2026/00007"]])) == [("2026-11-02", "0.00", "", False)]


def held(*, move: dict[str, Any] | None = None, customer: dict[str, Any] | None = None) -> list[str]:
    recorded = document("unpaid")
    recorded["move"] |= move or {}
    recorded["commercial_partner"] |= customer or {}
    recorded["policies"] = [{"id": 1, "do_nothing": True}, {"id": 2, "do_nothing": False}]
    return [hold.kind for hold in translate(recorded, SETTINGS).holds or ()]


NO_FOLLOW, THREE_LETTERS = {"credit_policy_id": [1, "No follow"]}, {"credit_policy_id": [2, "3 time policy"]}


def test_a_policy_that_follows_up_nothing_is_a_hold_and_the_invoices_own_goes_first() -> None:
    assert held(move=NO_FOLLOW) == ["no_follow_policy"]
    assert held(customer=NO_FOLLOW) == ["no_follow_policy"]
    assert held(move={"credit_policy_id": False}, customer=NO_FOLLOW) == ["no_follow_policy"]
    assert held(move=THREE_LETTERS, customer=NO_FOLLOW) == []
    assert held(move=THREE_LETTERS) == held(customer=THREE_LETTERS) == held() == []


def test_what_is_not_to_be_reminded_of_is_held() -> None:
    assert held(move={"no_overdue_reminder": True}) == ["no_reminder"]
    assert held(customer={"no_overdue_reminder": True}) == ["no_reminder_customer"]
    assert held(move={"no_overdue_reminder": False}, customer={"no_overdue_reminder": False}) == []


def test_policies_that_we_may_not_see_are_told() -> None:
    recorded = document("unpaid")
    assert not translate(recorded, SETTINGS).policies_unseen
    assert translate(recorded, SETTINGS).right_to_policies == ""
    recorded["policies"] = None
    assert translate(recorded, SETTINGS).policies_unseen
    assert translate(recorded, SETTINGS).right_to_policies == "Credit Control / Info"


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([("19900101-1239", "open")], "19900101-1239"),
        ([("AA1234567", "open"), ("19900101-1239", "open")], "19900101-1239"),
        ([("19900101-1239", "open"), ("900101-1239", "open")], "900101-1239"),
        ([("19900101-1239", "close"), ("556016-0680", "open")], "556016-0680"),
        ([("19900101-1239", "open"), ("556016-0680", "open")], ""),
        ([("19900101-1238", "open")], "19900101-1238"),
        ([("AA1234567", "open")], ""),
        ([], ""),
    ],
)
def test_of_a_list_of_numbers_the_one_that_stands_alone_is_believed(rows: list[tuple[str, str]], found: str) -> None:
    recorded = document("unpaid")
    for partner in ("partner", "commercial_partner"):
        recorded[partner]["id_numbers"] = [
            {"id": number, "name": name, "status": status} for number, (name, status) in enumerate(rows)
        ]
    chosen = SETTINGS.model_copy(update={"id_number_fields": ("id_numbers",)})
    assert translate(recorded, chosen).customer.id_number == found


def test_a_list_without_its_rows_is_unreadable() -> None:
    recorded = document("unpaid")
    recorded["commercial_partner"]["id_numbers"] = [4, 5]
    with pytest.raises(Unreadable, match="id_numbers"):
        translate(recorded, SETTINGS.model_copy(update={"id_number_fields": ("id_numbers",)}))


def test_without_the_module_for_fees_the_ledger_does_not_tell_them() -> None:
    assert reminders({"date": "2026-10-20"}, {"date": "2026-11-03"}) == [("2026-10-20", None), ("2026-11-03", None)]


@pytest.mark.parametrize("state", ["draft", "ignored", "queued", "to_be_sent", "error", "email_error"])
def test_a_reminder_that_was_not_sent_is_none(state: str) -> None:
    assert reminders({"date": "2026-10-20", "state": state, "dunning_fees_amount": Decimal("60.0")}) == []


def test_a_document_from_before_reminders_were_read_has_none() -> None:
    recorded = document("unpaid")
    del recorded["reminder_lines"]
    assert translate(recorded, SETTINGS).reminders == ()


@pytest.mark.parametrize(("model", "has_length_digit"), [("se_ocr2", False), ("se_ocr3", True), ("odoo", False)])
def test_what_the_customer_pays_with_comes_with_the_kind_that_its_journal_makes(
    model: str, has_length_digit: bool
) -> None:
    recorded = document("unpaid")
    recorded["move"]["payment_reference"] = " 1234567814 "
    recorded["journal"] = {"id": 7, "invoice_reference_model": model}
    invoice = translate(recorded, SETTINGS)
    assert (invoice.payment_reference, invoice.reference_has_length_digit) == ("1234567814", has_length_digit)
    assert "1234567814" not in repr(invoice)


def test_a_document_from_before_references_were_read_has_none() -> None:
    recorded = document("unpaid")
    recorded["move"].pop("payment_reference", None)
    recorded.pop("journal", None)
    invoice = translate(recorded, SETTINGS)
    assert (invoice.payment_reference, invoice.reference_has_length_digit) == ("", False)


def test_an_invoice_whose_payments_were_never_here_is_held() -> None:
    recorded = document("unpaid")
    recorded["move"]["payment_state"] = "invoicing_legacy"
    assert [hold.kind for hold in translate(recorded, SETTINGS).holds or ()] == ["invoicing_legacy"]


def test_a_company_without_bank_postings_has_no_date() -> None:
    recorded = document("unpaid")
    assert translate(recorded, SETTINGS).bank_booked_until == date(2026, 11, 24)
    recorded["last_bank_entry"] = None
    assert translate(recorded, SETTINGS).bank_booked_until is None


def test_sections_and_notes_charge_for_nothing() -> None:
    invoice = read("sections")
    assert [(line.description, str(line.amount)) for line in invoice.lines] == [
        ("Konsulttimme", "1124.99"),
        ("Prisavdrag", "-100.00"),
        ("[FAKTAVG] Fakturaavgift", "50.00"),
    ]
    assert sum(line.amount for line in invoice.lines) == invoice.total


@pytest.mark.parametrize("product", ["FAKTAVG", "faktavg", "Fakturaavgift", "[FAKTAVG] Fakturaavgift"])
@pytest.mark.parametrize(
    ("setting", "kind"),
    [
        ("fee_products", LineKind.INVOICE_FEE),
        ("reminder_fee_products", LineKind.REMINDER_FEE),
        ("interest_products", LineKind.INTEREST),
    ],
)
def test_products_of_the_settings_are_fees(product: str, setting: str, kind: LineKind) -> None:
    settings = OdooSettings.model_validate({setting: [product]})
    assert [line.kind for line in translate(document("unpaid"), settings).lines] == [LineKind.GOODS, kind]


@pytest.mark.parametrize("product", ["FAKT", "avgift", "AVGIFT] Fakturaavgift"])
def test_a_part_of_a_name_is_no_name(product: str) -> None:
    settings = OdooSettings(fee_products=(product,))
    assert {line.kind for line in translate(document("unpaid"), settings).lines} == {LineKind.GOODS}


@pytest.mark.parametrize(
    ("setting", "kind"),
    [
        ("fee_accounts", LineKind.INVOICE_FEE),
        ("reminder_fee_accounts", LineKind.REMINDER_FEE),
        ("interest_accounts", LineKind.INTEREST),
    ],
)
def test_accounts_of_the_settings_are_fees(setting: str, kind: LineKind) -> None:
    settings = OdooSettings.model_validate({setting: ["3540"]})
    lines = translate(document("fee_account"), settings).lines
    assert [(str(line.amount), line.kind) for line in lines] == [("6250.00", LineKind.GOODS), ("40.00", kind)]


def test_a_product_says_more_than_an_account() -> None:
    account = document("unpaid")["lines"][1]["account_code"]
    settings = OdooSettings(fee_products=("FAKTAVG",), interest_accounts=(account,))
    assert [line.kind for line in translate(document("unpaid"), settings).lines] == [
        LineKind.INTEREST,
        LineKind.INVOICE_FEE,
    ]


@pytest.mark.parametrize("account", ["35", "354", "35400", "Faktureringsavgifter"])
def test_a_part_of_an_account_is_no_account(account: str) -> None:
    lines = translate(document("fee_account"), OdooSettings(fee_accounts=(account,))).lines
    assert {line.kind for line in lines} == {LineKind.GOODS}


def test_lines_without_a_product_are_goods() -> None:
    assert read("sections").lines[1].kind is LineKind.GOODS


def test_an_invoice_to_a_contact_is_owed_by_its_company() -> None:
    customer = read("to_contact").customer

    assert customer.name == "Storkund AB"
    assert customer.number == "K2003"
    assert customer.customer_type is CustomerType.COMPANY
    assert customer.id_number == "556016-0680"
    assert customer.address.address_line_1 == "Kungsgatan 2"
    assert customer.invoice_address.model_dump() == {
        "address_line_1": "Fakturagatan 9",
        "address_line_2": "Plan 2",
        "zip_code": "111 22",
        "city": "Stockholm",
        "country": "SE",
    }


def test_a_person() -> None:
    customer = read("paid_without_entry").customer
    assert (customer.customer_type, customer.id_number) == (CustomerType.PERSON, "19900101-1239")


@pytest.mark.parametrize(
    ("card", "addressee", "phone"),
    [
        ({}, {}, "+46 8 1"),
        ({"mobile": "070-1"}, {}, "070-1"),
        ({"mobile": False}, {"mobile": "070-2"}, "+46 8 1"),
        ({"phone": False}, {"mobile": "070-2", "phone": "+46 8 2"}, "070-2"),
        ({"phone": False}, {"phone": "+46 8 2"}, "+46 8 2"),
    ],
)
def test_a_mobile_number_is_taken_where_there_is_a_field_for_it(
    card: dict[str, Any], addressee: dict[str, Any], phone: str
) -> None:
    recorded = document("to_contact")
    recorded["commercial_partner"] |= {"phone": "+46 8 1"} | card
    recorded["partner"] |= addressee
    assert translate(recorded, SETTINGS).customer.phone == phone


def test_a_missing_number_is_missing() -> None:
    assert document("missing_number")["commercial_partner"]["company_registry"] == "1"
    assert read("missing_number").customer.id_number == ""


@pytest.mark.parametrize(
    ("registry", "vat", "found"),
    [
        ("556016-0680", "SE556016068001", "556016-0680"),
        ("1", "SE556016068001", "SE556016068001"),
        ("/", "SE556016068001", "SE556016068001"),
        ("saknas", "SE556016068001", "SE556016068001"),
        (False, "SE556016068001", "SE556016068001"),
        ("556016-068", "SE556016068001", "SE556016068001"),
        ("556016-068", False, "556016-068"),
        ("556016-0681", "SE556016068001", "556016-0681"),
        ("1", "/", ""),
        (False, False, ""),
    ],
)
def test_where_the_identity_number_stands(registry: object, vat: object, found: str) -> None:
    recorded = document("unpaid")
    recorded["commercial_partner"].update(company_registry=registry, vat=vat)
    assert translate(recorded, SETTINGS).customer.id_number == found


def test_a_field_of_the_companys_own_may_come_first() -> None:
    recorded = document("unpaid")
    recorded["commercial_partner"]["x_studio_personnummer"] = "19900101-1239"
    settings = SETTINGS.model_copy(update={"id_number_fields": ("x_studio_personnummer", "company_registry")})
    assert translate(recorded, settings).customer.id_number == "19900101-1239"


@pytest.mark.parametrize(("value", "protected"), [(True, True), (False, False), ("ja", True)])
def test_protected_identity_is_read_where_there_is_a_field_for_it(value: object, protected: bool) -> None:
    recorded = document("unpaid")
    recorded["commercial_partner"]["x_protected"] = value
    settings = SETTINGS.model_copy(update={"protected_identity_field": "x_protected"})
    assert translate(recorded, settings).customer.protected_identity is protected


@pytest.mark.parametrize("decided", [True, False])
def test_a_sole_trader_is_read_where_there_is_a_field_for_it(decided: bool) -> None:
    recorded = document("unpaid")
    recorded["commercial_partner"]["x_enskild_firma"] = decided
    settings = SETTINGS.model_copy(update={"sole_trader_field": "x_enskild_firma"})
    assert translate(recorded, settings).customer.sole_trader is decided


def test_a_draft_to_nobody_has_an_empty_customer() -> None:
    recorded = document("draft")
    recorded["move"].update(partner_id=False, commercial_partner_id=False)
    recorded.update(partner={}, commercial_partner={})
    assert translate(recorded, SETTINGS).customer.name == ""


@pytest.mark.parametrize(
    ("record", "field", "name"),
    [
        ("move", "amount_total", "total"),
        ("move", "amount_residual", "balance"),
        ("lines", "price_total", "lines[0].amount"),
        ("partials", "debit_amount_currency", "payments.amount"),
    ],
)
@pytest.mark.parametrize("amount", [Decimal("1000.005"), 1000.0000001, "1000,00", None, True])
def test_an_inexact_amount_is_never_rounded(record: str, field: str, name: str, amount: object) -> None:
    recorded = document("part_paid")
    place = recorded[record]
    (place[0] if isinstance(place, list) else place)[field] = amount

    with pytest.raises(AmountUnreadable) as unreadable:
        translate(recorded, SETTINGS)

    assert unreadable.value.field == name


@pytest.mark.parametrize(
    "part", ["move", "lines", "partner", "commercial_partner", "partials", "matched_lines", "payments"]
)
def test_a_document_that_lacks_a_part_is_unreadable(part: str) -> None:
    recorded = document("part_paid")
    del recorded[part]
    with pytest.raises(Unreadable, match=part):
        translate(recorded, SETTINGS)


FETCHED_FOR_OTHERS = {"company_id", "partner_id", "commercial_partner_id", "payment_reference"}
ONLY_FOR_SOME = {"company_currency_id", "amount_tax"}


IN_NO_OLDER_DOCUMENT = {"payment_reference"}


@pytest.mark.parametrize("field", sorted(set(MOVE_FIELDS) - FETCHED_FOR_OTHERS - ONLY_FOR_SOME - IN_NO_OLDER_DOCUMENT))
def test_a_document_that_lacks_a_field_is_unreadable(field: str) -> None:
    recorded = document("unpaid")
    del recorded["move"][field]
    with pytest.raises(Unreadable, match=field):
        translate(recorded, SETTINGS)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("invoice_date", "8/9 2026"),
        ("currency_id", "SEK"),
        ("currency_id", ["x", 1]),
        ("currency_id", [18, "Kronor"]),
    ],
)
def test_a_field_of_the_wrong_form_is_unreadable(field: str, value: object) -> None:
    recorded = document("unpaid")
    recorded["move"][field] = value
    with pytest.raises(Unreadable, match=field):
        translate(recorded, SETTINGS)


def test_no_personal_fact_is_in_an_error_or_repr() -> None:
    recorded = document("paid_without_entry")
    assert "19900101" not in repr(translate(recorded, SETTINGS))
    assert "Andersson" not in repr(translate(recorded, SETTINGS))
