"""Which debtor an invoice had when it was first read, by keyed digests: to notice when the ledger has another."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, select

from connector.store import tables, upserts
from connector.store.database import now, reading, single_statement

_table = tables.debtors_read


@dataclass(frozen=True)
class DebtorRead:
    """Digests of the ledger's own id of the customer, and of its valid identity number or ""."""

    customer: str
    number: str


def first(db: Engine, connection_id: str, invoice_id: str, debtor: DebtorRead) -> DebtorRead:
    """The debtor of the invoice as it was first read; `debtor` is kept as such if this is the first time."""
    if (known := _known(db, connection_id, invoice_id)) is not None:
        return known
    with single_statement(db) as connection:
        is_first = upserts.enter(
            connection,
            _table,
            connection=connection_id,
            invoice_id=invoice_id,
            customer=debtor.customer,
            number=debtor.number,
            read_at=now(connection),
        )
    # Else another process read it at this moment.
    return debtor if is_first else _known(db, connection_id, invoice_id) or debtor


def _known(db: Engine, connection_id: str, invoice_id: str) -> DebtorRead | None:
    query = select(_table.c.customer, _table.c.number).where(
        _table.c.connection == connection_id, _table.c.invoice_id == invoice_id
    )
    with reading(db) as connection:
        row = connection.execute(query).one_or_none()
    return DebtorRead(row.customer, row.number) if row else None
