"""Named locks across processes and machines, held for a bounded time.

A lease ends by itself, so that a process that dies or freezes holds no one up for longer than `for_s`.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, delete, update

from connector.domain.errors import ConnectorError
from connector.store import tables, upserts
from connector.store.database import now, single_statement

_PAUSE_S = 0.02


class LeaseTimeout(ConnectorError):
    """Someone else held the lease for the whole of the time we were ready to wait."""


def try_lease(db: Engine, name: str, owner: str, *, for_s: float) -> bool:
    """Take the lease `name`, or prolong our own; False if someone else holds it. All who want it want `for_s`."""
    table = tables.leases
    with single_statement(db) as connection:
        free = (table.c.owner == owner) | (table.c.until <= now(connection))
        if upserts.put(connection, table, only_if=free, name=name, owner=owner, until=now(connection) + for_s):
            return True
    with single_statement(db) as connection:
        # No one holds one for longer than that: the clock has been put back meanwhile, and must hold no one up for it.
        connection.execute(
            update(table)
            .where(table.c.name == name, table.c.until > now(connection) + for_s)
            .values(until=now(connection) + for_s)
        )
    return False


def release(db: Engine, name: str, owner: str) -> None:
    """Give the lease back if it is still ours."""
    table = tables.leases
    with db.begin() as connection:
        connection.execute(delete(table).where(table.c.name == name, table.c.owner == owner))


@contextmanager
def lease(db: Engine, name: str, *, for_s: float, wait_s: float) -> Iterator[None]:
    """Hold the lease `name` for the block. Raises `LeaseTimeout` after waiting `wait_s` without success."""
    owner = uuid.uuid4().hex
    give_up = time.monotonic() + wait_s
    while not try_lease(db, name, owner, for_s=for_s):
        if time.monotonic() > give_up:
            raise LeaseTimeout(f"The lock “{name}” stayed taken for {wait_s:g} s.", advice="Try again in a minute.")
        time.sleep(_PAUSE_S)
    try:
        yield
    finally:
        release(db, name, owner)
