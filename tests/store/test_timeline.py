"""The record: written with the change it tells of, and refused by the database to whoever would change it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from connector.store import timeline
from connector.store.database import Databases


def append(databases: Databases, hand_over: str, event: str, **data: object) -> None:
    with databases.main.begin() as connection:
        timeline.record(connection, hand_over, actor="Eva", event=event, **data)


def test_events_are_told_in_their_order_for_one_hand_over(databases: Databases) -> None:
    append(databases, "one", "asked", lifted={"A3": "Banken är stängd"})
    append(databases, "two", "asked")
    append(databases, "one", "registering", capital=Decimal("1250.10"))
    asked, registering = timeline.of_hand_over(databases.main, "one")
    assert (asked.actor, asked.event, asked.data) == ("Eva", "asked", {"lifted": {"A3": "Banken är stängd"}})
    assert registering.data == {"capital": "1250.10"}
    assert asked.at <= registering.at
    assert timeline.of_hand_over(databases.main, "three") == ()


def test_an_event_goes_when_its_change_does(databases: Databases) -> None:
    with databases.main.connect() as connection:
        timeline.record(connection, "one", actor="Eva", event="asked")
        connection.rollback()
    assert timeline.of_hand_over(databases.main, "one") == ()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE timeline SET actor = 'nobody'",
        "UPDATE timeline SET id = id + 1000",
        "DELETE FROM timeline",
        "DELETE FROM timeline WHERE hand_over = 'one'",
    ],
)
def test_the_database_refuses_to_change_the_record(databases: Databases, change: str) -> None:
    append(databases, "one", "asked")
    before = timeline.of_hand_over(databases.main, "one")
    with pytest.raises(DBAPIError, match="append-only"), databases.main.begin() as connection:
        connection.execute(text(change))
    assert timeline.of_hand_over(databases.main, "one") == before
    append(databases, "one", "done")
    assert len(timeline.of_hand_over(databases.main, "one")) == 2
