"""Hand-overs: one row per invoice, creditor and generation; how one is asked for, and how they are found."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from connector.domain.case import Ending
from connector.domain.connection import FirstAction
from connector.domain.hand_over import (
    MAY_BE_SENT_AGAIN,
    REOPENABLE,
    UNFINISHED,
    WAITS_FOR_KEY,
    HandOverState,
    Judgement,
    Origin,
    PdfState,
    Request,
    WriteBackState,
)
from connector.store import tables
from connector.store.cases import came_to
from connector.store.database import now, reading
from connector.store.hand_over_record import HandOver, amount_text, fetch, from_row
from connector.store.timeline import record

_table = tables.hand_overs
_UNIQUE_CONSTRAINTS = 2
_DOUBTFUL = (HandOverState.REGISTERING, HandOverState.UNKNOWN)
_UNOWNED = {"owner": None, "deadline": None, "free_at": None}
"""Whoever is still writing a block into the ledger must not end the write-back of what is asked for next."""


def ask(db: Engine, request: Request, *, creditor: str, default_action: FirstAction) -> tuple[HandOver, Judgement]:
    """Take a request: start a hand-over, start a blocked one again, or say what stands already.

    After a withdrawal, only a person's new and deliberate request starts anything: a hand-over of its own.

    However many requests for one invoice arrive at once, one row comes of them (two unique constraints).
    """
    for _ in range(_UNIQUE_CONSTRAINTS + 1):
        try:
            with db.begin() as connection:
                return _ask(connection, request, creditor, default_action)
        except IntegrityError as error:
            # Somebody entered the same invoice, or took its number, at this moment: seen at the next try.
            clash = error
    raise clash


def _ask(
    connection: Connection, request: Request, creditor: str, default_action: FirstAction
) -> tuple[HandOver, Judgement]:
    row = connection.execute(
        select(_table)
        .where(_table.c.connection == request.connection, _table.c.invoice_id == request.invoice_id)
        .order_by(_table.c.generation.desc())
        .limit(1)
    ).one_or_none()
    action = request.first_action or default_action
    wishes: dict[str, Any] = {
        "state": HandOverState.REQUESTED,
        "first_action": action,
        "origin": request.origin,
        "asked_by": request.asked_by,
        "asked_at": now(connection),
        "wish_mark": request.wish_mark,
        "proposed_balance": amount_text(request.proposed_balance),
        "accepted": json.dumps(request.accepted),
        "lifted": json.dumps(request.lifted, ensure_ascii=False),
        "findings": "[]",
        "tries": 0,
        "waiting_for": "",
        "declined_by": "",
        "updated_at": now(connection),
    }
    if row is None:
        number = _number_if_free(connection, creditor, request.invoice_number)
        hand_over_id = _enter(connection, request, creditor, number, wishes, generation=0)
    elif row.state == HandOverState.WITHDRAWN:
        existing = from_row(row)
        if not _is_meant_anew(request, existing):
            return existing, Judgement.WITHDRAWN
        hand_over_id = _enter(
            connection, request, creditor, existing.invoice_number or None, wishes, generation=existing.generation + 1
        )
    else:
        existing = from_row(row)
        if existing.state not in REOPENABLE:
            done = existing.state is HandOverState.DONE
            return existing, Judgement.HAS_CASE if done else Judgement.UNDER_WAY
        if request.origin is Origin.LEDGER and request.wish_mark == existing.wish_mark:
            return existing, Judgement.ANSWERED
        hand_over_id = existing.id
        changed = connection.execute(
            update(_table)
            .where(_table.c.id == hand_over_id, _table.c.submission == existing.submission)
            .where(_table.c.state.in_(REOPENABLE))
            .values(
                submission=existing.submission + 1,
                creditor=creditor,
                write_back=WriteBackState.PENDING,
                **wishes,
                **_UNOWNED,
            )
        )
        if not changed.rowcount:
            return fetch(connection, hand_over_id), Judgement.UNDER_WAY
    record(
        connection,
        hand_over_id,
        actor=request.asked_by,
        event="asked",
        origin=request.origin,
        first_action=action,
        accepted=request.accepted,
        lifted=request.lifted,
    )
    return fetch(connection, hand_over_id), Judgement.STARTED


def _enter(
    connection: Connection,
    request: Request,
    creditor: str,
    invoice_number: str | None,
    wishes: dict[str, Any],
    *,
    generation: int,
) -> str:
    hand_over_id = uuid.uuid4().hex
    connection.execute(
        insert(_table).values(
            id=hand_over_id,
            connection=request.connection,
            creditor=creditor,
            invoice_id=request.invoice_id,
            invoice_number=invoice_number,
            generation=generation,
            submission=0,
            pdf=PdfState.PENDING,
            pdf_attempted=False,
            write_back=WriteBackState.PENDING,
            **wishes,
        )
    )
    return hand_over_id


def _is_meant_anew(request: Request, withdrawn: HandOver) -> bool:
    """Whether a request after a withdrawal is a new act of a person's, and not one that stood or came before."""
    match request.origin:
        case Origin.PAGE | Origin.COMMAND:
            return request.again_after == withdrawn.id
        case Origin.LEDGER:
            return request.wish_mark != withdrawn.wish_mark
        case Origin.RULE:
            return False


def _number_if_free(connection: Connection, creditor: str, invoice_number: str) -> str | None:
    """`invoice_number`, unless another hand-over of the creditor has it: the registration finds and tells of that."""
    taken = connection.execute(
        select(_table.c.id).where(_table.c.creditor == creditor, _table.c.invoice_number == invoice_number).limit(1)
    ).first()
    return None if taken else invoice_number or None


def resubmit(db: Engine, hand_over: HandOver) -> HandOver | None:
    """Give an unfinished hand-over, whose work nobody drives any more, a new submission; None if it moved on."""
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
    """The newest hand-over of an invoice, if there is any."""
    with reading(db) as connection:
        row = connection.execute(
            select(_table)
            .where(_table.c.connection == connection_id, _table.c.invoice_id == invoice_id)
            .order_by(_table.c.generation.desc())
            .limit(1)
        ).one_or_none()
    return from_row(row) if row else None


def known_cases(db: Engine, creditor: str) -> frozenset[str]:
    """The ids of all cases of a creditor that were handed over from here, whichever connection did it."""
    query = select(_table.c.case_id).where(_table.c.creditor == creditor, _table.c.case_id.is_not(None))
    with reading(db) as connection:
        return frozenset(connection.execute(query).scalars())


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
    """Whether anything of a connection has ever been registered at Amili."""
    query = select(_table.c.id).where(_table.c.connection == connection_id, _table.c.case_id.is_not(None)).limit(1)
    with reading(db) as connection:
        return connection.execute(query).first() is not None


def with_case(db: Engine, connection_id: str) -> tuple[HandOver, ...]:
    """A connection's hand-overs that have a case at Amili, newest first."""
    query = select(_table).where(_table.c.connection == connection_id, _table.c.case_id.is_not(None))
    with reading(db) as connection:
        rows = connection.execute(query.order_by(_table.c.asked_at.desc(), _table.c.id)).all()
    return tuple(from_row(row) for row in rows)


def of_ids(db: Engine, hand_over_ids: Collection[str]) -> dict[str, HandOver]:
    """These hand-overs, by their ids; those that are not there are left out."""
    with reading(db) as connection:
        rows = connection.execute(select(_table).where(_table.c.id.in_(hand_over_ids))).all()
    return {row.id: from_row(row) for row in rows}


def find(db: Engine, reference: str) -> tuple[HandOver, ...]:
    """Hand-overs whose case id, invoice number or own id is exactly `reference`, newest first.

    One whose invoice number is not known yet is found by the ledger's id of the invoice.
    """
    with reading(db) as connection:
        rows = connection.execute(
            select(_table)
            .where(
                (_table.c.case_id == reference)
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
    limit: int = 100,
) -> tuple[HandOver, ...]:
    """Hand-overs, newest request first; with `ending`, those whose case and invoice have come so far."""
    query = select(_table).order_by(_table.c.asked_at.desc()).limit(limit)
    if connection_id:
        query = query.where(_table.c.connection == connection_id)
    if state:
        query = query.where(_table.c.state == state)
    if ending:
        query = query.where(came_to(ending))
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
    """The newest hand-over of each of these invoices, by invoice id."""
    with reading(db) as connection:
        rows = connection.execute(
            select(_table)
            .where(_table.c.connection == connection_id, _table.c.invoice_id.in_(invoice_ids))
            .order_by(_table.c.generation)
        ).all()
    return {row.invoice_id: from_row(row) for row in rows}


def with_answered_wish(db: Engine, connection_id: str, *, idle_s: float) -> tuple[HandOver, ...]:
    """Hand-overs on a wish in a ledger that came to no case, or to a withdrawn one, unchanged for `idle_s` seconds."""
    query = (
        select(_table)
        .where(_table.c.connection == connection_id, _table.c.state.in_(MAY_BE_SENT_AGAIN), _table.c.wish_mark != "")
        .order_by(_table.c.id)
    )
    with reading(db) as connection:
        rows = connection.execute(query.where(_table.c.updated_at <= now(connection) - idle_s)).all()
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
    whose case has changed. What waits for a new key to its ledger is left out for as long as there is none.
    """
    without_case = (_table.c.state == HandOverState.BLOCKED) | (
        (_table.c.state == HandOverState.SKIPPED) & (_table.c.declined_by != "")
    )
    is_told = (_table.c.origin == Origin.LEDGER) | (_table.c.message_left != "")
    unanswered = without_case & is_told & (_table.c.write_back == WriteBackState.PENDING)
    ended = _table.c.state.in_((HandOverState.DONE, HandOverState.WITHDRAWN))
    untold = ended & (_table.c.write_back == WriteBackState.PENDING)
    without_key = select(tables.connections.c.id).where(tables.connections.c.key_refused_at.is_not(None))
    parked = (_table.c.waiting_for == WAITS_FOR_KEY) & _table.c.connection.in_(without_key)
    with reading(db) as connection:
        rows = connection.execute(
            select(_table)
            .where(_table.c.state.in_(UNFINISHED) | unanswered | untold, ~parked)
            .where(_table.c.updated_at <= now(connection) - idle_s)
            .order_by(_table.c.updated_at)
            .limit(limit)
        ).all()
    return tuple(from_row(row) for row in rows)


def counts(db: Engine) -> dict[str, int]:
    """How many hand-overs stand in each state."""
    with reading(db) as connection:
        rows = connection.execute(select(_table.c.state, func.count().label("n")).group_by(_table.c.state)).all()
    return {row.state: row.n for row in rows}
