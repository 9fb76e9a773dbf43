"""What has been done about an Odoo invoice, and what is open beside it: payments, credit notes, differences.

Pure functions of the host document (`documents.py`). Sources: API.md, "Payments", and tests/hosts/odoo/fixtures.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from connector.domain.errors import Unreadable
from connector.domain.invoice import CreditNote, OpenReceipt, Payment, PaymentKind, WriteOff
from connector.hosts.odoo import records
from connector.hosts.odoo.receivables import receivable_partials
from connector.hosts.odoo.records import Record
from connector.hosts.odoo.settings import OdooSettings
from connector.hosts.odoo.transport import SYSTEM

ZERO = Decimal("0.00")

REJECTED_STATES = ("rejected", "canceled", "draft")
"""States of a payment whose entry is booked still, by which Odoo says that no money came."""

STANDING_STATES = ("in_process", "paid", "posted")
"""States of a payment that counts, for Odoo; "posted" is 17's."""


def _matched(document: Record) -> list[tuple[Record, Decimal, date]]:
    """Each entry matched to what is owed on the invoice, with how much of it and the date.

    An exchange difference is no payment: Odoo makes it so that both sides come out even.
    """
    lines = {records.value(line, "id"): line for line in records.parts(document, "matched_lines")}
    partials = receivable_partials(document)
    exchange_moves = {records.reference_id(partial, "exchange_move_id") for partial in partials} - {0}
    amounts: dict[int, Decimal] = {}
    for partial in partials:
        line_id = records.reference_id(partial, "credit_move_id")
        # An invoice due in instalments is matched once per instalment by one and the same payment.
        amounts[line_id] = amounts.get(line_id, Decimal(0)) + records.amount(
            partial, "debit_amount_currency", "payments.amount"
        )
    found = []
    for line_id, amount in amounts.items():
        line = lines.get(line_id)
        if line is None:
            raise Unreadable(f"the document lacks the matched line {line_id}.", system=SYSTEM)
        day = _day(line, document)
        if day is None:
            raise Unreadable(f"the matched line {line_id} has no date.", system=SYSTEM)
        if records.reference_id(line, "move_id") not in exchange_moves:
            found.append((line, amount, day))
    return found


def _day(line: Record, document: Record) -> date | None:
    """The day of a row: a payment's own, for Odoo books one that is dated in a locked period on another day."""
    registered = records.day(line, "payment_date") if "payment_date" in line else None
    if registered is None and (payment := _payment_of(line, document)) is not None:
        registered = records.day(payment, "date")
    return registered or records.day(line, "date")


def _payment_of(line: Record, document: Record) -> Record | None:
    """The payment registered on the invoice whose entry the row is of."""
    entry = records.reference_id(line, "move_id")
    payments = (one for one in records.parts(document, "payments") if records.reference_id(one, "move_id") == entry)
    return next(payments, None) if entry else None


def awaits_bank(document: Record, settings: OdooSettings) -> bool:
    """Return whether a payment that is not matched with the bank has not been seen there yet (API.md, "Payments")."""
    if settings.payments_await_bank is not None:
        return settings.payments_await_bank
    shown = records.value(records.part(document, "move"), "payment_state") == "in_payment"
    return shown or bool(document.get("awaits_bank"))


def matched_payments(document: Record, *, awaits_bank: bool) -> list[tuple[Payment, set[int]]]:
    """Everything matched that is no credit note, each with its rows: payments, bank lines, offsets in other journals.

    A bank line is one payment by its own id: anyone who undoes what it was matched with makes all its rows again.
    """
    found: dict[str, tuple[Payment, set[int]]] = {}
    for line, amount, day in _matched(document):
        if _of_credit_note(line):
            continue
        row = str(records.value(line, "id"))
        bank_line = line.get("bank_line")
        payment = Payment(
            id=f"bank-{bank_line}" if bank_line else row,
            amount=amount - _written_off(line, amount, document),
            date=records.day(line, "bank_date") or day if "bank_date" in line else day,
            reference=records.text(line, "move_name"),
            kind=_payment_kind(line, amount, document, awaits_bank=awaits_bank),
            currency=_foreign_currency(line, document) if "currency_id" in line else "",
            former_id=row if bank_line else "",
        )
        before, rows = found.get(payment.id, (None, set()))
        if before is not None:
            kind = before.kind if before.kind is not PaymentKind.RECEIPT else payment.kind
            payment = before.model_copy(update={"amount": before.amount + payment.amount, "kind": kind})
        found[payment.id] = (payment, {*rows, line["id"]})
    return list(found.values())


def _payment_kind(line: Record, matched: Decimal, document: Record, *, awaits_bank: bool) -> PaymentKind:
    """Return whether money came in. A row of which only a part is money, and only a part matched here, does not
    tell.
    """
    if not _is_posted(line):
        return PaymentKind.UNBOOKED
    if _is_rejected(line, document):
        return PaymentKind.REJECTED
    if awaits_bank and line.get("bank_matched") is False:
        return PaymentKind.UNSEEN
    if "received" in line and line["received"] is None:
        return PaymentKind.OFFSET
    told_apart = not _beside_the_money(line, document) or matched == _settled(line)
    return PaymentKind.RECEIPT if told_apart else PaymentKind.OFFSET


def _is_rejected(line: Record, document: Record) -> bool:
    """Return whether Odoo itself says of the row's payment that it did not come; its entry stays booked and matched."""
    state = line.get("payment_state")
    if state is None and (payment := _payment_of(line, document)) is not None:
        state = records.value(payment, "state")
    return state in REJECTED_STATES


def _is_posted(line: Record) -> bool:
    """Return whether the row's entry is booked. One that was put back to draft keeps what it was matched with in
    Odoo 19.
    """
    return bool(line.get("parent_state", "posted") == "posted")


def _written_off(line: Record, matched: Decimal, document: Record) -> Decimal:
    """Return how much of what was matched is a difference that was written off as the payment was registered.

    Odoo then makes one receivable row of the money and the difference together.
    """
    beside = _beside_the_money(line, document)
    return beside if beside and matched == _settled(line) else ZERO


def _beside_the_money(line: Record, document: Record) -> Decimal:
    """By how much more was taken off receivables than came in; of money in another currency nothing is said."""
    if line.get("received") is None or not same_currency(line, document):
        return ZERO
    return max(_settled(line) - records.amount(line, "received", "payments.received"), ZERO)


def _settled(line: Record) -> Decimal:
    """Return what the row's whole entry took off receivables: a bank line for several invoices has a row for each."""
    row = -records.amount(line, "balance", "payments.balance")
    whole = ZERO if line.get("settled") is None else records.amount(line, "settled", "payments.settled")
    return max(row, whole)


def write_offs(document: Record) -> tuple[WriteOff, ...]:
    return tuple(
        WriteOff(id=str(records.value(line, "id")), amount=written_off, date=day)
        for line, amount, day in _matched(document)
        if not _of_credit_note(line) and _is_posted(line) and (written_off := _written_off(line, amount, document))
    )


def credit_notes(document: Record) -> tuple[CreditNote, ...]:
    """Credit notes matched to the invoice, one per credit note however many of its rows are matched."""
    found: dict[int, CreditNote] = {}
    for line, amount, day in _matched(document):
        if _of_credit_note(line):
            move_id = records.reference_id(line, "move_id")
            before = found[move_id].amount if move_id in found else Decimal(0)
            found[move_id] = CreditNote(
                id=str(move_id),
                number=records.text(line, "move_name"),
                amount=before + amount,
                date=day,
                booked=_is_posted(line),
            )
    return tuple(found.values())


def taken_back(matched: Iterable[tuple[Payment, set[int]]], credit_notes: Iterable[CreditNote]) -> tuple[str, ...]:
    """`Invoice.taken_back`."""
    kinds = (PaymentKind.UNBOOKED, PaymentKind.REJECTED)
    payments = [payment.id for payment, _ in matched if payment.kind in kinds]
    return tuple(sorted((*payments, *(credit_key(note.id) for note in credit_notes if not note.booked))))


def credit_key(move_id: object) -> str:
    """Return what a credit note is called among what was taken back."""
    return f"credit-{move_id}"


def reversed_payments(document: Record) -> tuple[OpenReceipt, ...]:
    """Payments that were registered on the invoice, and whose entries were reversed; Odoo may call them paid still.

    Documents of earlier releases do not say so: there it is one that is neither matched nor open.
    """
    known = {records.reference_id(line, "move_id") for line in records.parts(document, "matched_lines")}
    open_entries = {records.text(line, "move_name") for line in records.parts(document, "open_credit_lines")}
    return tuple(
        OpenReceipt(
            amount=records.amount(payment, "amount", "payments.amount"),
            currency=_foreign_currency(payment, document),
            date=records.day(payment, "date"),
            reference=records.text(payment, "name"),
        )
        for payment in records.parts(document, "payments")
        if (entry := records.reference_id(payment, "move_id"))
        and entry not in known
        and records.value(payment, "state") in STANDING_STATES
        and payment.get("reversed", records.text(payment, "name") not in open_entries)
    )


def unbooked_payments(document: Record) -> tuple[Payment, ...]:
    """Payments registered on the invoice without an entry in the books, as far as they are in its currency."""
    return tuple(
        Payment(
            id=f"payment-{records.value(payment, 'id')}",
            kind=PaymentKind.UNBOOKED,
            amount=records.amount(payment, "amount", "payments.amount"),
            date=records.required_day(payment, "date"),
            reference=records.text(payment, "name"),
        )
        for payment in _unbooked(document)
        if same_currency(payment, document)
    )


def _unbooked(document: Record) -> list[Record]:
    """The payments that the balance knows nothing of, though Odoo may call the invoice paid for their sake.

    One that the bank has confirmed ("paid") is in the balance as soon as anything is matched to the invoice,
    as Odoo itself reckons (account.move, payment_state).
    """
    counted = {"in_process"} if records.parts(document, "partials") else {"in_process", "paid"}
    return [
        payment
        for payment in records.parts(document, "payments")
        if records.value(payment, "state") in counted and not records.reference_id(payment, "move_id")
    ]


def same_currency(record: Record, document: Record) -> bool:
    return records.reference_id(record, "currency_id") == _currency_id(document)


def _currency_id(document: Record) -> int:
    return records.reference_id(records.part(document, "move"), "currency_id")


def unmatched_receipts(document: Record, matched: Iterable[tuple[Payment, set[int]]]) -> tuple[OpenReceipt, ...]:
    """Money that may be meant for the invoice: open payments, unmatched bank lines, payments in other money.

    What is open of a booked payment of this invoice is named after it.
    """
    payments = {row: payment for payment, rows in matched if payment.kind is PaymentKind.RECEIPT for row in rows}
    elsewhere = [payment for payment in _unbooked(document) if not same_currency(payment, document)]
    open_lines = [line for line in records.parts(document, "open_credit_lines") if not _of_credit_note(line)]
    return (
        *(_rest_of(payments.get(records.value(line, "id")), _open_credit(line, document)) for line in open_lines),
        *(
            OpenReceipt(
                amount=records.amount(receipt, "amount", "unmatched_receipts.amount"),
                currency=_foreign_currency(receipt, document),
                date=records.day(receipt, "date"),
                reference=records.text(receipt, "name"),
            )
            for receipt in (*records.parts(document, "statement_lines"), *elsewhere)
        ),
    )


def _rest_of(payment: Payment | None, receipt: OpenReceipt) -> OpenReceipt:
    """Return what is open of a payment of the invoice came with it, on its day."""
    return receipt.model_copy(update={"rest_of": payment.id, "date": payment.date}) if payment else receipt


def unapplied_credits(document: Record) -> tuple[OpenReceipt, ...]:
    """The customer's credit notes that are not, or not wholly, matched to an invoice."""
    lines = records.parts(document, "open_credit_lines")
    return tuple(_open_credit(line, document) for line in lines if _of_credit_note(line))


def _open_credit(line: Record, document: Record) -> OpenReceipt:
    """An open row in the customer's favour, in the invoice's currency where Odoo has it so."""
    foreign = _foreign_currency(line, document)
    move = records.part(document, "move")
    if foreign and records.reference_id(move, "company_currency_id") == records.reference_id(move, "currency_id"):
        field, foreign = "amount_residual", ""
    else:
        field = "amount_residual_currency"
    return OpenReceipt(
        amount=-records.amount(line, field, "open_credit_lines.amount"),
        currency=foreign,
        date=records.day(line, "date"),
        reference=records.text(line, "move_name"),
    )


def _foreign_currency(record: Record, document: Record) -> str:
    """The record's currency if it is not the invoice's, else ""."""
    return "" if same_currency(record, document) else records.currency(record, "currency_id")


def _of_credit_note(line: Record) -> bool:
    return bool(records.value(line, "move_type") == "out_refund")
