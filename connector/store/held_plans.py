"""The plans of rules that wait for a person: the latest of each connection, until someone answers it.

What was proposed is kept to be shown and chosen from; each invoice is read again before it is sent.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Engine, Row, delete, insert, select

from connector.domain.plan import Brake, Proposed
from connector.store import tables
from connector.store.database import now, reading
from connector.store.lists import one_of

_table = tables.held_plans
_PROPOSED = TypeAdapter(tuple[Proposed, ...])


@dataclass(frozen=True)
class HeldPlan:
    """A plan that waits, and why. Instants are seconds since the epoch.

    `held_since` is when the connection's plans began to wait; `grown_at` is when an invoice was last proposed that the
    plan before did not hold; `made_by` is who made this one.
    """

    connection: str
    id: str
    held_since: float
    grown_at: float
    made_at: float
    made_by: str
    brakes: tuple[Brake, ...]
    proposed: tuple[Proposed, ...]


def hold(db: Engine, connection_id: str, proposed: Sequence[Proposed], brakes: Sequence[Brake], *, by: str) -> HeldPlan:
    """Let a plan wait, in place of the one that waited before; it keeps that one's id if it proposes the same."""
    with db.begin() as connection:
        connection.execute(
            # Two plans made at once replace each other, and do not clash.
            select(tables.connections.c.id).where(tables.connections.c.id == connection_id).with_for_update()
        )
        at = float(connection.execute(select(now(connection))).scalar_one())
        made = HeldPlan(
            connection=connection_id,
            id=uuid.uuid4().hex,
            held_since=at,
            grown_at=at,
            made_at=at,
            made_by=by,
            brakes=tuple(brakes),
            proposed=tuple(proposed),
        )
        before = _of(connection, connection_id)
        held = _in_place_of(before, made) if before else made
        connection.execute(delete(_table).where(_table.c.connection == connection_id))
        connection.execute(insert(_table).values(_values(held)))
    return held


def _in_place_of(before: HeldPlan, made: HeldPlan) -> HeldPlan:
    known = {one.invoice_id for one in before.proposed}
    is_same = (before.proposed, before.brakes) == (made.proposed, made.brakes)
    return replace(
        made,
        id=before.id if is_same else made.id,
        held_since=before.held_since,
        grown_at=before.grown_at if known.issuperset(one.invoice_id for one in made.proposed) else made.grown_at,
    )


def get(db: Engine, connection_id: str) -> HeldPlan | None:
    """The plan of a connection that waits, if one does."""
    with reading(db) as connection:
        return _of(connection, connection_id)


def every(db: Engine, connection_ids: Collection[str] | None) -> tuple[HeldPlan, ...]:
    """The plans of these connections, or of all, that wait."""
    query = select(_table).order_by(_table.c.connection)
    if connection_ids is not None:
        query = query.where(one_of(_table.c.connection, connection_ids))
    with reading(db) as connection:
        return tuple(_read(row) for row in connection.execute(query).all())


def answer(db: Engine, held: HeldPlan) -> bool:
    """Let a plan wait no longer; False if another has taken its place or someone else has answered it."""
    with db.begin() as connection:
        answered = connection.execute(
            delete(_table).where(_table.c.connection == held.connection, _table.c.id == held.id)
        )
        return bool(answered.rowcount)


def forget(db: Engine, connection_id: str) -> None:
    """Let no plan of a connection wait any longer: a later one went, or came to nothing."""
    with db.begin() as connection:
        connection.execute(delete(_table).where(_table.c.connection == connection_id))


def _of(connection: Connection, connection_id: str) -> HeldPlan | None:
    row = connection.execute(select(_table).where(_table.c.connection == connection_id)).one_or_none()
    return _read(row) if row else None


def _values(held: HeldPlan) -> dict[str, Any]:
    return {
        "connection": held.connection,
        "id": held.id,
        "held_since": held.held_since,
        "grown_at": held.grown_at,
        "made_at": held.made_at,
        "made_by": held.made_by,
        "brakes": json.dumps(held.brakes),
        "proposed": _PROPOSED.dump_json(held.proposed).decode(),
    }


def _read(row: Row[Any]) -> HeldPlan:
    return HeldPlan(
        connection=row.connection,
        id=row.id,
        held_since=row.held_since,
        grown_at=row.grown_at,
        made_at=row.made_at,
        made_by=row.made_by,
        brakes=tuple(Brake(one) for one in json.loads(row.brakes)),
        proposed=_PROPOSED.validate_json(row.proposed),
    )
