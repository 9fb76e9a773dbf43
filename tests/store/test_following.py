"""How an invoice stands is compared by its values, whichever release wrote them down, and kept once."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import Text, literal, update

from connector.domain.case import CaseStanding
from connector.domain.connection import Environment
from connector.domain.invoice import InvoiceState, Standing
from connector.store import case_readings, cases, following, hand_overs, tables
from connector.store.database import Databases
from tests.store.samples import CONNECTION, CREDITOR, add_connection, armed, ask, register

OPEN = Standing(state=InvoiceState.BOOKED, balance=Decimal("1250.00"))
PAID = Standing(state=InvoiceState.BOOKED, balance=Decimal("0.00"))
WRITTEN_BEFORE = (
    '{"state":"booked","balance":"1250.00","held":false}',
    '{"state":"booked","balance":"1250.00"}',
    '{"held": false, "balance": "1250.00", "put_off": false, "state": "booked"}',
)
"""The same as releases before wrote it, and as one after may."""


@pytest.fixture
def hand_over(databases: Databases) -> str:
    """A hand-over with a case, whose invoice was open when it was sent."""
    add_connection(databases)
    found, _ = ask(databases, invoice_id="1", invoice_number="F1")
    register(databases, armed(databases, found))
    return found.id


def written(databases: Databases, standing: str) -> None:
    with databases.main.begin() as connection:
        connection.execute(update(tables.hand_overs).values(standing=literal(standing, Text())))


def seen(databases: Databases) -> following.Followed:
    (one,) = following.all_handed_over(databases.main, CONNECTION)
    return one


@pytest.mark.parametrize("before", WRITTEN_BEFORE)
def test_a_change_is_noted_however_what_was_before_is_written(
    databases: Databases, hand_over: str, before: str
) -> None:
    written(databases, before)

    assert not following.note(databases.main, seen(databases), OPEN), "the same is no news"
    assert following.note(databases.main, seen(databases), PAID)
    assert hand_overs.get(databases.main, hand_over).standing == PAID
    assert not following.note(databases.main, seen(databases), PAID)


def test_whoever_saw_something_older_notes_nothing(databases: Databases, hand_over: str) -> None:
    slow = seen(databases)
    for standing in (PAID, OPEN):
        assert following.note(databases.main, seen(databases), standing)

    assert slow.standing == seen(databases).standing
    assert not following.note(databases.main, slow, PAID)
    assert hand_overs.get(databases.main, hand_over).standing == OPEN


def test_a_case_that_is_kept_in_other_words_is_no_news(databases: Databases) -> None:
    add_connection(databases)
    (place,) = case_readings.places(databases.main, "default")
    assert place.environment is Environment.SANDBOX
    at = datetime(2026, 3, 1, tzinfo=UTC)
    found = CaseStanding(
        id="c1", creditor=CREDITOR, closed=False, updated_at=at, status_history=({"fee": Decimal("1.50")},)
    )
    cases.keep(databases.main, place, [found], tells=lambda _before, _now: False, showing=())
    kept = {"closed": False, "creditor": CREDITOR, "id": "c1", "updated_at": "2026-03-01T00:00:00+00:00"}
    text = json.dumps(kept | {"status_history": [{"fee": "1.50"}]})
    with databases.main.begin() as connection:
        connection.execute(update(tables.cases).values(standing=literal(text, Text())))

    assert cases.news(databases.main, [found]) == ()
    changed = found.model_copy(update={"remaining": Decimal("10.00")})
    assert cases.news(databases.main, [changed]) == (changed,)
