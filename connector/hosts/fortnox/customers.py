"""Fortnox's customers in our neutral form: the card as it is today, and whom the invoice names.

An invoice keeps the name, number and address of the day on which it was made; the card can change at any time
(API.md, "Invoice").
"""

from __future__ import annotations

from connector.domain.invoice import Address, Customer, CustomerType, InvoicedParty
from connector.domain.phones import swedish_mobile
from connector.hosts.fortnox.documents import Record, one, text
from connector.hosts.fortnox.settings import FortnoxSettings

CUSTOMER_TYPES = {"COMPANY": CustomerType.COMPANY, "PRIVATE": CustomerType.PERSON}
"""CustomerType <- Customer.Type."""

ADDRESS_FIELDS = {
    "address_line_1": "Address1",
    "address_line_2": "Address2",
    "zip_code": "ZipCode",
    "city": "City",
}
"""Address <- Invoice and Customer alike. The country is a name on the invoice and a code on the customer."""

PHONE_FIELDS = ("Phone1", "Phone2")
EMAIL_FIELDS = ("Email", "EmailInvoice")

SWEDEN = {"sverige", "sweden"}
"""What the invoice calls the country whose code is SE."""


def customer(invoice: Record, card: Record, settings: FortnoxSettings) -> Customer:
    """The customer card, and whom the invoice names. What one of them may not show is left empty."""
    customer_number = text(card, "CustomerNumber") or text(invoice, "CustomerNumber")
    named = card if text(card, "Name") else invoice
    return Customer(
        id=customer_number,
        number=customer_number,
        name=text(card, "Name") or text(invoice, "CustomerName"),
        customer_type=CUSTOMER_TYPES.get(text(card, "Type").upper()),
        sole_trader=True if customer_number in settings.sole_traders else None,
        id_number=text(card, "OrganisationNumber") or text(named, "OrganisationNumber"),
        email=_first(*_texts(card, EMAIL_FIELDS)),
        phone=_phone(_texts(card, PHONE_FIELDS)),
        invoiced=_invoiced(invoice, card),
        address=_address(card, _country_code(card)),
        invoice_address=_address(invoice, _invoice_country(invoice, card)),
    )


def _invoiced(invoice: Record, card: Record) -> InvoicedParty:
    """Whom the invoice names. An address or telephone number that stands on the card too is the card's."""
    sent_to = text(one(invoice, "EmailInformation") or {}, "EmailAddressTo")
    known = {email.casefold() for email in _texts(card, EMAIL_FIELDS)}
    phones = [phone for phone in _texts(invoice, PHONE_FIELDS) if phone not in _texts(card, PHONE_FIELDS)]
    return InvoicedParty(
        name=text(invoice, "CustomerName"),
        id_number=text(invoice, "OrganisationNumber"),
        email="" if sent_to.casefold() in known else sent_to,
        phone=_phone(phones),
    )


def _texts(record: Record, fields: tuple[str, ...]) -> list[str]:
    return [found for field in fields if (found := text(record, field))]


def _first(*texts: str) -> str:
    return next(filter(None, texts), "")


def _phone(phones: list[str]) -> str:
    """The first mobile number, else the first number."""
    return _first(*(phone for phone in phones if swedish_mobile(phone)), *phones)


def _address(record: Record, country: str) -> Address:
    return Address(**{ours: text(record, theirs) for ours, theirs in ADDRESS_FIELDS.items()}, country=country)


def _country_code(card: Record) -> str:
    code = text(card, "CountryCode").upper()
    return code or ("SE" if text(card, "Country").casefold() in SWEDEN else "")


def _invoice_country(invoice: Record, card: Record) -> str:
    """The code of the country that the invoice names; the card's where they name the same, or the invoice none."""
    named = text(invoice, "Country").casefold()
    if named in SWEDEN:
        return "SE"
    return _country_code(card) if named in {"", text(card, "Country").casefold()} else ""
