"""Work beside the hand-overs: one row for each piece, until it has ended, or for as long as it comes round.

A row is taken by a process that is entered in `executors`, and no one else takes it while that one lives; nothing is
renewed meanwhile. Every piece is safe to repeat: one that a process left behind, or that two were at for a moment,
costs time and nothing else.

A row is asked for under a number: a higher one takes the place of what waits, and what is under way is then done once
more. The same number again changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, and_, bindparam, case, delete, func, select, update

from connector.store import tables, upserts
from connector.store.database import CLOCKS_DIFFER_S, now, reading, single_statement
from connector.store.lists import one_of

_table = tables.jobs
_IS_THIS = and_(
    _table.c.kind == bindparam("of_kind"),
    _table.c.partition == bindparam("of_partition"),
    _table.c.key == bindparam("of_key"),
)


class Lane(StrEnum):
    """Where a piece of work waits, so that one sort never waits behind another."""

    PEOPLE = "people"
    """What a person waits for."""
    BACKGROUND = "background"
    FAILING = "failing"
    """What held a place for long and came to nothing, as a ledger that hangs does."""


@dataclass(frozen=True)
class Entry:
    """A piece of work to enter: of `kind`, for `partition` (a company, an access, or "" for all), on `key`.

    `payload` is JSON; it is due `after_s` seconds from now.
    """

    kind: str
    partition: str
    key: str = ""
    number: int = 0
    payload: str = ""
    lane: Lane = Lane.BACKGROUND
    after_s: float = 0.0


@dataclass(frozen=True)
class Claimed:
    """A piece of work that this process has taken.

    `tries` have failed on end, and `unchanged_s` is for how long nothing has been found to have changed.
    """

    kind: str
    partition: str
    key: str
    number: int
    payload: str
    lane: Lane
    tries: int
    unchanged_s: float

    @property
    def id(self) -> tuple[str, str, str]:
        """Return which row it is."""
        return self.kind, self.partition, self.key


@dataclass(frozen=True)
class Ended:
    """What became of a piece of work: over for good, or due again `again_after_s` from now, in `lane`.

    `tries` is how many have failed on end now; `changed` says that something was found to have changed.
    """

    claimed: Claimed
    again_after_s: float | None = None
    lane: Lane = Lane.BACKGROUND
    tries: int = 0
    changed: bool = False


@dataclass(frozen=True)
class Wanted:
    """How many pieces a process can begin, of which lanes: as many of a lane as `places` says, in this order.

    `most_of_one` of a partition are worked on at once; `running` is how many of each are already.
    """

    places: Mapping[Lane, int]
    most_of_one: int
    running: Mapping[str, int]


def submit(db: Engine, entry: Entry) -> bool:
    """Enter a piece of work; False if one of this number, or a higher, waits or is under way."""
    with single_statement(db) as connection:
        at = now(connection)
        return upserts.put(
            connection,
            _table,
            only_if=_table.c.number < entry.number,
            first={"changed_at": at},
            kind=entry.kind,
            partition=entry.partition,
            key=entry.key,
            number=entry.number,
            payload=entry.payload,
            lane=entry.lane,
            due_at=at + entry.after_s,
            tries=0,
        )


def enter_all(db: Engine, entries: Sequence[Entry]) -> None:
    """Enter pieces of work that are not entered yet."""
    if not entries:
        return
    with db.begin() as connection:
        at = _instant(connection)
        rows = [
            {
                "kind": one.kind,
                "partition": one.partition,
                "key": one.key,
                "number": one.number,
                "payload": one.payload,
                "lane": one.lane,
                "due_at": at + one.after_s,
                "tries": 0,
                "changed_at": at,
            }
            for one in entries
        ]
        upserts.enter_all(connection, _table, rows)


def wait_s(db: Engine) -> float | None:
    """Return in how many seconds the next piece of work is due, 0 or less if one is; None if nothing waits."""
    with reading(db) as connection:
        earliest = [
            select(func.min(_table.c.due_at)).where(_table.c.owner.is_(None), _table.c.lane == lane).scalar_subquery()
            for lane in Lane
        ]
        *found, at = connection.execute(select(*earliest, now(connection))).one()
    due = [float(one) for one in found if one is not None]
    return min(due) - float(at) if due else None


def turn(db: Engine, owner: str, ended: Sequence[Ended], wanted: Wanted) -> tuple[Claimed, ...]:
    """Note what has ended, and take what is due; both in one transaction."""
    with db.begin() as connection:
        _settle(connection, owner, ended)
        return _claim(connection, owner, wanted)


def _settle(connection: Connection, owner: str, ended: Sequence[Ended]) -> None:
    if not ended:
        return
    mine = _IS_THIS, _table.c.owner == owner
    as_taken = _table.c.number == bindparam("of_number")
    if over := [_named(one.claimed) for one in ended if one.again_after_s is None]:
        connection.execute(delete(_table).where(*mine, as_taken), over)
    at = _instant(connection)
    again = [_again(one, at) for one in ended if one.again_after_s is not None]
    if again:
        connection.execute(
            update(_table)
            .where(*mine, as_taken)
            .values(
                owner=None,
                due_at=bindparam("to_due_at"),
                lane=bindparam("to_lane"),
                tries=bindparam("to_tries"),
                changed_at=case((bindparam("to_changed"), at), else_=_table.c.changed_at),
            ),
            again,
        )
    # What was asked for once more meanwhile is due when that said.
    connection.execute(update(_table).where(*mine).values(owner=None), [_named(one.claimed) for one in ended])


def _again(one: Ended, at: float) -> dict[str, Any]:
    later = {"to_due_at": at + (one.again_after_s or 0.0), "to_lane": one.lane, "to_tries": one.tries}
    return _named(one.claimed) | later | {"to_changed": one.changed}


def _named(claimed: Claimed) -> dict[str, Any]:
    kind, partition, key = claimed.id
    return {"of_kind": kind, "of_partition": partition, "of_key": key, "of_number": claimed.number}


def _claim(connection: Connection, owner: str, wanted: Wanted) -> tuple[Claimed, ...]:
    running = dict(wanted.running)
    taken: list[Claimed] = []
    for lane, all_places in wanted.places.items():
        places = all_places
        while places > 0:
            found = _due(connection, lane, places, [one for one, n in running.items() if n >= wanted.most_of_one])
            chosen = []
            for one in found:
                if running.get(one.partition, 0) < wanted.most_of_one:
                    running[one.partition] = running.get(one.partition, 0) + 1
                    chosen.append(one)
            if chosen:
                owned = update(_table).where(_IS_THIS).values(owner=owner)
                connection.execute(owned, [_named(one) for one in chosen])
            taken += chosen
            # Where all that was found fitted in and was less than there is room for, there is no more.
            if len(chosen) == len(found) < places or not found:
                break
            places -= len(chosen)
    return tuple(taken)


def _due(connection: Connection, lane: Lane, limit: int, full: Collection[str]) -> list[Claimed]:
    unchanged_s = (now(connection) - _table.c.changed_at).label("unchanged_s")
    query = (
        select(_table, unchanged_s)
        .where(_table.c.owner.is_(None), _table.c.lane == lane, _table.c.due_at <= now(connection))
        .order_by(_table.c.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    if full:
        query = query.where(~one_of(_table.c.partition, full))
    return [
        Claimed(
            kind=row.kind,
            partition=row.partition,
            key=row.key,
            number=row.number,
            payload=row.payload,
            lane=Lane(row.lane),
            tries=row.tries,
            unchanged_s=float(row.unchanged_s),
        )
        for row in connection.execute(query).all()
    ]


def missing(db: Engine, kind: str, whom: Select[str]) -> tuple[str, ...]:
    """Those of `whom` for whom there is no piece of this kind."""
    wanted = whom.subquery()
    entered = select(_table.c.kind).where(_table.c.kind == kind, _table.c.partition == wanted.c[0], _table.c.key == "")
    with reading(db) as connection:
        return tuple(connection.execute(select(wanted.c[0]).where(~entered.exists())).scalars())


def is_entered(
    kind: str,
    *,
    partition: ColumnElement[Any],
    number: ColumnElement[Any],
    key: ColumnElement[Any] | None = None,
) -> ColumnElement[bool]:
    """That a piece of work of this number, or a higher, waits or is under way, as a condition on another table."""
    this = _table.c.kind == kind, _table.c.partition == partition, _table.c.key == ("" if key is None else key)
    return select(_table.c.kind).where(*this, _table.c.number >= number).exists()


def drop_others(db: Engine, kind: str, whom: Select[str]) -> int:
    """Remove the pieces of this kind that wait for others than `whom`; gives how many."""
    others = _table.c.kind == kind, _table.c.owner.is_(None), _table.c.partition.not_in(whom)
    with reading(db) as connection:
        if connection.execute(select(_table.c.kind).where(*others).limit(1)).first() is None:
            return 0
    with single_statement(db) as connection:
        return connection.execute(delete(_table).where(*others)).rowcount


def count(db: Engine, kind: str) -> int:
    """Return how many pieces of a kind wait or are under way."""
    with reading(db) as connection:
        return int(connection.execute(select(func.count()).where(_table.c.kind == kind)).scalar_one())


def overdue(db: Engine, kind: str, *, for_s: float = 0.0) -> tuple[str, ...]:
    """The partitions of which a piece of this kind has been due for so long, and no one is at it."""
    waits = _table.c.kind == kind, _table.c.owner.is_(None)
    with reading(db) as connection:
        query = select(_table.c.partition).where(*waits, _table.c.due_at <= now(connection) - for_s)
        return tuple(connection.execute(query).scalars())


def put_off(db: Engine, kind: str, after_s: Mapping[str, float]) -> None:
    """Let the pieces of this kind that are due be due so many seconds from now instead, by partition."""
    if not after_s:
        return
    with db.begin() as connection:
        at = _instant(connection)
        due = _table.c.kind == kind, _table.c.partition == bindparam("of_partition"), _table.c.due_at <= at
        later = [{"of_partition": whose, "to_due_at": at + seconds} for whose, seconds in after_s.items()]
        connection.execute(
            update(_table).where(*due, _table.c.owner.is_(None)).values(due_at=bindparam("to_due_at")), later
        )


def bring_forward(
    db: Engine, kind: str, whom: Select[str] | Collection[str], *, within_s: float, changed: bool = False
) -> int:
    """Let the pieces of this kind of these partitions be due `within_s` at the latest; gives how many were later.

    One that is under way is made once more. `changed` says that something is known to have changed.
    """
    of_these = _table.c.partition.in_(whom) if isinstance(whom, Select) else one_of(_table.c.partition, whom)

    def wanted(connection: Connection) -> tuple[ColumnElement[bool], ...]:
        later = _table.c.due_at > now(connection) + within_s
        return _table.c.kind == kind, of_these, later | _table.c.owner.is_not(None)

    with reading(db) as connection:
        if connection.execute(select(_table.c.kind).where(*wanted(connection)).limit(1)).first() is None:
            return 0
    with single_statement(db) as connection:
        values: dict[str, Any] = {"due_at": now(connection) + within_s, "number": _table.c.number + 1}
        if changed:
            values["changed_at"] = now(connection)
        return connection.execute(update(_table).where(*wanted(connection)).values(values)).rowcount


def end_pauses_of_the_future(db: Engine, kind: str, *, longest_s: float) -> int:
    """Let go on what is due later than anything of this kind can be; gives how many.

    The clock has been put back, or rounds are to be shorter than they were.
    """

    def wrong(connection: Connection) -> tuple[ColumnElement[bool], ...]:
        waits = _table.c.kind == kind, _table.c.owner.is_(None)
        return *waits, _table.c.due_at > now(connection) + longest_s + CLOCKS_DIFFER_S

    with reading(db) as connection:
        if connection.execute(select(_table.c.kind).where(*wrong(connection)).limit(1)).first() is None:
            return 0
    with single_statement(db) as connection:
        return connection.execute(update(_table).where(*wrong(connection)).values(due_at=now(connection))).rowcount


def release(db: Engine, owner: str, running: Collection[tuple[str, str, str]]) -> int:
    """Give back what processes that are entered no more had taken, and what this one has and does not run; how many."""
    owned = _table.c.owner.is_not(None)
    gone = _table.c.owner.not_in(select(tables.executors.c.id))
    with reading(db) as connection:
        rows = connection.execute(
            select(_table.c.kind, _table.c.partition, _table.c.key, _table.c.owner).where(
                owned, gone | (_table.c.owner == owner)
            )
        ).all()
    left = [
        {"of_kind": row.kind, "of_partition": row.partition, "of_key": row.key, "of_owner": row.owner}
        for row in rows
        if row.owner != owner or (row.kind, row.partition, row.key) not in running
    ]
    if left:
        with db.begin() as connection:
            same = _IS_THIS, _table.c.owner == bindparam("of_owner")
            connection.execute(update(_table).where(*same).values(owner=None), left)
    return len(left)


def _instant(connection: Connection) -> float:
    return float(connection.execute(select(now(connection))).scalar_one())
