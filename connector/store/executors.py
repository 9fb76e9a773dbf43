"""Which worker processes are alive: each beats its heart here, and the others take over from the silent."""

from __future__ import annotations

from sqlalchemy import Engine, delete, insert, select, update

from connector.store import tables
from connector.store.database import now, reading


def enrol(db: Engine, executor_id: str) -> None:
    """Enter a new worker process."""
    with db.begin() as connection:
        connection.execute(
            insert(tables.executors).values(id=executor_id, started_at=now(connection), beat_at=now(connection))
        )


def beat(db: Engine, executor_id: str) -> None:
    """Say that the process is alive; enters it again if the others had given it up."""
    table = tables.executors
    with db.begin() as connection:
        beaten = connection.execute(update(table).where(table.c.id == executor_id).values(beat_at=now(connection)))
        if not beaten.rowcount:
            connection.execute(
                insert(table).values(id=executor_id, started_at=now(connection), beat_at=now(connection))
            )


def silent(db: Engine, *, for_s: float) -> tuple[str, ...]:
    """Processes that have not beaten for `for_s` seconds."""
    table = tables.executors
    with reading(db) as connection:
        return tuple(connection.execute(select(table.c.id).where(table.c.beat_at < now(connection) - for_s)).scalars())


def all_ids(db: Engine) -> tuple[str, ...]:
    """Every process that is entered, alive or not."""
    with reading(db) as connection:
        return tuple(connection.execute(select(tables.executors.c.id)).scalars())


def alive(db: Engine, *, within_s: float) -> bool:
    """Whether any worker process has beaten within the last `within_s` seconds."""
    table = tables.executors
    with reading(db) as connection:
        found = connection.execute(
            select(table.c.id).where(table.c.beat_at >= now(connection) - within_s).limit(1)
        ).first()
    return found is not None


def strike_off(db: Engine, executor_id: str) -> None:
    """Remove a process that ended, or whose work has been taken over."""
    with db.begin() as connection:
        connection.execute(delete(tables.executors).where(tables.executors.c.id == executor_id))
