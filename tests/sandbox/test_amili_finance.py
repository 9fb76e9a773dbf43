"""What Amili pays out, and what happens there without its API. Source: amili/API.md, "Payouts"."""

from __future__ import annotations

from typing import Any

import pytest

from connector.sandbox.amili.state import GUIDE_CREDITOR
from connector.sandbox.shared.switches import AmiliSwitches
from tests.sandbox.conftest import Caller

LINES = "/finance--payout-specifications"
PAYOUTS = "/finance--payouts"


def pays(amili: Caller, case: str, **body: Any) -> list[str]:
    answer = amili.client.post(f"/_sandbox/cases/{case}/pay", json=body)
    assert answer.status_code == 201
    made: list[str] = answer.get_json()["payout_lines"]
    return made


def pay_out(amili: Caller) -> str:
    return str(amili.client.post("/_sandbox/payouts", json={"creditor": GUIDE_CREDITOR}).get_json()["_id"])


def items(amili: Caller, path: str, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = amili.get(path, **query).get_json()["_items"]
    return found


def test_a_debtor_who_pays_at_amili_closes_the_case_and_makes_lines(amili: Caller) -> None:
    case = amili.case()
    made = pays(amili, case)
    assert amili.shown(case)["closed"]["reason"] == "closed_by_payment"
    capital, fee = items(amili, LINES)
    assert [capital["_id"], fee["_id"]] == made
    assert (capital["finance_category"], capital["article"], capital["total_amount"]) == ("capital", "capital", 2050)
    assert (fee["finance_category"], fee["article"], fee["total_amount"]) == ("creditor_outlay", "reminder", 60)
    assert (capital["invoice_number"], capital["creditor"]) == ("INV-2025-003", GUIDE_CREDITOR)
    assert "payout" not in capital
    assert amili.get(f"{LINES}/{made[0]}").get_json() == capital
    assert amili.get(f"{LINES}/nowhere").status_code == 404


def test_a_part_payment_leaves_the_case_open_and_is_never_more_than_owed(amili: Caller) -> None:
    case = amili.case()
    pays(amili, case, amount=50.25)
    assert amili.shown(case)["local_remaining_capital_amount"] == 1999.75
    pays(amili, case, amount=9999)
    assert sum(line["total_amount"] for line in items(amili, LINES)) == 2110


def test_a_payment_to_the_creditor_is_not_paid_out(amili: Caller) -> None:
    body = {
        "creditor": GUIDE_CREDITOR,
        "case": amili.case(),
        "currency": "SEK",
        "amount": 100,
        "bank_transaction_date": "Mon, 01 Sep 2025 00:00:00 GMT",
        "origin": "creditor_system",
    }
    assert amili.act("payments", body).status_code == 201
    assert items(amili, LINES) == []


def test_a_payout_gathers_the_lines_that_wait_and_changes_them(amili: Caller) -> None:
    pays(amili, amili.case("INV-1"))
    amili.clock.forward(1800)
    first = pay_out(amili)
    pays(amili, amili.case("INV-2"), amount=10)
    second = pay_out(amili)
    lines = items(amili, LINES, where=f'{{"payout":"{first}"}}')
    assert [line["article"] for line in lines] == ["capital", "reminder"]
    assert all(line["_updated"] != line["_created"] for line in lines)
    assert {line["payout_date"] for line in lines} == {"Sun, 22 Nov 2026 00:00:00 GMT"}
    payout = amili.get(f"{PAYOUTS}/{first}").get_json()
    assert (payout["total_amount"], payout["summary"]) == (2110, {"capital": 2050, "reminder": 60})
    assert {line["payout_reference"] for line in lines} == {payout["payout_reference"]}
    assert [one["_id"] for one in items(amili, PAYOUTS)] == [first, second]
    assert amili.get(f"{PAYOUTS}/{second}").get_json()["total_amount"] == 10


@pytest.mark.parametrize("shows", [True, False])
def test_payouts_can_be_asked_for_by_creditor_or_not(amili: Caller, shows: bool) -> None:
    pay_out(amili)
    amili.state.switches.set(AmiliSwitches(payout_shows_creditor=shows, payout_status="sent"))
    assert len(items(amili, PAYOUTS, where=f'{{"creditor":"{GUIDE_CREDITOR}"}}')) == (1 if shows else 0)
    assert len(items(amili, PAYOUTS)) == 1


def test_a_new_state_is_kept_in_the_history(amili: Caller) -> None:
    case = amili.case()
    amili.clock.forward(60)
    amili.client.post(f"/_sandbox/cases/{case}", json={"state": "enforcement", "status": "enforcement_active"})
    amili.client.post(f"/_sandbox/cases/{case}", json={"state": "enforcement"})
    shown = amili.shown(case)
    assert [entry["state"] for entry in shown["state_history"]] == ["initializing", "debt_collection", "enforcement"]
    assert shown["latest_state_date"] == shown["state_history"][-1]["state_date"]


def test_finance_shows_only_what_the_caller_may_see(amili: Caller) -> None:
    pays(amili, amili.case())
    pay_out(amili)
    key = amili.state.public_key("the-api-code")
    assert key is not None
    amili.state.register_key("the-api-code", key, accounts=())
    assert items(amili, LINES) == items(amili, PAYOUTS) == []
    amili.headers = {}
    for path in (LINES, PAYOUTS, f"{LINES}/x", f"{PAYOUTS}/x"):
        assert amili.get(path).status_code == 401
