"""Whether the store is a copy that was put back, of a time before what was sent since; and what waits because of it.

A store says where it lies and when it was last at work. One that lies elsewhere, is older than what is known beside it,
or has long been still, may be such a copy (`connector.flows.noticing`).
"""

from __future__ import annotations

import fcntl
import struct
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Connection, Engine, delete, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from connector.domain.hand_over import HandOverState
from connector.store import tables
from connector.store.database import now, reading
from connector.store.hand_over_record import HandOver, from_row

IN_A_BACKUP = "backup"
"""Where a store says that it lies which is a copy by `amili-connector backup`; no real place is called so."""
_HERE = 1
_GET_GENERATION = 0x80087601
"""Linux' FS_IOC_GETVERSION: file systems that give an inode's number to another file tell them apart by this."""
_PLACE_ON_POSTGRESQL = text(
    "SELECT d.oid || '/' || 'hand_overs'::regclass::oid FROM pg_database d WHERE d.datname = current_database()"
)
_SERVER = text(
    "SELECT system_identifier || '/' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) FROM pg_control_system()"
)
_MAY_ASK_SERVER = text(
    "SELECT NOT pg_is_in_recovery() AND has_function_privilege('pg_control_system()', 'execute') "
    "AND has_function_privilege('pg_walfile_name(pg_lsn)', 'execute') "
    "AND has_function_privilege('pg_current_wal_lsn()', 'execute')"
)


class Why(StrEnum):
    """What tells that the store may be an earlier one that was put back."""

    BACKUP = "backup"
    """It is a copy by `amili-connector backup`."""
    SAID = "said"
    """A person says so."""
    MOVED = "moved"
    """It lies elsewhere than where it was last at work."""
    OLDER = "older"
    """Beside it is noted what it does not know of."""
    UNKNOWN = "unknown"
    """It was last at work under a release that did not note where."""
    STILL = "still"
    """Nothing was at work on it for a while, and no one said that it stops: as in a snapshot of a running machine."""

    @property
    def is_sure(self) -> bool:
        """Return whether it cannot be the same store that only stood still."""
        return self not in (Why.STILL, Why.UNKNOWN)


@dataclass(frozen=True)
class Sign:
    """Where a store was last at work, and when (seconds since the epoch); `age_s` is how long ago.

    `at_rest` says that the processes at work on it then stopped as they were told to.
    """

    place: str
    seen_at: float
    age_s: float
    at_rest: bool


@dataclass(frozen=True)
class Hold:
    """A connection of which nothing is sent, since a restore that was noticed `age_s` seconds ago.

    `data_of` is when the store that was put back had last been at work, if that is known; `is_sure` whether it surely
    was put back.
    """

    connection: str
    restore: int
    age_s: float
    data_of: float | None
    is_sure: bool


def place(db: Engine) -> str:
    """Return where the store lies: another for every copy, and the same for as long as it is no copy."""
    if db.dialect.name == "postgresql":
        with reading(db) as connection:
            here = str(connection.execute(_PLACE_ON_POSTGRESQL).scalar_one())
            may_ask = connection.execute(_MAY_ASK_SERVER).scalar_one()
            return f"{connection.execute(_SERVER).scalar_one()}/{here}" if may_ask else here
    path = Path(db.url.database or "")
    return f"{path.stat().st_ino}.{_generation(path)}"


def _generation(path: Path) -> int:
    with path.open("rb") as file:
        try:
            found = fcntl.ioctl(file.fileno(), _GET_GENERATION, b"\0" * 8)
        except OSError:
            return 0
    return int(struct.unpack("q", found)[0])


def last(db: Engine) -> Sign | None:
    """Return where the store was last at work, and when; None if it never was under a release that notes it."""
    table = tables.installation
    with reading(db) as connection:
        row = connection.execute(
            select(table.c.place, table.c.seen_at, table.c.at_rest, (now(connection) - table.c.seen_at).label("age_s"))
        ).one_or_none()
    return Sign(row.place, row.seen_at, float(row.age_s), row.at_rest) if row else None


def latest_event(db: Engine) -> int:
    """The number of the latest event on record: it only grows, but in a store that was put back."""
    with reading(db) as connection:
        return int(connection.execute(select(func.max(tables.timeline.c.id))).scalar() or 0)


def has_hand_overs(db: Engine) -> bool:
    """Return whether anything was ever handed over, or asked for."""
    with reading(db) as connection:
        return connection.execute(select(tables.hand_overs.c.id).limit(1)).first() is not None


def sign(db: Engine, before: Sign | None, here: str, *, why: Why | None) -> bool:
    """Note that the store is at work here, and with `why`, that it may be a copy; False if someone else just did.

    Then nothing of any connection is sent before it was looked into, what Amili shows is read again, and, if it surely
    is a copy, everybody signs in again.
    """
    table = tables.installation
    try:
        with db.begin() as connection:
            if before is None:
                connection.execute(insert(table).values(id=_HERE, place=here, seen_at=now(connection), at_rest=False))
            else:
                same = (table.c.place == before.place) & (table.c.seen_at == before.seen_at)
                values = {"place": here, "seen_at": now(connection), "at_rest": False}
                noted = connection.execute(update(table).where(same).values(values))
                if not noted.rowcount:
                    return False
            if why:
                _note(connection, why, before)
    except IntegrityError:
        return False
    return True


def rest(db: Engine) -> None:
    """Note that no one is at work on the store any more, and that the last one stopped as they were told to."""
    with db.begin() as connection:
        if not connection.execute(select(tables.executors.c.id).limit(1)).first():
            connection.execute(update(tables.installation).values(at_rest=True, seen_at=now(connection)))


def _note(connection: Connection, why: Why, before: Sign | None) -> None:
    at = now(connection)
    data_of = before.seen_at if before else None
    entered = connection.execute(insert(tables.restores).values(at=at, why=why, data_of=data_of))
    (number,) = entered.inserted_primary_key or (0,)
    connection.execute(delete(tables.holds))
    present = tables.connections.c.disconnected_at.is_(None)
    ids = connection.execute(select(tables.connections.c.id).where(present)).scalars().all()
    if ids:
        held = [{"connection": one, "restore": number} for one in ids]
        connection.execute(insert(tables.holds).values(since=at), held)
    connection.execute(update(tables.case_readings).values(read_to=None, all_read_at=None))
    if why.is_sure:
        connection.execute(delete(tables.sessions))


def say_so(db: Engine) -> None:
    """A person says that the store was put back: it is noticed by the worker that uses it next, or does already."""
    with db.begin() as connection:
        connection.execute(update(tables.installation).values(place=Why.SAID))


def number(db: Engine) -> int:
    """Return how often a copy was surely put back, as far as this store knows."""
    table = tables.restores
    unsure = [why for why in Why if not why.is_sure]
    with reading(db) as connection:
        return int(connection.execute(select(func.max(table.c.id)).where(table.c.why.not_in(unsure))).scalar() or 0)


def was_after(db: Engine, instant: float) -> bool:
    """Return whether a store was put back after an instant: then more may have been done of it than is on record."""
    with reading(db) as connection:
        return (
            connection.execute(select(tables.restores.c.id).where(tables.restores.c.at > instant).limit(1)).first()
            is not None
        )


def holds(db: Engine) -> tuple[Hold, ...]:
    """The connections of which nothing is sent, because it is to be looked into first what was sent before."""
    table, restored = tables.holds, tables.restores
    with reading(db) as connection:
        age_s = (now(connection) - table.c.since).label("age_s")
        query = (
            select(table.c.connection, table.c.restore, age_s, restored.c.data_of, restored.c.why)
            .join(restored, restored.c.id == table.c.restore)
            .order_by(table.c.connection)
        )
        rows = connection.execute(query).all()
    return tuple(
        Hold(row.connection, row.restore, float(row.age_s), row.data_of, is_sure=Why(row.why).is_sure) for row in rows
    )


def is_held(db: Engine, connection_id: str) -> bool:
    """Return whether nothing of a connection is to be sent for now."""
    with reading(db) as connection:
        table = tables.holds
        return (
            connection.execute(select(table.c.restore).where(table.c.connection == connection_id)).first() is not None
        )


def lost(db: Engine, connection_id: str) -> tuple[HandOver, ...]:
    """A connection's hand-overs without a case, which may have come to one since, oldest first."""
    table = tables.hand_overs
    present = table.c.connection == connection_id, table.c.state != HandOverState.LEFT
    query = select(table).where(*present, table.c.case_id.is_(None))
    with reading(db) as connection:
        rows = connection.execute(query.order_by(table.c.asked_at, table.c.id)).all()
    return tuple(from_row(row) for row in rows)


def release(db: Engine, hold: Hold) -> None:
    """Let a connection's work go on: it has been looked into. Harmless if another restore was noticed meanwhile."""
    table = tables.holds
    with db.begin() as connection:
        connection.execute(delete(table).where(table.c.connection == hold.connection, table.c.restore == hold.restore))
