"""The page by which a person says through which day receipts are booked, and what an invoice then shows."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.domain.dates import previous_bank_day, today
from connector.flows.hand_over.preview import preview
from connector.store import booked_through
from connector.web.app import create_app
from tests.flows.stage import CONNECTION, Stage
from tests.web.conftest import EMAIL
from tests.web.page import read
from tests.web.visitor import Visitor

PAGE = f"/connections/{CONNECTION}/receipts"
PASSED = previous_bank_day(today())


def said(house: Stage) -> list[tuple[str, str, str]]:
    history = booked_through.history(house.deployment.databases.main, CONNECTION)
    return [(one.account, one.through.isoformat(), one.by) for one in history]


def a3(house: Stage, invoice: str) -> list[str]:
    found = preview(house.deployment, CONNECTION, invoice).assessment
    assert found is not None
    return [one.severity for one in found.findings if one.code == "A3"]


def test_what_a_person_says_is_kept_and_holds(house: Stage, eva: Visitor) -> None:
    invoice = house.invoice()
    for line in house.ledger.books.records.search("account.bank.statement.line", [], order="id"):
        late = (today() - timedelta(days=21)).isoformat()
        house.ledger.books.records.update("account.bank.statement.line", line, {"date": late})
    before = a3(house, invoice)
    page = eva.page(PAGE)
    assert set(page.fields_shown) >= {"through"}
    assert set(page.fields_shown) <= page.labelled
    assert PAGE in eva.page(f"/connections/{CONNECTION}/").links

    response = eva.submit(PAGE, PAGE, through=PASSED.isoformat())

    assert response.status_code == 303
    shown = eva.page(response.headers["Location"]).text
    assert f"Sparat: inbetalningarna är bokförda till och med {PASSED}." in shown
    assert EMAIL in shown
    assert said(house) == [("", PASSED.isoformat(), EMAIL)]
    assert before
    assert a3(house, invoice) == []


@pytest.mark.parametrize(
    ("through", "words"),
    [
        ("", "Ange en dag."),
        ("snart", "Ange en dag."),
        (today().isoformat(), "Dagen är inte över."),
        ((today() + timedelta(days=1)).isoformat(), "Dagen är inte över."),
    ],
)
def test_only_a_day_that_is_over_can_be_said(through: str, words: str, house: Stage, eva: Visitor) -> None:
    response = eva.submit(PAGE, PAGE, through=through)

    assert response.status_code == 422
    assert words in read(response.text).text
    assert said(house) == []


def test_an_account_that_the_ledger_does_not_show_is_none(house: Stage, eva: Visitor) -> None:
    token = eva.page(PAGE).form(PAGE).fields
    response = eva.client.post(PAGE, data=token | {"through": PASSED.isoformat(), "account": "999"})

    assert response.status_code == 422
    assert said(house) == []


def test_what_was_said_last_holds(house: Stage, eva: Visitor) -> None:
    earlier = previous_bank_day(PASSED)
    for day in (PASSED, earlier):
        assert eva.submit(PAGE, PAGE, through=day.isoformat()).status_code == 303

    assert booked_through.latest(house.deployment.databases.main, CONNECTION) == {"": earlier}
    assert len(said(house)) == 2


def test_it_needs_the_token_of_the_form_and_the_company(house: Stage, eva: Visitor) -> None:
    assert eva.client.post(PAGE, data={"through": PASSED.isoformat()}).status_code == 400
    assert eva.get("/connections/finns-inte/receipts").status_code == 404
    assert said(house) == []


def test_whoever_is_not_signed_in_sees_nothing(house: Stage) -> None:
    assert Visitor(create_app(house.deployment)).get(PAGE).status_code in (302, 303, 401)
