"""Ledger, our record and Amili compared: every difference is found, by few calls, and nothing is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import update

from connector.domain.dates import today
from connector.domain.reconcile import Difference, DifferenceKind
from connector.flows.follow_up import withdrawal
from connector.flows.follow_up.case_reading import SURELY_LISTED_S
from connector.flows.money import payouts
from connector.flows.reconcile.reconcile import MOST_LOOKED_AT_AGAIN, reconcile
from connector.flows.reconcile.reconcile_words import cause_of
from connector.sandbox.amili.lines import make_payout
from connector.sandbox.amili.settling import debtor_pays
from connector.sandbox.amili.state import GUIDE_CREDITOR
from connector.store import follow_ups, tables
from connector.store.connections import DEFAULT_ACCESS
from tests import canary
from tests.flows.bookkeeping import OdooBookkeeper
from tests.flows.follow_up_steps import followed, looked, pays, the_question
from tests.flows.hand_over_steps import armed, begun, calls, case_at_amili, driven, elsewhere, let_pass, stored
from tests.flows.ledgers import LedgerSide
from tests.flows.many_cases import many_at_amili
from tests.flows.on_request import OnRequest
from tests.flows.stage import CONNECTION, Stage, stage_with
from tests.said import en, sv

KINDS = DifferenceKind
ATTEMPT_S = 60

with_either_ledger = pytest.mark.ledgers("odoo", "fortnox")


@pytest.fixture
def on_request() -> OnRequest:
    """What happens as the ledger is read, which is after Amili has been."""
    return OnRequest()


@pytest.fixture
def fresh(make_side: Callable[[], LedgerSide], tmp_path: Path, on_request: OnRequest) -> Iterator[Stage]:
    """A stage of the test's own: a comparison is of everything that a company has."""
    with stage_with(
        make_side(),
        tmp_path / "data",
        lambda app: app,
        on_request.around,
        SETTLE_S="60",
        ATTEMPT_S=str(ATTEMPT_S),
        READ_TIMEOUT_S="30",
    ) as on:
        yield on


def sent(on: Stage, price: str = "1000") -> tuple[str, str]:
    """An invoice that is at Amili, and its case."""
    invoice = on.invoice(price=price)
    return invoice, driven(on, begun(on, invoice)).case_id


def another_process(on: Stage) -> Stage:
    """The same stage as another worker sees it."""
    return replace(on, deployment=elsewhere(on.deployment))


def hand_over_of(on: Stage, invoice: str) -> str:
    found = on.hand_over(invoice)
    assert found is not None
    return found.id


def compared(on: Stage) -> dict[str, Difference]:
    """What does not agree, by invoice number."""
    on.side.let_windows_pass(on.deployment)
    comparison = reconcile(on.deployment, on.deployment.connection(CONNECTION))
    return {one.invoice_number: one for one in comparison.differences}


def found(on: Stage) -> dict[str, DifferenceKind]:
    """Of which kind it is, by invoice number."""
    return {number: one.kind for number, one in compared(on).items()}


@with_either_ledger
def test_what_agrees_is_not_listed(fresh: Stage) -> None:
    for _ in range(3):
        sent(fresh)

    comparison = reconcile(fresh.deployment, fresh.deployment.connection(CONNECTION))

    assert (comparison.compared, comparison.differences) == (3, ())
    assert calls(fresh, "GET /cases") == 2 + 3, "one look for each registration, and the two lists of open cases"


@with_either_ledger
def test_a_debtor_who_paid_at_amili_is_told_from_one_who_paid_the_company(fresh: Stage) -> None:
    at_amili, case = sent(fresh)
    at_home, _ = sent(fresh)
    debtor_pays(fresh.amili, case, Decimal("500.00"))
    fresh.side.pay(at_home, Decimal("400.00"))

    assert found(fresh) == {
        fresh.number(at_amili): KINDS.PAID_AT_AMILI,
        fresh.number(at_home): KINDS.REPORT_UNDER_WAY,
    }

    looked(fresh, hand_over_of(fresh, at_home))
    assert found(fresh) == {fresh.number(at_amili): KINDS.PAID_AT_AMILI}


def test_what_nothing_explains_is_told_once_it_was_looked_at(fresh: Stage) -> None:
    invoice, case = sent(fresh)
    fresh.amili.set_case(case, remaining_capital=Decimal("1300.00"))

    assert found(fresh) == {fresh.number(invoice): KINDS.NOT_REPORTED}


@with_either_ledger
def test_a_closed_case_an_unknown_one_and_a_doubtful_registration_are_found(fresh: Stage) -> None:
    closed, case = sent(fresh)
    fresh.amili.set_case(case, closed=True)
    unknown = case_at_amili(fresh, fresh.invoice())
    doubtful = fresh.invoice()
    in_doubt = begun(fresh, doubtful)
    armed(fresh, in_doubt)
    let_pass(fresh, in_doubt, ATTEMPT_S + 1)

    differences = found(fresh)

    assert differences[fresh.number(closed)] is KINDS.CLOSED_AT_AMILI
    assert differences[unknown.invoice_number] is KINDS.UNKNOWN_CASE
    assert differences[fresh.number(doubtful)] is KINDS.OUTCOME_UNKNOWN
    assert len(differences) == 3


@with_either_ledger
def test_a_second_case_of_an_invoice_that_was_sent_is_told_as_that(fresh: Stage) -> None:
    twice, case = sent(fresh)
    second = case_at_amili(fresh, twice)
    unknown = case_at_amili(fresh, fresh.invoice())

    differences = compared(fresh)

    assert differences[unknown.invoice_number].kind is KINDS.UNKNOWN_CASE
    several = differences[fresh.number(twice)]
    assert (several.kind, several.hand_over_id) == (KINDS.SEVERAL_CASES, hand_over_of(fresh, twice))
    assert (several.case_id, several.at_amili) == (second.id, Decimal("1250.00"))
    assert len(differences) == 2
    fresh.amili.set_case(second.id, closed=True)
    assert found(fresh) == {unknown.invoice_number: KINDS.UNKNOWN_CASE}
    assert case != second.id


def test_a_case_beside_a_withdrawn_one_is_told_as_a_second_one(fresh: Stage) -> None:
    invoice, _ = sent(fresh)
    withdrawal.ask(fresh.deployment, hand_over_of(fresh, invoice), by="Eva", reason="Fel kund.")
    looked(fresh, hand_over_of(fresh, invoice))
    case_at_amili(fresh, invoice)

    assert found(fresh)[fresh.number(invoice)] is KINDS.SEVERAL_CASES


def test_a_case_whose_registration_is_under_way_or_in_doubt_is_not_unknown(fresh: Stage) -> None:
    invoice = fresh.invoice()
    hand_over = begun(fresh, invoice)
    armed(fresh, hand_over)
    case_at_amili(fresh, invoice)
    assert found(fresh) == {}

    let_pass(fresh, hand_over, ATTEMPT_S + 1)

    assert found(fresh) == {fresh.number(invoice): KINDS.OUTCOME_UNKNOWN}


def test_a_case_that_is_taken_up_while_it_is_compared_is_not_unknown(fresh: Stage, on_request: OnRequest) -> None:
    sent(fresh)
    invoice = fresh.invoice()
    case_at_amili(fresh, invoice)
    hand_over = begun(fresh, invoice)
    on_request.happens = lambda: driven(another_process(fresh), hand_over)

    assert found(fresh) == {}
    assert stored(fresh, hand_over).case_id


def test_an_unknown_case_that_is_closed_while_it_is_compared_is_not_listed(fresh: Stage, on_request: OnRequest) -> None:
    sent(fresh)
    case = case_at_amili(fresh, fresh.invoice())
    on_request.happens = lambda: fresh.amili.set_case(case.id, closed=True)

    assert found(fresh) == {}


@with_either_ledger
def test_a_payment_that_reaches_both_sides_while_they_are_compared_is_no_difference(
    fresh: Stage, on_request: OnRequest
) -> None:
    invoice, _ = sent(fresh)
    standing, case = sent(fresh)
    debtor_pays(fresh.amili, case, Decimal("500.00"))

    def paid_and_reported() -> None:
        pays(fresh, invoice, 400)
        followed(another_process(fresh), hand_over_of(fresh, invoice))

    on_request.happens = paid_and_reported

    assert found(fresh) == {fresh.number(standing): KINDS.PAID_AT_AMILI}
    assert fresh.amili.cases_of(fresh.number(invoice))[-1].remaining_capital == Decimal("850.00")


@with_either_ledger
def test_a_disputed_invoice_at_amili_is_found(fresh: Stage) -> None:
    disputed, _ = sent(fresh)
    sent(fresh)
    fresh.side.bookkeeper.dispute(disputed)

    assert found(fresh) == {fresh.number(disputed): KINDS.DISPUTED}


def test_a_disputed_and_a_cancelled_invoice_at_amili_are_found(fresh: Stage) -> None:
    disputed, _ = sent(fresh)
    cancelled, _ = sent(fresh)
    fresh.side.bookkeeper.dispute(disputed)
    fresh.ledger.books.records.update("account.move", int(cancelled), {"state": "cancel"})

    assert found(fresh) == {
        fresh.number(disputed): KINDS.DISPUTED,
        fresh.number(cancelled): KINDS.NO_CLAIM,
    }


def test_what_waits_for_an_answer_is_under_way_and_what_was_decided_may_stand(fresh: Stage) -> None:
    invoice, _ = sent(fresh)
    hand_over = hand_over_of(fresh, invoice)
    OdooBookkeeper(fresh.ledger).offset(invoice, Decimal(250))
    followed(fresh, hand_over)
    assert found(fresh) == {fresh.number(invoice): KINDS.REPORT_UNDER_WAY}

    question = the_question(fresh, hand_over)
    follow_ups.skip(fresh.deployment.databases.main, question.id, by="eva@byran.example", reason="Ingen betalning")
    looked(fresh, hand_over)

    (one,) = compared(fresh).values()
    assert (one.kind, one.amount, one.is_decided) == (KINDS.NOT_REPORTED, Decimal("-250.00"), True)


@with_either_ledger
def test_a_payment_that_was_taken_back_is_not_taken_for_one_at_amili(fresh: Stage) -> None:
    invoice, _ = sent(fresh)
    hand_over = hand_over_of(fresh, invoice)
    matched = pays(fresh, invoice, 400)
    followed(fresh, hand_over)
    fresh.side.bookkeeper.take_back(matched)
    followed(fresh, hand_over)

    (one,) = compared(fresh).values()
    assert (one.kind, one.amount, one.is_decided) == (KINDS.MORE_IN_LEDGER, Decimal("400.00"), False)

    question = the_question(fresh, hand_over)
    follow_ups.skip(fresh.deployment.databases.main, question.id, by="eva@byran.example", reason="Amili vet")
    looked(fresh, hand_over)
    (one,) = compared(fresh).values()
    assert one.is_decided


@with_either_ledger
def test_a_withdrawn_case_that_amili_has_open_is_found(fresh: Stage) -> None:
    invoice, case = sent(fresh)
    hand_over = hand_over_of(fresh, invoice)
    withdrawal.ask(fresh.deployment, hand_over, by="eva@byran.example", reason="Fel kund")
    looked(fresh, hand_over)
    assert found(fresh) == {}

    fresh.amili.set_case(case, closed=False)

    assert found(fresh) == {fresh.number(invoice): KINDS.STILL_OPEN}


def test_the_payout_that_is_to_be_booked_is_named(fresh: Stage) -> None:
    invoice, case = sent(fresh)
    debtor_pays(fresh.amili, case, Decimal("500.00"))
    payout = make_payout(fresh.amili, GUIDE_CREDITOR)
    connection = fresh.deployment.connection(CONNECTION)
    payouts.read(fresh.deployment, connection, fresh.deployment.sides(connection)[0])

    one = compared(fresh)[fresh.number(invoice)]

    assert one.payout_date == today()
    assert one.payout_reference
    assert payout


def test_a_case_that_amili_does_not_show_yet_is_not_taken_for_lost(fresh: Stage) -> None:
    invoice, _ = sent(fresh)
    public_key = fresh.deployment.access(DEFAULT_ACCESS).public_key
    fresh.amili.register_key(canary.API_CODE, public_key, accounts=())
    assert found(fresh) == {}

    table = tables.hand_overs
    with fresh.deployment.databases.main.begin() as connection:
        connection.execute(update(table).values(registered_at=table.c.registered_at - SURELY_LISTED_S))

    assert found(fresh) == {fresh.number(invoice): KINDS.CASE_GONE}


def test_nothing_is_changed_and_few_calls_are_made(fresh: Stage) -> None:
    cases = [sent(fresh) for _ in range(4)]
    fresh.amili.traffic.clear()
    fresh.ledger.traffic.clear()
    writes = len(fresh.ledger.writes)

    found(fresh)

    assert calls(fresh, "GET /cases") == 2
    assert calls(fresh, "GET /cases/{case_id}") == 0
    assert sum(fresh.ledger.traffic.snapshot()["requests"].values()) <= 4, "the invoices, what was taken back, cards"
    assert len(fresh.ledger.writes) == writes
    assert len(fresh.amili.cases) == len(cases)
    first = next(iter(fresh.amili.cases.values()))
    assert first.remaining_capital == Decimal("1250.00")


def test_what_differs_is_looked_at_again_together(fresh: Stage) -> None:
    for _ in range(4):
        debtor_pays(fresh.amili, sent(fresh)[1], Decimal("500.00"))
    fresh.amili.traffic.clear()
    fresh.ledger.traffic.clear()

    assert len(found(fresh)) == 4

    assert calls(fresh, "GET /cases") == 3
    assert calls(fresh, "GET /cases/{case_id}") == 0
    assert sum(fresh.ledger.traffic.snapshot()["requests"].values()) <= 7


def test_however_much_differs_some_of_it_is_looked_at_again_and_what_is_news_first(
    fresh: Stage, on_request: OnRequest
) -> None:
    count = MOST_LOOKED_AT_AGAIN + 100
    invoices = many_at_amili(fresh, count)
    for case in list(fresh.amili.cases):
        fresh.amili.set_case(case, remaining_capital=Decimal("1000.00"))
    connection = fresh.deployment.connection(CONNECTION)
    reconcile(fresh.deployment, connection)
    fresh.amili.traffic.clear()
    fresh.ledger.traffic.clear()

    first = reconcile(fresh.deployment, connection)

    assert {one.kind for one in first.differences} == {KINDS.PAID_AT_AMILI}
    assert len(first.differences) == count
    pages = -(-count // 100) + 2
    assert calls(fresh, "GET /cases") <= pages + 3
    asked = sum(fresh.ledger.traffic.snapshot()["requests"].values())
    # The invoices, what was said of disputes about them, and what was taken back of what was matched to them.
    assert asked <= 3 * -(-count // 500) + 1

    def all_booked() -> None:
        for invoice in invoices:
            fresh.ledger.books.records.update("account.move", int(invoice), {"amount_residual": Decimal(1000)})

    # Before the last look, which asks for the invoices and then for what was said of them.
    on_request.happens, on_request.after = all_booked, asked - 3
    known = {one.key for number, one in enumerate(first.differences) if number % 10}
    again = {one.key for one in reconcile(fresh.deployment, connection, known=known).differences}

    assert again < known
    assert len(again) == count - MOST_LOOKED_AT_AGAIN


def test_every_difference_has_words_in_both_languages() -> None:
    assert all(sv(cause_of(kind)) != en(cause_of(kind)) for kind in DifferenceKind)
