"""What is known of each connection's key to its ledger: when it ends, and whether the ledger still accepts it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Engine, RowMapping, select, update

from connector.store import tables
from connector.store.database import now, reading

WARNED_BEFORE = timedelta(days=14)
_table = tables.connections
_COLUMNS = (
    _table.c.key_number,
    _table.c.key_expires,
    _table.c.key_refused_at,
    _table.c.key_set_at,
    _table.c.key_set_by,
)


class KeyTrouble(StrEnum):
    """Why a key needs someone's attention."""

    REFUSED = "refused"
    """The ledger does not accept it; nothing is asked of the ledger until there is a new one."""
    ENDS_SOON = "ends_soon"


@dataclass(frozen=True)
class LedgerKey:
    """A connection's key, without the key. `number` counts the keys it has had; `refused_at` and `set_at` are instants.

    `expires` is None where the ledger does not tell; `set_by` is "" for the key that the connection was made with.
    """

    number: int
    expires: date | None
    refused_at: float | None
    set_at: float | None
    set_by: str

    def trouble(self, today: date) -> KeyTrouble | None:
        """Return what someone should fix about the key, if anything."""
        if self.refused_at is not None:
            return KeyTrouble.REFUSED
        if self.expires is not None and self.expires - today <= WARNED_BEFORE:
            return KeyTrouble.ENDS_SOON
        return None


def from_row(row: RowMapping | Mapping[str, Any]) -> LedgerKey:
    """The key facts of a row of `connections`."""
    return LedgerKey(
        number=row["key_number"],
        expires=date.fromisoformat(row["key_expires"]) if row["key_expires"] else None,
        refused_at=row["key_refused_at"],
        set_at=row["key_set_at"],
        set_by=row["key_set_by"],
    )


def every(db: Engine) -> dict[str, LedgerKey]:
    """The keys of all connections that have not ended, by connection."""
    present = select(_table.c.id, *_COLUMNS).where(_table.c.disconnected_at.is_(None))
    with reading(db) as connection:
        rows = connection.execute(present.order_by(_table.c.id)).mappings().all()
    return {str(row["id"]): from_row(row) for row in rows}


def refused(db: Engine, connection_id: str, number: int) -> bool:
    """Note that the ledger does not accept key `number`; False if there is a newer one, or it was known."""
    return _change(db, connection_id, number, _table.c.key_refused_at.is_(None), key_refused_at=True)


def accepted(db: Engine, connection_id: str, number: int, *, expires: date | None) -> bool:
    """Note that the ledger accepts key `number`, and when it ends if that was told; False if there is a newer one."""
    told = {"key_expires": expires.isoformat()} if expires else {}
    return _change(db, connection_id, number, key_refused_at=None, **told)


def _change(db: Engine, connection_id: str, number: int, *conditions: Any, **values: Any) -> bool:
    with db.begin() as connection:
        if values["key_refused_at"]:
            values["key_refused_at"] = now(connection)
        changed = connection.execute(
            update(_table)
            .where(_table.c.id == connection_id, _table.c.key_number == number, *conditions)
            .values(values)
        )
        return bool(changed.rowcount)


def replaced(db: Engine, connection_id: str, number: int, *, sealed: bytes, expires: date | None, by: str) -> bool:
    """Put sealed secrets with a new key in place of key `number`; False if someone else has done so meanwhile."""
    with db.begin() as connection:
        changed = connection.execute(
            update(_table)
            .where(_table.c.id == connection_id, _table.c.key_number == number)
            .values(
                secrets=sealed,
                key_number=number + 1,
                key_expires=expires.isoformat() if expires else "",
                key_refused_at=None,
                key_set_at=now(connection),
                key_set_by=by,
            )
        )
        return bool(changed.rowcount)
