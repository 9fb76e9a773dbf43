"""The client against the imitation over HTTP: what a follow-up meets when answers are lost, late or odd."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connector.amili import actions, client, respite
from connector.amili.actions import Action, CreditorCancellation, CreditorCrediting, CreditorPayment
from connector.amili.client import AmiliClient
from connector.amili.models import is_closed
from connector.amili.registration import registration_body
from connector.amili.respite import RespiteEndpoint
from connector.amili.status import outcome
from connector.domain.action import ActionOutcome
from connector.domain.errors import NotFound, NotSent, OutcomeUnknown, RateLimited, Refused, Unreadable
from connector.remote.policy import HttpPolicy
from connector.remote.tokens import MemoryTokenStore
from connector.sandbox.amili.app import create_amili
from connector.sandbox.amili.lines import make_payout
from connector.sandbox.amili.settling import debtor_pays
from connector.sandbox.amili.state import AmiliState, guide_state
from connector.sandbox.shared.serve import running
from connector.sandbox.shared.switches import AccountOfActions, ClosedAs, Duplicates, FaultKind, Unfit
from tests.amili.samples import ACCOUNT, API_CODE, CREDITOR, KEYS, credentials, guide_claim

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
KINDS = ("payment", "crediting", "cancellation")
OPERATIONS = {"payment": "pay", "crediting": "credit", "cancellation": "cancel"}


def _agree() -> None:
    """Nothing speaks against sending."""


@dataclass
class Pair:
    """A client and the Amili that it speaks to."""

    client: AmiliClient
    state: AmiliState

    def case(self, number: str = "INV-1") -> str:
        """A case of 2050 kronor and 60 in costs; its id."""
        claim = guide_claim().model_copy(update={"invoice_number": number})
        return self.client.register(registration_body(claim), may_send=_agree).case_id

    def switch(self, **changes: Any) -> None:
        self.state.switches.change(changes)

    def strike(self, kind: str, fault: FaultKind) -> None:
        """Let the next action of this kind go wrong."""
        self.switch(faults=[{"kind": fault.value, "operations": [OPERATIONS[kind]], "next_n": 1}])

    def outcome_of(self, action: Action) -> ActionOutcome:
        """Report it, read it back, judge it."""
        receipt = self.client.act(action, may_send=_agree)
        return outcome(self.client.action(action.kind, receipt.id))


@pytest.fixture
def pair() -> Iterator[Pair]:
    state = guide_state()
    state.register_key(API_CODE, KEYS.public_key)
    with running(create_amili(state)) as url:
        amili = AmiliClient(url, credentials(), MemoryTokenStore(), http=HttpPolicy(read_timeout_s=5))
        yield Pair(amili, state)


def payment(case: str, amount: str = "100.50", reference: str = "p-1") -> CreditorPayment:
    return CreditorPayment(
        account=ACCOUNT,
        creditor=CREDITOR,
        case=case,
        amount=Decimal(amount),
        bank_transaction_date=date(2025, 9, 1),
        creditor_payment_reference=reference,
    )


def crediting(case: str, amount: str = "100.50", reference: str = "c-1") -> CreditorCrediting:
    return CreditorCrediting(
        account=ACCOUNT, creditor=CREDITOR, case=case, amount=Decimal(amount), creditor_reference=reference
    )


def cancellation(case: str) -> CreditorCancellation:
    return CreditorCancellation(account=ACCOUNT, creditor=CREDITOR, case=case)


MAKE: dict[str, Callable[[str], Action]] = {
    "payment": payment,
    "crediting": crediting,
    "cancellation": cancellation,
}


@pytest.mark.parametrize("kind", KINDS)
def test_an_action_takes_effect_once_and_is_found(pair: Pair, kind: str) -> None:
    action = MAKE[kind](pair.case())
    assert pair.client.find_action(action) == ()
    assert pair.outcome_of(action) is ActionOutcome.DONE
    (found,) = pair.client.find_action(action)
    assert outcome(found) is ActionOutcome.DONE


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", [FaultKind.DROP_AFTER, FaultKind.HALF_ANSWER, FaultKind.FAIL_AFTER])
def test_an_action_whose_answer_was_lost_is_found_and_need_not_be_repeated(
    pair: Pair, kind: str, fault: FaultKind
) -> None:
    action = MAKE[kind](pair.case())
    pair.strike(kind, fault)
    with pytest.raises(OutcomeUnknown):
        pair.client.act(action, may_send=_agree)
    assert len(pair.client.find_action(action)) == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", [FaultKind.DROP_BEFORE, FaultKind.FAIL_BEFORE])
def test_an_action_that_never_took_effect_is_not_found(pair: Pair, kind: str, fault: FaultKind) -> None:
    action = MAKE[kind](pair.case())
    pair.strike(kind, fault)
    with pytest.raises(OutcomeUnknown):
        pair.client.act(action, may_send=_agree)
    assert pair.client.find_action(action) == ()


@pytest.mark.parametrize("kind", KINDS)
def test_slowed_down_is_not_sent(pair: Pair, kind: str) -> None:
    action = MAKE[kind](pair.case())
    pair.strike(kind, FaultKind.RATE_LIMITED)
    with pytest.raises(RateLimited) as caught:
        pair.client.act(action, may_send=_agree)
    assert isinstance(caught.value, NotSent)
    assert not pair.state.actions


@pytest.mark.parametrize("kind", KINDS)
def test_an_expired_token_is_renewed_and_the_action_taken_in_once(pair: Pair, kind: str) -> None:
    action = MAKE[kind](pair.case())
    pair.state.expire_tokens()
    pair.client.act(action, may_send=_agree)
    assert len(pair.state.actions) == 1


def test_a_payment_whose_reference_is_not_shown_is_never_taken_for_none(pair: Pair) -> None:
    pair.switch(shows_action_references=False)
    case = pair.case()
    pair.client.act(payment(case), may_send=_agree)
    with pytest.raises(Unreadable, match="may be this one"):
        pair.client.find_action(payment(case))
    assert pair.client.find_action(payment(case, amount="7.00", reference="p-2")) == ()


def test_a_repeated_reference_counts_twice_or_is_refused(pair: Pair) -> None:
    case = pair.case()
    for _ in range(2):
        pair.client.act(payment(case), may_send=_agree)
    assert pair.client.case(case).remaining_capital == Decimal("1849.00")
    assert len(pair.client.find_action(payment(case))) == 2
    pair.switch(duplicate_references=Duplicates.REFUSED_422)
    with pytest.raises(Refused) as caught:
        pair.client.act(payment(case), may_send=_agree)
    assert caught.value.issues[0].field == "creditor_payment_reference"


@pytest.mark.parametrize(
    ("unfit", "expected"), [(Unfit.WARNING, ActionOutcome.DIFFERENT), (Unfit.ERROR, ActionOutcome.FAILED)]
)
def test_what_does_not_fit_is_announced_as_completed_and_read_back_as_it_is(
    pair: Pair, unfit: Unfit, expected: ActionOutcome
) -> None:
    pair.switch(overpayment=unfit, overcrediting=unfit, action_on_closed_case=unfit)
    assert pair.outcome_of(payment(pair.case(), "5000.00")) is expected
    assert pair.outcome_of(crediting(pair.case(), "5000.00")) is expected
    closed = pair.case()
    pair.state.set_case(closed, closed=True)
    assert pair.outcome_of(payment(closed)) is expected
    assert pair.outcome_of(crediting(closed)) is expected
    assert pair.outcome_of(cancellation(closed)) is ActionOutcome.DIFFERENT


def test_what_does_not_fit_can_be_refused_by_field(pair: Pair) -> None:
    pair.switch(overpayment=Unfit.REFUSED_422)
    with pytest.raises(Refused) as caught:
        pair.client.act(payment(pair.case(), "5000.00"), may_send=_agree)
    assert [issue.field for issue in caught.value.issues] == ["amount"]


def test_an_action_in_waiting_is_unknown_until_it_is_settled(pair: Pair) -> None:
    pair.switch(actions_settle_after_s=60.0)
    case = pair.case()
    receipt = pair.client.act(payment(case), may_send=_agree)
    assert receipt.announced == "completed"
    waiting = pair.client.action(payment(case).kind, receipt.id)
    assert outcome(waiting) is ActionOutcome.UNKNOWN
    _later(pair, 60)
    assert outcome(pair.client.action(payment(case).kind, receipt.id)) is ActionOutcome.DONE


def test_an_answer_that_shows_everything_is_a_receipt_too(pair: Pair) -> None:
    pair.switch(answers_actions_whole=True)
    receipt = pair.client.act(payment(pair.case()), may_send=_agree)
    assert receipt.id in pair.state.actions


def test_the_account_is_sent_where_it_is_required(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    pair.switch(account_of_actions=AccountOfActions.REQUIRED)
    case = pair.case()
    with pytest.raises(Refused):
        pair.client.act(payment(case), may_send=_agree)
    monkeypatch.setattr(actions, "SEND_ACCOUNT", True)
    assert pair.outcome_of(payment(case)) is ActionOutcome.DONE
    pair.switch(account_of_actions=AccountOfActions.READONLY)
    with pytest.raises(Refused):
        pair.client.act(payment(case, reference="p-2"), may_send=_agree)


def test_a_respite_with_the_imitations_own_endpoint(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(respite, "RESPITE_ENDPOINT", RespiteEndpoint("/case--respites", "days"))
    case = pair.case()
    with pytest.raises(NotFound):
        pair.client.grant_respite(case, 14, may_send=_agree)
    pair.switch(offers_respite=True)
    pair.client.grant_respite(case, 14, may_send=_agree)
    assert pair.state.cases[case].respite_days == [14]


@pytest.mark.parametrize("closed_as", [ClosedAs.BOOLEAN, ClosedAs.DATE, ClosedAs.OBJECT])
def test_open_cases_however_closed_ones_look(pair: Pair, closed_as: ClosedAs) -> None:
    pair.switch(closed_as=closed_as)
    cases = [pair.case(f"INV-{number}") for number in range(4)]
    pair.client.act(cancellation(cases[1]), may_send=_agree)
    pair.client.act(payment(cases[2], "2110.00"), may_send=_agree)
    found = [case.id for case in pair.client.open_cases(CREDITOR)]
    assert sorted(found) == sorted([cases[0], cases[3]])
    assert is_closed(pair.client.case(cases[1]))


def test_where_nothing_says_closed_every_case_is_taken_for_open(pair: Pair) -> None:
    pair.switch(closed_as=ClosedAs.ABSENT)
    case = pair.case()
    pair.state.set_case(case, closed=True)
    assert [one.id for one in pair.client.open_cases(CREDITOR)] == [case]


def test_every_filter_finds_the_same_open_cases(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [pair.case(f"INV-{number}") for number in range(3)]
    pair.state.set_case(cases[0], closed=True)
    found = list(pair.client.open_cases(CREDITOR))
    monkeypatch.setattr(client, "OPEN_CASE_FILTERS", ({},))
    assert list(pair.client.open_cases(CREDITOR)) == found


def test_a_list_shows_the_amounts_that_a_single_reading_shows(pair: Pair) -> None:
    case = pair.case()
    pair.client.act(payment(case, "1000.10"), may_send=_agree)
    (listed,) = pair.client.open_cases(CREDITOR)
    assert listed == pair.client.case(case)
    assert (listed.remaining_capital, listed.settled_capital) == (Decimal("1049.90"), Decimal("1000.10"))
    assert (listed.local.added_costs, listed.remaining_costs) == (Decimal(60), Decimal(60))


def _later(pair: Pair, seconds: int) -> datetime:
    """Let time pass at Amili; its time then, in whole seconds."""
    now = pair.state.now
    pair.state.now = lambda: now() + timedelta(seconds=seconds)
    return pair.state.now().replace(microsecond=0)


def test_changed_cases_are_those_that_changed_closed_ones_too(pair: Pair) -> None:
    cases = [pair.case(f"INV-{number}") for number in range(3)]
    since = _later(pair, 10)
    pair.client.act(payment(cases[0]), may_send=_agree)
    _later(pair, 10)
    debtor_pays(pair.state, cases[2])
    assert [case.id for case in pair.client.cases_changed_since(CREDITOR, since)] == [cases[2], cases[0]]
    assert len(list(pair.client.cases_changed_since(CREDITOR, LONG_AGO))) == 3


def test_a_change_that_does_not_show_is_found_by_reading_all(pair: Pair) -> None:
    pair.switch(case_updated_moves=False)
    case = pair.case()
    since = _later(pair, 10)
    debtor_pays(pair.state, case, Decimal(50))
    assert list(pair.client.cases_changed_since(CREDITOR, since)) == []
    (found,) = pair.client.open_cases(CREDITOR)
    assert found.remaining_capital == Decimal(2000)


def test_payouts_by_line_by_change_and_by_id(pair: Pair) -> None:
    debtor_pays(pair.state, pair.case())
    capital, fee = sorted(pair.client.payout_lines_since(CREDITOR, LONG_AGO), key=lambda line: line.category)
    assert (capital.total_amount, fee.total_amount) == (Decimal(2050), Decimal(60))
    assert (capital.payout_id, capital.payout_date) == ("", None)
    since = _later(pair, 10)
    payout_id = make_payout(pair.state, CREDITOR)["_id"]
    changed = list(pair.client.payout_lines_since(CREDITOR, since))
    assert {line.id for line in changed} == {capital.id, fee.id}
    assert {line.payout_id for line in changed} == {payout_id}
    assert {line.id for line in pair.client.lines_of_payout(payout_id)} == {capital.id, fee.id}
    (payout,) = pair.client.payouts_since(CREDITOR, since)
    assert (payout.total_amount, payout.status) == (Decimal(2110), "scheduled")
    assert payout == pair.client.payout(payout_id)


def test_payouts_that_cannot_be_asked_for_by_creditor_are_reached_from_their_lines(pair: Pair) -> None:
    pair.switch(payout_shows_creditor=False, payout_status="paid out")
    debtor_pays(pair.state, pair.case())
    make_payout(pair.state, CREDITOR)
    assert list(pair.client.payouts_since(CREDITOR, LONG_AGO)) == []
    ids = {line.payout_id for line in pair.client.payout_lines_since(CREDITOR, LONG_AGO)}
    assert [pair.client.payout(one).status for one in ids] == ["paid out"]


def test_a_charge_for_a_withdrawal_shows_as_it_came(pair: Pair) -> None:
    pair.switch(cancellation_cost_kronor=180)
    pair.client.act(cancellation(pair.case()), may_send=_agree)
    (line,) = pair.client.payout_lines_since(CREDITOR, LONG_AGO)
    assert (line.article, line.total_amount) == ("cancellation", Decimal(-180))
