from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from connector.amili.models import (
    ORIGINAL_INVOICE_FIELD,
    Account,
    Case,
    Creditor,
    Page,
    Registration,
    RegistrationReceipt,
    is_closed,
)
from tests.amili.samples import (
    CASE_ID,
    CREDITOR,
    PERSONAL_NUMBER,
    RECEIPT,
    SIGNED_ADDRESS,
    case_document,
    page,
)


def test_the_guides_receipt() -> None:
    receipt = RegistrationReceipt.model_validate(RECEIPT)
    assert receipt.registration_id == "68b7f49cb8903ae30ebb85ec"
    assert receipt.case_id == CASE_ID
    assert receipt.ocr_number == "20252463478311301072"
    assert receipt.ocr_number_ids == ("68b7f49cb8903ae30ebb85f0",)


@pytest.mark.parametrize("ocr", [{}, {"_ocr_numbers_ocr": None}, {"_ocr_numbers_ocr": []}])
def test_a_receipt_without_payment_reference_is_still_one(ocr: dict[str, Any]) -> None:
    receipt = RegistrationReceipt.model_validate({"_id": "r", "_cases": ["c"], "new": {"field": 1}, **ocr})
    assert receipt.case_id == "c"
    assert receipt.ocr_number == ""


def test_a_payment_reference_sent_as_a_number_stays_exact() -> None:
    receipt = RegistrationReceipt.model_validate({**RECEIPT, "_ocr_numbers_ocr": [20252463478311301072]})
    assert receipt.ocr_number == "20252463478311301072"


@pytest.mark.parametrize("cases", [[], ["a", "b"], None, CASE_ID, [""]])
def test_without_exactly_one_case_it_is_a_receipt_that_names_none(cases: object) -> None:
    receipt = RegistrationReceipt.model_validate(RECEIPT | {"_cases": cases})
    assert receipt.registration_id == RECEIPT["_id"]
    assert receipt.case_id == ""


@pytest.mark.parametrize("change", [{"_cases": [None]}, {"_id": None}, {"_id": ""}])
def test_without_an_id_or_with_what_is_no_list_of_ids_it_is_no_receipt(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        RegistrationReceipt.model_validate(RECEIPT | change)


def test_a_case_as_shown() -> None:
    case = Case.model_validate(
        case_document(
            _created="Wed, 03 Sep 2025 07:56:11 GMT",
            _updated="no time",
            case_registration="68b7f49cb8903ae30ebb85ec",
            total_remaining_capital_amount=Decimal("1000.5"),
            local_remaining_capital_amount=2050,
        )
    )
    assert (case.id, case.creditor, case.invoice_number) == (CASE_ID, CREDITOR, "INV-2025-003")
    assert (case.state, case.status) == ("debt_collection", "debt_collection_active")
    assert case.registration_id == "68b7f49cb8903ae30ebb85ec"
    assert case.created_at == datetime(2025, 9, 3, 7, 56, 11, tzinfo=UTC)
    assert case.updated_at is None
    assert case.remaining_capital == Decimal("1000.50")
    assert case.local.remaining_capital == Decimal("2050.00")


def test_an_unknown_state_is_kept_as_it_came() -> None:
    case = Case.model_validate(case_document(state="efterbevakning?", status=None))
    assert (case.state, case.status) == ("efterbevakning?", "")


def test_a_numeric_invoice_number_is_text() -> None:
    assert Case.model_validate({"_id": "c", "debt": {"invoice_number": 778899}}).invoice_number == "778899"


@pytest.mark.parametrize("debt", [None, "x", [], {}])
def test_a_case_without_its_debt_can_be_read(debt: object) -> None:
    case = Case.model_validate({"_id": "c", "debt": debt})
    assert case.invoice_number is None
    assert case.capital_to_claim is None


@pytest.mark.parametrize(
    ("amounts", "remaining"),
    [
        ({}, None),
        ({"local_remaining_capital_amount": Decimal("12.34")}, Decimal("12.34")),
        ({"total_remaining_capital_amount": 0, "local_remaining_capital_amount": 5}, Decimal("0.00")),
        ({"total_remaining_capital_amount": None, "local_remaining_capital_amount": 5}, Decimal("5.00")),
        ({"total_remaining_capital_amount": Decimal("10.005")}, Decimal("10.01")),
        ({"total_remaining_capital_amount": "much"}, None),
        ({"total_remaining_capital_amount": True}, None),
        ({"total_remaining_capital_amount": Decimal("NaN")}, None),
        ({"total_remaining_capital_amount": Decimal("1e999999")}, None),
    ],
)
def test_an_amount_that_is_not_shown_is_unknown_and_never_zero(
    amounts: dict[str, Any], remaining: Decimal | None
) -> None:
    assert Case.model_validate(case_document(**amounts)).remaining_capital == remaining


@pytest.mark.parametrize("closed", [None, False, "", {}, [], {"date": None, "reason": ""}, [{}]])
def test_open_whatever_the_type_of_closed(closed: object) -> None:
    assert not is_closed(Case.model_validate(case_document(closed=closed)))
    assert not is_closed(Case.model_validate(case_document()))


@pytest.mark.parametrize(
    "closed", [True, "Wed, 03 Sep 2025 07:56:11 GMT", {"reason": "paid"}, [{"reason": "paid"}], ["paid"], 1]
)
def test_closed_whatever_the_type_of_closed(closed: object) -> None:
    assert is_closed(Case.model_validate(case_document(closed=closed)))


@pytest.mark.parametrize(
    ("value", "shown"),
    [(SIGNED_ADDRESS, True), ({"file": "x"}, True), (None, False), ("", False), ({}, False), ([], False)],
)
def test_an_uploaded_invoice_is_told_but_its_address_is_not_kept(value: object, shown: bool) -> None:
    case = Case.model_validate(case_document() | {ORIGINAL_INVOICE_FIELD: value})
    assert case.original_invoice_shown is shown
    assert "canary-signature" not in f"{case!r} {case.model_dump()}"
    assert not Case.model_validate(case_document()).original_invoice_shown


def test_a_case_keeps_nothing_of_the_debtor() -> None:
    case = Case.model_validate(case_document(closed={"by": "Canary Öberg"}))
    assert "Canary" not in repr(case)
    assert PERSONAL_NUMBER not in repr(case)
    assert PERSONAL_NUMBER not in str(case.model_dump())


def test_a_creditor() -> None:
    creditor = Creditor.model_validate(
        {
            "_id": CREDITOR,
            "account": "a",
            "name": "Canary AB",
            "organization_no": "5560269986",
            "is_active": True,
            "creditor_number": 2000037,
            "payout_details": {"sek": {"bankgiro": "123-4567"}},
        }
    )
    assert creditor.account == "a"
    assert creditor.is_active is True
    assert creditor.has_payout_account is True
    assert creditor.creditor_number == "2000037"
    assert creditor.organization_number == "5560269986"
    # A sole trader's name and number are a person's.
    assert "Canary" not in repr(creditor)
    assert "5560269986" not in repr(creditor)


@pytest.mark.parametrize(
    ("details", "has"),
    [({}, False), ({"sek": {}}, False), ({"sek": {"bankgiro": ""}}, False), ({"sek": {"iban": "SE1"}}, True)],
)
def test_whether_a_creditor_can_be_paid_out(details: object, has: bool) -> None:
    assert Creditor.model_validate({"_id": "c", "payout_details": details}).has_payout_account is has


def test_what_amili_does_not_say_of_a_creditor_is_unknown() -> None:
    creditor = Creditor.model_validate({"_id": "c", "name": None})
    assert creditor.is_active is None
    assert creditor.has_payout_account is None
    assert creditor.name == ""


def test_an_account_does_not_show_who_it_is() -> None:
    account = Account.model_validate({"_id": "a", "name": "Canary", "organization_no": PERSONAL_NUMBER})
    assert repr(account) == "Account(id='a')"


def test_a_registration_read_back() -> None:
    whole = Registration.model_validate(
        {
            "_id": "r",
            "creditor": "c",
            "_cases": ["x"],
            "debts": [{"invoice_number": 12}, {}, "?", {"invoice_number": "A"}],
        }
    )
    assert whole.case_ids == ("x",)
    assert whole.invoice_numbers == ("12", "A")
    bare = Registration.model_validate({"_id": "r", "_cases": None, "debts": None})
    assert (bare.case_ids, bare.invoice_numbers, bare.created_at) == ((), (), None)


def test_a_page_does_not_show_its_items() -> None:
    assert PERSONAL_NUMBER not in repr(Page.model_validate(page(case_document())))
