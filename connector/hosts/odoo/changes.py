"""What has changed in Odoo's customer invoices, found by `write_date` (API.md, "Changes").

A `write_date` is the start of the transaction that wrote, so that a slow one appears late: which is why there is the
overlap. Answers hold whole seconds where Odoo compares microseconds: so paging goes on from the last second seen, less
the invoices already seen in it. What was matched to invoices and is taken back moves none of them (`taken_back`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from connector.domain.invoice import InvoiceState, Standing
from connector.domain.money import LARGEST, ORE
from connector.hosts.base import Changes
from connector.hosts.odoo import documents, fields, taken_back
from connector.hosts.odoo.documents import Record
from connector.hosts.odoo.request_rows import Dispute
from connector.hosts.odoo.taken_back import Matches

OVERLAP = timedelta(minutes=5)
PAGE = 1000
_INVOICES = ("move_type", "=", "out_invoice")
_STATES = {"draft": InvoiceState.DRAFT, "posted": InvoiceState.BOOKED, "cancel": InvoiceState.CANCELLED}

Search = Callable[..., list[Record]]
"""`search_read` of account.move: a domain, names of fields, and paging."""


Disputes = Callable[[Sequence[int]], Mapping[int, Dispute]]
"""What was last said of a dispute about invoices, by their ids."""


def since(
    search: Search, cursor: str, *, now: datetime, added: frozenset[str], disputes: Disputes, matches: Matches
) -> Iterator[Changes]:
    """See `connector.hosts.base.Host.changes`. The cursor is a `write_date` in whole seconds."""
    if not cursor:
        newest = search([_INVOICES], ["write_date"], order="write_date desc, id desc", limit=1)
        yield Changes({}, _second(newest[0]) if newest else "")
        return
    # A clock of Odoo's that ran ahead for a while must not hide what is written after it was put right.
    reached = min(cursor, fields.odoo_datetime(now))
    last = fields.odoo_datetime(datetime.fromisoformat(reached).replace(tzinfo=UTC) - OVERLAP)
    back = taken_back.since(matches, last)
    touched = frozenset(map(str, back.touched))
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
        is_last = len(page) < PAGE
        if is_last:
            # Else what was matched would be told again and again while no invoice is written.
            reached = max(reached, min(back.newest, fields.odoo_datetime(now)))
        found = _standings(page, disputes, back.by_invoice)
        # With the first page: the cursor of a later one says that they were dealt with.
        yield Changes(found, reached, touched - found.keys())
        touched = frozenset()
        if is_last:
            return


def standings(
    search: Search, invoice_ids: Sequence[str], *, added: frozenset[str], disputes: Disputes, matches: Matches
) -> Mapping[str, Standing]:
    """See `connector.hosts.base.Host.standings`."""
    ids = [documents.record_id(invoice_id) for invoice_id in invoice_ids]
    found: dict[str, Standing] = {}
    back = taken_back.of_invoices(matches, ids)
    for start in range(0, len(ids), PAGE):
        page = search([_INVOICES, ("id", "in", ids[start : start + PAGE])], _fields(added))
        found |= _standings(page, disputes, back)
    return found


def _standings(page: Sequence[Record], disputes: Disputes, back: Mapping[int, tuple[str, ...]]) -> dict[str, Standing]:
    said = disputes([record["id"] for record in page])
    return {str(record["id"]): _standing(record, said.get(record["id"]), back.get(record["id"], ())) for record in page}


def _fields(added: frozenset[str]) -> list[str]:
    return ["state", "payment_state", "amount_residual", *({fields.DISPUTED} & added)]


def _second(record: Record) -> str:
    return str(record["write_date"])[:19]


def _standing(record: Record, said: Dispute | None, back: tuple[str, ...]) -> Standing:
    disputed = bool(record.get(fields.DISPUTED)) if said is None else said.stands
    balance = _balance(record)
    return Standing(
        state=_STATES.get(record["state"], InvoiceState.DRAFT),
        balance=Decimal("0.00") if balance is None else balance,
        held=record["payment_state"] == "blocked" or disputed,
        unreadable=balance is None,
        taken_back=back,
    )


def _balance(record: Record) -> Decimal | None:
    """Return what is left of an invoice, to the öre; None for what is no amount of any."""
    try:
        found = Decimal(record["amount_residual"])
    except (InvalidOperation, TypeError, ValueError):
        found = Decimal("NaN")
    if not found.is_finite() or abs(found) > LARGEST:
        return None
    return found.quantize(ORE, ROUND_HALF_UP)
