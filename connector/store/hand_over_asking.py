"""How a hand-over is asked for: one row per invoice, creditor and generation, however many requests arrive at once."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from connector.domain.connection import Environment, FirstAction
from connector.domain.errors import ConfigurationError
from connector.domain.hand_over import (
    REOPENABLE,
    HandOverState,
    Judgement,
    Origin,
    PdfState,
    Request,
    WriteBackState,
)
from connector.store import ownership, series, tables, transitions
from connector.store.database import now
from connector.store.hand_over_record import HandOver, fetch, findings_values, from_row
from connector.store.timeline import record

_table = tables.hand_overs
_UNIQUE_CONSTRAINTS = 2


def ask(
    db: Engine, request: Request, *, creditor: str, default_action: FirstAction | str
) -> tuple[HandOver, Judgement]:
    """Take a request: start a hand-over, start a blocked one again, or say what stands already.

    After a withdrawal, only a person's new and deliberate request starts anything: a hand-over of its own. A request
    from before the company went to Amili's other environment is put on record and starts nothing. Raises
    `ConfigurationError` where the company is disconnected.

    However many requests for one invoice arrive at once, one row comes of them (two unique constraints).
    """
    for _ in range(_UNIQUE_CONSTRAINTS + 1):
        try:
            with db.begin() as connection:
                return _ask(connection, request, creditor, default_action)
        except IntegrityError as error:
            # Someone entered the same invoice, or took its number, at this moment: seen at the next try.
            clash = error
    raise clash


def _ask(
    connection: Connection, request: Request, creditor: str, default_action: FirstAction | str
) -> tuple[HandOver, Judgement]:
    environment = _environment(connection, request.connection)
    is_left = request.environment not in (None, environment)
    mine = _table.c.connection == request.connection, _table.c.invoice_id == request.invoice_id
    if request.origin is Origin.LEDGER and (answered := _left_with_wish(connection, request)):
        return answered, Judgement.LEFT
    row = connection.execute(
        select(_table).where(*mine, _table.c.state != HandOverState.LEFT).order_by(_table.c.generation.desc()).limit(1)
    ).one_or_none()
    action = request.first_action or default_action
    wishes: dict[str, Any] = {
        **transitions.ASK.values(),
        "first_action": action,
        "origin": request.origin,
        "asked_by": request.asked_by,
        "asked_at": now(connection),
        "wish_mark": request.wish_mark,
        "proposed_balance": request.proposed_balance,
        "accepted": request.accepted,
        "lifted": dict(request.lifted),
        **findings_values(()),
        "updated_at": now(connection),
        "environment": environment,
    }
    if is_left and request.environment is not None:
        left = {
            "environment": request.environment,
            "state": transitions.LEAVE.to,
            "left_state": transitions.ASK.to,
        }
        generation = series.left_generation(connection, request.connection, request.invoice_id)
        hand_over_id = _enter(connection, request, creditor, wishes | left, generation=generation)
    elif row is None:
        hand_over_id = _enter(connection, request, creditor, wishes, generation=0)
    elif row.state == HandOverState.WITHDRAWN:
        existing = from_row(row)
        if not _is_meant_anew(request, existing):
            return existing, Judgement.WITHDRAWN
        hand_over_id = _enter(
            connection,
            request,
            creditor,
            # It is the same debt, and what people said of others holds.
            wishes
            | {
                "debt": existing.debt or None,
                "invoice_number": existing.invoice_number or None,
                "invoice_date": existing.invoice_date,
                "debtor": existing.debtor,
                "other_cases": existing.other_cases,
            },
            generation=existing.generation + 1,
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
            .where(transitions.ASK.may_begin())
            .values(
                submission=existing.submission + 1,
                creditor=creditor,
                write_back=WriteBackState.PENDING,
                **wishes,
                **ownership.UNOWNED,
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
    return fetch(connection, hand_over_id), Judgement.LEFT if is_left else Judgement.STARTED


def _environment(connection: Connection, connection_id: str) -> Environment:
    """Return where the company is: it does not go elsewhere while this transaction lasts."""
    table = tables.connections
    row = connection.execute(
        select(table.c.environment, table.c.disconnected_at)
        .where(table.c.id == connection_id)
        .with_for_update(read=True)
    ).one_or_none()
    if row is not None and row.disconnected_at is not None:
        raise ConfigurationError(f"The connection “{connection_id}” is disconnected, and nothing of it is sent.")
    return Environment(row.environment) if row is not None else Environment.SANDBOX


def _left_with_wish(connection: Connection, request: Request) -> HandOver | None:
    """The hand-over that was left behind with the same wish that a request is about."""
    row = connection.execute(
        select(_table)
        .where(_table.c.connection == request.connection, _table.c.invoice_id == request.invoice_id)
        .where(_table.c.state == HandOverState.LEFT, _table.c.wish_mark == request.wish_mark, _table.c.wish_mark != "")
        .limit(1)
    ).first()
    return from_row(row) if row else None


def _enter(
    connection: Connection,
    request: Request,
    creditor: str,
    wishes: dict[str, Any],
    *,
    generation: int,
) -> str:
    hand_over_id = uuid.uuid4().hex
    entered: dict[str, Any] = {
        "id": hand_over_id,
        "connection": request.connection,
        "creditor": creditor,
        "invoice_id": request.invoice_id,
        "invoice_number": _number_if_free(connection, creditor, request.invoice_number),
        "generation": generation,
        "submission": 0,
        "pdf": PdfState.PENDING,
        "pdf_attempted": False,
        "write_back": WriteBackState.PENDING,
    }
    connection.execute(insert(_table).values(**(entered | wishes)))
    return hand_over_id


def _is_meant_anew(request: Request, withdrawn: HandOver) -> bool:
    """Return whether a request after a withdrawal is a new act of a person's, and not one that stood or came before."""
    match request.origin:
        case Origin.PAGE | Origin.COMMAND:
            return request.again_after == withdrawn.id
        case Origin.LEDGER:
            return request.wish_mark != withdrawn.wish_mark
        case Origin.RULE:
            return False


def _number_if_free(connection: Connection, creditor: str, invoice_number: str) -> str | None:
    """`invoice_number`, unless another hand-over of the creditor has it: reading the invoice tells whose it is."""
    taken = connection.execute(
        select(_table.c.id)
        .where(_table.c.creditor == creditor, _table.c.invoice_number == invoice_number)
        .where(_table.c.state != HandOverState.LEFT)
        .limit(1)
    ).first()
    return None if taken else invoice_number or None
