"""How many customers have an identity number: counted page by page, told without any number."""

from __future__ import annotations

import json
from typing import Any

import pytest
import responses

from connector.domain.errors import ConfigurationError
from connector.hosts.odoo.coverage import identity_coverage, require_fields
from connector.hosts.odoo.settings import OdooSettings
from tests.hosts.odoo.recorded_documents import SETTINGS, client, endpoint, says, sent

SEARCH = "res.partner/search_read"


def card(number: int, registry: object, vat: object = False) -> dict[str, Any]:
    return {"id": number, "company_registry": registry, "vat": vat}


@responses.activate
def test_each_customer_counts_once_by_the_field_that_holds_the_number() -> None:
    cards = [
        card(1, "556016-0680"),
        card(2, "19900101-1239"),
        card(3, "1", "SE556016068001"),
        card(4, "556016-0680", "SE556016068001"),
        card(5, "556016-0681"),
        card(6, "saknas"),
        card(7, False),
    ]
    says(SEARCH, cards)

    found = identity_coverage(client(), SETTINGS)

    assert (found.customers, found.valid) == (7, 4)
    assert found.by_field == {"company_registry": 3, "vat": 1}
    assert "556016" not in repr(found)


@responses.activate
def test_only_those_who_can_owe_are_counted_within_the_company() -> None:
    says(SEARCH, [])
    identity_coverage(client(), SETTINGS)
    ((_, body),) = sent()
    assert body["domain"][1:] == [
        ["customer_rank", ">", 0],
        "|",
        ["is_company", "=", True],
        ["parent_id", "=", False],
    ]
    assert body["fields"] == ["company_registry", "vat"]
    assert body["context"] == {"allowed_company_ids": [1]}


@responses.activate
def test_customers_come_in_pages_that_nobody_can_slip_through() -> None:
    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        body = json.loads(request.body)
        (_, _, after), limit = body["domain"][0], body["limit"]
        cards = [card(number, "556016-0680") for number in range(after + 1, 2501)][:limit]
        return 200, {"Content-Type": "application/json"}, json.dumps(cards)

    responses.add_callback(responses.POST, endpoint(SEARCH), callback=answer)

    assert identity_coverage(client(), SETTINGS).customers == 2500
    assert len(sent()) == 3


@responses.activate
def test_a_ledger_without_customers_has_none_covered() -> None:
    says(SEARCH, [])
    found = identity_coverage(client(), SETTINGS)
    assert (found.customers, found.valid, found.by_field) == (0, 0, {"company_registry": 0, "vat": 0})


@pytest.mark.parametrize(
    "setting",
    [{"id_number_fields": ("x_pnr", "vat")}, {"sole_trader_field": "x_pnr"}, {"protected_identity_field": "x_pnr"}],
)
@responses.activate
def test_a_field_that_this_odoo_does_not_have_is_told_in_words(setting: dict[str, Any]) -> None:
    says("res.partner/fields_get", {"company_registry": {"type": "char"}, "vat": {"type": "char"}})
    with pytest.raises(ConfigurationError, match="no field x_pnr") as error:
        require_fields(client(), OdooSettings(company_id=1, **setting))
    assert error.value.advice


@responses.activate
def test_fields_that_are_there_are_nothing_to_tell() -> None:
    says("res.partner/fields_get", {"company_registry": {"type": "char"}, "vat": {"type": "char"}})
    require_fields(client(), SETTINGS)
    assert sent()[0][1]["context"] == {"allowed_company_ids": [1]}
