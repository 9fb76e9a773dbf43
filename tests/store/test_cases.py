"""Cases in the store, on both databases: listed by how far they have come, kept once, missed and vanished."""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from sqlalchemy import update

from connector.domain.case import CaseStanding, Ending, closing
from connector.domain.connection import Environment
from connector.domain.hand_over import WriteBackState
from connector.domain.invoice import InvoiceState, Standing
from connector.store import case_readings, cases, hand_overs, ledger_keys, tables
from connector.store.case_readings import Place
from connector.store.database import Databases
from connector.store.following import standing_values
from tests.store.samples import CONNECTION, CREDITOR, add_connection, armed, ask, register

INVOICES = (
    Standing(state=InvoiceState.BOOKED, balance=Decimal("1250.00")),
    Standing(state=InvoiceState.BOOKED, balance=Decimal("0.00")),
    Standing(state=InvoiceState.BOOKED, balance=Decimal("0.00"), held=True),
    Standing(state=InvoiceState.CANCELLED, balance=Decimal("0.00")),
    Standing(state=None),
)


@pytest.fixture
def place(databases: Databases) -> Place:
    add_connection(databases)
    (found,) = case_readings.places(databases.main, "default")
    return found


def handed_over(databases: Databases, number: int, case_id: str, standing: Standing) -> str:
    hand_over, _ = ask(databases, invoice_id=str(number), invoice_number=f"F{number}")
    register(databases, armed(databases, hand_over), case_id)
    with databases.main.begin() as connection:
        table = tables.hand_overs
        values = {**standing_values(standing), "state": "done", "write_back": "written"}
        connection.execute(update(table).where(table.c.id == hand_over.id).values(values))
    return hand_over.id


def case(case_id: str, **values: Any) -> CaseStanding:
    return CaseStanding(**({"id": case_id, "creditor": CREDITOR, "closed": False} | values))


def kept(databases: Databases, place: Place, *found: CaseStanding, showing: tuple[str, ...] = ()) -> int:
    return len(cases.keep(databases.main, place, found, tells=lambda *_: True, showing=showing))


def test_the_list_by_ending_is_what_the_facts_say_of_each(databases: Databases, place: Place) -> None:
    standings = [
        case("", closed=closed, remaining=left)
        for closed, left in product((False, True), (Decimal(0), Decimal(60), None))
    ]
    expected: dict[Ending, set[str]] = {ending: set() for ending in Ending}
    for number, (invoice, standing) in enumerate(product(INVOICES, standings)):
        found = standing.model_copy(update={"id": f"case{number}"})
        hand_over = handed_over(databases, number, found.id, invoice)
        kept(databases, place, found)
        ending = closing(found, invoice).ending
        assert ending is not None
        expected[ending].add(hand_over)
    handed_over(databases, 999, "never read", INVOICES[1])
    assert all(expected.values())
    for ending, ids in expected.items():
        assert {one.id for one in hand_overs.listing(databases.main, ending=ending)} == ids, ending


def test_what_is_kept_comes_back_as_it_was(databases: Databases, place: Place) -> None:
    found = case(
        "a", closed=True, closed_as_came={"reason": "x"}, status_history=({"any": [1]}, "thing"), state="okänt"
    )
    kept(databases, place, found)
    assert cases.of(databases.main, "a") == found
    assert cases.news(databases.main, [found]) == ()
    assert cases.of(databases.main, "b") is None
    assert cases.of(databases.main, "") is None


def test_only_a_ledger_that_shows_it_is_to_be_told(databases: Databases, place: Place) -> None:
    hand_over = handed_over(databases, 1, "a", INVOICES[0])
    before = hand_overs.get(databases.main, hand_over)
    assert kept(databases, place, case("a")) == 0
    assert hand_overs.get(databases.main, hand_over) == before
    assert kept(databases, place, case("a", state="x"), showing=(CONNECTION,)) == 1
    after = hand_overs.get(databases.main, hand_over)
    assert (after.write_back, after.submission) == (WriteBackState.PENDING, before.submission + 1)
    assert [one.id for one in hand_overs.unfinished(databases.main)] == [hand_over]


def test_what_was_missed_is_read_once_and_what_is_gone_is_not_missed_again(databases: Databases, place: Place) -> None:
    db = databases.main
    handed_over(databases, 1, "unread", INVOICES[0])
    kept(databases, place, case("open"), case("seen"), case("closed", closed=True))
    assert cases.miss(db, place, {"seen"}, registered_for_s=3600) == 1
    assert cases.missed(db, place, limit=10) == ("open",)
    assert cases.miss(db, place, {"seen"}, registered_for_s=-1) == 2
    assert set(cases.missed(db, place, limit=10)) == {"open", "unread"}
    kept(databases, place, case("unread"))
    cases.gone(db, "open")
    cases.gone(db, "open")
    assert cases.missed(db, place, limit=10) == ()
    assert cases.miss(db, place, {"seen", "unread"}, registered_for_s=-1) == 0
    assert [one.id for one in cases.vanished(db)] == ["open"]
    assert {one.id for one in cases.unknown(db)} == {"open", "seen", "closed"}


def test_what_changed_back_while_nobody_drove_it_needs_no_second_job_to_be_right(
    databases: Databases, place: Place
) -> None:
    hand_over = handed_over(databases, 1, "a", INVOICES[0])
    for state in ("x", "y", "x"):
        kept(databases, place, case("a", state=state), showing=(CONNECTION,))
    assert hand_overs.get(databases.main, hand_over).case_news == 3
    assert len(hand_overs.unfinished(databases.main)) == 1


def test_a_key_pair_is_read_once_for_all_its_connections_and_not_while_all_are_parked(databases: Databases) -> None:
    add_connection(databases)
    db = databases.main
    (place,) = case_readings.places(db, "default")
    assert (place.environment, place.creditors, place.parked) == (Environment.SANDBOX, frozenset({CREDITOR}), False)
    assert case_readings.accesses(db) == ("default",)
    assert ledger_keys.refused(db, CONNECTION, 0)
    assert case_readings.accesses(db) == ()
    assert case_readings.places(db, "default")[0].parked
