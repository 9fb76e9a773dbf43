"""Work on the PDF of a registered case, under the lease of its hand-over (`connector.store.hand_over_work`)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine

from connector.domain.findings import Finding
from connector.domain.hand_over import PdfState, WriteBackState
from connector.store import ownership, tables
from connector.store.database import age_s, now
from connector.store.hand_over_record import HandOver, findings_values
from connector.store.hand_over_work import Lease
from connector.store.timeline import WORKER, record


def attempt(db: Engine, lease: Lease) -> None:
    """Commit the intent to upload the PDF before the call. Raises `LostOwnership`, as all of these do."""
    _change(db, lease, {"pdf_attempted": True}, keep=True)


def unknown(db: Engine, lease: Lease) -> None:
    """Note that the PDF was sent and not answered readably: until that has settled, none is sent again."""
    with db.begin() as connection:
        values = {"pdf_unknown_since": now(connection)}
        ownership.change(connection, tables.hand_overs, lease.hand_over.id, lease.owner, values, keep=True)


def not_shown(db: Engine, lease: Lease) -> None:
    """Give the lease back after a look that did not find the PDF yet; Amili answered, so it counts as no try."""
    _change(db, lease, {"tries": lease.hand_over.tries - 1})


def unknown_for_s(db: Engine, hand_over: HandOver) -> float:
    """Return the seconds since a PDF was sent of which no one knows whether it arrived; infinite if there is none."""
    return age_s(db, hand_over.pdf_unknown_since)


def result(db: Engine, lease: Lease, state: PdfState, finding: Finding | None, **data: Any) -> None:
    """Note what became of the PDF, and give the lease back."""
    findings = (*lease.hand_over.findings, finding) if finding else lease.hand_over.findings
    event = "pdf_uploaded" if state is PdfState.UPLOADED else "pdf_unavailable"
    values = {"pdf": state, **findings_values(findings), "waiting_for": "", "tries": 0, "refusals": 0}
    if finding and lease.hand_over.write_back is WriteBackState.WRITTEN:
        # The ledger's people have been told of a case without remarks.
        values["write_back"] = WriteBackState.PENDING
    with db.begin() as connection:
        ownership.change(connection, tables.hand_overs, lease.hand_over.id, lease.owner, values)
        record(connection, lease.hand_over.id, actor=WORKER, event=event, **data)


def _change(db: Engine, lease: Lease, values: dict[str, Any], *, keep: bool = False) -> None:
    with db.begin() as connection:
        ownership.change(connection, tables.hand_overs, lease.hand_over.id, lease.owner, values, keep=keep)
