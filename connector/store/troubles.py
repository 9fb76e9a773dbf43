"""Steps of the durable work that fail: one row while a step fails, gone with its first success.

Only what failed is kept, with its status: never what the other side said, which may name people.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Row, delete, func, or_, select

from connector.store import tables, upserts
from connector.store.database import now, reading, single_statement
from connector.store.lists import one_of

_table = tables.troubles


@dataclass(frozen=True)
class Failing:
    """What failed in a step: who spoke, what was tried of it, the HTTP status if one came.

    `refused` says that Amili refused it in its own form.
    """

    system: str
    operation: str
    status: int | None
    refused: bool


@dataclass(frozen=True)
class Trouble:
    """A step that fails for one subject. `age_s` is for how long on end, `since` the instant of the first failure.

    It is about a hand-over, a connection, or every connection of a key pair (`access`); "" where it is not.
    """

    step: str
    subject: str
    connection: str
    access: str
    hand_over: str
    failing: Failing
    since: float
    age_s: float


def note(
    db: Engine,
    step: str,
    subject: str,
    failing: Failing,
    *,
    connection: str = "",
    access: str = "",
    hand_over: str = "",
) -> None:
    """Note that a step failed for a subject. It has been failing since the first time, whatever it failed of."""
    with single_statement(db) as opened:
        at = now(opened)
        values: dict[str, Any] = {
            "system": failing.system,
            "operation": failing.operation,
            "status": failing.status,
            "refused": failing.refused,
            "seen_at": at,
        }
        first = {"connection": connection, "access": access, "hand_over": hand_over, "since": at}
        upserts.put(opened, _table, first=first, step=step, subject=subject, **values)


def over(db: Engine, step: str, subject: str, *, but_for: Collection[str] = ()) -> None:
    """Note that a step did not fail for a subject, but for these operations. Writes only where it had."""
    known = _table.c.step == step, _table.c.subject == subject, ~one_of(_table.c.operation, but_for)
    with reading(db) as opened:
        if opened.execute(select(_table.c.step).where(*known)).first() is None:
            return
    with db.begin() as opened:
        opened.execute(delete(_table).where(*known))


def forget(db: Engine, *, untried_for_s: float) -> None:
    """Forget what failed for the last time so long ago: what it was done for has ended by itself, or was dropped."""
    with db.begin() as opened:
        opened.execute(delete(_table).where(_table.c.seen_at < now(opened) - untried_for_s))


def every(db: Engine, connection_ids: Collection[str] | None = None) -> tuple[Trouble, ...]:
    """Return what fails now for these connections or their key pairs, or for all; the longest first."""
    with reading(db) as opened:
        query = select(_table, (now(opened) - _table.c.since).label("age_s")).order_by(_table.c.since, _table.c.subject)
        if connection_ids is not None:
            known = tables.connections
            accesses = select(known.c.amili_access).where(one_of(known.c.id, connection_ids))
            query = query.where(or_(one_of(_table.c.connection, connection_ids), _table.c.access.in_(accesses)))
        return tuple(_read(row) for row in opened.execute(query).all())


def oldest_s(db: Engine) -> float:
    """For how many seconds what fails the longest has failed; 0 when nothing does."""
    with reading(db) as opened:
        return max(float(opened.execute(select(now(opened) - func.min(_table.c.since))).scalar() or 0.0), 0.0)


def counts(db: Engine) -> dict[str, int]:
    """For how many subjects each step fails now."""
    query = select(_table.c.step, func.count().label("n")).group_by(_table.c.step).order_by(_table.c.step)
    with reading(db) as opened:
        return {row.step: row.n for row in opened.execute(query).all()}


def _read(row: Row[Any]) -> Trouble:
    return Trouble(
        step=row.step,
        subject=row.subject,
        connection=row.connection,
        access=row.access,
        hand_over=row.hand_over,
        failing=Failing(row.system, row.operation, row.status, bool(row.refused)),
        since=row.since,
        age_s=max(float(row.age_s), 0.0),
    )
