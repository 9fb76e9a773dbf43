"""Payments, creditings and cancellations at Amili: their shape, and each assumption both ways. Source:
amili/API.md, "Actions"."""

from __future__ import annotations

from typing import Any

import pytest

from connector.sandbox.amili.state import GUIDE_CREDITOR
from connector.sandbox.shared.switches import (
    AccountOfActions,
    AmiliSwitches,
    Duplicates,
    Fault,
    FaultKind,
    Unfit,
    answer_lost_after_create,
)
from tests.sandbox.conftest import Caller, Remote, guide_body

DAY = "Mon, 01 Sep 2025 00:00:00 GMT"
KINDS = ("payments", "creditings", "cancellations")


def body_of(kind: str, case: str, **more: Any) -> dict[str, Any]:
    body: dict[str, Any] = {"creditor": GUIDE_CREDITOR, "case": case, "origin": "creditor_system"}
    if kind != "cancellations":
        body |= {"currency": "SEK", "amount": 100.5}
    if kind == "payments":
        body |= {"bank_transaction_date": DAY, "creditor_payment_reference": "p-1"}
    if kind == "creditings":
        body |= {"creditor_reference": "c-1", "credit_invoice": "K-1"}
    return body | more


def issues_of(amili: Caller, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = amili.act(kind, body)
    assert answer.status_code == 422, answer.get_data(as_text=True)
    assert not amili.state.actions
    found: dict[str, Any] = answer.get_json()["_issues"]
    return found


def read_back(amili: Caller, kind: str, created: Any) -> dict[str, Any]:
    body: dict[str, Any] = amili.get(f"/creditor--{kind}/{created.get_json()['_id']}").get_json()
    return body


@pytest.mark.parametrize("kind", KINDS)
def test_an_action_is_answered_with_the_examples_fields(amili: Caller, kind: str) -> None:
    answer = amili.act(kind, body_of(kind, amili.case()))
    assert answer.status_code == 201
    announced = "_cancellation_status" if kind == "cancellations" else "_payment_status"
    body = answer.get_json()
    assert set(body) == {"_updated", "_created", "_etag", "_id", "_status", announced}
    assert (body["_status"], body[announced]) == ("OK", "completed")


@pytest.mark.parametrize("kind", KINDS)
def test_the_answer_can_show_everything_at_once(amili: Caller, kind: str) -> None:
    amili.state.switches.set(AmiliSwitches(answers_actions_whole=True))
    body = amili.act(kind, body_of(kind, amili.case())).get_json()
    assert (body["status"], body["_status"]) == ("completed", "OK")


def test_an_action_is_listed_and_read_back_with_what_was_sent(amili: Caller) -> None:
    case = amili.case()
    created = amili.act("payments", body_of("payments", case))
    shown = read_back(amili, "payments", created)
    assert {name: shown[name] for name in body_of("payments", case)} == body_of("payments", case)
    assert (shown["status"], shown["settled_amount"], shown["case_invoice_number"]) == (
        "completed",
        100.5,
        "INV-2025-003",
    )
    assert "status_reason_locale" not in shown
    listed = amili.get("/creditor--payments", where=f'{{"case":"{case}"}}').get_json()["_items"]
    assert [item["_id"] for item in listed] == [shown["_id"]]
    assert amili.get("/creditor--creditings").get_json()["_items"] == []
    assert amili.get("/creditor--payments/nowhere").status_code == 404


@pytest.mark.parametrize(
    ("kind", "change", "expected"),
    [
        ("payments", {"amount": None}, {"amount": "required field"}),
        ("payments", {"bank_transaction_date": None}, {"bank_transaction_date": "required field"}),
        ("payments", {"bank_transaction_date": "2025-09-01"}, {"bank_transaction_date": "must be of datetime type"}),
        ("payments", {"currency": "EUR"}, {"currency": "unallowed value EUR"}),
        ("payments", {"amount": "100"}, {"amount": "must be of number type"}),
        ("payments", {"amount": 0}, {"amount": "min value is 0.01"}),
        ("payments", {"credit_invoice": "K-1"}, {"credit_invoice": "unknown field"}),
        ("payments", {"file_import_report": "x"}, {"file_import_report": "field is read-only"}),
        ("creditings", {"bank_transaction_date": DAY}, {"bank_transaction_date": "unknown field"}),
        ("creditings", {"creditor_payment_reference": "x"}, {"creditor_payment_reference": "unknown field"}),
        ("cancellations", {"reason": "mistake"}, {"reason": "unknown field"}),
        ("cancellations", {"amount": 1}, {"amount": "unknown field"}),
        *((kind, {"origin": "user"}, {"origin": "unallowed value user"}) for kind in KINDS),
        *((kind, {"origin": None}, {"origin": "required field"}) for kind in KINDS),
        *((kind, {"creditor": None}, {"creditor": "required field"}) for kind in KINDS),
        *((kind, {"case": None}, {"case": "required field"}) for kind in KINDS),
        *(
            (kind, {"invoice_number": "X"}, {"case": "'invoice_number' must not be present with 'case'"})
            for kind in KINDS
        ),
        *((kind, {"account": "x"}, {"account": "field is read-only"}) for kind in KINDS),
    ],
)
def test_what_is_wrong_is_said(amili: Caller, kind: str, change: dict[str, Any], expected: dict[str, Any]) -> None:
    body = {name: value for name, value in (body_of(kind, amili.case()) | change).items() if value is not None}
    assert issues_of(amili, kind, body) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_the_account_can_be_required(amili: Caller, kind: str) -> None:
    amili.state.switches.set(AmiliSwitches(account_of_actions=AccountOfActions.REQUIRED))
    body = body_of(kind, amili.case())
    assert issues_of(amili, kind, body) == {"account": "required field"}
    assert amili.act(kind, body | {"account": "x"}).status_code == 201


@pytest.mark.parametrize("kind", KINDS)
def test_the_case_must_be_one_of_the_creditor(amili: Caller, kind: str) -> None:
    case = amili.case()
    assert set(issues_of(amili, kind, body_of(kind, "nowhere"))) == {"case"}
    assert set(issues_of(amili, kind, body_of(kind, case, creditor="another"))) == {"case"}


def test_a_case_is_found_by_creditor_and_invoice_number_the_open_one_first(amili: Caller) -> None:
    closed, case = amili.case(), amili.case()
    amili.state.set_case(closed, closed=True)
    body = body_of("payments", case, invoice_number="INV-2025-003")
    del body["case"]
    assert read_back(amili, "payments", amili.act("payments", body))["case"] == case
    amili.state.set_case(case, closed=True)
    assert amili.act("payments", body | {"invoice_number": "other"}).status_code == 422


def test_a_payment_reduces_capital_then_costs_and_closes_the_case(amili: Caller) -> None:
    case = amili.case()
    amili.act("payments", body_of("payments", case, amount=2000))
    shown = amili.shown(case)
    assert (shown["total_remaining_capital_amount"], shown["total_remaining_costs_amount"]) == (50, 60)
    assert shown["total_remaining_transaction_amount"] == shown["local_remaining_transaction_amount"] == 110
    assert "closed" not in shown
    amili.act("payments", body_of("payments", case, amount=110))
    shown = amili.shown(case)
    assert (shown["total_remaining_capital_amount"], shown["total_remaining_costs_amount"]) == (0, 0)
    assert shown["closed"]["reason"] == shown["status"] == "closed_by_payment"


@pytest.mark.parametrize(("rest_claim_kronor", "is_closed"), [(100, True), (59, False)])
def test_a_rest_of_costs_keeps_the_case_open_above_a_limit(
    amili: Caller, rest_claim_kronor: int, is_closed: bool
) -> None:
    amili.state.switches.set(AmiliSwitches(rest_claim_kronor=rest_claim_kronor))
    case = amili.case()
    amili.act("payments", body_of("payments", case, amount=2050))
    assert ("closed" in amili.shown(case)) is is_closed
    assert amili.shown(case)["local_remaining_costs_amount"] == (0 if is_closed else 60)


def test_a_crediting_reduces_the_capital_alone(amili: Caller) -> None:
    case = amili.case()
    amili.act("creditings", body_of("creditings", case, amount=50))
    shown = amili.shown(case)
    assert (shown["local_remaining_capital_amount"], shown["local_remaining_costs_amount"]) == (2000, 60)


@pytest.mark.parametrize("closes", [True, False])
def test_whether_crediting_all_closes_the_case_is_a_switch(amili: Caller, closes: bool) -> None:
    amili.state.switches.set(AmiliSwitches(crediting_all_closes=closes))
    case = amili.case()
    amili.act("creditings", body_of("creditings", case, amount=2050))
    assert ("closed" in amili.shown(case)) is closes
    assert amili.shown(case)["local_remaining_capital_amount"] == 0


def test_a_cancellation_closes_the_case_and_leaves_what_remains(amili: Caller) -> None:
    case = amili.case()
    created = amili.act("cancellations", body_of("cancellations", case))
    shown = amili.shown(case)
    assert shown["closed"]["reason"] == "closed_by_cancellation"
    assert shown["local_remaining_capital_amount"] == 2050
    cancellation = read_back(amili, "cancellations", created)
    assert cancellation["status"] == "completed"
    assert "settled_amount" not in cancellation
    assert amili.get("/finance--payout-specifications").get_json()["_items"] == []


def test_a_cancellation_can_cost(amili: Caller) -> None:
    amili.state.switches.set(AmiliSwitches(cancellation_cost_kronor=180))
    amili.act("cancellations", body_of("cancellations", amili.case()))
    (line,) = amili.get("/finance--payout-specifications").get_json()["_items"]
    assert (line["article"], line["total_amount"]) == ("cancellation", -180)


@pytest.mark.parametrize(
    ("kind", "switch", "amount", "fits", "left"),
    [("payments", "overpayment", 3000, 2110, (0, 0)), ("creditings", "overcrediting", 2100, 2050, (0, 0))],
)
def test_too_much_can_be_settled_in_part_or_fail_or_be_refused(
    amili: Caller, kind: str, switch: str, amount: int, fits: int, left: tuple[int, int]
) -> None:
    for unfit, status, settled, remaining in (
        (Unfit.WARNING, "warning", fits, left),
        (Unfit.ERROR, "error", 0, (2050, 60)),
    ):
        amili.state.switches.change({switch: unfit})
        case = amili.case()
        created = amili.act(kind, body_of(kind, case, amount=amount))
        assert created.get_json()["_payment_status"] == "completed"
        shown = read_back(amili, kind, created)
        assert (shown["status"], shown["settled_amount"]) == (status, settled)
        assert shown["status_reason_locale"] == "sandbox.more_than_remains"
        after = amili.shown(case)
        assert (after["local_remaining_capital_amount"], after["local_remaining_costs_amount"]) == remaining
    amili.state.switches.change({switch: Unfit.REFUSED_422})
    refused = amili.act(kind, body_of(kind, amili.case(), amount=amount))
    assert (refused.status_code, refused.get_json()["_issues"]) == (422, {"amount": "sandbox.more_than_remains"})
    assert len(amili.state.actions) == 2


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("unfit", list(Unfit))
def test_an_action_on_a_closed_case(amili: Caller, kind: str, unfit: Unfit) -> None:
    amili.state.switches.set(AmiliSwitches(action_on_closed_case=unfit))
    case = amili.case()
    amili.state.set_case(case, closed=True)
    answer = amili.act(kind, body_of(kind, case))
    if unfit is Unfit.REFUSED_422:
        assert (answer.status_code, answer.get_json()["_issues"]) == (422, {"case": "sandbox.case_closed"})
        return
    shown = read_back(amili, kind, answer)
    # amili/API.md, "What became of an action": a cancellation's status is never error.
    assert shown["status"] == ("warning" if kind == "cancellations" else unfit.value)
    assert shown["status_reason_locale"] == "sandbox.case_closed"
    assert amili.shown(case)["local_remaining_capital_amount"] == 2050


@pytest.mark.parametrize("kind", KINDS)
def test_a_201_is_no_success(amili: Caller, kind: str) -> None:
    amili.state.switches.set(AmiliSwitches(actions_fail="sandbox.bank_closed", actions_settle_after_s=60))
    case = amili.case()
    created = amili.act(kind, body_of(kind, case))
    assert created.status_code == 201
    assert "status" not in read_back(amili, kind, created)
    amili.clock.forward(60)
    shown = read_back(amili, kind, created)
    assert shown["status"] == ("warning" if kind == "cancellations" else "error")
    assert shown["status_reason_locale"] == "sandbox.bank_closed"
    assert "closed" not in amili.shown(case)


def test_actions_can_take_effect_later_and_in_order(amili: Caller) -> None:
    amili.state.switches.set(AmiliSwitches(actions_settle_after_s=60))
    case = amili.case()
    paid = amili.act("payments", body_of("payments", case, amount=2110))
    withdrawn = amili.act("cancellations", body_of("cancellations", case))
    assert amili.shown(case)["local_remaining_capital_amount"] == 2050
    amili.clock.forward(60)
    assert amili.shown(case)["closed"]["reason"] == "closed_by_payment"
    assert read_back(amili, "payments", paid)["status"] == "completed"
    assert read_back(amili, "cancellations", withdrawn)["status"] == "warning"


@pytest.mark.parametrize("kind", ["payments", "creditings"])
def test_a_reference_given_twice_counts_twice_unless_refused(amili: Caller, kind: str) -> None:
    case = amili.case()
    for _ in range(2):
        assert amili.act(kind, body_of(kind, case)).status_code == 201
    assert amili.shown(case)["local_remaining_capital_amount"] == 1849
    amili.state.switches.set(AmiliSwitches(duplicate_references=Duplicates.REFUSED_422))
    refused = amili.act(kind, body_of(kind, case))
    assert refused.status_code == 422
    assert "not unique" in str(refused.get_json()["_issues"])


@pytest.mark.parametrize("kind", ["payments", "creditings"])
def test_references_can_be_hidden(amili: Caller, kind: str) -> None:
    created = amili.act(kind, body_of(kind, amili.case()))
    assert [name for name in read_back(amili, kind, created) if name.endswith("_reference")]
    amili.state.switches.set(AmiliSwitches(shows_action_references=False))
    assert not [name for name in read_back(amili, kind, created) if name.endswith("_reference")]


def test_a_new_action_can_be_late_in_the_list(amili: Caller) -> None:
    amili.state.switches.set(AmiliSwitches(visible_after_s=30))
    created = amili.act("payments", body_of("payments", amili.case()))
    assert amili.get("/creditor--payments").get_json()["_items"] == []
    assert read_back(amili, "payments", created)["status"] == "completed"
    amili.clock.forward(30)
    assert len(amili.get("/creditor--payments").get_json()["_items"]) == 1


@pytest.mark.parametrize("moves", [True, False])
def test_whether_the_time_of_change_moves_is_a_switch(amili: Caller, moves: bool) -> None:
    amili.state.switches.set(AmiliSwitches(case_updated_moves=moves))
    case = amili.case()
    before = amili.shown(case)["_updated"]
    amili.clock.forward(60)
    amili.act("payments", body_of("payments", case))
    assert (amili.shown(case)["_updated"] != before) is moves
    assert amili.shown(case)["local_remaining_capital_amount"] == 1949.5


@pytest.mark.parametrize(
    ("kind", "operation"), [("payments", "pay"), ("creditings", "credit"), ("cancellations", "cancel")]
)
@pytest.mark.parametrize(
    ("fault", "status", "count"),
    [
        (FaultKind.FAIL_BEFORE, 503, 0),
        (FaultKind.FAIL_AFTER, 503, 1),
        (FaultKind.RATE_LIMITED, 429, 0),
        (FaultKind.UNAUTHORISED, 401, 0),
    ],
)
def test_faults_strike_actions_too(
    amili: Caller, kind: str, operation: str, fault: FaultKind, status: int, count: int
) -> None:
    case = amili.case()
    amili.state.switches.set(AmiliSwitches(faults=(Fault(fault, operations=(operation,), next_n=1),)))
    assert amili.act(kind, body_of(kind, case)).status_code == status
    assert len(amili.state.actions) == count


def test_an_answer_can_be_lost_after_the_payment_was_taken_in(remote: Remote) -> None:
    case = remote.register().json()["_cases"][0]
    remote.state.switches.set(AmiliSwitches(faults=(answer_lost_after_create(next_n=1, operation="pay"),)))
    with pytest.raises(OSError, match="aborted"):
        remote.http.post(f"{remote.url}/creditor--payments", json=body_of("payments", case), timeout=5)
    assert len(remote.state.actions) == 1


def test_actions_are_counted_and_shown_to_tests(amili: Caller) -> None:
    case = amili.case()
    amili.act("payments", body_of("payments", case))
    amili.act("payments", {})
    state = amili.client.get("/_sandbox/state").get_json()
    assert state["requests"]["POST /creditor--payments"] == 2
    assert state["answers"]["POST /creditor--payments 422"] == 1
    (action,) = state["actions"]
    assert action | {"id": ""} == {
        "id": "",
        "kind": "payment",
        "case": case,
        "reference": "p-1",
        "amount": 100.5,
        "status": "completed",
    }
    amili.client.post("/_sandbox/reset")
    assert amili.client.get("/_sandbox/state").get_json()["actions"] == []


@pytest.mark.parametrize("kind", KINDS)
def test_actions_need_an_access_token(amili: Caller, kind: str) -> None:
    body = body_of(kind, amili.case())
    amili.headers = {}
    assert amili.act(kind, body).status_code == 401
    assert amili.get(f"/creditor--{kind}").status_code == 401
    assert amili.get(f"/creditor--{kind}/x").status_code == 401


def test_a_respite_is_there_only_behind_its_switch(amili: Caller) -> None:
    case = amili.case()

    def ask(days: object) -> int:
        path = f"/case--respites/{case}"
        return amili.client.post(path, json={"days": days}, headers=amili.headers).status_code

    assert ask(14) == 404
    amili.state.switches.set(AmiliSwitches(offers_respite=True))
    assert ask("soon") == 422
    assert ask(14) == 201
    assert amili.client.get("/_sandbox/state").get_json()["cases"][0]["respite_days"] == [14]


def test_cases_of_two_creditors_are_told_apart(amili: Caller) -> None:
    account = amili.state.creditors[GUIDE_CREDITOR]["account"]
    other = amili.state.add_creditor(account, "Annat AB", "5560360793")
    amili.register(guide_body() | {"creditor": other})
    amili.case()
    for creditor in (GUIDE_CREDITOR, other):
        (item,) = amili.get("/cases", where=f'{{"creditor":"{creditor}"}}').get_json()["_items"]
        assert item["creditor"] == creditor
