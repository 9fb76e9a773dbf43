"""A case is withdrawn once, by a person, with a reason; and nothing sends the invoice again by itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connector.domain.dates import today
from connector.domain.errors import ConfigurationError
from connector.domain.follow_up import FollowUpState
from connector.domain.hand_over import HandOverState, Judgement, Origin, WriteBackState
from connector.flows.events import following
from connector.flows.follow_up import withdrawal
from connector.flows.hand_over.upload import upload
from connector.flows.hand_over.write_back import write_back
from connector.flows.outcome import Then
from connector.sandbox.amili.settling import close, debtor_pays, take_in
from connector.sandbox.amili.state import Action
from connector.sandbox.fortnox.switches import LockedPut
from connector.sandbox.shared.switches import Fault, FaultKind, answer_lost_after_create
from connector.store import follow_ups, hand_overs, inbox, timeline
from tests.flows.follow_up_steps import (
    actions,
    credits_,
    followed,
    kr,
    looked,
    noticed,
    one_round,
    passes,
    pays,
    questions,
    remaining,
    rows,
    sent,
)
from tests.flows.hand_over_steps import (
    asked,
    begun,
    calls,
    codes,
    death_at_call,
    driven,
    events,
    registrations,
    stored,
    strike,
)
from tests.flows.ledgers import FortnoxLedger
from tests.flows.stage import CONNECTION, Stage

pytestmark = pytest.mark.ledgers("odoo", "fortnox")

REASON = "Fakturan gäller fel kund."
CANCEL = "POST /creditor--cancellations"


@pytest.fixture(autouse=True)
def the_clock_goes_right_again(on: Stage) -> Iterator[None]:
    yield
    on.amili.now = lambda: datetime.now(UTC)
    strike(on)


def wants(on: Stage, hand_over: str, *, reason: str = REASON) -> None:
    withdrawal.ask(on.deployment, hand_over, by="eva@byran.example", reason=reason)


def cancellations(on: Stage, invoice: str) -> list[dict[str, object]]:
    number = on.number(invoice)
    return [
        dict(action.body)
        for action in on.amili.actions.values()
        if action.kind == "cancellation" and action.case.invoice_number == number
    ]


def withdrawn(on: Stage, **values: object) -> tuple[str, str]:
    """An invoice whose case was withdrawn, and its hand-over."""
    invoice = on.invoice()
    hand_over = begun(on, invoice, **values)
    driven(on, hand_over)
    noticed(on, hand_over)
    wants(on, hand_over)
    looked(on, hand_over)
    assert stored(on, hand_over).state is HandOverState.WITHDRAWN
    return invoice, hand_over


def state_of_row(on: Stage, hand_over: str) -> FollowUpState:
    found = withdrawal.withdrawal_of(on.deployment, hand_over)
    assert found is not None
    return found.state


def test_a_withdrawal_is_one_cancellation_of_the_case_and_nothing_more(on: Stage) -> None:
    invoice, hand_over = sent(on)
    wants(on, hand_over)
    looked(on, hand_over)
    case = on.amili.cases_of(on.number(invoice))[-1]
    assert cancellations(on, invoice) == [{"creditor": case.creditor, "case": case.id, "origin": "creditor_system"}]
    assert case.closed_at is not None
    assert stored(on, hand_over).state is HandOverState.WITHDRAWN


def test_who_when_and_why_are_on_record(on: Stage) -> None:
    _, hand_over = sent(on)
    wants(on, hand_over, reason=f"  {REASON}\n Kund 19121212-1212 ")
    looked(on, hand_over)
    told = timeline.of_hand_over(on.deployment.databases.main, hand_over)
    (asking,) = [entry for entry in told if entry.event == "withdrawal_asked"]
    (ended,) = [entry for entry in told if entry.event == "withdrawn"]
    for entry in (asking, ended):
        assert entry.actor == "eva@byran.example"
        assert entry.data["why"].startswith(REASON)
        assert "1212" not in entry.data["why"]


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_without_a_reason_nothing_is_asked(on: Stage, reason: str) -> None:
    invoice, hand_over = sent(on)
    with pytest.raises(ConfigurationError, match="reason"):
        wants(on, hand_over, reason=reason)
    looked(on, hand_over)
    assert (cancellations(on, invoice), rows(on, hand_over)) == ([], ())


def test_without_a_case_nothing_can_be_withdrawn(on: Stage) -> None:
    hand_over = begun(on, on.invoice())
    with pytest.raises(ConfigurationError, match="no case"):
        wants(on, hand_over)


@pytest.mark.ledgers("odoo", because="Fortnox has no place for how a case stands")
def test_the_ledger_is_told(on: Stage) -> None:
    invoice, hand_over = withdrawn(on)
    record = on.ledger.records.get("account.move", int(invoice))
    assert record["x_amili_status"] == "Återkallat hos Amili"
    assert not withdrawal.preview(on.deployment, hand_over).mark_stays


@pytest.mark.ledgers("fortnox", because="Odoo shows the case as withdrawn")
@pytest.mark.parametrize("locked", [LockedPut.ALLOW_ALL, LockedPut.ALLOW_LABELS])
def test_a_ledger_without_a_place_for_that_is_never_shown_a_case_that_was_withdrawn(
    on: Stage, locked: LockedPut
) -> None:
    assert isinstance(on.side, FortnoxLedger)
    on.fortnox.switches.set(replace(on.fortnox.switches.switches, booked_put=locked))
    invoice, hand_over = withdrawn(on)
    for step in (upload, write_back):
        step(on.deployment, hand_over)
    one_round(on, hand_over)
    assert (on.side.case_shown(invoice), on.side.bookkeeper.labels(invoice)) == ("", set())
    assert on.side.changing_writes(invoice) == 0
    assert stored(on, hand_over).write_back is WriteBackState.NOT_NEEDED
    assert hand_over not in [one.id for one in hand_overs.unfinished(on.deployment.databases.main)]
    assert "written_back" not in events(on, hand_over)


@pytest.mark.ledgers("fortnox", because="Odoo shows the case as withdrawn")
def test_a_case_that_was_shown_before_its_withdrawal_stays_where_it_is(on: Stage) -> None:
    invoice, hand_over = sent(on)
    for step in (upload, write_back):
        on.side.let_windows_pass(on.deployment)
        step(on.deployment, hand_over)
    assert withdrawal.preview(on.deployment, hand_over).mark_stays, "which the person is told beforehand"
    wants(on, hand_over)
    looked(on, hand_over)
    assert on.side.case_shown(invoice) == stored(on, hand_over).case_id
    assert on.side.changing_writes(invoice) == 1
    assert stored(on, hand_over).write_back is WriteBackState.WRITTEN


@pytest.mark.parametrize("kind", [FaultKind.DROP_AFTER, FaultKind.FAIL_AFTER, FaultKind.HALF_ANSWER])
def test_taken_in_and_not_answered_is_looked_for_and_not_repeated(on: Stage, kind: FaultKind) -> None:
    invoice, hand_over = sent(on)
    wants(on, hand_over)
    strike(on, Fault(kind, ("cancel",), next_n=1), visible_after_s=30.0)
    looked(on, hand_over)
    assert len(cancellations(on, invoice)) == 1
    assert stored(on, hand_over).state is HandOverState.WITHDRAWN
    assert events(on, hand_over).count("report_found") == 1


@pytest.mark.parametrize("kind", [FaultKind.DROP_BEFORE, FaultKind.FAIL_BEFORE, FaultKind.RATE_LIMITED])
def test_what_was_not_taken_in_is_repeated(on: Stage, kind: FaultKind) -> None:
    invoice, hand_over = sent(on)
    wants(on, hand_over)
    strike(on, Fault(kind, ("cancel",), next_n=2, retry_after_s=7))
    looked(on, hand_over)
    assert len(cancellations(on, invoice)) == 1
    assert ("report_unknown" in events(on, hand_over)) is (kind is not FaultKind.RATE_LIMITED)


def test_an_unanswered_withdrawal_is_not_repeated_before_the_settling_time(on: Stage) -> None:
    invoice, hand_over = sent(on)
    wants(on, hand_over)
    strike(on, answer_lost_after_create(next_n=1, operation="cancel"), visible_after_s=10_000.0)
    before = calls(on, CANCEL)
    for _ in range(5):
        assert one_round(on, hand_over).then is Then.AGAIN_FIRST
        passes(on, hand_over, on.deployment.settings.settle_s / 10)
    assert (len(cancellations(on, invoice)), calls(on, CANCEL) - before) == (1, 1)


@pytest.mark.parametrize("after", [False, True])
def test_a_death_at_any_call_leaves_one_cancellation(on: Stage, after: bool) -> None:
    for call in range(1, 11):
        invoice, hand_over = sent(on)
        wants(on, hand_over)
        with death_at_call(call, after=after, to=on.env["AMILI_SANDBOX_URL"]):
            looked(on, hand_over)
        passes(on, hand_over, 200)
        looked(on, hand_over)
        assert len(cancellations(on, invoice)) == 1, call
        assert stored(on, hand_over).state is HandOverState.WITHDRAWN, call


def test_two_clicks_and_four_workers_at_once_cancel_once(on: Stage) -> None:
    invoice, hand_over = sent(on)
    start = threading.Barrier(4)

    def work(_: int) -> None:
        start.wait(timeout=30)
        wants(on, hand_over)
        for _round in range(8):
            one_round(on, hand_over)

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(work, range(4)))
    passes(on, hand_over, 200)
    looked(on, hand_over)
    assert len(cancellations(on, invoice)) == 1
    assert len(rows(on, hand_over)) == 1


def test_a_cancellation_that_stands_already_is_it(on: Stage) -> None:
    """Made by a store that was lost and restored from before, or by somebody else."""
    invoice, hand_over = sent(on)
    case = on.amili.cases_of(on.number(invoice))[-1]
    body = {"creditor": case.creditor, "case": case.id, "origin": "creditor_system"}
    take_in(on.amili, "cancellation", case, body)
    wants(on, hand_over)
    looked(on, hand_over)
    assert len(cancellations(on, invoice)) == 1
    assert stored(on, hand_over).state is HandOverState.WITHDRAWN


def test_a_warning_of_amilis_is_a_finding(on: Stage) -> None:
    invoice, hand_over = sent(on)
    strike(on, actions_fail="sandbox.remark")
    wants(on, hand_over)
    looked(on, hand_over)
    assert stored(on, hand_over).state is HandOverState.WITHDRAWN
    assert "follow_up_withdrawn_otherwise" in codes(on, hand_over)
    assert len(cancellations(on, invoice)) == 1


def test_a_case_that_was_closed_without_a_withdrawal_is_told_and_nothing_sent(on: Stage) -> None:
    invoice, hand_over = sent(on)
    debtor_pays(on.amili, on.amili.cases_of(on.number(invoice))[-1].id)
    wants(on, hand_over)
    looked(on, hand_over)
    assert (cancellations(on, invoice), questions(on, hand_over)) == ([], ["closed_already"])
    assert stored(on, hand_over).state is not HandOverState.WITHDRAWN


def test_what_amili_does_not_tell_of_a_cancellation_the_case_tells(on: Stage) -> None:
    _, hand_over = sent(on)
    wants(on, hand_over)
    one_round(on, hand_over)
    for action in on.amili.actions.values():
        action.document.pop("status", None)
    looked(on, hand_over)
    assert stored(on, hand_over).state is HandOverState.WITHDRAWN


def test_a_payment_on_its_way_goes_first(on: Stage) -> None:
    invoice, hand_over = sent(on)
    pays(on, invoice, 250)
    noticed(on, hand_over)
    strike(on, answer_lost_after_create(next_n=1, operation="pay"))
    one_round(on, hand_over)
    wants(on, hand_over)
    looked(on, hand_over)
    assert [one.kind for one in _acts(on, invoice)] == ["payment", "cancellation"]
    assert remaining(on, invoice) == kr(1000)


def test_the_preview_names_what_stands_and_sends_nothing(on: Stage) -> None:
    invoice, hand_over = sent(on)
    pays(on, invoice, 250)
    credits_(on, invoice, 100)
    look = withdrawal.preview(on.deployment, hand_over)
    assert sorted(one.amount for one in look.unreported) == [kr(100), kr(250)]
    assert (look.is_paid, look.possible, look.case.closed, look.case.remaining_capital) == (True, True, False, kr(1250))
    assert (actions(on, invoice), rows(on, hand_over)) == ([], ())
    wants(on, hand_over)
    assert not withdrawal.preview(on.deployment, hand_over).possible


def test_nothing_is_followed_any_more_and_open_questions_end(on: Stage) -> None:
    invoice, hand_over = sent(on)
    pays(on, invoice, 100, day=today() - timedelta(days=3))
    followed(on, hand_over)
    assert questions(on, hand_over) == ["before_case"]
    wants(on, hand_over)
    looked(on, hand_over)
    assert questions(on, hand_over) == []
    pays(on, invoice, 100)
    _, host = on.deployment.sides(on.deployment.connection(CONNECTION))
    following.look_at_all(on.deployment, CONNECTION, host)
    one_round(on, hand_over)
    assert hand_over not in [look.hand_over for look in follow_ups.due(on.deployment.databases.main)]
    assert [one.kind for one in _acts(on, invoice)] == ["cancellation"]


@pytest.mark.parametrize("origin", list(Origin))
def test_no_repeated_request_sends_it_again(on: Stage, origin: Origin) -> None:
    invoice, _ = withdrawn(on)
    number, judgement = asked(on, invoice, origin=origin, wish_mark=standing_mark(on, invoice))
    assert (judgement, number.state) == (Judgement.WITHDRAWN, HandOverState.WITHDRAWN)
    assert registrations(on, invoice) == 1


def standing_mark(on: Stage, invoice: str) -> str:
    found = hand_overs.latest(on.deployment.databases.main, CONNECTION, invoice)
    assert found is not None
    return found.wish_mark


def test_a_wish_that_stood_in_the_ledger_does_not_send_it_again_and_a_new_one_does(on: Stage) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    driven(on, hand_over)
    on.side.wish(invoice, "Eva")
    noticed(on, hand_over)
    wants(on, hand_over)
    looked(on, hand_over)
    _, host = on.deployment.sides(on.deployment.connection(CONNECTION))
    following.take_wishes(on.deployment, CONNECTION, host)
    assert [one for one in inbox.waiting(on.deployment.databases.inbox) if one.invoice_id == invoice] == []
    found, judgement = asked(on, invoice, origin=Origin.LEDGER, wish_mark="2030-01-01 10:00:00")
    assert (judgement, found.generation) == (Judgement.STARTED, 1)


def test_a_persons_new_act_starts_a_new_generation_which_asks_about_the_withdrawn_case(on: Stage) -> None:
    invoice, first = withdrawn(on)
    again, judgement = asked(on, invoice, again_after=first)
    assert (judgement, again.generation) == (Judgement.STARTED, 1)
    assert driven(on, again.id).state is HandOverState.BLOCKED
    assert "A10" in codes(on, again.id)
    assert registrations(on, invoice) == 1
    meant, _ = asked(on, invoice, again_after=first, accepted=("A10",))
    assert meant.id == again.id
    done = driven(on, again.id)
    assert done.state is HandOverState.REGISTERED
    assert (registrations(on, invoice), on.cases(invoice)) == (2, 2)
    assert done.case_id != stored(on, first).case_id
    repeated, judgement = asked(on, invoice, again_after=first)
    assert (repeated.id, judgement) == (again.id, Judgement.UNDER_WAY)


def test_a_withdrawn_case_that_still_looks_open_is_neither_used_nor_joined_by_a_second(on: Stage) -> None:
    invoice, first = withdrawn(on)
    case = on.amili.cases_of(on.number(invoice))[-1]
    case.closed_at = None
    again, _ = asked(on, invoice, again_after=first, accepted=("A10",))
    assert driven(on, again.id).state is HandOverState.BLOCKED
    assert "withdrawn_case_is_open" in codes(on, again.id)
    assert registrations(on, invoice) == 1
    close(on.amili, case, "closed_by_cancellation")
    asked(on, invoice, again_after=first, accepted=("A10",))
    assert driven(on, again.id).state is HandOverState.REGISTERED


def test_a_withdrawal_asked_for_again_afterwards_changes_nothing(on: Stage) -> None:
    invoice, hand_over = withdrawn(on)
    wants(on, hand_over)
    one_round(on, hand_over)
    assert len(cancellations(on, invoice)) == 1
    assert state_of_row(on, hand_over) is FollowUpState.REPORTED


def _acts(on: Stage, invoice: str) -> list[Action]:
    number = on.number(invoice)
    return [action for action in on.amili.actions.values() if action.case.invoice_number == number]
