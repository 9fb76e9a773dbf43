"""Who is claimed where the invoice and the customer card name two, and that nothing of the one goes with the other."""

from __future__ import annotations

import pytest

from connector.domain.assess import assess
from connector.domain.debtor import build_debtor, read_debtor
from connector.domain.invoice import Address, Customer, CustomerType, InvoicedParty
from connector.domain.invoiced import Named, same_name
from tests.domain.clean_invoice import (
    COMPANY_NUMBER,
    PERSON_NUMBER,
    TODAY,
    a_customer,
    a_person,
    an_address,
    an_invoice,
    circumstances,
    settings,
)
from tests.said import en, sv

OTHER_NUMBER = "5560269986"
CARD = {"email": "card@card.example", "phone": "070-174 06 05"}
ON_INVOICE = {"email": "buyer@invoice.example", "phone": "073-123 45 67"}


def card(name: str, id_number: str, invoiced_name: str, invoiced_number: str, **changes: object) -> Customer:
    party = InvoicedParty(name=invoiced_name, id_number=invoiced_number, **ON_INVOICE)
    return a_customer(**{"name": name, "id_number": id_number, "invoiced": party, **CARD, **changes})


@pytest.mark.parametrize(
    ("customer", "named", "name", "digits", "from_card"),
    [
        (card("Prov AB", COMPANY_NUMBER, "Prov AB", COMPANY_NUMBER), Named.SAME, "Prov AB", COMPANY_NUMBER, True),
        (card("Prov AB", COMPANY_NUMBER, "Prov AB", ""), Named.SAME, "Prov AB", COMPANY_NUMBER, True),
        (card("Prov AB", COMPANY_NUMBER, "PROV", "556016-068"), Named.SAME, "Prov AB", COMPANY_NUMBER, True),
        (card("Prov AB", COMPANY_NUMBER, "", ""), Named.SAME, "Prov AB", COMPANY_NUMBER, True),
        (card("Prov AB", COMPANY_NUMBER, "", "SE556016068001"), Named.SAME, "Prov AB", COMPANY_NUMBER, True),
        # The firm has another name now: the PDF shows that of the day.
        (card("Nytt AB", COMPANY_NUMBER, "Prov AB", "556016-0680"), Named.SAME, "Prov AB", COMPANY_NUMBER, False),
        (card("Prov AB", "", "Prov AB", COMPANY_NUMBER), Named.SAME, "Prov AB", COMPANY_NUMBER, False),
        (card("Prov AB", COMPANY_NUMBER, "Köp AB", ""), Named.OTHER_NAME, "Köp AB", "", False),
        (card("Prov AB", "", "Köp AB", OTHER_NUMBER), Named.OTHER_NAME, "Köp AB", OTHER_NUMBER, False),
        (card("Prov AB", COMPANY_NUMBER, "Köp AB", OTHER_NUMBER), Named.OTHER_NUMBER, "Köp AB", OTHER_NUMBER, False),
        (card("Prov AB", COMPANY_NUMBER, "Prov AB", OTHER_NUMBER), Named.OTHER_NUMBER, "Prov AB", OTHER_NUMBER, False),
        (card("Diverse", PERSON_NUMBER, "Karin Prov", "900101-1239"), Named.SAME, "Karin Prov", PERSON_NUMBER, False),
    ],
)
def test_the_one_on_the_invoice_is_claimed_from_one_place(
    customer: Customer, named: Named, name: str, digits: str, from_card: bool
) -> None:
    reading = read_debtor(customer, today=TODAY)
    assert reading.named is named
    assert reading.customer.name == name
    assert (reading.identity.digits if reading.identity else "") == digits
    contact = CARD if from_card else ON_INVOICE
    assert (reading.customer.email, reading.customer.phone) == (contact["email"], contact["phone"])


def test_of_another_neither_the_cards_address_nor_its_kind_is_told() -> None:
    customer = card("Prov AB", COMPANY_NUMBER, "Karin Prov", PERSON_NUMBER, invoice_address=Address())
    reading = read_debtor(customer, today=TODAY)
    assert reading.address == Address()
    assert reading.is_company is False
    assert build_debtor(reading) is None


@pytest.mark.parametrize(
    ("kind", "name", "number", "is_company"),
    [
        (CustomerType.PERSON, "Kim Annan", "", False),
        (CustomerType.PERSON, "Köp AB", OTHER_NUMBER, True),
        (CustomerType.PERSON, "Köp", OTHER_NUMBER, True),
        (CustomerType.COMPANY, "Köp AB", "", True),
        (CustomerType.COMPANY, "Kim Annan", "", None),
        (CustomerType.COMPANY, "Kim Annan", PERSON_NUMBER, False),
    ],
)
def test_another_counts_as_a_consumer_unless_its_own_data_say_company(
    kind: CustomerType, name: str, number: str, is_company: bool | None
) -> None:
    assert read_debtor(card("Prov", "", name, number, customer_type=kind), today=TODAY).is_company is is_company


def test_the_cards_number_is_never_sent_with_another_name() -> None:
    invoice = an_invoice(customer=card("Diverse kunder", PERSON_NUMBER, "Karin Prov", ""))
    judged = assess(invoice, settings(), circumstances())
    assert {"E2", "E16"} <= {finding.code for finding in judged.findings}
    assert judged.claim is None or PERSON_NUMBER not in judged.claim.model_dump_json()


def test_a_difference_shows_both_but_no_number_and_nothing_of_the_protected() -> None:
    customer = card("Prov AB", COMPANY_NUMBER, "Karin 900101-1239 Prov", "")
    (found,) = [
        one for one in assess(an_invoice(customer=customer), settings(), circumstances()).findings if one.code == "E16"
    ]
    for text in (sv(found), en(found)):
        assert "Prov AB" in text
        assert "Karin Prov" in text
        assert "1239" not in text
    hidden = customer.model_copy(update={"protected_identity": True})
    assert "E16" not in {one.code for one in assess(an_invoice(customer=hidden), settings(), circumstances()).findings}


def test_what_the_card_says_of_insolvency_since_is_seen() -> None:
    customer = card("Prov AB i konkurs", COMPANY_NUMBER, "Prov AB", COMPANY_NUMBER)
    judged = assess(an_invoice(customer=customer), settings(), circumstances())
    assert [one.code for one in judged.findings] == ["E8"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Prov AB", "prov aktiebolag"),
        ("Prov AB (publ)", "AB Prov"),
        ("Karin Prov", "Prov, Karin"),
        ("Karin  Anna-Lisa Prov", "Prov Karin Anna Lisa"),
        ("Prov & Son HB", "Prov och Son Handelsbolag"),
        ("P.R.O.V. AB", "PROV A.B."),
        ("Provgården ek. för.", "Provga\u030arden Ekonomisk förening"),
        ("AB", "ab"),
    ],
)
def test_names_of_one(one: str, other: str) -> None:
    assert same_name(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Karin Prov", "Kim Prov"),
        ("Prov AB", "Prov Syd AB"),
        ("Prov Bygg AB", "Prov Måleri AB"),
        ("AB", "HB"),
        ("Prov", ""),
    ],
)
def test_names_of_two(one: str, other: str) -> None:
    assert not same_name(one, other)


def test_a_ledger_that_keeps_no_name_of_the_day_claims_the_card() -> None:
    reading = read_debtor(a_person(address=an_address()), today=TODAY)
    assert reading.named is Named.SAME
    assert reading.customer.customer_type is CustomerType.PERSON
