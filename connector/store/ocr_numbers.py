"""The OCR number of a case, kept where the answer to the registration did not tell it."""

from __future__ import annotations

from sqlalchemy import Engine

from connector.store import ownership, tables
from connector.store.hand_over_record import HandOver, fetch
from connector.store.hand_over_work import Lease


def keep(db: Engine, lease: Lease, ocr: str, *, ocr_id: str) -> HandOver:
    """Keep the OCR number of the case, and the lease; gives the hand-over with it. Raises `LostOwnership`."""
    values = {"ocr": ocr, "ocr_id": ocr_id}
    with db.begin() as connection:
        ownership.change(connection, tables.hand_overs, lease.hand_over.id, lease.owner, values, keep=True)
        return fetch(connection, lease.hand_over.id)
