"""What has changed in Odoo's customer invoices, found by `write_date` (odoo.md section 6).

A `write_date` is the start of the transaction that wrote, so that a slow one appears late: hence the overlap.
Answers hold whole seconds where Odoo compares microseconds: hence paging goes on from the last second seen, less
the invoices already seen in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from connector.domain.invoice import InvoiceState, Standing
from connector.domain.money import ORE
from connector.hosts.base import Changes
from connector.hosts.odoo import documents, fields
from connector.hosts.odoo.documents import Record

OVERLAP = timedelta(minutes=5)
PAGE = 1000
_INVOICES = ("move_type", "=", "out_invoice")
_STATES = {"draft": InvoiceState.DRAFT, "posted": InvoiceState.BOOKED, "cancel": InvoiceState.CANCELLED}

Search = Callable[..., list[Record]]
"""`search_read` of account.move: a domain, names of fields, and paging."""


def since(search: Search, cursor: str, *, now: datetime, added: frozenset[str]) -> Iterator[Changes]:
    """See `connector.hosts.base.Host.changes`. The cursor is a `write_date` in whole seconds."""
    if not cursor:
        newest = search([_INVOICES], ["write_date"], order="write_date desc, id desc", limit=1)
        yield Changes({}, _second(newest[0]) if newest else "")
        return
    # A clock of Odoo's that ran ahead for a while must not hide what is written after it was put right.
    reached = min(cursor, fields.odoo_datetime(now))
    last = fields.odoo_datetime(datetime.fromisoformat(reached).replace(tzinfo=UTC) - OVERLAP)
    seen: set[int] = set()
    while True:
        page = search(
            [_INVOICES, ("write_date", ">=", last), ("id", "not in", sorted(seen))],
            [*_fields(added), "write_date"],
            order="write_date, id",
            limit=PAGE,
        )
        if page:
            before, last = last, _second(page[-1])
            of_last_second = {record["id"] for record in page if _second(record) == last}
            seen = seen | of_last_second if last == before else of_last_second
            reached = max(reached, last)
        yield Changes({str(record["id"]): _standing(record) for record in page}, reached)
        if len(page) < PAGE:
            return


def standings(search: Search, invoice_ids: Sequence[str], *, added: frozenset[str]) -> Mapping[str, Standing]:
    """See `connector.hosts.base.Host.standings`."""
    ids = [documents.record_id(invoice_id) for invoice_id in invoice_ids]
    found: dict[str, Standing] = {}
    for start in range(0, len(ids), PAGE):
        for record in search([_INVOICES, ("id", "in", ids[start : start + PAGE])], _fields(added)):
            found[str(record["id"])] = _standing(record)
    return found


def _fields(added: frozenset[str]) -> list[str]:
    return ["state", "payment_state", "amount_residual", *({fields.DISPUTED} & added)]


def _second(record: Record) -> str:
    return str(record["write_date"])[:19]


def _standing(record: Record) -> Standing:
    return Standing(
        state=_STATES.get(record["state"], InvoiceState.DRAFT),
        balance=Decimal(record["amount_residual"]).quantize(ORE, ROUND_HALF_UP),
        held=record["payment_state"] == "blocked" or bool(record.get(fields.DISPUTED)),
    )
