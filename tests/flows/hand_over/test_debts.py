"""Never twice and never the wrong case: what is posted after what, and whose a case at Amili is."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update

from connector.domain.doubt import ASKED_ABOUT_AFTER_S, BEFORE_A_THIRD_S
from connector.domain.errors import ConfigurationError
from connector.domain.hand_over import HandOverState, Origin
from connector.flows.events.requests import dispatch
from connector.flows.hand_over import deciding
from connector.flows.outcome import Then
from connector.flows.tasks import tasks
from connector.sandbox.amili.state import Case
from connector.sandbox.shared.switches import BodyKind, CasesMade, Fault, FaultKind
from connector.store import tables
from connector.store.hand_over_record import HandOver
from tests import migrated_databases
from tests.flows.hand_over_steps import (
    begun,
    case_at_amili,
    codes,
    driven,
    let_pass,
    next_registration,
    registrations,
    step,
    stored,
    strike,
)
from tests.flows.stage import CONNECTION, Stage
from tests.said import en

SETTLE_S = 60.0
LONG_S = ASKED_ABOUT_AFTER_S + 60
HEXADECIMAL = "abcdef012345678901234567"


def titles(on: Stage, hand_over: str) -> list[str]:
    found = tasks.waiting(tasks.gather(on.deployment.databases.main, (CONNECTION,)))
    return [en(task.title) for task in found if task.hand_over is not None and task.hand_over.id == hand_over]


# After an answer of success nothing is posted


def test_a_success_without_a_case_is_followed_until_the_case_comes(on: Stage) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    strike(on, cases_made=CasesMade.NEVER)
    step(on, hand_over)
    taken = stored(on, hand_over)
    assert (taken.state, bool(taken.registration_id), taken.posts) == (HandOverState.TAKEN, True, 1)
    for _ in range(6):
        let_pass(on, hand_over, SETTLE_S)
        assert step(on, hand_over).then is Then.AGAIN_FIRST
    assert titles(on, hand_over) == []
    let_pass(on, hand_over, LONG_S, at_amili=False)
    assert step(on, hand_over).then is Then.AGAIN_FIRST
    assert codes(on, hand_over) == ["case_not_shown"]
    assert titles(on, hand_over) == [f"Amili has taken invoice {on.number(invoice)} but shows no case"]
    with pytest.raises(ConfigurationError):
        deciding.send_once_more(on.deployment, deciding.question(on.deployment, hand_over), by="Eva")
    assert registrations(on, invoice) == 1

    strike(on)
    assert step(on, hand_over).then is Then.NEXT
    (case,) = on.amili.cases_of(on.number(invoice))
    ended = stored(on, hand_over)
    assert (ended.state, ended.case_id, codes(on, hand_over)) == (HandOverState.REGISTERED, case.id, [])
    assert ended.ocr.startswith("2025"), "the registration tells it"
    assert registrations(on, invoice) == 1


def test_a_case_is_found_in_the_list_where_its_registration_cannot_be_read(on: Stage) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    strike(on, cases_made=CasesMade.NEVER)
    step(on, hand_over)
    strike(on, Fault(FaultKind.FAIL_BEFORE, ("read_registration",), share=1.0, status=404))
    assert step(on, hand_over).then is Then.NEXT
    assert stored(on, hand_over).case_id == on.amili.cases_of(on.number(invoice))[0].id


@pytest.mark.parametrize("body", [BodyKind.JSON, BodyKind.HTML, BodyKind.EMPTY])
def test_a_success_that_says_nothing_is_never_repeated_by_itself(on: Stage, body: BodyKind) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    strike(on, next_registration(FaultKind.MUTE_AFTER, body=body), cases_made=CasesMade.NEVER)
    step(on, hand_over)
    assert stored(on, hand_over).state is HandOverState.UNKNOWN
    for passed in (SETTLE_S, SETTLE_S, SETTLE_S):
        let_pass(on, hand_over, passed)
        step(on, hand_over)
    let_pass(on, hand_over, LONG_S, at_amili=False)
    step(on, hand_over)
    assert (registrations(on, invoice), codes(on, hand_over)) == (1, ["case_not_shown"])

    strike(on)
    assert step(on, hand_over).then is Then.NEXT
    assert (on.cases(invoice), registrations(on, invoice)) == (1, 1)


# Three at most


def test_three_registrations_are_posted_at_most_and_one_more_by_a_persons_word(on: Stage) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    strike(on, next_registration(FaultKind.FAIL_BEFORE, times=4, status=503))
    step(on, hand_over)
    let_pass(on, hand_over, SETTLE_S)
    step(on, hand_over)
    assert stored(on, hand_over).posts == 2
    let_pass(on, hand_over, BEFORE_A_THIRD_S, at_amili=False)
    step(on, hand_over)
    assert registrations(on, invoice) == 3
    for _ in range(3):
        let_pass(on, hand_over, BEFORE_A_THIRD_S, at_amili=False)
        assert step(on, hand_over).then is Then.AGAIN_FIRST
    assert (registrations(on, invoice), codes(on, hand_over)) == (3, ["posted_often"])
    assert titles(on, hand_over) == [f"Invoice {on.number(invoice)} was sent several times without an answer of Amili"]

    deciding.send_once_more(on.deployment, deciding.question(on.deployment, hand_over), by="Eva")
    step(on, hand_over)
    assert registrations(on, invoice) == 4
    let_pass(on, hand_over, BEFORE_A_THIRD_S, at_amili=False)
    step(on, hand_over)
    assert registrations(on, invoice) == 4, "one more, and no other"


def test_what_amili_refuses_or_does_not_receive_is_not_counted(on: Stage) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    strike(on, next_registration(FaultKind.RATE_LIMITED, times=4, retry_after_s=0))
    for _ in range(4):
        step(on, hand_over)
    assert stored(on, hand_over).posts == 0
    on.amili.switches.change({"required_customer_fields": ["mobile_number"]})
    step(on, hand_over)
    assert (codes(on, hand_over), stored(on, hand_over).posts) == (["amili_refused"], 0)


# Whose a case is


def stranger(on: Stage, invoice: str, **shown: Any) -> Case:
    """A case under the invoice's number, which shows what `shown` says and the capital otherwise."""
    case = case_at_amili(on, invoice)
    debt = {name: value for name, value in shown.items() if name != "customer_id_number"}
    case.document["debt"] = case.document["debt"] | debt
    case.document["customer_id_number"] = shown.get("customer_id_number")
    return case


DIFFERING: dict[str, dict[str, Any]] = {
    "debtor": {"customer_id_number": "5560360793"},
    "capital": {"initial_capital": Decimal("99.00")},
    "date": {"invoice_date": "Mon, 07 Jul 2025 00:00:00 GMT"},
    "nothing": {"initial_capital": None},
}


@pytest.mark.parametrize("differing", DIFFERING)
def test_a_case_that_differs_is_not_taken_over_until_a_person_says_whose_it_is(on: Stage, differing: str) -> None:
    invoice = on.invoice()
    case = stranger(on, invoice, **DIFFERING[differing])
    hand_over = begun(on, invoice)
    step(on, hand_over)
    assert (stored(on, hand_over).state, codes(on, hand_over)) == (HandOverState.BLOCKED, ["case_differs"])
    assert (registrations(on, invoice), stored(on, hand_over).findings[0].value) == (0, case.id)

    say(on, hand_over, case.id, is_this=False)
    ended = driven(on, hand_over)
    assert ended.state is HandOverState.REGISTERED
    assert ended.case_id not in ("", case.id)
    assert registrations(on, invoice) == 1


def test_a_person_can_say_that_it_is_this_case(on: Stage) -> None:
    invoice = on.invoice()
    case = stranger(on, invoice, **DIFFERING["capital"])
    hand_over = begun(on, invoice)
    step(on, hand_over)
    say(on, hand_over, case.id, is_this=True)
    assert driven(on, hand_over).case_id == case.id
    assert registrations(on, invoice) == 0


@pytest.mark.parametrize("shown", [{"customer_id_number": "165560160680"}, {"customer_id_number": "556016-0680"}])
def test_a_case_of_the_same_debtor_is_taken_over_however_the_number_is_written(
    on: Stage, shown: dict[str, str]
) -> None:
    invoice = on.invoice()
    case = stranger(on, invoice, **shown)
    hand_over = begun(on, invoice)
    step(on, hand_over)
    assert stored(on, hand_over).case_id == case.id


def test_a_closed_case_of_another_debtor_says_nothing_of_this_debt(on: Stage) -> None:
    invoice = on.invoice()
    case = stranger(on, invoice, **DIFFERING["debtor"])
    on.amili.set_case(case.id, closed=True)
    hand_over = begun(on, invoice)
    assert driven(on, hand_over).state is HandOverState.REGISTERED


def test_a_case_that_shows_nothing_is_ours_if_it_came_after_an_unanswered_registration(on: Stage) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    hidden = ("customer_id_number", "debt.invoice_date", "debt.initial_capital")
    strike(on, next_registration(FaultKind.DROP_AFTER), hidden_case_fields=hidden)
    step(on, hand_over)
    assert step(on, hand_over).then is Then.NEXT
    assert stored(on, hand_over).case_id == on.amili.cases_of(on.number(invoice))[0].id


def test_a_restarted_series_gives_each_debtor_their_own_case(on: Stage) -> None:
    first = on.invoice(on.customer(company_registry="556036-0793"))
    second = on.invoice()
    on.ledger.books.set_invoice(int(second), name=on.number(first))
    one, other = begun(on, first), begun(on, second)
    assert driven(on, one).state is HandOverState.REGISTERED
    step(on, other)
    assert codes(on, other) == ["case_differs"]
    say(on, other, stored(on, one).case_id, is_this=False)
    ended = driven(on, other)
    assert ended.state is HandOverState.REGISTERED
    assert ended.case_id != stored(on, one).case_id
    assert on.cases(first) == 2


def say(on: Stage, hand_over: str, case_id: str, *, is_this: bool) -> None:
    """A person's word, and the worker that takes it up."""
    asked = deciding.question(on.deployment, hand_over)
    deciding.say_whose(on.deployment, asked, case_id, is_this=is_this, by="Eva", origin=Origin.COMMAND)
    dispatch(on.deployment, lambda _: None)


# Numbers that a filter does not find


def test_a_number_of_24_hexadecimal_digits_is_looked_for_another_way_too(on: Stage) -> None:
    invoice = on.invoice()
    on.ledger.books.set_invoice(int(invoice), name=HEXADECIMAL)
    hand_over = begun(on, invoice, invoice_number=HEXADECIMAL)
    strike(on, next_registration(FaultKind.DROP_AFTER), casts_object_ids=True)
    step(on, hand_over)
    assert step(on, hand_over).then is Then.NEXT
    (case,) = on.amili.cases_of(HEXADECIMAL)
    assert stored(on, hand_over).case_id == case.id
    assert registrations(on, invoice) == 1


# What an earlier release kept


def of_earlier_release(on: Stage, invoice: str, **values: Any) -> HandOver:
    """A hand-over with a case, of whose debt an earlier release kept nothing but the number, which is the invoice's.

    `values` are those of its row.
    """
    other = driven(on, begun(on, on.invoice()))
    number = on.number(invoice)
    kept = {"debt": number, "invoice_number": number, "invoice_date": None, "debtor": "", **values}
    table = tables.hand_overs
    migrated_databases.let_any_move(on.deployment.databases.main)
    with on.deployment.databases.main.begin() as connection:
        connection.execute(update(table).where(table.c.id == other.id).values(kept))
    return stored(on, other.id)


@pytest.mark.parametrize("shown", ["open", "closed", "not at all"])
def test_a_case_that_an_earlier_release_made_of_the_number_stops_until_a_person_says_that_it_is_another_debts(
    on: Stage, shown: str
) -> None:
    invoice = on.invoice()
    if shown == "not at all":
        earlier = of_earlier_release(on, invoice)
    else:
        case = stranger(on, invoice, **DIFFERING["capital"])
        earlier = of_earlier_release(on, invoice, case_id=case.id)
        on.amili.set_case(case.id, closed=shown == "closed")
    hand_over = begun(on, invoice)
    step(on, hand_over)
    assert codes(on, hand_over) == ["case_of_number"]
    assert stored(on, hand_over).findings[0].value == earlier.case_id
    assert registrations(on, invoice) == 0

    say(on, hand_over, earlier.case_id, is_this=False)
    ended = driven(on, hand_over)

    assert ended.case_id not in ("", earlier.case_id)
    assert registrations(on, invoice) == 1
    assert stored(on, earlier.id) == earlier


def test_a_case_of_the_number_that_is_not_open_cannot_be_used(on: Stage) -> None:
    invoice = on.invoice()
    earlier = of_earlier_release(on, invoice)
    hand_over = begun(on, invoice)
    step(on, hand_over)
    (candidate,) = deciding.question(on.deployment, hand_over).candidates
    assert (candidate.case_id, candidate.is_open) == (earlier.case_id, False)
    with pytest.raises(ConfigurationError, match="not open"):
        say(on, hand_over, earlier.case_id, is_this=True)
    step(on, hand_over)
    assert registrations(on, invoice) == 0


def test_what_an_earlier_release_never_sent_stops_nothing(on: Stage) -> None:
    invoice = on.invoice()
    of_earlier_release(on, invoice, case_id=None, state=HandOverState.BLOCKED)
    assert driven(on, begun(on, invoice)).state is HandOverState.REGISTERED


def test_what_an_earlier_release_may_have_sent_stops_it(on: Stage) -> None:
    invoice = on.invoice()
    of_earlier_release(on, invoice, case_id=None, state=HandOverState.UNKNOWN)
    hand_over = begun(on, invoice)
    step(on, hand_over)
    assert codes(on, hand_over) == ["A9"]
    assert registrations(on, invoice) == 0
