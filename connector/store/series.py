"""The series of a connection's hand-overs: going to Amili's other environment begins a new one.

What was handed over, or asked for, in the environment that is left stays on record in the state LEFT, whichever it had
before. Its generation is moved far below zero, so that the same invoices and debts begin again at 0, and are as unique
there as they were. Going back gives the generations and states back.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, insert, literal, select, update

from connector.domain.connection import Environment
from connector.domain.hand_over import HandOverState
from connector.store import ownership, tables, telling, transitions
from connector.store.database import now, reading

_STRIDE = 10_000
"""More generations than any invoice has in one series."""

_table = tables.hand_overs
_follow_ups = tables.follow_ups
_WITH_CASE = (HandOverState.REGISTERED, HandOverState.DONE)
_DOUBTFUL = (HandOverState.REGISTERING, HandOverState.UNKNOWN, HandOverState.TAKEN)


@dataclass(frozen=True)
class Standing:
    """What is in a connection's present series: open or closed `cases`, what is `in_doubt`, what waits or was stopped.

    `asked` are requests from which nothing has become at Amili: those that wait, and those that findings stopped.
    """

    cases: int
    withdrawn: int
    in_doubt: int
    asked: int


def standing(db: Engine, connection_id: str) -> Standing:
    """Return what a connection's present series holds."""
    with reading(db) as connection:
        return _standing(connection, connection_id)


def _standing(connection: Connection, connection_id: str) -> Standing:
    query = select(_table.c.state, func.count().label("n")).where(_table.c.connection == connection_id)
    rows = connection.execute(query.group_by(_table.c.state)).all()
    counts = {HandOverState(row.state): row.n for row in rows}
    asked = (HandOverState.REQUESTED, HandOverState.BLOCKED, HandOverState.SKIPPED)
    return Standing(
        cases=sum(counts.get(state, 0) for state in _WITH_CASE),
        withdrawn=counts.get(HandOverState.WITHDRAWN, 0),
        in_doubt=sum(counts.get(state, 0) for state in _DOUBTFUL),
        asked=sum(counts.get(state, 0) for state in asked),
    )


def anything_sent(connection: Connection, connection_id: str, environment: Environment) -> bool:
    """Return whether anything of a connection has, or may have, reached one of Amili's environments, within a
    transaction.
    """
    sent = _table.c.case_id.is_not(None) | (_table.c.posts > 0) | _table.c.attempted_at.is_not(None)
    query = select(_table.c.id).where(
        _table.c.connection == connection_id, _table.c.environment == environment, sent | _table.c.state.in_(_DOUBTFUL)
    )
    return connection.execute(query.limit(1)).first() is not None


def was_used(db: Engine, connection_id: str, environment: Environment) -> bool:
    """Return whether anything of a connection has, or may have, reached one of Amili's environments."""
    with reading(db) as connection:
        return anything_sent(connection, connection_id, environment)


def leave(connection: Connection, connection_id: str, *, by: str) -> Standing:
    """Leave everything of a connection's present series behind, within the caller's transaction; gives what that was.

    A worker that works on any of it has lost it: nothing more is sent. The ledger is updated, where it was told before.
    """
    before = _standing(connection, connection_id)
    mine = _table.c.connection == connection_id, _table.c.state != HandOverState.LEFT
    ids = select(_table.c.id).where(*mine)
    connection.execute(update(_follow_ups).where(_follow_ups.c.hand_over.in_(ids)).values(ownership.UNOWNED))
    _record(connection, connection_id, mine, by=by, event="left")
    connection.execute(
        update(_table)
        .where(*mine)
        .values(
            left_state=_table.c.state,
            **transitions.LEAVE.values(),
            generation=_table.c.generation - _STRIDE * _next_series(connection),
            submission=_table.c.submission + 1,
            **telling.told_again_where_it_knows(),
            follow_up_done=_table.c.follow_up_asked,
            follow_up_turn=_table.c.follow_up_turn + 1,
            updated_at=now(connection),
            **ownership.UNOWNED,
        )
    )
    _forget_what_follows(connection, connection_id)
    return before


def take_back(connection: Connection, connection_id: str, environment: Environment, *, by: str) -> int:
    """Give what was left behind in `environment` its states back, within the caller's transaction; gives how many.

    What only waited then stays behind: it is sent when someone asks again.
    """
    left = (
        _table.c.connection == connection_id,
        _table.c.state == HandOverState.LEFT,
        _table.c.environment == environment,
        _table.c.left_state.not_in((HandOverState.REQUESTED, "")),
    )
    lowest = connection.execute(select(func.min(_table.c.generation)).where(*left)).scalar()
    if lowest is None:
        return 0
    series = _series_of(int(lowest))
    mine = *left, _table.c.generation < -_STRIDE * (series - 1)
    _record(connection, connection_id, mine, by=by, event="taken_back")
    changed = connection.execute(
        update(_table)
        .where(*mine)
        .values(
            **transitions.returned(),
            generation=_table.c.generation + _STRIDE * series,
            submission=_table.c.submission + 1,
            **telling.told_again_where_it_knows(),
            follow_up_asked=_table.c.follow_up_asked + 1,
            updated_at=now(connection),
        )
    )
    _forget_what_follows(connection, connection_id)
    return changed.rowcount


def left_generation(connection: Connection, connection_id: str, invoice_id: str) -> int:
    """A generation for what is put on record as left behind only now, within the caller's transaction."""
    lowest = connection.execute(select(func.min(_table.c.generation))).scalar()
    first = -_STRIDE * max(_series_of(int(lowest or 0)), 1)
    highest = connection.execute(
        select(func.max(_table.c.generation)).where(
            _table.c.connection == connection_id,
            _table.c.invoice_id == invoice_id,
            _table.c.generation.between(first, first + _STRIDE - 1),
        )
    ).scalar()
    return first if highest is None else int(highest) + 1


def left_wishes(db: Engine, connection_id: str, invoice_id: str = "") -> frozenset[tuple[str, str]]:
    """The wishes in a connection's ledger that were left behind, answered or not: invoice and mark.

    Of one invoice if it is named.
    """
    query = select(_table.c.invoice_id, _table.c.wish_mark).where(
        _table.c.connection == connection_id, _table.c.state == HandOverState.LEFT, _table.c.wish_mark != ""
    )
    if invoice_id:
        query = query.where(_table.c.invoice_id == invoice_id)
    with reading(db) as connection:
        rows = connection.execute(query).all()
    return frozenset((row.invoice_id, row.wish_mark) for row in rows)


def _next_series(connection: Connection) -> int:
    lowest = connection.execute(select(func.min(_table.c.generation))).scalar()
    return _series_of(int(lowest or 0)) + 1


def _series_of(generation: int) -> int:
    """The number of the series that a generation was left with; 0 for the present one."""
    return -(generation // _STRIDE) if generation < 0 else 0


def _record(connection: Connection, connection_id: str, mine: tuple[Any, ...], *, by: str, event: str) -> None:
    timeline = tables.timeline
    row = select(
        _table.c.id, now(connection), literal(by), literal(event), literal(json.dumps({"connection": connection_id}))
    ).where(*mine)
    connection.execute(insert(timeline).from_select(["hand_over", "at", "actor", "event", "data"], row))


def _forget_what_follows(connection: Connection, connection_id: str) -> None:
    """Forget what was made of the series that has ended: a plan that waits, what differed, what failed."""
    for table in (tables.held_plans, tables.differences, tables.troubles):
        connection.execute(delete(table).where(table.c.connection == connection_id))
    connection.execute(
        update(tables.comparisons)
        .where(tables.comparisons.c.connection == connection_id)
        .values(compared_at=None, cases=None, failing_since=None, failed_at=None, failure="")
    )
