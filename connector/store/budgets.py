"""Budgets of requests in a sliding window, shared by all processes and machines.

One row holds a whole window, so that a budget is one short transaction and tidies itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, Row, select, update

from connector.store import tables, upserts
from connector.store.database import now, single_statement


@dataclass(frozen=True)
class Quota:
    """`limit` requests in any `window_s` seconds; background work leaves `reserved` of them to people."""

    limit: int
    window_s: float
    reserved: int


@dataclass(frozen=True)
class Turn:
    """What came of asking for a request: sent at `at` (seconds since the epoch), or to be asked again in `wait_s`."""

    at: float
    wait_s: float = 0.0


def take(db: Engine, name: str, quota: Quota, *, background: bool, at: float | None = None) -> Turn:
    """Count one request of the budget `name`, if there is room for it now; `wait_s` is 0 then.

    `at` is now, by the database's clock if it is not given.
    """
    while (turn := _take(db, name, quota, background=background, at=at)) is None:
        _enter(db, name)
    return turn


def block(db: Engine, name: str, *, for_s: float, at: float | None = None) -> None:
    """Let no one send a request of the budget `name` for `for_s` seconds: the other side asked for it."""
    _enter(db, name)
    table = tables.budgets
    with db.begin() as connection:
        row = _locked(connection, name)
        until = _instant(connection, at) + for_s
        if row is not None and until > row.blocked_until:
            connection.execute(update(table).where(table.c.name == name).values(blocked_until=until, blocked_for=for_s))


def _take(db: Engine, name: str, quota: Quota, *, background: bool, at: float | None) -> Turn | None:
    """As `take`, but None if the budget has no row yet."""
    table = tables.budgets
    with db.begin() as connection:
        row = _locked(connection, name)
        if row is None:
            return None
        instant = _instant(connection, at)
        # A clock that was set back must not let requests of the future hold everybody up.
        used = sorted(min(one, instant) for one in json.loads(row.used) if one > instant - quota.window_s)
        room = quota.limit - quota.reserved if background else quota.limit
        wait_s = max(min(row.blocked_until - instant, row.blocked_for), 0.0)
        if len(used) >= room:
            wait_s = max(wait_s, used[len(used) - room] + quota.window_s - instant)
        if not wait_s:
            used.append(instant)
        connection.execute(update(table).where(table.c.name == name).values(used=json.dumps(used)))
    return Turn(instant, wait_s)


def _enter(db: Engine, name: str) -> None:
    """See to it that the budget has its row."""
    with single_statement(db) as connection:
        upserts.enter(connection, tables.budgets, name=name, used="[]", blocked_until=0.0, blocked_for=0.0)


def _locked(connection: Connection, name: str) -> Row[tuple[str, str, float, float]] | None:
    """The budget's row, which no one else may change until the transaction ends; None if there is none."""
    table = tables.budgets
    return connection.execute(select(table).where(table.c.name == name).with_for_update()).one_or_none()


def _instant(connection: Connection, at: float | None) -> float:
    return float(connection.execute(select(now(connection))).scalar_one()) if at is None else at
