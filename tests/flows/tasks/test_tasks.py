"""The list of what waits for a person: what is on it, whose it is, and what stays away once it was skipped."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from connector.domain.connection import ConnectionSettings
from connector.domain.dates import today
from connector.domain.findings import Finding, Severity
from connector.domain.follow_up import FollowUpState, Reason
from connector.domain.hand_over import HandOverState, Origin, PdfState
from connector.domain.plan import Brake
from connector.domain.task import TaskKind
from connector.domain.text import StoredWords
from connector.flows.tasks import tasks
from connector.flows.tasks.task import Task
from connector.flows.tasks.tasks import TaskChanged
from connector.store import (
    connections,
    follow_ups,
    hand_over_work,
    hand_overs,
    held_plans,
    ledger_keys,
    pdf_work,
    tables,
    users,
)
from connector.store.database import Databases
from connector.store.hand_over_record import HandOver
from connector.store.users import User
from tests import quick_passwords
from tests.flows.follow_up_steps import payment_in_question
from tests.said import en, sv
from tests.store.samples import (
    CONNECTION,
    CREDITOR,
    OTHER,
    add_two_connections,
    armed,
    ask,
    blocked,
    claimed,
    proposed,
    register,
)

EVA = "eva@byran.example"
DAY_S = 86_400.0
WARNING = Finding(code="pdf_unavailable", severity=Severity.WARNING, says=StoredWords("Ingen kopia.", "No copy."))
NOTE = Finding(code="B7", severity=Severity.INFO, says=StoredWords("Delbetald.", "Part-paid."))
QUESTION = Finding(code="follow_up", severity=Severity.BLOCK, says=StoredWords("Är den betald?", "Is it paid?"))


@pytest.fixture
def db(databases: Databases) -> Databases:
    """Two companies, and Eva, who may use the first."""
    add_two_connections(databases)
    quick_passwords.enter(
        databases.main, email=EVA, name="Eva Lund", password="a long password", connections=(CONNECTION,)
    )
    return databases


def listed(db: Databases, *connection_ids: str) -> list[Task]:
    return list(tasks.waiting(tasks.gather(db.main, connection_ids or None)))


def only(db: Databases) -> Task:
    (task,) = listed(db)
    return task


def age(db: Databases, hand_over: HandOver, seconds: float) -> None:
    table = tables.hand_overs
    with db.main.begin() as connection:
        connection.execute(update(table).where(table.c.id == hand_over.id).values(asked_at=table.c.asked_at - seconds))


def case(db: Databases, *findings: Finding, **values: Any) -> HandOver:
    """A hand-over at Amili with these findings on it."""
    hand_over, _ = ask(db, **values)
    hand_over_work.registered(
        db.main, armed(db, hand_over), registration_id="r", case_id="case", ocr="", findings=findings
    )
    return hand_overs.get(db.main, hand_over.id)


def test_a_blocked_invoice_waits_for_whoever_asked_with_its_findings(db: Databases) -> None:
    hand_over = blocked(db, invoice_number="10045", asked_by="Eva@byran.example")
    age(db, hand_over, 3 * DAY_S + 60)
    task = only(db)

    assert (task.kind, task.connection, task.company, task.owner) == (
        TaskKind.BLOCKED,
        CONNECTION,
        "Testbolaget AB",
        EVA,
    )
    assert "10045" in sv(task.title)
    assert "10045" in en(task.title)
    assert [sv(one) for one in task.says] == ["Nummer saknas."]
    assert task.path == f"/hand-overs/{hand_over.id}"
    assert tasks.age_days(task) == 3


@pytest.mark.parametrize("asked_by", ["Eva", "bo@byran.example", "eva@byran.example.invalid"])
def test_it_is_nobodys_where_no_user_asked(db: Databases, asked_by: str) -> None:
    blocked(db, asked_by=asked_by)
    assert only(db).owner == ""


def test_it_is_nobodys_once_its_owner_may_not_use_the_company(db: Databases) -> None:
    blocked(db, connection=OTHER, asked_by=EVA)
    assert only(db).owner == ""


def test_a_person_takes_a_task_and_lets_it_go_again(db: Databases) -> None:
    blocked(db, asked_by="bo@byran.example")
    tasks.take(db.main, only(db), to=EVA, by=EVA)
    assert only(db).owner == EVA
    eva = users.get(db.main, EVA)
    assert eva is not None
    assert tasks.of_person(listed(db), eva) == (only(db),)
    tasks.take(db.main, only(db), to="", by=EVA)
    assert only(db).owner == ""


def test_a_company_has_its_own_list(db: Databases) -> None:
    blocked(db)
    blocked(db, connection=OTHER, invoice_id="2")
    assert [task.connection for task in listed(db, OTHER)] == [OTHER]
    assert {task.connection for task in listed(db)} == {CONNECTION, OTHER}
    assert tasks.usable_ids(db.main, User(EVA, "Eva", "sv", (CONNECTION,))) == (CONNECTION,)


def test_what_a_person_decided_not_to_send_is_no_failure_and_stays_away(db: Databases) -> None:
    hand_over = blocked(db)
    tasks.skip(db.main, only(db), by=EVA, reason="Betald kontant")
    (task,) = tasks.gather(db.main)

    assert hand_overs.get(db.main, hand_over.id).state is HandOverState.SKIPPED
    assert listed(db) == []
    assert task.skip is not None
    assert (task.skip.actor, task.skip.reason) == (EVA, "Betald kontant")

    tasks.reopen(db.main, task, by=EVA)
    assert hand_overs.get(db.main, hand_over.id).state is HandOverState.BLOCKED
    assert only(db).key == task.key


def test_two_people_cannot_both_decide_on_the_same_sight(db: Databases) -> None:
    blocked(db)
    seen = only(db)
    tasks.skip(db.main, seen, by=EVA, reason="Betald")
    with pytest.raises(TaskChanged):
        tasks.skip(db.main, seen, by="bo@byran.example", reason="Dubblett")
    (skipped,) = tasks.gather(db.main)
    tasks.reopen(db.main, skipped, by=EVA)
    with pytest.raises(TaskChanged):
        tasks.reopen(db.main, skipped, by="bo@byran.example")


def test_a_rule_that_asks_again_with_the_same_result_brings_nothing_back(db: Databases) -> None:
    blocked(db, origin=Origin.RULE, asked_by="rule")
    tasks.skip(db.main, only(db), by=EVA, reason="Nej")
    blocked(db, origin=Origin.RULE, asked_by="rule")
    (task,) = tasks.gather(db.main)
    assert listed(db) == []
    # Its hand-over is blocked again, and only the task was put aside: that can be taken back too.
    tasks.reopen(db.main, task, by=EVA)
    assert len(listed(db)) == 1


def test_a_new_finding_on_a_skipped_invoice_is_a_new_task(db: Databases) -> None:
    blocked(db, origin=Origin.RULE, asked_by="rule")
    tasks.skip(db.main, only(db), by=EVA, reason="Nej")
    again, _ = ask(db, origin=Origin.RULE, asked_by="rule")
    other = Finding(code="E10", severity=Severity.BLOCK, says=StoredWords("Adress saknas.", "No address."))
    hand_over_work.block(db.main, claimed(db, again), (other,))
    assert [en(one) for one in only(db).says] == ["No address."]


def test_a_persons_new_wish_is_a_new_task_even_with_the_same_result(db: Databases) -> None:
    blocked(db)
    tasks.skip(db.main, only(db), by=EVA, reason="Nej")
    again = blocked(db)
    age(db, again, 1)
    assert only(db).hand_over is not None


def test_what_was_skipped_and_then_sent_after_all_is_gone(db: Databases) -> None:
    blocked(db)
    tasks.skip(db.main, only(db), by=EVA, reason="Nej")
    case(db)
    assert tasks.gather(db.main) == ()


def test_what_is_skipped_because_the_wish_was_taken_back_never_was_a_task(db: Databases) -> None:
    hand_over, _ = ask(db)
    hand_over_work.skip(db.main, claimed(db, hand_over), (NOTE,))
    assert tasks.gather(db.main) == ()


def test_a_case_with_a_warning_is_a_task_until_it_is_ticked_off(db: Databases) -> None:
    hand_over = case(db, WARNING, NOTE)
    task = only(db)
    assert (task.kind, [sv(one) for one in task.says]) == (TaskKind.REMARK, ["Ingen kopia."])
    tasks.skip(db.main, task, by=EVA, reason="Uppladdad för hand")
    assert listed(db) == []
    assert hand_overs.get(db.main, hand_over.id).state is HandOverState.REGISTERED


def test_notes_and_warnings_that_were_accepted_are_no_tasks(db: Databases) -> None:
    case(db, NOTE)
    case(db, WARNING, invoice_id="2", accepted=("pdf_unavailable",))
    connections.save_settings(
        db.main,
        OTHER,
        ConnectionSettings(
            creditor=CREDITOR, account="674dbeaf08847b9501cc9132", accepted_warnings=("pdf_unavailable",)
        ),
    )
    case(db, WARNING, connection=OTHER, invoice_id="3")
    assert tasks.gather(db.main) == ()


def test_a_second_remark_on_a_case_is_news(db: Databases) -> None:
    case(db, WARNING)
    before = only(db)
    tasks.skip(db.main, before, by=EVA, reason="Klart")
    assert before.hand_over is not None
    refused = Finding(code="write_back_refused", severity=Severity.WARNING, says=StoredWords("Nej.", "No."))
    pdf_work.result(db.main, claimed(db, before.hand_over), PdfState.UNAVAILABLE, refused)
    assert len(only(db).says) == 2


def test_an_outcome_unknown_for_long_is_a_task_and_a_fresh_doubt_is_not(db: Databases) -> None:
    hand_over, _ = ask(db)
    hand_over_work.outcome_unknown(db.main, armed(db, hand_over), why="timeout")
    assert listed(db) == []
    age(db, hand_over, tasks.UNKNOWN_IS_LONG_S + 1)
    assert only(db).kind is TaskKind.UNKNOWN
    register(db, claimed(db, hand_over))
    assert listed(db) == []


def test_what_has_waited_for_a_day_is_a_task_but_not_what_waits_for_a_key(db: Databases) -> None:
    hand_over, _ = ask(db)
    hand_over_work.wait(db.main, claimed(db, hand_over), waiting_for="Amili (HTTP 503)")
    age(db, hand_over, tasks.DELAY_IS_LONG_S - 60)
    assert listed(db) == []
    age(db, hand_over, 120)
    assert only(db).kind is TaskKind.DELAYED
    hand_over_work.wait(db.main, claimed(db, hand_over), waiting_for="new_key")
    assert listed(db) == []


def test_a_dead_key_comes_first_and_an_ending_one_last(db: Databases) -> None:
    blocked(db)
    ledger_keys.accepted(db.main, CONNECTION, 0, expires=today() + timedelta(days=3))
    assert [task.kind for task in listed(db)] == [TaskKind.BLOCKED, TaskKind.KEY_ENDS]
    ends = listed(db)[1]
    assert str(today() + timedelta(days=3)) in sv(ends.title)
    assert tasks.age_days(ends) in (10, 11)
    tasks.skip(db.main, ends, by=EVA, reason="Bytts i morgon")

    assert ledger_keys.refused(db.main, CONNECTION, 0)
    refused = listed(db)[0]
    assert (refused.kind, refused.path) == (TaskKind.KEY_REFUSED, f"/connections/{CONNECTION}/key")


def test_a_company_that_gave_its_consent_is_asked_for_it_again(db: Databases) -> None:
    ledger_keys.refused(db.main, OTHER, 0)
    (task,) = listed(db, OTHER)
    assert "Fortnox släpper inte in" in sv(task.title)
    assert "approve" in en(task.action)


def question(db: Databases, *, may_report: bool) -> str:
    """A payment after the hand-over that asks a person; gives its follow-up."""
    verdict = payment_in_question(Reason.OVER_REMAINING, may_report=may_report)
    return follow_ups.keep(db.main, case(db, invoice_number="10045"), verdict, (QUESTION,))


def test_a_question_about_a_payment_is_closed_with_a_reason(db: Databases) -> None:
    follow_up = question(db, may_report=False)
    task = only(db)
    assert (task.kind, task.may_report) == (TaskKind.FOLLOW_UP, False)
    assert [sv(one) for one in task.says] == ["Är den betald?"]
    assert listed(db, OTHER) == []
    with pytest.raises(TaskChanged):
        tasks.report(db.main, task, by=EVA)
    tasks.skip(db.main, task, by=EVA, reason="Redan känd")

    closed = follow_ups.get(db.main, follow_up)
    assert (closed.state, closed.decided_by, closed.decision_reason) == (FollowUpState.SKIPPED, EVA, "Redan känd")
    assert tasks.gather(db.main) == ()
    with pytest.raises(TaskChanged):
        tasks.skip(db.main, task, by="bo@byran.example", reason="Dubblett")


def test_a_payment_is_reported_once_a_person_says_so(db: Databases) -> None:
    follow_up = question(db, may_report=True)
    task = only(db)
    tasks.report(db.main, task, by=EVA)

    due = follow_ups.get(db.main, follow_up)
    assert (due.state, due.decided_by) == (FollowUpState.DUE, EVA)
    assert tasks.gather(db.main) == ()
    with pytest.raises(TaskChanged):
        tasks.report(db.main, task, by=EVA)


def test_no_title_or_action_names_a_customer(db: Databases) -> None:
    hand_over = case(db, WARNING.model_copy(update={"sv": "Kund AB saknar kopia."}))
    task = only(db)
    assert hand_overs.get(db.main, hand_over.id).debtor_name == "Kund AB"
    for words in (task.title, task.action):
        assert "Kund AB" not in sv(words) + en(words)


def hold(db: Databases, *invoice_ids: str) -> None:
    held_plans.hold(db.main, CONNECTION, proposed(*invoice_ids), [Brake.TOO_MANY], by="cron")


def test_a_plan_that_waits_is_a_task_and_comes_back_only_when_it_grows(db: Databases) -> None:
    hold(db, "1", "2")
    task = only(db)
    assert (task.kind, task.path, task.owner) == (TaskKind.PLAN, f"/connections/{CONNECTION}/plan", "")
    assert "2 fakturor" in sv(task.title)
    assert "fler fakturor än regeln får skicka" in sv(task.says[0])

    tasks.skip(db.main, task, by=EVA, reason="Vi väntar till månadsskiftet.")
    assert listed(db) == []
    hold(db, "2")
    assert listed(db) == [], "one less is no news"
    hold(db, "2", "3")
    assert only(db).kind is TaskKind.PLAN


def test_a_plan_whose_invoices_were_all_sent_by_themselves_does_not_wait(db: Databases) -> None:
    hold(db, "1", "2")
    case(db, invoice_id="1")
    assert "en faktura" in sv(only(db).title)
    case(db, invoice_id="2")
    assert listed(db) == []
