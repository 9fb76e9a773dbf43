"""A wish in the ledger to withdraw a case is acted on once, looked at afresh before, and answered in the ledger."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from connector.domain.dates import today
from connector.domain.follow_up import FollowUpState
from connector.domain.hand_over import HandOverState, Origin, Request
from connector.flows.events import following
from connector.flows.events.requests import Hint, follow_hint
from connector.flows.follow_up import withdrawal
from connector.flows.hand_over.upload import upload
from connector.flows.hand_over.write_back import write_back
from connector.flows.tasks import tasks
from connector.sandbox.amili.settling import debtor_pays
from connector.sandbox.odoo.switches import LedgerSwitches
from connector.sandbox.shared.switches import Fault, FaultKind, answer_lost_after_create
from connector.store import hand_overs, inbox, timeline
from connector.store.follow_ups import FollowUp
from connector.store.hand_over_record import HandOver
from tests.flows.follow_up.test_withdrawal import cancellations
from tests.flows.follow_up_steps import (
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
    codes,
    death_at_call,
    driven,
    events,
    registrations,
    stored,
    strike,
)
from tests.flows.stage import CONNECTION, Stage
from tests.said import sv

REASON = "Fakturan gäller fel kund."
BY = "Ekonom Ek"


@pytest.fixture(autouse=True)
def all_goes_right_again(on: Stage) -> Iterator[None]:
    yield
    on.amili.now = lambda: datetime.now(UTC)
    on.ledger.now = lambda: datetime.now(UTC)
    strike(on)


def at_amili(on: Stage) -> tuple[str, str]:
    """An invoice that shows its case in the ledger, and its hand-over."""
    invoice, hand_over = sent(on)
    upload(on.deployment, hand_over)
    write_back(on.deployment, hand_over)
    assert stored(on, hand_over).state is HandOverState.DONE
    return invoice, hand_over


def wishes(on: Stage, invoice: str, *, reason: str = REASON) -> str:
    return on.ledger.click_withdraw(int(invoice), BY, reason)


def withdrawal_request(on: Stage, invoice: str, **values: object) -> None:
    """Let what the ledger has kept of a person's wish to withdraw be otherwise."""
    (row,) = on.ledger.open_requests(int(invoice), "withdraw")
    on.ledger.records.update("x_amili_request", row, values)


def polled(on: Stage) -> None:
    following.poll(on.deployment, CONNECTION)


def shown(on: Stage, invoice: str, name: str) -> str:
    return str(on.ledger.books.field(int(invoice), f"x_amili_{name}") or "")


def the_withdrawal(on: Stage, hand_over: str) -> FollowUp:
    found = withdrawal.withdrawal_of(on.deployment, hand_over)
    assert found is not None
    return found


def hinted(on: Stage, invoice: str) -> None:
    item = inbox.put_hint(on.deployment.databases.inbox, CONNECTION, invoice)
    follow_hint(on.deployment, Hint(CONNECTION, invoice, item))


def withdrawn(on: Stage) -> tuple[str, str]:
    """An invoice whose case was withdrawn on a wish, as the ledger shows it, and its hand-over."""
    invoice, hand_over = at_amili(on)
    wishes(on, invoice)
    polled(on)
    looked(on, hand_over)
    assert stored(on, hand_over).state is HandOverState.WITHDRAWN
    return invoice, hand_over


def not_withdrawn(on: Stage, invoice: str, hand_over: str, code: str) -> None:
    """Nothing was cancelled; the ledger says why, the wish is over, and a person has a task."""
    assert cancellations(on, invoice) == []
    assert stored(on, hand_over).state is HandOverState.DONE
    row = the_withdrawal(on, hand_over)
    assert (row.state, [one.code for one in row.findings]) == (FollowUpState.ASKING, [f"follow_up_{code}"])
    assert sv(row.findings[0]) in shown(on, invoice, "findings").splitlines()
    assert shown(on, invoice, "withdrawal_at") == ""
    listed = [task for task in tasks.gather(on.deployment.databases.main) if task.follow_up == row.id]
    assert [task.path for task in listed] == [f"/hand-overs/{hand_over}"]


# Once


@pytest.mark.parametrize("way", [hinted, lambda on, _: polled(on)], ids=["a hint", "a poll"])
def test_a_wish_is_one_cancellation_on_record_and_the_ledger_is_told(on: Stage, way: object) -> None:
    assert callable(way)
    invoice, hand_over = at_amili(on)
    wishes(on, invoice, reason=f"  {REASON}\n Kund 19121212-1212 ")
    way(on, invoice)
    looked(on, hand_over)
    assert len(cancellations(on, invoice)) == 1
    assert stored(on, hand_over).state is HandOverState.WITHDRAWN
    told = [entry for entry in timeline.of_hand_over(on.deployment.databases.main, hand_over) if "why" in entry.data]
    for event in ("withdrawal_asked", "withdrawn"):
        (entry,) = [one for one in told if one.event == event]
        assert (entry.actor, entry.data["why"].startswith(REASON), "1212" in entry.data["why"]) == (BY, True, False)
    assert (shown(on, invoice, "status"), shown(on, invoice, "ended")) == ("Återkallat hos Amili", "withdrawn")
    left = [shown(on, invoice, f"withdrawal_{name}") for name in ("at", "by", "case", "reason")]
    assert (left, shown(on, invoice, "findings")) == ([""] * 4, "")


def test_a_forged_hint_reads_and_withdraws_nothing(on: Stage) -> None:
    invoice, hand_over = at_amili(on)
    hinted(on, invoice)
    looked(on, hand_over)
    assert (cancellations(on, invoice), rows(on, hand_over)) == ([], ())


def test_repeated_hints_polls_and_workers_cancel_once(on: Stage) -> None:
    invoice, hand_over = at_amili(on)
    wishes(on, invoice)
    start = threading.Barrier(4)

    def work(_: int) -> None:
        start.wait(timeout=30)
        hinted(on, invoice)
        polled(on)
        for _round in range(8):
            one_round(on, hand_over)

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(work, range(4)))
    passes(on, hand_over, 200)
    looked(on, hand_over)
    assert len(cancellations(on, invoice)) == 1
    assert len(rows(on, hand_over)) == 1
    assert events(on, hand_over).count("withdrawal_asked") == 1


@pytest.mark.parametrize("after", [False, True])
def test_a_death_at_any_call_leaves_one_cancellation_and_the_wish_answered(on: Stage, after: bool) -> None:
    for call in range(1, 16):
        invoice, hand_over = at_amili(on)
        wishes(on, invoice)
        with death_at_call(call, after=after):
            polled(on)
            looked(on, hand_over)
        polled(on)
        passes(on, hand_over, 200)
        looked(on, hand_over)
        polled(on)
        assert len(cancellations(on, invoice)) == 1, call
        assert (shown(on, invoice, "ended"), shown(on, invoice, "withdrawal_at")) == ("withdrawn", ""), call


def test_a_wish_that_was_answered_does_nothing_more_while_it_still_stands(on: Stage) -> None:
    """The ledger takes no answer for a while: the wish stands there, and is known."""
    invoice, hand_over = at_amili(on)
    pays(on, invoice, 250)
    wishes(on, invoice)
    on.ledger.switches.set(LedgerSwitches(faults=(Fault(FaultKind.FAIL_BEFORE, ("account.move/write",), next_n=99),)))
    for _ in range(3):
        polled(on)
        looked(on, hand_over)
    assert shown(on, invoice, "withdrawal_at") != ""
    assert remaining(on, invoice) == kr(1000)
    assert events(on, hand_over).count("withdrawal_asked") == 1
    assert (cancellations(on, invoice), questions(on, hand_over)) == ([], ["withdrawal_paid"])


# Looked at afresh


def test_money_that_amili_does_not_know_of_leaves_the_case_to_end_by_itself(on: Stage) -> None:
    invoice, hand_over = at_amili(on)
    pays(on, invoice, 1250)
    wishes(on, invoice)
    polled(on)
    looked(on, hand_over)
    not_withdrawn(on, invoice, hand_over, "withdrawal_paid")
    assert remaining(on, invoice) == 0, "the payment was reported all the same"


def test_a_person_can_go_through_with_it_on_the_page(on: Stage) -> None:
    invoice, hand_over = at_amili(on)
    pays(on, invoice, 250)
    wishes(on, invoice)
    polled(on)
    looked(on, hand_over)
    not_withdrawn(on, invoice, hand_over, "withdrawal_paid")
    withdrawal.ask(on.deployment, hand_over, by="eva@byran.example", reason=REASON)
    looked(on, hand_over)
    assert len(cancellations(on, invoice)) == 1
    assert (shown(on, invoice, "ended"), shown(on, invoice, "findings")) == ("withdrawn", "")


def test_a_person_can_close_the_question_and_the_ledger_says_no_more_of_it(on: Stage) -> None:
    invoice, hand_over = at_amili(on)
    pays(on, invoice, 250)
    wishes(on, invoice)
    polled(on)
    looked(on, hand_over)
    (task,) = [
        one for one in tasks.gather(on.deployment.databases.main) if one.hand_over and one.hand_over.id == hand_over
    ]
    tasks.skip(on.deployment.databases.main, task, by="eva@byran.example", reason="Kunden betalar")
    looked(on, hand_over)
    assert (cancellations(on, invoice), shown(on, invoice, "findings")) == ([], "")


def test_a_payment_that_asks_a_person_holds_it_too(on: Stage) -> None:
    invoice, hand_over = at_amili(on)
    pays(on, invoice, 100, day=today() - timedelta(days=3))
    followed(on, hand_over)
    assert questions(on, hand_over) == ["before_case"]
    wishes(on, invoice)
    polled(on)
    looked(on, hand_over)
    not_withdrawn(on, invoice, hand_over, "withdrawal_paid")


def test_a_payment_on_its_way_holds_it_too(on: Stage) -> None:
    invoice, hand_over = at_amili(on)
    pays(on, invoice, 250)
    noticed(on, hand_over)
    strike(on, answer_lost_after_create(next_n=1, operation="pay"))
    one_round(on, hand_over)
    wishes(on, invoice)
    polled(on)
    looked(on, hand_over)
    not_withdrawn(on, invoice, hand_over, "withdrawal_paid")


def test_a_case_of_which_nothing_is_left_closes_by_itself(on: Stage) -> None:
    invoice, hand_over = at_amili(on)
    pays(on, invoice, 1250)
    followed(on, hand_over)
    case = on.amili.cases_of(on.number(invoice))[-1]
    case.closed_at = None
    wishes(on, invoice)
    polled(on)
    looked(on, hand_over)
    not_withdrawn(on, invoice, hand_over, "withdrawal_paid")


def test_a_payment_that_was_reported_before_hinders_nothing(on: Stage) -> None:
    invoice, hand_over = at_amili(on)
    pays(on, invoice, 250)
    followed(on, hand_over)
    wishes(on, invoice)
    polled(on)
    looked(on, hand_over)
    assert len(cancellations(on, invoice)) == 1


def test_money_that_comes_while_amili_cannot_be_reached_is_seen_before_it_is_sent(on: Stage) -> None:
    invoice, hand_over = at_amili(on)
    wishes(on, invoice)
    polled(on)
    strike(on, Fault(FaultKind.RATE_LIMITED, ("cancel",), next_n=1, retry_after_s=7))
    one_round(on, hand_over)
    pays(on, invoice, 250)
    passes(on, hand_over, 30)
    looked(on, hand_over)
    not_withdrawn(on, invoice, hand_over, "withdrawal_paid")


def test_a_case_that_is_closed_already_is_not_withdrawn(on: Stage) -> None:
    invoice, hand_over = at_amili(on)
    debtor_pays(on.amili, on.amili.cases_of(on.number(invoice))[-1].id)
    wishes(on, invoice)
    polled(on)
    looked(on, hand_over)
    not_withdrawn(on, invoice, hand_over, "closed_already")


def test_an_invoice_that_cannot_be_read_exactly_may_be_paid(on: Stage) -> None:
    invoice, hand_over = at_amili(on)
    wishes(on, invoice)
    polled(on)
    on.ledger.books.set_invoice(int(invoice), amount_residual=kr("1250.005"))
    looked(on, hand_over)
    assert cancellations(on, invoice) == []
    assert "withdrawal_unseen" in questions(on, hand_over)


def test_what_amili_refuses_is_told_in_the_ledger(on: Stage) -> None:
    invoice, hand_over = at_amili(on)
    wishes(on, invoice)
    strike(on, Fault(FaultKind.FAIL_BEFORE, ("cancel",), next_n=1, status=422))
    polled(on)
    looked(on, hand_over)
    not_withdrawn(on, invoice, hand_over, "refused")


# Meant for this case


def test_a_wish_for_another_case_withdraws_nothing(on: Stage) -> None:
    invoice, hand_over = at_amili(on)
    wishes(on, invoice)
    withdrawal_request(on, invoice, x_case_id="an-earlier-case")
    polled(on)
    looked(on, hand_over)
    not_withdrawn(on, invoice, hand_over, "withdrawal_of_another_case")


def test_a_wish_without_a_reason_withdraws_nothing(on: Stage) -> None:
    invoice, hand_over = at_amili(on)
    wishes(on, invoice)
    withdrawal_request(on, invoice, x_reason=" ")
    polled(on)
    looked(on, hand_over)
    not_withdrawn(on, invoice, hand_over, "withdrawal_without_reason")


def test_a_wish_that_is_taken_back_before_it_is_sent_withdraws_nothing(on: Stage) -> None:
    invoice, hand_over = at_amili(on)
    wishes(on, invoice)
    polled(on)
    withdrawal_request(on, invoice, x_answered=True)
    looked(on, hand_over)
    assert (cancellations(on, invoice), questions(on, hand_over)) == ([], [])
    assert the_withdrawal(on, hand_over).state is FollowUpState.LAPSED


def test_a_new_wish_after_a_refusal_is_a_wish(on: Stage) -> None:
    invoice, hand_over = at_amili(on)
    wishes(on, invoice)
    strike(on, Fault(FaultKind.FAIL_BEFORE, ("cancel",), next_n=1, status=422))
    polled(on)
    looked(on, hand_over)
    on.ledger.now = lambda: datetime.now(UTC) + timedelta(minutes=1)
    wishes(on, invoice)
    polled(on)
    looked(on, hand_over)
    assert len(cancellations(on, invoice)) == 1
    assert (shown(on, invoice, "ended"), shown(on, invoice, "findings")) == ("withdrawn", "")


def test_a_wish_beside_a_persons_withdrawal_on_the_page_is_answered_with_it(on: Stage) -> None:
    invoice, hand_over = at_amili(on)
    withdrawal.ask(on.deployment, hand_over, by="eva@byran.example", reason=REASON)
    wishes(on, invoice)
    polled(on)
    assert the_withdrawal(on, hand_over).decided_by == "eva@byran.example"
    looked(on, hand_over)
    assert len(cancellations(on, invoice)) == 1
    assert (shown(on, invoice, "ended"), shown(on, invoice, "withdrawal_at")) == ("withdrawn", "")


def test_a_wish_for_a_case_that_the_ledger_does_not_show_as_withdrawn_is_answered(on: Stage) -> None:
    """As after an upgrade: an earlier release withdrew it, and wrote nothing that says so by itself."""
    invoice, hand_over = withdrawn(on)
    on.ledger.books.set_invoice(int(invoice), x_amili_ended=False)
    on.ledger.now = lambda: datetime.now(UTC) + timedelta(minutes=1)
    wishes(on, invoice)
    polled(on)
    write_back(on.deployment, hand_over)
    polled(on)
    assert len(cancellations(on, invoice)) == 1
    assert (shown(on, invoice, "ended"), shown(on, invoice, "withdrawal_at")) == ("withdrawn", "")


def test_a_case_that_nobody_here_knows_is_refused_in_words(on: Stage) -> None:
    invoice = on.invoice()
    on.ledger.books.set_invoice(int(invoice), x_amili_case_id="a-foreign-case")
    wishes(on, invoice)
    polled(on)
    assert shown(on, invoice, "withdrawal_at") == ""
    assert "har inget ärende för fakturan" in shown(on, invoice, "findings")


# Sent again


def test_the_button_after_the_withdrawal_asks_for_a_case_of_its_own_which_a_person_confirms(on: Stage) -> None:
    invoice, first = withdrawn(on)
    polled(on)
    assert [one for one in inbox.waiting(on.deployment.databases.inbox) if one.invoice_id == invoice] == []
    on.ledger.now = lambda: datetime.now(UTC) + timedelta(minutes=1)
    on.side.wish(invoice, BY)
    polled(on)
    again = _taken(on, invoice)
    assert (again.origin, again.generation) == (Origin.LEDGER, 1)
    assert driven(on, again.id).state is HandOverState.BLOCKED
    assert "A10" in codes(on, again.id)
    write_back(on.deployment, again.id)
    assert (shown(on, invoice, "status"), shown(on, invoice, "ended")) == ("Åtgärd krävs", "")
    polled(on)
    assert _waiting(on, invoice) == []
    assert registrations(on, invoice) == 1

    meant, _ = asked(on, invoice, origin=Origin.PAGE, accepted=("A10",))
    assert meant.id == again.id
    assert driven(on, again.id).state is HandOverState.REGISTERED
    upload(on.deployment, again.id)
    write_back(on.deployment, again.id)
    assert shown(on, invoice, "case_id") == stored(on, again.id).case_id != stored(on, first).case_id
    assert (registrations(on, invoice), on.cases(invoice)) == (2, 2)


def test_a_wish_from_before_the_withdrawal_sends_nothing_again(on: Stage) -> None:
    invoice = on.invoice(wished_by=BY)
    hand_over = begun(on, invoice, origin=Origin.LEDGER, wish_mark=on.odoo.mark(invoice))
    driven(on, hand_over)
    upload(on.deployment, hand_over)
    write_back(on.deployment, hand_over)
    noticed(on, hand_over)
    assert shown(on, invoice, "requested_at") != ""
    wishes(on, invoice)
    polled(on)
    looked(on, hand_over)
    assert shown(on, invoice, "ended") == "withdrawn"
    assert shown(on, invoice, "requested_at") == ""
    polled(on)
    assert _waiting(on, invoice) == []
    _, judgement = asked(on, invoice, origin=Origin.LEDGER, wish_mark=stored(on, hand_over).wish_mark)
    assert (judgement, registrations(on, invoice)) == ("withdrawn", 1)


def test_a_withdrawal_that_is_told_late_does_not_hide_the_next_case(on: Stage) -> None:
    invoice, hand_over = at_amili(on)
    wishes(on, invoice)
    polled(on)
    on.ledger.switches.set(LedgerSwitches(faults=(Fault(FaultKind.FAIL_BEFORE, ("account.move/write",), next_n=1),)))
    while stored(on, hand_over).state is not HandOverState.WITHDRAWN:
        one_round(on, hand_over)
    again, _ = asked(on, invoice, origin=Origin.PAGE, again_after=hand_over, accepted=("A10",))
    driven(on, again.id)
    on.ledger.switches.set(LedgerSwitches())
    upload(on.deployment, again.id)
    write_back(on.deployment, again.id)
    write_back(on.deployment, hand_over)
    assert shown(on, invoice, "case_id") == stored(on, again.id).case_id
    assert (shown(on, invoice, "status"), shown(on, invoice, "ended")) == ("Hos Amili", "")


def _waiting(on: Stage, invoice: str) -> list[Request]:
    waiting = inbox.waiting(on.deployment.databases.inbox)
    return [item.request for item in waiting if item.invoice_id == invoice and item.request is not None]


def _taken(on: Stage, invoice: str) -> HandOver:
    (request,) = _waiting(on, invoice)
    settings = on.deployment.connection(CONNECTION).settings
    started, _ = hand_overs.ask(
        on.deployment.databases.main, request, creditor=settings.creditor, default_action=settings.first_action
    )
    for item in inbox.waiting(on.deployment.databases.inbox):
        inbox.mark_dispatched(on.deployment.databases.inbox, (item.id,))
        inbox.mark_done(on.deployment.databases.inbox, (item.id,))
    return started
