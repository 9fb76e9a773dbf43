"""Withdrawals: a person's decision to have a case cancelled, kept as a follow-up, and its end.

Amili has no field for a reason (amili/API.md, "Cancellations"), so reason, person and time are kept here and in the
timeline.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from connector.domain.action import ActionOutcome
from connector.domain.errors import ConfigurationError
from connector.domain.findings import Finding
from connector.domain.follow_up import FollowUpKind, FollowUpState
from connector.domain.hand_over import HandOverState
from connector.store import follow_ups, ownership, tables, telling, transitions
from connector.store.database import now
from connector.store.follow_up_work import FollowUpLease
from connector.store.follow_ups import FollowUp, ask_for_look, tell_the_ledger
from connector.store.hand_over_record import HandOver, fetch, findings_values
from connector.store.timeline import record

Result = TypeVar("Result")

_table = tables.follow_ups
_hand_overs = tables.hand_overs
_AT_AMILI = (HandOverState.REGISTERED, HandOverState.DONE)
_OPEN = (FollowUpState.DUE, FollowUpState.ASKING)
_ENDED = (FollowUpState.ASKING, FollowUpState.SKIPPED, FollowUpState.REPORTED, FollowUpState.LAPSED)


def ask(db: Engine, hand_over_id: str, *, by: str, reason: str) -> HandOver:
    """A person wants the case of a hand-over withdrawn; gives the hand-over.

    One withdrawal comes of it, however often it is asked; one that came to nothing is tried again. Raises
    `ConfigurationError` without a reason, or where there is no case to withdraw.
    """
    if not reason.strip():
        raise ConfigurationError("A reason is needed.", advice="Say why the case is withdrawn; it is kept on record.")

    def asked(connection: Connection) -> HandOver:
        hand_over = fetch(connection, hand_over_id)
        if hand_over.state is HandOverState.WITHDRAWN:
            return hand_over
        if hand_over.state not in _AT_AMILI or not hand_over.case_id:
            raise ConfigurationError("There is no case at Amili to withdraw.", advice="Only a registered case can be.")
        decided = {"state": FollowUpState.DUE, "by_wish": False, "findings": ()}
        if not _decide(connection, hand_over, decided, by=by, reason=reason.strip()):
            return hand_over
        return ask_for_look(connection, hand_over_id)

    return _once_more(db, asked)


def take_wish(
    db: Engine, hand_over_id: str, *, mark: str, by: str, reason: str, objections: tuple[Finding, ...]
) -> bool:
    """Take up a wish that stands in the ledger, once: True for the one that does.

    With `objections` a person is asked instead of Amili. A wish whose case is withdrawn already, or being withdrawn,
    changes nothing and is answered with that.
    """

    def taken(connection: Connection) -> bool:
        hand_over = fetch(connection, hand_over_id)
        row = _row(connection, hand_over_id)
        if row is not None and row.wish_mark == mark:
            return False
        decided = {
            "state": FollowUpState.ASKING if objections else FollowUpState.DUE,
            "by_wish": True,
            "findings": objections,
            "may_report": False,
            "wish_mark": mark,
        }
        withdrawn = hand_over.state is HandOverState.WITHDRAWN
        if withdrawn or not _decide(connection, hand_over, decided, by=by, reason=reason):
            connection.execute(
                update(_table)
                .where(_table.c.hand_over == hand_over_id, _table.c.kind == FollowUpKind.WITHDRAWAL)
                .values(wish_mark=mark)
            )
        if withdrawn or objections:
            tell_the_ledger(connection, hand_over_id)
        if not withdrawn:
            ask_for_look(connection, hand_over_id)
        return True

    return _once_more(db, taken)


def of_hand_over(db: Engine, hand_over_id: str) -> FollowUp | None:
    """The withdrawal of a hand-over's case, if one was asked for."""
    rows = follow_ups.of_hand_over(db, hand_over_id)
    return next((row for row in rows if row.kind is FollowUpKind.WITHDRAWAL), None)


def _once_more(db: Engine, act: Callable[[Connection], Result]) -> Result:
    """Do it in one transaction, and again if someone else entered the withdrawal at this moment."""
    try:
        with db.begin() as connection:
            return act(connection)
    except IntegrityError:
        with db.begin() as connection:
            return act(connection)


def _row(connection: Connection, hand_over_id: str) -> Row[Any] | None:
    return connection.execute(
        select(_table).where(_table.c.hand_over == hand_over_id, _table.c.kind == FollowUpKind.WITHDRAWAL)
    ).one_or_none()


def _decide(connection: Connection, hand_over: HandOver, decided: dict[str, Any], *, by: str, reason: str) -> bool:
    """Enter a decision to withdraw; False where an earlier one is under way."""
    anew: dict[str, Any] = {
        "decided_by": by,
        "decided_at": now(connection),
        "decision_reason": reason,
        "action_id": "",
        "outcome": None,
        "attempted_at": None,
        "unknown_since": None,
        "tries": 0,
        "waiting_for": "",
        "updated_at": now(connection),
    }
    known = _row(connection, hand_over.id)
    if known is None:
        first = {"round": 0, "may_report": False, "created_at": now(connection), "amount": Decimal("0.00")}
        connection.execute(
            insert(_table).values(
                id=uuid.uuid4().hex,
                hand_over=hand_over.id,
                kind=FollowUpKind.WITHDRAWAL,
                event_id=hand_over.case_id,
                ledger_id=hand_over.case_id,
                **{**first, **anew, **decided},
            )
        )
    else:
        once_more = ownership.one_more_allowed(_table)
        changed = connection.execute(
            update(_table)
            .where(_table.c.id == known.id, _table.c.state.in_(_ENDED))
            .values(**anew, **decided, **once_more)
        )
        if not changed.rowcount:
            return False
    record(connection, hand_over.id, actor=by, event="withdrawal_asked", case_id=hand_over.case_id, why=reason)
    return True


def took_effect(
    db: Engine,
    lease: FollowUpLease,
    outcome: ActionOutcome,
    findings: tuple[Finding, ...],
    *,
    status: str,
    reason: str,
    wish_mark: str,
    tell_ledger: bool,
) -> None:
    """End the hand-over with its withdrawal, and everything that was still open of it.

    `wish_mark` is the wish that stands in the ledger: it was expressed before, so it starts nothing. Where the ledger
    is not told, it is not shown the case any more either. Raises `LostOwnership`.
    """
    withdrawal = lease.follow_up
    with db.begin() as connection:
        ended = {
            "state": FollowUpState.REPORTED,
            "outcome": outcome,
            "amili_status": status,
            "amili_reason": reason,
            "findings": (),
            "waiting_for": "",
            "tries": 0,
        }
        ownership.change(connection, _table, withdrawal.id, lease.owner, ended)
        hand_over = fetch(connection, withdrawal.hand_over)
        told = telling.told_again() if tell_ledger else telling.told_no_more()
        connection.execute(
            update(_hand_overs)
            .where(_hand_overs.c.id == hand_over.id)
            .values(
                **transitions.WITHDRAW.values(),
                wish_mark=wish_mark,
                **findings_values((*hand_over.findings, *findings)),
                follow_up_done=_hand_overs.c.follow_up_asked,
                updated_at=now(connection),
                **told,
            )
        )
        connection.execute(
            update(_table)
            .where(_table.c.hand_over == hand_over.id, _table.c.state.in_(_OPEN))
            .values(
                state=FollowUpState.SKIPPED,
                decided_by=withdrawal.decided_by,
                decided_at=now(connection),
                decision_reason=withdrawal.decision_reason,
                updated_at=now(connection),
            )
        )
        record(
            connection,
            hand_over.id,
            actor=withdrawal.decided_by,
            event="withdrawn",
            case_id=hand_over.case_id,
            why=withdrawal.decision_reason,
            status=status,
        )
