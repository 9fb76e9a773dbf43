"""How far an app's event streams have been followed: the offset of the last event dealt with, for each topic.

An offset is the ledger's own word and is not looked into. One stream serves all companies of an app, so that there is
no offset for each of them.
"""

from __future__ import annotations

from sqlalchemy import Engine, delete, select

from connector.store import tables, upserts
from connector.store.database import now, reading, single_statement

_table = tables.feed_offsets


def get(db: Engine, app: str, topic: str) -> str:
    """The offset of the last event that was dealt with; "" if there is none."""
    with reading(db) as connection:
        found = connection.execute(
            select(_table.c.last_offset).where(_table.c.app == app, _table.c.topic == topic)
        ).scalar()
    return found or ""


def put(db: Engine, app: str, topic: str, offset: str) -> None:
    """Note that everything up to the event at `offset` has been dealt with; durable when this returns."""
    with single_statement(db) as connection:
        upserts.put(connection, _table, app=app, topic=topic, last_offset=offset, stored_at=now(connection))


def forget(db: Engine, app: str, topic: str) -> None:
    """Go on from now the next time."""
    with db.begin() as connection:
        connection.execute(delete(_table).where(_table.c.app == app, _table.c.topic == topic))
