"""Connections that rest: their ledger or Amili lets us in no more, or people have paused or ended them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Engine, Select, and_, func, select

from connector.domain.connection import Environment
from connector.domain.hand_over import WAITS_FOR_AMILI_KEY, WAITS_FOR_KEY, WAITS_WHILE_PAUSED, HandOverState
from connector.store import ledger_keys, tables
from connector.store.database import reading
from connector.store.ledger_keys import LedgerKey

_connections = tables.connections
_access = tables.amili_access
_refusals = tables.access_refusals
_hand_overs = tables.hand_overs

REFUSED_AT_AMILI: ColumnElement[bool] = and_(
    _refusals.c.amili_access == _connections.c.amili_access,
    _refusals.c.environment == _connections.c.environment,
)
"""That a row of refusals is about the key pair that a connection uses, where it uses it."""


def without_key() -> Select[str]:
    """The connections whose ledger does not accept our key."""
    return select(_connections.c.id).where(_connections.c.key_refused_at.is_not(None))


def refused_at_amili() -> Select[str]:
    """The connections whose key pair Amili does not accept."""
    return select(_connections.c.id).where(select(_refusals.c.environment).where(REFUSED_AT_AMILI).exists())


def disconnected() -> Select[str]:
    """The connections that have ended."""
    return select(_connections.c.id).where(_connections.c.disconnected_at.is_not(None))


def connected() -> Select[str]:
    """The connections that have not ended."""
    return select(_connections.c.id).where(_connections.c.disconnected_at.is_(None))


def paused() -> Select[str]:
    """The connections that people have paused."""
    return select(_connections.c.id).where(_connections.c.paused_at.is_not(None))


def is_followed() -> ColumnElement[bool]:
    """That a hand-over was not left behind and its connection has not ended, as a condition on `hand_overs`."""
    return (_hand_overs.c.state != HandOverState.LEFT) & _hand_overs.c.connection.not_in(disconnected())


def cannot_be_asked() -> Select[str]:
    """The connections one of whose sides is not to be asked now."""
    return select(_connections.c.id).where(
        _connections.c.id.in_(without_key())
        | _connections.c.id.in_(refused_at_amili())
        | _connections.c.id.in_(disconnected())
    )


def waits() -> ColumnElement[bool]:
    """That a hand-over waits for its connection, as a condition on `hand_overs`."""
    waiting_for, connection = _hand_overs.c.waiting_for, _hand_overs.c.connection
    return (
        ((waiting_for == WAITS_FOR_KEY) & connection.in_(without_key()))
        | ((waiting_for == WAITS_FOR_AMILI_KEY) & connection.in_(refused_at_amili()))
        | waits_by_choice()
    )


def waits_by_choice() -> ColumnElement[bool]:
    """That a hand-over waits because people have paused or ended its connection, as a condition on `hand_overs`."""
    waiting_for, connection = _hand_overs.c.waiting_for, _hand_overs.c.connection
    return ((waiting_for == WAITS_WHILE_PAUSED) & connection.in_(paused())) | connection.in_(disconnected())


@dataclass(frozen=True)
class Rest:
    """Whether, and why, a connection rests. The numbers tell one key from the next."""

    key: LedgerKey
    amili_refused: bool
    amili_access: str
    amili_number: int
    is_paused: bool
    environment: Environment

    def was_woken(self, before: Rest) -> bool:
        """Return whether work may have waited `before` and need not any more: it may have rested in between, unseen."""
        ledger = self.key.refused_at is None and (
            before.key.refused_at is not None or before.key.number != self.key.number
        )
        then, present = (before.amili_access, before.amili_number), (self.amili_access, self.amili_number)
        amili = not self.amili_refused and (before.amili_refused or then != present)
        return ledger or amili or (before.is_paused and not self.is_paused)


def mark(db: Engine) -> tuple[float, ...]:
    """Return numbers that change whenever it changes what rests: cheaper to compare than `every` is to read."""
    of_connections = select(
        func.count(),
        func.coalesce(func.sum(_connections.c.key_number), 0),
        func.coalesce(func.sum(_connections.c.key_refused_at), 0.0),
        func.coalesce(func.sum(_connections.c.paused_at), 0.0),
    ).where(_connections.c.disconnected_at.is_(None))
    of_accesses = select(func.count(), func.coalesce(func.sum(_access.c.key_number), 0)).select_from(_access)
    of_refusals = select(func.count(), func.coalesce(func.sum(_refusals.c.refused_at), 0.0)).select_from(_refusals)
    with reading(db) as connection:
        rows = [connection.execute(query).one() for query in (of_connections, of_accesses, of_refusals)]
    return tuple(float(value) for row in rows for value in row)


def every(db: Engine) -> dict[str, Rest]:
    """All connections that have not ended, by id."""
    query = (
        select(_connections, _access.c.key_number.label("amili_number"), _refusals.c.refused_at.label("amili_refused"))
        .join(_access, _access.c.id == _connections.c.amili_access)
        .outerjoin(_refusals, REFUSED_AT_AMILI)
        .where(_connections.c.disconnected_at.is_(None))
        .order_by(_connections.c.id)
    )
    with reading(db) as connection:
        rows = connection.execute(query).mappings().all()
    return {
        str(row["id"]): Rest(
            key=ledger_keys.from_row(row),
            amili_refused=row["amili_refused"] is not None,
            amili_access=row["amili_access"],
            amili_number=row["amili_number"],
            is_paused=row["paused_at"] is not None,
            environment=Environment(row["environment"]),
        )
        for row in rows
    }
