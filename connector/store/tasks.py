"""What people did about tasks: whose they are, what was skipped and why. An append-only record, and its readings.

A task itself is not stored: it is gathered from what stands in the other tables, and is gone when that is gone.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, insert, select, update
from sqlalchemy.sql import ColumnElement

from connector.domain.hand_over import (
    WAITS_FOR_AMILI_KEY,
    WAITS_FOR_KEY,
    WAITS_WHILE_PAUSED,
    HandOverState,
    WriteBackState,
)
from connector.domain.task import TaskAct
from connector.store import resting, tables, transitions
from connector.store.database import now, reading
from connector.store.hand_over_record import HandOver, from_row
from connector.store.lists import one_of
from connector.store.timeline import record
from connector.store.transitions import Move

_acts = tables.task_acts
_hand_overs = tables.hand_overs
_UNOWNED = {"owner": None, "deadline": None, "free_at": None}
_MOST_SKIPPED = 500


@dataclass(frozen=True)
class Act:
    """One thing a person did about a task. `mark` is the task's substance as they saw it; `at` an instant."""

    task: str
    connection: str
    at: float
    actor: str
    act: TaskAct
    assignee: str
    reason: str
    mark: str


@dataclass(frozen=True)
class Decided:
    """What people last decided about the tasks, by task: who is to do it ("" for no one), and what is skipped."""

    owners: dict[str, str]
    skips: dict[str, Act]


def decided(db: Engine, connection_ids: Collection[str] | None) -> Decided:
    """The last decisions about the tasks of these connections, or of all."""
    with reading(db) as connection:
        owners = _last(connection, connection_ids, (TaskAct.ASSIGNED,))
        turns = _last(connection, connection_ids, (TaskAct.SKIPPED, TaskAct.REOPENED))
    return Decided(
        owners={one.task: one.assignee for one in owners},
        skips={one.task: one for one in turns if one.act is TaskAct.SKIPPED},
    )


def _last(connection: Connection, connection_ids: Collection[str] | None, acts: tuple[TaskAct, ...]) -> tuple[Act, ...]:
    newest = select(func.max(_acts.c.id)).where(_acts.c.act.in_(acts)).group_by(_acts.c.task)
    if connection_ids is not None:
        newest = newest.where(one_of(_acts.c.connection, connection_ids))
    rows = connection.execute(select(_acts).where(_acts.c.id.in_(newest)).order_by(_acts.c.id)).all()
    return tuple(_read(row) for row in rows)


def of_task(db: Engine, task: str) -> tuple[Act, ...]:
    """Everything people did about one task, oldest first."""
    with reading(db) as connection:
        rows = connection.execute(select(_acts).where(_acts.c.task == task).order_by(_acts.c.id)).all()
    return tuple(_read(row) for row in rows)


def assign(db: Engine, task: str, connection_id: str, *, to: str, by: str) -> None:
    """Note whose task it is from now on; "" is no one's."""
    with db.begin() as connection:
        _note(connection, task, connection_id, by, TaskAct.ASSIGNED, assignee=to)


def skip(db: Engine, task: str, connection_id: str, *, by: str, reason: str, mark: str) -> None:
    """Note that a task is skipped as long as its substance is `mark`, and why."""
    with db.begin() as connection:
        _note(connection, task, connection_id, by, TaskAct.SKIPPED, reason=reason, mark=mark)


def reopen(db: Engine, task: str, connection_id: str, *, by: str) -> None:
    """Note that a skipped task waits again."""
    with db.begin() as connection:
        _note(connection, task, connection_id, by, TaskAct.REOPENED)


def decline(db: Engine, hand_over: HandOver, task: str, *, by: str, reason: str, mark: str) -> bool:
    """A person decides that a blocked invoice is not sent, and why; False if its hand-over has moved on."""
    with db.begin() as connection:
        if not _moved(connection, hand_over, transitions.DECLINE, declined_by=by):
            return False
        record(connection, hand_over.id, actor=by, event="declined", reason=reason)
        _note(connection, task, hand_over.connection, by, TaskAct.SKIPPED, reason=reason, mark=mark)
        return True


def take_up(db: Engine, hand_over: HandOver, task: str, *, by: str) -> bool:
    """Take up again an invoice that a person declined; False if its hand-over has moved on."""
    with db.begin() as connection:
        if not _moved(connection, hand_over, transitions.TAKE_UP):
            return False
        record(connection, hand_over.id, actor=by, event="taken_up")
        _note(connection, task, hand_over.connection, by, TaskAct.REOPENED)
        return True


def _moved(connection: Connection, hand_over: HandOver, move: Move, **more: str) -> bool:
    # A worker that is still writing the block into the ledger loses its lease, as when the invoice is asked for again;
    # what was decided is then told instead.
    changed = connection.execute(
        update(_hand_overs)
        .where(_hand_overs.c.id == hand_over.id, _hand_overs.c.submission == hand_over.submission)
        .where(move.may_begin())
        .values(
            **move.values(),
            **more,
            write_back=WriteBackState.PENDING,
            updated_at=now(connection),
            **_UNOWNED,
        )
    )
    return bool(changed.rowcount)


def _note(
    connection: Connection,
    task: str,
    connection_id: str,
    by: str,
    act: TaskAct,
    *,
    assignee: str = "",
    reason: str = "",
    mark: str = "",
) -> None:
    connection.execute(
        insert(_acts).values(
            task=task,
            connection=connection_id,
            at=now(connection),
            actor=by,
            act=act,
            assignee=assignee,
            reason=reason,
            mark=mark,
        )
    )


def blocked(
    db: Engine, connection_ids: Collection[str] | None, declined: Collection[str], *, limit: int
) -> tuple[HandOver, ...]:
    """Blocked hand-overs, oldest request first; and those with these ids that a person declined."""
    stopped = _hand_overs.c.state == HandOverState.BLOCKED
    put_aside = (_hand_overs.c.state == HandOverState.SKIPPED) & one_of(
        _hand_overs.c.id, list(declined)[-_MOST_SKIPPED:]
    )
    return _found(db, connection_ids, stopped | put_aside, limit=limit)


def with_remarks(db: Engine, connection_ids: Collection[str] | None, *, limit: int) -> tuple[HandOver, ...]:
    """Hand-overs with a case on which warnings stand, oldest request first."""
    at_amili = _hand_overs.c.state.in_((HandOverState.REGISTERED, HandOverState.DONE))
    return _found(db, connection_ids, at_amili & _hand_overs.c.warned.is_(True), limit=limit)


def of_unknown_outcome(
    db: Engine, connection_ids: Collection[str] | None, *, for_s: float, limit: int
) -> tuple[HandOver, ...]:
    """Hand-overs asked for at least `for_s` seconds ago of which it is not known whether they reached Amili."""
    doubtful = _hand_overs.c.state.in_((HandOverState.REGISTERING, HandOverState.UNKNOWN))
    return _found(db, connection_ids, doubtful, for_s=for_s, limit=limit)


def waiting_for_case(
    db: Engine, connection_ids: Collection[str] | None, *, for_s: float, limit: int
) -> tuple[HandOver, ...]:
    """Hand-overs whose case a person has to ask Amili about, while it is still looked for.

    A registration of theirs was taken `for_s` seconds ago or earlier, or as many were posted as may be.
    """
    with reading(db) as connection:
        long_ago = _hand_overs.c.taken_at <= now(connection) - for_s
    looked_for = _hand_overs.c.state.in_((HandOverState.REQUESTED, HandOverState.UNKNOWN, HandOverState.TAKEN))
    spent = _hand_overs.c.posts >= _hand_overs.c.posts_allowed
    return _found(db, connection_ids, looked_for & (long_ago | spent), limit=limit)


def delayed(db: Engine, connection_ids: Collection[str] | None, *, for_s: float, limit: int) -> tuple[HandOver, ...]:
    """Hand-overs asked for at least `for_s` seconds ago that wait for neither a key nor their company to go on."""
    waiting = _hand_overs.c.state.in_((HandOverState.REQUESTED, HandOverState.REGISTERED))
    other = _hand_overs.c.waiting_for.not_in((WAITS_FOR_KEY, WAITS_FOR_AMILI_KEY, WAITS_WHILE_PAUSED))
    return _found(db, connection_ids, waiting & other, for_s=for_s, limit=limit)


def _found(
    db: Engine,
    connection_ids: Collection[str] | None,
    condition: ColumnElement[bool],
    *,
    limit: int,
    for_s: float | None = None,
) -> tuple[HandOver, ...]:
    present = _hand_overs.c.connection.not_in(resting.disconnected())
    query = select(_hand_overs).where(condition, present)
    query = query.order_by(_hand_overs.c.asked_at, _hand_overs.c.id).limit(limit)
    if connection_ids is not None:
        query = query.where(one_of(_hand_overs.c.connection, connection_ids))
    with reading(db) as connection:
        if for_s is not None:
            query = query.where(_hand_overs.c.asked_at <= now(connection) - for_s)
        return tuple(from_row(row) for row in connection.execute(query).all())


def _read(row: Row[Any]) -> Act:
    return Act(
        task=row.task,
        connection=row.connection,
        at=row.at,
        actor=row.actor,
        act=TaskAct(row.act),
        assignee=row.assignee,
        reason=row.reason,
        mark=row.mark,
    )
