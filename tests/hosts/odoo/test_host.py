"""The Odoo host where its sandbox cannot show it: several companies, missing fields, refusals, paging."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
import responses
from responses import matchers

from connector.domain.errors import ConfigurationError, NotAuthorised, OutcomeUnknown, Refused
from connector.hosts import opening
from connector.hosts.base import WriteBack
from connector.hosts.odoo.fields import ADDED
from connector.hosts.odoo.host import NEEDED_RIGHTS, OdooHost
from connector.hosts.odoo.settings import OdooSettings, odoo_settings
from connector.resources import read_template
from tests.hosts.odoo.recorded_documents import SETTINGS, URL, client, endpoint, says, says_recorded, sent
from tests.said import en

SEARCH = "account.move/search_read"
REQUESTS = "x_amili_request/search_read"
NOTE = WriteBack("68a1f0", "Registrerat", datetime(2026, 11, 22, 14, 0, tzinfo=timezone(timedelta(hours=1))))
WRITTEN = {"x_amili_case_id": "68a1f0", "x_amili_status": "Registrerat", "x_amili_date": "2026-11-22 13:00:00"}
EMPTY = dict.fromkeys(WRITTEN, False)


def host(**changes: Any) -> OdooHost:
    return OdooHost(client(), SETTINGS.model_copy(update=changes))


def has_fields(*names: str, requests: bool = True) -> None:
    says("account.move/fields_get", {name: {"type": "char"} for name in names})
    if requests:
        says(REQUESTS, [])


def customers_have(*names: str) -> None:
    says("res.partner/fields_get", {name: {"type": "char"} for name in names})


def says_user(*companies: int) -> None:
    says("res.users/context_get", {"uid": 5, "lang": "sv_SE", "tz": False})
    says("res.users/read", [{"id": 5, "login": "connector", "company_ids": list(companies)}])


def says_identity(
    *,
    registry: object = "556677-8899",
    vat: object = False,
    expires: list[str] | None = None,
    fields: tuple[str, ...] = (),
    requests: bool = True,
) -> None:
    responses.get(f"{URL}/json/version", json={"version": "19.0"})
    says_user(1)
    has_fields(*fields, requests=requests)
    customers_have("company_registry", "vat")
    company = {"id": 1, "name": "Testbolaget AB", "company_registry": registry, "vat": vat, "parent_id": False}
    says("res.company/search_read", [company])
    says("res.lang/get_installed", [["en_US", "English (US)"]])
    says("product.product/search_read", [{"id": 2, "name": "Fakturaavgift", "default_code": "FAKTAVG"}])
    keys = [{"id": number, "expiration_date": day} for number, day in enumerate(expires or [])]
    says("res.users.apikeys/search_read", keys)
    says("account.bank.statement.line/search_read", [{"id": 9, "date": "2026-11-20", "journal_id": [12, "Bank"]}])
    says("account.payment/search_read", [])


def grants(*, without: tuple[str, str] = ("", "")) -> None:
    for model, operation, _ in NEEDED_RIGHTS:
        responses.post(
            endpoint(f"{model}/has_access"),
            json=(model, operation) != without,
            match=[
                matchers.json_params_matcher(
                    {"ids": [], "operation": operation, "context": {"allowed_company_ids": [1]}}
                )
            ],
        )


@responses.activate
def test_check_tells_who_the_ledger_is() -> None:
    says_identity(expires=["2027-02-19 19:42:58"])
    grants()

    identity = host().check()

    assert (identity.company, identity.organization_number) == ("Testbolaget AB", "5566778899")
    assert (identity.version, identity.user, identity.missing_rights) == ("19.0", "connector", ())
    assert (identity.bank_booked_until, identity.key_expires) == (date(2026, 11, 20), date(2027, 2, 19))


@pytest.mark.parametrize(
    ("registry", "vat", "number"),
    [
        ("16556677-8899", False, "5566778899"),
        ("5566778899", False, "5566778899"),
        (False, "SE556677889901", "5566778899"),
        ("okänt", "SE 556677-8899 01", "5566778899"),
        ("1", False, ""),
        (False, False, ""),
    ],
)
@responses.activate
def test_where_the_companys_number_stands(registry: object, vat: object, number: str) -> None:
    says_identity(registry=registry, vat=vat)
    grants()
    assert host().check().organization_number == number


@pytest.mark.parametrize("expires", [[], ["2027-02-19 19:42:58", "2026-12-01 00:00:00"]])
@responses.activate
def test_the_date_of_a_key_that_cannot_be_told_apart_is_not_guessed(expires: list[str]) -> None:
    says_identity(expires=expires)
    grants()
    assert host().check().key_expires is None


@pytest.mark.parametrize(("model", "operation", "words"), NEEDED_RIGHTS)
@responses.activate
def test_a_missing_right_is_named_in_words(model: str, operation: str, words: str) -> None:
    says_identity()
    grants(without=(model, operation))
    assert host().check().missing_rights == (words,)


@responses.activate
def test_a_key_that_sees_several_companies_must_choose() -> None:
    says_user(1, 3)
    chosen_by_nobody = host(company_id=None)
    with pytest.raises(ConfigurationError, match="several companies") as error:
        chosen_by_nobody.read("7")
    assert "company_id" in error.value.advice
    assert [call for call, _ in sent()] == ["res.users/context_get", "res.users/read"]


@responses.activate
def test_a_key_that_sees_one_company_asks_once() -> None:
    says_user(4)
    says(SEARCH, [])
    single = host(company_id=None)
    has_fields()
    for _ in range(2):
        single.overdue(today=date(2026, 11, 22))
    calls = sent()
    assert [call for call, _ in calls].count("res.users/read") == 1
    assert all(body["context"] == {"allowed_company_ids": [4]} for call, body in calls if call == SEARCH)


@responses.activate
def test_write_back_writes_only_what_differs() -> None:
    has_fields(*WRITTEN)
    says(SEARCH, [{"id": 7, **WRITTEN, "x_amili_status": "Skickat"}])
    says("account.move/write", True)
    says(SEARCH, [{"id": 7, **WRITTEN}])

    result = host().write_back("7", NOTE)

    assert (result.places, en(result.refused)) == (tuple(WRITTEN), "")
    written = [body for call, body in sent() if call == "account.move/write"]
    assert [body["vals"] for body in written] == [{"x_amili_status": "Registrerat"}]


@responses.activate
def test_write_back_uses_the_fields_there_are() -> None:
    has_fields("x_amili_case_id")
    says(SEARCH, [{"id": 7, "x_amili_case_id": False}])
    says("account.move/write", True)
    says(SEARCH, [{"id": 7, "x_amili_case_id": "68a1f0"}])

    assert host().write_back("7", NOTE).places == ("x_amili_case_id",)
    (written,) = [body for call, body in sent() if call == "account.move/write"]
    assert written["vals"] == {"x_amili_case_id": "68a1f0"}


@responses.activate
def test_write_back_says_what_did_not_stick() -> None:
    has_fields(*WRITTEN)
    says(SEARCH, [{"id": 7, **EMPTY}])
    says("account.move/write", True)
    says(SEARCH, [{"id": 7, **WRITTEN, "x_amili_status": False}])

    result = host().write_back("7", NOTE)

    assert result.places == ("x_amili_case_id", "x_amili_date")
    assert "x_amili_status" in en(result.refused)


@pytest.mark.parametrize("case", ["no_right", "user_error"])
@responses.activate
def test_a_refused_write_back_is_told_in_odoos_words(case: str) -> None:
    has_fields(*WRITTEN)
    says(SEARCH, [{"id": 7, **EMPTY}])
    says_recorded("account.move/write", case)

    result = host().write_back("7", NOTE)

    assert result.places == ()
    assert len(en(result.refused)) > 10


@responses.activate
def test_a_key_that_ran_out_is_no_refusal_of_the_write_back() -> None:
    has_fields(*WRITTEN)
    says(SEARCH, [{"id": 7, **EMPTY}])
    says_recorded("account.move/write", "bad_key")
    with pytest.raises(NotAuthorised):
        host().write_back("7", NOTE)


@responses.activate
def test_an_unanswered_write_back_is_unknown() -> None:
    has_fields(*WRITTEN)
    says(SEARCH, [{"id": 7, **EMPTY}])
    responses.post(endpoint("account.move/write"), status=504)
    with pytest.raises(OutcomeUnknown):
        host().write_back("7", NOTE)


@responses.activate
def test_without_the_fields_nothing_is_read_or_written() -> None:
    has_fields()
    bare = host()

    assert "not set up" in en(bare.write_back("7", NOTE).refused)
    assert bare.wish("7") is None
    assert list(bare.requested()) == []
    assert [call for call, _ in sent()] == ["account.move/fields_get"]


def request(number: int, **values: Any) -> dict[str, Any]:
    """An open request of a person's to send the invoice of that number, as Odoo answers it."""
    row = {"id": number, "x_invoice_id": [number, f"INV/{number}"], "x_first_action": False, "x_case_id": False}
    return {**row, "x_reason": False, "create_uid": [8, "Eva"], **values}


@responses.activate
def test_requests_are_read_page_by_page_and_the_newest_of_an_invoice_alone() -> None:
    has_fields(*ADDED, requests=False)

    def answer(asked: Any) -> tuple[int, dict[str, str], str]:
        domain = json.loads(asked.body)["domain"]
        assert ["x_company_id", "=", 1] in domain
        assert ["x_answered", "=", False] in domain
        below = next((limit for field, _, limit in domain if field == "id"), 3000)
        rows = [request(n, x_invoice_id=[n // 2, "INV"]) for n in range(2501, 0, -1) if n < below]
        return 200, {"Content-Type": "application/json"}, json.dumps(rows[:1000])

    responses.add_callback(responses.POST, endpoint(REQUESTS), callback=answer)

    found = list(host(answer_action_id=9).requested())

    assert [wish.invoice_id for wish in found] == [str(number) for number in range(1250, -1, -1)]
    assert found[0].mark == "x_amili_request,2501"
    assert {wish.by for wish in found} == {"Eva"}


@pytest.mark.parametrize(("kept", "provisioned"), [(True, True), (True, False), (False, True), (False, False)])
@responses.activate
def test_check_says_when_odoo_does_not_tell_who_asked(kept: bool, provisioned: bool) -> None:
    says_identity(fields=ADDED, requests=False)
    grants()
    if kept:
        says(REQUESTS, [])
    else:
        says_recorded(REQUESTS, "unknown_model")
    told = host(answer_action_id=9 if provisioned else None).check().to_mend
    assert bool(told) is not (kept and provisioned)
    assert all("odoo provision" in text for text in told)


@responses.activate
def test_wishes_fulfilled_while_reading_hide_no_others() -> None:
    has_fields(*ADDED)

    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        (*_, (_, _, seen)) = json.loads(request.body)["domain"]
        rows = [
            {
                "id": number,
                "x_amili_requested_at": "2026-11-22 13:00:00",
                "x_amili_case_id": False,
                "x_amili_requested_by": "Eva",
                "x_amili_first_action": "debt_collection",
            }
            for number in range(2500, 0, -1)
            if number not in seen
        ]
        return 200, {"Content-Type": "application/json"}, json.dumps(rows[:1000])

    responses.add_callback(responses.POST, endpoint(SEARCH), callback=answer)

    wishes = list(host().requested())

    assert [wish.invoice_id for wish in wishes] == [str(number) for number in range(2500, 0, -1)]
    assert {(wish.by, wish.first_action) for wish in wishes} == {("Eva", "debt_collection")}


@responses.activate
def test_two_invoices_with_one_number_are_not_told_apart() -> None:
    says(SEARCH, [{"id": 7, "name": "1001"}, {"id": 8, "name": "1001"}])
    with pytest.raises(Refused, match="several"):
        host().find("1001")


@responses.activate
def test_a_strange_currency_does_not_hide_the_list() -> None:
    has_fields()
    row = {
        "id": 7,
        "name": "INV/2026/00007",
        "commercial_partner_id": [6, "Kund AB"],
        "invoice_date": "2026-09-08",
        "invoice_date_due": "2026-10-08",
        "amount_total": 10.125,
        "amount_residual": 10.125,
        "currency_id": [90, "KWD"],
    }
    says(SEARCH, [row])

    (shown,) = host().overdue(today=date(2026, 11, 22), page=3, page_size=20)

    assert (shown.total, shown.currency) == (Decimal("10.13"), "KWD")
    asked = dict(sent())[SEARCH]
    assert (asked["limit"], asked["offset"]) == (20, 40)
    assert ["invoice_date_due", "<=", "2026-11-20"] in asked["domain"], "the last bank day before that Sunday"
    assert asked["fields"].count("x_amili_case_id") == 0


def test_the_example_document_is_one() -> None:
    document = json.loads(read_template("odoo/example-document.json"))
    invoice = opening.translate_document("odoo", document, {"fee_products": ["FAKTAVG"]})
    assert invoice.number == "INV/2026/00001"
    assert invoice.balance == Decimal("2550.00")


def test_settings_speak_of_what_is_wrong_and_never_of_its_value() -> None:
    with pytest.raises(ConfigurationError, match="id_number_fields") as error:
        odoo_settings({"id_number_fields": ["19900101-1239"]})
    assert "19900101" not in str(error.value)
    with pytest.raises(ConfigurationError, match="nonsense"):
        odoo_settings({"nonsense": 1})
    schema = OdooSettings.model_json_schema()
    assert all(prop.get("description") for prop in schema["properties"].values())


@responses.activate
def test_wishes_with_times_of_their_own_are_not_looked_for() -> None:
    assert host().wishes_taken_away(["7", "8"]) == frozenset()
    assert len(responses.calls) == 0
