"""Reminders that modules of OCA keep: how they are read, and what each of them charged.

Two modules are known: `account_credit_control` (a row for each invoice, or instalment, in a letter; its fees come from
`account_credit_control_dunning_fees`) and `account_invoice_overdue_reminder` (up to 18; it knows of no fees). Odoo
itself keeps none (API.md, "Reminders").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from connector.domain.invoice import ReminderSent
from connector.hosts.odoo import records, settlements
from connector.hosts.odoo.records import Record

REMINDERS = "credit.control.line"
"""The model in which OCA's credit control keeps what its letters remind of."""

REMINDER_FEE = "dunning_fees_amount"
"""The field of a reminder that only the module for reminder fees adds."""

LETTER = "communication_id"
"""Which letter a reminder went out with; empty where a person marked it as sent."""

ROW = "move_line_id"
"""The row of the invoice, an instalment of it, that a reminder reminds of."""

REMINDER_FIELDS = ("date", "date_sent", "state", "currency_id", ROW, LETTER, REMINDER_FEE)
LETTER_FIELDS = ("state", "invoice_id", LETTER)

REMINDED = "sent"
"""The state of a reminder that has reached the customer, in OCA's credit control."""

OVERDUE = "overdue_reminder_ids"
"""The field of an invoice with the reminders of the other module."""

OVERDUE_MODELS = ("account.invoice.overdue.reminder", "overdue.reminder.action")
OVERDUE_FIELDS: Record = {
    "fields": {
        "action_date": {},
        "action_reminder_type": {},
        "action_id": {
            "fields": {
                "display_name": {},
                "reminder_ids": {"fields": {"invoice_id": {"fields": {"display_name": {}}}}, "order": "id"},
            }
        },
    },
    "order": "id",
}
"""What is read of them: each belongs to an action, which may have reminded of several invoices."""

BY_PHONE = "phone"
"""The kind of reminder that is no written one."""

ZERO = Decimal("0.00")

Find = Callable[..., list[dict[str, Any]]]


def lines_of(find: Find, move_id: int, known: Iterable[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The reminders of an invoice, with those of REMINDER_FIELDS that are `known`; and the rows of their letters.

    The rows of letters are of every invoice in them, and asked for only where there are letters. `find` searches within
    the company.
    """
    names = [name for name in REMINDER_FIELDS if name in known]
    own = find(REMINDERS, [("invoice_id", "=", move_id)], names, order="date, id")
    letters = sorted({line[LETTER][0] for line in own if line.get(LETTER) and line.get("state") == REMINDED})
    if not letters:
        return own, []
    fee = [REMINDER_FEE] if REMINDER_FEE in known else []
    return own, find(REMINDERS, [(LETTER, "in", letters)], [*LETTER_FIELDS, *fee], order="id")


def overdue_reminders(found: Iterable[Record]) -> list[dict[str, Any]]:
    """The reminders of the other module, as the document has them: with every invoice that was reminded of at once."""
    return [
        {
            "id": one["id"],
            "action_date": one["action_date"],
            "action_reminder_type": one["action_reminder_type"],
            "invoices": [
                [other["invoice_id"]["id"], other["invoice_id"]["display_name"]]
                for other in (one["action_id"] or {}).get("reminder_ids", ())
                if other["invoice_id"]
            ],
        }
        for one in found
    ]


@dataclass(frozen=True)
class _Letter:
    """What one letter, or call, said of the invoice. `fee` is None where its module knows of no fees."""

    sent: date
    fee: Decimal | None
    claimed_with: str = ""
    written: bool = True


def are_kept(document: Record) -> bool:
    """Return whether this Odoo keeps reminders, for us to see."""
    return document.get("reminder_lines") is not None or document.get("overdue_reminders") is not None


def reminders(document: Record) -> tuple[ReminderSent, ...]:
    """The reminders sent, oldest first.

    One fee may be claimed of an invoice, and one for a letter, however many invoices it reminds of (RULES.md, "Fees"):
    of the letters that charged one, the latest one's; of a letter about several invoices, with that one of them that
    has its first row. That never changes, so that no fee is claimed twice.
    """
    letters = sorted((*_of_credit_control(document), *_of_overdue(document)), key=lambda letter: letter.sent)
    charging = [number for number, one in enumerate(letters) if one.fee and not one.claimed_with]
    claimed = charging[-1] if charging else None
    return tuple(_told(one, is_claimed=number == claimed) for number, one in enumerate(letters))


def _told(letter: _Letter, *, is_claimed: bool) -> ReminderSent:
    fee = letter.fee if letter.fee is None or is_claimed else ZERO
    return ReminderSent(
        date=letter.sent,
        fee=ZERO if letter.claimed_with else fee,
        not_claimed=ZERO if is_claimed else letter.fee or ZERO,
        claimed_with=letter.claimed_with,
        written=letter.written,
    )


def _of_credit_control(document: Record) -> Iterator[_Letter]:
    """The letters of OCA's credit control. Rows of one letter, or of one day, are one reminder: an instalment each."""
    if document.get("reminder_lines") is None:
        return
    rows: dict[int | date, list[Record]] = {}
    for line in records.parts(document, "reminder_lines"):
        if records.value(line, "state") != REMINDED or not settlements.same_currency(line, document):
            continue
        if not _was_paid(document, line):
            letter = records.reference_id(line, LETTER) if LETTER in line else 0
            rows.setdefault(letter or _sent(line), []).append(line)
    for key, lines in rows.items():
        fees = [records.amount(line, REMINDER_FEE, "reminders.fee") for line in lines if REMINDER_FEE in line]
        other = _claimed_with(document, key) if isinstance(key, int) else ""
        yield _Letter(min(map(_sent, lines)), max(fees) if fees else None, other)


def _was_paid(document: Record, line: Record) -> bool:
    """Return whether what the reminder reminds of was paid when it was sent: the module sends what it has once
    written.
    """
    row = records.reference_id(line, ROW) if ROW in line else 0
    owed = next((one for one in records.parts(document, "lines") if records.value(one, "id") == row), None)
    if owed is None or records.amount(owed, "amount_residual_currency", "lines.open"):
        return False
    partials = [one for one in records.parts(document, "partials") if one.get("line_id") == row]
    days = [records.day(one, "max_date") for one in partials]
    return bool(days) and all(day is not None and day < _sent(line) for day in days)


def _sent(line: Record) -> date:
    return records.day(line, "date_sent") or records.required_day(line, "date")


def _claimed_with(document: Record, letter: int) -> str:
    """The number of the invoice with which a letter's fee is claimed, if that is another one."""
    rows = [
        row
        for row in document.get("letter_lines") or ()
        if records.reference_id(row, LETTER) == letter and records.value(row, "state") == REMINDED
    ]
    charging = [row for row in rows if row.get(REMINDER_FEE)] if any(REMINDER_FEE in row for row in rows) else rows
    first = min(charging, key=lambda row: int(records.value(row, "id")), default=None)
    return _other(document, *records.reference(first, "invoice_id")) if first else ""


def _of_overdue(document: Record) -> Iterator[_Letter]:
    for one in document.get("overdue_reminders") or ():
        sent = records.day(one, "action_date")
        if sent is None:
            continue
        if records.value(one, "action_reminder_type") == BY_PHONE:
            yield _Letter(sent, ZERO, written=False)
            continue
        first = next(iter(records.value(one, "invoices")), None)
        yield _Letter(sent, None, _other(document, *first) if first else "")


def _other(document: Record, move_id: int, shown: str) -> str:
    """The number of an invoice that Odoo shows so, if it is not this one; Odoo puts its reference after it."""
    is_this = move_id in (0, records.value(records.part(document, "move"), "id"))
    return "" if is_this else shown.partition(" (")[0]
