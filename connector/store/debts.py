"""Which debt a hand-over is of, and who asked for it before its invoice was read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Engine, select, tuple_

from connector.domain.hand_over import UNFINISHED, HandOverState
from connector.store import tables
from connector.store.database import reading
from connector.store.hand_over_record import HandOver, from_row
from connector.store.lists import one_of

_table = tables.hand_overs


@dataclass(frozen=True)
class Debt:
    """What one hand-over, of one generation, is made for: whose debt, and which.

    `debtor` tells the debtor without naming them: "number:" or "customer:" and a keyed digest, of the last ten digits
    of their number, or of the ledger's id of the customer where it has no number.
    """

    environment: str
    invoice_number: str
    invoice_date: date | None
    debtor: str

    @property
    def key(self) -> str:
        """Return what it is unique by, for one creditor. Never the same as an invoice's number by itself."""
        when = self.invoice_date.isoformat() if self.invoice_date else ""
        return json.dumps([self.environment, self.invoice_number, when, self.debtor], ensure_ascii=False)


def with_number_alone(db: Engine, hand_over: HandOver, invoice_number: str) -> tuple[HandOver, ...]:
    """Other hand-overs of the number, by an earlier release that kept nothing else of its debt; the latest first.

    Only those that have a case, or may have one: what never reached Amili says whose debt it is when it is read again.
    What a person has said to be another debt is left out.
    """
    with reading(db) as connection:
        query = select(_table).where(*number_alone(hand_over, invoice_number)).order_by(_table.c.asked_at.desc())
        return tuple(from_row(row) for row in connection.execute(query).all())


def number_alone(hand_over: HandOver, invoice_number: str) -> tuple[ColumnElement[bool], ...]:
    """The conditions of `with_number_alone`."""
    may_have_case = (HandOverState.REGISTERING, HandOverState.UNKNOWN, HandOverState.TAKEN)
    return (
        _table.c.creditor == hand_over.creditor,
        _table.c.debt == invoice_number,
        _table.c.generation == hand_over.generation,
        _table.c.state != HandOverState.LEFT,
        _table.c.id != hand_over.id,
        _table.c.case_id.is_not(None) | _table.c.state.in_(may_have_case),
        _table.c.case_id.is_(None) | ~one_of(_table.c.case_id, hand_over.other_cases),
    )


def unread_before(db: Engine, hand_over: HandOver, invoice_number: str) -> tuple[HandOver, ...]:
    """Hand-overs of the creditor that were asked for earlier under this number and whose invoice was not read yet."""
    asked = tuple_(_table.c.asked_at, _table.c.id)
    query = (
        select(_table)
        .where(_table.c.creditor == hand_over.creditor, _table.c.invoice_number == invoice_number)
        .where(_table.c.generation == hand_over.generation, _table.c.debt.is_(None), _table.c.state.in_(UNFINISHED))
        .where(asked < (hand_over.asked_at, hand_over.id))
    )
    with reading(db) as connection:
        return tuple(from_row(row) for row in connection.execute(query).all())
