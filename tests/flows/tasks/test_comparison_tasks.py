"""Differences as tasks: which wait for a person, from when on, and what stays away once it was put aside."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update

from connector.domain.dates import today
from connector.domain.findings import Finding, Severity
from connector.domain.follow_up import FollowUpKind, Reason, Step, Verdict
from connector.domain.hand_over import HandOverState
from connector.domain.reconcile import (
    BANK_IS_LATE,
    PAYOUT_IS_LATE,
    REPORT_IS_LATE,
    SEEN_TWICE,
    Difference,
    DifferenceKind,
    several_cases,
    unknown_case,
)
from connector.domain.task import TaskKind
from connector.domain.text import StoredWords
from connector.flows.tasks import tasks
from connector.flows.tasks.task import Task
from connector.flows.tasks.tasks import NOT_COMPARED_IS_LONG_S
from connector.store import comparisons, follow_ups, hand_over_work, hand_overs, ledger_keys, tables
from connector.store.database import Databases
from connector.store.hand_over_record import HandOver
from tests import quick_passwords
from tests.said import en, sv
from tests.store.samples import CONNECTION, add_connection, armed, ask

EVA = "eva@byran.example"
KINDS = DifferenceKind
LATER = 4_000_000_000.0
QUESTION = Finding(code="follow_up", severity=Severity.BLOCK, says=StoredWords("Är den betald?", "Is it paid?"))
NEVER = [KINDS.SETTLED_IN_LEDGER, KINDS.NO_CLAIM, KINDS.DISPUTED, KINDS.NOT_REPORTABLE, KINDS.OUTCOME_UNKNOWN]
"""What asks nobody: somebody is asked already, or it is Amili's."""


@pytest.fixture
def db(databases: Databases) -> Databases:
    """A company, and Eva, who may use it."""
    add_connection(databases)
    quick_passwords.enter(
        databases.main, email=EVA, name="Eva Lund", password="a long password", connections=(CONNECTION,)
    )
    comparisons.enrol(databases.main, CONNECTION, due_at=LATER)
    return databases


@pytest.fixture
def case(db: Databases) -> HandOver:
    """An invoice that Eva sent, at Amili."""
    hand_over, _ = ask(db, invoice_number="10045", asked_by=EVA)
    hand_over_work.registered(db.main, armed(db, hand_over), registration_id="r", case_id="c", ocr="", findings=())
    return hand_overs.get(db.main, hand_over.id)


def differing(of: HandOver, kind: DifferenceKind, **values: Any) -> Difference:
    amounts = {"in_ledger": Decimal("1250.00"), "at_amili": Decimal("750.00"), "amount": Decimal("500.00")}
    details = {"hand_over_id": of.id, "invoice_number": of.invoice_number, "case_id": of.case_id}
    return Difference(key=f"{of.id}:{kind}", kind=kind, **(amounts | details | values))


def keep(db: Databases, *found: Difference, ago: timedelta = timedelta()) -> None:
    """What a comparison found that began so long ago."""
    comparisons.keep(db.main, CONNECTION, found, cases=1, began_at=comparisons.instant(db.main) - ago.total_seconds())


def listed(db: Databases) -> list[Task]:
    return [one for one in tasks.waiting(tasks.gather(db.main)) if one.kind is TaskKind.DIFFERENCE]


def only(db: Databases) -> Task:
    (task,) = listed(db)
    return task


@pytest.mark.parametrize(
    ("kind", "after"),
    [
        (KINDS.REPORT_UNDER_WAY, REPORT_IS_LATE),
        (KINDS.NOT_REPORTED, BANK_IS_LATE),
        (KINDS.PAID_AT_AMILI, PAYOUT_IS_LATE),
        (KINDS.MORE_IN_LEDGER, SEEN_TWICE),
        (KINDS.CLOSED_AT_AMILI, SEEN_TWICE),
        (KINDS.CASE_GONE, SEEN_TWICE),
        (KINDS.NOT_READ, SEEN_TWICE),
        (KINDS.STILL_OPEN, SEEN_TWICE),
    ],
)
def test_a_difference_is_a_task_once_it_has_stood_for_its_time(
    db: Databases, case: HandOver, kind: DifferenceKind, after: timedelta
) -> None:
    keep(db, differing(case, kind), ago=after - timedelta(minutes=5))
    assert listed(db) == []

    with db.main.begin() as connection:
        connection.execute(update(tables.differences).values(first_seen=tables.differences.c.first_seen - 600))

    task = only(db)
    assert (task.connection, task.owner, task.invoice_number) == (CONNECTION, EVA, "10045")
    assert "10045" in sv(task.title)
    assert "10045" in en(task.title)
    assert task.path == f"/connections/{CONNECTION}/reconciliation#{case.id}:{kind}"
    assert sv(task.says[0])
    assert comparisons.instant(db.main) - task.since == pytest.approx(after.total_seconds() + 300, abs=60)


@pytest.mark.parametrize("kind", NEVER)
def test_what_a_person_is_asked_otherwise_or_amili_pursues_is_no_task(
    db: Databases, case: HandOver, kind: DifferenceKind
) -> None:
    keep(db, differing(case, kind), ago=timedelta(days=100))

    assert listed(db) == []


def test_that_a_debtor_may_be_claimed_twice_is_a_task_at_once(db: Databases, case: HandOver) -> None:
    keep(db, several_cases(case.id, "10045", None, case_id="c2", remaining_capital=None))

    assert (only(db).invoice_number, only(db).owner) == ("10045", EVA)
    verdict = Verdict(kind=FollowUpKind.PAYMENT, id="p1", ledger_id="p1", step=Step.ASK, reason=Reason.CASE_CLOSED)
    follow_ups.keep(db.main, case, verdict, ())
    assert only(db).key == f"{TaskKind.DIFFERENCE}/case:c2", "whatever else is asked about the invoice"


def test_every_kind_is_decided_on() -> None:
    assert {*NEVER, KINDS.UNKNOWN_CASE} | {
        kind for kind in KINDS if Difference(key="-", kind=kind).may_stand is not None
    } == set(KINDS)


def test_what_a_person_decided_may_stand(db: Databases, case: HandOver) -> None:
    keep(db, differing(case, KINDS.NOT_REPORTED, is_decided=True), ago=timedelta(days=100))

    assert listed(db) == []


@pytest.mark.parametrize(("paid_on", "is_late"), [(PAYOUT_IS_LATE + timedelta(days=1), True), (timedelta(1), False)])
def test_a_payout_is_late_from_its_own_day_on(db: Databases, case: HandOver, paid_on: timedelta, is_late: bool) -> None:
    payout_date: date = today() - paid_on
    keep(db, differing(case, KINDS.PAID_AT_AMILI, payout_date=payout_date), ago=timedelta(days=100))

    assert bool(listed(db)) is is_late


def test_while_a_question_waits_its_difference_is_no_second_task(db: Databases, case: HandOver) -> None:
    verdict = Verdict(
        kind=FollowUpKind.PAYMENT, id="p1", ledger_id="p1", step=Step.ASK, amount=Decimal(10), reason=Reason.CASE_CLOSED
    )
    asked = follow_ups.keep(db.main, case, verdict, (QUESTION,))
    keep(db, differing(case, KINDS.CLOSED_AT_AMILI), ago=timedelta(days=100))
    assert [task.kind for task in tasks.waiting(tasks.gather(db.main))] == [TaskKind.FOLLOW_UP]

    follow_ups.skip(db.main, asked, by=EVA, reason="Klart")

    assert [task.kind for task in tasks.waiting(tasks.gather(db.main))] == [TaskKind.DIFFERENCE]


def test_a_case_that_was_withdrawn_since_is_no_task(db: Databases, case: HandOver) -> None:
    keep(db, differing(case, KINDS.CASE_GONE), ago=timedelta(days=1))
    assert listed(db)

    with db.main.begin() as connection:
        connection.execute(update(tables.hand_overs).values(state=HandOverState.WITHDRAWN))

    assert listed(db) == []


def test_one_that_was_put_aside_comes_back_only_with_another_amount(db: Databases, case: HandOver) -> None:
    keep(db, differing(case, KINDS.MORE_IN_LEDGER), ago=timedelta(days=2))
    tasks.skip(db.main, only(db), by=EVA, reason="Avtalat med kunden")
    keep(db, differing(case, KINDS.MORE_IN_LEDGER, in_ledger=Decimal("950.00"), at_amili=Decimal("450.00")))
    assert listed(db) == []

    keep(db, differing(case, KINDS.MORE_IN_LEDGER, amount=Decimal("501.00")))

    assert only(db)


def test_the_same_amount_again_after_it_was_resolved_is_news(db: Databases, case: HandOver) -> None:
    keep(db, differing(case, KINDS.MORE_IN_LEDGER), ago=timedelta(days=3))
    tasks.skip(db.main, only(db), by=EVA, reason="Rättas i morgon")
    keep(db, ago=timedelta(days=2))
    keep(db, differing(case, KINDS.MORE_IN_LEDGER), ago=timedelta(days=1))

    assert only(db)


def test_cases_of_nobody_are_one_task_that_comes_back_with_one_more(db: Databases) -> None:
    first, second, third = (unknown_case(f"c{number}", str(number), None) for number in range(3))
    keep(db, first, second, ago=timedelta(hours=3))
    assert "2 öppna ärenden" in sv(only(db).title)
    tasks.skip(db.main, only(db), by=EVA, reason="Från tiden före kopplingen")

    keep(db, first, ago=timedelta(hours=2))
    assert listed(db) == []

    keep(db, first, third, ago=timedelta(hours=1))
    assert "2 open cases" in en(only(db).title)
    tasks.skip(db.main, only(db), by=EVA, reason="Den också")
    keep(db, first)
    assert listed(db) == []


def test_a_comparison_that_fails_for_nights_is_a_task_until_one_comes_through(db: Databases) -> None:
    def not_compared() -> list[Task]:
        return [one for one in tasks.waiting(tasks.gather(db.main)) if one.kind is TaskKind.NOT_COMPARED]

    comparisons.failed(db.main, CONNECTION, why="Amili: does not answer.")
    assert not_compared() == []
    with db.main.begin() as connection:
        since = tables.comparisons.c.failing_since - NOT_COMPARED_IS_LONG_S
        connection.execute(update(tables.comparisons).values(failing_since=since))
    (task,) = not_compared()
    assert (task.path, tasks.age_days(task)) == (f"/connections/{CONNECTION}/reconciliation", 1)

    ledger_keys.refused(db.main, CONNECTION, 0)
    assert not_compared() == [], "the key is the task then"
    ledger_keys.accepted(db.main, CONNECTION, 0, expires=None)

    keep(db)
    assert not_compared() == []
