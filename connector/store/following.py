"""Following handed-over invoices in their ledgers: how each stood when last seen, and how far changes were read.

Whether something changed is recognised by values, and whether someone else was first by a version: how a value is
written differs from release to release.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Engine, select, update

from connector.domain.hand_over import HandOverState
from connector.domain.invoice import Standing, StandingKind
from connector.store import tables
from connector.store.database import reading
from connector.store.follow_ups import ask_for_look
from connector.store.lists import one_of
from connector.store.timeline import WORKER, record

_table = tables.hand_overs


class Followed(Protocol):
    """What following needs to know of a hand-over."""

    @property
    def id(self) -> str:
        """The hand-over's id."""

    @property
    def invoice_id(self) -> str:
        """The ledger's id of its invoice."""

    @property
    def standing(self) -> Standing | None:
        """Return how the invoice stood when it was last seen; None if it never was."""

    @property
    def standing_version(self) -> int:
        """Return how often that has been kept: the process that keeps it next must have seen this one."""


@dataclass(frozen=True, slots=True)
class _Followed:
    id: str
    invoice_id: str
    standing: Standing | None
    standing_version: int


def standing_values(standing: Standing) -> dict[str, Any]:
    """Return how an invoice stands, as the columns of its hand-over that tell it; with a version of its own."""
    return {
        "standing": standing,
        "standing_kind": standing.kind,
        "standing_version": _table.c.standing_version + 1,
    }


def handed_over(db: Engine, connection_id: str, invoice_ids: Collection[str]) -> tuple[Followed, ...]:
    """Those hand-overs of these invoices that are, or may be, at Amili."""
    return _found(db, connection_id, one_of(_table.c.invoice_id, invoice_ids))


def all_handed_over(db: Engine, connection_id: str) -> tuple[Followed, ...]:
    """Every hand-over of a connection that is, or may be, at Amili."""
    return _found(db, connection_id)


def _found(db: Engine, connection_id: str, *conditions: ColumnElement[bool]) -> tuple[Followed, ...]:
    under_way = _table.c.state.in_((HandOverState.REGISTERING, HandOverState.UNKNOWN, HandOverState.TAKEN))
    ended = _table.c.state.in_((HandOverState.WITHDRAWN, HandOverState.LEFT))
    is_followed = (_table.c.case_id.is_not(None) | under_way) & ~ended
    columns = (_table.c.id, _table.c.invoice_id, _table.c.standing, _table.c.standing_version)
    query = select(*columns).where(_table.c.connection == connection_id, is_followed, *conditions)
    with reading(db) as connection:
        return tuple(
            _Followed(
                row.id,
                row.invoice_id,
                row.standing,
                row.standing_version,
            )
            for row in connection.execute(query)
        )


def note(db: Engine, hand_over: Followed, standing: Standing) -> bool:
    """Keep how an invoice stands; if that is news, with an event and a look at what happened asked for.

    False if it is no news, or someone else was first.
    """
    before = hand_over.standing
    if standing == before:
        return False
    with db.begin() as connection:
        changed = connection.execute(
            update(_table)
            .where(_table.c.id == hand_over.id, _table.c.standing_version == hand_over.standing_version)
            .values(standing_values(standing))
        )
        if not changed.rowcount or not _is_news(before, standing):
            return False
        # In the same step as the news, so that no crash between the two loses it.
        ask_for_look(connection, hand_over.id)
        record(
            connection,
            hand_over.id,
            actor=WORKER,
            event="ledger_changed",
            standing=standing.kind,
            **({} if standing.unreadable else {"balance": standing.balance}),
        )
        return True


def _is_news(before: Standing | None, standing: Standing) -> bool:
    """An invoice seen for the first time is news only where it surely stood otherwise when it was handed over."""
    return before is not None or standing.kind is not StandingKind.OPEN


def cursor(db: Engine, connection_id: str) -> str:
    """Return how far the changes of a connection's ledger have been followed; "" before the first time."""
    table = tables.connections
    with reading(db) as connection:
        return str(connection.execute(select(table.c.changes_cursor).where(table.c.id == connection_id)).scalar_one())


def move_cursor(db: Engine, connection_id: str, *, before: str, after: str) -> bool:
    """Note that changes have been followed up to `after`; False if someone else has moved on meanwhile."""
    table = tables.connections
    with db.begin() as connection:
        moved = connection.execute(
            update(table)
            .where(table.c.id == connection_id, table.c.changes_cursor == before)
            .values(changes_cursor=after)
        )
        return bool(moved.rowcount)
