"""Odoo's customers in our neutral form: who owes, by which identity number, and where the invoice went.

Source: API.md, "Customers".
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from connector.domain.invoice import Address, Customer, CustomerType
from connector.hosts.odoo import fields, number_lists, records
from connector.hosts.odoo.client import OdooClient
from connector.hosts.odoo.documents import company_context
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

_MOST_CARDS = 500


def customer(document: Record, settings: OdooSettings) -> Customer:
    """Return who owes the invoice of a host document, and where it was sent. Raises `Unreadable`."""
    card = records.part(document, "commercial_partner")
    if not card:
        return Customer(id="")
    partner = records.part(document, "partner")
    left = _has_left(partner, card, settings)
    # What belongs to another customer tells nothing of this one.
    addressee = card if left else partner
    return Customer(
        id=str(records.value(card, "id")),
        number=records.text(card, CUSTOMER_FIELDS["number"]),
        name=records.text(card, CUSTOMER_FIELDS["name"]),
        customer_type=CustomerType.COMPANY if records.value(card, "is_company") else CustomerType.PERSON,
        id_number=_id_number(card, settings),
        email=records.text(card, CUSTOMER_FIELDS["email"]) or records.text(addressee, CUSTOMER_FIELDS["email"]),
        phone=_phone(card) or _phone(addressee),
        addressee_left=left,
        address=_address(card),
        invoice_address=_address(addressee),
        sole_trader=_decision(card, settings.sole_trader_field),
        protected_identity=_decision(card, settings.protected_identity_field),
        never_send=bool(card[fields.NEVER_SEND]) if fields.NEVER_SEND in card else None,
    )


def _has_left(addressee: Record, card: Record, settings: OdooSettings) -> bool:
    """Return whether the contact whom the invoice went to belongs to another customer now: Odoo keeps the invoice's
    own.
    """
    if records.value(addressee, "id") == records.value(card, "id"):
        return False
    now = addressee.get("commercial_partner_id")
    if now:
        belongs_to = now[0] if isinstance(now, list) else now["id"] if isinstance(now, dict) else now
        return bool(belongs_to != records.value(card, "id"))
    # Contacts take the number of the company that they belong to (API.md, "Customers").
    numbers = [_only_digits(_id_number(partner, settings)) for partner in (addressee, card)]
    last = slice(-number_lists.SHORTEST_NUMBER, None)
    return all(numbers) and numbers[0][last] != numbers[1][last]


CARD_FIELDS = ("name", *ADDRESS_FIELDS.values())


def cards(
    client: OdooClient, customer_ids: Sequence[str], settings: OdooSettings, lists: Collection[str] = ()
) -> dict[str, Customer]:
    """These customers' cards, archived ones too, in one call for `_MOST_CARDS` of them.

    `lists` are the fields that are lists of numbers.
    """
    wanted = [int(one) for one in customer_ids if one.isascii() and one.isdigit()]
    fields_ = [*CARD_FIELDS, *settings.id_number_fields, *filter(None, (settings.protected_identity_field,))]
    found: dict[str, Customer] = {}
    for start in range(0, len(wanted), _MOST_CARDS):
        rows = number_lists.cards(
            client,
            [("id", "in", wanted[start : start + _MOST_CARDS])],
            list(dict.fromkeys(fields_)),
            lists,
            context={**company_context(settings), "active_test": False},
        )
        for row in rows:
            found[str(row["id"])] = Customer(
                id=str(row["id"]),
                name=records.text(row, CUSTOMER_FIELDS["name"]),
                id_number=_id_number(row, settings),
                address=_address(row),
                protected_identity=_decision(row, settings.protected_identity_field),
            )
    return found


def _phone(card: Record) -> str:
    """The mobile number, where there is one: Odoo has had no field for it since 19."""
    return str(card.get("mobile") or "").strip() or records.text(card, CUSTOMER_FIELDS["phone"])


def _decision(card: Record, field: str | None) -> bool | None:
    """Return what a person decided in a field of the customer; None where there is no field for it."""
    return bool(records.value(card, field)) if field else None


def _id_number(card: Record, settings: OdooSettings) -> str:
    return identity_field(card, settings)[1]


def identity_field(card: Record, settings: OdooSettings) -> tuple[str, str]:
    """Return which field of a customer holds its identity number, and what stands there; two empty texts for none.

    It is the first field long enough to be a number, else the first that looks like a mistyped one. "1" or
    "saknas" stands in these fields of real ledgers and means that there is no number. A mistyped number is
    handed on, so that a person is asked to fix it.
    """
    texts = [(field, text) for field in settings.id_number_fields for text in number_lists.believed_in(card, field)]
    for least in (number_lists.SHORTEST_NUMBER, 2):
        for field, text in texts:
            if _digits(text) >= least:
                return field, text
    return "", ""


def _digits(text: str) -> int:
    return len(_only_digits(text))


def _only_digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())


def _address(partner: Record) -> Address:
    return Address(**{ours: records.text(partner, theirs) for ours, theirs in ADDRESS_FIELDS.items()})
