"""What an independent server of the same framework does, each as a switch. Source:
amili/API.md, "Answer to a registration", "Lists" and "Unconfirmed"."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from connector.sandbox.amili.state import GUIDE_CREDITOR
from connector.sandbox.shared.switches import AmiliSwitches, BodyKind, CasesMade, Fault, FaultKind, FilterOperators
from tests.sandbox.conftest import Caller, Remote, guide_body

HEXADECIMAL = "abcdef012345678901234567"


def listed(amili: Caller, path: str = "/cases", where: object = None, **query: Any) -> list[dict[str, Any]]:
    """The items of a list."""
    body = amili.get(path, **({"where": json.dumps(where)} if where else {}), **query).get_json()
    items: list[dict[str, Any]] = body["_items"]
    return items


def switch(amili: Caller, **switches: Any) -> None:
    amili.state.switches.set(AmiliSwitches(**switches))


def test_a_case_can_come_later_than_its_registration(amili: Caller) -> None:
    switch(amili, cases_made=CasesMade.LATER, cases_made_after_s=60)
    receipt = amili.register().get_json()
    path = f"/case--registrations/{receipt['_id']}"

    assert (receipt["_cases"], receipt["_ocr_numbers_ocr"], listed(amili)) == ([], [], [])
    assert amili.get(path).get_json()["_cases"] == []
    amili.clock.forward(60)
    (case,) = listed(amili)
    shown = amili.get(path).get_json()
    assert (shown["_cases"], len(shown["_ocr_numbers_ocr"])) == ([case["_id"]], 1)
    assert case["case_registration"] == receipt["_id"]


def test_a_case_can_never_come_until_it_is_let(amili: Caller) -> None:
    switch(amili, cases_made=CasesMade.NEVER)
    receipt = amili.register().get_json()
    amili.clock.forward(600)
    assert (receipt["_cases"], listed(amili)) == ([], [])
    switch(amili)
    assert len(listed(amili)) == 1


@pytest.mark.parametrize(
    "where", [{"debt.invoice_number": HEXADECIMAL}, {"$or": [{"debt.invoice_number": HEXADECIMAL}]}]
)
def test_a_text_of_24_hexadecimal_digits_can_be_taken_for_an_id(amili: Caller, where: dict[str, Any]) -> None:
    amili.register(guide_body(HEXADECIMAL))
    switch(amili, filter_operators=FilterOperators.ACCEPTED)
    assert len(listed(amili, where=where)) == 1
    switch(amili, casts_object_ids=True, filter_operators=FilterOperators.ACCEPTED)
    assert listed(amili, where=where) == []
    assert len(listed(amili, where={"creditor": GUIDE_CREDITOR})) == 1, "what is an id is still found by it"


def test_what_is_alike_in_a_sort_can_come_in_any_order(amili: Caller) -> None:
    for number in range(8):
        amili.register(guide_body(f"INV-{number}"))

    def orders(field: str) -> set[tuple[str, ...]]:
        return {tuple(item["_id"] for item in listed(amili, sort=field)) for _ in range(12)}

    assert len(orders("_updated")) == 1
    switch(amili, ties_in_any_order=True)
    assert len(orders("_updated")) > 1
    assert len(orders("_id")) == 1


def zip_code(text: str) -> Callable[[dict[str, Any]], None]:
    return lambda body: body["customer"]["address"].update(zip_code=text)


def debt(**values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda body: body["debts"][0].update(values)


@pytest.mark.parametrize(
    "change",
    [
        zip_code("123 45"),
        zip_code("1234"),
        debt(capital_to_claim=0),
        debt(capital_to_claim=100.125),
        debt(capital_to_claim=40, fees_included_in_capital_to_claim={"invoice_fee": 50}),
    ],
)
def test_values_can_be_checked_strictly(amili: Caller, change: Callable[[dict[str, Any]], None]) -> None:
    body = guide_body()
    change(body)
    assert amili.register(body).status_code == 201
    switch(amili, strict_values=True)
    assert amili.register(body).status_code == 422
    assert amili.register(guide_body()).status_code == 201


def test_fields_of_cases_can_be_left_out(amili: Caller) -> None:
    amili.register()
    switch(amili, hidden_case_fields=("customer_id_number", "debt.invoice_date", "debt.initial_capital"))
    (case,) = listed(amili)
    assert "customer_id_number" not in case
    assert case["debt"].keys().isdisjoint({"invoice_date", "initial_capital"})
    assert {"invoice_number", "capital_to_claim"} <= case["debt"].keys()
    assert amili.shown(case["_id"]) == case


@pytest.mark.parametrize("body", [BodyKind.JSON, BodyKind.HTML, BodyKind.EMPTY])
def test_a_success_can_say_nothing(remote: Remote, body: BodyKind) -> None:
    remote.state.switches.set(AmiliSwitches(faults=(Fault(FaultKind.MUTE_AFTER, ("register",), next_n=1, body=body),)))
    answer = remote.register()
    assert answer.status_code == 201
    assert "_id" not in answer.text
    assert remote.case_count() == 1
