"""Odoo's customers in our neutral form: who owes, by which identity number, and where the invoice went.

Source: odoo.md section 4.
"""

from __future__ import annotations

from connector.domain.invoice import Address, Customer, CustomerType
from connector.hosts.odoo import fields, records
from connector.hosts.odoo.records import Record
from connector.hosts.odoo.settings import OdooSettings

CUSTOMER_FIELDS = {
    "number": "ref",
    "name": "name",
    "email": "email",
    "phone": "phone",
}
"""Customer <- res.partner of `commercial_partner_id`: who owes, whichever contact the invoice went to."""

ADDRESS_FIELDS = {
    "address_line_1": "street",
    "address_line_2": "street2",
    "zip_code": "zip",
    "city": "city",
    "country": "country_code",
}
"""Address <- res.partner: of `partner_id` the invoice's, of `commercial_partner_id` the customer card's."""

SHORTEST_NUMBER = 10
"""Digits of the shortest Swedish identity number (domain.md 2.1)."""


def customer(document: Record, settings: OdooSettings) -> Customer:
    """Who owes the invoice of a host document, and where it was sent. Raises `Unreadable`."""
    card = records.part(document, "commercial_partner")
    if not card:
        return Customer(id="")
    addressee = records.part(document, "partner")
    return Customer(
        id=str(records.value(card, "id")),
        number=records.text(card, CUSTOMER_FIELDS["number"]),
        name=records.text(card, CUSTOMER_FIELDS["name"]),
        customer_type=CustomerType.COMPANY if records.value(card, "is_company") else CustomerType.PERSON,
        id_number=_id_number(card, settings),
        email=records.text(card, CUSTOMER_FIELDS["email"]) or records.text(addressee, CUSTOMER_FIELDS["email"]),
        phone=_phone(card) or _phone(addressee),
        address=_address(card),
        invoice_address=_address(addressee),
        sole_trader=_decision(card, settings.sole_trader_field),
        protected_identity=_decision(card, settings.protected_identity_field),
        never_send=bool(card[fields.NEVER_SEND]) if fields.NEVER_SEND in card else None,
    )


def _phone(card: Record) -> str:
    """The mobile number, where there is one: Odoo has had no field for it since 19."""
    return str(card.get("mobile") or "").strip() or records.text(card, CUSTOMER_FIELDS["phone"])


def _decision(card: Record, field: str | None) -> bool | None:
    """What a person decided in a field of the customer; None where there is no field for it."""
    return bool(records.value(card, field)) if field else None


def _id_number(card: Record, settings: OdooSettings) -> str:
    return identity_field(card, settings)[1]


def identity_field(card: Record, settings: OdooSettings) -> tuple[str, str]:
    """Which field of a customer holds its identity number, and what stands there; two empty texts for none.

    It is the first field long enough to be a number, else the first that looks like a mistyped one. "1" or
    "saknas" stands in these fields of real ledgers and means that there is no number. A mistyped number is
    handed on, so that a person is told to mend it.
    """
    texts = [(field, text) for field in settings.id_number_fields if (text := records.text(card, field))]
    for least in (SHORTEST_NUMBER, 2):
        for field, text in texts:
            if _digits(text) >= least:
                return field, text
    return "", ""


def _digits(text: str) -> int:
    return sum(character.isdigit() for character in text)


def _address(partner: Record) -> Address:
    return Address(**{ours: records.text(partner, theirs) for ours, theirs in ADDRESS_FIELDS.items()})
