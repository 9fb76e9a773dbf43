"""The rate window, errors, rights, and answers that are lost: fortnox/API.md, "Rate limit" and "Errors"."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import requests

from connector.sandbox.fortnox.switches import ErrorSpelling, RateKey
from connector.sandbox.shared.switches import BodyKind, Fault, FaultKind
from tests.sandbox.fortnox_client import TIMEOUT_S, Fortnox, refusal

# The rate window


def statuses(fortnox: Fortnox, count: int) -> list[int]:
    return [fortnox.get("/3/companyinformation").status_code for _ in range(count)]


def test_twenty_five_requests_in_a_sliding_window_of_five_seconds(fortnox: Fortnox) -> None:
    fortnox.switch(rate_limit_requests=25)
    assert statuses(fortnox, 10) == [200] * 10
    fortnox.clock.forward(3)
    assert statuses(fortnox, 16) == [200] * 15 + [429]
    fortnox.clock.forward(2)

    assert statuses(fortnox, 11) == [200] * 10 + [429]
    assert fortnox.state.snapshot()["fullest_rate_window"] == 25


@pytest.mark.parametrize(("counts", "after"), [(False, 200), (True, 429)])
def test_a_refused_request_may_count_too(fortnox: Fortnox, counts: bool, after: int) -> None:
    fortnox.switch(rate_limit_requests=2, rate_counts_refused=counts)
    statuses(fortnox, 2)
    fortnox.clock.forward(4)
    statuses(fortnox, 2)
    fortnox.clock.forward(2)

    assert statuses(fortnox, 1) == [after]


def test_each_company_has_its_own_window(fortnox: Fortnox) -> None:
    fortnox.switch(rate_limit_requests=3)
    second = fortnox.state.add_company("Andra Bolaget AB", "556000-0001")
    assert statuses(fortnox, 4) == [200, 200, 200, 429]
    fortnox.log_in(second)

    assert statuses(fortnox, 1) == [200]
    assert fortnox.get("/3/companyinformation").json()["CompanyInformation"]["CompanyName"] == "Andra Bolaget AB"


@pytest.mark.parametrize(("key", "status"), [(RateKey.CLIENT_AND_TENANT, 429), (RateKey.ACCESS_TOKEN, 200)])
def test_a_fresh_token_may_have_a_fresh_window(fortnox: Fortnox, key: RateKey, status: int) -> None:
    fortnox.switch(rate_limit_requests=2, rate_key=key)
    statuses(fortnox, 2)
    fortnox.log_in()

    assert statuses(fortnox, 1) == [status]


@pytest.mark.parametrize("retry_after_s", [None, 3])
@pytest.mark.parametrize(
    ("body", "content_type", "start"),
    [
        (BodyKind.JSON, "application/json", '{"message"'),
        (BodyKind.EMPTY, "text/html; charset=utf-8", ""),
        (BodyKind.HTML, "text/html; charset=utf-8", "<html>"),
    ],
)
def test_a_429_may_look_any_way(
    fortnox: Fortnox, retry_after_s: int | None, body: BodyKind, content_type: str, start: str
) -> None:
    fortnox.switch(rate_limit_requests=0, rate_limit_body=body, rate_limit_retry_after_s=retry_after_s)

    answer = fortnox.get("/3/invoices")

    assert (answer.status_code, answer.headers["Content-Type"]) == (429, content_type)
    assert answer.text.startswith(start)
    assert answer.headers.get("Retry-After") == (None if retry_after_s is None else str(retry_after_s))


def test_the_window_holds_against_many_at_once(fortnox: Fortnox) -> None:
    fortnox.switch(rate_limit_requests=5)
    found: list[int] = []

    def call() -> None:
        answer = requests.get(f"{fortnox.url}/3/companyinformation", headers=fortnox.headers, timeout=TIMEOUT_S)
        found.append(answer.status_code)

    callers = [threading.Thread(target=call) for _ in range(12)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()

    assert sorted(found) == [200] * 5 + [429] * 7


# Errors


@pytest.mark.parametrize(
    ("spelling", "of_a_filter", "of_an_invoice"),
    [
        (ErrorSpelling.AS_RECORDED, "error", "Error"),
        (ErrorSpelling.LOWER, "error", "error"),
        (ErrorSpelling.CAPITALISED, "Error", "Error"),
    ],
)
def test_errors_are_spelt_either_way(
    fortnox: Fortnox, spelling: ErrorSpelling, of_a_filter: str, of_an_invoice: str
) -> None:
    fortnox.switch(error_spelling=spelling)

    wrong_filter = fortnox.get("/3/invoices", filter="x").json()["ErrorInformation"]
    no_invoice = fortnox.get("/3/invoices/1").json()["ErrorInformation"]

    assert (of_a_filter in wrong_filter, of_an_invoice in no_invoice) == (True, True)
    assert {name.lower() for name in (*wrong_filter, *no_invoice)} == {"error", "message", "code"}


def test_the_spelling_can_be_chosen_for_each_endpoint(fortnox: Fortnox) -> None:
    fortnox.switch(error_spelling_of={"customer": ErrorSpelling.LOWER}, code_as_text=True)

    assert fortnox.get("/3/customers/1").json()["ErrorInformation"]["code"] == "2000433"
    assert fortnox.get("/3/invoices/1").json()["ErrorInformation"]["Code"] == "2000434"


def test_every_answer_carries_a_trace(fortnox: Fortnox) -> None:
    first, second = (fortnox.get("/3/invoices").headers["X-Uid"] for _ in range(2))

    assert first != second


# Rights


@pytest.mark.parametrize("status", [403, 400])
def test_a_scope_that_was_not_consented_to(fortnox: Fortnox, status: int) -> None:
    fortnox.switch(scope_status=status)
    fortnox.log_in(scope="invoice companyinformation")

    assert refusal(fortnox.get("/3/customers")) == (status, 2000663)
    assert fortnox.get("/3/invoices").status_code == 200


@pytest.mark.parametrize("status", [403, 400])
def test_a_scope_without_a_licence(fortnox: Fortnox, status: int) -> None:
    fortnox.switch(licence_status=status)
    fortnox.books.facts.unlicensed_scopes = {"invoice"}

    assert refusal(fortnox.get("/3/invoices/1/preview")) == (status, 2001101)
    assert fortnox.get("/3/customers").status_code == 200


def test_one_resource_alone_may_be_forbidden(fortnox: Fortnox) -> None:
    fortnox.books.facts.forbidden_resources = {"invoicepayments"}

    answer = fortnox.get("/3/invoicepayments")

    assert answer.status_code == 403
    assert answer.json()["ErrorInformation"]["message"].startswith("Saknar behörighet för")
    assert fortnox.get("/3/invoices").status_code == 200


# Answers that are lost


def note(fortnox: Fortnox, number: str) -> requests.Response:
    return fortnox.put(f"/3/invoices/{number}", {"Invoice": {"Comments": "ny"}})


def with_fault(fortnox: Fortnox, kind: FaultKind, **more: Any) -> None:
    fortnox.switch(faults=(Fault(kind, operations=("update_invoice",), next_n=1, **more),))


@pytest.mark.parametrize(("kind", "done"), [(FaultKind.FAIL_BEFORE, ""), (FaultKind.FAIL_AFTER, "ny")])
def test_a_500_comes_before_or_after_the_write(fortnox: Fortnox, kind: FaultKind, done: str) -> None:
    number = fortnox.add_invoice(booked=False, sent=False)
    with_fault(fortnox, kind, status=500)

    answer = note(fortnox, number)

    assert refusal(answer) == (500, 1000003)
    assert fortnox.invoice(number)["Comments"] == done
    assert note(fortnox, number).status_code == 200


def test_a_write_takes_effect_although_the_caller_gave_up(fortnox: Fortnox) -> None:
    number = fortnox.add_invoice(booked=False, sent=False)
    with_fault(fortnox, FaultKind.DROP_AFTER)

    with pytest.raises(requests.ConnectionError):
        note(fortnox, number)

    assert fortnox.invoice(number)["Comments"] == "ny"


def test_a_post_without_an_answer_made_an_object(fortnox: Fortnox) -> None:
    fortnox.switch(faults=(Fault(FaultKind.DROP_AFTER, operations=("create_label",), next_n=1),))
    with pytest.raises(requests.ConnectionError):
        fortnox.post("/3/labels", {"Label": {"Description": "Hos inkasso"}})
    fortnox.post("/3/labels", {"Label": {"Description": "Hos inkasso"}})

    labels = fortnox.get("/3/labels").json()["Labels"]
    assert [label["Description"] for label in labels] == ["Hos inkasso", "Hos inkasso"]


@pytest.mark.parametrize("body", [BodyKind.JSON, BodyKind.HTML, BodyKind.EMPTY, BodyKind.TEXT])
def test_a_fault_can_limit_the_rate_in_any_form(fortnox: Fortnox, body: BodyKind) -> None:
    fortnox.switch(faults=(Fault(FaultKind.RATE_LIMITED, next_n=1, retry_after_s=2, body=body),))

    answer = fortnox.get("/3/invoices")

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "2")
    assert answer.text.startswith("{") is (body is BodyKind.JSON)


def test_the_gateway_may_refuse_a_good_token(fortnox: Fortnox) -> None:
    fortnox.switch(faults=(Fault(FaultKind.UNAUTHORISED, next_n=1),))

    answer = fortnox.get("/3/invoices")

    assert (answer.status_code, answer.json()) == (401, {"message": "unauthorized"})


# What is counted and controlled from outside


def test_every_call_is_counted_by_kind(fortnox: Fortnox) -> None:
    number = fortnox.add_invoice()
    fortnox.get(f"/3/invoices/{number}")
    fortnox.get(f"/3/invoices/{number}/preview")
    fortnox.delete("/3/labels/1")

    counted = fortnox.get("/_sandbox/state").json()["requests"]

    assert counted["GET /3/invoices/{number}"] == 1
    assert counted["GET /3/invoices/{number}/preview"] == 1
    assert counted["DELETE /3/labels/{number}"] == 1
    assert not [name for name in counted if "email" in name or "printreminder" in name]


def test_another_process_can_keep_the_books(fortnox: Fortnox) -> None:
    base = f"/_sandbox/companies/{fortnox.books.tenant}"
    customer = fortnox.post(f"{base}/customers", {"name": "Exempelbolaget AB"}).json()["number"]
    row = {"description": "Timmar", "price": 1000, "quantity": "2"}
    invoice = {"customer": customer, "rows": [row], "due_days_ago": 20}
    number = fortnox.post(f"{base}/invoices", invoice).json()["number"]
    label = fortnox.books.add_label("Till inkasso")
    fortnox.post(f"{base}/customers/{customer}", {"City": "Teststad"})
    fortnox.post(f"{base}/invoices/{number}/labels", {"labels": [label]})
    fortnox.post(f"{base}/invoices/{number}/pay", {"amount": 500, "day": "2026-11-20"})
    fortnox.post(f"{base}/invoices/{number}/credit", {"amount": 250, "set_off": True})
    fortnox.post(f"{base}/invoices/{number}", {"NoxFinans": True})
    fortnox.post(f"{base}/facts", {"forbidden_resources": ["customers"]})

    shown = fortnox.invoice(number)
    assert (shown["Total"], shown["Balance"], shown["NoxFinans"], shown["Labels"]) == (
        2500,
        1750,
        True,
        [{"Id": label}],
    )
    assert fortnox.books.customer(customer)["City"] == "Teststad"
    assert fortnox.get("/3/customers").status_code == 403


def test_another_process_can_switch_reset_and_take_consent_back(fortnox: Fortnox) -> None:
    other = fortnox.post("/_sandbox/companies", {"name": "Nya AB", "organisation_number": "556000-0001"}).json()
    fortnox.post("/_sandbox/consent", other)
    assert fortnox.state.signed_in_to == other["tenant"]
    switched = fortnox.post(
        "/_sandbox/switches", {"error_spelling_of": {"customer": "lower"}, "booked_put": "unchanged"}
    )
    assert switched.json()["booked_put"] == "unchanged"
    assert fortnox.post("/_sandbox/switches", {"booked_put": "perhaps"}).status_code == 400
    fortnox.post(f"/_sandbox/companies/{fortnox.books.tenant}/revoke-consent")
    assert fortnox.get("/3/invoices").status_code == 401
    fortnox.post("/_sandbox/reset")
    assert fortnox.get("/_sandbox/state").json()["companies"] == {}
