"""A rule's plan that waits: the latest of each company, since when, and answered once."""

from __future__ import annotations

from multiprocessing.pool import ThreadPool

import pytest

from connector.domain.plan import Brake
from connector.store import held_plans
from connector.store.database import Databases
from connector.store.held_plans import HeldPlan
from tests.store.samples import CONNECTION, OTHER, add_two_connections, proposed


@pytest.fixture
def db(databases: Databases) -> Databases:
    """Two companies."""
    add_two_connections(databases)
    return databases


def hold(db: Databases, *invoice_ids: str, of: str = CONNECTION) -> HeldPlan:
    return held_plans.hold(db.main, of, proposed(*invoice_ids), [Brake.FIRST, Brake.TOO_MUCH], by="cron")


def test_a_plan_is_kept_as_it_was_made(db: Databases) -> None:
    held = hold(db, "1", "2")

    assert held_plans.get(db.main, CONNECTION) == held
    assert (held.made_by, held.brakes) == ("cron", (Brake.FIRST, Brake.TOO_MUCH))
    assert held.proposed == tuple(proposed("1", "2"))
    assert held_plans.get(db.main, OTHER) is None


def test_a_later_plan_takes_its_place_and_goes_on_waiting(db: Databases) -> None:
    first = hold(db, "1", "2")
    less = hold(db, "2")
    more = hold(db, "2", "3")

    assert held_plans.every(db.main, None) == (more,)
    assert first.held_since == less.held_since == more.held_since == first.made_at
    assert first.grown_at == less.grown_at, "an invoice less is no news"
    assert more.grown_at == more.made_at > first.grown_at
    assert len({first.id, less.id, more.id}) == 3


def test_the_same_plan_made_anew_is_the_one_that_a_person_is_looking_at(db: Databases) -> None:
    seen, again = hold(db, "1", "2"), hold(db, "1", "2")

    assert again.id == seen.id
    assert again.made_at > seen.made_at
    assert hold(db, "1").id != seen.id


def test_a_plan_is_answered_once_and_only_the_latest(db: Databases) -> None:
    replaced, held = hold(db, "1"), hold(db, "2")

    assert not held_plans.answer(db.main, replaced)
    assert held_plans.answer(db.main, held)
    assert not held_plans.answer(db.main, held)
    assert hold(db, "1").held_since > held.held_since, "the next one waits anew"


def test_each_company_has_its_own(db: Databases) -> None:
    here, there = hold(db, "1"), hold(db, "1", of=OTHER)

    assert held_plans.every(db.main, None) == (there, here)
    assert held_plans.every(db.main, (CONNECTION,)) == (here,)
    held_plans.forget(db.main, CONNECTION)
    held_plans.forget(db.main, CONNECTION)
    assert held_plans.every(db.main, None) == (there,)


def test_plans_made_at_once_replace_each_other(db: Databases) -> None:
    with ThreadPool(8) as pool:
        made = pool.map(lambda number: hold(db, str(number)), range(24))

    (kept,) = held_plans.every(db.main, None)
    assert kept in made


def test_a_plan_shows_no_name_where_it_is_printed(db: Databases) -> None:
    assert "Kund AB" not in repr(hold(db, "1"))
