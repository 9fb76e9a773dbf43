"""Reading the host document of one invoice (`documents.py`), fresh and whole."""

from __future__ import annotations

from datetime import date
from typing import Any

from connector.domain.errors import NotFound, Refused
from connector.hosts.fortnox.calls import Call
from connector.hosts.fortnox.client import FortnoxClient
from connector.hosts.fortnox.documents import SYSTEM, Record, day, flag, number, reference, text
from connector.hosts.fortnox.translate import is_credit


def fetch(client: FortnoxClient, invoice_number: str, *, today: date) -> dict[str, Any]:
    """The document of one invoice: five calls, and one for each of its payments and of the customer's credits.

    Raises `NotFound` if the company has no such invoice, and the errors of `FortnoxClient`.
    """
    invoice = client.read(Call.READ_INVOICE, invoice_number)
    rows = _invoices_of(client, text(invoice, "CustomerNumber"))
    return {
        "Invoice": invoice,
        "Customer": _customer(client, text(invoice, "CustomerNumber")),
        "InvoicePayments": _payments(client, invoice_number),
        "CreditInvoices": [client.read(Call.READ_INVOICE, credit) for credit in _credits(invoice, rows)],
        "OpenCredits": [row for row in rows if _owes(row) < 0 and text(row, "DocumentNumber") != invoice_number],
        "LatestInvoicePayment": latest_payment(client, today=today) or {},
    }


def latest_payment(client: FortnoxClient, *, today: date) -> Record | None:
    """The booked payment with the latest date until `today`; None if there is none."""
    for rows in client.pages(Call.LIST_PAYMENTS, sortby="paymentdate", sortorder="descending"):
        for row in rows:
            paid_on = day(row, "PaymentDate")
            if flag(row, "Booked") and paid_on is not None and paid_on <= today:
                return row
    return None


def _customer(client: FortnoxClient, customer_number: str) -> Record:
    try:
        return client.read(Call.READ_CUSTOMER, customer_number)
    except NotFound:
        # Not found, it would be taken for the invoice.
        raise Refused("does not show the invoice's customer.", system=SYSTEM, operation="read customer") from None


def _payments(client: FortnoxClient, invoice_number: str) -> list[Record]:
    found = [
        text(row, "Number")
        for rows in client.pages(Call.LIST_PAYMENTS, invoicenumber=invoice_number)
        for row in rows
        if text(row, "InvoiceNumber") == invoice_number
    ]
    return [client.read(Call.READ_PAYMENT, payment) for payment in found]


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
    """Whether a row's balance is above, at or below zero."""
    balance = number(row, "Balance", "balance")
    return (balance > 0) - (balance < 0)
