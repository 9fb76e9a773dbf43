"""Who the claim is against and where it is sent."""

from __future__ import annotations

import pytest

from connector.domain import debtor as debtor_module
from connector.domain.debtor import build_debtor, delivery_line, read_debtor
from connector.domain.invoice import Address, CustomerType
from connector.domain.phones import swedish_mobile
from tests.domain.clean_invoice import COMPANY_NUMBER, PERSON_NUMBER, TODAY, a_customer, a_person, an_address

COMPANY, PERSON = CustomerType.COMPANY, CustomerType.PERSON


@pytest.mark.parametrize(
    ("number", "customer_type", "sole_trader", "is_company"),
    [
        (COMPANY_NUMBER, COMPANY, None, True),
        (COMPANY_NUMBER, None, None, True),
        (COMPANY_NUMBER, PERSON, None, None),
        (COMPANY_NUMBER, PERSON, True, None),
        (PERSON_NUMBER, PERSON, None, False),
        (PERSON_NUMBER, None, None, False),
        (PERSON_NUMBER, COMPANY, None, None),
        (PERSON_NUMBER, COMPANY, True, True),
        (PERSON_NUMBER, COMPANY, False, False),
        (PERSON_NUMBER, PERSON, True, True),
        (PERSON_NUMBER, None, True, True),
        ("", COMPANY, None, True),
        ("", PERSON, None, False),
        ("", None, None, None),
        ("", None, False, None),
        ("", None, True, True),
        ("SE900101123901", COMPANY, None, None),
    ],
)
def test_is_company_is_decided_by_card_number_and_person(
    number: str, customer_type: CustomerType | None, sole_trader: bool | None, is_company: bool | None
) -> None:
    customer = a_customer(id_number=number, customer_type=customer_type, sole_trader=sole_trader)
    assert read_debtor(customer, today=TODAY).is_company is is_company


@pytest.mark.parametrize("answer", [True, False])
def test_a_sole_trader_is_sent_as_the_constant_says(answer: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debtor_module, "SOLE_TRADER_IS_COMPANY", answer)
    customer = a_customer(id_number=PERSON_NUMBER, sole_trader=True)
    debtor = build_debtor(read_debtor(customer, today=TODAY))
    assert debtor is not None
    assert debtor.is_company is answer
    assert debtor.id_number == PERSON_NUMBER


def test_the_invoices_address_is_sent() -> None:
    customer = a_customer(invoice_address=an_address(address_line_1="Fakturagatan 1"))
    assert read_debtor(customer, today=TODAY).address.address_line_1 == "Fakturagatan 1"


@pytest.mark.parametrize("invoiced", [Address(), Address(country="SE"), Address(city="  ")])
def test_the_cards_address_is_sent_if_the_invoice_has_none(invoiced: Address) -> None:
    customer = a_customer(address=an_address(address_line_1="Kortgatan 2"), invoice_address=invoiced)
    assert read_debtor(customer, today=TODAY).address.address_line_1 == "Kortgatan 2"


def test_an_address_is_never_put_together_from_two() -> None:
    customer = a_customer(invoice_address=an_address(zip_code=""))
    reading = read_debtor(customer, today=TODAY)
    assert reading.address.zip_code == ""
    assert build_debtor(reading) is None


@pytest.mark.parametrize(
    ("zip_code", "country", "sent"),
    [
        ("123 45", "SE", "12345"),
        ("SE-123 45", "se", "12345"),
        ("S-12345", "SE", "12345"),
        ("123\u00a045", "SE", "12345"),
        ("0150", "NO", "0150"),
        ("EC1A 1BB", "GB", "EC1A 1BB"),
    ],
)
def test_a_swedish_postal_code_is_sent_as_digits(zip_code: str, country: str, sent: str) -> None:
    place = an_address(zip_code=zip_code, country=country)
    debtor = build_debtor(read_debtor(a_customer(invoice_address=place), today=TODAY))
    assert debtor is not None
    assert debtor.address.zip_code == sent
    assert debtor.address.country == country.upper()


@pytest.mark.parametrize(
    ("phone", "sent"),
    [
        ("070-987 65 43", "+46709876543"),
        ("+46 (0)70-987 65 43", "+46709876543"),
        ("+46709876543", "+46709876543"),
        ("46701740605", "+46701740605"),
        ("+46 070-174 06 05", "+46701740605"),
        ("070\u2011174\u201106\u201105", "+46701740605"),
        ("070\u00a0174\u00a006\u00a005", "+46701740605"),
        ("Mobil: 070-174 06 05", "+46701740605"),
        ("070-174 06 05 (Eva)", "+46701740605"),
        ("tel:+46701740605", "+46701740605"),
        ("078-123 45 67", "+46781234567"),
        ("０７０－１７４０６０５", "+46701740605"),
        ("070.174.06.05", "+46701740605"),
        ("074-060 50 00", ""),
        ("0046 73 123 45 67", "+46731234567"),
        ("076–123 45 67", "+46761234567"),
        ("08-123 456 78", ""),
        ("0771-793 336", ""),
        ("070-987 65", ""),
        ("070-987 65 43 / 08-12 34 56", ""),
        ("+4790123456", ""),
        ("70 987 65 43", ""),
        ("", ""),
    ],
)
def test_only_a_clear_swedish_mobile_number_is_sent(phone: str, sent: str) -> None:
    assert swedish_mobile(phone) == sent


@pytest.mark.parametrize(
    ("email", "sent"),
    [
        ("jane.doe@domain.se", "jane.doe@domain.se"),
        (' "Jane Doe" <jane@domain.se> ', "jane@domain.se"),
        ("ekonomi@domain.se; jane@domain.se", "ekonomi@domain.se"),
        ("saknas", ""),
        ("jane@localhost", ""),
        ("", ""),
    ],
)
def test_the_first_readable_email_address_is_sent(email: str, sent: str) -> None:
    debtor = build_debtor(read_debtor(a_customer(email=email), today=TODAY))
    assert debtor is not None
    assert debtor.email == sent


def test_a_foreign_number_is_not_sent() -> None:
    customer = a_customer(id_number="DE123456789", invoice_address=an_address(country="DE", zip_code="10115"))
    debtor = build_debtor(read_debtor(customer, today=TODAY))
    assert debtor is not None
    assert debtor.id_number == ""
    assert debtor.is_company is True


def test_a_protected_identity_makes_no_debtor() -> None:
    assert build_debtor(read_debtor(a_person(protected_identity=True), today=TODAY)) is None


def test_nothing_personal_is_in_a_repr() -> None:
    reading = read_debtor(a_person(email="karin@prov.se", phone="070-987 65 43"), today=TODAY)
    shown = repr(reading) + repr(build_debtor(reading))
    for secret in ("Karin", "1239", "Storgatan", "Stockholm", "12345", "karin@", "9876543"):
        assert secret not in shown


@pytest.mark.parametrize(
    ("first", "second", "sent"),
    [
        ("Storgatan 42", "", "Storgatan 42"),
        ("", "Storgatan 42", "Storgatan 42"),
        ("c/o Nils Prov", "Provgatan 12", "c/o Nils Prov, Provgatan 12"),
        ("Ekonomiavdelningen", "Box 123", "Ekonomiavdelningen, Box 123"),
        ("Avd 3, plan 2", "Storgatan 42", "Avd 3, plan 2, Storgatan 42"),
        ("Norrgården", "Lillby", "Norrgården, Lillby"),
        ("Storgatan 42", "c/o Nils Prov", "Storgatan 42"),
        ("Box 12", "Storgatan 42", "Box 12"),
        ("Att. Eva", "Byn 14, pnr 900101-1239", "Att. Eva, Byn 14, pnr"),
    ],
)
def test_the_street_is_sent_whichever_line_it_stands_in(first: str, second: str, sent: str) -> None:
    place = an_address(address_line_1=first, address_line_2=second)
    debtor = build_debtor(read_debtor(a_customer(invoice_address=place), today=TODAY))
    assert debtor is not None
    assert delivery_line(debtor.address) == sent
