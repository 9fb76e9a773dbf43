"""Payments, write-offs and credit invoices in the Fortnox imitation. The caller holds the lock.

Source: fortnox/API.md, "Payments" and "Credits and set-off".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from connector.sandbox.fortnox.books import Books
from connector.sandbox.fortnox.documents import EMPTY_PAYMENT, Row, cents, text_of
from connector.sandbox.fortnox.errors import PAID_BEFORE_INVOICED, Refused, not_found
from connector.sandbox.fortnox.records import Document
from connector.sandbox.fortnox.switches import Change, PaidFee, WhichCredit

REMINDER_FEE_ACCOUNT = 3540
"""The account of reminder fees (fortnox/API.md, "Reminders")."""
LOSS_ACCOUNT = 6351


def write_off(amount: Decimal, *, account: int = LOSS_ACCOUNT, description: str = "Kundförlust") -> dict[str, Any]:
    """A write-off of `amount` in the invoice's currency."""
    return {
        "AccountNumber": account, "Amount": amount, "CostCenter": "", "Currency": "SEK", "Description": description,
        "Project": "", "TransactionInformation": "",
    }  # fmt: skip


def payment(books: Books, number: str) -> Document:
    """The payment as it is now. Raises `Refused`."""
    if number not in books.payments:
        raise not_found("betalningen")
    return books.payments[number]


def add_payment(
    books: Books,
    invoice_number: str,
    amount: Decimal,
    *,
    day: date | None = None,
    source: str = "manual",
    mode: str = "BG",
    write_offs: Sequence[Document] = (),
) -> str:
    """A payment that is not booked yet, `amount` in the invoice's currency; returns its number. Raises `Refused`.

    Negative for money paid back.
    """
    invoice = books.invoice(invoice_number)
    if not invoice["Booked"]:
        raise Refused("Fakturan är inte bokförd.")
    paid_on = (day or books.today()).isoformat()
    if paid_on < invoice["InvoiceDate"]:
        raise Refused("Betalningsdatum är före fakturadatum.", PAID_BEFORE_INVOICED)
    books.check_period(paid_on)
    number = str(next(books.payment_numbers))
    stored = {
        **EMPTY_PAYMENT,
        "Amount": cents(amount * invoice["CurrencyRate"]),
        "AmountCurrency": amount,
        "Currency": invoice["Currency"],
        "CurrencyRate": invoice["CurrencyRate"],
        "CurrencyUnit": invoice["CurrencyUnit"],
        "ExternalInvoiceReference1": invoice["ExternalInvoiceReference1"],
        "ExternalInvoiceReference2": invoice["ExternalInvoiceReference2"],
        "InvoiceCustomerName": invoice["CustomerName"],
        "InvoiceCustomerNumber": invoice["CustomerNumber"],
        "InvoiceDueDate": invoice["DueDate"],
        "InvoiceNumber": int(invoice_number),
        "InvoiceOCR": invoice["OCR"],
        "InvoiceTotal": text_of(invoice["Total"]),
        "ModeOfPayment": mode,
        "Number": number,
        "PaymentDate": paid_on,
        "Source": source,
        "WriteOffs": tuple(write_offs),
    }
    books.payments.put(number, stored)
    books.payments_of[invoice_number].append(number)
    books.change_invoice(invoice_number, {}, Change.UNBOOKED_PAYMENT)
    return number


def book_payment(books: Books, number: str) -> None:
    """Bookkeep a payment: from now on it counts. Raises `Refused`."""
    held = payment(books, number)
    if held["Booked"]:
        raise Refused("Betalningen är redan bokförd.")
    books.check_period(held["PaymentDate"])
    moves = Change.PAYMENT_BOOKED not in books.switches().unmodified_by
    books.payments.put(number, {**held, "Booked": True, **books.voucher("C")}, modifies=moves)
    invoice_number = str(held["InvoiceNumber"])
    final = books.remaining(invoice_number, books.invoice(invoice_number)) <= 0
    change = Change.FINAL_PAYMENT if final else Change.PARTIAL_PAYMENT
    books.change_invoice(invoice_number, {}, change)
    books.publish("invoices", "invoicepayment-bookkeep", number)


def pay(
    books: Books,
    invoice_number: str,
    amount: Decimal | None = None,
    *,
    day: date | None = None,
    source: str = "file",
    write_offs: Sequence[Document] = (),
    reminder_fee: Decimal = Decimal(0),
) -> str:
    """A booked payment, of the whole balance if no `amount` is given; returns its number.

    `reminder_fee` was paid beside it; where that shows, a switch decides (fortnox/API.md, "Reminders").
    """
    left = books.remaining(invoice_number, books.invoice(invoice_number))
    paid = left if amount is None else amount
    offs = tuple(write_offs)
    if reminder_fee and books.switches().paid_reminder_fee is PaidFee.IN_PAYMENT:
        paid += reminder_fee
        offs += (write_off(-reminder_fee, account=REMINDER_FEE_ACCOUNT, description="Påminnelseavgift"),)
    number = add_payment(books, invoice_number, paid, day=day, source=source, write_offs=offs)
    book_payment(books, number)
    return number


def set_off(books: Books, debit: str, credit_number: str, amount: Decimal, *, day: date | None = None) -> None:
    """Settle a credit against a debit as people do: `amount` as paid on the one, and its opposite on the other."""
    pay(books, debit, amount, day=day, source="manual")
    pay(books, credit_number, -amount, day=day, source="manual")


def delete_payment(books: Books, number: str, *, booked_too: bool = False) -> None:
    """Delete a payment that is not booked; with `booked_too` undo a booked one, as a person can. Raises `Refused`."""
    held = payment(books, number)
    if held["Booked"] and not booked_too:
        raise Refused("Betalningen är bokförd och kan inte tas bort.")
    invoice_number = str(held["InvoiceNumber"])
    books.payments_of[invoice_number].remove(number)
    books.payments.remove(number)
    books.change_invoice(invoice_number, {}, Change.PAYMENT_DELETED)
    if held["Booked"] or Change.UNBOOKED_PAYMENT in books.switches().more_events:
        books.publish("invoices", "invoicepayment-deleted", number)


def credit(
    books: Books, debit: str, amount: Decimal | None = None, *, booked: bool = True, referenced: bool = True
) -> str:
    """A credit invoice, of all of `debit` unless `amount` (with VAT) is given; returns its number. Raises `Refused`.

    Without `referenced` it is what integrations make of a later partial credit: an ordinary invoice with a negative
    total, tied to the debit by a text alone.
    """
    invoice = books.invoice(debit)
    if not invoice["Booked"] or invoice["Cancelled"]:
        raise Refused("Fakturan är inte bokförd och kan inte krediteras.")
    if amount is None:
        rows: tuple[Row, ...] = tuple(replace(row, quantity=-row.quantity) for row in books.rows(debit))
        fees = {"AdministrationFee": -invoice["AdministrationFee"], "Freight": -invoice["Freight"]}
        tax = invoice["TaxReduction"]
        fees |= {"VATIncluded": invoice["VATIncluded"], "TaxReduction": -tax if tax else tax}
    else:
        text = f"Kreditering av faktura {debit}" if referenced else f"Kredit för faktura {debit}"
        rows, fees = (Row(text, -amount),), {"VATIncluded": True}
    reference = {"Credit": "true", "CreditInvoiceReference": debit} if referenced else {}
    number = books.add_invoice(
        invoice["CustomerNumber"],
        rows,
        due_days_ago=0,
        terms_days=0,
        booked=False,
        sent=False,
        Currency=invoice["Currency"],
        CurrencyRate=invoice["CurrencyRate"],
        **fees,
        **reference,
    )
    if referenced:
        books.credits[debit].append(number)
        first = books.switches().debit_reference is WhichCredit.FIRST and invoice["CreditInvoiceReference"] != "0"
        shown = invoice["CreditInvoiceReference"] if first else number
        books.change_invoice(debit, {"CreditInvoiceReference": shown}, Change.CREDIT)
    if booked:
        books.book(number)
    return number
