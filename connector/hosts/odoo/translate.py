"""Odoo's invoice in our neutral form: a pure function of the host document (`documents.py`).

The tables come first: what Odoo calls a thing, and what we call it. Source: API.md, "Invoices".
"""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from connector.domain.bank_booking import WHOLE_COMPANY, booked_until
from connector.domain.errors import Unreadable
from connector.domain.invoice import (
    BankAccount,
    Customer,
    Hold,
    Instalment,
    Invoice,
    InvoiceKind,
    InvoiceState,
    Line,
    LineKind,
    Payment,
)
from connector.domain.money import ORE
from connector.hosts.odoo import fields, modules, records, reminders, same_number, settlements
from connector.hosts.odoo.bank_receipts import bank_accounts
from connector.hosts.odoo.counterparts import RECEIVABLE
from connector.hosts.odoo.customers import customer
from connector.hosts.odoo.documents import NUMBER_CARDS
from connector.hosts.odoo.records import Record
from connector.hosts.odoo.settings import OdooSettings
from connector.hosts.odoo.transport import SYSTEM

ZERO = Decimal("0.00")

INVOICE_FIELDS = {
    "number": "name",
    "kind": "move_type",
    "state": "state",
    "invoice_date": "invoice_date",
    "currency": "currency_id",
    "total": "amount_total",
    "balance": "amount_residual",
}
"""Invoice <- account.move. Amounts are in the invoice's currency; Odoo's `*_signed` ones are in the company's."""

KINDS = {"out_invoice": InvoiceKind.INVOICE, "out_refund": InvoiceKind.CREDIT_NOTE, "out_receipt": InvoiceKind.CASH}
"""InvoiceKind <- account.move.move_type; every other type is OTHER."""

STATES = {"draft": InvoiceState.DRAFT, "posted": InvoiceState.BOOKED, "cancel": InvoiceState.CANCELLED}
"""InvoiceState <- account.move.state."""

HOLDS = {"blocked": "blocked", "invoicing_legacy": "invoicing_legacy"}
"""Hold.kind <- account.move.payment_state. "blocked": a user marked the invoice as disputed. "invoicing_legacy":
its payments were never kept in this Odoo, so the balance tells nothing."""

PRODUCT_LINE = "product"
"""The display_type of lines that charge for something; sections, notes, taxes and the receivable do not."""

DISCOUNT_LINE = "epd"
"""The display_type of the pair of lines by which Odoo reckons VAT on the price less an early-payment discount."""

LENGTH_DIGIT = "se_ocr3"
"""The kind of reference for a journal's invoices that has a length digit (l10n_se, account_journal.py)."""


def translate(document: Record, settings: OdooSettings) -> Invoice:
    """The invoice of a host document, as `settings` say it is to be read.

    Raises `AmountUnreadable` for an amount that is no exact number of öre, and `Unreadable` for a document
    that lacks a field or holds a state that no one knows.
    """
    move = records.part(document, "move")
    unbooked = settlements.unbooked_payments(document)
    matched = settlements.matched_payments(document, awaits_bank=settlements.awaits_bank(document, settings))
    credit_notes = settlements.credit_notes(document)
    instalments = _instalments(document)
    state = records.value(move, INVOICE_FIELDS["state"])
    if state not in STATES:
        raise Unreadable("the invoice is in an unknown state.", system=SYSTEM)
    accounts = _bank_accounts(document)
    policies_unseen = "policies" in document and document["policies"] is None
    return Invoice(
        id=str(records.value(move, "id")),
        number=_number(move),
        kind=KINDS.get(records.value(move, INVOICE_FIELDS["kind"]), InvoiceKind.OTHER),
        state=STATES[state],
        invoice_date=records.day(move, INVOICE_FIELDS["invoice_date"]),
        due_date=_due_date(move, instalments),
        currency=records.currency(move, INVOICE_FIELDS["currency"]),
        total=records.amount(move, INVOICE_FIELDS["total"], "total"),
        balance=_balance(move, unbooked),
        lines=_lines(document, settings),
        payments=(*(payment for payment, _ in matched), *unbooked),
        credit_notes=credit_notes,
        write_offs=settlements.write_offs(document),
        instalments=instalments if len(instalments) > 1 else (),
        reminders=reminders.reminders(document),
        reminders_known=reminders.are_kept(document),
        customer=_customer(document, settings),
        payment_reference=str(move.get("payment_reference") or "").strip(),
        reference_has_length_digit=(document.get("journal") or {}).get("invoice_reference_model") == LENGTH_DIGIT,
        bank_booked_until=booked_until(accounts or ()),
        bank_accounts=accounts,
        unmatched_receipts=settlements.unmatched_receipts(document, matched),
        unapplied_credits=settlements.unapplied_credits(document),
        taken_back=settlements.taken_back(matched, credit_notes),
        reversed_payments=settlements.reversed_payments(document),
        hidden_company=str(document.get("hidden_company") or ""),
        holds=_holds(document),
        policies_unseen=policies_unseen,
        right_to_policies=modules.RIGHT_TO_POLICIES if policies_unseen else "",
    )


def _customer(document: Record, settings: OdooSettings) -> Customer:
    read = customer(document, settings)
    cards = None if document.get(NUMBER_CARDS) is None else records.parts(document, NUMBER_CARDS)
    return read.model_copy(update={"cards_with_number": same_number.other_cards(read, cards, settings)})


def _number(move: Record) -> str:
    number = records.text(move, INVOICE_FIELDS["number"])
    return "" if number == "/" else number


def _balance(move: Record, unbooked: tuple[Payment, ...]) -> Decimal:
    """Return what is open, less payments registered but not booked: what a person has entered as paid is never
    claimed.
    """
    balance = records.amount(move, INVOICE_FIELDS["balance"], "balance")
    registered = sum((payment.amount for payment in unbooked), ZERO)
    return max(balance - registered, ZERO) if registered else balance


def _instalments(document: Record) -> tuple[Instalment, ...]:
    """The parts that the invoice is to be paid in; mostly one."""
    parts = [
        Instalment(due_date=day, balance=records.amount(line, "amount_residual_currency", "instalments.balance"))
        for line in records.parts(document, "lines")
        if records.value(line, "account_type") == RECEIVABLE and (day := records.day(line, "date_maturity")) is not None
    ]
    return tuple(sorted(parts, key=lambda part: part.due_date))


def _due_date(move: Record, instalments: tuple[Instalment, ...]) -> date | None:
    """The day on which everything that is open is due.

    `invoice_date_due` is the last instalment's date, paid or not. What a bookkeeper has put off stands on the
    receivable rows alone, and the customer may always rely on the date that the invoice shows.
    """
    shown = records.day(move, "invoice_date_due")
    still_open = max((part.due_date for part in instalments if part.balance > 0), default=None)
    if still_open is None or shown is None:
        return shown
    return still_open if len(instalments) > 1 else max(still_open, shown)


def _lines(document: Record, settings: OdooSettings) -> tuple[Line, ...]:
    charged = [line for line in records.parts(document, "lines") if records.value(line, "display_type") == PRODUCT_LINE]
    taxed_part = _taxed_part(document, charged)
    return tuple(
        Line(
            description=records.text(line, "name"),
            amount=_gross(line, f"lines[{position}].amount", taxed_part),
            kind=_line_kind(line, settings),
            products=tuple(sorted(_product_names(line))),
            account=records.text(line, "account_code"),
        )
        for position, line in enumerate(charged)
    )


def _taxed_part(document: Record, charged: list[Record]) -> Decimal | None:
    """Return which part of the lines' VAT the invoice charges, where it is reckoned on the price less an early-payment
    discount; a line's own total does not know of that."""
    if not any(records.value(line, "display_type") == DISCOUNT_LINE for line in records.parts(document, "lines")):
        return None
    full = sum((_gross(line, "lines.amount") - _net(line) for line in charged), ZERO)
    return records.amount(records.part(document, "move"), "amount_tax", "tax") / full if full else None


def _gross(line: Record, name: str, taxed_part: Decimal | None = None) -> Decimal:
    gross = records.amount(line, "price_total", name)
    if taxed_part is None:
        return gross
    net = _net(line)
    return net + ((gross - net) * taxed_part).quantize(ORE, ROUND_HALF_UP)


def _net(line: Record) -> Decimal:
    return records.amount(line, "price_subtotal", "lines.net")


def _line_kind(line: Record, settings: OdooSettings) -> LineKind:
    """Return what a line charges for: by its product, which is the more exact of the two, else by its account."""
    names, account = _product_names(line), records.text(line, "account_code")
    kinds = (
        (LineKind.INVOICE_FEE, settings.fee_products, settings.fee_accounts),
        (LineKind.REMINDER_FEE, settings.reminder_fee_products, settings.reminder_fee_accounts),
        (LineKind.INTEREST, settings.interest_products, settings.interest_accounts),
    )
    by_product = (kind for kind, products, _ in kinds if any(product.casefold() in names for product in products))
    by_account = (kind for kind, _, accounts in kinds if account in accounts)
    return next(by_product, None) or next(by_account, LineKind.GOODS)


def _product_names(line: Record) -> set[str]:
    """Return what the line's product may be called in the settings; Odoo shows it as "[CODE] Name" or "Name"."""
    found = _shown_names(line)
    return found | {str(name) for name in line.get("product_names") or ()}


def _shown_names(line: Record) -> set[str]:
    shown = records.shown_name(line, "product_id").casefold()
    code, bracket, name = shown.removeprefix("[").partition("] ")
    return {shown, code, name} if shown.startswith("[") and bracket else {shown} - {""}


def _holds(document: Record) -> tuple[Hold, ...]:
    move = records.part(document, "move")
    payment_state = records.value(move, "payment_state")
    holds = [Hold(kind=HOLDS[payment_state])] if payment_state in HOLDS else []
    receivable = any(records.value(line, "account_type") == RECEIVABLE for line in records.parts(document, "lines"))
    # Odoo sets `no_followup` by itself on an entry that no one owes anything by.
    if receivable and records.value(move, "no_followup"):
        holds.append(Hold(kind="no_followup"))
    if move.get(fields.DISPUTED):
        by = str(move.get(fields.DISPUTED_BY) or "")
        holds.append(Hold(kind="disputed", by=by, since=records.day_of_instant(move, fields.DISPUTED_AT)))
    holds += [Hold(kind=kind) for kind in modules.holds(document)]
    return tuple(holds)


def _bank_accounts(document: Record) -> tuple[BankAccount, ...] | None:
    """Return how far receipts are booked, by journal; documents of earlier releases name no journal, and hold one
    entry.
    """
    if "bank_receipts" in document:
        return bank_accounts(records.parts(document, "bank_receipts"))
    if "last_bank_entry" not in document:
        return None
    entry = document["last_bank_entry"]
    return (BankAccount(id=WHOLE_COMPANY, booked_until=records.day(entry, "date")),) if entry else ()
