"""How far Amili's cases have been read, for each key pair and environment: one read serves all their connections.

An API user sees the cases of every creditor of its account or partner (amili/API.md, "Keys and access groups").
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Engine, Select, select, update

from connector.domain.connection import ConnectionSettings, Environment
from connector.store import resting, tables, upserts
from connector.store.database import now, reading, single_statement

_table = tables.case_readings


@dataclass(frozen=True)
class Place:
    """Where cases are read: by one key pair, in one of Amili's environments, for these creditors and connections.

    `parked` says that of not one of the connections both sides accept our keys.
    """

    amili_access: str
    environment: Environment
    creditors: frozenset[str]
    connections: frozenset[str]
    parked: bool


@dataclass(frozen=True)
class Reading:
    """How far a place has been read. `read_to` is in Amili's own time; None before the first time.

    `since_all_s` is the age of the last reading of all open cases, infinite before the first, and where a clock that
    was put back has it in the future; `wait_s` is how long Amili still wants to be left alone.
    """

    read_to: datetime | None
    since_all_s: float
    wait_s: float


def readable() -> Select[str]:
    """The key pairs that have their API code, and a connection both of whose sides accept our keys."""
    access, connection = tables.amili_access, tables.connections
    uses = connection.c.amili_access == access.c.id, connection.c.id.not_in(resting.cannot_be_asked())
    return (
        select(access.c.id).where(access.c.api_code.is_not(None)).where(select(connection.c.id).where(*uses).exists())
    )


def accesses(db: Engine) -> tuple[str, ...]:
    """Return the key pairs that are `readable`."""
    with reading(db) as opened:
        return tuple(opened.execute(readable().order_by(tables.amili_access.c.id)).scalars())


def places(db: Engine, access_id: str) -> tuple[Place, ...]:
    """The places that one key pair reads: one for each environment its connections use."""
    table = tables.connections
    rests = table.c.id.in_(resting.cannot_be_asked()).label("rests")
    mine = table.c.amili_access == access_id, table.c.disconnected_at.is_(None)
    query = select(table.c.id, table.c.settings, rests).where(*mine)
    users = defaultdict(list)
    with reading(db) as opened:
        for row in opened.execute(query.order_by(table.c.id)).all():
            settings = ConnectionSettings.model_validate_json(row.settings)
            users[settings.environment].append((row.id, settings.creditor, bool(row.rests)))
    return tuple(
        Place(
            amili_access=access_id,
            environment=environment,
            creditors=frozenset(creditor for _, creditor, _ in rows),
            connections=frozenset(connection_id for connection_id, _, _ in rows),
            parked=all(parked for _, _, parked in rows),
        )
        for environment, rows in sorted(users.items())
    )


def get(db: Engine, place: Place) -> Reading:
    """Return how far a place has been read."""
    with reading(db) as connection:
        row = connection.execute(
            select(
                _table.c.read_to,
                (now(connection) - _table.c.all_read_at).label("since_all_s"),
                (_table.c.not_before - now(connection)).label("wait_s"),
            ).where(*_is(place))
        ).one_or_none()
    if row is None:
        return Reading(read_to=None, since_all_s=float("inf"), wait_s=0.0)
    is_known = row.since_all_s is not None and row.since_all_s >= 0
    return Reading(
        read_to=None if row.read_to is None else datetime.fromtimestamp(row.read_to, UTC),
        since_all_s=float(row.since_all_s) if is_known else float("inf"),
        wait_s=max(float(row.wait_s or 0.0), 0.0),
    )


def read_to(db: Engine, place: Place, until: datetime) -> None:
    """Note that every change up to `until` (aware) is kept. It never moves back."""
    _ensure(db, place)
    at = until.timestamp()
    with db.begin() as connection:
        connection.execute(
            update(_table).where(*_is(place), _table.c.read_to.is_(None) | (_table.c.read_to < at)).values(read_to=at)
        )


def all_read(db: Engine, place: Place) -> None:
    """Note that all open cases have been read now."""
    _ensure(db, place)
    with db.begin() as connection:
        connection.execute(update(_table).where(*_is(place)).values(all_read_at=now(connection)))


def postpone(db: Engine, place: Place, *, for_s: float) -> None:
    """Leave Amili alone for so long, as it asked."""
    _ensure(db, place)
    with db.begin() as connection:
        connection.execute(update(_table).where(*_is(place)).values(not_before=now(connection) + for_s))


def _is(place: Place) -> tuple[ColumnElement[bool], ...]:
    return _table.c.amili_access == place.amili_access, _table.c.environment == place.environment


def _ensure(db: Engine, place: Place) -> None:
    with reading(db) as connection:
        if connection.execute(select(_table.c.environment).where(*_is(place))).first():
            return
    with single_statement(db) as connection:
        upserts.enter(connection, _table, amili_access=place.amili_access, environment=place.environment)
