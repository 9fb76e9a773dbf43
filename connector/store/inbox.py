"""What came in from outside and waits to be worked on: hints from ledgers, requests from people.

An item is stored before the sender is answered, and is done only when its work is: between the two it
survives any crash. The table lies in a file of its own on SQLite (see `connector.store.tables`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Engine, delete, func, insert, select, update

from connector.domain.hand_over import Request
from connector.store import tables
from connector.store.database import is_past, now, reading, single_statement
from connector.store.lists import one_of

NO_INVOICE = ""
"""Stands for the invoice of a hint that names none: something has changed, and the ledger is to be asked what."""


class Kind(StrEnum):
    HINT = "hint"
    REQUEST = "request"


@dataclass(frozen=True)
class Item:
    """One thing to work on. `request` is set for requests, never for hints."""

    id: int
    connection: str
    kind: Kind
    invoice_id: str
    request: Request | None


def put_hint(db: Engine, connection_id: str, invoice_id: str) -> int:
    """Store a hint that an invoice should be looked at; durable when this returns. Gives the item's id."""
    return _put(db, connection_id, Kind.HINT, invoice_id, "")


def put_hints(db: Engine, hints: Sequence[tuple[str, str]]) -> None:
    """Store hints, each a connection's id and an invoice's, all or none; durable when this returns."""
    rows = [
        {"kind": Kind.HINT, "request": "", "wish_mark": "", "connection": connection_id, "invoice_id": invoice_id}
        for connection_id, invoice_id in hints
    ]
    _insert(db, rows)


def put_request(db: Engine, request: Request) -> int:
    """Store a person's or rule's request; durable when this returns. Gives the item's id."""
    return _put(db, request.connection, Kind.REQUEST, request.invoice_id, request.model_dump_json())


def put_requests(db: Engine, requests: Sequence[Request]) -> None:
    """Store requests, all or none; durable when this returns."""
    rows = [
        {
            "kind": Kind.REQUEST,
            "request": one.model_dump_json(),
            "wish_mark": one.wish_mark,
            "connection": one.connection,
            "invoice_id": one.invoice_id,
        }
        for one in requests
    ]
    _insert(db, rows)


def _insert(db: Engine, rows: Sequence[dict[str, str]]) -> None:
    if not rows:
        return
    # One row needs no transaction around it: on SQLite that is the shorter lock.
    writing = single_statement(db) if len(rows) == 1 else db.begin()
    with writing as connection:
        connection.execute(insert(tables.inbox).values(received_at=now(connection)), list(rows))


def put_wishes(db: Engine, connection_id: str, wishes: Sequence[Request]) -> int:
    """Store those of a ledger's wishes that do not wait here already; durable when this returns. Gives how many.

    A wish is found again by every hint and every look at the ledger, until it is answered there.
    """
    table = tables.inbox
    with reading(db) as connection:
        rows = connection.execute(
            select(table.c.invoice_id, table.c.wish_mark)
            .where(table.c.connection == connection_id, table.c.kind == Kind.REQUEST, table.c.done_at.is_(None))
            .where(table.c.wish_mark != "", one_of(table.c.invoice_id, {one.invoice_id for one in wishes}))
        ).all()
    here = {(row.invoice_id, row.wish_mark) for row in rows}
    fresh = [one for one in wishes if (one.invoice_id, one.wish_mark) not in here]
    put_requests(db, fresh)
    return len(fresh)


def _put(db: Engine, connection_id: str, kind: Kind, invoice_id: str, request: str) -> int:
    table = tables.inbox
    with single_statement(db) as connection:
        result = connection.execute(
            insert(table).values(
                connection=connection_id,
                kind=kind,
                invoice_id=invoice_id,
                request=request,
                received_at=now(connection),
            )
        )
        (item_id,) = result.inserted_primary_key or (0,)
        return int(item_id)


def waiting(db: Engine, *, limit: int = 50) -> tuple[Item, ...]:
    """The oldest items that no one has taken up yet: in turns, the first of each company before the second of any."""
    table = tables.inbox
    turn = func.row_number().over(partition_by=table.c.connection, order_by=table.c.id).label("turn")
    untaken = select(table, turn).where(table.c.dispatched_at.is_(None)).subquery()
    with reading(db) as connection:
        rows = connection.execute(select(untaken).order_by(untaken.c.turn, untaken.c.id).limit(limit)).all()
    return tuple(
        Item(
            row.id,
            row.connection,
            Kind(row.kind),
            row.invoice_id,
            Request.model_validate_json(row.request) if row.request else None,
        )
        for row in rows
    )


def mark_dispatched(db: Engine, ids: tuple[int, ...]) -> None:
    """Note that the work of these items has been handed to the engine."""
    _mark(db, "dispatched_at", ids)


def mark_done(db: Engine, ids: tuple[int, ...]) -> None:
    """Note that the work of these items has ended."""
    _mark(db, "done_at", ids)


def _mark(db: Engine, column: str, ids: tuple[int, ...]) -> None:
    if not ids:
        return
    table = tables.inbox
    with single_statement(db) as connection:
        connection.execute(update(table).where(one_of(table.c.id, ids)).values({column: now(connection)}))


def is_done(db: Engine, item_id: int) -> bool:
    """Return whether the work of an item has ended (or the item has been forgotten since)."""
    table = tables.inbox
    with reading(db) as connection:
        row = connection.execute(select(table.c.done_at).where(table.c.id == item_id)).one_or_none()
    return row is None or row.done_at is not None


def since_hint_s(db: Engine, connection_id: str, invoice_id: str) -> float:
    """Age in seconds of the latest hint about an invoice; infinite if there is none that is kept."""
    table = tables.inbox
    with reading(db) as connection:
        age_s = connection.execute(
            select(now(connection) - func.max(table.c.received_at)).where(
                table.c.connection == connection_id, table.c.invoice_id == invoice_id, table.c.kind == Kind.HINT
            )
        ).scalar()
    return float("inf") if age_s is None else float(age_s)


def finish_hints(db: Engine, connection_id: str, invoice_id: str, *, up_to: int) -> None:
    """Mark every hint about one invoice, up to item `up_to`, as done: one look answers them all."""
    table = tables.inbox
    with single_statement(db) as connection:
        connection.execute(
            update(table)
            .where(
                table.c.connection == connection_id,
                table.c.invoice_id == invoice_id,
                table.c.kind == Kind.HINT,
                table.c.id <= up_to,
                table.c.done_at.is_(None),
            )
            .values(done_at=now(connection))
        )


def return_stranded(db: Engine, *, older_than_s: float) -> int:
    """Put back items that were handed to the engine long ago and never ended; gives how many."""
    table = tables.inbox
    with single_statement(db) as connection:
        result = connection.execute(
            update(table)
            .where(
                table.c.done_at.is_(None),
                table.c.dispatched_at.is_not(None),
                is_past(table.c.dispatched_at, connection, for_s=older_than_s),
            )
            .values(dispatched_at=None)
        )
        return result.rowcount


def oldest_waiting_s(db: Engine) -> float:
    """Age in seconds of the oldest item that is not done; 0 when there is none."""
    table = tables.inbox
    with reading(db) as connection:
        age = connection.execute(
            select(now(connection) - func.min(table.c.received_at)).where(table.c.done_at.is_(None))
        ).scalar()
    return max(float(age or 0.0), 0.0)


def forget_done(db: Engine, *, older_than_s: float) -> int:
    """Remove items that ended long ago; gives how many."""
    table = tables.inbox
    with single_statement(db) as connection:
        return connection.execute(delete(table).where(table.c.done_at < now(connection) - older_than_s)).rowcount
