"""Reminders of the ledger imitation, as OCA's credit control keeps them (odoo.md section 4)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from connector.sandbox.odoo_books import Books
from connector.sandbox.odoo_chart import SEK
from connector.sandbox.odoo_fields import FEES_OF_REMINDERS, REMINDER_MODEL


def remind(books: Books, invoice: int, *, day: date, fee: Decimal = Decimal(0), state: str = "sent") -> int:
    """A reminder that the module has sent on `day`, or means to. Returns its id."""
    with books.lock:
        return books.records.create(
            REMINDER_MODEL,
            {
                "invoice_id": invoice,
                "partner_id": books.field(invoice, "partner_id"),
                "date": day.isoformat(),
                "date_sent": day.isoformat() if state == "sent" else False,
                "date_due": books.field(invoice, "invoice_date_due"),
                "state": state,
                "channel": "letter",
                "balance_due": books.field(invoice, "amount_residual"),
                FEES_OF_REMINDERS: fee,
                "currency_id": SEK,
                "company_id": 1,
            },
        )
