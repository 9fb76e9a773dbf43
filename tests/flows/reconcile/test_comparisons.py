"""When a comparison is made and what becomes of it: every night, when a person asks, and after it failed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import delete, update

from connector.domain.dates import STOCKHOLM, today
from connector.domain.errors import ConnectorError, KeyRefused
from connector.domain.money_view import PaidOut
from connector.domain.reconcile import DifferenceKind
from connector.flows.companies import keys
from connector.flows.outcome import STOP
from connector.flows.reconcile import comparisons as comparing
from connector.flows.reconcile.comparisons import COMPARE, SPREAD_S, TRIES_A_NIGHT, next_night
from connector.flows.runner import entry_of
from connector.sandbox.amili.lines import make_payout
from connector.sandbox.amili.settling import debtor_pays
from connector.sandbox.amili.state import GUIDE_CREDITOR
from connector.sandbox.odoo.switches import LedgerSwitches
from connector.sandbox.shared.switches import Fault, FaultKind
from connector.store import comparisons, jobs, payout_lines, tables, troubles
from connector.store.comparisons import Due, StoredComparison
from tests.conftest import SettingsFactory
from tests.flows.hand_over_steps import begun, driven, strike
from tests.flows.stage import CONNECTION, Stage, stage
from tests.flows.test_worker import join_another
from tests.flows.waiting import until
from tests.flows.zygote import zygote

EVA = "eva@byran.example"
HOUR_S = 3_600.0
DAY_S = 24 * HOUR_S
NEW_KEY = "a-new-key-0123456789abcdef0123456789abcd"


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Stage]:
    """A stage of the test's own: a comparison is of everything that a company has."""
    with stage(tmp_path / "data", SETTLE_S="60", READ_TIMEOUT_S="30", WORKER_CONCURRENCY="8") as on:
        yield on


def paid_at_amili(on: Stage) -> str:
    """An invoice of which a part was paid at Amili; its case."""
    case = driven(on, begun(on, on.invoice())).case_id
    debtor_pays(on.amili, case, Decimal("500.00"))
    return case


def stored(on: Stage, connection_id: str = CONNECTION) -> StoredComparison:
    found = comparisons.get(on.deployment.databases.main, connection_id)
    assert found is not None
    return found


def standing(on: Stage) -> dict[str, float]:
    """Since when each case's difference stands."""
    found = comparisons.differences(on.deployment.databases.main, CONNECTION)
    return {one.difference.case_id: one.first_seen for one in found}


def ran(on: Stage) -> None:
    """The run that is due, made by a worker."""
    assert comparing.run(on.deployment, Due(CONNECTION, stored(on).turn, "")) == STOP


def failed(on: Stage) -> StoredComparison:
    """A run that fails; how it stands then."""
    with pytest.raises(ConnectorError):
        comparing.run(on.deployment, Due(CONNECTION, stored(on).turn, ""))
    return stored(on)


def at(day: int, hour: int, minute: int = 0) -> float:
    return datetime(2026, 3, day, hour, minute, tzinfo=STOCKHOLM).timestamp()


@pytest.mark.parametrize("connection_id", ["a", "b", "testbolaget"])
def test_each_company_has_its_own_time_of_the_night_by_swedens_clock(
    connection_id: str, settings_factory: SettingsFactory
) -> None:
    settings = settings_factory(reconcile_hour=2)

    due_at = next_night(settings, connection_id, at(10, 12))

    assert at(11, 2) <= due_at < at(11, 2) + SPREAD_S
    assert next_night(settings, connection_id, at(11, 1)) == due_at
    assert next_night(settings, connection_id, due_at - 1) == due_at
    assert next_night(settings, connection_id, due_at) == due_at + DAY_S
    # Summer time begins on the 29th.
    assert next_night(settings, connection_id, at(29, 12)) - at(30, 2) == due_at - at(11, 2)


def test_companies_are_spread_over_the_night(settings_factory: SettingsFactory) -> None:
    times = {next_night(settings_factory(), f"company-{number}", at(10, 12)) for number in range(100)}

    assert len(times) > 95


def test_a_comparison_reads_what_has_been_paid_out(fresh: Stage) -> None:
    paid_at_amili(fresh)
    db = fresh.deployment.databases.main
    (before,) = comparing.compare(fresh.deployment, CONNECTION).differences
    make_payout(fresh.amili, GUIDE_CREDITOR)

    (after,) = comparing.compare(fresh.deployment, CONNECTION).differences

    assert (before.difference.payout_date, after.difference.payout_date) == (None, today())
    assert before.difference.payouts_read_at is not None
    assert after.difference.payouts_read_at == payout_lines.read_at(db, "sandbox", GUIDE_CREDITOR)


def test_where_payouts_cannot_be_read_the_rest_is_compared_and_the_earlier_reading_told(fresh: Stage) -> None:
    paid_at_amili(fresh)
    db = fresh.deployment.databases.main
    (before,) = comparing.compare(fresh.deployment, CONNECTION).differences
    strike(fresh, Fault(FaultKind.FAIL_BEFORE, operations=("payout_specifications",), status=403, share=1.0))

    (after,) = comparing.compare(fresh.deployment, CONNECTION).differences

    assert after.difference.payouts_read_at == before.difference.payouts_read_at
    assert [(one.step, one.failing.status) for one in troubles.every(db, (CONNECTION,))] == [("payouts", 403)]

    strike(fresh)
    comparing.compare(fresh.deployment, CONNECTION)
    assert troubles.every(db, (CONNECTION,)) == ()


def test_a_reading_of_payouts_that_breaks_off_is_none(fresh: Stage) -> None:
    paid_at_amili(fresh)
    make_payout(fresh.amili, GUIDE_CREDITOR)
    db = fresh.deployment.databases.main
    line = PaidOut(
        invoice_number="1", category="c", article="", currency="SEK", total=None, booked_on=None, payout_date=None,
        payout_reference="",
    )  # fmt: skip
    payout_lines.keep(db, environment="sandbox", creditor=GUIDE_CREDITOR, lines=[("l", line)], read_to=None)
    assert payout_lines.read_at(db, "sandbox", GUIDE_CREDITOR) is None

    comparing.compare(fresh.deployment, CONNECTION)
    assert payout_lines.read_at(db, "sandbox", GUIDE_CREDITOR) is not None


def test_a_run_keeps_what_it_found_and_the_next_is_due_at_night(fresh: Stage) -> None:
    case = paid_at_amili(fresh)
    comparing.ask(fresh.deployment, CONNECTION, by=EVA)
    ran(fresh)
    first = standing(fresh)
    assert set(first) == {case}
    assert (stored(fresh).cases, stored(fresh).asked_by, stored(fresh).turn) == (1, "", 1)
    assert comparisons.due(fresh.deployment.databases.main) == ()
    now = comparisons.instant(fresh.deployment.databases.main)
    assert stored(fresh).due_at == next_night(fresh.deployment.settings, CONNECTION, now)

    other = paid_at_amili(fresh)
    ran(fresh)

    assert standing(fresh)[case] == first[case]
    assert standing(fresh)[other] > first[case]


def test_a_run_that_somebody_else_has_made_is_not_made_again(fresh: Stage) -> None:
    driven(fresh, begun(fresh, fresh.invoice()))
    ran(fresh)
    fresh.amili.traffic.clear()

    assert comparing.run(fresh.deployment, Due(CONNECTION, 0, "")) == STOP

    assert fresh.amili.traffic.snapshot()["requests"] == {}


def test_one_that_breaks_off_leaves_what_stood_and_is_tried_again_some_times_a_night(fresh: Stage) -> None:
    case = paid_at_amili(fresh)
    ran(fresh)
    before = (standing(fresh), stored(fresh).compared_at)
    strike(fresh, Fault(FaultKind.FAIL_BEFORE, share=1.0))

    first = failed(fresh)
    assert "Amili" in first.failure
    now = comparisons.instant(fresh.deployment.databases.main)
    assert now + HOUR_S - 60 < first.due_at <= now + HOUR_S

    for _ in range(TRIES_A_NIGHT - 1):
        last = failed(fresh)
    assert last.due_at == next_night(fresh.deployment.settings, CONNECTION, now)
    assert (last.failing_since, last.tries) == (first.failing_since, 0)
    assert (standing(fresh), stored(fresh).compared_at) == before

    strike(fresh)
    ran(fresh)
    assert stored(fresh).failing_since is None
    assert set(standing(fresh)) == {case}


def test_one_of_which_the_ledger_answers_half_is_none(fresh: Stage) -> None:
    paid_at_amili(fresh)
    ran(fresh)
    before = standing(fresh)
    paid_at_amili(fresh)
    fresh.ledger.switches.set(LedgerSwitches(faults=(Fault(FaultKind.FAIL_BEFORE, share=1.0),)))

    assert "Odoo" in failed(fresh).failure

    assert standing(fresh) == before


def test_a_connection_that_cannot_be_opened_fails_like_any_other(fresh: Stage) -> None:
    table = tables.connections
    with fresh.deployment.databases.main.begin() as connection:
        connection.execute(update(table).values(secrets=b"sealed with another key"))

    assert failed(fresh).failure


def test_a_dead_key_is_no_failure_and_a_new_one_lets_the_run_be_made(fresh: Stage) -> None:
    paid_at_amili(fresh)
    comparing.ask(fresh.deployment, CONNECTION, by=EVA)
    fresh.ledger.drop_key(fresh.ledger.api_key)
    db = fresh.deployment.databases.main
    with pytest.raises(KeyRefused):
        comparing.compare(fresh.deployment, CONNECTION)
    ran(fresh)
    assert (stored(fresh).failed_at, stored(fresh).asked_by) == (None, EVA)
    assert comparisons.due(db) == ()

    fresh.ledger.set_key(NEW_KEY, 5)
    keys.enter(fresh.deployment, fresh.deployment.connection(CONNECTION), SecretStr(NEW_KEY), by=EVA)

    (again,) = comparisons.due(db)
    assert (again.connection, again.turn) == (CONNECTION, 1)
    ran(fresh)
    assert stored(fresh).compared_at is not None


def begun_now(on: Stage) -> list[str]:
    """The companies whose comparisons a worker begins now."""
    entered = [job for job in comparing.due(on.deployment) if jobs.submit(on.deployment.databases.main, entry_of(job))]
    assert {job.kind for job in entered} <= {COMPARE}
    return [job.partition for job in entered]


def over(on: Stage, connection_id: str) -> None:
    """The work on a company's comparison is over."""
    table = tables.jobs
    with on.deployment.databases.main.begin() as connection:
        connection.execute(delete(table).where(table.c.kind == COMPARE, table.c.partition == connection_id))


def due_since(on: Stage, *connection_ids: str) -> None:
    """Let these companies' nights have come, one after the other."""
    for number, connection_id in enumerate(connection_ids):
        if connection_id != CONNECTION:
            join_another(on, connection_id, on.ledger_url)
        comparisons.enrol(on.deployment.databases.main, connection_id, due_at=0.0)
        table = tables.comparisons
        with on.deployment.databases.main.begin() as connection:
            connection.execute(update(table).where(table.c.connection == connection_id).values(due_at=float(number)))


def test_some_at_a_time_are_begun_each_once_and_a_persons_at_once(fresh: Stage) -> None:
    companies = [CONNECTION, "b", "c", "d"]
    due_since(fresh, *companies)

    assert begun_now(fresh) == [CONNECTION, "b"]
    assert begun_now(fresh) == []

    comparing.ask(fresh.deployment, "d", by=EVA)
    assert begun_now(fresh) == ["d"]

    for connection_id in (CONNECTION, "b", "d"):
        comparisons.end(fresh.deployment.databases.main, connection_id, 0, due_at=4_000_000_000.0)
        over(fresh, connection_id)
    assert begun_now(fresh) == ["c"]


def test_what_was_begun_and_nobody_makes_any_more_is_begun_anew(fresh: Stage) -> None:
    due_since(fresh, CONNECTION)
    assert begun_now(fresh) == [CONNECTION]
    assert begun_now(fresh) == [], "somebody is at it"
    over(fresh, CONNECTION)
    assert begun_now(fresh) == [CONNECTION]


def test_a_company_that_is_connected_has_its_first_comparison_in_the_night(fresh: Stage) -> None:
    join_another(fresh, "b", fresh.ledger_url)

    assert begun_now(fresh) == []

    now = comparisons.instant(fresh.deployment.databases.main)
    assert stored(fresh, "b").due_at == next_night(fresh.deployment.settings, "b", now)


def test_another_hour_holds_for_the_next_night_already(fresh: Stage) -> None:
    before = stored(fresh).due_at
    hour = (fresh.deployment.settings.reconcile_hour + 1) % 24
    changed = fresh.deployment.settings.model_copy(update={"reconcile_hour": hour})

    comparing.give_nights(replace(fresh.deployment, settings=changed), "")

    assert begun_now(fresh) == []
    now = comparisons.instant(fresh.deployment.databases.main)
    assert stored(fresh).due_at == next_night(changed, CONNECTION, now) != before


def test_a_worker_compares_at_night_and_when_it_is_asked(tmp_path: Path, database_url: str | None) -> None:
    with (
        stage(tmp_path / "data", database_url=database_url or "", SETTLE_S="60", READ_TIMEOUT_S="30") as on,
        zygote(tmp_path / "log") as forking,
    ):
        case = paid_at_amili(on)
        due_since(on, CONNECTION)
        forking.fork(on.env)
        until(lambda: set(standing(on)) == {case}, within_s=120, what="the night's comparison")
        until(lambda: stored(on).turn == 1, within_s=120, what="the end of the night's comparison")
        (found,) = comparisons.differences(on.deployment.databases.main, CONNECTION)
        assert found.difference.kind is DifferenceKind.PAID_AT_AMILI

        debtor_pays(on.amili, case, Decimal("100.00"))
        comparing.ask(on.deployment, CONNECTION, by=EVA)
        until(lambda: stored(on).turn == 2, within_s=120, what="the comparison that was asked for")
        (renewed,) = comparisons.differences(on.deployment.databases.main, CONNECTION)
        assert renewed.difference.amount == Decimal("600.00")
        assert renewed.first_seen == found.first_seen
