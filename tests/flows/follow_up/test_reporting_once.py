"""A payment, credit or withdrawal is posted three times at most, and never after an answer of success."""

from __future__ import annotations

from typing import Final

import pytest
from sqlalchemy import update

from connector.domain.doubt import ASKED_ABOUT_AFTER_S, BEFORE_A_THIRD_S
from connector.domain.follow_up import FollowUpState
from connector.flows.outcome import Then
from connector.flows.tasks import tasks
from connector.sandbox.shared.switches import BodyKind, Fault, FaultKind
from connector.store import follow_ups, tables, withdrawals
from connector.store.follow_ups import FollowUp
from tests.flows.follow_up_steps import credits_, looked, noticed, one_round, passes, pays, rows, sent
from tests.flows.hand_over_steps import INSTANTS, calls, strike
from tests.flows.stage import CONNECTION, Stage

POSTED: Final = {
    "pay": "POST /creditor--payments",
    "credit": "POST /creditor--creditings",
    "cancel": "POST /creditor--cancellations",
}


def due(on: Stage, operation: str) -> tuple[str, str]:
    """Something is to be reported of an invoice at Amili: the invoice, and its hand-over."""
    invoice, hand_over = sent(on)
    if operation == "pay":
        pays(on, invoice, 250)
    elif operation == "credit":
        credits_(on, invoice, 250)
    else:
        withdrawals.ask(on.deployment.databases.main, hand_over, by="Eva", reason="Betald kontant.")
    noticed(on, hand_over)
    return invoice, hand_over


def the_row(on: Stage, hand_over: str) -> FollowUp:
    (row,) = rows(on, hand_over)
    return row


def asked_codes(on: Stage, hand_over: str) -> list[str]:
    found = tasks.waiting(tasks.gather(on.deployment.databases.main, (CONNECTION,)))
    row = the_row(on, hand_over)
    assert [task.follow_up for task in found if task.follow_up == row.id] == [row.id] * row.is_asked
    return [one.code.removeprefix("follow_up_") for one in row.findings] if row.is_asked else []


@pytest.fixture(params=tuple(POSTED))
def operation(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("body", [BodyKind.JSON, BodyKind.HTML, BodyKind.EMPTY])
def test_a_success_that_says_nothing_is_looked_for_and_never_repeated(
    on: Stage, operation: str, body: BodyKind
) -> None:
    _, hand_over = due(on, operation)
    strike(on, Fault(FaultKind.MUTE_AFTER, (operation,), next_n=1, body=body), visible_after_s=1e9)
    one_round(on, hand_over)
    settle_s = on.deployment.settings.settle_s
    for passed in (settle_s, settle_s, settle_s):
        passes(on, hand_over, passed)
        assert one_round(on, hand_over).then is Then.AGAIN_FIRST
    assert (the_row(on, hand_over).state, asked_codes(on, hand_over)) == (FollowUpState.UNKNOWN, [])
    passes(on, hand_over, ASKED_ABOUT_AFTER_S, at_amili=False)
    one_round(on, hand_over)
    assert asked_codes(on, hand_over) == ["not_shown"]
    passes(on, hand_over, BEFORE_A_THIRD_S, at_amili=False)
    assert one_round(on, hand_over).then is Then.AGAIN_FIRST, "the looking goes on"
    assert calls(on, POSTED[operation]) == 1

    strike(on)
    looked(on, hand_over)
    assert (the_row(on, hand_over).state, asked_codes(on, hand_over)) == (FollowUpState.REPORTED, [])
    assert calls(on, POSTED[operation]) == 1


def test_three_are_posted_at_most_and_one_more_by_a_persons_word(on: Stage, operation: str) -> None:
    _, hand_over = due(on, operation)
    strike(on, Fault(FaultKind.FAIL_BEFORE, (operation,), next_n=4))
    settle_s = on.deployment.settings.settle_s
    one_round(on, hand_over)
    passes(on, hand_over, settle_s)
    one_round(on, hand_over)
    one_round(on, hand_over)
    assert calls(on, POSTED[operation]) == 2
    passes(on, hand_over, BEFORE_A_THIRD_S - 3 * settle_s, at_amili=False)
    one_round(on, hand_over)
    assert (calls(on, POSTED[operation]), asked_codes(on, hand_over)) == (2, [])
    passes(on, hand_over, 2 * settle_s)
    one_round(on, hand_over)
    one_round(on, hand_over)
    assert calls(on, POSTED[operation]) == 3
    for _ in range(3):
        passes(on, hand_over, BEFORE_A_THIRD_S, at_amili=False)
        assert one_round(on, hand_over).then is Then.AGAIN_FIRST
    assert (calls(on, POSTED[operation]), asked_codes(on, hand_over)) == (3, ["posted_often"])

    follow_ups.report_it(on.deployment.databases.main, the_row(on, hand_over).id, by="Eva")
    one_round(on, hand_over)
    assert (calls(on, POSTED[operation]), asked_codes(on, hand_over)) == (4, [])
    for _ in range(3):
        passes(on, hand_over, BEFORE_A_THIRD_S, at_amili=False)
        one_round(on, hand_over)
    assert (calls(on, POSTED[operation]), asked_codes(on, hand_over)) == (4, ["posted_often"]), "one more, no other"


def test_a_clock_that_is_put_forward_ends_no_settling_time(on: Stage, operation: str) -> None:
    _, hand_over = due(on, operation)
    strike(on, Fault(FaultKind.FAIL_BEFORE, (operation,), next_n=1))
    one_round(on, hand_over)
    table = tables.follow_ups
    with on.deployment.databases.main.begin() as connection:
        earlier = {name: table.c[name] - 3 * on.deployment.settings.settle_s for name in INSTANTS}
        connection.execute(update(table).where(table.c.hand_over == hand_over).values(earlier))
    assert one_round(on, hand_over).then is Then.AGAIN_FIRST
    assert one_round(on, hand_over).then is Then.AGAIN_FIRST
    assert calls(on, POSTED[operation]) == 1
    looked(on, hand_over)
    assert (calls(on, POSTED[operation]), the_row(on, hand_over).state) == (2, FollowUpState.REPORTED)


def test_what_was_told_to_wait_is_not_counted(on: Stage, operation: str) -> None:
    _, hand_over = due(on, operation)
    strike(on, Fault(FaultKind.RATE_LIMITED, (operation,), next_n=5, retry_after_s=0))
    looked(on, hand_over)
    assert (the_row(on, hand_over).state, the_row(on, hand_over).posts) == (FollowUpState.REPORTED, 1)


def test_a_person_may_close_what_is_looked_for(on: Stage, operation: str) -> None:
    _, hand_over = due(on, operation)
    strike(on, Fault(FaultKind.MUTE_AFTER, (operation,), next_n=1), visible_after_s=1e9)
    one_round(on, hand_over)
    passes(on, hand_over, ASKED_ABOUT_AFTER_S + 1, at_amili=False)
    one_round(on, hand_over)
    follow_ups.skip(on.deployment.databases.main, the_row(on, hand_over).id, by="Eva", reason="Amili har den.")
    assert one_round(on, hand_over).then is Then.STOP
    assert (the_row(on, hand_over).state, asked_codes(on, hand_over)) == (FollowUpState.REPORTED, [])


def test_what_became_of_a_payment_is_read_on_after_a_person_was_asked(on: Stage) -> None:
    _, hand_over = due(on, "pay")
    strike(on, Fault(FaultKind.FAIL_BEFORE, ("read_payment",), share=1.0, status=404))
    looked(on, hand_over)
    assert asked_codes(on, hand_over) == ["outcome_not_told"]
    strike(on)
    looked(on, hand_over)
    assert (the_row(on, hand_over).state, asked_codes(on, hand_over)) == (FollowUpState.REPORTED, [])
    assert calls(on, POSTED["pay"]) == 1
