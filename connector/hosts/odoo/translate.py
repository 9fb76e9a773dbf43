"""Odoo's invoice in our neutral form: a pure function of the host document (`documents.py`).

The tables come first: what Odoo calls a thing, and what we call it. Source: odoo.md section 4.
"""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from connector.domain.errors import Unreadable
from connector.domain.invoice import (
    Hold,
    Instalment,
    Invoice,
    InvoiceKind,
    InvoiceState,
    Line,
    LineKind,
    Payment,
    ReminderSent,
)
from connector.domain.money import ORE
from connector.hosts.odoo import fields, records, settlements
from connector.hosts.odoo.customers import customer
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

RECEIVABLE = "asset_receivable"
"""The account_type of the rows that say what the customer owes, one for each part that is due at a time."""

PRODUCT_LINE = "product"
"""The display_type of lines that charge for something; sections, notes, taxes and the receivable do not."""

DISCOUNT_LINE = "epd"
"""The display_type of the pair of lines by which Odoo reckons VAT on the price less an early-payment discount."""

REMINDED = "sent"
"""The state of a reminder that has reached the customer, in OCA's credit control."""

REMINDER_FEE = "dunning_fees_amount"
"""The field of a reminder that only the module for reminder fees adds."""


def translate(document: Record, settings: OdooSettings) -> Invoice:
    """The invoice of a host document, as `settings` say it is to be read.

    Raises `AmountUnreadable` for an amount that is no exact number of öre, and `Unreadable` for a document
    that lacks a field or holds a state that nobody knows.
    """
    move = records.part(document, "move")
    unbooked = settlements.unbooked_payments(document)
    matched = settlements.matched_payments(document, awaits_bank=settlements.awaits_bank(document, settings))
    instalments = _instalments(document)
    state = records.value(move, INVOICE_FIELDS["state"])
    if state not in STATES:
        raise Unreadable("the invoice is in an unknown state.", system=SYSTEM)
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
        credit_notes=settlements.credit_notes(document),
        write_offs=settlements.write_offs(document),
        instalments=instalments if len(instalments) > 1 else (),
        reminders=_reminders(document),
        customer=customer(document, settings),
        bank_booked_until=_bank_booked_until(document),
        unmatched_receipts=settlements.unmatched_receipts(document, matched),
        unapplied_credits=settlements.unapplied_credits(document),
        holds=_holds(document),
    )


def _number(move: Record) -> str:
    number = records.text(move, INVOICE_FIELDS["number"])
    return "" if number == "/" else number


def _balance(move: Record, unbooked: tuple[Payment, ...]) -> Decimal:
    """What is open, less payments registered but not booked: what a person has entered as paid is never claimed."""
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
        )
        for position, line in enumerate(charged)
    )


def _taxed_part(document: Record, charged: list[Record]) -> Decimal | None:
    """Which part of the lines' VAT the invoice charges, where it is reckoned on the price less an early-payment
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
    """What a line charges for: by its product, which is the more exact of the two, else by its account."""
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
    """What the line's product may be called in the settings; Odoo shows it as "[CODE] Name" or "Name"."""
    shown = records.shown_name(line, "product_id").casefold()
    code, bracket, name = shown.removeprefix("[").partition("] ")
    return {shown, code, name} if shown.startswith("[") and bracket else {shown} - {""}


def _holds(document: Record) -> tuple[Hold, ...]:
    move = records.part(document, "move")
    payment_state = records.value(move, "payment_state")
    holds = [Hold(kind=HOLDS[payment_state])] if payment_state in HOLDS else []
    receivable = any(records.value(line, "account_type") == RECEIVABLE for line in records.parts(document, "lines"))
    # Odoo sets `no_followup` by itself on an entry that nobody owes anything by.
    if receivable and records.value(move, "no_followup"):
        holds.append(Hold(kind="no_followup"))
    if move.get(fields.DISPUTED):
        by = str(move.get(fields.DISPUTED_BY) or "")
        holds.append(Hold(kind="disputed", by=by, since=records.day_of_instant(move, fields.DISPUTED_AT)))
    return tuple(holds)


def _reminders(document: Record) -> tuple[ReminderSent, ...]:
    """The reminders sent, oldest first. Each letter asks for the balance and its own fee, not for those of the
    letters before it, so that only the last one's is charged (OCA, account_credit_control_dunning_fees)."""
    lines = document.get("reminder_lines")
    if lines is None:
        return ()
    letters = [
        (records.day(line, "date_sent") or records.required_day(line, "date"), line)
        for line in records.parts(document, "reminder_lines")
        if records.value(line, "state") == REMINDED and settlements.same_currency(line, document)
    ]
    letters.sort(key=lambda letter: letter[0])
    return tuple(
        ReminderSent(date=sent, fee=_fee_of_reminder(line, is_last=number == len(letters)))
        for number, (sent, line) in enumerate(letters, 1)
    )


def _fee_of_reminder(line: Record, *, is_last: bool) -> Decimal | None:
    if REMINDER_FEE not in line:
        return None
    return records.amount(line, REMINDER_FEE, "reminders.fee") if is_last else ZERO


def _bank_booked_until(document: Record) -> date | None:
    entry = document.get("last_bank_entry")
    return records.day(entry, "date") if entry else None
