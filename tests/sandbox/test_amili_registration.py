"""Case registration: exactly what is documented, and each assumption both ways. Source:
amili/API.md, "Case registration"."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from connector.sandbox.amili.checks import as_rfc_1123, rfc_1123
from connector.sandbox.amili.state import GUIDE_ACCOUNT, GUIDE_CREDITOR, luhn_digit
from connector.sandbox.shared.switches import AmiliSwitches, Duplicates, Fault, FaultKind, UnknownFields
from tests.sandbox.conftest import Caller, guide_body

GUIDE_FIELDS = {
    "_updated", "_created", "_etag", "_id", "_status", "_cases", "_ocr_numbers", "_ocr_numbers_ocr",
}  # fmt: skip


def issues_of(caller: Caller, change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    body = guide_body()
    change(body)
    answer = caller.register(body)
    assert answer.status_code == 422, answer.get_data(as_text=True)
    assert answer.get_json()["_status"] == "ERR"
    assert answer.get_json()["_error"]["code"] == 422
    assert not caller.state.cases
    found: dict[str, Any] = answer.get_json()["_issues"]
    return found


def test_the_guides_example_is_registered_and_answered_with_the_guides_fields(amili: Caller) -> None:
    answer = amili.register()
    assert answer.status_code == 201
    body = answer.get_json()
    assert set(body) == GUIDE_FIELDS
    assert body["_status"] == "OK"
    assert re.fullmatch("[0-9a-f]{40}", body["_etag"])
    assert all(re.fullmatch("[0-9a-f]{24}", text) for text in [body["_id"], *body["_cases"], *body["_ocr_numbers"]])
    assert as_rfc_1123(rfc_1123(body["_created"])) == body["_created"]
    (ocr,) = body["_ocr_numbers_ocr"]
    assert re.fullmatch("[0-9]{20}", ocr)
    assert luhn_digit(ocr[:-1]) == ocr[-1]
    (case,) = amili.state.cases_of("INV-2025-003")
    assert body["_cases"] == [case.id]


def test_the_guides_own_ocr_number_has_that_check_digit() -> None:
    assert luhn_digit("2025246347831130107") == "2"


def test_each_debt_becomes_a_case(amili: Caller) -> None:
    body = guide_body()
    body["debts"].append({**body["debts"][0], "invoice_number": "INV-2"})
    answer = amili.register(body).get_json()
    assert len(set(answer["_cases"])) == len(answer["_ocr_numbers_ocr"]) == 2


@pytest.mark.parametrize("name", ["account", "creditor", "first_action", "currency", "customer", "debts"])
def test_a_missing_top_level_field_is_named(amili: Caller, name: str) -> None:
    assert issues_of(amili, lambda body: body.pop(name)) == {name: "required field"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda b: b.update(currency="EUR"), {"currency": "unallowed value EUR"}),
        (lambda b: b.update(first_action="enforcement"), {"first_action": "unallowed value enforcement"}),
        (lambda b: b.update(debts=[]), {"debts": "min length is 1"}),
        (lambda b: b["customer"].update(is_person=True), {"customer": {"is_person": "unknown field"}}),
        (lambda b: b["customer"].update(is_company="yes"), {"customer": {"is_company": "must be of boolean type"}}),
        (lambda b: b["customer"].update(id_number=5560269986), {"customer": {"id_number": "must be of string type"}}),
        (lambda b: b["customer"].update(name=""), {"customer": {"name": "empty values not allowed"}}),
        (
            lambda b: b["customer"]["address"].update(co="x"),
            {"customer": {"address": {"co": "unknown field"}}},
        ),
        (
            lambda b: b["debts"][0].update(capital_to_claim="2050.00"),
            {"debts": {"0": {"capital_to_claim": "must be of number type"}}},
        ),
        (
            lambda b: b["debts"][0].update(capital_to_claim=True),
            {"debts": {"0": {"capital_to_claim": "must be of number type"}}},
        ),
        (
            lambda b: b["debts"][0].update(invoice_due_days_after_invoice_date=31.0),
            {"debts": {"0": {"invoice_due_days_after_invoice_date": "must be of integer type"}}},
        ),
        (
            lambda b: b["debts"][0]["fees_already_claimed"].update(late_payment_fee=450),
            {"debts": {"0": {"fees_already_claimed": {"late_payment_fee": "unknown field"}}}},
        ),
        (
            lambda b: b["debts"][0]["fees_already_claimed"].update(reminder=60),
            {"debts": {"0": {"fees_already_claimed": {"reminder": "must be of dict type"}}}},
        ),
        (
            lambda b: b["debts"][0]["fees_already_claimed"]["reminder"].pop("fee_registration_date"),
            {"debts": {"0": {"fees_already_claimed": {"reminder": {"fee_registration_date": "required field"}}}}},
        ),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(
    amili: Caller, change: Callable[[dict[str, Any]], object], expected: dict[str, Any]
) -> None:
    assert issues_of(amili, change) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2025-07-07",
        "2025-07-07T00:00:00Z",
        "Tue, 07 Jul 2025 00:00:00 GMT",  # a Monday
        "Mon, 7 Jul 2025 00:00:00 GMT",
        "Mon, 07 jul 2025 00:00:00 GMT",
        "Mon, 07 Jul 2025 00:00:00 UTC",
        "Mon, 07 Jul 2025 00:00:00 +0000",
        "mån, 07 jul 2025 00:00:00 GMT",
        "Mon, 31 Feb 2025 00:00:00 GMT",
        20250707,
    ],
)
def test_only_rfc_1123_dates_are_dates(amili: Caller, text: object) -> None:
    found = issues_of(amili, lambda body: body["debts"][0].update(invoice_date=text))
    assert found == {"debts": {"0": {"invoice_date": "must be of datetime type"}}}


def test_unknown_fields_can_be_ignored(amili: Caller) -> None:
    amili.state.switches.set(AmiliSwitches(unknown_fields=UnknownFields.IGNORED))
    body = guide_body()
    body["debts"][0]["debt_reference"] = "1"
    assert amili.register(body).status_code == 201


def test_what_a_customer_must_have_is_a_switch(amili: Caller) -> None:
    body = guide_body()
    del body["customer"]["id_number"]
    assert amili.register(body).status_code == 422
    amili.state.switches.set(AmiliSwitches(required_customer_fields=("name",)))
    assert amili.register(body).status_code == 201


def test_a_second_registration_is_accepted_and_makes_a_second_case(amili: Caller) -> None:
    amili.register()
    assert amili.register().status_code == 201
    assert len(amili.state.cases_of("INV-2025-003")) == 2


def test_a_second_registration_can_be_refused_while_the_first_case_is_open(amili: Caller) -> None:
    amili.state.switches.set(AmiliSwitches(duplicate_registrations=Duplicates.REFUSED_422))
    first = amili.register().get_json()["_cases"][0]
    refused = amili.register()
    assert refused.status_code == 422
    assert "not unique" in refused.get_json()["_issues"]["debts"]["0"]["invoice_number"]
    amili.state.set_case(first, closed=True)
    assert amili.register().status_code == 201


def test_an_inactive_creditor_is_refused_with_the_switchs_status(amili: Caller) -> None:
    amili.client.post(f"/_sandbox/creditors/{GUIDE_CREDITOR}", json={"is_active": False})
    assert amili.register().status_code == 422
    amili.state.switches.set(AmiliSwitches(inactive_creditor_status=403))
    assert amili.register().status_code == 403
    assert not amili.state.cases


def test_account_and_creditor_must_exist_and_belong_together(amili: Caller) -> None:
    other = amili.state.add_account("Annat AB", "5560360793")
    assert set(issues_of(amili, lambda body: body.update(account="0" * 24))) == {"account"}
    assert set(issues_of(amili, lambda body: body.update(creditor=GUIDE_ACCOUNT))) == {"creditor"}
    assert set(issues_of(amili, lambda body: body.update(account=other))) == {"creditor"}


def test_what_is_no_json_is_refused(amili: Caller) -> None:
    for content_type, data in (("application/json", b"{"), ("text/plain", b"{}"), ("", b"{}")):
        answer = amili.client.post(
            "/case--registrations", data=data, headers={**amili.headers, "Content-Type": content_type}
        )
        assert answer.status_code == 400


def test_amounts_arrive_exactly(amili: Caller) -> None:
    body = guide_body()
    body["debts"][0]["capital_to_claim"] = 1234567.89
    amili.register(body)
    (case,) = amili.state.cases_of("INV-2025-003")
    assert str(case.debt["capital_to_claim"]) == "1234567.89"


@pytest.mark.parametrize(
    ("fault", "status", "cases"),
    [
        (Fault(FaultKind.FAIL_BEFORE, next_n=1, status=502), 502, 0),
        (Fault(FaultKind.FAIL_AFTER, next_n=1, status=504), 504, 1),
        (Fault(FaultKind.UNAUTHORISED, next_n=1), 401, 0),
        (Fault(FaultKind.RATE_LIMITED, next_n=1), 429, 0),
    ],
)
def test_a_fault_answers_and_did_or_did_not_take_effect(amili: Caller, fault: Fault, status: int, cases: int) -> None:
    amili.state.switches.set(AmiliSwitches(faults=(fault,)))
    assert amili.register().status_code == status
    assert len(amili.state.cases) == cases
    assert amili.state.traffic.registrations_received == {"INV-2025-003": 1}


def test_a_rate_limit_is_plain_text_with_the_wait_if_given(amili: Caller) -> None:
    amili.state.switches.set(AmiliSwitches(faults=(Fault(FaultKind.RATE_LIMITED, next_n=1, retry_after_s=7),)))
    answer = amili.register()
    assert (answer.data, answer.mimetype, answer.headers["Retry-After"]) == (
        b"Rate limit exceeded",
        "text/plain",
        "7",
    )
    amili.state.switches.set(AmiliSwitches(faults=(Fault(FaultKind.RATE_LIMITED, next_n=1),)))
    assert "Retry-After" not in amili.register().headers


def test_everything_sent_is_counted(amili: Caller) -> None:
    amili.register()
    amili.register(guide_body("INV-2"))
    amili.register({"debts": [{"invoice_number": "INV-2"}]})
    amili.get("/cases/nowhere")
    state = amili.client.get("/_sandbox/state").get_json()
    assert state["requests"] == {
        "GET /authenticates/api-code": 1,
        "POST /case--registrations": 3,
        "GET /cases/{case_id}": 1,
    }
    assert state["answers"]["POST /case--registrations 201"] == 2
    assert state["answers"]["POST /case--registrations 422"] == 1
    assert state["registrations_received"] == {"INV-2025-003": 1, "INV-2": 2}
    assert state["registrations_created"] == {"INV-2025-003": 1, "INV-2": 1}
    assert {case["invoice_number"]: case["uploads"] for case in state["cases"]} == {"INV-2025-003": [], "INV-2": []}


def test_reset_forgets_cases_and_counts_and_keeps_creditors(amili: Caller) -> None:
    amili.register()
    amili.client.post("/_sandbox/reset")
    assert not amili.state.cases
    assert amili.client.get("/_sandbox/state").get_json()["requests"] == {}
    amili.log_in()
    assert amili.get(f"/creditors/{GUIDE_CREDITOR}").status_code == 200


def test_switches_change_over_http_and_a_slip_is_refused(amili: Caller) -> None:
    answer = amili.client.post("/_sandbox/switches", json={"media_status": True, "slow_s": 0.001})
    assert answer.get_json()["media_status"] is True
    assert amili.client.get("/_sandbox/switches").get_json()["slow_s"] == 0.001
    for slip in ({"no_such": 1}, {"closed_as": "x"}, [1]):
        assert amili.client.post("/_sandbox/switches", json=slip).status_code == 400
    assert amili.client.get("/_sandbox/switches").get_json()["media_status"] is True


def test_what_the_guide_leaves_open_of_first_actions_and_fees_is_taken_where_the_switches_say_so(amili: Caller) -> None:
    board = amili.state.switches
    board.change({"first_actions": ["reminder", "surveillance"], "further_fee_keys": ["late_payment_fee"]})
    body = guide_body()
    body["first_action"] = "surveillance"
    (debt,) = body["debts"]
    debt["fees_included_in_capital_to_claim"] = {"late_payment_fee": 450.0}
    charged = {"amount": 450.0, "fee_registration_date": "Tue, 12 Aug 2025 00:00:00 GMT"}
    debt["fees_already_claimed"]["late_payment_fee"] = charged
    assert amili.register(body).status_code == 201
    (case,) = amili.state.cases_of("INV-2025-003")
    assert (case.state, case.remaining_costs) == ("surveillance", Decimal(510))


@pytest.mark.parametrize("always", [False, True])
def test_a_creditors_standard_text_is_the_cases_where_it_is_always_used(amili: Caller, always: bool) -> None:
    creditor = guide_body()["creditor"]
    amili.state.set_creditor(creditor, always_use_standard_debt_description=always)
    amili.register()
    (case,) = amili.state.cases_of("INV-2025-003")
    assert case.document["debt"]["debt_description"] == ("Varor och tjänster" if always else "Services")
