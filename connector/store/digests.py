"""Which daily mails were sent: one row for each person and day, written before the mail leaves.

Anyone who adds the row, or takes up one that failed, sends. A row left at SENDING by a crash, or by a mail server that
went silent, is not taken up again: a mail too few is better than the same twice.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from sqlalchemy import Engine, delete, select, update

from connector.store import tables, upserts
from connector.store.database import now, reading, single_statement

MOST_TRIES = 6
_table = tables.digests


class DigestState(StrEnum):
    """What became of one person's mail of one day."""

    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    """It provably was not taken, and is tried again that day."""
    NOTHING = "nothing"
    """Nothing waited, so nothing was sent."""


def begin(db: Engine, email: str, day: date) -> bool:
    """Take it upon us to send a person's mail of `day`; False if that is done, under way, or given up."""
    with db.begin() as connection:
        again = connection.execute(
            update(_table)
            .where(_table.c.email == email, _table.c.day == day.isoformat())
            .where(_table.c.state == DigestState.FAILED, _table.c.tries < MOST_TRIES)
            .values(state=DigestState.SENDING, tries=_table.c.tries + 1, at=now(connection))
        )
        if again.rowcount:
            return True
    with single_statement(db) as connection:
        values = {"state": DigestState.SENDING, "tries": 1, "at": now(connection)}
        return upserts.enter(connection, _table, email=email, day=day.isoformat(), **values)


def settle(db: Engine, email: str, day: date, state: DigestState) -> None:
    """Note what became of a mail that `begin` let us send."""
    with db.begin() as connection:
        connection.execute(
            update(_table)
            .where(_table.c.email == email, _table.c.day == day.isoformat(), _table.c.state == DigestState.SENDING)
            .values(state=state, at=now(connection))
        )


def withdraw(db: Engine, email: str, day: date) -> None:
    """Take back what `begin` let us do: nothing was sent, and no fault was the mail's."""
    with db.begin() as connection:
        connection.execute(
            delete(_table).where(
                _table.c.email == email, _table.c.day == day.isoformat(), _table.c.state == DigestState.SENDING
            )
        )


def of_day(db: Engine, day: date) -> dict[str, DigestState]:
    """Return what became of the mails of one day, by address."""
    with reading(db) as connection:
        rows = connection.execute(select(_table.c.email, _table.c.state).where(_table.c.day == day.isoformat()))
        return {row.email: DigestState(row.state) for row in rows}


def forget(db: Engine, *, before: date) -> None:
    """Remove the rows of days before `before`."""
    with db.begin() as connection:
        connection.execute(delete(_table).where(_table.c.day < before.isoformat()))
