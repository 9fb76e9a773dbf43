"""Sessions of people who have signed in to the pages: who holds which, and until when.

A session is known by a secret that only its holder's browser has; what is kept is its digest.
"""

from __future__ import annotations

import hashlib
import secrets

from sqlalchemy import Engine, delete, insert, or_, select, update

from connector.store import tables
from connector.store.database import now, reading, single_statement

LONGEST_S = 10 * 3600.0
"""A working day; then people sign in again."""
NOTED_EVERY_S = 60.0
"""So often, at most, it is written down that a session is used."""
_table = tables.sessions


def begin(db: Engine, email: str, *, idle_s: float) -> str:
    """Begin a session of this person; its secret. Those of anybody that are over are forgotten."""
    secret = secrets.token_urlsafe(32)
    with db.begin() as connection:
        at = now(connection)
        over = or_(_table.c.begun_at < at - LONGEST_S, _table.c.used_at < at - idle_s)
        connection.execute(delete(_table).where(over))
        connection.execute(insert(_table).values(id=_id(secret), email=email, begun_at=at, used_at=at))
    return secret


def holder(db: Engine, secret: str, *, idle_s: float, is_use: bool = True) -> str | None:
    """The e-mail address of the person who holds a session; None once it has ended, or has not been used for `idle_s`.

    `is_use` says that a person is at work with it.
    """
    with reading(db) as connection:
        at = now(connection)
        lasts = (_table.c.begun_at >= at - LONGEST_S, _table.c.used_at >= at - idle_s)
        found = select(_table.c.email, (at - _table.c.used_at).label("unused_s"))
        row = connection.execute(found.where(_table.c.id == _id(secret), *lasts)).one_or_none()
    if row is None:
        return None
    if is_use and row.unused_s > min(NOTED_EVERY_S, idle_s / 2):
        with single_statement(db) as connection:
            used = update(_table).where(_table.c.id == _id(secret))
            connection.execute(used.values(used_at=now(connection)))
    return str(row.email)


def end(db: Engine, secret: str) -> None:
    """End a session; harmless if it has ended."""
    with single_statement(db) as connection:
        connection.execute(delete(_table).where(_table.c.id == _id(secret)))


def _id(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
