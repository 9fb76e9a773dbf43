"""What names say of who owes, and the names of trades that must pass."""

from __future__ import annotations

import pytest

from connector.domain.assess import assess
from tests.domain.clean_invoice import (
    COMPANY_NUMBER,
    a_customer,
    a_person,
    an_address,
    an_invoice,
    circumstances,
    settings,
)

ESTATES = [
    "Dödsboet efter Karin Prov",
    "Dödsbo Karin Prov",
    "Karin Provs dödsbo",
    "KARIN PROV DÖDSBO",
    "Karin Prov (dödsbo)",
    "Karin Prov, dödsboet",
    "Karin Prov – dödsbo",
    "Sterbhuset Karin Prov",
    "Karin Provs sterbhus",
    "Estate of Karin Prov",
    "The Estate of Karin Prov",
    "Do\u0308dsboet\u00a0efter Karin Prov",
    "Dodsboet efter Karin Prov",
    "Dödsboet efter Karin Prov, c/o Advokat Prov AB",
]
INSOLVENT = [
    "Konkursboet efter Provbolaget AB",
    "Provbolaget AB:s konkursbo",
    "Konkursbo Provbolaget AB",
    "Provbolaget AB i konkurs",
    "PROVBOLAGET AB I KONKURS",
    "Provbolaget AB (konkurs)",
    "Provbolaget AB (i konkurs sedan 2026-01-12)",
    "Provbolaget AB, konkurs",
    "Provbolaget AB - konkurs",
    "Provbolaget AB – i konkurs",
    "Provbolaget AB (publ), konkurs",
    "Provbolaget AB i likvidation",
    "Provbolaget AB i frivillig likvidation",
    "Provbolaget AB i tvångslikvidation",
    "Provbolaget AB under rekonstruktion",
    "Provbolaget AB under företagsrekonstruktion",
    "Provbolaget AB (under företagsrekonstruktionen)",
    "Karin Prov under skuldsanering",
    "Karin Prov (skuldsanering)",
    "Provbolaget AB\u00a0i\u00a0konkurs",
    "Bankruptcy estate of Provbolaget AB",
    "Prov Ltd in bankruptcy",
    "Prov Ltd (in liquidation)",
    "Prov Ltd under reconstruction",
    "Prov Ltd, bankrupt",
]
PUBLIC = [
    "Teststads kommun",
    "Kommunen i Teststad",
    "Region Skåne",
    "Västra Götalandsregionen",
    "Stockholms stad",
    "Länsstyrelsen i Skåne län",
    "Skatteverket",
    "Polismyndigheten",
    "Teststads tingsrätt",
    "Municipality of Teststad",
    "Swedish Tax Agency",
]
TRADES = [
    "Provbolaget AB",
    "Dödsboservice Syd AB",
    "Dödsbo Express AB",
    "Dödsbo & Flytt",
    "Dödsbo-hjälpen",
    "Sterbhusboden",
    "Real Estate of Lund",
    "Real Estate of Sweden AB",
    "Estate of Mind AB",
    "Konkursförvaltarbyrån",
    "Konkursförvaltarbyrån i Lund AB",
    "Juristerna i Konkurs AB",
    "Konkurs & Juridik AB",
    "Ackord, konkurs och obestånd AB",
    "Konkurs-juristen AB",
    "Konkursboauktioner AB",
    "Konkurslagret i Skövde",
    "Rekonstruktion Sverige AB",
    "Rekonstruktionsgruppen i Norden",
    "Likvidationsbyrån AB",
    "Liquidation Station",
    "Restructuring Advisors Ltd",
    "Skuldsaneringshjälpen",
    "Kommunkonsult AB",
    "Kommun Konsult AB",
    "Kommunalarbetarna",
    "Region Bygg AB",
    "Regionteknik",
    "Stadens Café",
    "Stockholms Stads Parkerings AB",
    "Bokverket",
]


def codes(name: str, *, number: str = COMPANY_NUMBER, line: str = "Storgatan 42") -> set[str]:
    """The findings on a customer of a name, with `number` and a first line of the address, not of its second."""
    place = an_address(address_line_1=line, address_line_2="Storgatan 42")
    customer = a_customer(name=name, id_number=number, address=place, invoice_address=place)
    found = assess(an_invoice(customer=customer), settings(), circumstances()).findings
    return {finding.code for finding in found} - {"E2", "E10"}


@pytest.mark.parametrize("name", ESTATES)
def test_an_estate_is_told_by_its_name(name: str) -> None:
    assert codes(name, number="") == {"E7"}
    person = a_person(name=name)
    found = assess(an_invoice(customer=person), settings(), circumstances()).findings
    assert [finding.code for finding in found] == ["E7"]


@pytest.mark.parametrize("name", INSOLVENT)
def test_insolvency_is_told_by_the_name(name: str) -> None:
    assert codes(name) == {"E8"}
    assert codes(name, number="") == {"E8"}


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_body_is_told_by_its_name(name: str) -> None:
    assert codes(name, number="") == {"E13"}
    assert codes(name, number="2021000001") == {"E13"}
    assert codes(name) == set(), "its number says that it is a company"


@pytest.mark.parametrize("name", TRADES)
def test_a_trade_that_carries_such_a_word_is_a_company_like_any_other(name: str) -> None:
    assert codes(name) == set()
    assert codes(name, number="") == set()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("c/o Dödsboet efter Karin Prov", {"E7"}),
        ("C/O Konkursboet Provbolaget AB", {"E8"}),
        ("c/o Provbolaget AB i konkurs", {"E8"}),
        ("c/o Dödsboservice Syd AB", set()),
        ("c/o Konkursförvaltarbyrån", set()),
        ("Konkursgatan 3", set()),
    ],
)
def test_the_c_o_line_tells_it_too(line: str, expected: set[str]) -> None:
    assert codes("Karin Prov", number="", line=line) == expected


def test_a_person_is_no_public_body() -> None:
    person = a_person(name="Kim Kommun")
    assert not assess(an_invoice(customer=person), settings(), circumstances()).findings


def test_what_was_found_shows_no_name() -> None:
    customer = a_customer(name="Dödsboet efter Karin Prov", id_number="")
    assert "Karin" not in str(assess(an_invoice(customer=customer), settings(), circumstances()).findings)
