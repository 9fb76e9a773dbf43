"""The append-only record of everything done: who or which rule, when, from which data, with which answer.

Rows are written in the same transaction as the change they tell of; the database refuses to change them.
No personal number, secret or PDF may be put into `data`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, insert, select

from connector.store import tables
from connector.store.database import now, reading

WORKER = "connector"
"""Who did what no person did: the actor of a worker's events."""


@dataclass(frozen=True)
class TimelineEntry:
    """One event of a hand-over. `at` is seconds since the epoch; `event` a key of the pages' catalogue."""

    at: float
    actor: str
    event: str
    data: dict[str, Any]


def record(connection: Connection, hand_over: str, *, actor: str, event: str, **data: Any) -> None:
    """Append one event within the caller's transaction."""
    connection.execute(
        insert(tables.timeline).values(
            hand_over=hand_over,
            at=now(connection),
            actor=actor,
            event=event,
            data=json.dumps(data, ensure_ascii=False, default=str),
        )
    )


def of_hand_over(db: Engine, hand_over: str) -> tuple[TimelineEntry, ...]:
    """Every event of one hand-over, oldest first."""
    table = tables.timeline
    with reading(db) as connection:
        rows = connection.execute(select(table).where(table.c.hand_over == hand_over).order_by(table.c.id))
        return tuple(TimelineEntry(row.at, row.actor, row.event, json.loads(row.data)) for row in rows)
