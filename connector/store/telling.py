"""Of which hand-overs their ledger has still to be told, and how it is told again: one rule, for a row and a query.

A ledger is informed of every case, of what its company left behind, and of an end without a case only where it was
asked for there or was told something before.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Any

from sqlalchemy import ColumnElement, and_, case, or_

from connector.domain.hand_over import HandOverState, Origin, WriteBackState
from connector.store import tables
from connector.store.hand_over_record import HandOver

_table = tables.hand_overs


class _Told(Enum):
    ALWAYS = auto()
    WHERE_IT_KNOWS = auto()
    WHERE_IT_KNOWS_AND_A_PERSON_DECLINED = auto()


_TOLD_IN: Mapping[HandOverState, _Told] = {
    HandOverState.REGISTERED: _Told.ALWAYS,
    HandOverState.DONE: _Told.ALWAYS,
    HandOverState.WITHDRAWN: _Told.ALWAYS,
    HandOverState.LEFT: _Told.ALWAYS,
    HandOverState.BLOCKED: _Told.WHERE_IT_KNOWS,
    HandOverState.SKIPPED: _Told.WHERE_IT_KNOWS_AND_A_PERSON_DECLINED,
}
"""In which states a ledger is told, and on what condition; in the others the work goes on first."""


def must_be_told(hand_over: HandOver) -> bool:
    """Return whether the ledger has still to be told how a hand-over stands."""
    if hand_over.write_back is not WriteBackState.PENDING:
        return False
    knows = hand_over.origin is Origin.LEDGER or bool(hand_over.message_left)
    match _TOLD_IN.get(hand_over.state):
        case None:
            return False
        case _Told.ALWAYS:
            return True
        case _Told.WHERE_IT_KNOWS:
            return knows
        case _Told.WHERE_IT_KNOWS_AND_A_PERSON_DECLINED:
            return knows and bool(hand_over.declined_by)


def to_tell() -> ColumnElement[bool]:
    """Return `must_be_told` as a condition on `hand_overs`."""
    conditions: Mapping[_Told, tuple[ColumnElement[bool], ...]] = {
        _Told.ALWAYS: (),
        _Told.WHERE_IT_KNOWS: (_knows(),),
        _Told.WHERE_IT_KNOWS_AND_A_PERSON_DECLINED: (_knows(), _table.c.declined_by != ""),
    }
    states: dict[_Told, list[HandOverState]] = {}
    for state, told in _TOLD_IN.items():
        states.setdefault(told, []).append(state)
    told_now = [and_(_table.c.state.in_(states[told]), *more) for told, more in conditions.items()]
    return (_table.c.write_back == WriteBackState.PENDING) & or_(*told_now)


def told_again() -> dict[str, Any]:
    """Return the values of a hand-over of which the ledger is updated again.

    Anyone who tells it something at this moment does not take that for the last word: the news are counted.
    """
    return {"write_back": WriteBackState.PENDING, "case_news": _table.c.case_news + 1}


def told_again_where_it_knows() -> dict[str, Any]:
    """Return the values of a hand-over of which the ledger is updated again if it knows anything of it."""
    known = _table.c.case_id.is_not(None) | _knows()
    return told_again() | {"write_back": case((known, WriteBackState.PENDING), else_=_table.c.write_back)}


def told_no_more() -> dict[str, Any]:
    """Return the values of a hand-over of which the ledger need not be told any more, if it has not been yet."""
    waits = _table.c.write_back == WriteBackState.PENDING
    return {"write_back": case((waits, WriteBackState.NOT_NEEDED), else_=_table.c.write_back)}


def _knows() -> ColumnElement[bool]:
    return (_table.c.origin == Origin.LEDGER) | (_table.c.message_left != "")
