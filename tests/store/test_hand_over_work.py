"""Work under a lease: only the owner changes a row, only before its deadline, and nobody else too soon."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from sqlalchemy import update

from connector.domain.findings import Severity
from connector.domain.hand_over import HandOverState, PdfState, WriteBackState
from connector.store import found_cases, hand_over_work, hand_overs, pdf_work, tables, timeline
from connector.store.database import Databases
from connector.store.doubts import doubt_of
from connector.store.hand_over_record import HandOver
from connector.store.hand_over_work import Busy, Lease
from connector.store.ownership import LostOwnership
from tests.flows.waiting import until
from tests.store.samples import (
    BLOCKING,
    MINUTE,
    OPEN,
    add_connection,
    arm,
    armed,
    ask,
    blocked,
    claimed,
    let_pass,
    register,
)


@pytest.fixture
def started(databases: Databases) -> HandOver:
    """A hand-over that somebody asked for."""
    add_connection(databases)
    return ask(databases)[0]


def stored(databases: Databases, hand_over: HandOver) -> HandOver:
    return hand_overs.get(databases.main, hand_over.id)


def events(databases: Databases, hand_over: HandOver) -> list[str]:
    return [entry.event for entry in timeline.of_hand_over(databases.main, hand_over.id)]


def is_busy(databases: Databases, hand_over: HandOver) -> bool:
    return isinstance(hand_over_work.claim(databases.main, hand_over.id, for_s=MINUTE, settle_s=MINUTE), Busy)


def test_one_of_twenty_gets_the_lease(databases: Databases, started: HandOver) -> None:
    start = threading.Barrier(20)

    def one(_: int) -> Lease | Busy:
        start.wait(timeout=30)
        return hand_over_work.claim(databases.main, started.id, for_s=MINUTE, settle_s=MINUTE)

    with ThreadPoolExecutor(20) as workers:
        answers = list(workers.map(one, range(20)))
    assert sum(isinstance(answer, Lease) for answer in answers) == 1
    waits = [answer.wait_s for answer in answers if isinstance(answer, Busy)]
    assert all(MINUTE < wait_s <= 2 * MINUTE for wait_s in waits), "until the deadline and the settling time are over"


def test_a_lease_is_free_only_after_deadline_and_settling(databases: Databases, started: HandOver) -> None:
    claimed(databases, started, for_s=30, settle_s=20)
    let_pass(databases, started, 31)
    assert is_busy(databases, started), "past the deadline, a request may still be on its way"
    let_pass(databases, started, 20)
    assert not is_busy(databases, started)


def test_a_lease_ends_by_the_clock(databases: Databases, started: HandOver) -> None:
    claimed(databases, started, for_s=0.05, settle_s=0.1)
    until(lambda: not is_busy(databases, started), within_s=120, what="the end of the lease")


def test_arming_past_the_deadline_is_refused(databases: Databases, started: HandOver) -> None:
    lease = claimed(databases, started, for_s=30, settle_s=MINUTE)
    let_pass(databases, started, 31)
    with pytest.raises(LostOwnership):
        arm(databases, lease)
    assert stored(databases, started).state is HandOverState.REQUESTED
    assert stored(databases, started).attempted_at is None
    assert "registering" not in events(databases, started)


def test_arming_starts_the_time_anew(databases: Databases, started: HandOver) -> None:
    lease = claimed(databases, started, for_s=30, settle_s=20)
    let_pass(databases, started, 29)
    hand_over_work.arm(
        databases.main,
        lease,
        for_s=30,
        settle_s=20,
        debtor_name="Kund AB",
        capital=Decimal("1.00"),
        standing=OPEN,
        counted=(),
    )
    armed_one = stored(databases, started)
    assert (armed_one.state, armed_one.debtor_name) == (HandOverState.REGISTERING, "Kund AB")
    let_pass(databases, started, 49)
    assert is_busy(databases, started)
    let_pass(databases, started, 2)
    assert not is_busy(databases, started)


def test_a_hand_over_that_has_a_case_is_not_armed(databases: Databases, started: HandOver) -> None:
    register(databases, armed(databases, started))
    with pytest.raises(LostOwnership):
        arm(databases, claimed(databases, started))


CHANGES: dict[str, Callable[[Databases, Lease], object]] = {
    "arm": arm,
    "name_invoice": lambda databases, lease: hand_over_work.name_invoice(databases.main, lease, "1001"),
    "registered": register,
    "adopt": lambda databases, lease: hand_over_work.adopt(
        databases.main, lease, registration_id="r", case_id="c", findings=()
    ),
    "outcome_unknown": lambda databases, lease: hand_over_work.outcome_unknown(databases.main, lease, why="x"),
    "looked_in_vain": lambda databases, lease: hand_over_work.looked_in_vain(databases.main, lease),
    "wait": lambda databases, lease: hand_over_work.wait(databases.main, lease, waiting_for="x"),
    "not_sent": lambda databases, lease: hand_over_work.wait(databases.main, lease, waiting_for="x", not_sent=True),
    "block": lambda databases, lease: hand_over_work.block(databases.main, lease, (BLOCKING,)),
    "attempt_pdf": lambda databases, lease: pdf_work.attempt(databases.main, lease),
    "pdf_unknown": lambda databases, lease: pdf_work.unknown(databases.main, lease),
    "pdf_not_shown": lambda databases, lease: pdf_work.not_shown(databases.main, lease),
    "pdf_result": lambda databases, lease: pdf_work.result(databases.main, lease, PdfState.UPLOADED, None),
    "write_back_result": lambda databases, lease: hand_over_work.write_back_result(
        databases.main, lease, WriteBackState.WRITTEN, None
    ),
}


INTENTS = ("arm", "name_invoice", "attempt_pdf", "pdf_unknown")


def test_a_former_owner_changes_nothing(databases: Databases, started: HandOver) -> None:
    former = armed(databases, started)
    let_pass(databases, started, 2 * MINUTE + 1)
    armed(databases, started)
    before, told = stored(databases, started), events(databases, started)
    for name, change in CHANGES.items():
        with pytest.raises(LostOwnership):
            change(databases, former)
        assert (stored(databases, started), events(databases, started)) == (before, told), name


def test_every_result_gives_the_lease_back(databases: Databases, started: HandOver) -> None:
    for number, name in enumerate(sorted(set(CHANGES) - set(INTENTS)), 2):
        hand_over, _ = ask(databases, invoice_id=str(number))
        lease = armed(databases, hand_over)
        CHANGES[name](databases, lease)
        assert not is_busy(databases, hand_over), name
        with pytest.raises(LostOwnership):
            CHANGES[name](databases, lease)


def test_every_intent_keeps_the_lease(databases: Databases, started: HandOver) -> None:
    lease = claimed(databases, started)
    for name in INTENTS:
        CHANGES[name](databases, lease)
        assert is_busy(databases, started), name


def test_a_receipt_is_stored_whole(databases: Databases, started: HandOver) -> None:
    hand_over_work.registered(
        databases.main,
        armed(databases, started),
        registration_id="registration",
        case_id="68f0",
        ocr="20251",
        findings=(BLOCKING,),
    )
    kept = stored(databases, started)
    assert (kept.state, kept.case_id, kept.registration_id, kept.ocr, kept.findings) == (
        HandOverState.REGISTERED,
        "68f0",
        "registration",
        "20251",
        (BLOCKING,),
    )
    assert kept.registered_at is not None
    assert kept.tries == 0
    assert events(databases, started) == ["asked", "registering", "registered"]


def test_an_unknown_outcome_is_remembered_from_its_moment(databases: Databases, started: HandOver) -> None:
    assert doubt_of(databases.main, started).unknown_for_s == math.inf
    lease = armed(databases, started)
    let_pass(databases, started, 10)
    assert 10 <= doubt_of(databases.main, stored(databases, started)).unknown_for_s < MINUTE
    hand_over_work.outcome_unknown(databases.main, lease, why="Amili (HTTP 502)")
    doubtful = stored(databases, started)
    assert (doubtful.state, doubtful.waiting_for) == (HandOverState.UNKNOWN, "Amili (HTTP 502)")
    assert doubt_of(databases.main, doubtful).unknown_for_s < 10, "it counts from the failure, not the intent"
    let_pass(databases, started, 100)
    assert 100 <= doubt_of(databases.main, stored(databases, started)).unknown_for_s < 100 + MINUTE


def test_a_look_in_vain_changes_nothing_of_the_doubt(databases: Databases, started: HandOver) -> None:
    hand_over_work.outcome_unknown(databases.main, armed(databases, started), why="x")
    doubtful = stored(databases, started)
    hand_over_work.looked_in_vain(databases.main, claimed(databases, started))
    after = stored(databases, started)
    assert (after.state, after.attempted_at, after.unknown_since) == (
        HandOverState.UNKNOWN,
        doubtful.attempted_at,
        doubtful.unknown_since,
    )


def test_an_answered_look_is_no_failed_try(databases: Databases, started: HandOver) -> None:
    hand_over_work.outcome_unknown(databases.main, armed(databases, started), why="x")
    for _ in range(5):
        hand_over_work.looked_in_vain(databases.main, claimed(databases, started))
    assert stored(databases, started).tries == 1


def test_waiting_keeps_a_doubt(databases: Databases, started: HandOver) -> None:
    hand_over_work.outcome_unknown(databases.main, armed(databases, started), why="x")
    hand_over_work.wait(databases.main, claimed(databases, started), waiting_for="Odoo (HTTP 503)")
    doubtful = stored(databases, started)
    assert (doubtful.state, doubtful.waiting_for) == (HandOverState.UNKNOWN, "Odoo (HTTP 503)")
    assert doubtful.attempted_at is not None


def test_what_was_provably_not_sent_leaves_no_doubt(databases: Databases, started: HandOver) -> None:
    hand_over_work.wait(databases.main, armed(databases, started), waiting_for="Amili (HTTP 429)", not_sent=True)
    waiting = stored(databases, started)
    assert (waiting.state, waiting.attempted_at, waiting.unknown_since) == (HandOverState.REQUESTED, None, None)
    assert doubt_of(databases.main, waiting).unknown_for_s == math.inf


def test_a_block_ends_the_work_with_its_findings(databases: Databases, started: HandOver) -> None:
    hand_over_work.block(databases.main, claimed(databases, started), (BLOCKING,))
    ended = stored(databases, started)
    assert (ended.state, ended.findings, ended.waiting_for) == (HandOverState.BLOCKED, (BLOCKING,), "")
    assert hand_overs.unfinished(databases.main) == ()
    told = timeline.of_hand_over(databases.main, started.id)[-1]
    assert (told.event, told.data) == ("blocked", {"stopped_by": ["E3"], "findings": ["E3"]})


def test_a_block_names_only_what_it_stopped_for(databases: Databases, started: HandOver) -> None:
    noted = tuple(BLOCKING.model_copy(update={"code": code, "severity": Severity.INFO}) for code in ("A7", "B8"))
    hand_over_work.block(databases.main, claimed(databases, started), (*noted, BLOCKING, BLOCKING))

    told = timeline.of_hand_over(databases.main, started.id)[-1].data
    assert told == {"stopped_by": ["E3"], "findings": ["A7", "B8", "E3", "E3"]}


def test_a_block_says_whether_something_had_left(databases: Databases, started: HandOver) -> None:
    hand_over_work.block(databases.main, armed(databases, started), (BLOCKING,), refused=True)
    assert timeline.of_hand_over(databases.main, started.id)[-1].data["refused"] is True


def test_a_block_after_an_unanswered_registration_says_so(databases: Databases, started: HandOver) -> None:
    hand_over_work.outcome_unknown(databases.main, armed(databases, started), why="x")
    hand_over_work.block(databases.main, claimed(databases, started), (BLOCKING,))

    told = timeline.of_hand_over(databases.main, started.id)[-1].data
    assert (told["posted"], "refused" in told) == (True, False)


def test_tries_are_counted_and_begin_anew_with_each_part(databases: Databases, started: HandOver) -> None:
    for tries in (1, 2, 3):
        lease = claimed(databases, started)
        assert lease.hand_over.tries == tries
        hand_over_work.wait(databases.main, lease, waiting_for="x")
    register(databases, armed(databases, started))
    assert claimed(databases, started).hand_over.tries == 1


def test_a_case_found_beside_a_silent_owner_is_kept_and_the_owner_is_out(
    databases: Databases, started: HandOver
) -> None:
    silent = armed(databases, started)
    seen = stored(databases, started)
    assert found_cases.adopt_unowned(databases.main, seen, registration_id="r", case_id="68f0")
    kept = stored(databases, started)
    assert (kept.state, kept.case_id) == (HandOverState.REGISTERED, "68f0")
    with pytest.raises(LostOwnership):
        register(databases, silent, case_id="another")
    assert stored(databases, started).case_id == "68f0"
    claimed(databases, started)


def test_a_case_is_kept_without_the_lease_only_while_the_same_attempt_stands(
    databases: Databases, started: HandOver
) -> None:
    armed(databases, started)
    seen = stored(databases, started)
    let_pass(databases, started, 2 * MINUTE + 1)
    armed(databases, started)
    assert not found_cases.adopt_unowned(databases.main, seen, registration_id="r", case_id="68f0")
    assert stored(databases, started).case_id == ""


def test_nothing_is_kept_without_the_lease_where_nothing_was_attempted(databases: Databases, started: HandOver) -> None:
    claimed(databases, started)
    seen = stored(databases, started)
    assert not found_cases.adopt_unowned(databases.main, seen, registration_id="r", case_id="68f0")
    ended = blocked(databases, invoice_id="2")
    assert not found_cases.adopt_unowned(databases.main, ended, registration_id="r", case_id="68f1")


def test_a_case_is_kept_once(databases: Databases, started: HandOver) -> None:
    armed(databases, started)
    seen = stored(databases, started)
    start = threading.Barrier(8)

    def one(turn: int) -> bool:
        start.wait(timeout=30)
        return found_cases.adopt_unowned(databases.main, seen, registration_id="r", case_id=f"case-{turn}")

    with ThreadPoolExecutor(8) as lookers:
        assert list(lookers.map(one, range(8))).count(True) == 1
    assert events(databases, started).count("adopted") == 1


def test_a_hand_over_ends_when_pdf_and_write_back_are_both_settled(databases: Databases, started: HandOver) -> None:
    register(databases, armed(databases, started))
    assert not hand_over_work.finish(databases.main, started.id)
    pdf_work.result(databases.main, claimed(databases, started), PdfState.UNAVAILABLE, BLOCKING)
    assert not hand_over_work.finish(databases.main, started.id)
    hand_over_work.write_back_result(databases.main, claimed(databases, started), WriteBackState.REFUSED, BLOCKING)
    assert hand_over_work.finish(databases.main, started.id)
    assert not hand_over_work.finish(databases.main, started.id), "it ends once"
    ended = stored(databases, started)
    assert (ended.state, ended.findings) == (HandOverState.DONE, (BLOCKING, BLOCKING))
    assert events(databases, started).count("done") == 1


def test_nothing_but_a_registered_hand_over_is_finished(databases: Databases, started: HandOver) -> None:
    assert not hand_over_work.finish(databases.main, started.id)
    ended = blocked(databases, invoice_id="2")
    assert not hand_over_work.finish(databases.main, ended.id)
    assert stored(databases, ended).state is HandOverState.BLOCKED


def test_a_clock_that_is_put_back_strands_no_work_and_hurries_none(databases: Databases, started: HandOver) -> None:
    hand_over_work.claim(databases.main, started.id, for_s=100, settle_s=50)
    table = tables.hand_overs
    with databases.main.begin() as connection:
        hour = {"deadline": table.c.deadline + 3600, "free_at": table.c.free_at + 3600}
        connection.execute(update(table).where(table.c.id == started.id).values(**hour))
    busy = hand_over_work.claim(databases.main, started.id, for_s=100, settle_s=0)
    assert isinstance(busy, Busy)
    assert 120 < busy.wait_s <= 150, "its owner may be alive until its deadline, and the settling comes after"


@pytest.mark.parametrize("ahead_s", [0.0, 86_400.0], ids=["right all along", "a day ahead"])
def test_a_clock_that_is_put_back_makes_nothing_settle_for_longer(
    databases: Databases, started: HandOver, ahead_s: float
) -> None:
    lease = claimed(databases, started)
    arm(databases, lease)
    hand_over_work.outcome_unknown(databases.main, lease, why="no answer")
    table = tables.hand_overs
    with databases.main.begin() as connection:
        ahead = {"attempted_at": table.c.attempted_at + ahead_s, "unknown_since": table.c.unknown_since + ahead_s}
        connection.execute(update(table).where(table.c.id == started.id).values(**ahead))
    taken = claimed(databases, started)
    assert 0 <= doubt_of(databases.main, taken.hand_over).unknown_for_s < 60


def test_an_owner_keeps_its_time_whoever_asks(databases: Databases, started: HandOver) -> None:
    hand_over_work.claim(databases.main, started.id, for_s=100, settle_s=50)
    for settle_s in (0, 50):
        busy = hand_over_work.claim(databases.main, started.id, for_s=100, settle_s=settle_s)
        assert isinstance(busy, Busy)
        assert 120 < busy.wait_s <= 150
