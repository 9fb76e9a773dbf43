"""The overdue invoices of a company in Fortnox, for people who turn pages.

Fortnox cannot sort by due date, so that the list is read whole, 500 in a call (fortnox.md 3.4 and 4.3). What its filter
lets through besides is not established, and left out here. An invoice that was sent and not booked is listed, since by
the cash method it is a claim; a row does not tell the method, and A1 stops the others.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from connector.domain.invoice import OverdueInvoice
from connector.domain.money import ORE
from connector.hosts.fortnox.calls import Call
from connector.hosts.fortnox.client import FortnoxClient
from connector.hosts.fortnox.documents import Record, day, flag, number, text
from connector.hosts.fortnox.write_back import case_of

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
        rows.sort(key=lambda row: (day(row, "DueDate") or today, text(row, "DocumentNumber")))
        return tuple(_overdue(row) for row in rows)


def _is_overdue(row: Record, today: date) -> bool:
    due = day(row, "DueDate")
    booked = flag(row, "Booked") or flag(row, "Sent")
    settled = flag(row, "Cancelled") or day(row, "FinalPayDate") or number(row, "Balance", "balance") <= 0
    return bool(booked and not settled and due is not None and due < today)


def _overdue(row: Record) -> OverdueInvoice:
    document_number = text(row, "DocumentNumber")
    return OverdueInvoice(
        id=document_number,
        number=document_number,
        customer_name=text(row, "CustomerName"),
        invoice_date=day(row, "InvoiceDate"),
        due_date=day(row, "DueDate"),
        total=_shown(number(row, "Total", "total")),
        balance=_shown(number(row, "Balance", "balance")),
        currency=text(row, "Currency"),
        case_id=case_of(row),
    )


def _shown(amount: Decimal) -> Decimal:
    """An amount for the list only: one that is no number of öre must not hide the whole list (B2 stops it)."""
    return amount.quantize(ORE, ROUND_HALF_UP)
