"""The moves of a hand-over: what there is, and that no database of the suite lets another one pass."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from connector.domain.hand_over import HandOverState
from connector.store import tables, transitions
from connector.store.database import Databases
from tests.migrated_databases import NO_SUCH_MOVE
from tests.store.samples import add_connection, ask

ENDS = {HandOverState.DONE, HandOverState.WITHDRAWN}


def put(databases: Databases, state: HandOverState) -> None:
    with databases.main.begin() as connection:
        connection.execute(update(tables.hand_overs).values(state=state))


@pytest.mark.parametrize("state", HandOverState)
def test_a_hand_over_makes_the_moves_that_are_known_and_no_other(databases: Databases, state: HandOverState) -> None:
    add_connection(databases)
    ask(databases)
    known = {move.to for move in transitions.MOVES if HandOverState.REQUESTED in move.from_}
    if state in known | {HandOverState.REQUESTED}:
        put(databases, state)
    else:
        with pytest.raises(DBAPIError, match=NO_SUCH_MOVE):
            put(databases, state)


def test_every_state_is_come_to_and_what_has_a_case_is_never_asked_for_again() -> None:
    assert {move.to for move in transitions.MOVES} == set(HandOverState)
    for move in transitions.MOVES:
        assert move.to is HandOverState.LEFT or not move.from_ & ENDS or move is transitions.WITHDRAW


def test_only_what_is_armed_may_have_been_sent() -> None:
    assert {move.to for move in transitions.MOVES if move.from_ == transitions.UNANSWERED.from_} == {
        HandOverState.UNKNOWN,
        HandOverState.REQUESTED,
    }
    assert HandOverState.TAKEN not in transitions.ARM.from_, "what Amili took is never posted again"
