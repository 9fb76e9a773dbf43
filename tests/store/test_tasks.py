"""What people decided about tasks: kept for ever, one decision at a time, never against a hand-over that moved on."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from connector.domain.hand_over import HandOverState, Origin
from connector.domain.task import TaskAct
from connector.store import hand_over_work, hand_overs, tasks, timeline
from connector.store.database import Databases
from connector.store.hand_over_record import HandOver
from connector.store.ownership import LostOwnership
from tests.store.samples import BLOCKING, CONNECTION, add_connection, ask, blocked, claimed

TASK = "blocked/1"
MARK = "m1"


@pytest.fixture
def stopped(databases: Databases) -> HandOver:
    add_connection(databases)
    return blocked(databases)


def decline(databases: Databases, hand_over: HandOver) -> bool:
    return tasks.decline(databases.main, hand_over, TASK, by="eva@byran.example", reason="Betald kontant", mark=MARK)


def test_a_declined_invoice_is_skipped_with_who_and_why(databases: Databases, stopped: HandOver) -> None:
    assert decline(databases, stopped)
    after = hand_overs.get(databases.main, stopped.id)
    (act,) = tasks.of_task(databases.main, TASK)
    event = timeline.of_hand_over(databases.main, stopped.id)[-1]

    assert (after.state, after.findings) == (HandOverState.SKIPPED, (BLOCKING,))
    assert (act.act, act.actor, act.reason, act.mark) == (
        TaskAct.SKIPPED,
        "eva@byran.example",
        "Betald kontant",
        MARK,
    )
    assert (event.event, event.actor, event.data) == ("declined", "eva@byran.example", {"reason": "Betald kontant"})
    assert tasks.decided(databases.main, (CONNECTION,)).skips == {TASK: act}


def test_it_is_declined_once_however_often_it_is_clicked(databases: Databases, stopped: HandOver) -> None:
    assert decline(databases, stopped)
    assert not decline(databases, stopped)
    assert len(tasks.of_task(databases.main, TASK)) == 1


def test_what_was_asked_for_again_meanwhile_is_not_declined(databases: Databases, stopped: HandOver) -> None:
    again, _ = ask(databases)
    assert not decline(databases, stopped)
    assert hand_overs.get(databases.main, stopped.id) == again
    assert tasks.of_task(databases.main, TASK) == ()


def test_what_was_asked_for_again_and_blocked_again_is_not_declined_unseen(
    databases: Databases, stopped: HandOver
) -> None:
    blocked(databases)
    assert not decline(databases, stopped)


def test_whoever_still_writes_the_block_into_the_ledger_loses_its_lease(
    databases: Databases, stopped: HandOver
) -> None:
    lease = claimed(databases, stopped)
    assert decline(databases, stopped)
    with pytest.raises(LostOwnership):
        hand_over_work.release(databases.main, lease)


def test_a_declined_invoice_can_be_taken_up_again_and_sent_after_all(databases: Databases, stopped: HandOver) -> None:
    decline(databases, stopped)
    declined = hand_overs.get(databases.main, stopped.id)
    assert tasks.take_up(databases.main, declined, TASK, by="bo@byran.example")
    assert hand_overs.get(databases.main, stopped.id).state is HandOverState.BLOCKED
    assert tasks.decided(databases.main, (CONNECTION,)).skips == {}
    assert not tasks.take_up(databases.main, declined, TASK, by="bo@byran.example")

    decline(databases, hand_overs.get(databases.main, stopped.id))
    again, _ = ask(databases)
    assert (again.id, again.state) == (stopped.id, HandOverState.REQUESTED)


def test_a_ledgers_old_wish_does_not_bring_a_declined_invoice_back(databases: Databases) -> None:
    add_connection(databases)
    wish = {"origin": Origin.LEDGER, "wish_mark": "2026-11-20"}
    decline(databases, blocked(databases, **wish))
    same, _ = ask(databases, **wish)
    assert same.state is HandOverState.SKIPPED


def test_the_last_word_about_the_owner_counts(databases: Databases) -> None:
    for to in ("eva@byran.example", "bo@byran.example"):
        tasks.assign(databases.main, TASK, CONNECTION, to=to, by="eva@byran.example")
    tasks.assign(databases.main, "key/other", "other", to="eva@byran.example", by="eva@byran.example")

    assert tasks.decided(databases.main, (CONNECTION,)).owners == {TASK: "bo@byran.example"}
    assert set(tasks.decided(databases.main, None).owners) == {TASK, "key/other"}


@pytest.mark.parametrize("change", ["UPDATE task_acts SET reason = ''", "DELETE FROM task_acts"])
def test_the_database_refuses_to_change_the_record(databases: Databases, change: str) -> None:
    tasks.skip(databases.main, TASK, CONNECTION, by="eva", reason="Dubblett", mark=MARK)
    before = tasks.of_task(databases.main, TASK)
    with pytest.raises(DBAPIError, match="append-only"), databases.main.begin() as connection:
        connection.execute(text(change))
    assert tasks.of_task(databases.main, TASK) == before
