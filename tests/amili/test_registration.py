from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from connector.amili import registration as module
from connector.amili.fields import to_json
from connector.amili.models import CaseRegistration, ClaimedFees
from connector.amili.registration import registration_body
from connector.domain.claim import UNCONFIRMED_FEE_KEYS, LatePaymentFee
from connector.domain.connection import FirstAction
from connector.domain.invoice import Address
from connector.domain.money import InexactAmount
from tests.amili.samples import PERSONAL_NUMBER, guide_claim, person_claim

# fmt: off
GUIDE = {
    "account": "674dbeaf08847b9501cc9132",
    "creditor": "674dbeb208847b9501cc9138",
    "first_action": "debt_collection",
    "currency": "SEK",
    "customer": {
        "name": "ACME Inc.",
        "id_number": "5560269986",
        "is_company": True,
        "address": {
            "address_line_1": "Storgatan 42",
            "zip_code": "12345",
            "city": "Stockholm",
            "country": "SE"
        }
    },
    "debts": [{
        "invoice_number": "INV-2025-003",
        "debt_description": "Services",
        "invoice_date": "Mon, 07 Jul 2025 00:00:00 GMT",
        "capital_to_claim": 2050.0,  # 2000 + 50 invoice fee
        "invoice_due_days_after_invoice_date": 31,
        "fees_included_in_capital_to_claim": {
            "invoice_fee": 50.0
        },
        "fees_already_claimed": {
            "reminder": {
                "amount": 60.0,
                "fee_registration_date": "Mon, 11 Aug 2025 00:00:00 GMT"
            }
        }
    }]
}
# fmt: on


def _sent(claim: Any) -> dict[str, Any]:
    sent: dict[str, Any] = json.loads(to_json(registration_body(claim)), parse_float=Decimal)
    return sent


def test_the_guides_example_comes_out_byte_for_byte() -> None:
    assert to_json(registration_body(guide_claim())) == json.dumps(GUIDE).encode()


def test_a_person_is_sent_with_twelve_digits_and_the_flag() -> None:
    assert _sent(person_claim())["customer"] == {
        "name": "Canary Öberg",
        "id_number": PERSONAL_NUMBER,
        "is_company": False,
        "address": {
            "address_line_1": "Canarygatan 1",
            "zip_code": "11122",
            "city": "Luleå",
            "country": "SE",
        },
        "mobile_number": "+46709876543",
        "email": "canary@example.se",
    }


def test_the_flag_of_a_person_can_be_left_out_but_a_companys_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SEND_IS_COMPANY_FOR_PERSONS", False)
    assert "is_company" not in _sent(person_claim())["customer"]
    assert _sent(guide_claim())["customer"]["is_company"] is True


def test_first_action_is_the_claims() -> None:
    assert _sent(person_claim())["first_action"] == "reminder"


def test_what_is_empty_is_left_out() -> None:
    claim = guide_claim()
    debtor = claim.debtor.model_copy(update={"id_number": "", "address": Address(country="SE")})
    bare = claim.model_copy(
        update={"debtor": debtor, "debt_description": "", "invoice_fee": None, "reminder_fee": None}
    )
    sent = _sent(bare)
    assert sent["customer"] == {"name": "ACME Inc.", "is_company": True, "address": {"country": "SE"}}
    assert sent["debts"] == [
        {
            "invoice_number": "INV-2025-003",
            "invoice_date": "Mon, 07 Jul 2025 00:00:00 GMT",
            "capital_to_claim": Decimal("2050.0"),
            "invoice_due_days_after_invoice_date": 31,
        }
    ]


def test_no_address_at_all_is_left_out() -> None:
    claim = guide_claim()
    nowhere = claim.model_copy(update={"debtor": claim.debtor.model_copy(update={"address": Address()})})
    assert "address" not in _sent(nowhere)["customer"]


def test_a_fee_of_nothing_is_no_fee() -> None:
    claim = guide_claim()
    assert claim.reminder_fee
    free = claim.model_copy(
        update={
            "invoice_fee": Decimal("0.00"),
            "reminder_fee": claim.reminder_fee.model_copy(update={"amount": Decimal("0.00")}),
        }
    )
    assert not {"fees_included_in_capital_to_claim", "fees_already_claimed"} & set(_sent(free)["debts"][0])


@given(st.decimals(min_value="0.01", max_value="99999999999.99", places=2))
def test_every_amount_arrives_to_the_ore(amount: Decimal) -> None:
    claim = guide_claim().model_copy(update={"capital_to_claim": amount, "invoice_fee": None})
    assert _sent(claim)["debts"][0]["capital_to_claim"] == amount


def test_an_amount_that_a_number_cannot_carry_is_an_error() -> None:
    claim = guide_claim().model_copy(update={"capital_to_claim": Decimal("90071992547409930.01")})
    with pytest.raises(InexactAmount):
        to_json(registration_body(claim))


@pytest.mark.parametrize(
    "change",
    [
        {"account": ""},
        {"creditor": ""},
        {"invoice_number": ""},
        {"currency": "EUR"},
        {"due_days": -1},
        {"capital_to_claim": Decimal("0.00")},
        {"capital_to_claim": Decimal("-5.00")},
        {"capital_to_claim": Decimal("49.99")},  # less than the invoice fee inside it
        {"capital_to_claim": Decimal("2050.001")},
    ],
)
def test_a_claim_that_cannot_be_one_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        registration_body(guide_claim().model_copy(update=change))


@pytest.mark.parametrize("number", ["19811218-9876", "8112189876x", "81121898", "8112189876\n"])
def test_an_identity_number_is_digits_only_and_never_quoted(number: str) -> None:
    claim = guide_claim()
    debtor = claim.debtor.model_copy(update={"id_number": number})
    with pytest.raises(ValidationError) as caught:
        registration_body(claim.model_copy(update={"debtor": debtor}))
    assert number.strip() not in str(caught.value)


def test_unknown_fields_are_never_sent() -> None:
    body = registration_body(guide_claim()).model_dump()
    with pytest.raises(ValidationError):
        CaseRegistration.model_validate({**body, "is_person": False})
    with pytest.raises(ValidationError):
        CaseRegistration.model_validate({**body, "debts": [*body["debts"], *body["debts"]]})
    reminder = {"amount": Decimal(60), "fee_registration_date": date(2025, 8, 11)}
    for key in UNCONFIRMED_FEE_KEYS:
        with pytest.raises(ValidationError):
            ClaimedFees.model_validate({"reminder": reminder, key: reminder})


@pytest.mark.parametrize("taken", [False, True])
@pytest.mark.parametrize("in_capital", [False, True])
def test_a_late_payment_compensation_is_sent_where_the_switch_says_so(
    monkeypatch: pytest.MonkeyPatch, taken: bool, in_capital: bool
) -> None:
    monkeypatch.setattr(module, "SEND_LATE_PAYMENT_FEE", taken)
    late = LatePaymentFee(amount=Decimal("450.00"), date=date(2025, 8, 12), in_capital=in_capital)
    claim = guide_claim().model_copy(update={"late_payment_fee": late, "invoice_fee": None, "reminder_fee": None})
    (debt,) = json.loads(to_json(registration_body(claim)))["debts"]
    included, claimed = debt.get("fees_included_in_capital_to_claim"), debt.get("fees_already_claimed")
    charged = {"amount": 450.0, "fee_registration_date": "Tue, 12 Aug 2025 00:00:00 GMT"}
    assert included == ({"late_payment_fee": 450.0} if taken and in_capital else None)
    assert claimed == ({"late_payment_fee": charged} if taken and not in_capital else None)
    both = json.loads(to_json(registration_body(guide_claim().model_copy(update={"late_payment_fee": late}))))["debts"][
        0
    ]
    assert ("late_payment_fee" in both["fees_already_claimed"]) is (taken and not in_capital)
    assert both["fees_already_claimed"]["reminder"]["amount"] == 60.0
    assert both["fees_included_in_capital_to_claim"]["invoice_fee"] == 50.0


def test_another_first_action_is_sent_as_it_is() -> None:
    body = registration_body(guide_claim().model_copy(update={"first_action": "surveillance"}))
    assert json.loads(to_json(body))["first_action"] == "surveillance"


def test_the_second_address_line_is_not_sent() -> None:
    assert b"c/o" not in to_json(registration_body(person_claim()))


def test_a_registration_shows_nothing_of_the_debtor() -> None:
    shown = repr(registration_body(person_claim()))
    for personal in (PERSONAL_NUMBER, "Canary", "Luleå", "11122", "canary@example.se", "709876543"):
        assert personal not in shown
    assert FirstAction.REMINDER.name in shown
