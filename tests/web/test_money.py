"""The page of money at Amili, and its CSV."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest

from connector.domain.hand_over import Origin
from connector.flows.follow_up import case_reading
from connector.flows.money import payouts
from connector.sandbox.amili.lines import make_payout
from connector.sandbox.amili.settling import debtor_pays
from connector.sandbox.amili.state import GUIDE_CREDITOR
from connector.store.connections import DEFAULT_ACCESS
from tests.flows.hand_over_steps import begun, driven
from tests.flows.stage import CONNECTION, Stage
from tests.web.conftest import add_company
from tests.web.visitor import Visitor

PAGE = f"/connections/{CONNECTION}/money"


def sent(house: Stage, price: str = "1000", name: str = "Kund AB") -> str:
    """An invoice that is at Amili; its case's id."""
    invoice = house.invoice(house.customer(name=name), price=price)
    return driven(house, begun(house, invoice, origin=Origin.COMMAND)).case_id


def read_all(house: Stage) -> None:
    """What the worker reads of Amili by itself."""
    connection = house.deployment.connection(CONNECTION)
    amili, _ = house.deployment.sides(connection)
    payouts.read(house.deployment, connection, amili)
    house.let_cases_be_read()
    case_reading.read(house.deployment, lambda _job: None, DEFAULT_ACCESS)


def rows(eva: Visitor) -> list[dict[str, str]]:
    answer = eva.get(f"{PAGE}.csv")
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def test_nothing_at_amili_is_said(eva: Visitor) -> None:
    assert "Ingen faktura är hos Amili." in eva.page(PAGE).text
    assert rows(eva) == []


def test_what_was_claimed_paid_and_paid_out_is_shown_by_invoice(house: Stage, eva: Visitor) -> None:
    case = sent(house)
    other = sent(house, price="2000")
    debtor_pays(house.amili, case, Decimal("500.00"))
    make_payout(house.amili, GUIDE_CREDITOR)
    debtor_pays(house.amili, case, Decimal("100.00"))
    read_all(house)

    by_case = {row["case_id"]: row for row in rows(eva)}
    shown = eva.page(PAGE).text

    assert by_case[case]["claimed"] == "1250.00"
    assert (by_case[case]["paid"], by_case[case]["paid_out"], by_case[case]["to_come"]) == (
        "600.00",
        "500.00",
        "100.00",
    )
    assert (by_case[other]["claimed"], by_case[other]["paid_out"]) == ("2500.00", "0.00")
    assert "3 750,00 kr" in shown
    assert "Utbetalningar lästes senast" in shown


def test_what_is_not_known_is_not_zero(house: Stage, eva: Visitor) -> None:
    sent(house)

    (row,) = rows(eva)

    assert (row["claimed"], row["paid"], row["remaining"]) == ("1250.00", "", "")
    assert "Utbetalningar har inte lästs ännu" in eva.page(PAGE).text


@pytest.mark.parametrize("name", ["=1+1", "+46 AB", "-Rabatt AB", "@firma"])
def test_a_name_is_no_formula_in_a_spreadsheet(house: Stage, eva: Visitor, name: str) -> None:
    sent(house, name=name)

    (row,) = rows(eva)

    assert row["debtor"] == f"'{name}"


SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}
"""What ends a cell, by the reader's locale or by what they choose as they open the file."""


@pytest.mark.parametrize("separator", SEPARATORS.values(), ids=SEPARATORS)
def test_no_cell_of_a_name_is_a_formula_whatever_ends_a_cell_for_the_reader(
    house: Stage, eva: Visitor, separator: str
) -> None:
    names = [
        f"Berg{between}{sign}cmd|' /C calc'!A0"
        for between in (";", '; "', "\t", "|", "\n", '";', ",")
        for sign in "=+-@"
    ]
    for name in names:
        sent(house, name=name)

    answer = eva.get(f"{PAGE}.csv").data.decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(answer, newline=""), delimiter=separator) for cell in row]

    assert sum("cmd" in cell for cell in cells) == len(names)
    assert [cell for cell in cells if cell.strip(' "').startswith(("=", "+", "-", "@"))] == []


@pytest.mark.parametrize("name", ["Berg & Söner AB", "Anna-Lisa Öberg", "A+B; Stockholm", "info@berg.example"])
def test_a_name_that_begins_no_formula_is_left_as_it_is(house: Stage, eva: Visitor, name: str) -> None:
    sent(house, name=name)

    (row,) = rows(eva)

    assert row["debtor"] == name


def test_another_companys_money_is_not_there(house: Stage, eva: Visitor) -> None:
    add_company(house.deployment, "another")

    for address in ("/connections/another/money", "/connections/another/money.csv"):
        assert eva.get(address).status_code == 404
