"""What comparisons found, kept from one to the next: what stands keeps its instant, nothing half takes its place."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest
from sqlalchemy import update

from connector.domain.reconcile import Difference, DifferenceKind, unknown_case
from connector.store import comparisons, ledger_keys, tables
from connector.store.database import Databases
from tests.store.samples import CONNECTION, OTHER, add_two_connections

KINDS = DifferenceKind
LATER = 4_000_000_000.0


@pytest.fixture
def db(databases: Databases) -> Databases:
    """Two companies whose comparisons are far off."""
    add_two_connections(databases)
    for connection_id in (CONNECTION, OTHER):
        comparisons.enrol(databases.main, connection_id, due_at=LATER)
    return databases


def differing(number: str, amount: str = "100.00") -> Difference:
    return Difference(
        key=f"h{number}:{KINDS.NOT_REPORTED}",
        kind=KINDS.NOT_REPORTED,
        hand_over_id=f"h{number}",
        invoice_number=number,
        amount=Decimal(amount),
    )


def keep(db: Databases, at: float, *found: Difference, connection_id: str = CONNECTION) -> dict[str, float]:
    """Keep what a comparison found that began at this instant; gives since when each stands."""
    kept = comparisons.keep(db.main, connection_id, found, cases=7, began_at=at)
    return {one.difference.invoice_number: one.first_seen for one in kept}


def standing(db: Databases, connection_id: str = CONNECTION) -> dict[str, tuple[float, Decimal | None]]:
    found = comparisons.differences(db.main, connection_id)
    return {one.difference.invoice_number: (one.first_seen, one.difference.amount) for one in found}


def stored(db: Databases, connection_id: str = CONNECTION) -> comparisons.StoredComparison:
    found = comparisons.get(db.main, connection_id)
    assert found is not None
    return found


def test_what_stands_keeps_its_instant_and_has_its_amounts_renewed(db: Databases) -> None:
    keep(db, 100.0, differing("1"), differing("2"))

    assert keep(db, 200.0, differing("1", "50.00"), differing("3")) == {"1": 100.0, "3": 200.0}
    assert standing(db) == {"1": (100.0, Decimal("50.00")), "3": (200.0, Decimal("100.00"))}
    assert (stored(db).compared_at, stored(db).cases) == (200.0, 7)


def test_what_is_gone_is_forgotten_and_begins_anew_if_it_comes_back(db: Databases) -> None:
    keep(db, 100.0, differing("1"))
    keep(db, 200.0)
    assert standing(db) == {}

    keep(db, 300.0, differing("1"))

    assert standing(db) == {"1": (300.0, Decimal("100.00"))}


def test_a_company_keeps_its_own(db: Databases) -> None:
    keep(db, 100.0, differing("1"))
    keep(db, 200.0, differing("2"), connection_id=OTHER)

    assert (list(standing(db)), list(standing(db, OTHER))) == (["1"], ["2"])
    assert comparisons.counts(db.main) == {KINDS.NOT_REPORTED: 2}


def test_one_that_failed_takes_nothing_away_and_says_why_until_one_comes_through(db: Databases) -> None:
    keep(db, 100.0, differing("1"))
    comparisons.failed(db.main, CONNECTION, why="Odoo: does not answer.")
    first = stored(db)
    comparisons.failed(db.main, CONNECTION, why="")

    assert standing(db) == {"1": (100.0, Decimal("100.00"))}
    assert (first.compared_at, first.failure, first.tries) == (100.0, "Odoo: does not answer.", 1)
    assert (stored(db).failing_since, stored(db).failure, stored(db).tries) == (first.failing_since, "", 2)

    keep(db, 300.0, differing("1"))
    assert (stored(db).failed_at, stored(db).failing_since, stored(db).tries) == (None, None, 0)


def test_one_that_began_earlier_does_not_take_the_place_of_a_later_one(db: Databases) -> None:
    keep(db, 200.0, differing("2"))

    assert keep(db, 100.0, differing("1"), differing("2")) == {"1": 100.0, "2": 200.0}
    assert standing(db) == {"2": (200.0, Decimal("100.00"))}
    assert stored(db).compared_at == 200.0


def test_two_that_end_at_once_leave_one_of_them_whole(db: Databases) -> None:
    start = threading.Barrier(2)
    failures: list[Exception] = []

    def end(at: float, first: int) -> None:
        try:
            start.wait(timeout=30)
            keep(db, at, *(differing(str(number)) for number in range(first, first + 300)))
        except Exception as error:  # noqa: BLE001  told to the test, which fails with it
            failures.append(error)

    threads = [threading.Thread(target=end, args=(at, first)) for at, first in ((100.0, 0), (200.0, 150))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)

    assert failures == []
    assert set(standing(db)) == {str(number) for number in range(150, 450)}
    assert stored(db).compared_at == 200.0


def due(db: Databases) -> list[str]:
    return [one.connection for one in comparisons.due(db.main)]


def test_a_persons_wish_comes_before_the_night(db: Databases) -> None:
    assert due(db) == []
    with db.main.begin() as connection:
        connection.execute(
            update(tables.comparisons).where(tables.comparisons.c.connection == OTHER).values(due_at=1.0)
        )
    comparisons.ask(db.main, CONNECTION, by="eva@byran.example")

    assert due(db) == [CONNECTION, OTHER]
    assert [one.asked_by for one in comparisons.due(db.main)] == ["eva@byran.example", ""]

    comparisons.ask(db.main, OTHER, by="eva@byran.example")
    assert stored(db, OTHER).due_at == 1.0
    assert due(db) == [OTHER, CONNECTION]


def test_a_run_ends_once(db: Databases) -> None:
    comparisons.ask(db.main, CONNECTION, by="eva@byran.example")

    assert comparisons.end(db.main, CONNECTION, 0, due_at=LATER)
    assert not comparisons.end(db.main, CONNECTION, 0, due_at=0.0)
    assert not comparisons.again(db.main, CONNECTION, 0)
    assert (stored(db).due_at, stored(db).turn, stored(db).asked_by) == (LATER, 1, "")
    assert due(db) == []


def test_a_ledger_without_a_key_is_not_compared_before_there_is_a_new_one(db: Databases) -> None:
    comparisons.ask(db.main, CONNECTION, by="eva@byran.example")
    comparisons.failed(db.main, CONNECTION, why="-")
    ledger_keys.refused(db.main, CONNECTION, 0)
    assert due(db) == []
    assert comparisons.failing(db.main, None, for_s=0.0) == ()

    ledger_keys.accepted(db.main, CONNECTION, 0, expires=None)
    assert due(db) == [CONNECTION]
    assert [one.connection for one in comparisons.failing(db.main, (CONNECTION, OTHER), for_s=0.0)] == [CONNECTION]
    assert comparisons.failing(db.main, (OTHER,), for_s=0.0) == ()
    assert comparisons.failing(db.main, None, for_s=3_600.0) == ()


def test_to_enrol_again_changes_nothing(db: Databases) -> None:
    comparisons.enrol(db.main, CONNECTION, due_at=1.0)

    assert stored(db).due_at == LATER
    assert comparisons.times(db.main) == {CONNECTION: LATER, OTHER: LATER}


def test_only_a_night_to_come_is_moved(db: Databases) -> None:
    comparisons.move_all(db.main, {CONNECTION: LATER + 60})
    assert comparisons.times(db.main) == {CONNECTION: LATER + 60, OTHER: LATER}

    comparisons.failed(db.main, OTHER, why="Amili did not answer.")
    comparisons.move_all(db.main, {OTHER: LATER + 60})
    assert stored(db, OTHER).due_at == LATER, "it is tried again soon"

    comparisons.ask(db.main, CONNECTION, by="eva@byran.example")
    asked = stored(db).due_at
    comparisons.move_all(db.main, {CONNECTION: LATER})
    assert stored(db).due_at == asked


def test_cases_of_nobody_are_told_in_one_figure(db: Databases) -> None:
    keep(db, 100.0, unknown_case("c1", "1", None))
    keep(db, 200.0, unknown_case("c1", "1", None), unknown_case("c2", "2", None), differing("3"))

    (tally,) = comparisons.tallies(db.main, (CONNECTION, OTHER), KINDS.UNKNOWN_CASE)

    assert (tally.connection, tally.count, tally.oldest, tally.latest) == (CONNECTION, 2, 100.0, 200.0)
    assert comparisons.tallies(db.main, (OTHER,), KINDS.UNKNOWN_CASE) == ()
