"""The comparisons of ledger, record and Amili: when each connection's is due, what its last came to, what differs.

What a comparison found takes the place of what the one before found, in one transaction and whole. A difference is the
same for as long as it keeps its key: it keeps the instant when it was first seen, its amounts are renewed.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Row, bindparam, case, delete, func, insert, select, update

from connector.domain.follow_up import FollowUpState
from connector.domain.reconcile import Difference, DifferenceKind
from connector.store import jobs, resting, tables, upserts
from connector.store.database import now, reading, single_statement
from connector.store.lists import one_of

_table = tables.comparisons
_differences = tables.differences
_AT_ONCE = 500


@dataclass(frozen=True)
class StoredComparison:
    """How a connection's comparisons stand. Instants are seconds since the epoch.

    The next is due at `due_at`, or is waiting or under way once that is past; `asked_by` is the person who wants it,
    "" for the night. `turn` counts the runs. `compared_at` is when the last that came through began, and `cases` how
    many it compared; `failed_at` is of the latest attempt if that failed, `failing_since` of the first failure since
    one came through, and `failure` says why ("" for a fault of ours). `tries` counts the failures of this night.
    """

    connection: str
    due_at: float
    turn: int
    asked_by: str
    tries: int
    compared_at: float | None
    cases: int | None
    failing_since: float | None
    failed_at: float | None
    failure: str


@dataclass(frozen=True)
class KeptDifference:
    """A difference as it was found last, and the instant when it was first seen."""

    connection: str
    difference: Difference
    first_seen: float


@dataclass(frozen=True)
class Due:
    """A comparison that is to be made: number `turn` of its connection. `asked_by` as in `StoredComparison`."""

    connection: str
    turn: int
    asked_by: str


def times(db: Engine) -> dict[str, float]:
    """Return when the next comparison of each connection is due, of those that have been enrolled."""
    with reading(db) as connection:
        rows = connection.execute(select(_table.c.connection, _table.c.due_at)).all()
    return {row.connection: row.due_at for row in rows}


def enrol(db: Engine, connection_id: str, *, due_at: float) -> None:
    """Let a connection's first comparison be due at `due_at`; nothing changes for one that has its time already."""
    with reading(db) as connection:
        if connection.execute(select(_table.c.connection).where(_table.c.connection == connection_id)).first():
            return
    with single_statement(db) as connection:
        upserts.enter(connection, _table, connection=connection_id, due_at=due_at, turn=0)


def enrol_all(db: Engine, due_at: Mapping[str, float]) -> None:
    """As `enrol`, of many connections."""
    if not due_at:
        return
    with db.begin() as connection:
        rows = [{"connection": one, "due_at": at_s, "turn": 0} for one, at_s in due_at.items()]
        upserts.enter_all(connection, _table, rows)


def without_night(db: Engine) -> tuple[str, ...]:
    """The connections that have not ended and are not enrolled."""
    enrolled = select(_table.c.connection).where(_table.c.connection == tables.connections.c.id)
    with reading(db) as connection:
        return tuple(connection.execute(resting.connected().where(~enrolled.exists())).scalars())


def move_all(db: Engine, due_at: Mapping[str, float]) -> None:
    """Give connections' next nights other times. One that is due, asked for or to be tried again stays as it is."""
    moved = [{"of": one, "to": at_s} for one, at_s in due_at.items()]
    if not moved:
        return
    of_night = (_table.c.asked_by == "") & (_table.c.tries == 0) & (_table.c.due_at != bindparam("to"))
    with db.begin() as connection:
        connection.execute(
            update(_table)
            .where(_table.c.connection == bindparam("of"), of_night, _table.c.due_at > now(connection))
            .values(due_at=bindparam("to")),
            moved,
        )


def ask(db: Engine, connection_id: str, *, by: str) -> None:
    """A person wants a comparison now; one that is due or under way already is it."""
    enrol(db, connection_id, due_at=time.time())
    with db.begin() as connection:
        later = _table.c.due_at > now(connection)
        connection.execute(
            update(_table)
            .where(_table.c.connection == connection_id, later | (_table.c.asked_by == ""))
            .values(due_at=case((later, now(connection)), else_=_table.c.due_at), asked_by=by)
        )


def due(db: Engine, *, not_entered_as: str = "") -> tuple[Due, ...]:
    """The comparisons that are to be made, those that people asked for first, then the longest due.

    Those one of whose sides does not accept our key are left out for as long as there is no new one; with
    `not_entered_as`, a kind of work, also those that are entered as such.
    """
    query = select(_table.c.connection, _table.c.turn, _table.c.asked_by)
    if not_entered_as:
        of_this = jobs.is_entered(not_entered_as, partition=_table.c.connection, number=_table.c.turn)
        query = query.where(~of_this)
    with reading(db) as connection:
        rows = connection.execute(
            query.where(
                _table.c.due_at <= now(connection), _table.c.connection.not_in(resting.cannot_be_asked())
            ).order_by(_table.c.asked_by == "", _table.c.due_at, _table.c.connection)
        ).all()
    return tuple(Due(row.connection, row.turn, row.asked_by) for row in rows)


def end(db: Engine, connection_id: str, turn: int, *, due_at: float) -> bool:
    """Note that run number `turn` has ended, and when the next is due; False if someone else has noted it."""
    return _turned(db, connection_id, turn, due_at=due_at, asked_by="", tries=0)


def again(db: Engine, connection_id: str, turn: int, *, due_at: float | None = None) -> bool:
    """Note that run number `turn` came to nothing, and is to be made once more: at `due_at`, or as soon as it can be.

    False if someone else has noted it.
    """
    return _turned(db, connection_id, turn, **({} if due_at is None else {"due_at": due_at, "asked_by": ""}))


def _turned(db: Engine, connection_id: str, turn: int, **values: Any) -> bool:
    with db.begin() as connection:
        changed = connection.execute(
            update(_table)
            .where(_table.c.connection == connection_id, _table.c.turn == turn)
            .values(turn=turn + 1, **values)
        )
        return bool(changed.rowcount)


def instant(db: Engine) -> float:
    """The present instant by the store's clock: when a comparison begins."""
    with reading(db) as connection:
        return float(connection.execute(select(now(connection))).scalar_one())


def keep(
    db: Engine, connection_id: str, found: Sequence[Difference], *, cases: int, began_at: float
) -> tuple[KeptDifference, ...]:
    """Keep what a comparison found that began at `began_at`; gives it with the instants of when each was first seen.

    Where one that began later was kept meanwhile, nothing changes. The connection has been enrolled.
    """
    with db.begin() as connection:
        row = connection.execute(
            select(_table.c.compared_at).where(_table.c.connection == connection_id).with_for_update()
        ).one()
        of_this = _differences.c.connection == connection_id
        before = {
            kept.key: kept.first_seen
            for kept in connection.execute(select(_differences.c.key, _differences.c.first_seen).where(of_this))
        }
        kept = tuple(KeptDifference(connection_id, one, before.get(one.key, began_at)) for one in found)
        if row.compared_at is None or row.compared_at <= began_at:
            connection.execute(delete(_differences).where(of_this))
            for start in range(0, len(kept), _AT_ONCE):
                connection.execute(insert(_differences), [_values(one) for one in kept[start : start + _AT_ONCE]])
            connection.execute(
                update(_table)
                .where(_table.c.connection == connection_id)
                .values(compared_at=began_at, cases=cases, failing_since=None, failed_at=None, failure="", tries=0)
            )
    return kept


def _values(one: KeptDifference) -> dict[str, Any]:
    return {
        "connection": one.connection,
        "key": one.difference.key,
        "kind": one.difference.kind,
        "hand_over": one.difference.hand_over_id,
        "first_seen": one.first_seen,
        "difference": one.difference.model_dump_json(),
    }


def failed(db: Engine, connection_id: str, *, why: str) -> None:
    """Note that a comparison did not come through, and why. What the one before found stays."""
    with db.begin() as connection:
        connection.execute(
            update(_table)
            .where(_table.c.connection == connection_id)
            .values(
                failed_at=now(connection),
                failing_since=func.coalesce(_table.c.failing_since, now(connection)),
                failure=why,
                tries=_table.c.tries + 1,
            )
        )


def get(db: Engine, connection_id: str) -> StoredComparison | None:
    """Return how a connection's comparisons stand; None before anybody has seen to it."""
    with reading(db) as connection:
        row = connection.execute(select(_table).where(_table.c.connection == connection_id)).one_or_none()
    return _read(row) if row else None


def failing(db: Engine, connection_ids: Collection[str] | None, *, for_s: float) -> tuple[StoredComparison, ...]:
    """The comparisons of these connections, or of all, that have not come through for `for_s` seconds.

    Those one of whose sides does not accept our key are left out.
    """
    query = select(_table).where(_table.c.connection.not_in(resting.cannot_be_asked())).order_by(_table.c.connection)
    if connection_ids is not None:
        query = query.where(one_of(_table.c.connection, connection_ids))
    with reading(db) as connection:
        rows = connection.execute(query.where(_table.c.failing_since <= now(connection) - for_s)).all()
    return tuple(_read(row) for row in rows)


def differences(db: Engine, connection_id: str) -> tuple[KeptDifference, ...]:
    """Return what did not agree in a connection's last comparison, the longest standing first."""
    query = select(_differences).where(_differences.c.connection == connection_id)
    with reading(db) as connection:
        return _kept(connection, query.order_by(_differences.c.first_seen, _differences.c.key))


def unasked(
    db: Engine, connection_ids: Collection[str] | None, kinds: Collection[DifferenceKind], *, limit: int
) -> tuple[KeptDifference, ...]:
    """Differences of these kinds, the longest standing first, of whose hand-overs no question waits for an answer.

    That a debtor may be claimed twice waits for no other question.
    """
    follow_ups = tables.follow_ups
    asking = (
        select(follow_ups.c.id)
        .where(follow_ups.c.hand_over == _differences.c.hand_over)
        .where((follow_ups.c.state == FollowUpState.ASKING) | follow_ups.c.asked_at.is_not(None))
        .exists()
    )
    claimed_twice = _differences.c.kind == DifferenceKind.SEVERAL_CASES
    query = select(_differences).where(_differences.c.kind.in_(kinds), claimed_twice | ~asking)
    if connection_ids is not None:
        query = query.where(one_of(_differences.c.connection, connection_ids))
    with reading(db) as connection:
        return _kept(connection, query.order_by(_differences.c.first_seen, _differences.c.key).limit(limit))


@dataclass(frozen=True)
class Tally:
    """How many differences of one kind stand in a connection, and when the oldest and the latest were first seen."""

    connection: str
    count: int
    oldest: float
    latest: float


def tallies(db: Engine, connection_ids: Collection[str] | None, kind: DifferenceKind) -> tuple[Tally, ...]:
    """The differences of one kind, of each of these connections, or of all, that has any."""
    seen = _differences.c.first_seen
    columns = (_differences.c.connection, func.count().label("n"), func.min(seen).label("a"), func.max(seen).label("z"))
    query = select(*columns).where(_differences.c.kind == kind).group_by(_differences.c.connection)
    if connection_ids is not None:
        query = query.where(one_of(_differences.c.connection, connection_ids))
    with reading(db) as connection:
        rows = connection.execute(query.order_by(_differences.c.connection)).all()
    return tuple(Tally(row.connection, row.n, row.a, row.z) for row in rows)


def counts(db: Engine) -> dict[str, int]:
    """Return how many differences of each kind stand, in all connections together."""
    query = select(_differences.c.kind, func.count().label("n")).group_by(_differences.c.kind)
    with reading(db) as connection:
        return {row.kind: row.n for row in connection.execute(query).all()}


def _kept(connection: Connection, query: Any) -> tuple[KeptDifference, ...]:
    return tuple(
        KeptDifference(row.connection, Difference.model_validate_json(row.difference), row.first_seen)
        for row in connection.execute(query).all()
    )


def _read(row: Row[Any]) -> StoredComparison:
    return StoredComparison(
        connection=row.connection,
        due_at=row.due_at,
        turn=row.turn,
        asked_by=row.asked_by,
        tries=row.tries,
        compared_at=row.compared_at,
        cases=row.cases,
        failing_since=row.failing_since,
        failed_at=row.failed_at,
        failure=row.failure,
    )
