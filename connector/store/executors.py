"""Which worker processes are alive: each beats its heart here, and the others take over from the silent."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from connector.store import tables
from connector.store.database import now, reading

_AHEAD_S = 5.0
"""So far the clocks of machines that share SQLite's file, or a reading and a writing, may lie apart."""
_REMEMBERED_S = 24 * 60 * 60.0


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
    """Processes that have not beaten for `for_s` seconds.

    A beat of the future, which a clock that was put back leaves, counts as one of now: a process that lives beats
    again.
    """
    table = tables.executors
    with db.begin() as connection:
        connection.execute(
            update(table).where(table.c.beat_at > now(connection) + _AHEAD_S).values(beat_at=now(connection))
        )
    with reading(db) as connection:
        return tuple(connection.execute(select(table.c.id).where(table.c.beat_at < now(connection) - for_s)).scalars())


def all_ids(db: Engine) -> tuple[str, ...]:
    """Every process that is entered, alive or not."""
    with reading(db) as connection:
        return tuple(connection.execute(select(tables.executors.c.id)).scalars())


def alive(db: Engine, *, within_s: float) -> bool:
    """Return whether any worker process has beaten within the last `within_s` seconds."""
    table = tables.executors
    with reading(db) as connection:
        found = connection.execute(
            select(table.c.id).where(table.c.beat_at >= now(connection) - within_s).limit(1)
        ).first()
    return found is not None


def strike_off(db: Engine, executor_id: str) -> None:
    """Remove a process that ended as it was asked to."""
    with db.begin() as connection:
        _remove(connection, executor_id)


def bury(db: Engine, executor_id: str) -> None:
    """Remove a process that died, and remember its death for a day."""
    deaths = tables.worker_deaths
    with db.begin() as connection:
        connection.execute(delete(deaths).where(deaths.c.died_at < now(connection) - _REMEMBERED_S))
        if _remove(connection, executor_id):
            connection.execute(delete(deaths).where(deaths.c.executor == executor_id))
            connection.execute(insert(deaths).values(executor=executor_id, died_at=now(connection)))


def deaths(db: Engine, *, within_s: float) -> int:
    """Return how many processes died within the last `within_s` seconds, at most a day."""
    table = tables.worker_deaths
    with reading(db) as connection:
        query = select(func.count()).select_from(table).where(table.c.died_at >= now(connection) - within_s)
        return int(connection.execute(query).scalar_one())


def _remove(connection: Connection, executor_id: str) -> bool:
    removed = connection.execute(delete(tables.executors).where(tables.executors.c.id == executor_id))
    return bool(removed.rowcount)
