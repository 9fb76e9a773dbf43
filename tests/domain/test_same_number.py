"""Which customer cards have a debtor's identity number under another name."""

from __future__ import annotations

from datetime import date

import pytest

from connector.domain.invoice import Customer, InvoicedParty
from connector.domain.same_number import NumberedCard, cards_of_another_name, number_to_search

TODAY = date(2026, 3, 20)
OWN = Customer(id="1", number="1017", name="Kund AB", id_number="556016-0680")


def found(name: str, *id_numbers: str, customer: Customer = OWN, number: str = "1018") -> tuple[str, ...]:
    return cards_of_another_name(customer, [NumberedCard(number, name, id_numbers)], today=TODAY)


@pytest.mark.parametrize(
    "spelling", ["556016-0680", "5560160680", "16556016-0680", "SE556016068001", "se 556016-0680 01", "556016–0680"]
)
def test_a_card_of_another_name_in_any_spelling_of_the_number(spelling: str) -> None:
    assert found("Annan Firma AB", "", spelling) == ("1018",)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("KUND Aktiebolag", "556016-0680"),
        ("AB Kund", "556016-0680"),
        ("Annan Firma AB", ""),
        ("Annan Firma AB", "saknas"),
        ("Annan Firma AB", "556016-0681"),
        ("Annan Firma AB", "556026-0680"),
    ],
)
def test_the_same_name_and_another_or_no_number_are_nothing(name: str, number: str) -> None:
    assert found(name, number) == ()


def test_a_person_by_ten_and_twelve_digits() -> None:
    person = Customer(id="1", number="7", name="Anna Berg", id_number="900101-1239")

    assert found("Bo Ek", "19900101-1239", customer=person) == ("1018",)
    assert found("Berg Anna", "199001011239", customer=person) == ()


def test_the_one_on_the_invoice_is_meant_and_not_the_card() -> None:
    invoiced = InvoicedParty(name="Gamla Bolaget AB", id_number="556677-8899")
    sold = OWN.model_copy(update={"invoiced": invoiced})

    assert number_to_search(sold, today=TODAY) == "5566778899"
    assert found("Annan Firma AB", "556677-8899", customer=sold) == ("1018",)
    assert found("Kund AB", "556677-8899", customer=sold) == ("1018",), "the card is another's, and so is its name"
    assert found("Annan Firma AB", "556016-0680", customer=sold) == ()


def test_both_names_of_a_company_that_was_renamed_are_its_own() -> None:
    renamed = OWN.model_copy(update={"invoiced": InvoicedParty(name="Gamla Kund AB", id_number="556016-0680")})

    assert found("Gamla Kund AB", "556016-0680", customer=renamed) == ()
    assert found("Kund AB", "556016-0680", customer=renamed) == ()
    assert found("Annan AB", "556016-0680", customer=renamed) == ("1018",)


@pytest.mark.parametrize("number", ["", "saknas", "556016-0681"])
def test_nothing_is_searched_for_without_a_valid_number(number: str) -> None:
    nameless = OWN.model_copy(update={"id_number": number})

    assert number_to_search(nameless, today=TODAY) == ""
    assert found("Annan Firma AB", number, customer=nameless) == ()


def test_a_card_that_is_called_by_a_personal_number_is_not_named_so() -> None:
    assert found("Annan Firma AB", "556016-0680", number="19900101-1239") == ("…",)
