"""How a hand-over goes from one state to another: every move there is, from where, and what it ends of the row.

No other module writes the state of a hand-over, and the suite lets no database of its tests make another move.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, case

from connector.domain.hand_over import REOPENABLE, HandOverState
from connector.store import ownership, tables

_table = tables.hand_overs
_S = HandOverState
_WITHOUT_CASE = frozenset({_S.REQUESTED, _S.REGISTERING, _S.UNKNOWN, _S.TAKEN, *REOPENABLE})
_IN_DOUBT = frozenset({_S.REGISTERING, _S.UNKNOWN})
_TRIED_AFRESH: Mapping[str, Any] = MappingProxyType({"tries": 0, "refusals": 0, "waiting_for": ""})
_NO_DOUBT: Mapping[str, Any] = MappingProxyType({"attempted_at": None, "unknown_since": None})


@dataclass(frozen=True)
class Move:
    """A move to one state from some others; `ends` are the values that are over with it."""

    to: HandOverState
    from_: frozenset[HandOverState]
    ends: Mapping[str, Any] = field(default_factory=dict)

    def values(self) -> dict[str, Any]:
        """Return the values of a row that makes this move."""
        return {"state": self.to, **self.ends}

    def may_begin(self) -> ColumnElement[bool]:
        """Return that a row is where this move begins, as a condition."""
        return _table.c.state.in_(sorted(self.from_))


ASK = Move(_S.REQUESTED, frozenset(REOPENABLE), {**_TRIED_AFRESH, "declined_by": ""})
"""Someone asks for it, for the first time or once more."""
ARM = Move(_S.REGISTERING, frozenset({_S.REQUESTED, *_IN_DOUBT}))
"""The intent to register is committed."""
NOT_SENT = Move(_S.REQUESTED, frozenset({_S.REGISTERING}), {**_NO_DOUBT, **ownership.one_post_less(_table)})
"""What was armed provably did not reach Amili."""
NOT_FOUND = Move(_S.REQUESTED, frozenset({_S.REQUESTED, *_IN_DOUBT}))
"""A look a full settling time after the attempt found no case."""
UNANSWERED = Move(_S.UNKNOWN, frozenset({_S.REGISTERING}))
"""It was sent, and not answered readably."""
TAKE = Move(_S.TAKEN, _WITHOUT_CASE, {"waiting_for": "", "tries": 0})
"""Amili took it and named no case; after a restore that may be found out in any state."""
REGISTER = Move(_S.REGISTERED, _WITHOUT_CASE, {**_TRIED_AFRESH, "unknown_since": None})
"""Its case stands: by Amili's receipt, or as a look found it."""
FINISH = Move(_S.DONE, frozenset({_S.REGISTERED}))
"""PDF and write-back are settled."""
BLOCK = Move(_S.BLOCKED, _WITHOUT_CASE - set(REOPENABLE), {**_TRIED_AFRESH, **_NO_DOUBT})
"""A person must correct or lift something."""
SKIP = Move(_S.SKIPPED, BLOCK.from_, BLOCK.ends)
"""It is not sent, for a reason that no one needs to correct."""
DECLINE = Move(_S.SKIPPED, frozenset({_S.BLOCKED}))
"""A person decides that it is not sent."""
TAKE_UP = Move(_S.BLOCKED, frozenset({_S.SKIPPED}), {"declined_by": ""})
"""A person takes back that it is not sent."""
WITHDRAW = Move(_S.WITHDRAWN, frozenset({_S.REGISTERED, _S.DONE}), {"waiting_for": ""})
"""Its case was cancelled at Amili."""
DISCONNECT = Move(_S.SKIPPED, frozenset({_S.REQUESTED}), {"waiting_for": ""})
"""Its company is not connected any more, and nothing of it was sent."""
LEAVE = Move(_S.LEFT, frozenset(_S) - {_S.LEFT}, {"waiting_for": ""})
"""Its company has gone to Amili's other environment."""

MOVES = (
    *(ASK, ARM, NOT_SENT, NOT_FOUND, UNANSWERED, TAKE, REGISTER, FINISH, BLOCK, SKIP, DECLINE, TAKE_UP),
    *(WITHDRAW, DISCONNECT, LEAVE),
)


def returned() -> dict[str, Any]:
    """Return the values of what was left behind and stands again where it stood."""
    return {"state": _table.c.left_state, "left_state": ""}


def finished_where_registered() -> ColumnElement[Any]:
    """Return the state of a row whose company ends: what is registered is done."""
    return case((FINISH.may_begin(), FINISH.to), else_=_table.c.state)
