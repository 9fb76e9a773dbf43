"""Follow-ups in the store: one row for each thing, one report at a time, and a person's answer that stands."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event, insert, select, text

from connector.domain.action import ActionOutcome
from connector.domain.errors import ConfigurationError
from connector.domain.findings import Finding, Severity
from connector.domain.follow_up import FollowUpKind, FollowUpState, Reason, Step, Verdict
from connector.domain.invoice import InvoiceState, Standing
from connector.domain.text import StoredWords
from connector.store import follow_up_work, follow_ups, following, hand_overs, jobs, tables, timeline
from connector.store.database import Databases
from connector.store.doubts import doubt_of
from connector.store.follow_up_work import FollowUpLease
from connector.store.follow_ups import FollowUp, Look
from connector.store.hand_over_record import HandOver
from connector.store.jobs import Entry
from connector.store.ownership import LostOwnership
from tests.store.samples import MINUTE, add_connection, armed, ask, register

WHY = Finding(code="follow_up_over_remaining", severity=Severity.WARNING, says=StoredWords("För mycket.", "Too much."))


@pytest.fixture
def sent(databases: Databases) -> HandOver:
    """A hand-over with a case."""
    add_connection(databases)
    hand_over, _ = ask(databases)
    register(databases, armed(databases, hand_over))
    return hand_overs.get(databases.main, hand_over.id)


def verdict(step: Step = Step.REPORT, identifier: str = "p1", **values: Any) -> Verdict:
    details: dict[str, Any] = {
        "kind": FollowUpKind.PAYMENT,
        "ledger_id": identifier,
        "amount": Decimal("250.00"),
        "date": date(2026, 3, 10),
    }
    return Verdict(step=step, id=identifier, **(details | values))


def kept(databases: Databases, sent: HandOver, step: Step = Step.REPORT, identifier: str = "p1") -> FollowUp:
    asked = step is Step.ASK
    decided = verdict(step, identifier, may_report=asked, reason=Reason.OVER_REMAINING if asked else None)
    return follow_ups.get(databases.main, follow_ups.keep(databases.main, sent, decided, (WHY,) if asked else ()))


def claimed(databases: Databases, follow_up: FollowUp) -> FollowUpLease:
    lease = follow_up_work.claim(databases.main, follow_up.id, for_s=MINUTE, settle_s=MINUTE)
    assert isinstance(lease, FollowUpLease)
    return lease


def arm(databases: Databases, lease: FollowUpLease, turn: int = 0) -> None:
    follow_up_work.arm(databases.main, lease, turn=turn, for_s=MINUTE, settle_s=MINUTE)


def taken(databases: Databases, sent: HandOver) -> FollowUpLease:
    lease = claimed(databases, kept(databases, sent))
    arm(databases, lease)
    follow_up_work.taken(databases.main, lease, "action")
    return claimed(databases, follow_ups.get(databases.main, lease.follow_up.id))


def settle(databases: Databases, lease: FollowUpLease, outcome: ActionOutcome, *findings: Finding) -> FollowUp:
    follow_up_work.settled(
        databases.main,
        lease,
        outcome,
        findings,
        status="completed",
        reason="",
        settled_amount=Decimal("250.00"),
    )
    return follow_ups.get(databases.main, lease.follow_up.id)


def events(databases: Databases, hand_over: HandOver) -> list[str]:
    return [entry.event for entry in timeline.of_hand_over(databases.main, hand_over.id)][3:]


def test_news_of_the_ledger_asks_for_a_look_in_the_same_step(databases: Databases, sent: HandOver) -> None:
    changed = Standing(state=InvoiceState.BOOKED, balance=Decimal("1000.00"))
    assert following.note(databases.main, sent, changed)
    assert not following.note(databases.main, sent, changed)
    (due,) = follow_ups.due(databases.main)
    assert due == Look(sent.id, sent.connection, asked=1)
    follow_ups.look_done(databases.main, sent.id, 1)
    assert follow_ups.due(databases.main) == ()


def test_twenty_that_decide_the_same_keep_one_row(databases: Databases, sent: HandOver) -> None:
    start = threading.Barrier(20)

    def one(_: int) -> str:
        start.wait(timeout=30)
        return follow_ups.keep(databases.main, sent, verdict(), ())

    with ThreadPoolExecutor(20) as workers:
        assert len(set(workers.map(one, range(20)))) == 1
    assert len(follow_ups.of_hand_over(databases.main, sent.id)) == 1
    assert events(databases, sent).count("follow_up_due") == 1


def test_of_two_reports_decided_from_one_look_only_one_leaves(databases: Databases, sent: HandOver) -> None:
    first = claimed(databases, kept(databases, sent))
    second = claimed(databases, kept(databases, sent, identifier="p2"))
    arm(databases, first)
    with pytest.raises(LostOwnership):
        arm(databases, second)
    assert follow_ups.get(databases.main, second.follow_up.id).state is FollowUpState.DUE
    assert hand_overs.get(databases.main, sent.id).follow_up_turn == 1


def test_what_was_decided_before_a_report_is_not_kept_after_it(databases: Databases, sent: HandOver) -> None:
    """Else what that report settled at Amili would be taken for somebody else's money, and asked."""
    arm(databases, claimed(databases, kept(databases, sent)))
    with pytest.raises(LostOwnership):
        kept(databases, sent, Step.ASK, "p2")
    assert len(follow_ups.of_hand_over(databases.main, sent.id)) == 1


def test_what_is_in_flight_is_changed_by_no_look(databases: Databases, sent: HandOver) -> None:
    lease = claimed(databases, kept(databases, sent))
    arm(databases, lease)
    sent = hand_overs.get(databases.main, sent.id)
    for step in (Step.ASK, Step.LAPSE, Step.PAYOUT):
        follow_ups.keep(databases.main, sent, verdict(step), ())
    assert follow_ups.get(databases.main, lease.follow_up.id).state is FollowUpState.REPORTING


def test_the_reference_is_the_same_for_the_same_thing_alone(databases: Databases, sent: HandOver) -> None:
    first, other = kept(databases, sent), kept(databases, sent, identifier="p2")
    of_credit = replace(first, kind=FollowUpKind.CREDIT)
    again = replace(first, id="of another store", amount=Decimal(1))
    references = [
        follow_ups.reference_of(sent, one) for one in (first, again, other, of_credit, replace(first, round=1))
    ]
    references += [follow_ups.reference_of(replace(sent, generation=2), first)]
    assert references[0] == references[1]
    assert len(set(references)) == 5
    assert all(len(reference) <= 32 and reference.isalnum() for reference in references)


def test_what_asks_is_listed_with_its_hand_over(databases: Databases, sent: HandOver) -> None:
    question = kept(databases, sent, Step.ASK)
    (found,) = follow_ups.asking(databases.main, connection_id=sent.connection)
    assert (found.follow_up, found.hand_over.id) == (question, sent.id)
    assert found.follow_up.findings == (WHY,)
    assert follow_ups.asking(databases.main, connection_id="another") == ()


def test_a_person_has_it_reported(databases: Databases, sent: HandOver) -> None:
    question = kept(databases, sent, Step.ASK)
    asked = follow_ups.report_it(databases.main, question.id, by="Eva")
    answered = follow_ups.get(databases.main, question.id)
    assert (answered.state, answered.decided_by, answered.noted.decided) == (FollowUpState.DUE, "Eva", True)
    assert asked.follow_up_asked == 1
    with pytest.raises(ConfigurationError):
        follow_ups.report_it(databases.main, question.id, by="Eva")


def test_a_person_skips_it_with_a_reason(databases: Databases, sent: HandOver) -> None:
    question = kept(databases, sent, Step.ASK)
    with pytest.raises(ConfigurationError):
        follow_ups.skip(databases.main, question.id, by="Eva", reason=" ")
    follow_ups.skip(databases.main, question.id, by="Eva", reason="Bokförd på fel faktura.")
    answered = follow_ups.get(databases.main, question.id)
    assert (answered.state, answered.decided_by) == (FollowUpState.SKIPPED, "Eva")
    assert (answered.decision_reason, answered.decided_at is not None) == ("Bokförd på fel faktura.", True)
    kept(databases, sent, Step.ASK)
    assert follow_ups.asking(databases.main) == (), "it does not come back"
    told = timeline.of_hand_over(databases.main, sent.id)[-1]
    assert (told.actor, told.event, told.data["why"]) == ("Eva", "follow_up_skipped", "Bokförd på fel faktura.")


def test_what_cannot_be_reported_can_only_be_skipped(databases: Databases, sent: HandOver) -> None:
    question = follow_ups.keep(databases.main, sent, verdict(Step.ASK, reason=Reason.REFUND), (WHY,))
    with pytest.raises(ConfigurationError):
        follow_ups.report_it(databases.main, question, by="Eva")
    assert follow_ups.get(databases.main, question).state is FollowUpState.ASKING


def test_what_failed_is_reported_anew_under_another_reference(databases: Databases, sent: HandOver) -> None:
    failed = settle(databases, taken(databases, sent), ActionOutcome.FAILED, WHY)
    assert (failed.state, failed.may_report, failed.at_amili) == (FollowUpState.ASKING, True, False)
    follow_ups.report_it(databases.main, failed.id, by="Eva")
    again = follow_ups.get(databases.main, failed.id)
    assert (again.state, again.round, again.action_id) == (FollowUpState.DUE, 1, "")
    assert follow_ups.reference_of(sent, again) != follow_ups.reference_of(sent, failed)


def test_what_settled_otherwise_stays_at_amili_and_is_never_sent_again(databases: Databases, sent: HandOver) -> None:
    different = settle(databases, taken(databases, sent), ActionOutcome.DIFFERENT, WHY)
    assert (different.state, different.at_amili) == (FollowUpState.ASKING, True)
    with pytest.raises(ConfigurationError):
        follow_ups.report_it(databases.main, different.id, by="Eva")
    follow_ups.skip(databases.main, different.id, by="Eva", reason="Sedd.")
    assert follow_ups.get(databases.main, different.id).state is FollowUpState.REPORTED


def test_what_was_done_is_done(databases: Databases, sent: HandOver) -> None:
    done = settle(databases, taken(databases, sent), ActionOutcome.DONE)
    assert (done.state, done.amili_status, done.settled) == (FollowUpState.REPORTED, "completed", Decimal("250.00"))
    assert follow_ups.due(databases.main) == ()
    assert events(databases, sent) == ["follow_up_due", "reporting", "report_taken", "follow_up_reported"]


def test_an_unfinished_follow_up_is_due_without_any_news(databases: Databases, sent: HandOver) -> None:
    kept(databases, sent)
    (found,) = follow_ups.due(databases.main)
    assert found == Look(sent.id, sent.connection, asked=0)
    entry = Entry("look", sent.connection, sent.id, number=found.asked)
    assert follow_ups.due(databases.main, not_entered_as="look") == (found,)
    assert jobs.submit(databases.main, entry)
    assert not jobs.submit(databases.main, entry), "somebody else was faster"
    assert follow_ups.due(databases.main, not_entered_as="look") == ()
    with databases.main.begin() as connection:
        follow_ups.ask_for_look(connection, sent.id)
    assert follow_ups.due(databases.main, not_entered_as="look") == (Look(sent.id, sent.connection, asked=1),)


def test_what_provably_was_not_sent_is_due_again(databases: Databases, sent: HandOver) -> None:
    lease = claimed(databases, kept(databases, sent))
    arm(databases, lease)
    follow_up_work.wait(databases.main, lease, waiting_for="Amili (HTTP 429)", not_sent=True)
    waiting = follow_ups.get(databases.main, lease.follow_up.id)
    assert (waiting.state, waiting.attempted_at) == (FollowUpState.DUE, None)
    assert doubt_of(databases.main, waiting).unknown_for_s == float("inf")


def test_a_look_that_was_asked_for_is_found_without_reading_every_hand_over(
    databases: Databases, sent: HandOver
) -> None:
    """A worker asks every two seconds, and nearly always nothing is due."""
    table = tables.hand_overs
    with databases.main.begin() as connection:
        real = connection.execute(select(table)).one()._asdict()
        more = [real | {"id": f"{n}", "invoice_id": f"more-{n}", "invoice_number": f"more-{n}"} for n in range(5000)]
        connection.execute(insert(table), more)
        follow_ups.ask_for_look(connection, sent.id)
    if databases.main.dialect.name == "postgresql":
        with databases.main.begin() as connection:
            connection.execute(text("ANALYZE hand_overs, follow_ups"))

    plan = planned(databases, lambda: follow_ups.due(databases.main))

    assert "hand_overs_to_look_at" in plan
    assert not re.search("(SCAN|Seq Scan on) hand_overs|hand_overs_by_", plan)
    assert [look.hand_over for look in follow_ups.due(databases.main)] == [sent.id]


def planned(databases: Databases, work: Callable[[], object]) -> str:
    """How the database goes about the query that `work` makes."""
    asked: list[tuple[str, Any]] = []

    def noted(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters))

    event.listen(databases.main, "before_cursor_execute", noted)
    try:
        work()
    finally:
        event.remove(databases.main, "before_cursor_execute", noted)
    statement, parameters = next(one for one in asked if "SELECT" in one[0])
    explain = "EXPLAIN QUERY PLAN" if databases.main.dialect.name == "sqlite" else "EXPLAIN"
    with databases.main.connect() as connection:
        return "\n".join(str(row[-1]) for row in connection.exec_driver_sql(f"{explain} {statement}", parameters))
