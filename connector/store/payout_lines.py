"""What Amili pays out, line by line, as it was last read; and how far it was read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, select

from connector.domain.money_view import PaidOut
from connector.store import tables, upserts
from connector.store.database import now, reading

_lines = tables.payout_lines
_reads = tables.payout_reads


def keep(
    db: Engine, *, environment: str, creditor: str, lines: Sequence[tuple[str, PaidOut]], read_to: float | None
) -> None:
    """Keep lines by Amili's ids, each in place of what was kept of it.

    `read_to` says that all was read, up to that instant of Amili's (seconds since the epoch); None that there is more.
    """
    rows = {
        line_id: {
            "environment": environment,
            "id": line_id,
            "creditor": creditor,
            "invoice_number": line.invoice_number,
            "category": line.category,
            "article": line.article,
            "currency": line.currency,
            "total": None if line.total is None else str(line.total),
            "booked_on": _text(line.booked_on),
            "payout_date": _text(line.payout_date),
            "payout_reference": line.payout_reference,
        }
        for line_id, line in lines
    }
    with db.begin() as connection:
        upserts.put_all(connection, _lines, list(rows.values()))
        if read_to is not None:
            read: dict[str, Any] = {"read_to": read_to, "read_at": now(connection)}
            upserts.put(connection, _reads, environment=environment, creditor=creditor, **read)


def read_to(db: Engine, environment: str, creditor: str) -> float | None:
    """Up to which instant of Amili's the creditor's lines have been read; None before the first time."""
    return _read(db, environment, creditor, "read_to")


def read_at(db: Engine, environment: str, creditor: str) -> float | None:
    """Return when the creditor's lines were last read; None if never."""
    return _read(db, environment, creditor, "read_at")


def of_creditor(db: Engine, environment: str, creditor: str) -> dict[str, list[PaidOut]]:
    """All lines of a creditor, by invoice number."""
    query = select(_lines).where(_lines.c.environment == environment, _lines.c.creditor == creditor)
    found: dict[str, list[PaidOut]] = {}
    with reading(db) as connection:
        for row in connection.execute(query.order_by(_lines.c.id)):
            found.setdefault(row.invoice_number, []).append(
                PaidOut(
                    invoice_number=row.invoice_number,
                    category=row.category,
                    article=row.article,
                    currency=row.currency,
                    total=None if row.total is None else Decimal(row.total),
                    booked_on=_date(row.booked_on),
                    payout_date=_date(row.payout_date),
                    payout_reference=row.payout_reference,
                )
            )
    return found


def _read(db: Engine, environment: str, creditor: str, column: str) -> float | None:
    query = select(_reads.c[column]).where(_reads.c.environment == environment, _reads.c.creditor == creditor)
    with reading(db) as connection:
        value = connection.execute(query).scalar()
    return None if value is None else float(value)


def _text(day: date | None) -> str:
    return day.isoformat() if day else ""


def _date(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
