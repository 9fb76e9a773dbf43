"""Reminders, policies and lists of numbers of the ledger imitation, as modules of OCA keep them
(odoo/API.md, "Reminders")."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from connector.sandbox.odoo.books import Books
from connector.sandbox.odoo.chart import SEK
from connector.sandbox.odoo.matching import receivable
from connector.sandbox.odoo.modules import (
    ACTION_MODEL,
    FEES_OF_REMINDERS,
    NUMBER_MODEL,
    OVERDUE_MODEL,
    POLICY_MODEL,
    REMINDER_MODEL,
)


def remind(
    books: Books, invoice: int, *, day: date, fee: Decimal = Decimal(0), state: str = "sent", letter: int | bool = False
) -> int:
    """A reminder that credit control has sent on `day`, in a `letter` if it was no person who marked it as sent, or
    means to send. Returns its id."""
    with books.lock:
        return books.records.create(
            REMINDER_MODEL,
            {
                "invoice_id": invoice,
                "move_line_id": receivable(books.records, invoice)["id"],
                "partner_id": books.field(invoice, "partner_id"),
                "date": day.isoformat(),
                "date_sent": day.isoformat() if state == "sent" else False,
                "date_due": books.field(invoice, "invoice_date_due"),
                "state": state,
                "channel": "letter",
                "communication_id": letter,
                "balance_due": books.field(invoice, "amount_residual"),
                FEES_OF_REMINDERS: fee,
                "currency_id": SEK,
                "company_id": 1,
            },
        )


def remind_of_overdue(books: Books, invoices: Sequence[int], *, day: date, kind: str = "mail") -> int:
    """A reminder of the other module of these invoices of one customer: "mail", "post" or "phone". Returns its id."""
    with books.lock:
        about = {"commercial_partner_id": books.field(invoices[0], "commercial_partner_id"), "company_id": 1}
        action = books.records.create(ACTION_MODEL, {"date": day.isoformat(), "reminder_type": kind, **about})
        for invoice in invoices:
            before = books.field(invoice, "overdue_reminder_ids")
            counter = len(before) + (kind != "phone")
            values = {"action_id": action, "action_date": day.isoformat(), "action_reminder_type": kind}
            row = books.records.create(
                OVERDUE_MODEL, {"invoice_id": invoice, "counter": counter, "company_id": 1, **values}
            )
            books.set_invoice(invoice, overdue_reminder_ids=[*before, row], overdue_reminder_last_date=day.isoformat())
            linked = books.records.get(ACTION_MODEL, action).get("reminder_ids", [])
            books.records.update(ACTION_MODEL, action, {"reminder_ids": [*linked, row]})
        return action


def add_policy(books: Books, name: str, *, do_nothing: bool) -> int:
    """A policy of credit control. Returns its id."""
    with books.lock:
        return books.records.create(POLICY_MODEL, {"name": name, "do_nothing": do_nothing, "active": True})


def add_number(books: Books, partner: int, number: str, *, status: str = "open") -> None:
    """A number in a customer's list of them."""
    with books.lock:
        values = {"name": number, "partner_id": partner, "status": status, "active": True}
        row = books.records.create(NUMBER_MODEL, values)
        before = books.records.get("res.partner", partner).get("id_numbers", [])
        books.set_customer(partner, id_numbers=[*before, row])
