"""Odoo's invoice in our neutral form: a pure function of the host document (`documents.py`).

The tables come first: what Odoo calls a thing, and what we call it. Source: odoo.md section 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from connector.domain.errors import AmountUnreadable, Unreadable
from connector.domain.invoice import (
    Address,
    CreditNote,
    Customer,
    CustomerType,
    Hold,
    Invoice,
    InvoiceKind,
    InvoiceState,
    Line,
    LineKind,
    OpenReceipt,
    Payment,
)
from connector.domain.money import InexactAmount, kronor
from connector.hosts.odoo.settings import OdooSettings
from connector.hosts.odoo.transport import SYSTEM

Record = Mapping[str, Any]

INVOICE_FIELDS = {
    "number": "name",
    "kind": "move_type",
    "state": "state",
    "invoice_date": "invoice_date",
    "due_date": "invoice_date_due",
    "currency": "currency_id",
    "total": "amount_total",
    "balance": "amount_residual",
}
"""Invoice <- account.move. Amounts are in the invoice's currency; Odoo's `*_signed` ones are in the company's."""

CUSTOMER_FIELDS = {
    "number": "ref",
    "name": "name",
    "email": "email",
    "phone": "phone",
}
"""Customer <- res.partner of `commercial_partner_id`: who owes, whichever contact the invoice went to."""

ADDRESS_FIELDS = {
    "address_line_1": "street",
    "address_line_2": "street2",
    "zip_code": "zip",
    "city": "city",
    "country": "country_code",
}
"""Address <- res.partner: of `partner_id` the invoice's, of `commercial_partner_id` the customer card's."""

KINDS = {"out_invoice": InvoiceKind.INVOICE, "out_refund": InvoiceKind.CREDIT_NOTE, "out_receipt": InvoiceKind.CASH}
"""InvoiceKind <- account.move.move_type; every other type is OTHER."""

STATES = {"draft": InvoiceState.DRAFT, "posted": InvoiceState.BOOKED, "cancel": InvoiceState.CANCELLED}
"""InvoiceState <- account.move.state."""

HOLDS = {"blocked": "blocked", "invoicing_legacy": "invoicing_legacy"}
"""Hold.kind <- account.move.payment_state. "blocked": a user marked the invoice as disputed. "invoicing_legacy":
its payments were never kept in this Odoo, so the balance tells nothing."""

PRODUCT_LINE = "product"
"""The display_type of lines that charge for something; sections, notes, taxes and the receivable do not."""

SHORTEST_NUMBER = 10
"""Digits of the shortest Swedish identity number (domain.md 2.1)."""


def translate(document: Record, settings: OdooSettings) -> Invoice:
    """The invoice of a host document, as `settings` say it is to be read.

    Raises `AmountUnreadable` for an amount that is no exact number of öre, and `Unreadable` for a document
    that lacks a field or holds a state that nobody knows.
    """
    move = _part(document, "move")
    unbooked = _unbooked_payments(document)
    state = _get(move, INVOICE_FIELDS["state"])
    if state not in STATES:
        raise Unreadable("the invoice is in an unknown state.", system=SYSTEM)
    return Invoice(
        id=str(_get(move, "id")),
        number=_number(move),
        kind=KINDS.get(_get(move, INVOICE_FIELDS["kind"]), InvoiceKind.OTHER),
        state=STATES[state],
        invoice_date=_date(move, INVOICE_FIELDS["invoice_date"]),
        due_date=_date(move, INVOICE_FIELDS["due_date"]),
        currency=_name(move, INVOICE_FIELDS["currency"]),
        total=_amount(move, INVOICE_FIELDS["total"], "total"),
        balance=_balance(move, unbooked),
        lines=_lines(document, settings),
        payments=(*_booked_payments(document), *unbooked),
        credit_notes=_credit_notes(document),
        customer=_customer(document, settings),
        bank_booked_until=_bank_booked_until(document),
        unmatched_receipts=_unmatched_receipts(document),
        unapplied_credits=_unapplied_credits(document),
        holds=_holds(document),
    )


def _number(move: Record) -> str:
    number = _text(move, INVOICE_FIELDS["number"])
    return "" if number == "/" else number


def _balance(move: Record, unbooked: tuple[Payment, ...]) -> Decimal:
    """What is open, less payments registered but not booked: what a person has entered as paid is never claimed."""
    balance = _amount(move, INVOICE_FIELDS["balance"], "balance")
    registered = sum((payment.amount for payment in unbooked), Decimal("0.00"))
    return max(balance - registered, Decimal("0.00")) if registered else balance


def _lines(document: Record, settings: OdooSettings) -> tuple[Line, ...]:
    return tuple(
        Line(
            description=_text(line, "name"),
            amount=_amount(line, "price_total", f"lines[{position}].amount"),
            kind=_line_kind(line, settings),
        )
        for position, line in enumerate(_parts(document, "lines"))
        if _get(line, "display_type") == PRODUCT_LINE
    )


def _line_kind(line: Record, settings: OdooSettings) -> LineKind:
    names = _product_names(line)
    for products, kind in (
        (settings.fee_products, LineKind.INVOICE_FEE),
        (settings.reminder_fee_products, LineKind.REMINDER_FEE),
        (settings.interest_products, LineKind.INTEREST),
    ):
        if any(product.casefold() in names for product in products):
            return kind
    return LineKind.GOODS


def _product_names(line: Record) -> set[str]:
    """What the line's product may be called in the settings; Odoo shows it as "[CODE] Name" or "Name"."""
    shown = _name(line, "product_id").casefold()
    code, bracket, name = shown.removeprefix("[").partition("] ")
    return {shown, code, name} if shown.startswith("[") and bracket else {shown} - {""}


def _matched(document: Record) -> list[tuple[Record, Decimal, date]]:
    """Each entry matched to the invoice, with how much of it and the date.

    An exchange difference is no payment: Odoo makes it so that both sides come out even.
    """
    lines = {_get(line, "id"): line for line in _parts(document, "matched_lines")}
    partials = _parts(document, "partials")
    exchange_moves = {_id(partial, "exchange_move_id") for partial in partials} - {0}
    amounts: dict[int, Decimal] = {}
    for partial in partials:
        line_id = _id(partial, "credit_move_id")
        # An invoice due in instalments is matched once per instalment by one and the same payment.
        amounts[line_id] = amounts.get(line_id, Decimal(0)) + _amount(
            partial, "debit_amount_currency", "payments.amount"
        )
    found = []
    for line_id, amount in amounts.items():
        line = lines.get(line_id)
        if line is None:
            raise Unreadable(f"the document lacks the matched line {line_id}.", system=SYSTEM)
        day = _date(line, "date")
        if day is None:
            raise Unreadable(f"the matched line {line_id} has no date.", system=SYSTEM)
        if _id(line, "move_id") not in exchange_moves:
            found.append((line, amount, day))
    return found


def _booked_payments(document: Record) -> tuple[Payment, ...]:
    """Everything matched that is no credit note: payments, bank statement lines, offsets in other journals."""
    return tuple(
        Payment(id=str(_get(line, "id")), amount=amount, date=day, reference=_text(line, "move_name"))
        for line, amount, day in _matched(document)
        if not _of_credit_note(line)
    )


def _credit_notes(document: Record) -> tuple[CreditNote, ...]:
    """Credit notes matched to the invoice, one per credit note however many of its rows are matched."""
    found: dict[int, CreditNote] = {}
    for line, amount, day in _matched(document):
        if _of_credit_note(line):
            move_id = _id(line, "move_id")
            before = found[move_id].amount if move_id in found else Decimal(0)
            found[move_id] = CreditNote(
                id=str(move_id), number=_text(line, "move_name"), amount=before + amount, date=day
            )
    return tuple(found.values())


def _unbooked_payments(document: Record) -> tuple[Payment, ...]:
    """Payments registered on the invoice without an entry in the books, as far as they are in its currency."""
    return tuple(
        Payment(
            id=f"payment-{_get(payment, 'id')}",
            amount=_amount(payment, "amount", "payments.amount"),
            date=_required_date(payment, "date"),
            reference=_text(payment, "name"),
        )
        for payment in _unbooked(document)
        if _same_currency(payment, document)
    )


def _unbooked(document: Record) -> list[Record]:
    """The payments that the balance knows nothing of, though Odoo may call the invoice paid for their sake.

    One that the bank has confirmed ("paid") is in the balance as soon as anything is matched to the invoice,
    as Odoo itself reckons (account.move, payment_state).
    """
    counted = {"in_process"} if _parts(document, "partials") else {"in_process", "paid"}
    return [
        payment
        for payment in _parts(document, "payments")
        if _get(payment, "state") in counted and not _id(payment, "move_id")
    ]


def _same_currency(payment: Record, document: Record) -> bool:
    return _id(payment, "currency_id") == _id(_part(document, "move"), INVOICE_FIELDS["currency"])


def _unmatched_receipts(document: Record) -> tuple[OpenReceipt, ...]:
    """Money that may be meant for the invoice: open payments, unmatched bank lines, payments in other money."""
    elsewhere = [payment for payment in _unbooked(document) if not _same_currency(payment, document)]
    return (
        *(_open_credit(line) for line in _parts(document, "open_credit_lines") if not _of_credit_note(line)),
        *(
            OpenReceipt(
                amount=_amount(receipt, "amount", "unmatched_receipts.amount"),
                date=_date(receipt, "date"),
                reference=_text(receipt, "name"),
            )
            for receipt in (*_parts(document, "statement_lines"), *elsewhere)
        ),
    )


def _unapplied_credits(document: Record) -> tuple[OpenReceipt, ...]:
    """The customer's credit notes that are not, or not wholly, matched to an invoice."""
    return tuple(_open_credit(line) for line in _parts(document, "open_credit_lines") if _of_credit_note(line))


def _open_credit(line: Record) -> OpenReceipt:
    return OpenReceipt(
        amount=-_amount(line, "amount_residual_currency", "open_credit_lines.amount"),
        date=_date(line, "date"),
        reference=_text(line, "move_name"),
    )


def _of_credit_note(line: Record) -> bool:
    return bool(_get(line, "move_type") == "out_refund")


def _holds(document: Record) -> tuple[Hold, ...]:
    move = _part(document, "move")
    payment_state = _get(move, "payment_state")
    holds = [Hold(kind=HOLDS[payment_state])] if payment_state in HOLDS else []
    receivable = any(_get(line, "account_type") == "asset_receivable" for line in _parts(document, "lines"))
    # Odoo sets `no_followup` by itself on an entry that nobody owes anything by.
    if receivable and _get(move, "no_followup"):
        holds.append(Hold(kind="no_followup"))
    return tuple(holds)


def _bank_booked_until(document: Record) -> date | None:
    entry = document.get("last_bank_entry")
    return _date(entry, "date") if entry else None


def _customer(document: Record, settings: OdooSettings) -> Customer:
    card = _part(document, "commercial_partner")
    if not card:
        return Customer(id="")
    addressee = _part(document, "partner")
    return Customer(
        id=str(_get(card, "id")),
        number=_text(card, CUSTOMER_FIELDS["number"]),
        name=_text(card, CUSTOMER_FIELDS["name"]),
        customer_type=CustomerType.COMPANY if _get(card, "is_company") else CustomerType.PERSON,
        id_number=_id_number(card, settings),
        email=_text(card, CUSTOMER_FIELDS["email"]) or _text(addressee, CUSTOMER_FIELDS["email"]),
        phone=_text(card, CUSTOMER_FIELDS["phone"]) or _text(addressee, CUSTOMER_FIELDS["phone"]),
        address=_address(card),
        invoice_address=_address(addressee),
        sole_trader=_decision(card, settings.sole_trader_field),
        protected_identity=_decision(card, settings.protected_identity_field),
    )


def _decision(card: Record, field: str | None) -> bool | None:
    """What a person decided in a field of the customer; None where there is no field for it."""
    return bool(_get(card, field)) if field else None


def _id_number(card: Record, settings: OdooSettings) -> str:
    """The first field long enough to be an identity number, else the first that looks like a mistyped one.

    "1" or "saknas" stands in these fields of real ledgers and means that there is no number. A mistyped
    number is handed on, so that a person is told to mend it.
    """
    texts = [text for field in settings.id_number_fields if (text := _text(card, field))]
    for text in texts:
        if _digits(text) >= SHORTEST_NUMBER:
            return text
    return next((text for text in texts if _digits(text) > 1), "")


def _digits(text: str) -> int:
    return sum(character.isdigit() for character in text)


def _address(partner: Record) -> Address:
    return Address(**{ours: _text(partner, theirs) for ours, theirs in ADDRESS_FIELDS.items()})


def _part(document: Record, name: str) -> Record:
    part = document.get(name)
    if not isinstance(part, dict):
        raise Unreadable(f"the document lacks {name!r}.", system=SYSTEM)
    return part


def _parts(document: Record, name: str) -> list[Record]:
    parts = document.get(name)
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise Unreadable(f"the document lacks the list {name!r}.", system=SYSTEM)
    return parts


def _get(record: Record, field: str) -> Any:
    if field not in record:
        raise Unreadable(f"the document lacks the field {field!r}.", system=SYSTEM)
    return record[field]


def _text(record: Record, field: str) -> str:
    value = _get(record, field)
    return str(value).strip() if value else ""


def _reference(record: Record, field: str) -> tuple[int, str]:
    """The id and shown name in a reference `[id, name]`; 0 and "" for none."""
    reference = _get(record, field)
    if not reference:
        return 0, ""
    if isinstance(reference, (list, tuple)) and len(reference) == 2 and type(reference[0]) is int:
        return reference[0], str(reference[1])
    raise Unreadable(f"{field!r} is no reference.", system=SYSTEM)


def _name(record: Record, field: str) -> str:
    return _reference(record, field)[1]


def _id(record: Record, field: str) -> int:
    return _reference(record, field)[0]


def _date(record: Record, field: str) -> date | None:
    value = _get(record, field)
    try:
        return date.fromisoformat(str(value)) if value else None
    except ValueError:
        raise Unreadable(f"{field!r} is no date.", system=SYSTEM) from None


def _required_date(record: Record, field: str) -> date:
    found = _date(record, field)
    if found is None:
        raise Unreadable(f"the document lacks the field {field!r}.", system=SYSTEM)
    return found


def _amount(record: Record, field: str, name: str) -> Decimal:
    try:
        return kronor(_get(record, field))
    except InexactAmount as error:
        raise AmountUnreadable(f"The amount {name} is not exact: {error}.", field=name, system=SYSTEM) from None
