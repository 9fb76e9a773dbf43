"""Cases and payouts in batches: what is asked, how many calls it takes, and what an odd answer means."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses

from connector.amili import client as module
from connector.amili.models import CASE_PROJECTION
from connector.domain.errors import Refused, Unreadable
from tests.amili.samples import BASE, CASES, CREDITOR, as_json, case_document, client, own_no, page

LINES = f"{BASE}/finance--payout-specifications"
PAYOUTS = f"{BASE}/finance--payouts"
SINCE = datetime(2025, 9, 3, 8, 0, 0, 250_000, tzinfo=UTC)


@pytest.fixture
def amili() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def _params(amili: responses.RequestsMock) -> list[dict[str, Any]]:
    return [dict(getattr(call.request, "params")) for call in amili.calls]  # noqa: B009 (untyped)


def _holding(amili: responses.RequestsMock, documents: Sequence[dict[str, Any]]) -> None:
    """Let Amili hold these cases: equality on `closed`, null also where the field is missing, pages of a hundred."""

    def answer(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        query = {name: values[0] for name, values in parse_qs(urlsplit(str(request.url)).query).items()}
        where = json.loads(query["where"])
        fitting = [one for one in documents if "closed" not in where or one.get("closed") == where["closed"]]
        number, size = int(query["page"]), int(query["max_results"])
        items = fitting[(number - 1) * size : number * size]
        return 200, {}, as_json(page(*items, number=number, size=size, total=len(fitting)))

    amili.add_callback(responses.GET, CASES, answer, content_type="application/json")


def _cases(count: int, **more: Any) -> list[dict[str, Any]]:
    return [case_document(f"c{number}", number=f"INV-{number}", **more) for number in range(count)]


@pytest.mark.parametrize("how", [{}, {"closed": None}, {"closed": False}])
def test_ten_thousand_open_cases_take_a_hundred_calls_and_one(
    amili: responses.RequestsMock, how: dict[str, Any]
) -> None:
    closed = [case_document(f"old{number}", closed={"date": "x"} if "closed" not in how else True) for number in "12"]
    _holding(amili, _cases(10_000, **how) + closed)
    found = [case.id for case in client().open_cases(CREDITOR)]
    assert found == [f"c{number}" for number in range(10_000)]
    assert len(amili.calls) == 101


def test_open_cases_are_asked_for_without_the_debtors(amili: responses.RequestsMock) -> None:
    _holding(amili, _cases(1))
    assert len(list(client().open_cases(CREDITOR))) == 1
    first, second = _params(amili)
    assert json.loads(first["where"]) == {"creditor": CREDITOR, "closed": None}
    assert json.loads(second["where"]) == {"creditor": CREDITOR, "closed": False}
    shown = json.loads(first["projection"])
    assert set(shown.values()) == {1}
    assert {"state", "status", "closed", "debt.invoice_number", "total_remaining_capital_amount"} <= set(shown)
    assert not [name for name in shown if "customer" in name]


def test_every_case_can_be_read_and_judged_here(amili: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "OPEN_CASE_FILTERS", ({},))
    _holding(amili, [*_cases(2, closed=""), case_document("old", closed="Wed, 03 Sep 2025 07:56:11 GMT")])
    assert [case.id for case in client().open_cases(CREDITOR)] == ["c0", "c1"]
    assert json.loads(_params(amili)[0]["where"]) == {"creditor": CREDITOR}


def test_closed_cases_in_the_answer_are_left_out_and_each_open_one_comes_once(amili: responses.RequestsMock) -> None:
    amili.get(CASES, json=page(case_document("a"), case_document("b", closed=True)))
    assert [case.id for case in client().open_cases(CREDITOR)] == ["a"]
    assert len(amili.calls) == 2


@pytest.mark.parametrize("creditor", [None, "another"])
def test_a_case_of_somebody_else_makes_the_list_unreadable(amili: responses.RequestsMock, creditor: str | None) -> None:
    amili.get(CASES, json=page(case_document("a", creditor=creditor)))
    cases = client().open_cases(CREDITOR)
    with pytest.raises(Unreadable):
        list(cases)


def test_a_listed_case_holds_what_follow_up_compares(amili: responses.RequestsMock) -> None:
    document = case_document(
        "a",
        state_history=[{"state": "initializing", "state_date": "Wed, 03 Sep 2025 07:56:11 GMT"}, "odd", {"x": 1}],
        status_history=[{"anything": 1}, "at all"],
        latest_state_date="Wed, 03 Sep 2025 07:56:11 GMT",
        local_added_capital_amount=2050,
        local_remaining_capital_amount=1000.5,
        local_remaining_costs_amount=60,
        local_remaining_interest_amount=None,
        total_remaining_transaction_amount="much",
    )
    amili.get(CASES, json=page(document))
    (case,) = client().open_cases(CREDITOR)
    assert [entry.state for entry in case.state_history] == ["initializing", ""]
    assert case.state_history[0].at == datetime(2025, 9, 3, 7, 56, 11, tzinfo=UTC)
    assert case.status_history == ({"anything": 1}, "at all")
    assert case.capital_to_claim == Decimal("2050.00")
    assert (case.remaining_capital, case.remaining_costs) == (Decimal("1000.50"), Decimal("60.00"))
    assert case.settled_capital == Decimal("1049.50")
    assert (case.local.remaining_interest, case.total.remaining_transaction) == (None, None)


def test_total_amounts_go_before_local_ones_but_are_never_mixed_with_them(amili: responses.RequestsMock) -> None:
    document = case_document(
        "a", local_added_capital_amount=100, local_remaining_capital_amount=40, total_remaining_capital_amount=30
    )
    amili.get(CASES, json=page(document))
    (case,) = client().open_cases(CREDITOR)
    assert case.remaining_capital == 30
    assert case.settled_capital == 60


def _changed(item_id: str, clock: str, **more: Any) -> dict[str, Any]:
    return {"_id": item_id, "creditor": CREDITOR, "_updated": f"Wed, 03 Sep 2025 {clock} GMT", **more}


def test_changes_are_read_latest_first_down_to_the_second_asked_for(amili: responses.RequestsMock) -> None:
    items = [_changed("a", "09:00:00"), _changed("b", "08:00:00"), _changed("c", "07:59:59"), _changed("d", "07:00:00")]
    amili.get(CASES, json=page(*items))
    assert [case.id for case in client().cases_changed_since(CREDITOR, SINCE)] == ["a", "b"]
    (params,) = _params(amili)
    assert params["sort"] == "-_updated,_id"
    assert json.loads(params["where"]) == {"creditor": CREDITOR}
    assert set(json.loads(params["projection"])) == set(CASE_PROJECTION)


def test_changes_stop_at_the_first_page_with_something_older(amili: responses.RequestsMock) -> None:
    newer = [_changed(f"n{number}", "09:00:00") for number in range(60)]
    older = [_changed(f"o{number}", "07:00:00") for number in range(40)]
    amili.get(CASES, json=page(*newer, *older, total=9000))
    assert len(list(client().cases_changed_since(CREDITOR, SINCE))) == 60
    assert len(amili.calls) == 1


def test_what_a_change_meanwhile_pushed_to_the_next_page_comes_once(amili: responses.RequestsMock) -> None:
    first = page(_changed("a", "09:00:00"), _changed("b", "08:30:00"), size=2, total=3)
    second = page(_changed("b", "08:30:00"), _changed("c", "08:20:00"), number=2, size=2, total=4)
    for number, answer in enumerate((first, second), start=1):
        amili.get(
            CASES, json=answer, match=[responses.matchers.query_param_matcher({"page": number}, strict_match=False)]
        )
    assert [case.id for case in client().cases_changed_since(CREDITOR, SINCE)] == ["a", "b", "c"]


def test_several_changes_meanwhile_do_not_look_like_a_list_that_is_not_sorted(amili: responses.RequestsMock) -> None:
    first = page(_changed("a", "09:00:00"), _changed("b", "08:30:00"), size=2, total=5)
    pages = (
        first,
        page(*first["_items"], number=2, size=2, total=5),
        page(_changed("c", "08:20:00"), number=3, size=2),
    )
    for number, answer in enumerate(pages, start=1):
        amili.get(
            CASES, json=answer, match=[responses.matchers.query_param_matcher({"page": number}, strict_match=False)]
        )
    assert [case.id for case in client().cases_changed_since(CREDITOR, SINCE)] == ["a", "b", "c"]


def test_one_key_pair_may_ask_for_the_cases_of_all_its_creditors_at_once(amili: responses.RequestsMock) -> None:
    amili.get(CASES, json=page(_changed("a", "09:00:00"), _changed("b", "08:30:00", creditor="another")))
    assert [case.id for case in client().cases_changed_since(None, SINCE)] == ["a", "b"]
    assert [case.id for case in client().open_cases(None)] == ["a", "b"]
    changed, first, second = _params(amili)
    assert "where" not in changed
    assert [json.loads(one["where"]) for one in (first, second)] == [{"closed": None}, {"closed": False}]


class _Seconds:
    """An Amili whose items of one second come in any order, another for each page."""

    def __init__(self, *, heeds: int, refuses: Sequence[str] = ()) -> None:
        clocks = ["09:00:02"] * 130 + ["09:00:01"] * 20 + ["09:00:00"] * 150 + ["07:00:00"] * 40
        self.items = [_changed(f"{number:024x}", clock) for number, clock in enumerate(clocks)]
        self._chance = random.Random(7)
        self._heeds = heeds
        self._refuses = refuses

    def answer(self, request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        query = {name: values[0] for name, values in parse_qs(urlsplit(str(request.url)).query).items()}
        asked = [query["sort"], *json.loads(query["where"])]
        if any(one in self._refuses for one in asked):
            return 400, {}, as_json(own_no(400))
        where = json.loads(query["where"])
        found = [one for one in self.items if where.get("_updated", one["_updated"]) == one["_updated"]]
        self._chance.shuffle(found)
        for key in reversed(query["sort"].split(",")[: self._heeds]):
            found.sort(key=lambda one, key=key: one[key.lstrip("-")], reverse=key.startswith("-"))  # type: ignore[misc]
        number, size = int(query["page"]), int(query["max_results"])
        items = found[(number - 1) * size : number * size]
        return 200, {}, as_json(page(*items, number=number, size=size, total=len(found)))


@pytest.mark.parametrize(
    ("heeds", "refuses", "calls"),
    [(2, (), 4), (1, (), 9), (1, ("-_updated,_id",), 10), (1, ("-_updated,_id", "_updated"), 8), (1, ("_updated",), 7)],
    ids=["two keys", "one heeded", "one taken", "no filter either", "one heeded, no filter"],
)
def test_no_change_is_missed_where_those_of_one_second_come_in_any_order(
    amili: responses.RequestsMock, heeds: int, refuses: Sequence[str], calls: int
) -> None:
    seconds = _Seconds(heeds=heeds, refuses=refuses)
    amili.add_callback(responses.GET, CASES, seconds.answer, content_type="application/json")
    found = [case.id for case in client().cases_changed_since(CREDITOR, SINCE)]
    assert sorted(found) == [item["_id"] for item in seconds.items[:300]]
    assert len(amili.calls) <= calls


@pytest.mark.parametrize("refused", [["null"], ["false"], ["null", "false"], ["null", "false", "creditor"]])
@pytest.mark.parametrize("shown", [{}, {"closed": False}, {"closed": None}], ids=["absent", "false", "null"])
def test_a_filter_that_is_refused_hides_no_open_case(
    amili: responses.RequestsMock, refused: list[str], shown: dict[str, Any]
) -> None:
    documents = [*_cases(3, **shown), case_document("old", closed=True), case_document("other", creditor="another")]

    def answer(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        where = json.loads(parse_qs(urlsplit(str(request.url)).query).get("where", ["{}"])[0])
        spelled = [json.dumps(where["closed"])] if "closed" in where else []
        if any(one in refused for one in [*spelled, *where]):
            return 400, {}, as_json(own_no(400))
        fitting = [one for one in documents if all(one.get(name) == value for name, value in where.items())]
        return 200, {}, as_json(page(*fitting))

    amili.add_callback(responses.GET, CASES, answer, content_type="application/json")
    assert sorted(case.id for case in client().open_cases(CREDITOR)) == ["c0", "c1", "c2"]


@pytest.mark.parametrize("status", [403, 404])
def test_whom_amili_refuses_to_answer_gets_no_wider_list(amili: responses.RequestsMock, status: int) -> None:
    amili.get(CASES, status=status, json=own_no(status))
    cases = client().open_cases(CREDITOR)
    with pytest.raises(Refused):
        list(cases)


@pytest.mark.parametrize(
    "items",
    [
        [_changed("a", "08:10:00"), _changed("b", "09:00:00")],
        [_changed("a", "07:00:00"), _changed("b", "09:00:00")],
        [_changed("a", "09:00:00") | {"_updated": "yesterday"}],
        [_changed("a", "09:00:00") | {"creditor": None}],
        [_changed("a", "09:00:00") | {"creditor": "another"}],
    ],
    ids=["not sorted", "not sorted, the first too old", "no age", "no creditor", "another's"],
)
def test_changes_that_may_be_incomplete_are_unreadable(
    amili: responses.RequestsMock, items: list[dict[str, Any]]
) -> None:
    amili.get(CASES, json=page(*items))
    cases = client().cases_changed_since(CREDITOR, SINCE)
    with pytest.raises(Unreadable):
        list(cases)


def test_a_next_page_that_is_newer_is_unreadable(amili: responses.RequestsMock) -> None:
    first = page(_changed("a", "09:00:00"), size=1, total=2)
    second = page(_changed("b", "09:30:00"), number=2, size=1, total=2)
    for number, answer in enumerate((first, second), start=1):
        match = responses.matchers.query_param_matcher({"page": number}, strict_match=False)
        amili.get(CASES, json=answer, match=[match])
    cases = client().cases_changed_since(CREDITOR, SINCE)
    with pytest.raises(Unreadable):
        list(cases)


# amili/API.md, "Payouts", from the vendor's example.
LINE: dict[str, Any] = {
    "creditor_name": "Testbolaget AB",
    "currency": "SEK",
    "amount": 60,
    "vat_amount": 15,
    "total_amount": 75,
    "article": "reminder",
    "state": "reminder",
    "booking_date": "Tue, 02 Sep 2025 00:00:00 GMT",
    "finance_category": "creditor_commission",
    "invoice_number": "INV-2025-003",
    "payout_reference": "1031186",
    "payout_date": None,
    "payout": "68b7f49cb8903ae30ebb86ff",
}


def test_payout_lines_by_change(amili: responses.RequestsMock) -> None:
    amili.get(LINES, json=page(_changed("a", "09:00:00", **LINE), _changed("b", "07:00:00")))
    (line,) = client().payout_lines_since(CREDITOR, SINCE)
    assert (line.amount, line.vat_amount, line.total_amount) == (Decimal(60), Decimal(15), Decimal(75))
    assert (line.category, line.article, line.state) == ("creditor_commission", "reminder", "reminder")
    assert str(line.booked_on) == "2025-09-02"
    assert (line.invoice_number, line.payout_id, line.payout_date) == ("INV-2025-003", LINE["payout"], None)


def test_an_unknown_article_and_a_negative_amount_are_kept_as_they_came(amili: responses.RequestsMock) -> None:
    odd = {"amount": -180.5, "article": "reversal", "finance_category": "else"}
    amili.get(LINES, json=page(_changed("a", "09:00:00", **odd)))
    (line,) = client().payout_lines_since(CREDITOR, SINCE)
    assert (line.amount, line.article, line.category, line.total_amount) == (
        Decimal("-180.50"),
        "reversal",
        "else",
        None,
    )


def test_the_lines_of_a_payout(amili: responses.RequestsMock) -> None:
    amili.get(LINES, json=page(_changed("a", "09:00:00", **LINE)))
    assert [line.id for line in client().lines_of_payout("p")] == ["a"]
    assert json.loads(_params(amili)[0]["where"]) == {"payout": "p"}


def test_payouts_by_change_and_by_id(amili: responses.RequestsMock) -> None:
    shown = _changed(
        "p",
        "09:00:00",
        total_amount=2110.0,
        status="who knows",
        summary={"capital": 2050.0},
        payout_date="Thu, 04 Sep 2025 00:00:00 GMT",
        payout_reference=4711,
    )
    amili.get(PAYOUTS, json=page(shown, _changed("q", "07:00:00")))
    amili.get(f"{PAYOUTS}/p", json=shown)
    (payout,) = client().payouts_since(CREDITOR, SINCE)
    assert payout == client().payout("p")
    assert (payout.total_amount, payout.status, payout.payout_reference) == (Decimal(2110), "who knows", "4711")
    assert payout.summary == {"capital": Decimal("2050.0")}
    assert str(payout.payout_date) == "2025-09-04"
