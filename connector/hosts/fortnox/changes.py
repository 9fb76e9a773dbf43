"""What has changed in Fortnox's invoices, found by asking what was modified lately (fortnox.md 9.4).

A payment or a credit need not move the modified time of its invoice, so payments and credit invoices are asked for
too, and the invoices that they point at are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from connector.domain.dates import STOCKHOLM
from connector.domain.errors import NotFound
from connector.domain.invoice import InvoiceState, Standing
from connector.hosts.base import Changes
from connector.hosts.fortnox.calls import Call
from connector.hosts.fortnox.client import FortnoxClient
from connector.hosts.fortnox.documents import Record, flag, reference, text
from connector.hosts.fortnox.translate import balance_of, is_credit, state_of

OVERLAP = timedelta(hours=2, minutes=15)
"""`lastmodified` is sent in Swedish time, to the minute. Whether Fortnox reads it so or as UTC, and what it does in the
hour that comes twice, is unknown: this covers both, and a quarter of an hour for what is stored late."""


def since(client: FortnoxClient, cursor: str, *, now: datetime) -> Iterator[Changes]:
    """See `connector.hosts.base.Host.changes`. The cursor is our own time, in UTC: Fortnox tells none."""
    reached = now.astimezone(UTC).isoformat(timespec="seconds")
    if not cursor:
        yield Changes({}, reached)
        return
    begin = min(datetime.fromisoformat(cursor), now) - OVERLAP
    modified = begin.astimezone(STOCKHOLM).strftime("%Y-%m-%d %H:%M")
    seen: set[str] = set()
    for rows in client.pages(Call.LIST_INVOICES, lastmodified=modified):
        found = dict(_row_standings(client, rows))
        seen |= set(found)
        yield Changes(found, cursor)
        yield Changes(_read(client, _credited(client, rows) - seen), cursor)
    for rows in client.pages(Call.LIST_PAYMENTS, lastmodified=modified):
        yield Changes(_read(client, {text(row, "InvoiceNumber") for row in rows} - seen - {""}), cursor)
    yield Changes({}, reached)


def standings(client: FortnoxClient, invoice_ids: Sequence[str]) -> Mapping[str, Standing]:
    """See `connector.hosts.base.Host.standings`."""
    return _read(client, invoice_ids)


def _read(client: FortnoxClient, numbers: Iterable[str]) -> dict[str, Standing]:
    found: dict[str, Standing] = {}
    for invoice_number in sorted(numbers):
        try:
            invoice = client.read(Call.READ_INVOICE, invoice_number)
        except NotFound:
            continue
        found[invoice_number] = Standing(state=state_of(invoice), balance=balance_of(invoice))
    return found


def _row_standings(client: FortnoxClient, rows: Iterable[Record]) -> Iterator[tuple[str, Standing]]:
    for row in rows:
        invoice_number = text(row, "DocumentNumber")
        state = state_of(row)
        if state is InvoiceState.DRAFT and flag(row, "Sent"):
            # By the cash method it may be a claim all the same, which a row does not tell.
            yield from _read(client, [invoice_number]).items()
        else:
            yield invoice_number, Standing(state=state, balance=balance_of(row))


def _credited(client: FortnoxClient, rows: Iterable[Record]) -> set[str]:
    """The invoices that the credit invoices in `rows` refer to."""
    found: set[str] = set()
    for row in rows:
        if is_credit(row):
            with suppress(NotFound):
                credit = client.read(Call.READ_INVOICE, text(row, "DocumentNumber"))
                found.add(reference(credit, "CreditInvoiceReference"))
    return found - {""}
