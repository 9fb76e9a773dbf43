"""Work on a follow-up under its lease, as on a hand-over (`connector.store.ownership`).

Beside the row itself, a report is fenced by its hand-over's turn: of several that were decided from the same look at
the case only one leaves, and the others are decided again from what then remains.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Engine, update

from connector.domain.action import ActionOutcome
from connector.domain.findings import Finding
from connector.domain.follow_up import FollowUpState
from connector.domain.hand_over import HandOverState
from connector.store import ownership, tables
from connector.store.database import now
from connector.store.follow_ups import FollowUp, fetch, tell_the_ledger
from connector.store.timeline import WORKER, record

_table = tables.follow_ups
_ANSWERS = (FollowUpState.ASKING, FollowUpState.REPORTED, FollowUpState.LAPSED)
"""States that a ledger is informed of whose people wished for it there."""


@dataclass(frozen=True)
class FollowUpLease:
    """The right to work on one follow-up until its deadline."""

    follow_up: FollowUp
    owner: str


def claim(db: Engine, follow_up_id: str, *, for_s: float, settle_s: float) -> FollowUpLease | float:
    """Take the right to work on a follow-up, or say for how many seconds someone else may have it."""
    with db.begin() as connection:
        owner = ownership.take(connection, _table, follow_up_id, for_s=for_s, settle_s=settle_s)
        if owner:
            return FollowUpLease(fetch(connection, follow_up_id), owner)
        return ownership.wait_s(connection, _table, follow_up_id)


def arm(
    db: Engine,
    lease: FollowUpLease,
    *,
    turn: int,
    for_s: float,
    settle_s: float,
    capital_before: Decimal | None = None,
    total_before: Decimal | None = None,
) -> None:
    """Commit the intent to report, before the call, if nothing of the hand-over was reported since `turn`.

    `capital_before` and `total_before` are what is left of the case before it.
    Raises `LostOwnership` if it was, if it is too late, if Amili has taken one, or if no more may be posted.
    """
    hand_overs = tables.hand_overs
    follow_up = lease.follow_up
    with db.begin() as connection:
        in_turn = connection.execute(
            update(hand_overs)
            .where(hand_overs.c.id == follow_up.hand_over, hand_overs.c.follow_up_turn == turn)
            .where(hand_overs.c.state.in_((HandOverState.REGISTERED, HandOverState.DONE)))
            .values(follow_up_turn=turn + 1)
        )
        ownership.must_own(in_turn.rowcount)
        values = {
            "state": FollowUpState.REPORTING,
            "capital_before": capital_before,
            "total_before": total_before,
        }
        sendable = _table.c.state.in_((FollowUpState.DUE, FollowUpState.UNKNOWN, FollowUpState.REPORTING))
        ownership.arm(connection, _table, follow_up.id, lease.owner, values, sendable, for_s=for_s, settle_s=settle_s)
        _record(connection, lease, event="reporting")


def taken(db: Engine, lease: FollowUpLease, action_id: str, *, found: bool = False) -> None:
    """Store that Amili took it in, by its receipt or as a look found it, and give the lease back."""
    values = {
        "state": FollowUpState.TAKEN,
        "action_id": action_id,
        "unknown_since": None,
        "asked_at": None,
        "tries": 0,
        "refusals": 0,
    }
    _change(db, lease, "report_found" if found else "report_taken", values, action=action_id)


def outcome_unknown(db: Engine, lease: FollowUpLease, *, why: str, refused: bool = False, taken: bool = False) -> None:
    """Note that a report was sent and not answered readably, and give the lease back.

    `refused` says that the answer was a clear refusal, which may yet mean that Amili has it already; `taken` that it
    had the status of success: then nothing is posted after it.
    """
    with db.begin() as connection:
        values: dict[str, Any] = {
            "state": FollowUpState.UNKNOWN,
            "unknown_since": now(connection),
            "waiting_for": why,
            "refusals": _refusals(lease, refused=refused),
        }
        if taken:
            values["taken_at"] = now(connection)
        ownership.change(connection, _table, lease.follow_up.id, lease.owner, values)
        _record(connection, lease, event="report_unknown", why=why)


def looked_in_vain(db: Engine, lease: FollowUpLease) -> None:
    """Note a look that did not find it yet, and give the lease back; it does not count as a try."""
    _change(db, lease, "report_looked_in_vain", {"tries": lease.follow_up.tries - 1})


def ask_beside(db: Engine, lease: FollowUpLease, finding: Finding) -> None:
    """Have a person decide on what is still looked for, and give the lease back; the look does not count as a try."""
    with db.begin() as connection:
        values = {
            "asked_at": now(connection),
            "findings": (finding,),
            "may_report": True,
            "tries": lease.follow_up.tries - 1,
        }
        ownership.change(connection, _table, lease.follow_up.id, lease.owner, values)
        _record(connection, lease, event="follow_up_asking", why=finding.code)


def wait(
    db: Engine,
    lease: FollowUpLease,
    *,
    waiting_for: str,
    not_sent: bool = False,
    refused: bool = False,
    not_found: bool = False,
) -> None:
    """Note what it waits for, and give the lease back.

    `not_sent`: an armed report provably did not reach Amili; `not_found`: a look a full settling time after it found
    none. `refused` counts a clear refusal, or an answer that does not tell what became of it.
    """
    values: dict[str, Any] = {"waiting_for": waiting_for, "refusals": _refusals(lease, refused=refused)}
    if not_sent or not_found:
        values |= {"state": FollowUpState.DUE, "attempted_at": None, "unknown_since": None}
    if not_sent:
        values |= ownership.one_post_less(_table)
    _change(db, lease, "report_waiting", values, why=waiting_for)


def _refusals(lease: FollowUpLease, *, refused: bool) -> int:
    return lease.follow_up.refusals + 1 if refused else 0


def release(db: Engine, lease: FollowUpLease) -> None:
    """Give the lease back unused."""
    _change(db, lease, None, {"tries": lease.follow_up.tries - 1})


def not_posted(db: Engine, follow_up_id: str) -> None:
    """Take back the count of one that provably did not leave after all, no matter who owns the row by now."""
    ownership.not_posted(db, _table, follow_up_id)


def ask(
    db: Engine, lease: FollowUpLease, findings: tuple[Finding, ...], *, may_report: bool, refused: bool = False
) -> None:
    """Let a person decide, and give the lease back. Nothing of it is at Amili.

    `refused` says that Amili clearly refused what was just posted.
    """
    values: dict[str, Any] = {
        "state": FollowUpState.ASKING,
        "findings": findings,
        "may_report": may_report,
        "attempted_at": None,
        "unknown_since": None,
        "waiting_for": "",
        "tries": 0,
        "refusals": 0,
    }
    if refused:
        values |= ownership.one_post_less(_table)
    _change(db, lease, "follow_up_asking", values, why=", ".join(finding.code for finding in findings))


def lapse(db: Engine, lease: FollowUpLease) -> None:
    """End what is not wished for any more, and give the lease back. Nothing of it is at Amili."""
    values = {"state": FollowUpState.LAPSED, "waiting_for": "", "tries": 0, "refusals": 0}
    _change(db, lease, "follow_up_lapsed", values)


def settled(
    db: Engine,
    lease: FollowUpLease,
    outcome: ActionOutcome,
    findings: tuple[Finding, ...],
    *,
    status: str,
    reason: str,
    settled_amount: Decimal | None,
) -> None:
    """Keep what Amili says became of it, and give the lease back; with findings, a person is asked.

    What had no effect may be reported again by a person's decision, and nothing else may.
    """
    state = FollowUpState.ASKING if findings else FollowUpState.REPORTED
    values = {
        "state": state,
        "outcome": outcome,
        "amili_status": status,
        "amili_reason": reason,
        "settled": settled_amount,
        "findings": findings,
        "may_report": outcome is ActionOutcome.FAILED,
        "waiting_for": "",
        "tries": 0,
        "refusals": 0,
    }
    _change(db, lease, f"follow_up_{state}", values, status=status, why=reason, settled=settled_amount)


def _change(db: Engine, lease: FollowUpLease, event: str | None, values: dict[str, Any], **data: Any) -> None:
    with db.begin() as connection:
        ownership.change(connection, _table, lease.follow_up.id, lease.owner, values)
        if lease.follow_up.wish_mark and values.get("state") in _ANSWERS:
            tell_the_ledger(connection, lease.follow_up.hand_over)
        if event:
            _record(connection, lease, event=event, **data)


def _record(connection: Connection, lease: FollowUpLease, *, event: str, **data: Any) -> None:
    follow_up = lease.follow_up
    details = {name: value for name, value in data.items() if value not in (None, "")}
    told = {"kind": follow_up.kind, "amount": follow_up.amount} | details
    record(connection, follow_up.hand_over, actor=WORKER, event=event, **told)
