"""The overdue invoices of a company in Fortnox, for people who turn pages.

Fortnox cannot sort by due date, so that the list is read whole, 500 in a call (API.md, "Lists" and "Rows of lists").
What its filter lets through in addition is not established, and left out here. An invoice that was sent and not booked
is listed, since by the cash method it is a claim; a row does not tell the method, and A1 stops the others.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import TypeVar

from connector.domain.dates import is_overdue
from connector.domain.errors import AmountUnreadable, Unreadable
from connector.domain.invoice import OverdueInvoice
from connector.domain.money import ORE
from connector.hosts.fortnox.calls import Call
from connector.hosts.fortnox.client import FortnoxClient
from connector.hosts.fortnox.documents import Record, day, flag, number, text
from connector.hosts.fortnox.write_back import case_of

log = logging.getLogger(__name__)

Value = TypeVar("Value")

KEPT_S = 120.0
"""How long later pages show what a first page has read. Whatever is sent is read afresh before."""


@dataclass(frozen=True)
class _Reading:
    today: date
    at_s: float
    invoices: tuple[OverdueInvoice, ...]


class OverdueList:
    """The list of one company. Safe to use from several threads."""

    def __init__(self, client: FortnoxClient, *, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._monotonic_s = monotonic_s
        self._latest: _Reading | None = None

    def page(self, number: int, *, today: date, page_size: int) -> tuple[OverdueInvoice, ...]:
        """A page, from 1, oldest due date first: the first one fresh, later ones of the same reading while it is kept.

        Raises the errors of `FortnoxClient`.
        """
        latest = self._latest
        if number == 1 or latest is None or latest.today != today or self._monotonic_s() > latest.at_s + KEPT_S:
            self._latest = latest = _Reading(today, self._monotonic_s(), self._read(today))
        return latest.invoices[(number - 1) * page_size : number * page_size]

    def _read(self, today: date) -> tuple[OverdueInvoice, ...]:
        rows = [
            row
            for rows in self._client.pages(Call.LIST_INVOICES, filter="unpaidoverdue")
            for row in rows
            if _is_overdue(row, today)
        ]
        listed = [_overdue(row) for row in rows]
        return tuple(sorted((one for one in listed if one.id), key=lambda one: (one.due_date or today, one.id)))


def _is_overdue(row: Record, today: date) -> bool:
    """Return whether a row belongs into the list; one that does not tell does, so that someone looks at it."""
    try:
        due = day(row, "DueDate")
        booked = flag(row, "Booked") or flag(row, "Sent")
        settled = flag(row, "Cancelled") or day(row, "FinalPayDate") or number(row, "Balance", "balance") <= 0
    except (Unreadable, AmountUnreadable):
        return True
    return bool(booked and not settled and due is not None and is_overdue(due, today=today))


def _overdue(row: Record) -> OverdueInvoice:
    document_number = _told(text, row, "DocumentNumber") or ""
    if not document_number:
        log.warning("Fortnox lists an overdue invoice without a number; it is left out")
    return OverdueInvoice(
        id=document_number,
        number=document_number,
        customer_name=_told(text, row, "CustomerName") or "",
        invoice_date=_told(day, row, "InvoiceDate"),
        due_date=_told(day, row, "DueDate"),
        total=_shown(row, "Total"),
        balance=_shown(row, "Balance"),
        currency=_told(text, row, "Currency") or "",
        case_id=_told(lambda one, _: case_of(one), row, "") or "",
    )


def _told(read: Callable[[Record, str], Value], row: Record, field: str) -> Value | None:
    """A field of a row; None for one that is not as it should be, which reading the invoice says."""
    try:
        return read(row, field)
    except Unreadable:
        return None


def _shown(row: Record, field: str) -> Decimal | None:
    """An amount for the list only: one that is no number of öre must not hide the whole list (B2 stops it)."""
    try:
        return number(row, field, field.lower()).quantize(ORE, ROUND_HALF_UP)
    except AmountUnreadable:
        return None
