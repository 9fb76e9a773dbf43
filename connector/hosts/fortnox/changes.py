"""What has changed in Fortnox's invoices, found by asking what was modified lately (API.md, "Polling").

A payment or a credit need not move the modified time of its invoice, so payments and credit invoices are asked for
too. The invoices that they point at are named and not read: of a day's payments few concern a case. What a credit
invoice points at stands on itself alone; it is read once, and remembered in the cursor while the overlap covers it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from connector.domain.dates import STOCKHOLM
from connector.domain.errors import NotFound
from connector.hosts.base import Changes
from connector.hosts.fortnox.calls import Call
from connector.hosts.fortnox.client import FortnoxClient
from connector.hosts.fortnox.documents import flag, reference, text
from connector.hosts.fortnox.settlements import is_credit
from connector.hosts.fortnox.standing import told_by

OVERLAP = timedelta(hours=2, minutes=15)
"""`lastmodified` is sent in Swedish time, to the minute. Whether Fortnox reads it so or as UTC, and what it does in the
hour that comes twice, is unknown: this covers both, and a quarter of an hour for what is stored late."""

_REMEMBERED = 2000
"""How many credit invoices a cursor remembers at most; any others of the overlap are read again."""


@dataclass(frozen=True)
class Cursor:
    """When Fortnox was last asked, by our own clock: it tells no time of its own.

    `credited` are the credit invoices that showed then, each with the invoice that it refers to, or "". One that is
    neither booked nor refers to any may still come to, and is not among them.
    """

    asked_at: datetime
    credited: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        pairs = [f"{credit}={debit}" for credit, debit in self.credited.items()][:_REMEMBERED]
        return " ".join([self.asked_at.astimezone(UTC).isoformat(timespec="seconds"), *pairs])

    @classmethod
    def read(cls, written: str) -> Cursor:
        """The cursor that was written so."""
        asked_at, *pairs = written.split(" ")
        credited = {credit: debit for credit, _, debit in (pair.partition("=") for pair in pairs)}
        return cls(datetime.fromisoformat(asked_at), credited)


def since(client: FortnoxClient, cursor: str, *, now: datetime) -> Iterator[Changes]:
    """See `connector.hosts.base.Host.changes`. One call for 500 rows, and one for each new credit invoice."""
    if not cursor:
        yield Changes({}, str(Cursor(now)))
        return
    before = Cursor.read(cursor)
    begin = min(before.asked_at, now) - OVERLAP
    modified = begin.astimezone(STOCKHOLM).strftime("%Y-%m-%d %H:%M")
    told: set[str] = set()
    touched: set[str] = set()
    remembered: dict[str, str] = {}
    for rows in client.pages(Call.LIST_INVOICES, lastmodified=modified):
        told_of = {text(row, "DocumentNumber"): told_by(row) for row in rows}
        found = {invoice_number: standing for invoice_number, standing in told_of.items() if standing}
        told |= set(found)
        touched |= set(told_of) - set(found)
        for row in filter(is_credit, rows):
            credit = text(row, "DocumentNumber")
            debit = before.credited[credit] if credit in before.credited else _referred_to(client, credit)
            touched.add(debit)
            if debit or flag(row, "Booked"):
                remembered[credit] = debit
        yield Changes(found, cursor)
    for rows in client.pages(Call.LIST_PAYMENTS, lastmodified=modified):
        touched |= {text(row, "InvoiceNumber") for row in rows}
    yield Changes({}, str(Cursor(now, remembered)), frozenset(touched - told - {""}))


def _referred_to(client: FortnoxClient, credit: str) -> str:
    """The invoice that a credit invoice refers to; "" if it refers to none, or is gone."""
    try:
        return reference(client.read(Call.READ_INVOICE, credit), "CreditInvoiceReference")
    except NotFound:
        return ""
