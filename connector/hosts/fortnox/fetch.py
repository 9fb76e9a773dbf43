"""Reading the host document of one invoice (`documents.py`), fresh and whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from typing import Any

from connector.domain.bank_booking import counts_since
from connector.domain.errors import NotFound, Refused
from connector.hosts.fortnox.calls import Call
from connector.hosts.fortnox.client import FortnoxClient
from connector.hosts.fortnox.documents import SYSTEM, Record, day, flag, number, reference, text
from connector.hosts.fortnox.settlements import is_credit, receipts_of_day


def fetch(client: FortnoxClient, invoice_number: str, *, today: date) -> dict[str, Any]:
    """The document of one invoice: five calls, and one for each of its payments and of the customer's credits; where it
    is paid, another for each credit that is used, to see whether the two were set off.

    Raises `NotFound` if the company has no such invoice, and the errors of `FortnoxClient`.
    """
    invoice = client.read(Call.READ_INVOICE, invoice_number)
    rows = _invoices_of(client, text(invoice, "CustomerNumber"))
    payments = _payments(client, invoice_number)
    credits_ = [client.read(Call.READ_INVOICE, credit) for credit in _credits(invoice, rows)]
    return {
        "Invoice": invoice,
        "Customer": _customer(client, text(invoice, "CustomerNumber")),
        "InvoicePayments": payments,
        "CreditInvoices": credits_,
        "CreditPayments": _credit_payments(client, invoice, payments, [*rows, *credits_]),
        "OpenCredits": [row for row in rows if _owes(row) < 0 and text(row, "DocumentNumber") != invoice_number],
        "LatestInvoicePayment": latest_payment(client, today=today) or {},
    }


def latest_payment(client: FortnoxClient, *, today: date) -> Record | None:
    """The payment until `today` by which money came in last; None if nothing was ever booked.

    Where no money came in lately, but other payments were booked, the last of those. The list does not name the account
    that money came in on, so that all accounts are one.
    """
    other: Record | None = None
    for paid_on, rows in groupby(_payments_by_day(client), key=lambda row: day(row, "PaymentDate")):
        booked = [row for row in rows if flag(row, "Booked")]
        if paid_on is None or paid_on > today or not booked:
            continue
        if other is not None and paid_on < counts_since(today):
            return other
        if received := receipts_of_day(booked):
            return received[0]
        other = other or booked[0]
    return other


def _payments_by_day(client: FortnoxClient) -> Iterator[Record]:
    """Rows of all payments, latest day first."""
    for rows in client.pages(Call.LIST_PAYMENTS, sortby="paymentdate", sortorder="descending"):
        yield from rows


def _customer(client: FortnoxClient, customer_number: str) -> Record:
    try:
        return client.read(Call.READ_CUSTOMER, customer_number)
    except NotFound:
        # Not found, it would be taken for the invoice.
        raise Refused("does not show the invoice's customer.", system=SYSTEM, operation="read customer") from None


def _payments(client: FortnoxClient, invoice_number: str) -> list[Record]:
    found = _payment_rows(client, invoice_number)
    return [client.read(Call.READ_PAYMENT, text(row, "Number")) for row in found]


def _payment_rows(client: FortnoxClient, invoice_number: str) -> list[Record]:
    return [
        row
        for rows in client.pages(Call.LIST_PAYMENTS, invoicenumber=invoice_number)
        for row in rows
        if text(row, "InvoiceNumber") == invoice_number
    ]


def _credit_payments(
    client: FortnoxClient, invoice: Record, payments: list[Record], rows: list[Record]
) -> list[Record]:
    """Return what was entered on the customer's credits, as far as it can be the other side of one of `payments`.

    A credit that was used up before the invoice was paid is another's.
    """
    days = {paid_on for one in payments if flag(one, "Booked") and (paid_on := day(one, "PaymentDate"))}
    if not days or is_credit(invoice):
        return []
    used = {
        text(row, "DocumentNumber")
        for row in rows
        if number(row, "Total", "total") < number(row, "Balance", "balance")
        and number(row, "Total", "total") < 0
        and (day(row, "FinalPayDate") or date.max) >= min(days)
    }
    found = [row for credit in sorted(used) for row in _payment_rows(client, credit) if flag(row, "Booked")]
    return [client.read(Call.READ_PAYMENT, text(row, "Number")) for row in found]


def _invoices_of(client: FortnoxClient, customer_number: str) -> list[Record]:
    """Rows of all the customer's invoices. Fortnox's search is a fuzzy one, so that the number is compared again."""
    return [
        row
        for rows in client.pages(Call.LIST_INVOICES, customernumber=customer_number)
        for row in rows
        if text(row, "CustomerNumber") == customer_number
    ]


def _credits(invoice: Record, rows: list[Record]) -> list[str]:
    """The numbers of the credit invoices that may be tied to `invoice`: rows do not show their references.

    Older ones that are used up are another invoice's.
    """
    if is_credit(invoice):
        return []
    issued = day(invoice, "InvoiceDate") or date.min
    negative = [row for row in rows if number(row, "Total", "total") < 0]
    found = [
        text(row, "DocumentNumber") for row in negative if _owes(row) or (day(row, "InvoiceDate") or issued) >= issued
    ]
    pointed_at = reference(invoice, "CreditInvoiceReference")
    return list(dict.fromkeys([*found, *([pointed_at] if pointed_at else [])]))


def _owes(row: Record) -> int:
    """Return whether a row's balance is above, at or below zero."""
    balance = number(row, "Balance", "balance")
    return (balance > 0) - (balance < 0)
