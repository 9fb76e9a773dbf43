"""Asking for hand-overs: one row per invoice and per debt, however often and from wherever it is asked."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from connector.domain.connection import ConnectionSettings, FirstAction
from connector.domain.hand_over import HandOverState, Judgement, Origin, PdfState, WriteBackState
from connector.store import connections, hand_over_work, hand_overs, pdf_work, tables, timeline
from connector.store.database import Databases, reading
from connector.store.ownership import LostOwnership
from tests.store.samples import (
    BLOCKING,
    CONNECTION,
    add_connection,
    arm,
    armed,
    ask,
    blocked,
    claimed,
    let_pass,
    register,
    vault,
)


@pytest.fixture(autouse=True)
def _connection(databases: Databases) -> None:
    sealed_with = vault()
    add_connection(databases, sealed_with)
    connections.add(
        databases.main,
        sealed_with,
        connection_id="annat-bolag",
        host="odoo",
        name="Annat bolag AB",
        settings=ConnectionSettings(creditor="another-creditor"),
        amili_access="default",
        secrets={},
    )


def rows(databases: Databases) -> int:
    with reading(databases.main) as connection:
        return int(connection.execute(select(func.count()).select_from(tables.hand_overs)).scalar_one())


def events(databases: Databases, hand_over_id: str) -> list[str]:
    return [entry.event for entry in timeline.of_hand_over(databases.main, hand_over_id)]


def test_a_first_request_starts_a_hand_over_with_what_was_asked(databases: Databases) -> None:
    started, judgement = ask(
        databases,
        invoice_number="INV/2025/00001",
        first_action=FirstAction.REMINDER,
        proposed_balance=Decimal("1250.00"),
        accepted=("C5",),
        lifted={"A3": "Banken är stängd"},
    )
    stored = hand_overs.get(databases.main, started.id)
    assert judgement is Judgement.STARTED
    assert stored == started
    assert (stored.state, stored.pdf, stored.write_back) == (
        HandOverState.REQUESTED,
        PdfState.PENDING,
        WriteBackState.PENDING,
    )
    assert stored.first_action is FirstAction.REMINDER
    assert stored.proposed_balance == Decimal("1250.00")
    assert stored.accepted == ("C5",)
    assert stored.lifted == {"A3": "Banken är stängd"}
    assert stored.case_id == ""
    (asked,) = timeline.of_hand_over(databases.main, started.id)
    assert (asked.actor, asked.event) == ("Eva", "asked")
    assert asked.data["lifted"] == {"A3": "Banken är stängd"}


def test_the_connections_first_action_holds_where_none_is_chosen(databases: Databases) -> None:
    started, _ = ask(databases)
    assert started.first_action is FirstAction.DEBT_COLLECTION


def test_asking_twice_is_one_hand_over(databases: Databases) -> None:
    first, _ = ask(databases)
    again, judgement = ask(databases, asked_by="Olle", origin=Origin.PAGE)
    assert judgement is Judgement.UNDER_WAY
    assert again == first
    assert rows(databases) == 1
    assert events(databases, first.id) == ["asked"]


def test_twenty_at_once_are_one_hand_over(databases: Databases) -> None:
    start = threading.Barrier(20)

    def one(turn: int) -> tuple[str, Judgement]:
        start.wait(timeout=30)
        hand_over, judgement = ask(databases, asked_by=f"person {turn}", invoice_number="INV/2025/00001")
        return hand_over.id, judgement

    with ThreadPoolExecutor(20) as people:
        answers = list(people.map(one, range(20)))
    assert len({hand_over_id for hand_over_id, _ in answers}) == 1
    assert [judgement for _, judgement in answers].count(Judgement.STARTED) == 1
    assert rows(databases) == 1
    assert events(databases, answers[0][0]) == ["asked"]


def test_twenty_asking_again_at_once_start_a_blocked_one_once(databases: Databases) -> None:
    stopped = blocked(databases)
    start = threading.Barrier(20)

    def one(_: int) -> Judgement:
        start.wait(timeout=30)
        return ask(databases)[1]

    with ThreadPoolExecutor(20) as people:
        answers = list(people.map(one, range(20)))
    assert answers.count(Judgement.STARTED) == 1
    assert hand_overs.get(databases.main, stopped.id).submission == stopped.submission + 1


def test_a_blocked_hand_over_is_started_again_as_a_new_submission(databases: Databases) -> None:
    stopped = blocked(databases)
    again, judgement = ask(databases, asked_by="Olle", accepted=("A4",))
    assert judgement is Judgement.STARTED
    assert again.id == stopped.id
    assert again.workflow_id != stopped.workflow_id
    assert (again.state, again.findings, again.tries) == (HandOverState.REQUESTED, (), 0)
    assert (again.asked_by, again.accepted) == ("Olle", ("A4",))
    assert events(databases, again.id) == ["asked", "blocked", "asked"]


def test_whoever_still_worked_on_the_answer_to_a_blocked_one_loses_it_when_it_is_asked_again(
    databases: Databases,
) -> None:
    """Else a slow write-back of the block would count as the write-back of the case."""
    stopped = blocked(databases)
    writing = claimed(databases, stopped)
    again, _ = ask(databases)
    with pytest.raises(LostOwnership):
        hand_over_work.write_back_result(databases.main, writing, WriteBackState.WRITTEN, None)
    assert hand_overs.get(databases.main, again.id).write_back is WriteBackState.PENDING
    claimed(databases, again)


def test_the_ledgers_same_wish_is_answered_once(databases: Databases) -> None:
    stopped = blocked(databases, origin=Origin.LEDGER, wish_mark="2025-10-01 08:00:00")
    same, judgement = ask(databases, origin=Origin.LEDGER, wish_mark="2025-10-01 08:00:00")
    assert judgement is Judgement.ANSWERED
    assert same == stopped
    anew, judgement = ask(databases, origin=Origin.LEDGER, wish_mark="2025-10-01 09:30:00")
    assert judgement is Judgement.STARTED
    assert anew.wish_mark == "2025-10-01 09:30:00"


def test_a_person_may_ask_again_without_a_mark(databases: Databases) -> None:
    blocked(databases)
    assert ask(databases)[1] is Judgement.STARTED


@pytest.mark.parametrize("origin", list(Origin))
def test_a_case_is_never_asked_for_again(databases: Databases, origin: Origin) -> None:
    started, _ = ask(databases)
    register(databases, armed(databases, started))
    assert ask(databases, origin=origin, wish_mark="new")[1] is Judgement.UNDER_WAY
    pdf_work.result(databases.main, claimed(databases, started), PdfState.UPLOADED, None)
    hand_over_work.write_back_result(databases.main, claimed(databases, started), WriteBackState.WRITTEN, None)
    assert hand_over_work.finish(databases.main, started.id)
    standing, judgement = ask(databases, origin=origin, wish_mark="newer")
    assert judgement is Judgement.HAS_CASE
    assert standing.case_id == "case"
    assert rows(databases) == 1


@pytest.mark.parametrize("state", [HandOverState.REGISTERING, HandOverState.UNKNOWN])
def test_a_doubtful_attempt_is_not_started_anew(databases: Databases, state: HandOverState) -> None:
    started, _ = ask(databases)
    lease = armed(databases, started)
    if state is HandOverState.UNKNOWN:
        hand_over_work.outcome_unknown(databases.main, lease, why="Amili (HTTP 502)")
    standing, judgement = ask(databases, accepted=("A10",))
    assert judgement is Judgement.UNDER_WAY
    assert standing.state is state
    assert standing.attempted_at is not None


def test_two_invoices_of_one_creditor_with_one_number_do_not_both_get_it(databases: Databases) -> None:
    first, _ = ask(databases, invoice_id="1", invoice_number="1001")
    second, judgement = ask(databases, invoice_id="2", invoice_number="1001")
    assert judgement is Judgement.STARTED
    assert first.invoice_number == "1001"
    assert second.invoice_number == ""
    assert not hand_over_work.name_invoice(databases.main, claimed(databases, second), "1001")
    assert hand_overs.get(databases.main, second.id).invoice_number == ""


def test_twenty_at_once_for_an_invoice_whose_number_is_taken_are_one_hand_over(databases: Databases) -> None:
    ask(databases, invoice_id="1", invoice_number="1001")
    start = threading.Barrier(20)

    def one(_: int) -> Judgement:
        start.wait(timeout=30)
        return ask(databases, invoice_id="2", invoice_number="1001")[1]

    with ThreadPoolExecutor(20) as people:
        assert list(people.map(one, range(20))).count(Judgement.STARTED) == 1
    assert rows(databases) == 2


def test_two_creditors_may_use_the_same_number(databases: Databases) -> None:
    ask(databases, invoice_id="1", invoice_number="1001")
    other, judgement = ask(databases, creditor="another-creditor", invoice_id="2", invoice_number="1001")
    assert judgement is Judgement.STARTED
    assert other.invoice_number == "1001"


def test_two_ledgers_may_use_the_same_id(databases: Databases) -> None:
    ask(databases, invoice_id="1")
    assert ask(databases, connection="annat-bolag", creditor="another-creditor")[1] is Judgement.STARTED
    assert rows(databases) == 2


def test_resubmitting_gives_new_work_once(databases: Databases) -> None:
    started, _ = ask(databases)
    again = hand_overs.resubmit(databases.main, started)
    assert again is not None
    assert again.workflow_id != started.workflow_id
    assert hand_overs.resubmit(databases.main, started) is None, "somebody else has resubmitted it"


def test_work_that_moved_on_is_not_resubmitted(databases: Databases) -> None:
    started, _ = ask(databases)
    armed(databases, started)
    assert hand_overs.resubmit(databases.main, started) is None


def test_hand_overs_are_found_by_case_number_and_id(databases: Databases) -> None:
    one, _ = ask(databases, invoice_id="1", invoice_number="1001")
    two, _ = ask(databases, invoice_id="2", invoice_number="1002")
    register(databases, armed(databases, one), case_id="68f0")
    for reference in ("68f0", "1001", one.id):
        assert [found.id for found in hand_overs.find(databases.main, reference)] == [one.id]
    assert [found.id for found in hand_overs.find(databases.main, "1002")] == [two.id]
    assert hand_overs.find(databases.main, "100") == ()
    assert hand_overs.find(databases.main, "") == ()


def test_lists_are_newest_first_and_narrowed(databases: Databases) -> None:
    one, _ = ask(databases, invoice_id="1")
    two, _ = ask(databases, invoice_id="2")
    other, _ = ask(databases, connection="annat-bolag", creditor="another-creditor", invoice_id="3")
    hand_over_work.block(databases.main, claimed(databases, two), (BLOCKING,))
    assert [found.id for found in hand_overs.listing(databases.main)] == [other.id, two.id, one.id]
    assert [found.id for found in hand_overs.listing(databases.main, limit=1)] == [other.id]
    assert [found.id for found in hand_overs.listing(databases.main, connection_id=CONNECTION)] == [two.id, one.id]
    assert [found.id for found in hand_overs.listing(databases.main, state=HandOverState.BLOCKED)] == [two.id]
    assert set(hand_overs.of_invoices(databases.main, CONNECTION, ("1", "2", "3", "4"))) == {"1", "2"}
    assert hand_overs.of_invoices(databases.main, CONNECTION, ()) == {}
    assert hand_overs.counts(databases.main) == {"requested": 2, "blocked": 1}
    assert hand_overs.latest(databases.main, CONNECTION, "3") is None


def test_unfinished_work_is_listed_once_it_has_been_idle(databases: Databases) -> None:
    idle, _ = ask(databases, invoice_id="1")
    ask(databases, invoice_id="2")
    blocked(databases, invoice_id="3")
    let_pass(databases, idle, 30)
    assert [found.id for found in hand_overs.unfinished(databases.main, idle_s=20)] == [idle.id]
    assert len(hand_overs.unfinished(databases.main)) == 2
    assert [found.id for found in hand_overs.unfinished(databases.main, limit=1)] == [idle.id], "oldest first"


def test_a_clock_that_is_put_back_hides_no_unfinished_work(databases: Databases) -> None:
    idle, _ = ask(databases, invoice_id="1")
    ask(databases, invoice_id="2")
    let_pass(databases, idle, -86_400)
    assert [found.id for found in hand_overs.unfinished(databases.main, idle_s=20)] == [idle.id]


def test_stored_findings_and_amounts_come_back_exactly(databases: Databases) -> None:
    started, _ = ask(databases, proposed_balance=Decimal("0.10"))
    lease = claimed(databases, started)
    arm(databases, lease)
    hand_over_work.block(databases.main, lease, (BLOCKING,))
    stored = hand_overs.get(databases.main, started.id)
    assert stored.findings == (BLOCKING,)
    assert str(stored.capital) == "1250.00"
    assert str(stored.proposed_balance) == "0.10"
