"""Hand-overs: one row per invoice, creditor and generation; how one is asked for, and how they are found."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Engine, func, select, update

from connector.domain.case import Ending
from connector.domain.hand_over import (
    MAY_BE_SENT_AGAIN,
    UNFINISHED,
    HandOverState,
)
from connector.store import hand_over_asking, ownership, resting, tables, telling
from connector.store.cases import came_to
from connector.store.database import is_past, now, reading
from connector.store.hand_over_record import HandOver, fetch, from_row
from connector.store.lists import one_of
from connector.store.timeline import record

_table = tables.hand_overs
_DOUBTFUL = (HandOverState.REGISTERING, HandOverState.UNKNOWN, HandOverState.TAKEN)
_PRESENT = _table.c.state != HandOverState.LEFT
"""Of the environment that the company is in now."""

ask = hand_over_asking.ask


def choose_case(db: Engine, hand_over: HandOver, case_id: str, *, is_this: bool, by: str) -> HandOver | None:
    """Keep what a person says of an open case of the invoice's number: that it is this debt's, or another one's.

    None if the hand-over has a case, or has moved on since the person saw it.
    """
    others = [one for one in hand_over.other_cases if one != case_id]
    said: dict[str, Any] = (
        {"this_case": case_id, "other_cases": tuple(others)}
        if is_this
        else {"this_case": "", "other_cases": (*others, case_id)}
    )
    return _decided(
        db, hand_over, said, by=by, event="case_chosen" if is_this else "case_of_another_debt", case_id=case_id
    )


def allow_one_more(db: Engine, hand_over: HandOver, *, by: str) -> HandOver | None:
    """Let one registration more be posted than have been; None if the hand-over has moved on since the person saw it.

    Anyone who asks has to have looked whether that may be at all.
    """
    return _decided(db, hand_over, ownership.one_more_allowed(_table), by=by, event="one_more_allowed")


def _decided(
    db: Engine, hand_over: HandOver, said: dict[str, Any], *, by: str, event: str, **data: Any
) -> HandOver | None:
    with db.begin() as connection:
        changed = connection.execute(
            update(_table)
            .where(_table.c.id == hand_over.id, _table.c.case_id.is_(None), _table.c.this_case == hand_over.this_case)
            .where(_table.c.state == hand_over.state, _table.c.posts == hand_over.posts)
            .values(**said)
        )
        if not changed.rowcount:
            return None
        record(connection, hand_over.id, actor=by, event=event, **data)
        return fetch(connection, hand_over.id)


def resubmit(db: Engine, hand_over: HandOver) -> HandOver | None:
    """Give an unfinished hand-over, whose work no one drives any more, a new submission; None if it moved on."""
    with db.begin() as connection:
        changed = connection.execute(
            update(_table)
            .where(_table.c.id == hand_over.id, _table.c.submission == hand_over.submission)
            .where(_table.c.state == hand_over.state)
            .values(submission=hand_over.submission + 1)
        )
        return fetch(connection, hand_over.id) if changed.rowcount else None


def get(db: Engine, hand_over_id: str) -> HandOver:
    """One hand-over by its id."""
    with reading(db) as connection:
        return fetch(connection, hand_over_id)


def latest(db: Engine, connection_id: str, invoice_id: str) -> HandOver | None:
    """The newest hand-over of an invoice, if there is any; one that was left behind is none."""
    with reading(db) as connection:
        row = connection.execute(
            select(_table)
            .where(_table.c.connection == connection_id, _table.c.invoice_id == invoice_id, _PRESENT)
            .order_by(_table.c.generation.desc())
            .limit(1)
        ).one_or_none()
    return from_row(row) if row else None


def known_cases(db: Engine, creditor: str) -> frozenset[str]:
    """The ids of all cases of a creditor that were handed over from here, whichever connection did it."""
    query = select(_table.c.case_id).where(_table.c.creditor == creditor, _table.c.case_id.is_not(None))
    with reading(db) as connection:
        return frozenset(connection.execute(query).scalars())


def with_number(db: Engine, creditor: str, invoice_numbers: Collection[str]) -> dict[str, HandOver]:
    """The latest hand-over with a case of each of these numbers, by number, whichever connection did it."""
    query = (
        select(_table)
        .where(_table.c.creditor == creditor, _table.c.case_id.is_not(None), _PRESENT)
        .where(one_of(_table.c.invoice_number, sorted(invoice_numbers)))
        .order_by(_table.c.generation)
    )
    with reading(db) as connection:
        return {row.invoice_number: from_row(row) for row in connection.execute(query).all()}


def in_doubt(db: Engine, connection_id: str) -> tuple[HandOver, ...]:
    """A connection's hand-overs of which it is not known whether a case was made, oldest first.

    One that is being registered at this moment is in no doubt yet.
    """
    query = select(_table).where(_table.c.connection == connection_id, _table.c.state.in_(_DOUBTFUL))
    with reading(db) as connection:
        owned = func.coalesce(_table.c.deadline, 0.0) > now(connection)
        under_way = (_table.c.state == HandOverState.REGISTERING) & owned
        rows = connection.execute(query.where(~under_way).order_by(_table.c.asked_at, _table.c.id)).all()
    return tuple(from_row(row) for row in rows)


def doubtful_numbers(db: Engine, creditor: str) -> frozenset[str]:
    """The numbers of a creditor's invoices that are being registered, or of which it is not known whether they are."""
    query = select(_table.c.invoice_number).where(_table.c.creditor == creditor, _table.c.state.in_(_DOUBTFUL))
    with reading(db) as connection:
        return frozenset(connection.execute(query.where(_table.c.invoice_number.is_not(None))).scalars())


def has_case(db: Engine, connection_id: str) -> bool:
    """Return whether anything of a connection has ever been registered at Amili, where it is now."""
    mine = _table.c.connection == connection_id, _table.c.case_id.is_not(None), _PRESENT
    query = select(_table.c.id).where(*mine).limit(1)
    with reading(db) as connection:
        return connection.execute(query).first() is not None


def with_case(db: Engine, connection_id: str) -> tuple[HandOver, ...]:
    """A connection's hand-overs that have a case at Amili, newest first; without those that were left behind."""
    query = select(_table).where(_table.c.connection == connection_id, _table.c.case_id.is_not(None), _PRESENT)
    with reading(db) as connection:
        rows = connection.execute(query.order_by(_table.c.asked_at.desc(), _table.c.id)).all()
    return tuple(from_row(row) for row in rows)


def of_ids(db: Engine, hand_over_ids: Collection[str]) -> dict[str, HandOver]:
    """These hand-overs, by their ids; those that are not there are left out."""
    with reading(db) as connection:
        rows = connection.execute(select(_table).where(one_of(_table.c.id, hand_over_ids))).all()
    return {row.id: from_row(row) for row in rows}


def find(db: Engine, reference: str) -> tuple[HandOver, ...]:
    """Hand-overs whose case id, OCR number at Amili, invoice number or own id is exactly `reference`, newest first.

    One whose invoice number is not known yet is found by the ledger's id of the invoice.
    """
    with reading(db) as connection:
        rows = connection.execute(
            select(_table)
            .where(
                (_table.c.case_id == reference)
                | (_table.c.ocr == reference)
                | (_table.c.invoice_number == reference)
                | (_table.c.id == reference)
                | (_table.c.invoice_number.is_(None) & (_table.c.invoice_id == reference))
            )
            .order_by(_table.c.asked_at.desc())
        ).all()
    return tuple(from_row(row) for row in rows)


def listing(
    db: Engine,
    *,
    connection_id: str | None = None,
    state: HandOverState | None = None,
    ending: Ending | None = None,
    ocr: str = "",
    limit: int = 100,
) -> tuple[HandOver, ...]:
    """Hand-overs, newest request first; with `ending`, those whose case and invoice have come so far.

    With `ocr`, those whose case has that OCR number at Amili; blanks in it count for nothing.
    """
    query = select(_table).order_by(_table.c.asked_at.desc()).limit(limit)
    if connection_id:
        query = query.where(_table.c.connection == connection_id)
    if state:
        query = query.where(_table.c.state == state)
    if ending:
        query = query.where(came_to(ending))
    if wanted := "".join(ocr.split()):
        query = query.where(_table.c.ocr == wanted)
    with reading(db) as connection:
        return tuple(from_row(row) for row in connection.execute(query).all())


def withdrawn_cases(db: Engine, connection_id: str, invoice_id: str) -> tuple[str, ...]:
    """The cases of an invoice that people have withdrawn, oldest first."""
    with reading(db) as connection:
        return tuple(
            connection.execute(
                select(_table.c.case_id)
                .where(_table.c.connection == connection_id, _table.c.invoice_id == invoice_id)
                .where(_table.c.state == HandOverState.WITHDRAWN)
                .order_by(_table.c.generation)
            ).scalars()
        )


def of_invoices(db: Engine, connection_id: str, invoice_ids: tuple[str, ...]) -> dict[str, HandOver]:
    """The newest hand-over of each of these invoices, by invoice id; those that were left behind are none."""
    with reading(db) as connection:
        rows = connection.execute(
            select(_table)
            .where(_table.c.connection == connection_id, one_of(_table.c.invoice_id, invoice_ids), _PRESENT)
            .order_by(_table.c.generation)
        ).all()
    return {row.invoice_id: from_row(row) for row in rows}


def with_answered_wish(db: Engine, connection_id: str, *, idle_s: float) -> tuple[HandOver, ...]:
    """Hand-overs on a wish in a ledger that came to no case, or to a withdrawn one, unchanged for `idle_s` seconds.

    Those that were left behind are among them: their wish asks for nothing any more.
    """
    answered = (*MAY_BE_SENT_AGAIN, HandOverState.LEFT)
    query = (
        select(_table)
        .where(_table.c.connection == connection_id, _table.c.state.in_(answered), _table.c.wish_mark != "")
        .order_by(_table.c.id)
    )
    with reading(db) as connection:
        rows = connection.execute(query.where(is_past(_table.c.updated_at, connection, for_s=idle_s))).all()
    return tuple(from_row(row) for row in rows)


def forget_wish(db: Engine, hand_over: HandOver) -> None:
    """The wish that a hand-over was the answer to stands no longer, so that the next one is another."""
    with db.begin() as connection:
        connection.execute(
            update(_table)
            .where(_table.c.id == hand_over.id, _table.c.submission == hand_over.submission)
            .where(_table.c.state == hand_over.state, _table.c.wish_mark == hand_over.wish_mark)
            .values(wish_mark="")
        )


def unfinished(db: Engine, *, idle_s: float = 0.0, limit: int = 1000) -> tuple[HandOver, ...]:
    """Hand-overs with work left that have not changed for `idle_s` seconds, oldest first.

    A ledger's wish that was answered with findings or declined has work left until the ledger shows it, and so has one
    whose case has changed. What waits for a new key, or for its company to go on, is left out for as long as it does,
    and so is everything of a company that is disconnected.
    """
    with reading(db) as connection:
        rows = connection.execute(
            select(_table)
            .where(_table.c.state.in_(UNFINISHED) | telling.to_tell(), ~resting.waits())
            .where(is_past(_table.c.updated_at, connection, for_s=idle_s))
            .order_by(_table.c.updated_at)
            .limit(limit)
        ).all()
    return tuple(from_row(row) for row in rows)


def oldest_unfinished_s(db: Engine) -> float:
    """Age in seconds of the oldest request whose hand-over has work left; 0 when there is none.

    What waits for its company to go on is not counted, for nothing is wrong with it, nor what is of one that has ended.
    """
    with reading(db) as connection:
        query = select(now(connection) - func.min(_table.c.asked_at)).where(
            _table.c.state.in_(UNFINISHED), ~resting.waits_by_choice()
        )
        return max(float(connection.execute(query).scalar() or 0.0), 0.0)


def counts(db: Engine) -> dict[str, int]:
    """Return how many hand-overs stand in each state."""
    with reading(db) as connection:
        rows = connection.execute(select(_table.c.state, func.count().label("n")).group_by(_table.c.state)).all()
    return {row.state: row.n for row in rows}
