"""What fails in a step is kept while it fails, and asks a person: at once where Amili refuses, else after an hour."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

import pytest
from sqlalchemy import update

from connector.domain.task import TaskKind
from connector.flows import troubles
from connector.flows.follow_up import case_reading, follow_up
from connector.flows.guarded import again_within, guarded, one_round
from connector.flows.hand_over.register import register
from connector.flows.hand_over.upload import upload
from connector.flows.money import payouts
from connector.flows.outcome import Outcome, Then
from connector.flows.reconcile import comparisons
from connector.flows.tasks import tasks
from connector.flows.tasks.task import Task
from connector.flows.troubles import ASKED_AFTER_S, About
from connector.sandbox.shared.switches import BodyKind, Fault, FaultKind
from connector.store import case_readings, tables
from connector.store import comparisons as kept_comparisons
from connector.store import troubles as kept
from connector.store.comparisons import Due
from connector.store.connections import DEFAULT_ACCESS
from connector.store.follow_ups import Look
from tests.flows.follow_up_steps import actions, kr, noticed, pays, questions, sent
from tests.flows.hand_over_steps import begun, stored, strike
from tests.flows.stage import CONNECTION, Stage
from tests.said import en, sv

HOUR_S = 3_600.0
Payload = TypeVar("Payload")


def of_hand_over(hand_over: str) -> About:
    return About.of_hand_over(hand_over, CONNECTION)


def of_due(due: Due) -> About:
    return About.of_connection(due.connection)


def of_look(look: Look) -> About:
    return of_hand_over(look.hand_over)


def failing(on: Stage) -> list[Task]:
    found = tasks.waiting(tasks.gather(on.deployment.databases.main, (CONNECTION,)))
    return [task for task in found if task.kind is TaskKind.FAILING]


def an_hour_passes(on: Stage, seconds: float = ASKED_AFTER_S + 1) -> None:
    table = tables.troubles
    with on.deployment.databases.main.begin() as connection:
        connection.execute(update(table).values(since=table.c.since - seconds))


def watched(
    on: Stage, name: str, about: Callable[[Payload], About], step: Callable[[Payload], Outcome]
) -> Callable[[Payload], Outcome]:
    return troubles.watched(on.deployment.databases.main, name, about, guarded(name, step))


@pytest.fixture(autouse=True)
def nothing_fails(on: Stage) -> Any:
    yield
    with on.deployment.databases.main.begin() as connection:
        connection.execute(tables.troubles.delete())


def refused(operation: str, status: int, body: BodyKind = BodyKind.JSON) -> Fault:
    return Fault(FaultKind.FAIL_BEFORE, (operation,), status=status, body=body, share=1.0)


def registering(on: Stage) -> Callable[[], Outcome]:
    subject = begun(on, on.invoice())
    return partial(watched(on, troubles.REGISTER, of_hand_over, partial(register, on.deployment)), subject)


def uploading(on: Stage) -> Callable[[], Outcome]:
    _, hand_over = sent(on)
    return partial(watched(on, troubles.UPLOAD, of_hand_over, partial(upload, on.deployment)), hand_over)


def following(on: Stage) -> Callable[[], Outcome]:
    invoice, hand_over = sent(on)
    pays(on, invoice, 250)
    noticed(on, hand_over)
    step = watched(on, troubles.FOLLOW_UP, of_look, partial(follow_up.follow_up, on.deployment))

    def rounds() -> Outcome:
        asked = stored(on, hand_over).follow_up_asked
        return [step(Look(hand_over, CONNECTION, asked)) for _ in range(4)][-1]

    return rounds


def reading_cases(on: Stage) -> Callable[[], Outcome]:
    on.let_cases_be_read()
    step = watched(on, troubles.CASES, About.of_access, partial(case_reading.read, on.deployment, lambda _job: None))
    return partial(step, DEFAULT_ACCESS)


def reading_changes(on: Stage) -> Callable[[], Outcome]:
    on.let_cases_be_read()
    for place in case_readings.places(on.deployment.databases.main, DEFAULT_ACCESS):
        case_readings.all_read(on.deployment.databases.main, place)
        case_readings.read_to(on.deployment.databases.main, place, datetime.now(UTC))
    step = watched(on, troubles.CASES, About.of_access, partial(case_reading.read, on.deployment, lambda _job: None))
    return partial(step, DEFAULT_ACCESS)


def reading_payouts(on: Stage) -> Callable[[], Outcome]:
    step = watched(on, troubles.PAYOUTS, About.of_connection, partial(payouts.look, on.deployment))
    return partial(step, CONNECTION)


WORK = {
    "look": (registering, "look for the invoice's cases"),
    "upload": (uploading, "upload the original invoice"),
    "read_case": (following, "read a case"),
    "payments": (following, "look for a payment"),
    "read_payment": (following, "read a payment"),
    "payout_specifications": (following, "list an invoice's payout specifications"),
}


@pytest.mark.parametrize("status", [401, 403, 404])
@pytest.mark.parametrize("operation", WORK)
def test_what_amili_refuses_is_a_task_at_once_that_names_it(on: Stage, operation: str, status: int) -> None:
    begin, named = WORK[operation]
    run = begin(on)
    strike(on, refused(operation, status))
    run()
    if operation == "look" and status == 404:
        # A hand-over that ends with a finding is a task of its own.
        found = [task for task in tasks.gather(on.deployment.databases.main) if task.kind is TaskKind.BLOCKED]
        assert found
        return
    (task,) = failing(on)
    assert f"{status}" in sv(task.says[0])
    assert named in en(task.says[0])
    strike(on)
    run()
    assert failing(on) == [], "it works again"


@pytest.mark.parametrize(
    ("begin", "operation", "named"),
    [
        (reading_cases, "look", "list open cases"),
        (reading_changes, "look", "list changed cases"),
        (reading_payouts, "payout_specifications", "list payout specifications"),
    ],
)
def test_what_is_read_for_a_whole_company_is_told_of_too(
    on: Stage, begin: Callable[[Stage], Callable[[], Outcome]], operation: str, named: str
) -> None:
    run = begin(on)
    strike(on, refused(operation, 403))
    assert run().failed is not None
    (task,) = failing(on)
    assert named in en(task.says[0])
    strike(on, refused(operation, 500))
    run()
    assert failing(on) == [], "that may pass"
    strike(on)
    assert run().failed is None
    assert kept.every(on.deployment.databases.main) == ()


@pytest.mark.parametrize(
    "fault",
    [
        refused("payments", 500),
        refused("payments", 403, BodyKind.HTML),
        Fault(FaultKind.DROP_BEFORE, ("payments",), share=1.0),
        Fault(FaultKind.RATE_LIMITED, ("payments",), share=1.0, retry_after_s=1),
    ],
    ids=["500", "a gateway's page", "no answer", "too many requests"],
)
def test_whatever_else_fails_is_a_task_after_an_hour_on_end(on: Stage, fault: Fault) -> None:
    run = following(on)
    strike(on, fault)
    run()
    assert failing(on) == []
    an_hour_passes(on)
    run()
    (task,) = failing(on)
    assert "look for a payment" in en(task.says[0])
    strike(on)
    run()
    assert failing(on) == []


def test_many_invoices_that_wait_for_the_same_are_one_task(on: Stage) -> None:
    works = [registering(on) for _ in range(3)]
    strike(on, refused("look", 403))
    for run in works:
        run()
    (task,) = failing(on)
    assert "3" in sv(task.says[1])
    assert len(task.concerns or ()) == 3


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_payments_go_on_being_reported_where_payouts_cannot_be_read(on: Stage, status: int) -> None:
    invoice, hand_over = sent(on)
    pays(on, invoice, 250)
    noticed(on, hand_over)
    strike(on, refused("payout_specifications", status))
    for _ in range(4):
        follow_up.follow_up(on.deployment, Look(hand_over, CONNECTION, stored(on, hand_over).follow_up_asked))
    assert [(one.kind, one.amount) for one in actions(on, invoice)] == [("payment", kr(250))]
    assert questions(on, hand_over) == []
    (trouble,) = kept.every(on.deployment.databases.main)
    assert (trouble.step, trouble.connection) == (troubles.PAYOUT_GUARD, CONNECTION)
    strike(on)
    payouts.look(on.deployment, CONNECTION)
    assert kept.every(on.deployment.databases.main) == (), "the daily reading works again, and with it the guard"


def test_a_round_of_the_day_is_tried_again_and_one_of_minutes_with_the_next() -> None:
    def fails(_subject: str) -> Outcome:
        raise RuntimeError

    again = again_within("payouts", 1_800, fails)
    assert again("c").then is Then.AGAIN_FIRST
    assert again("c").after_s == 1_800
    assert one_round("poll", fails)("c").then is Then.STOP


def test_a_comparison_that_works_again_is_no_trouble_any_more(on: Stage) -> None:
    db = on.deployment.databases.main
    run = watched(on, troubles.COMPARE, of_due, partial(comparisons.run, on.deployment))
    strike(on, refused("look", 403))
    comparisons.ask(on.deployment, CONNECTION, by="Eva")
    stored_one = kept_comparisons.get(db, CONNECTION)
    assert stored_one is not None
    run(Due(CONNECTION, stored_one.turn, "Eva"))
    (task,) = failing(on)
    assert "list open cases" in en(task.says[0])
    strike(on)
    comparisons.compare(on.deployment, CONNECTION)
    assert failing(on) == []
