"""What has changed on a customer's card since its debt was sent (H7 of RULES.md, "H: after the registration")."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from connector.domain.checks.special_debtors import estate_or_insolvent
from connector.domain.debtor import read_debtor
from connector.domain.invoice import Customer


class Part(StrEnum):
    """A part of the card that was sent to Amili."""

    NAME = "name"
    NUMBER = "number"
    ADDRESS = "address"


class Care(StrEnum):
    """What makes a debtor one who must not be claimed like anybody: the code of the check that says so."""

    ESTATE = "E7"
    INSOLVENT = "E8"
    PROTECTED = "E9"


def parts_of(customer: Customer, *, today: date) -> Mapping[str, str]:
    """Return what the card says, so that what is merely spelt otherwise is equal. What it does not say is left out."""
    identity = read_debtor(_card_alone(customer), today=today).identity
    number = identity.digits if identity else "".join(filter(str.isalnum, customer.id_number)).upper()
    address = customer.address
    place = (
        address.address_line_1,
        address.address_line_2,
        re.sub(r"[^0-9A-Za-z]", "", address.zip_code),
        address.city,
    )
    texts: dict[str, str] = {
        Part.NAME: _plain(customer.name),
        Part.NUMBER: number[-10:],
        Part.ADDRESS: "\n".join(map(_plain, place)).strip(),
    }
    return {part: text for part, text in texts.items() if text}


def care_of(customer: Customer, *, today: date) -> frozenset[Care]:
    """Return which of E7 to E9 hold of the card."""
    found = {Care(one.code) for one in estate_or_insolvent(read_debtor(_card_alone(customer), today=today))}
    return frozenset(found | ({Care.PROTECTED} if customer.protected_identity else set()))


def _card_alone(customer: Customer) -> Customer:
    """The card without what one of its invoices says: other readings of the card have no invoice."""
    return customer.model_copy(update={"invoiced": None})


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
