"""Follow-ups: one row for each thing that happened to a handed-over invoice; how they are found, kept and answered."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, insert, select, union, update

from connector.domain.action import ActionOutcome
from connector.domain.errors import ConfigurationError
from connector.domain.findings import Finding
from connector.domain.follow_up import (
    IN_FLIGHT,
    UNFINISHED_FOLLOW_UPS,
    FollowUpKind,
    FollowUpState,
    Noted,
    Step,
    Verdict,
)
from connector.domain.hand_over import HandOverState
from connector.domain.redaction import without_personal_numbers
from connector.store import jobs, ownership, resting, tables, telling
from connector.store.database import now, reading
from connector.store.hand_over_record import HandOver, from_row
from connector.store.lists import one_of
from connector.store.timeline import WORKER, record

_table = tables.follow_ups
_hand_overs = tables.hand_overs
_REFERENCE_LENGTH = 24
_STATE_OF = {
    Step.REPORT: FollowUpState.DUE,
    Step.ASK: FollowUpState.ASKING,
    Step.PAYOUT: FollowUpState.PAYOUT,
    Step.COUNTED: FollowUpState.COUNTED,
    Step.LAPSE: FollowUpState.LAPSED,
}
_ASKED = (_table.c.state == FollowUpState.ASKING) | _table.c.asked_at.is_not(None)
_UNTOUCHABLE = (*IN_FLIGHT, FollowUpState.REPORTED, FollowUpState.SKIPPED)
"""States that no fresh look at the ledger changes, but that what was skipped may be over."""


@dataclass(frozen=True)
class FollowUp:
    """One follow-up as stored. Instants are seconds since the epoch; amounts kronor.

    `event_id` is unique for the hand-over and kind; `ledger_id` names the ledger's payment or credit. `round` grows
    each time that a person has it reported again. `amili_status`, `amili_reason` and `settled` are kept as they came.
    Of a withdrawal, `wish_mark` is the latest wish in the ledger that was taken up, and `by_wish` says that it was
    asked for there, by a person who has not seen what stands before it. `refusals` are clear refusals in a row, or
    answers that do not tell what became of it. `capital_before` and `total_before` are what was left of the case just
    before it was reported; None where Amili did not show it. `posts` have left without a clear refusal, of
    `posts_allowed`, the first at `first_post_at`; `taken_at` is when one got an answer of success that no one can read.
    `asked_at` is since when a person is asked about it although it is still looked for.
    """

    id: str
    hand_over: str
    kind: FollowUpKind
    event_id: str
    ledger_id: str
    state: FollowUpState
    amount: Decimal
    date: date | None
    number: str
    payout: str
    round: int
    may_report: bool
    findings: tuple[Finding, ...]
    tries: int
    waiting_for: str
    attempted_at: float | None
    unknown_since: float | None
    action_id: str
    outcome: ActionOutcome | None
    amili_status: str
    amili_reason: str
    settled: Decimal | None
    decided_by: str
    decided_at: float | None
    decision_reason: str
    created_at: float
    updated_at: float
    wish_mark: str
    by_wish: bool
    refusals: int = 0
    capital_before: Decimal | None = None
    total_before: Decimal | None = None
    posts: int = 0
    posts_allowed: int = 3
    first_post_at: float | None = None
    taken_at: float | None = None
    asked_at: float | None = None

    @property
    def is_asked(self) -> bool:
        """Return whether a person is asked to decide."""
        return self.state is FollowUpState.ASKING or self.asked_at is not None

    @property
    def asked_since(self) -> float:
        """Since when a person is asked, if one is."""
        return self.updated_at if self.asked_at is None else self.asked_at

    @property
    def outcome_is_looked_for(self) -> bool:
        """Return whether Amili took it, and what became of it is read back although a person is asked already."""
        return self.state is FollowUpState.ASKING and bool(self.action_id) and self.outcome is ActionOutcome.UNKNOWN

    @property
    def at_amili(self) -> bool:
        """Return whether Amili has it, or may have it."""
        if self.state in (*IN_FLIGHT, FollowUpState.REPORTED):
            return True
        return bool(self.action_id and self.outcome is not ActionOutcome.FAILED)

    @property
    def noted(self) -> Noted:
        """Return what a decision needs to know of it."""
        return Noted(
            kind=self.kind,
            id=self.event_id,
            ledger_id=self.ledger_id,
            state=self.state,
            amount=self.amount,
            settled=self.amount if self.settled is None and self.state is FollowUpState.REPORTED else self.settled,
            at_amili=self.at_amili,
            decided=bool(self.decided_by),
            payout=self.payout,
        )


@dataclass(frozen=True)
class Asking:
    """A follow-up that asks a person, with the hand-over it belongs to."""

    follow_up: FollowUp
    hand_over: HandOver


def oldest_unfinished_s(db: Engine) -> float:
    """Age in seconds of the oldest that is to be reported, or on its way; 0 when there is none."""
    followed = select(_hand_overs.c.id).where(resting.is_followed())
    due = _table.c.state.in_(UNFINISHED_FOLLOW_UPS), _table.c.hand_over.in_(followed)
    with reading(db) as connection:
        query = select(now(connection) - func.min(_table.c.created_at)).where(*due)
        return max(float(connection.execute(query).scalar() or 0.0), 0.0)


def reference_of(hand_over: HandOver, follow_up: FollowUp) -> str:
    """Our own reference at Amili: the same for the same thing, no matter who sends it, and telling of no one."""
    parts = (
        hand_over.connection,
        hand_over.invoice_id,
        str(hand_over.generation),
        follow_up.kind,
        follow_up.event_id,
        str(follow_up.round),
    )
    digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    return f"AC{digest[:_REFERENCE_LENGTH]}".upper()


def of_hand_over(db: Engine, hand_over_id: str) -> tuple[FollowUp, ...]:
    """Every follow-up of one hand-over, oldest first."""
    with reading(db) as connection:
        rows = connection.execute(
            select(_table).where(_table.c.hand_over == hand_over_id).order_by(_table.c.created_at, _table.c.id)
        ).all()
    return tuple(_from_row(row) for row in rows)


def of_connection(db: Engine, connection_id: str) -> dict[str, list[FollowUp]]:
    """Every follow-up of one connection, by its hand-over."""
    query = select(_table).join(_hand_overs, _table.c.hand_over == _hand_overs.c.id)
    found: dict[str, list[FollowUp]] = {}
    with reading(db) as connection:
        for row in connection.execute(query.where(_hand_overs.c.connection == connection_id)):
            found.setdefault(row.hand_over, []).append(_from_row(row))
    return found


def get(db: Engine, follow_up_id: str) -> FollowUp:
    """One follow-up by its id."""
    with reading(db) as connection:
        return fetch(connection, follow_up_id)


def fetch(connection: Connection, follow_up_id: str) -> FollowUp:
    """One follow-up by its id, within the caller's transaction."""
    return _from_row(connection.execute(select(_table).where(_table.c.id == follow_up_id)).one())


def asking(db: Engine, *, connection_id: str | None = None, limit: int = 200) -> tuple[Asking, ...]:
    """Return what asks a person, oldest question first; of one connection if it is named."""
    query = (
        select(_table)
        .join(_hand_overs, _table.c.hand_over == _hand_overs.c.id)
        .where(_ASKED, resting.is_followed())
        .order_by(_table.c.updated_at, _table.c.id)
        .limit(limit)
    )
    if connection_id:
        query = query.where(_hand_overs.c.connection == connection_id)
    with reading(db) as connection:
        found = [_from_row(row) for row in connection.execute(query).all()]
        ids = {one.hand_over for one in found}
        rows = connection.execute(select(_hand_overs).where(one_of(_hand_overs.c.id, ids)))
        whose = {row.id: from_row(row) for row in rows}
    return tuple(Asking(one, whose[one.hand_over]) for one in found)


def keep(db: Engine, hand_over: HandOver, verdict: Verdict, findings: tuple[Finding, ...]) -> str:
    """Keep what was decided about one thing, if that is news; its row's id.

    Nothing in flight changes, and nothing that was answered, but that it may be over.

    However many workers decide the same at once, one row comes of it. Raises `LostOwnership` where something of the
    hand-over was reported since it was read: what was decided from before is worth nothing then.
    """
    with db.begin() as connection:
        return _keep(connection, hand_over, verdict, findings)


def _keep(connection: Connection, hand_over: HandOver, verdict: Verdict, findings: tuple[Finding, ...]) -> str:
    state = _STATE_OF[verdict.step]
    turn = select(_hand_overs.c.follow_up_turn).where(_hand_overs.c.id == hand_over.id).with_for_update()
    ownership.must_own(connection.execute(turn).scalar_one() == hand_over.follow_up_turn)
    row = connection.execute(
        select(_table).where(
            _table.c.hand_over == hand_over.id, _table.c.kind == verdict.kind, _table.c.event_id == verdict.id
        )
    ).one_or_none()
    values: dict[str, Any] = {
        "state": state,
        "amount": verdict.amount,
        "date": verdict.date,
        "number": verdict.number,
        "payout": verdict.payout,
        "may_report": verdict.may_report,
        "findings": findings,
        "updated_at": now(connection),
    }
    if row is None:
        follow_up_id = uuid.uuid4().hex
        new = {"round": 0, "tries": 0, "created_at": now(connection), "ledger_id": verdict.ledger_id}
        connection.execute(
            insert(_table).values(
                id=follow_up_id, hand_over=hand_over.id, kind=verdict.kind, event_id=verdict.id, **new, **values
            )
        )
    else:
        before = _from_row(row)
        follow_up_id = before.id
        same = (before.state, before.amount, before.findings) == (state, verdict.amount, findings)
        over = state is FollowUpState.LAPSED and before.state is FollowUpState.SKIPPED
        if same or (before.state in _UNTOUCHABLE and not over) or before.at_amili:
            return follow_up_id
        connection.execute(update(_table).where(_table.c.id == follow_up_id).values(**values))
        if before.state is state and state is not FollowUpState.ASKING:
            return follow_up_id
    _record(connection, hand_over.id, WORKER, f"follow_up_{state}", verdict.kind, verdict.amount, verdict.reason)
    return follow_up_id


def report_it(db: Engine, follow_up_id: str, *, by: str) -> HandOver:
    """A person wants it reported: it becomes due, and a look is asked for. Gives its hand-over.

    Raises `ConfigurationError` where that was not asked, or cannot be.
    """
    return _answer(db, follow_up_id, FollowUpState.DUE, by=by, reason="")


def skip(db: Engine, follow_up_id: str, *, by: str, reason: str) -> HandOver:
    """A person decides that it is not (or no further) reported, and why. It does not come back. Gives its hand-over.

    Raises `ConfigurationError` where nothing was asked, or no reason is given.
    """
    if not reason.strip():
        raise ConfigurationError("A reason is needed.", advice="Say why it is not reported.")
    # The reason is kept in the timeline, where no personal number may stand.
    return _answer(db, follow_up_id, FollowUpState.SKIPPED, by=by, reason=without_personal_numbers(reason.strip()))


def _answer(db: Engine, follow_up_id: str, state: FollowUpState, *, by: str, reason: str) -> HandOver:
    with db.begin() as connection:
        before = fetch(connection, follow_up_id)
        if state is FollowUpState.DUE and not before.may_report:
            raise ConfigurationError("This cannot be reported to Amili.", advice="Do it at Amili, and skip it here.")
        if state is FollowUpState.SKIPPED and before.at_amili:
            state = FollowUpState.REPORTED
        anew = _anew(before) if state is FollowUpState.DUE else {}
        changed = connection.execute(
            update(_table)
            .where(_table.c.id == follow_up_id, _table.c.state == before.state, _ASKED)
            .values(
                state=state,
                asked_at=None,
                decided_by=by,
                decided_at=now(connection),
                decision_reason=reason,
                tries=0,
                waiting_for="",
                updated_at=now(connection),
                **anew,
            )
        )
        if not changed.rowcount:
            raise ConfigurationError("This was answered already, or is not asked any more.")
        event = "follow_up_report_it" if state is FollowUpState.DUE else "follow_up_skipped"
        _record(connection, before.hand_over, by, event, before.kind, before.amount, reason)
        if before.wish_mark:
            tell_the_ledger(connection, before.hand_over)
        return ask_for_look(connection, before.hand_over)


def _anew(before: FollowUp) -> dict[str, Any]:
    """Values of what a person has reported once more: under another reference where the first came to nothing."""
    values = {"action_id": "", "outcome": None, "settled": None, "attempted_at": None, "unknown_since": None}
    if before.outcome is ActionOutcome.FAILED:
        return {**values, "round": before.round + 1, "posts": 0, "first_post_at": None, "taken_at": None}
    return values | ownership.one_more_allowed(_table)


def ask_for_look(connection: Connection, hand_over_id: str) -> HandOver:
    """Ask, within the caller's transaction, that what happened to an invoice is looked at; gives its hand-over."""
    connection.execute(
        update(_hand_overs)
        .where(_hand_overs.c.id == hand_over_id)
        .values(follow_up_asked=_hand_overs.c.follow_up_asked + 1)
    )
    return from_row(connection.execute(select(_hand_overs).where(_hand_overs.c.id == hand_over_id)).one())


def tell_the_ledger(connection: Connection, hand_over_id: str) -> None:
    """Have the ledger told again, within the caller's transaction, what stands of a hand-over."""
    connection.execute(update(_hand_overs).where(_hand_overs.c.id == hand_over_id).values(**telling.told_again()))


def look_done(db: Engine, hand_over_id: str, asked: int) -> None:
    """Everything has been seen to, up to the look number `asked`."""
    with db.begin() as connection:
        connection.execute(
            update(_hand_overs)
            .where(_hand_overs.c.id == hand_over_id, _hand_overs.c.follow_up_done < asked)
            .values(follow_up_done=asked)
        )


@dataclass(frozen=True)
class Look:
    """A look that is to be made at what happened to an invoice: number `asked` of its hand-over."""

    hand_over: str
    connection: str
    asked: int


def due(db: Engine, *, not_entered_as: str = "", limit: int | None = None) -> tuple[Look, ...]:
    """The looks at hand-overs at Amili that were asked for and not finished, or whose follow-ups are not.

    Those one of whose sides does not accept our key are left out; with `not_entered_as`, a kind of work, also those
    that are entered as such.
    """
    at_amili = (
        select(_hand_overs.c.id, _hand_overs.c.connection, _hand_overs.c.follow_up_asked)
        .where(_hand_overs.c.case_id.is_not(None), _hand_overs.c.connection.not_in(resting.cannot_be_asked()))
        .where(_hand_overs.c.state.in_((HandOverState.REGISTERED, HandOverState.DONE)))
    )
    if not_entered_as:
        at_amili = at_amili.where(
            ~jobs.is_entered(
                not_entered_as,
                partition=_hand_overs.c.connection,
                key=_hand_overs.c.id,
                number=_hand_overs.c.follow_up_asked,
            )
        )
    # As one condition with "or", neither database would use an index for either.
    wanted = union(
        at_amili.where(_hand_overs.c.follow_up_asked > _hand_overs.c.follow_up_done),
        at_amili.join(_table, _table.c.hand_over == _hand_overs.c.id).where(_table.c.state.in_(UNFINISHED_FOLLOW_UPS)),
        at_amili.join(_table, _table.c.hand_over == _hand_overs.c.id).where(
            _table.c.state == FollowUpState.ASKING, _table.c.outcome == ActionOutcome.UNKNOWN
        ),
    )
    with reading(db) as connection:
        rows = connection.execute(wanted.order_by("id").limit(limit)).all()
    return tuple(Look(row.id, row.connection, row.follow_up_asked) for row in rows)


def _record(
    connection: Connection, hand_over_id: str, actor: str, event: str, kind: FollowUpKind, amount: Decimal, why: Any
) -> None:
    record(connection, hand_over_id, actor=actor, event=event, kind=kind, amount=amount, why=str(why or ""))


_COLUMNS = tuple(field.name for field in fields(FollowUp))


def _from_row(row: Row[Any]) -> FollowUp:
    values = {name: getattr(row, name) for name in _COLUMNS}
    return FollowUp(**{**values, "by_wish": bool(row.by_wish)})
