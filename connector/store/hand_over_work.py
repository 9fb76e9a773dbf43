"""Work on a hand-over under its lease: every change is a compare-and-set by the lease's owner.

Only the owner may send, only before the deadline, and no one else takes the row before `free_at` (deadline and settling
time), so that a registration whose answer is still on its way is never met by a second one
(DESIGN.md, "Registering once").
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.exc import IntegrityError

from connector.domain.findings import Finding, stops
from connector.domain.follow_up import Entry
from connector.domain.hand_over import WRITE_BACK_REFUSED, HandOverState, PdfState, WriteBackState
from connector.domain.invoice import Standing
from connector.store import ownership, resting, tables, transitions
from connector.store.database import now, reading
from connector.store.debts import Debt, number_alone
from connector.store.following import standing_values
from connector.store.found_cases import case_values
from connector.store.hand_over_record import HandOver, fetch, findings_values
from connector.store.timeline import WORKER, record
from connector.store.transitions import Move

_table = tables.hand_overs
_ONE_POST_LESS = ownership.one_post_less(_table)
_TOLD_BEFORE = (HandOverState.DONE, HandOverState.WITHDRAWN)
"""States in which the ledger knows the case already."""


@dataclass(frozen=True)
class Lease:
    """The right to work on one hand-over until its deadline."""

    hand_over: HandOver
    owner: str


@dataclass(frozen=True)
class Busy:
    """Someone else may be working on the hand-over for at most `wait_s` more seconds."""

    hand_over: HandOver
    wait_s: float


def claim(db: Engine, hand_over_id: str, *, for_s: float, settle_s: float) -> Lease | Busy:
    """Take the right to work on a hand-over for `for_s` seconds; no one else gets it for `settle_s` longer."""
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
    total: Decimal | None = None,
    claimed_fee: Decimal | None = None,
) -> None:
    """Commit the intent to register before the call, how the invoice stands and what it asks for in all, which of its
    payments and credits are in the claimed capital, and the fee claimed beside it.

    Raises `LostOwnership` if too late, if Amili has taken one, no more may be posted, or the company pauses.
    """
    values: dict[str, Any] = {
        **transitions.ARM.values(),
        "debtor_name": debtor_name,
        "capital": capital,
        **standing_values(standing),
        "balance_then": standing.balance,
        "counted": counted,
        "total_then": total,
        "claimed_fee": claimed_fee,
    }
    with db.begin() as connection:
        may_begin = transitions.ARM.may_begin()
        without_case = _table.c.case_id.is_(None) & _table.c.connection.not_in(resting.paused())
        ownership.arm(
            connection,
            _table,
            lease.hand_over.id,
            lease.owner,
            values,
            without_case,
            may_begin,
            for_s=for_s,
            settle_s=settle_s,
        )
        record(connection, lease.hand_over.id, actor=WORKER, event="registering", capital=capital)


def name_debt(db: Engine, lease: Lease, debt: Debt) -> bool:
    """Say which debt the hand-over is of; False if the creditor has another hand-over of it.

    Of a case that an earlier release made, only the number is known: it is the same debt by that, unless a person said
    that it is another.
    """
    hand_over = lease.hand_over
    try:
        with db.begin() as connection:
            earlier = select(_table.c.id).where(*number_alone(hand_over, debt.invoice_number))
            if connection.execute(earlier.limit(1)).first():
                return False
            changed = connection.execute(
                update(_table)
                .where(_table.c.id == hand_over.id, _table.c.owner == lease.owner)
                .values(
                    debt=debt.key,
                    invoice_number=debt.invoice_number,
                    invoice_date=debt.invoice_date,
                    debtor=debt.debtor,
                )
            )
            ownership.must_own(changed.rowcount)
    except IntegrityError:
        return False
    return True


def name_invoice(db: Engine, lease: Lease, invoice_number: str) -> bool:
    """Give the hand-over its invoice number, where no more is known of the debt.

    False if the creditor has another hand-over of that number, whichever debt it is.
    """
    hand_over = lease.hand_over
    with reading(db) as connection:
        other = connection.execute(
            select(_table.c.id)
            .where(_table.c.creditor == hand_over.creditor, _table.c.invoice_number == invoice_number)
            .where(_table.c.generation == hand_over.generation, _table.c.id != hand_over.id)
        ).first()
    return other is None and name_debt(db, lease, Debt("", invoice_number, None, ""))


def registered(
    db: Engine,
    lease: Lease,
    *,
    registration_id: str,
    case_id: str,
    ocr: str,
    findings: tuple[Finding, ...],
    ocr_id: str = "",
) -> None:
    """Store Amili's receipt, and give the lease back. Raises `LostOwnership`."""
    data = {"case_id": case_id, "registration_id": registration_id}
    values = case_values(registration_id, case_id, ocr, findings) | {"ocr_id": ocr_id}
    _keep_case(db, lease, "registered", values, data)


def adopt(
    db: Engine, lease: Lease, *, registration_id: str, case_id: str, findings: tuple[Finding, ...], ocr: str = ""
) -> None:
    """Store the case that a look at Amili found, and give the lease back. Raises `LostOwnership`."""
    _keep_case(db, lease, "adopted", case_values(registration_id, case_id, ocr, findings), {"case_id": case_id})


def _keep_case(db: Engine, lease: Lease, event: str, values: dict[str, Any], data: dict[str, Any]) -> None:
    with db.begin() as connection:
        _apply(connection, lease, event, values | {"registered_at": now(connection)}, data)


def outcome_unknown(db: Engine, lease: Lease, *, why: str, refused: bool = False, taken: bool = False) -> None:
    """Note that a registration was sent and not answered readably, and give the lease back.

    `refused` says that the answer was a clear refusal, which may yet mean that there is a case already; `taken` that it
    had the status of success: then nothing is posted after it.
    """
    with db.begin() as connection:
        values: dict[str, Any] = {
            **transitions.UNANSWERED.values(),
            "unknown_since": now(connection),
            "waiting_for": why,
            "refusals": _refusals(lease, refused=refused),
        }
        if taken:
            values["taken_at"] = now(connection)
        _apply(connection, lease, "outcome_unknown", values, {"why": why})


def taken(db: Engine, lease: Lease, *, registration_id: str, findings: tuple[Finding, ...]) -> None:
    """Note that Amili took a registration and named no case, and give the lease back. Nothing is posted after it."""
    with db.begin() as connection:
        values = {
            **transitions.TAKE.values(),
            "taken_at": now(connection),
            "registration_id": registration_id,
            **findings_values(findings),
        }
        _apply(connection, lease, "taken", values, {"registration_id": registration_id})


def release(db: Engine, lease: Lease) -> None:
    """Give the lease back unused: someone else did the work meanwhile. Raises `LostOwnership`."""
    _change(db, lease, None, {}, {})


def looked_in_vain(db: Engine, lease: Lease, *, findings: tuple[Finding, ...] | None = None) -> None:
    """Note a look that found no case yet, and give the lease back; `findings` replace what was found before.

    Amili answered, so the look does not count as a try: else the many looks of one settling time would make the
    pause after the next failure minutes long.
    """
    values: dict[str, Any] = {"tries": lease.hand_over.tries - 1}
    if findings is not None:
        values |= findings_values(findings)
    _change(db, lease, "looked_in_vain", values, {})


def wait(
    db: Engine,
    lease: Lease,
    *,
    waiting_for: str,
    not_sent: bool = False,
    refused: bool = False,
    doubt_ended: bool = False,
) -> None:
    """Note what the hand-over waits for, and give the lease back; the work is repeated later.

    `not_sent` says that an armed registration provably did not reach Amili, which ends its doubt; `doubt_ended` that a
    look a full settling time after it has found none, so that it is not for Amili's answer that this waits. `refused`
    counts a clear refusal.
    """
    values: dict[str, Any] = {"waiting_for": waiting_for, "refusals": _refusals(lease, refused=refused)}
    if doubt_ended and lease.hand_over.state in (HandOverState.UNKNOWN, HandOverState.REGISTERING):
        values |= transitions.NOT_FOUND.values()
    if not_sent:
        values |= transitions.NOT_SENT.values()
    _change(db, lease, "waiting", values, {"for": waiting_for})


def _refusals(lease: Lease, *, refused: bool) -> int:
    return lease.hand_over.refusals + 1 if refused else 0


def not_posted(db: Engine, hand_over_id: str) -> None:
    """Take back the count of one that provably did not leave after all, no matter who owns the row by now."""
    ownership.not_posted(db, _table, hand_over_id)


def skip(db: Engine, lease: Lease, findings: tuple[Finding, ...]) -> None:
    """End without sending, for a reason that no one needs to fix, and give the lease back."""
    _end(db, lease, transitions.SKIP, findings, event="skipped")


def block(
    db: Engine,
    lease: Lease,
    findings: tuple[Finding, ...],
    *,
    refused: bool = False,
    stopping: tuple[Finding, ...] | None = None,
) -> None:
    """End with findings that a person must fix or lift, and give the lease back.

    `stopping` are those of the findings that it stopped for: all that stop by themselves, unless it is told.
    `refused` says that Amili clearly refused the registration that was just posted: nothing came of it.
    """
    if stopping is None:
        stopping = stops(findings, accepted=lease.hand_over.accepted, lifted=lease.hand_over.lifted) or findings
    told: dict[str, Any] = {"stopped_by": _codes(stopping)}
    # Counted before it was posted, and taken off again only below: it says what has left in all.
    if refused:
        told["refused"] = True
    elif lease.hand_over.posts:
        told["posted"] = True
    more = _ONE_POST_LESS if refused else {}
    _end(db, lease, transitions.BLOCK, findings, event="blocked", more=more, told=told)


def _codes(findings: tuple[Finding, ...]) -> list[str]:
    return list(dict.fromkeys(finding.code for finding in findings))


def _end(
    db: Engine,
    lease: Lease,
    move: Move,
    findings: tuple[Finding, ...],
    *,
    event: str,
    more: Mapping[str, Any] = MappingProxyType({}),
    told: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    _change(
        db,
        lease,
        event,
        {**move.values(), **findings_values(findings), **more},
        {**told, "findings": [finding.code for finding in findings]},
    )


def attempt_message(db: Engine, lease: Lease, key: str) -> None:
    """Commit the intent to leave a message in the ledger before the call."""
    _change(db, lease, None, {"message_attempted": key}, {}, keep=True)


def keep_left_wish(db: Engine, lease: Lease, mark: str) -> None:
    """Keep which wish stands in the ledger, hidden, on the invoice of a hand-over that was left behind.

    Raises `LostOwnership`.
    """
    _change(db, lease, None, {"wish_mark": mark}, {}, keep=True)


def message_result(db: Engine, lease: Lease, outcome: str, *, refused: str) -> None:
    """Note that the ledger's people have been told of `outcome`, or that the ledger would not take the message."""
    event = "message_refused" if refused else "message_left"
    _change(db, lease, event, {"message_left": outcome}, {"why": refused} if refused else {}, keep=True)


def write_back_result(
    db: Engine,
    lease: Lease,
    state: WriteBackState,
    finding: Finding | None,
    *,
    case_id_written: bool = False,
    **data: Any,
) -> bool:
    """Note where the write-back landed or why it was refused, and give the lease back.

    `case_id_written` says that the case id itself stands in the ledger now, and not something else of the hand-over.

    A ledger that has no place for what was to be shown, and so shows nothing, is no event. False if the case has
    changed since the lease was taken: then the ledger has still to be told.
    """
    told = tuple(one for one in lease.hand_over.findings if one.code != WRITE_BACK_REFUSED)
    findings = (*told, finding) if finding else told
    values = {"write_back": state, **findings_values(findings), "waiting_for": "", "tries": 0, "refusals": 0}
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
            is_first = lease.hand_over.case_id and lease.hand_over.state not in _TOLD_BEFORE
            event = "written_back" if is_first else "status_written"
        if state is WriteBackState.REFUSED or data.get("places"):
            data["case_id_written"] = case_id_written
            record(connection, lease.hand_over.id, actor=WORKER, event=event, **data)
        return True


def finish(db: Engine, hand_over_id: str) -> bool:
    """End a registered hand-over whose PDF and write-back are settled; False if something is still to do."""
    with db.begin() as connection:
        changed = connection.execute(
            update(_table)
            .where(_table.c.id == hand_over_id, transitions.FINISH.may_begin())
            .where(_table.c.pdf != PdfState.PENDING, _table.c.write_back != WriteBackState.PENDING)
            .values(**transitions.FINISH.values(), updated_at=now(connection), **ownership.UNOWNED)
        )
        if changed.rowcount:
            record(connection, hand_over_id, actor=WORKER, event="done")
        return bool(changed.rowcount)


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
        record(connection, lease.hand_over.id, actor=WORKER, event=event, **data)
