"""Whether a ledger has still to be told: the same for one hand-over as for a query of all."""

from __future__ import annotations

from itertools import product

import pytest
from sqlalchemy import insert, select, update

from connector.domain.hand_over import HandOverState, Origin, WriteBackState
from connector.store import hand_overs, tables, telling
from connector.store.database import Databases, reading
from connector.store.hand_over_record import HandOver, from_row
from tests.store.samples import add_connection, ask

TOLD_IN_ANY_CASE = (HandOverState.REGISTERED, HandOverState.DONE, HandOverState.WITHDRAWN, HandOverState.LEFT)
"""A case, or what a company left behind."""


@pytest.fixture
def every_kind(databases: Databases) -> dict[str, HandOver]:
    """A hand-over of every kind that there can be, by its id."""
    add_connection(databases)
    first, _ = ask(databases)
    kinds = product(HandOverState, WriteBackState, ("", "eva@byran.example"), Origin, ("", "blocked"))
    with databases.main.begin() as connection:
        row = connection.execute(select(tables.hand_overs)).one()._asdict()
        for number, (state, write_back, declined_by, origin, message_left) in enumerate(kinds):
            connection.execute(
                insert(tables.hand_overs).values(
                    row
                    | {
                        "id": f"kind-{number}",
                        "invoice_id": f"invoice-{number}",
                        "debt": f"debt-{number}",
                        "state": state,
                        "write_back": write_back,
                        "declined_by": declined_by,
                        "origin": origin,
                        "message_left": message_left,
                    }
                )
            )
        connection.execute(tables.hand_overs.delete().where(tables.hand_overs.c.id == first.id))
        rows = connection.execute(select(tables.hand_overs)).all()
    return {row.id: from_row(row) for row in rows}


def test_a_query_finds_those_of_which_it_holds_one_by_one(
    databases: Databases, every_kind: dict[str, HandOver]
) -> None:
    with reading(databases.main) as connection:
        found = set(connection.execute(select(tables.hand_overs.c.id).where(telling.to_tell())).scalars())
    assert found == {one.id for one in every_kind.values() if telling.must_be_told(one)}
    assert 0 < len(found) < len(every_kind)


def test_a_case_is_told_and_an_end_without_one_where_the_ledger_knows_of_it(every_kind: dict[str, HandOver]) -> None:
    for one in every_kind.values():
        knows = one.origin is Origin.LEDGER or bool(one.message_left)
        answered = one.state is HandOverState.BLOCKED or (one.state is HandOverState.SKIPPED and bool(one.declined_by))
        told = one.state in TOLD_IN_ANY_CASE or (knows and answered)
        assert telling.must_be_told(one) is (told and one.write_back is WriteBackState.PENDING), one


def test_what_waits_to_be_told_is_unfinished(databases: Databases, every_kind: dict[str, HandOver]) -> None:
    unfinished = {one.id for one in hand_overs.unfinished(databases.main)}
    assert unfinished >= {one.id for one in every_kind.values() if telling.must_be_told(one)}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (telling.told_again, dict.fromkeys(WriteBackState, WriteBackState.PENDING)),
        (
            telling.told_no_more,
            {one: one for one in WriteBackState} | {WriteBackState.PENDING: WriteBackState.NOT_NEEDED},
        ),
    ],
    ids=["again", "no more"],
)
def test_what_is_told_again_and_what_no_more(
    databases: Databases,
    every_kind: dict[str, HandOver],
    values: object,
    expected: dict[WriteBackState, WriteBackState],
) -> None:
    assert callable(values)
    with databases.main.begin() as connection:
        connection.execute(update(tables.hand_overs).values(**values()))
        rows = connection.execute(select(tables.hand_overs)).all()
    for after in map(from_row, rows):
        before = every_kind[after.id]
        assert after.write_back is expected[before.write_back]
        assert after.case_news == before.case_news + (1 if values is telling.told_again else 0)
