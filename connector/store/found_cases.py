"""Cases that a look at Amili found, kept without a lease: a debt's own case ends all doubt, no matter who is awake."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Engine, update

from connector.domain.findings import Finding
from connector.domain.hand_over import HandOverState, WriteBackState
from connector.store import ownership, tables, transitions
from connector.store.database import now
from connector.store.hand_over_record import HandOver, findings_values
from connector.store.timeline import WORKER, record

_table = tables.hand_overs


def case_values(registration_id: str, case_id: str, ocr: str, findings: tuple[Finding, ...]) -> dict[str, Any]:
    """The values of a hand-over that has its case."""
    return {
        **transitions.REGISTER.values(),
        "registration_id": registration_id,
        "case_id": case_id,
        "ocr": ocr,
        **findings_values(findings),
    }


def adopt_unowned(db: Engine, hand_over: HandOver, *, registration_id: str, case_id: str) -> bool:
    """Store a case found while its sender is silent; False if the row has moved on meanwhile."""
    doubtful = _table.c.state.in_((HandOverState.REGISTERING, HandOverState.UNKNOWN))
    same_attempt = _table.c.attempted_at == hand_over.attempted_at
    values = case_values(registration_id, case_id, "", hand_over.findings)
    return _keep(db, hand_over, values, doubtful, same_attempt, event="adopted", case_id=case_id)


def adopt_lost(
    db: Engine, hand_over: HandOver, *, registration_id: str, case_id: str, findings: tuple[Finding, ...]
) -> bool:
    """Store a case that a hand-over had when an earlier store was put back; False if the row has moved on meanwhile.

    Whatever it waited for then, the ledger is updated again.
    """
    values = case_values(registration_id, case_id, "", findings) | {
        "write_back": WriteBackState.PENDING,
        "declined_by": "",
    }
    return _keep(db, hand_over, values, *_unchanged(hand_over), event="adopted", case_id=case_id)


def taken_lost(db: Engine, hand_over: HandOver, *, registration_id: str) -> bool:
    """Note that Amili has taken a registration which shows no case, of a time that an earlier store does not know.

    Nothing is posted after it. False if the row has moved on meanwhile.
    """
    values = {**transitions.TAKE.values(), "registration_id": registration_id}
    values |= {"write_back": WriteBackState.PENDING, "declined_by": "", **findings_values(())}
    return _keep(db, hand_over, values, *_unchanged(hand_over), event="taken", registration_id=registration_id)


def _unchanged(hand_over: HandOver) -> tuple[ColumnElement[bool], ...]:
    return (_table.c.state == hand_over.state, _table.c.submission == hand_over.submission, _table.c.taken_at.is_(None))


def _keep(
    db: Engine,
    hand_over: HandOver,
    values: dict[str, Any],
    *conditions: ColumnElement[bool],
    event: str,
    **data: Any,
) -> bool:
    with db.begin() as connection:
        at = "taken_at" if event == "taken" else "registered_at"
        changed = connection.execute(
            update(_table)
            .where(_table.c.id == hand_over.id, _table.c.case_id.is_(None), *conditions)
            .values(**values, **{at: now(connection)}, **ownership.UNOWNED, updated_at=now(connection))
        )
        if changed.rowcount:
            record(connection, hand_over.id, actor=WORKER, event=event, **data)
        return bool(changed.rowcount)
