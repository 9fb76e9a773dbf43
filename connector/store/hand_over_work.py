"""Work on a hand-over under its lease: every change is a compare-and-set by the lease's owner.

Only the owner may send, only before the deadline, and nobody else takes the row before `free_at` (deadline and
settling time), so that a registration whose answer is still on its way is never met by a second one (design:
registering once).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.exc import IntegrityError

from connector.domain.findings import Finding
from connector.domain.follow_up import Entry
from connector.domain.hand_over import WRITE_BACK_REFUSED, HandOverState, PdfState, WriteBackState
from connector.domain.invoice import Standing
from connector.store import ownership, tables
from connector.store.database import now, reading
from connector.store.hand_over_record import HandOver, amount_text, entries_text, fetch
from connector.store.timeline import record

_table = tables.hand_overs
_WORKER = "connector"
_TOLD_BEFORE = (HandOverState.DONE, HandOverState.WITHDRAWN)
"""States in which the ledger knows the case already."""


@dataclass(frozen=True)
class Lease:
    """The right to work on one hand-over until its deadline."""

    hand_over: HandOver
    owner: str


@dataclass(frozen=True)
class Busy:
    """Somebody else may be working on the hand-over for at most `wait_s` more seconds."""

    hand_over: HandOver
    wait_s: float


def claim(db: Engine, hand_over_id: str, *, for_s: float, settle_s: float) -> Lease | Busy:
    """Take the right to work on a hand-over for `for_s` seconds; nobody else gets it for `settle_s` longer."""
    with db.begin() as connection:
        owner = ownership.take(connection, _table, hand_over_id, for_s=for_s, settle_s=settle_s)
        hand_over = fetch(connection, hand_over_id)
        if owner:
            return Lease(hand_over, owner)
        return Busy(hand_over, ownership.wait_s(connection, _table, hand_over_id))


def arm(
    db: Engine,
    lease: Lease,
    *,
    for_s: float,
    settle_s: float,
    debtor_name: str,
    capital: Decimal,
    standing: Standing,
    counted: tuple[Entry, ...],
) -> None:
    """Commit the intent to register before the call, how the invoice stands, and which of its payments and credits
    are in the claimed capital. Raises `LostOwnership` if too late."""
    values = {
        "state": HandOverState.REGISTERING,
        "debtor_name": debtor_name,
        "capital": amount_text(capital),
        "standing": standing.model_dump_json(),
        "balance_then": amount_text(standing.balance),
        "counted": entries_text(counted),
    }
    with db.begin() as connection:
        without_case = _table.c.case_id.is_(None)
        ownership.arm(
            connection,
            _table,
            lease.hand_over.id,
            lease.owner,
            values,
            without_case,
            for_s=for_s,
            settle_s=settle_s,
        )
        record(connection, lease.hand_over.id, actor=_WORKER, event="registering", capital=capital)


def name_invoice(db: Engine, lease: Lease, invoice_number: str) -> bool:
    """Give the hand-over its invoice number; False if another hand-over of the creditor has that number."""
    try:
        with db.begin() as connection:
            changed = connection.execute(
                update(_table)
                .where(_table.c.id == lease.hand_over.id, _table.c.owner == lease.owner)
                .values(invoice_number=invoice_number)
            )
            ownership.must_own(changed.rowcount)
    except IntegrityError:
        return False
    return True


def registered(
    db: Engine, lease: Lease, *, registration_id: str, case_id: str, ocr: str, findings: tuple[Finding, ...]
) -> None:
    """Store Amili's receipt, and give the lease back. Raises `LostOwnership`."""
    data = {"case_id": case_id, "registration_id": registration_id}
    _keep_case(db, lease, "registered", _case_values(registration_id, case_id, ocr, findings), data)


def adopt(db: Engine, lease: Lease, *, registration_id: str, case_id: str, findings: tuple[Finding, ...]) -> None:
    """Store the case that a look at Amili found, and give the lease back. Raises `LostOwnership`."""
    values = _case_values(registration_id, case_id, "", findings)
    _keep_case(db, lease, "adopted", values, {"case_id": case_id})


def _keep_case(db: Engine, lease: Lease, event: str, values: dict[str, Any], data: dict[str, Any]) -> None:
    with db.begin() as connection:
        _apply(connection, lease, event, values | {"registered_at": now(connection)}, data)


def adopt_unowned(db: Engine, hand_over: HandOver, *, registration_id: str, case_id: str) -> bool:
    """Store a case found while its sender is silent; False if the row has moved on meanwhile.

    Looking needs no lease, and finding the sender's own case ends all doubt, whoever is awake.
    """
    with db.begin() as connection:
        changed = connection.execute(
            update(_table)
            .where(_table.c.id == hand_over.id, _table.c.case_id.is_(None))
            .where(_table.c.state.in_((HandOverState.REGISTERING, HandOverState.UNKNOWN)))
            .where(_table.c.attempted_at == hand_over.attempted_at)
            .values(
                **_case_values(registration_id, case_id, "", hand_over.findings),
                registered_at=now(connection),
                **ownership.UNOWNED,
                updated_at=now(connection),
            )
        )
        if changed.rowcount:
            record(connection, hand_over.id, actor=_WORKER, event="adopted", case_id=case_id)
        return bool(changed.rowcount)


def _case_values(registration_id: str, case_id: str, ocr: str, findings: tuple[Finding, ...]) -> dict[str, Any]:
    return {
        "state": HandOverState.REGISTERED,
        "registration_id": registration_id or None,
        "case_id": case_id,
        "ocr": ocr or None,
        "unknown_since": None,
        "waiting_for": "",
        "tries": 0,
        "findings": _findings_text(findings),
    }


def outcome_unknown(db: Engine, lease: Lease, *, why: str) -> None:
    """Note that a registration was sent and not answered readably, and give the lease back."""
    with db.begin() as connection:
        values = {"state": HandOverState.UNKNOWN, "unknown_since": now(connection), "waiting_for": why}
        _apply(connection, lease, "outcome_unknown", values, {"why": why})


def release(db: Engine, lease: Lease) -> None:
    """Give the lease back unused: somebody else did the work meanwhile. Raises `LostOwnership`."""
    _change(db, lease, None, {}, {})


def looked_in_vain(db: Engine, lease: Lease) -> None:
    """Note a look that found no case yet, and give the lease back.

    Amili answered, so the look does not count as a try: else the many looks of one settling time would make the
    pause after the next failure minutes long.
    """
    _change(db, lease, "looked_in_vain", {"tries": lease.hand_over.tries - 1}, {})


def wait(db: Engine, lease: Lease, *, waiting_for: str, not_sent: bool = False) -> None:
    """Note what the hand-over waits for, and give the lease back; the work is repeated later.

    `not_sent` says that an armed registration provably did not reach Amili, which ends its doubt.
    """
    values: dict[str, Any] = {"waiting_for": waiting_for}
    if not_sent:
        values |= {"state": HandOverState.REQUESTED, "attempted_at": None, "unknown_since": None}
    _change(db, lease, "waiting", values, {"for": waiting_for})


def skip(db: Engine, lease: Lease, findings: tuple[Finding, ...]) -> None:
    """End without sending, for a reason that nobody needs to mend, and give the lease back."""
    _end(db, lease, HandOverState.SKIPPED, findings, event="skipped")


def block(db: Engine, lease: Lease, findings: tuple[Finding, ...]) -> None:
    """End with findings that a person must mend or lift, and give the lease back."""
    _end(db, lease, HandOverState.BLOCKED, findings, event="blocked")


def _end(db: Engine, lease: Lease, state: HandOverState, findings: tuple[Finding, ...], *, event: str) -> None:
    _change(
        db,
        lease,
        event,
        {
            "state": state,
            "findings": _findings_text(findings),
            "waiting_for": "",
            "attempted_at": None,
            "unknown_since": None,
            "tries": 0,
        },
        {"findings": [finding.code for finding in findings]},
    )


def attempt_pdf(db: Engine, lease: Lease) -> None:
    """Commit the intent to upload the PDF before the call."""
    _change(db, lease, None, {"pdf_attempted": True}, {}, keep=True)


def pdf_result(db: Engine, lease: Lease, state: PdfState, finding: Finding | None, **data: Any) -> None:
    """Note what became of the PDF, and give the lease back."""
    findings = (*lease.hand_over.findings, finding) if finding else lease.hand_over.findings
    event = "pdf_uploaded" if state is PdfState.UPLOADED else "pdf_unavailable"
    values = {"pdf": state, "findings": _findings_text(findings), "waiting_for": "", "tries": 0}
    if finding and lease.hand_over.write_back is WriteBackState.WRITTEN:
        # The ledger's people have been told of a case without remarks.
        values["write_back"] = WriteBackState.PENDING
    _change(db, lease, event, values, data)


def attempt_message(db: Engine, lease: Lease, key: str) -> None:
    """Commit the intent to leave a message in the ledger before the call."""
    _change(db, lease, None, {"message_attempted": key}, {}, keep=True)


def message_result(db: Engine, lease: Lease, outcome: str, *, refused: str) -> None:
    """Note that the ledger's people have been told of `outcome`, or that the ledger would not take the message."""
    event = "message_refused" if refused else "message_left"
    _change(db, lease, event, {"message_left": outcome}, {"why": refused} if refused else {}, keep=True)


def write_back_result(db: Engine, lease: Lease, state: WriteBackState, finding: Finding | None, **data: Any) -> bool:
    """Note where the write-back landed or why it was refused, and give the lease back.

    A ledger that has no place for what was to be shown, and so shows nothing, is no event. False if the case has
    changed since the lease was taken: then the ledger has still to be told.
    """
    told = tuple(one for one in lease.hand_over.findings if one.code != WRITE_BACK_REFUSED)
    findings = (*told, finding) if finding else told
    values = {"write_back": state, "findings": _findings_text(findings), "waiting_for": "", "tries": 0}
    with db.begin() as connection:
        up_to_date = connection.execute(
            update(_table)
            .where(_table.c.id == lease.hand_over.id, _table.c.owner == lease.owner)
            .where(_table.c.case_news == lease.hand_over.case_news)
            .values(**values, **ownership.UNOWNED, updated_at=now(connection))
        )
        if not up_to_date.rowcount:
            _apply(connection, lease, None, {}, {})
            return False
        if state is WriteBackState.REFUSED:
            event = "write_back_refused"
        else:
            event = "status_written" if lease.hand_over.state in _TOLD_BEFORE else "written_back"
        if state is WriteBackState.REFUSED or data.get("places"):
            record(connection, lease.hand_over.id, actor=_WORKER, event=event, **data)
        return True


def finish(db: Engine, hand_over_id: str) -> bool:
    """End a registered hand-over whose PDF and write-back are settled; False if something is still to do."""
    with db.begin() as connection:
        changed = connection.execute(
            update(_table)
            .where(_table.c.id == hand_over_id, _table.c.state == HandOverState.REGISTERED)
            .where(_table.c.pdf != PdfState.PENDING, _table.c.write_back != WriteBackState.PENDING)
            .values(state=HandOverState.DONE, updated_at=now(connection), **ownership.UNOWNED)
        )
        if changed.rowcount:
            record(connection, hand_over_id, actor=_WORKER, event="done")
        return bool(changed.rowcount)


def unknown_for_s(db: Engine, hand_over: HandOver) -> float:
    """Seconds since the last registration of this hand-over can have left; infinite if none ever was sent."""
    if hand_over.unknown_since is None and hand_over.attempted_at is None:
        return float("inf")
    with reading(db) as connection:
        since = hand_over.unknown_since if hand_over.unknown_since is not None else hand_over.attempted_at
        return float(connection.execute(select(now(connection) - since)).scalar_one())


def _change(
    db: Engine, lease: Lease, event: str | None, values: dict[str, Any], data: dict[str, Any], *, keep: bool = False
) -> None:
    with db.begin() as connection:
        _apply(connection, lease, event, values, data, keep=keep)


def _apply(
    connection: Connection,
    lease: Lease,
    event: str | None,
    values: dict[str, Any],
    data: dict[str, Any],
    *,
    keep: bool = False,
) -> None:
    ownership.change(connection, _table, lease.hand_over.id, lease.owner, values, keep=keep)
    if event:
        record(connection, lease.hand_over.id, actor=_WORKER, event=event, **data)


def _findings_text(findings: tuple[Finding, ...]) -> str:
    return json.dumps([finding.model_dump(mode="json") for finding in findings], ensure_ascii=False)
