"""Rows that one worker at a time may change, until a deadline; nobody else takes them before `free_at`.

`free_at` is the deadline and a settling time, so that what was sent just before the deadline is never met by a second
one while its answer is still on its way (design, "Registering once"). Every change is a compare-and-set by the owner.
The tables have the columns `id`, `owner`, `deadline`, `free_at` and `tries`.
"""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, select, update

from connector.store.database import now

UNOWNED = {"owner": None, "deadline": None, "free_at": None}


class LostOwnership(Exception):
    """The row changed hands or state meanwhile: whoever holds it now goes on, and we must not."""


def take(connection: Connection, table: Table, row_id: str, *, for_s: float, settle_s: float) -> str | None:
    """Own a row for `for_s` seconds; nobody else gets it for `settle_s` longer. Gives the owner's name, or None."""
    owner = uuid.uuid4().hex
    taken = connection.execute(
        update(table)
        .where(table.c.id == row_id)
        .where(table.c.owner.is_(None) | (table.c.free_at <= now(connection)))
        .values(owner=owner, tries=table.c.tries + 1, **_until(connection, for_s, settle_s))
    )
    return owner if taken.rowcount else None


def wait_s(connection: Connection, table: Table, row_id: str) -> float:
    """How many seconds somebody else may own a row at most."""
    left_s = connection.execute(select(table.c.free_at - now(connection)).where(table.c.id == row_id)).scalar()
    return max(float(left_s or 0.0), 0.0)


def arm(
    connection: Connection,
    table: Table,
    row_id: str,
    owner: str,
    values: dict[str, Any],
    *conditions: ColumnElement[bool],
    for_s: float,
    settle_s: float,
) -> None:
    """Commit an intent to send, and begin the deadline anew. Raises `LostOwnership` once the old one has passed."""
    changed = connection.execute(
        update(table)
        .where(table.c.id == row_id, table.c.owner == owner, table.c.deadline > now(connection), *conditions)
        .values(
            attempted_at=now(connection),
            unknown_since=None,
            updated_at=now(connection),
            **_until(connection, for_s, settle_s),
            **values,
        )
    )
    must_own(changed.rowcount)


def change(
    connection: Connection, table: Table, row_id: str, owner: str, values: dict[str, Any], *, keep: bool = False
) -> None:
    """Change an owned row and, unless `keep`, give it back. Raises `LostOwnership`."""
    ending: dict[str, Any] = {} if keep else UNOWNED
    changed = connection.execute(
        update(table)
        .where(table.c.id == row_id, table.c.owner == owner)
        .values(**values, **ending, updated_at=now(connection))
    )
    must_own(changed.rowcount)


def must_own(rowcount: int | bool) -> None:
    """Raise `LostOwnership` where nothing was changed, or what had to hold does not."""
    if not rowcount:
        raise LostOwnership


def _until(connection: Connection, for_s: float, settle_s: float) -> dict[str, Any]:
    return {"deadline": now(connection) + for_s, "free_at": now(connection) + for_s + settle_s}
