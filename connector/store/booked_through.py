"""Through which day people have said that a company's bank receipts are booked. Rows are added, and never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Engine, insert, select

from connector.store import tables
from connector.store.database import now, reading

_table = tables.booked_through


@dataclass(frozen=True)
class Said:
    """What someone said of an account, or of all a company's accounts where `account` is "".

    `at` is in seconds since the epoch.
    """

    account: str
    account_name: str
    through: date
    by: str
    at: float


def say(db: Engine, connection_id: str, *, account: str, account_name: str, through: date, by: str) -> None:
    """Keep what someone said."""
    with db.begin() as connection:
        connection.execute(
            insert(_table).values(
                connection=connection_id,
                account=account,
                account_name=account_name,
                through=through.isoformat(),
                said_by=by,
                said_at=now(connection),
            )
        )


def latest(db: Engine, connection_id: str) -> Mapping[str, date]:
    """The day that was said last of each account: anyone who was mistaken says an earlier one."""
    return {one.account: one.through for one in reversed(history(db, connection_id))}


def history(db: Engine, connection_id: str) -> tuple[Said, ...]:
    """Everything that was said of a company, the last first."""
    query = select(_table).where(_table.c.connection == connection_id).order_by(_table.c.id.desc())
    with reading(db) as connection:
        return tuple(
            Said(
                account=row.account,
                account_name=row.account_name,
                through=date.fromisoformat(row.through),
                by=row.said_by,
                at=row.said_at,
            )
            for row in connection.execute(query)
        )
