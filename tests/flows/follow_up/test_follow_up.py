"""Payments and credits reach Amili, once each; what is in doubt is asked, and nothing of it is sent."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connector.amili import respite
from connector.domain.dates import today
from connector.domain.follow_up import FollowUpKind, FollowUpState
from connector.domain.hand_over import Origin
from connector.flows.events import requests
from connector.flows.events.requests import Hint
from connector.flows.follow_up import follow_up as flow
from connector.flows.outcome import Then
from connector.sandbox.amili.lines import make_payout
from connector.sandbox.amili.settling import debtor_pays
from connector.sandbox.amili.state import GUIDE_CREDITOR
from connector.sandbox.shared.switches import BodyKind, Duplicates, Fault, FaultKind, Unfit, answer_lost_after_create
from connector.store import follow_ups, inbox, tables, timeline
from connector.store.follow_ups import Look
from tests.flows.follow_up_steps import (
    CAPITAL,
    AtAmili,
    actions,
    bodies,
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
    states,
    the_question,
)
from tests.flows.hand_over_steps import begun, calls, case_at_amili, death_at_call, driven, stored, strike
from tests.flows.ledgers import OdooLedger
from tests.flows.stage import CONNECTION, Stage
from tests.said import en, sv

pytestmark = pytest.mark.ledgers("odoo", "fortnox")


@pytest.fixture(autouse=True)
def nothing_paid_out(on: Stage) -> Iterator[None]:
    yield
    on.amili.now = lambda: datetime.now(UTC)


def done(kind: str, amount: int | str | Decimal) -> AtAmili:
    return AtAmili(kind, kr(amount), "completed")


def answer_report(on: Stage, hand_over: str) -> None:
    follow_ups.report_it(on.deployment.databases.main, the_question(on, hand_over).id, by="Eva")
    looked(on, hand_over)


def answer_skip(on: Stage, hand_over: str) -> None:
    question = the_question(on, hand_over)
    follow_ups.skip(on.deployment.databases.main, question.id, by="Eva", reason="Utrett.")
    looked(on, hand_over)


def test_a_payment_reaches_amili_with_its_amount_and_the_banks_day(on: Stage) -> None:
    invoice, hand_over = sent(on)
    pays(on, invoice, "250.50")
    followed(on, hand_over)
    (body,) = bodies(on, invoice)
    (row,) = rows(on, hand_over)
    assert (body["amount"], body["currency"], body["origin"]) == (kr("250.50"), "SEK", "creditor_system")
    assert str(body["bank_transaction_date"]).startswith(f"{today():%a, %d %b %Y} 00:00:00")
    assert body["creditor_payment_reference"] == follow_ups.reference_of(stored(on, hand_over), row)
    assert (row.state, row.amili_status, row.settled) == (FollowUpState.REPORTED, "completed", kr("250.50"))
    assert remaining(on, invoice) == CAPITAL - kr("250.50")
    assert hand_over not in [look.hand_over for look in follow_ups.due(on.deployment.databases.main)]


def test_several_payments_and_a_credit_reach_amili_one_after_another(on: Stage) -> None:
    invoice, hand_over = sent(on)
    pays(on, invoice, 200)
    pays(on, invoice, 300)
    number = credits_(on, invoice, 100)
    followed(on, hand_over)
    assert sorted(actions(on, invoice)) == [done("crediting", 100), done("payment", 200), done("payment", 300)]
    assert [body["credit_invoice"] for body in bodies(on, invoice) if "credit_invoice" in body] == [number]
    assert remaining(on, invoice) == kr(650)


def test_a_full_credit_is_a_crediting_and_no_withdrawal(on: Stage) -> None:
    invoice, hand_over = sent(on)
    credits_(on, invoice)
    followed(on, hand_over)
    assert actions(on, invoice) == [done("crediting", CAPITAL)]
    assert calls(on, "POST /creditor--cancellations") == 0


def test_a_hint_that_comes_twice_reports_once(on: Stage) -> None:
    invoice, hand_over = sent(on)
    pays(on, invoice, 250)
    for _ in range(2):
        on.hint(invoice)
        newest = max(item.id for item in inbox.waiting(on.deployment.databases.inbox))
        requests.follow_hint(on.deployment, Hint(CONNECTION, invoice, newest))
        looked(on, hand_over)
    assert actions(on, invoice) == [done("payment", 250)]


@pytest.mark.parametrize("kind", [FaultKind.DROP_AFTER, FaultKind.FAIL_AFTER, FaultKind.HALF_ANSWER])
@pytest.mark.parametrize("operation", ["pay", "credit"])
def test_taken_in_and_not_answered_is_looked_for_and_not_repeated(on: Stage, kind: FaultKind, operation: str) -> None:
    invoice, hand_over = sent(on)
    pays(on, invoice, 250) if operation == "pay" else credits_(on, invoice, 250)
    strike(on, Fault(kind, (operation,), next_n=1), visible_after_s=30.0)
    followed(on, hand_over)
    assert [one.amount for one in actions(on, invoice)] == [kr(250)]
    assert [row.state for row in rows(on, hand_over)] == [FollowUpState.REPORTED]
    told = [entry.event for entry in timeline.of_hand_over(on.deployment.databases.main, hand_over)]
    assert told.count("report_found") == 1


@pytest.mark.parametrize("kind", [FaultKind.DROP_BEFORE, FaultKind.FAIL_BEFORE, FaultKind.RATE_LIMITED])
def test_what_was_not_taken_in_is_repeated(on: Stage, kind: FaultKind) -> None:
    invoice, hand_over = sent(on)
    pays(on, invoice, 250)
    strike(on, Fault(kind, ("pay",), next_n=2, retry_after_s=7))
    followed(on, hand_over)
    assert actions(on, invoice) == [done("payment", 250)]


def test_an_unanswered_report_is_not_repeated_before_the_settling_time(on: Stage) -> None:
    invoice, hand_over = sent(on)
    pays(on, invoice, 250)
    noticed(on, hand_over)
    strike(on, answer_lost_after_create(next_n=1, operation="pay"), visible_after_s=10_000.0)
    one_round(on, hand_over)
    for _ in range(5):
        assert one_round(on, hand_over).then is Then.AGAIN_FIRST
        passes(on, hand_over, on.deployment.settings.settle_s / 10)
    assert len(actions(on, invoice)) == 1


@pytest.mark.parametrize("refused", [Duplicates.REFUSED_422, Duplicates.REFUSED_409])
def test_a_duplicate_reference_that_amili_refuses_is_found(on: Stage, refused: Duplicates) -> None:
    """Reported by a store that was lost, and restored from before."""
    invoice, hand_over = sent(on)
    pays(on, invoice, 250)
    followed(on, hand_over)
    with on.deployment.databases.main.begin() as connection:
        connection.execute(tables.follow_ups.delete().where(tables.follow_ups.c.hand_over == hand_over))
        follow_ups.ask_for_look(connection, hand_over)
    strike(on, duplicate_references=refused)
    looked(on, hand_over)
    assert actions(on, invoice) == [done("payment", 250)]
    assert questions(on, hand_over) == ["may_be_payout"], "what is settled there without our record is asked"
    answer_report(on, hand_over)
    assert actions(on, invoice) == [done("payment", 250)]
    assert [row.state for row in rows(on, hand_over)] == [FollowUpState.REPORTED]


@pytest.mark.parametrize("after", [False, True])
def test_a_death_at_any_call_neither_loses_nor_doubles_a_payment(on: Stage, after: bool) -> None:
    for call in range(1, 14):
        invoice, hand_over = sent(on)
        pays(on, invoice, 200)
        credits_(on, invoice, 50)
        noticed(on, hand_over)
        with death_at_call(call, after=after, to=on.env["AMILI_SANDBOX_URL"]):
            looked(on, hand_over)
        passes(on, hand_over, 200)
        looked(on, hand_over)
        assert sorted(actions(on, invoice)) == [done("crediting", 50), done("payment", 200)], call
        assert remaining(on, invoice) == kr(1000)


def test_two_workers_at_once_report_each_payment_once(on: Stage) -> None:
    invoice, hand_over = sent(on)
    for amount in (100, 200, 300):
        pays(on, invoice, amount)
    noticed(on, hand_over)
    start = threading.Barrier(4)

    def work(_: int) -> None:
        start.wait(timeout=30)
        for _round in range(12):
            one_round(on, hand_over)

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(work, range(4)))
    passes(on, hand_over, 200)
    looked(on, hand_over)
    assert sorted(actions(on, invoice)) == [done("payment", amount) for amount in (100, 200, 300)]


def test_payments_a_second_before_and_after_the_registration_are_told_apart(on: Stage) -> None:
    invoice = on.invoice()
    pays(on, invoice, 250)
    hand_over = begun(on, invoice)
    driven(on, hand_over)
    pays(on, invoice, 100)
    followed(on, hand_over)
    assert stored(on, hand_over).capital == kr(1000)
    assert actions(on, invoice) == [done("payment", 100)]
    assert remaining(on, invoice) == kr(900)


def test_a_hand_over_from_before_this_release_is_judged_by_the_days(on: Stage) -> None:
    invoice, hand_over = sent(on)
    with on.deployment.databases.main.begin() as connection:
        connection.execute(tables.hand_overs.update().where(tables.hand_overs.c.id == hand_over).values(counted=None))
    pays(on, invoice, 100, day=today() - timedelta(days=1))
    pays(on, invoice, 200)
    followed(on, hand_over)
    assert actions(on, invoice) == []
    assert questions(on, hand_over) == ["around_registration"]
    answer_report(on, hand_over)
    assert actions(on, invoice) == [done("payment", 200)]


def test_payments_to_a_case_that_stood_already_are_asked_for_the_time_it_stood(on: Stage) -> None:
    invoice = on.invoice()
    case_at_amili(on, invoice)
    hand_over = begun(on, invoice)
    driven(on, hand_over)
    pays(on, invoice, 200)
    followed(on, hand_over)
    assert (actions(on, invoice), questions(on, hand_over)) == ([], ["around_registration"])


def test_what_is_written_off_with_a_payment_is_asked_and_the_money_reported(on: Stage) -> None:
    invoice, hand_over = sent(on)
    on.side.bookkeeper.pay(invoice, kr(200), written_off=kr(50))
    followed(on, hand_over)
    assert (actions(on, invoice), questions(on, hand_over)) == ([done("payment", 200)], ["write_off"])
    assert the_question(on, hand_over).amount == kr(50)
    assert not the_question(on, hand_over).may_report


def test_money_in_another_currency_is_asked(on: Stage) -> None:
    invoice, hand_over = sent(on)
    on.side.bookkeeper.pay(invoice, kr(100), currency="EUR")
    followed(on, hand_over)
    assert (actions(on, invoice), questions(on, hand_over)) == ([], ["other_currency"])


def test_a_payment_dated_before_the_case_is_asked(on: Stage) -> None:
    invoice, hand_over = sent(on)
    pays(on, invoice, 100, day=today() - timedelta(days=3))
    followed(on, hand_over)
    assert (actions(on, invoice), questions(on, hand_over)) == ([], ["before_case"])


@pytest.mark.parametrize("answer", ["report", "skip"])
def test_an_overpayment_is_asked_and_answered(on: Stage, answer: str) -> None:
    invoice, hand_over = sent(on)
    case = on.amili.cases_of(on.number(invoice))[-1]
    on.amili.set_case(case.id, remaining_capital=kr(100))
    case.document["local_added_capital_amount"] = kr(100)
    pays(on, invoice, 250)
    followed(on, hand_over)
    assert (actions(on, invoice), questions(on, hand_over)) == ([], ["over_remaining"])
    (asking,) = follow_ups.asking(on.deployment.databases.main, connection_id=CONNECTION)[-1:]
    assert asking.hand_over.id == hand_over
    if answer == "skip":
        answer_skip(on, hand_over)
        noticed(on, hand_over)
        looked(on, hand_over)
        assert (actions(on, invoice), questions(on, hand_over)) == ([], [])
        return
    answer_report(on, hand_over)
    assert [one.amount for one in actions(on, invoice)] == [kr(250)]
    assert questions(on, hand_over) == ["settled_otherwise"], "Amili settles what remains, and warns"
    (row,) = rows(on, hand_over)
    assert (row.amili_status, row.settled, row.amili_reason) == ("warning", kr(100), "sandbox.more_than_remains")
    answer_skip(on, hand_over)
    assert states(on, hand_over) == [("payment", FollowUpState.REPORTED)]


def test_a_credit_is_never_more_than_what_remains(on: Stage) -> None:
    invoice, hand_over = sent(on)
    case = on.amili.cases_of(on.number(invoice))[-1]
    on.amili.set_case(case.id, remaining_capital=kr(100))
    credits_(on, invoice, 250)
    followed(on, hand_over)
    assert (actions(on, invoice), questions(on, hand_over)) == ([], ["over_remaining"])
    assert not the_question(on, hand_over).may_report


def test_an_own_payout_in_the_ledger_is_not_echoed_back(on: Stage) -> None:
    invoice, hand_over = sent(on)
    case = on.amili.cases_of(on.number(invoice))[-1]
    debtor_pays(on.amili, case.id, kr(500))
    make_payout(on.amili, GUIDE_CREDITOR)
    pays(on, invoice, 500)
    followed(on, hand_over)
    assert (actions(on, invoice), states(on, hand_over)) == ([], [("payment", FollowUpState.PAYOUT)])
    pays(on, invoice, 100)
    followed(on, hand_over)
    assert actions(on, invoice) == [done("payment", 100)]
    assert remaining(on, invoice) == kr(650)


def test_what_may_be_a_payout_is_asked(on: Stage) -> None:
    invoice, hand_over = sent(on)
    debtor_pays(on.amili, on.amili.cases_of(on.number(invoice))[-1].id, kr(500))
    pays(on, invoice, 300)
    followed(on, hand_over)
    assert (actions(on, invoice), questions(on, hand_over)) == ([], ["may_be_payout"])


def test_money_that_amili_shows_no_line_for_is_asked(on: Stage) -> None:
    """Were the list of payout lines empty for some reason, a payout would be taken for the debtor's payment."""
    invoice, hand_over = sent(on)
    debtor_pays(on.amili, on.amili.cases_of(on.number(invoice))[-1].id, kr(500))
    on.amili.payout_lines.clear()
    pays(on, invoice, 500)
    followed(on, hand_over)
    assert (actions(on, invoice), questions(on, hand_over)) == ([], ["may_be_payout"])


def test_a_payment_taken_back_after_it_was_reported_is_asked_and_stops_the_rest(on: Stage) -> None:
    invoice, hand_over = sent(on)
    payment = pays(on, invoice, 250)
    followed(on, hand_over)
    on.side.bookkeeper.take_back(payment)
    pays(on, invoice, 100)
    followed(on, hand_over)
    assert actions(on, invoice) == [done("payment", 250)]
    assert questions(on, hand_over) == ["reversed"]
    assert the_question(on, hand_over).amount == kr(250)
    answer_skip(on, hand_over)
    assert actions(on, invoice) == [done("payment", 250), done("payment", 100)]
    assert questions(on, hand_over) == []


def test_a_payment_taken_back_before_it_was_reported_leaves_nothing(on: Stage) -> None:
    invoice, hand_over = sent(on)
    payment = pays(on, invoice, 250)
    noticed(on, hand_over)
    on.side.bookkeeper.take_back(payment)
    followed(on, hand_over)
    assert (actions(on, invoice), questions(on, hand_over)) == ([], [])


def test_a_case_closed_meanwhile_is_asked(on: Stage) -> None:
    invoice, hand_over = sent(on)
    on.amili.set_case(on.amili.cases_of(on.number(invoice))[-1].id, closed=True)
    pays(on, invoice, 250)
    followed(on, hand_over)
    assert (actions(on, invoice), questions(on, hand_over)) == ([], ["case_closed"])


def test_an_action_that_fails_after_it_was_taken_in_is_asked_and_may_be_reported_anew(on: Stage) -> None:
    invoice, hand_over = sent(on)
    pays(on, invoice, 250)
    strike(on, actions_fail="sandbox.some_reason")
    followed(on, hand_over)
    assert questions(on, hand_over) == ["failed"]
    assert the_question(on, hand_over).amili_reason == "sandbox.some_reason"
    strike(on)
    answer_report(on, hand_over)
    assert [one.status for one in actions(on, invoice)] == ["error", "completed"]
    assert len({str(body["creditor_payment_reference"]) for body in bodies(on, invoice)}) == 2
    assert remaining(on, invoice) == kr(1000)


def test_a_report_that_amili_settles_later_is_waited_for(on: Stage) -> None:
    invoice, hand_over = sent(on)
    pays(on, invoice, 250)
    pays(on, invoice, 100)
    strike(on, actions_settle_after_s=20.0)
    followed(on, hand_over)
    assert actions(on, invoice) == [done("payment", 250), done("payment", 100)] or actions(on, invoice) == [
        done("payment", 100),
        done("payment", 250),
    ]
    assert {row.state for row in rows(on, hand_over)} == {FollowUpState.REPORTED}


def test_a_report_whose_outcome_is_never_told_is_asked_and_never_repeated(on: Stage) -> None:
    invoice, hand_over = sent(on)
    pays(on, invoice, 250)
    strike(on, actions_settle_after_s=10_000_000.0)
    followed(on, hand_over)
    assert questions(on, hand_over) == ["outcome_not_told"]
    assert [one.status for one in actions(on, invoice)] == [""]
    assert not the_question(on, hand_over).may_report


def test_an_action_without_a_status_is_no_question_where_the_balance_moved_by_its_amount(on: Stage) -> None:
    invoice, hand_over = sent(on)
    pays(on, invoice, 250)
    credits_(on, invoice, 100)
    strike(on, shows_action_status=False)
    followed(on, hand_over)
    assert questions(on, hand_over) == []
    assert {row.state for row in rows(on, hand_over)} == {FollowUpState.REPORTED}
    assert remaining(on, invoice) == CAPITAL - kr(350)


def test_an_action_without_a_status_is_asked_about_where_the_balance_moved_otherwise(on: Stage) -> None:
    invoice, hand_over = sent(on)
    pays(on, invoice, 250)
    strike(on, shows_action_status=False, actions_fail="sandbox.closed")
    followed(on, hand_over)
    assert questions(on, hand_over) == ["outcome_not_told"]


@pytest.mark.parametrize("status", [400, 403, 404])
@pytest.mark.parametrize("operation", ["pay", "payments", "read_payment"])
def test_a_gateways_page_asks_nobody_and_reports_once(on: Stage, operation: str, status: int) -> None:
    invoice, hand_over = sent(on)
    pays(on, invoice, 250)
    strike(on, Fault(FaultKind.FAIL_BEFORE, (operation,), status=status, body=BodyKind.HTML, next_n=2))
    followed(on, hand_over)
    assert questions(on, hand_over) == []
    assert actions(on, invoice) == [done("payment", 250)]


def test_a_clear_refusal_is_asked(on: Stage) -> None:
    invoice, hand_over = sent(on)
    pays(on, invoice, 250)
    strike(on, action_on_closed_case=Unfit.REFUSED_422)
    on.amili.set_case(on.amili.cases_of(on.number(invoice))[-1].id, closed=True)
    followed(on, hand_over)
    answer_report(on, hand_over)
    assert (actions(on, invoice), questions(on, hand_over)) == ([], ["refused"])


def test_the_same_payment_entered_by_hand_at_amili_is_asked(on: Stage) -> None:
    invoice, hand_over = sent(on)
    strike(on, shows_action_references=False)
    pays(on, invoice, 250)
    followed(on, hand_over)
    pays(on, invoice, 250)
    followed(on, hand_over)
    assert questions(on, hand_over) == ["may_stand_already"]
    assert len(actions(on, invoice)) == 1
    answer_report(on, hand_over)
    assert len(actions(on, invoice)) == 2


def test_a_dispute_raises_a_task_at_once_and_stops_everything_until_a_person_decides(on: Stage) -> None:
    invoice, hand_over = sent(on)
    on.side.bookkeeper.dispute(invoice)
    pays(on, invoice, 250)
    followed(on, hand_over)
    assert (actions(on, invoice), questions(on, hand_over)) == ([], ["disputed"])
    answer_skip(on, hand_over)
    assert actions(on, invoice) == [done("payment", 250)]


def test_a_dispute_that_ends_in_the_ledger_lets_the_rest_go_on(on: Stage) -> None:
    invoice, hand_over = sent(on)
    on.side.bookkeeper.dispute(invoice)
    followed(on, hand_over)
    assert questions(on, hand_over) == ["disputed"]
    on.side.bookkeeper.settle_dispute(invoice)
    pays(on, invoice, 250)
    followed(on, hand_over)
    assert (actions(on, invoice), questions(on, hand_over)) == ([done("payment", 250)], [])


def test_a_second_dispute_is_asked_although_the_first_was_answered(on: Stage) -> None:
    """A ledger that does not tell since when an invoice is disputed shows both alike."""
    invoice, hand_over = sent(on)
    for _ in range(2):
        on.side.bookkeeper.dispute(invoice)
        followed(on, hand_over)
        assert questions(on, hand_over) == ["disputed"]
        answer_skip(on, hand_over)
        assert questions(on, hand_over) == []
        on.side.bookkeeper.settle_dispute(invoice)
        followed(on, hand_over)


@pytest.mark.ledgers("odoo", because="Odoo's own mark of disputes stands beside ours; Fortnox has none")
def test_odoos_own_mark_of_a_dispute_is_one(on: Stage) -> None:
    invoice, hand_over = sent(on)
    on.ledger.books.set_invoice(int(invoice), payment_state="blocked")
    followed(on, hand_over)
    assert questions(on, hand_over) == ["disputed"]


def test_a_respite_ends_in_words_and_the_cases_page(on: Stage) -> None:
    _, hand_over = sent(on)
    words = flow.grant_respite(on.deployment, hand_over, 14)
    assert respite.RESPITE_ENDPOINT is None
    assert words is not None
    assert stored(on, hand_over).case_id in words.url
    assert words.url in words.text


@pytest.mark.ledgers("odoo", because="what was booked in Fortnox is neither cancelled nor a draft again")
@pytest.mark.parametrize(
    ("change", "code"),
    [({"state": "cancel"}, "invoice_cancelled"), ({"state": "draft"}, "invoice_draft")],
)
def test_an_invoice_that_is_no_claim_any_more_is_asked(on: Stage, change: dict[str, Any], code: str) -> None:
    invoice, hand_over = sent(on)
    on.ledger.books.set_invoice(int(invoice), **change)
    followed(on, hand_over)
    assert (actions(on, invoice), questions(on, hand_over)) == ([], [code])
    on.ledger.books.set_invoice(int(invoice), state="posted")
    followed(on, hand_over)
    assert questions(on, hand_over) == []


def test_a_credit_that_names_no_invoice_is_shown(on: Stage) -> None:
    invoice, hand_over = sent(on)
    on.side.bookkeeper.credit(invoice, kr(100), tied=False)
    with on.deployment.databases.main.begin() as connection:
        follow_ups.ask_for_look(connection, hand_over)
    looked(on, hand_over)
    assert (actions(on, invoice), questions(on, hand_over)) == ([], ["untied_credit"])


@pytest.mark.ledgers("odoo", because="a payment that is not booked lessens no balance in Fortnox, and waits by itself")
def test_what_waits_unbooked_is_looked_at_again(on: Stage) -> None:
    invoice, hand_over = sent(on)
    on.ledger.books.mark_paid(int(invoice))
    with on.deployment.databases.main.begin() as connection:
        follow_ups.ask_for_look(connection, hand_over)
    outcome = one_round(on, hand_over)
    assert (outcome.then, outcome.after_s) == (Then.AGAIN_FIRST, flow.LOOK_AGAIN_S)
    assert actions(on, invoice) == []


@pytest.mark.ledgers("odoo", because="Fortnox shows no entry on an invoice but payments, write-offs and credits")
def test_an_entry_without_money_is_asked_and_reported_only_by_a_person(on: Stage) -> None:
    invoice, hand_over = sent(on)
    assert isinstance(on.side, OdooLedger)
    on.side.bookkeeper.offset(invoice, kr(250))
    followed(on, hand_over)
    assert (actions(on, invoice), questions(on, hand_over)) == ([], ["no_receipt"])
    answer_report(on, hand_over)
    assert actions(on, invoice) == [done("payment", 250)]


def test_nothing_is_reported_of_a_hand_over_that_was_blocked(on: Stage) -> None:
    invoice = on.invoice(on.customer(**on.side.bookkeeper.without_number))
    hand_over = begun(on, invoice, origin=Origin.COMMAND)
    driven(on, hand_over)
    pays(on, invoice, 250)
    noticed(on, hand_over)
    assert one_round(on, hand_over).then is Then.STOP
    assert hand_over not in [look.hand_over for look in follow_ups.due(on.deployment.databases.main)]


def test_a_later_look_takes_the_place_of_an_earlier_one(on: Stage) -> None:
    _, hand_over = sent(on)
    with on.deployment.databases.main.begin() as connection:
        follow_ups.ask_for_look(connection, hand_over)
        follow_ups.ask_for_look(connection, hand_over)
    before = calls(on, "GET /cases/{case_id}")
    assert flow.follow_up(on.deployment, Look(hand_over, CONNECTION, 1)).then is Then.STOP
    assert calls(on, "GET /cases/{case_id}") == before


def test_what_a_person_reads_names_amount_and_way_out_in_both_languages(on: Stage) -> None:
    invoice, hand_over = sent(on)
    pays(on, invoice, 100, day=today() - timedelta(days=3))
    followed(on, hand_over)
    (finding,) = the_question(on, hand_over).findings
    assert "100,00" in sv(finding)
    assert "100,00" in en(finding)
    assert sv(finding) != en(finding)
    assert the_question(on, hand_over).kind is FollowUpKind.PAYMENT
    assert Decimal(str(the_question(on, hand_over).amount)) == kr(100)
