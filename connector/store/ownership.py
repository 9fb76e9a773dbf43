"""Rows that one worker at a time may change, until a deadline; no one else takes them before `free_at`.

`free_at` is the deadline and a settling time, so that what was sent just before the deadline is never met by a second
one while its answer is still on its way (DESIGN.md, "Registering once"). Every change is a compare-and-set by the
owner. The tables have the columns `id`, `owner`, `deadline`, `free_at`, `tries`, `attempted_at` and `unknown_since`;
what is counted before it is posted has `posts`, `posts_allowed`, `first_post_at` and `taken_at` too.
"""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Table, case, func, null, select, update

from connector.store.database import now

_SETTLING = ("attempted_at", "unknown_since", "pdf_unknown_since")
UNOWNED = {"owner": None, "deadline": None, "free_at": None}


class LostOwnership(Exception):
    """The row changed hands or state meanwhile: the process that holds it now goes on, and we must not."""


def take(connection: Connection, table: Table, row_id: str, *, for_s: float, settle_s: float) -> str | None:
    """Own a row for `for_s` seconds; no one else gets it for `settle_s` longer. Gives the owner's name, or None.

    Anyone who takes rows of this table takes them for `for_s`, or for less.
    """
    owner = uuid.uuid4().hex
    taken = connection.execute(
        update(table)
        .where(table.c.id == row_id)
        .where(table.c.owner.is_(None) | (table.c.free_at <= now(connection)))
        .values(
            owner=owner,
            tries=table.c.tries + 1,
            **{name: _not_later_than_now(table.c[name], connection) for name in _SETTLING if name in table.c},
            **_until(connection, for_s, settle_s),
        )
    )
    if taken.rowcount:
        return owner
    # No one owns one for longer than that: the clock has been put back meanwhile. Anyone who owns it stops by a clock
    # of
    # its own machine that is never put right (`connector.flows.send_deadline`), and before this deadline.
    latest = now(connection) + for_s
    connection.execute(
        update(table)
        .where(table.c.id == row_id, table.c.owner.is_not(None), table.c.deadline > latest)
        .values(deadline=latest, free_at=latest + (table.c.free_at - table.c.deadline))
    )
    return None


def wait_s(connection: Connection, table: Table, row_id: str) -> float:
    """Return how many seconds someone else may own a row at most."""
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
    """Commit and count an intent to send, and begin the deadline again.

    Raises `LostOwnership` once the old one has passed, an earlier one was taken, or as many were sent as may be.
    """
    changed = connection.execute(
        update(table)
        .where(table.c.id == row_id, table.c.owner == owner, table.c.deadline > now(connection), *conditions)
        .where(table.c.taken_at.is_(None), table.c.posts < table.c.posts_allowed)
        .values(
            posts=table.c.posts + 1,
            first_post_at=func.coalesce(table.c.first_post_at, now(connection)),
            attempted_at=now(connection),
            unknown_since=None,
            updated_at=now(connection),
            **_until(connection, for_s, settle_s),
            **values,
        )
    )
    must_own(changed.rowcount)


def one_post_less(table: Table) -> dict[str, Any]:
    """Values of a row of which something was counted before it was posted, and provably was not received."""
    return {
        "posts": case((table.c.posts > 0, table.c.posts - 1), else_=0),
        "first_post_at": case((table.c.posts > 1, table.c.first_post_at), else_=null()),
    }


def not_posted(db: Engine, table: Table, row_id: str) -> None:
    """Take back the count of something that provably did not leave after all, no matter who owns the row by now."""
    with db.begin() as connection:
        connection.execute(update(table).where(table.c.id == row_id).values(**one_post_less(table)))


def one_more_allowed(table: Table) -> dict[str, Any]:
    """Values of a row of which a person lets one more be posted, whatever was before."""
    spent = table.c.posts >= table.c.posts_allowed
    return {
        "posts_allowed": case((spent, table.c.posts + 1), else_=table.c.posts_allowed),
        "taken_at": None,
    }


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


def _not_later_than_now(column: ColumnElement[Any], connection: Connection) -> ColumnElement[Any]:
    """A clock that has been put back makes nothing settle for longer than from now."""
    return case((column > now(connection), now(connection)), else_=column)


def _until(connection: Connection, for_s: float, settle_s: float) -> dict[str, Any]:
    return {"deadline": now(connection) + for_s, "free_at": now(connection) + for_s + settle_s}
