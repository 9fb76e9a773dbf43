"""Lists and items at Amili. Source: amili/API.md, "Case" and "Lists"."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from connector.sandbox.amili.state import GUIDE_ACCOUNT, GUIDE_CREDITOR
from connector.sandbox.shared.switches import AmiliSwitches, ClosedAs, FilterOperators
from tests.sandbox.conftest import Caller, guide_body


def found(caller: Caller, where: object, **query: Any) -> list[str]:
    answer = caller.get("/cases", where=json.dumps(where), **query)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return [item["debt"]["invoice_number"] for item in answer.get_json()["_items"]]


def case_of(caller: Caller, **switches: Any) -> dict[str, Any]:
    caller.state.switches.set(AmiliSwitches(**switches))
    (case,) = caller.state.cases_of("INV-2025-003")
    body: dict[str, Any] = caller.get(f"/cases/{case.id}").get_json()
    return body


def test_a_case_is_found_by_creditor_and_exact_invoice_number(amili: Caller) -> None:
    for number in ("INV-1", "INV-10", "inv-1"):
        amili.register(guide_body(number))
    assert found(amili, {"creditor": GUIDE_CREDITOR, "debt.invoice_number": "INV-1"}) == ["INV-1"]
    assert found(amili, {"creditor": "0" * 24, "debt.invoice_number": "INV-1"}) == []
    assert found(amili, {"debt.no_such": "INV-1"}) == []


def test_a_list_has_items_and_meta_and_no_links(amili: Caller) -> None:
    amili.register()
    body = amili.get("/cases").get_json()
    assert set(body) == {"_items", "_meta"}
    assert body["_meta"] == {"total": 1, "max_results": 25, "page": 1}


def test_pages_are_clamped_at_a_hundred(amili: Caller) -> None:
    for number in range(103):
        amili.register(guide_body(f"INV-{number:03}"))
    first = amili.get("/cases", max_results=500, sort="debt.invoice_number").get_json()
    assert first["_meta"] == {"total": 103, "max_results": 100, "page": 1}
    assert len(first["_items"]) == 100
    assert found(amili, {}, max_results=500, page=2, sort="debt.invoice_number") == ["INV-100", "INV-101", "INV-102"]
    assert found(amili, {}, page=9) == []
    assert found(amili, {}, max_results=1, sort="-debt.invoice_number") == ["INV-102"]


@pytest.mark.parametrize(
    ("closed_as", "taken"),
    [
        (ClosedAs.ABSENT, []),
        (ClosedAs.BOOLEAN, [False]),
        (ClosedAs.DATE, [None]),
        (ClosedAs.OBJECT, [None]),
        (ClosedAs.OBJECT_OR_EMPTY, []),
        (ClosedAs.LIST, []),
    ],
)
def test_filters_may_be_refused_by_their_type(amili: Caller, closed_as: ClosedAs, taken: list[object]) -> None:
    amili.state.switches.set(AmiliSwitches(closed_as=closed_as, filters_by_type=True))
    answers = {value: amili.get("/cases", where=json.dumps({"closed": value})) for value in (None, False)}
    assert [value for value, answer in answers.items() if answer.status_code == 200] == taken
    assert {answer.status_code for value, answer in answers.items() if value not in taken} <= {400}
    assert all(answer.get_json()["_status"] == "ERR" for answer in answers.values() if answer.status_code == 400)


def test_a_filter_or_a_second_key_may_be_refused_whatever_it_holds(amili: Caller) -> None:
    amili.state.switches.set(AmiliSwitches(refused_filters=("debt.invoice_number",), sorts_by_one_key=True))
    assert amili.get("/cases", where='{"debt.invoice_number": "INV-1"}').status_code == 400
    assert amili.get("/cases", where='{"creditor": "x"}', sort="-_updated").status_code == 200
    assert amili.get("/cases", sort="-_updated,_id").status_code == 400


@pytest.mark.parametrize(("closed_as", "open_"), [(ClosedAs.OBJECT_OR_EMPTY, {}), (ClosedAs.LIST, [])])
def test_an_open_case_may_show_an_empty_closure(amili: Caller, closed_as: ClosedAs, open_: object) -> None:
    case = amili.case()
    amili.state.switches.set(AmiliSwitches(closed_as=closed_as))
    assert amili.shown(case)["closed"] == open_
    amili.state.set_case(case, closed=True)
    assert amili.shown(case)["closed"]


@pytest.mark.parametrize(
    "query",
    [
        {"where": "{'creditor': 'x'}"},
        {"where": "[]"},
        {"where": '{"creditor": {"$ne": "x"}}'},
        {"where": '{"$or": []}'},
        {"projection": "{'_id': 1}"},
        {"projection": '{"_id": 1, "state": 0}'},
        {"page": "two"},
        {"max_results": "all"},
    ],
)
def test_a_query_that_cannot_be_read_is_a_bad_request(amili: Caller, query: dict[str, str]) -> None:
    assert amili.get("/cases", **query).status_code == 400


def test_operators_can_be_accepted_but_never_code_or_patterns(amili: Caller) -> None:
    amili.state.switches.set(AmiliSwitches(filter_operators=FilterOperators.ACCEPTED))
    amili.register(guide_body("INV-1"))
    amili.clock.forward(1800)
    amili.register(guide_body("INV-2"))
    assert found(amili, {"debt.invoice_number": {"$in": ["INV-2", "INV-3"]}}) == ["INV-2"]
    assert found(amili, {"_created": {"$gt": "Sun, 22 Nov 2026 12:29:00 GMT"}}) == ["INV-2"]
    assert found(amili, {"$or": [{"debt.invoice_number": "INV-1"}, {"state": "x"}]}) == ["INV-1"]
    assert found(amili, {"local_remaining_capital_amount": {"$gte": 2050}}) == ["INV-1", "INV-2"]
    for name in ("$where", "$regex"):
        assert amili.get("/cases", where=json.dumps({"state": {name: "x"}})).status_code == 400


def test_a_projection_keeps_the_underscore_fields(amili: Caller) -> None:
    amili.register()
    wanted = json.dumps({"state": 1, "debt.invoice_number": 1})
    (item,) = amili.get("/cases", projection=wanted).get_json()["_items"]
    assert set(item) == {"_id", "_created", "_updated", "_etag", "state", "debt"}
    assert item["debt"] == {"invoice_number": "INV-2025-003"}


def test_a_case_carries_the_registered_debt_and_amounts(amili: Caller) -> None:
    registration = amili.register().get_json()["_id"]
    case = case_of(amili)
    assert case["case_registration"] == registration
    assert case["creditor"] == GUIDE_CREDITOR
    assert case["debt"]["capital_to_claim"] == 2050.0
    assert case["debt"]["invoice_date"] == "Mon, 07 Jul 2025 00:00:00 GMT"
    assert case["local_remaining_capital_amount"] == case["total_remaining_capital_amount"] == 2050.0
    assert case["local_added_costs_amount"] == 60.0
    assert (case["state"], case["status"]) == ("debt_collection", "debt_collection_active")


@pytest.mark.parametrize(
    ("closed_as", "open_value", "closed_type"),
    [(ClosedAs.BOOLEAN, False, bool), (ClosedAs.DATE, None, str), (ClosedAs.OBJECT, None, dict)],
)
def test_closed_takes_the_form_of_the_switch(
    amili: Caller, closed_as: ClosedAs, open_value: object, closed_type: type
) -> None:
    amili.register()
    assert case_of(amili, closed_as=closed_as).get("closed") == open_value
    (case,) = amili.state.cases_of("INV-2025-003")
    amili.client.post(f"/_sandbox/cases/{case.id}", json={"closed": True, "status": "paid", "remaining_capital": 0})
    closed = case_of(amili, closed_as=closed_as)
    assert type(closed["closed"]) is closed_type
    assert closed["status"] == "paid"
    assert closed["total_remaining_capital_amount"] == 0
    assert "closed" not in case_of(amili, closed_as=ClosedAs.ABSENT)


def test_the_total_amounts_can_be_missing(amili: Caller) -> None:
    amili.register()
    case = case_of(amili, shows_total_amounts=False)
    assert not [name for name in case if name.startswith("total_")]


def test_a_state_nobody_knows_is_shown(amili: Caller) -> None:
    amili.register()
    case = case_of(amili, unknown_state="enforcement_v2")
    assert case["state"] == case["status"] == "enforcement_v2"


def test_a_case_can_be_initializing_for_a_while(amili: Caller) -> None:
    amili.register()
    assert case_of(amili, initializing_s=5)["state"] == "initializing"
    amili.clock.forward(5)
    assert case_of(amili, initializing_s=5)["state"] == "debt_collection"


def test_a_new_case_can_be_late_in_the_list_while_its_id_is_known(amili: Caller) -> None:
    amili.state.switches.set(AmiliSwitches(visible_after_s=30))
    case = amili.register().get_json()["_cases"][0]
    assert found(amili, {"debt.invoice_number": "INV-2025-003"}) == []
    assert amili.get(f"/cases/{case}").status_code == 200
    amili.clock.forward(30)
    assert found(amili, {"debt.invoice_number": "INV-2025-003"}) == ["INV-2025-003"]


def test_a_case_moves_on_by_control(amili: Caller) -> None:
    amili.register()
    (case,) = amili.state.cases_of("INV-2025-003")
    amili.state.set_case(case.id, state="enforcement", remaining_capital=Decimal("10.50"))
    body = case_of(amili)
    assert body["state"] == "enforcement"
    assert body["local_remaining_capital_amount"] == 10.5


def test_accounts_creditors_and_registrations_are_lists_and_items(amili: Caller) -> None:
    registration = amili.register().get_json()["_id"]
    (creditor,) = amili.get("/creditors", where='{"organization_no":"5566778899"}').get_json()["_items"]
    assert (creditor["_id"], creditor["account"], creditor["is_active"]) == (GUIDE_CREDITOR, GUIDE_ACCOUNT, True)
    assert creditor["payout_details"]["sek"]["bankgiro"]
    assert amili.get(f"/accounts/{GUIDE_ACCOUNT}").get_json()["organization_no"] == "5566778899"
    assert amili.get(f"/case--registrations/{registration}").get_json()["first_action"] == "debt_collection"
    assert amili.get("/case--registrations").get_json()["_meta"]["total"] == 1
    for path in ("accounts", "creditors", "cases", "case--registrations"):
        missing = amili.get(f"/{path}/{'0' * 24}")
        assert (missing.status_code, missing.get_json()["_status"]) == (404, "ERR")


def test_reading_needs_an_access_token(amili: Caller) -> None:
    amili.headers = {}
    for path in ("/accounts", "/creditors", "/cases", "/case--registrations", "/cases/x", "/creditors/x"):
        assert amili.get(path).status_code == 401
