"""What comes round by itself: who has a turn, how turns are spread, and what an upgrade or a clock leaves behind."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, update

from connector.flows import registry, rounds
from connector.flows.companies import keys
from connector.flows.deployment import Deployment, open_deployment
from connector.flows.events import requests
from connector.flows.events.following import POLL
from connector.flows.job import Job
from connector.store import follow_ups, inbox, jobs, ledger_keys, tables
from connector.store.database import now, reading
from tests.conftest import SettingsFactory
from tests.source import modules, name_of, tree
from tests.store.samples import CONNECTION, add_connection

HOUR_S = 3_600.0
DAY_S = 24 * HOUR_S


@pytest.fixture
def deployment(settings_factory: SettingsFactory, tmp_path: Path) -> Iterator[Deployment]:
    """One company, polled every five minutes."""
    opened = open_deployment(settings_factory(data_dir=tmp_path / "d", poll_interval_s=300.0))
    add_connection(opened.databases, opened.vault)
    yield opened
    opened.close()


def kept(deployment: Deployment) -> int:
    return rounds.keep(deployment.databases, deployment.settings, registry.kinds().values())


def put_in_order(deployment: Deployment, **settings: object) -> None:
    changed = deployment.settings.model_copy(update=settings)
    rounds.put_in_order(deployment.databases, changed, registry.kinds().values())


def due_in_s(deployment: Deployment) -> dict[tuple[str, str], float]:
    table = tables.jobs
    with reading(deployment.databases.main) as connection:
        rows = connection.execute(select(table.c.kind, table.c.partition, table.c.due_at - now(connection)))
        return {(row[0], row[1]): row[2] for row in rows}


def moved(deployment: Deployment, seconds: float, kind: str = POLL) -> None:
    table = tables.jobs
    with deployment.databases.main.begin() as connection:
        connection.execute(update(table).where(table.c.kind == kind).values(due_at=table.c.due_at + seconds))


def test_every_module_that_declares_work_is_in_the_registry() -> None:
    declaring = {
        name_of(path)
        for path in modules()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == "job"
    }
    assert declaring == set(registry.DECLARING)


def test_every_kind_of_work_either_comes_round_or_is_asked_for() -> None:
    for kind in registry.kinds().values():
        assert kind.comes_round == (kind.per is not None) == (kind.carries is None), kind.name
        assert not kind.trouble or kind.per or kind.about, kind.name


def test_a_company_that_was_connected_has_its_turns_at_once_and_each_once(deployment: Deployment) -> None:
    assert kept(deployment) > 0
    assert kept(deployment) == 0
    of_company = {kind: seconds for (kind, whose), seconds in due_in_s(deployment).items() if whose == CONNECTION}
    assert set(of_company) == {POLL, "payouts", "key", "standings"}
    assert all(seconds <= rounds.FIRST_S + rounds.APART_S * 4 for seconds in of_company.values())
    assert {kind for kind, whose in due_in_s(deployment) if not whose} == {"tidy", "digest", "nights"}


def test_a_company_that_ends_loses_its_turns(deployment: Deployment) -> None:
    kept(deployment)
    with deployment.databases.main.begin() as connection:
        connection.execute(update(tables.connections).values(disconnected_at=1.0))
    assert kept(deployment) == 0
    put_in_order(deployment)
    assert not [kind for kind, whose in due_in_s(deployment) if whose == CONNECTION]


@pytest.mark.parametrize("count", [1, 40, 10_000])
def test_turns_are_spread_over_the_interval_and_a_few_begin_at_once(count: int) -> None:
    whom = [f"company-{number}" for number in range(count)]
    times_s = sorted(one - rounds.FIRST_S for one in rounds.spread(POLL, whom, 300.0).values())
    window_s = min(300.0, rounds.APART_S * count)
    assert 0 <= times_s[0] <= times_s[-1] <= window_s
    tenths = [sum(window_s * n / 10 <= one < window_s * (n + 1) / 10 for one in times_s) for n in range(10)]
    assert count < 10_000 or all(900 < tenth < 1_100 for tenth in tenths)


def test_after_a_stop_the_turns_of_all_are_spread_as_at_first(deployment: Deployment) -> None:
    db = deployment.databases.main
    jobs.enter_all(db, [jobs.Entry(POLL, f"company-{number}") for number in range(800)])
    moved(deployment, -HOUR_S)
    jobs.enter_all(db, [jobs.Entry(POLL, "not yet", after_s=250.0)])

    rounds.spread_overdue(deployment.databases, deployment.settings, registry.kinds().values())

    times_s = due_in_s(deployment)
    assert times_s.pop((POLL, "not yet")) > 200
    assert max(times_s.values()) > 190
    assert sum(seconds < 100 for seconds in times_s.values()) < 500
    before = times_s
    rounds.spread_overdue(deployment.databases, deployment.settings, registry.kinds().values())
    later = {one: before[one] - seconds for one, seconds in due_in_s(deployment).items() if one in before}
    assert all(-1 < passed < 60 or before[one] < 60 for one, passed in later.items()), "a second start puts off nothing"


def test_news_of_a_company_brings_its_usual_pace_back(deployment: Deployment) -> None:
    kept(deployment)
    moved(deployment, 900.0)
    inbox.put_hint(deployment.databases.inbox, CONNECTION, "7")
    db = deployment.databases.main
    told: list[str] = []

    def stir(connection_ids: Collection[str]) -> None:
        told.extend(connection_ids)
        jobs.bring_forward(db, POLL, connection_ids, within_s=300.0, changed=True)

    requests.dispatch(deployment, lambda _job: None, stir=stir)
    assert told == [CONNECTION]
    assert 290 < due_in_s(deployment)[POLL, CONNECTION] <= 300


def test_a_key_that_is_refused_is_looked_at_every_hour(deployment: Deployment) -> None:
    db = deployment.databases.main
    kept(deployment)
    moved(deployment, DAY_S, "key")
    assert kept(deployment) == 0
    key = deployment.connection(CONNECTION).key
    ledger_keys.refused(db, CONNECTION, key.number)
    assert kept(deployment) == 1
    assert HOUR_S - 60 < due_in_s(deployment)["key", CONNECTION] <= HOUR_S
    assert registry.kinds()["key"].step is keys.look


def test_a_clock_that_was_put_back_and_a_shorter_interval_hold_nothing_up(deployment: Deployment) -> None:
    kept(deployment)
    moved(deployment, 1_100.0)
    put_in_order(deployment)
    assert due_in_s(deployment)[POLL, CONNECTION] > 1_000, "it may be so long where nothing changes"
    put_in_order(deployment, poll_interval_s=60.0)
    assert due_in_s(deployment)[POLL, CONNECTION] <= 0
    moved(deployment, DAY_S)
    put_in_order(deployment)
    assert due_in_s(deployment)[POLL, CONNECTION] <= 0


def test_what_is_found_is_submitted_once_and_not_at_once_again(deployment: Deployment) -> None:
    submitted: list[Job] = []
    look = follow_ups.Look("h", CONNECTION, 1)
    found = [Job("follow_up", look, CONNECTION, key="h", number=1)]
    kind = registry.kinds()["follow_up"]
    finding = rounds.Finding(deployment, [replace(kind, found=lambda _: found)], submitted.append)
    assert [finding.submit() for _ in range(3)] == [1, 0, 0]
    found[0] = replace(found[0], number=2)
    assert finding.submit() == 1
    assert [job.number for job in submitted] == [1, 2]
