"""The customer as Amili needs it: who owes, as a company or a person, and where the letter goes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from stdnum.se import postnummer

from connector.domain.claim import Debtor
from connector.domain.identity import Identity, IdentityKind, InvalidIdentity, read_identity
from connector.domain.invoice import Address, Customer, CustomerType
from connector.domain.invoiced import Named, who_was_invoiced
from connector.domain.phones import swedish_mobile
from connector.domain.redaction import without_personal_numbers

SWEDEN = "SE"

SOLE_TRADER_IS_COMPANY = True
"""What is sent to Amili of a sole trader, whose number is the owner's personal number. Undocumented
(RULES.md, "Company or person"), so unconfirmed; here because a sole trader owes in the course of business."""


class NumberState(StrEnum):
    """What the ledger's identity number turned out to be."""

    VALID = "valid"
    MISSING = "missing"
    INVALID = "invalid"
    FOREIGN = "foreign"
    """Not a Swedish number, of a customer abroad. It is not sent: how Amili takes one is unknown."""


@dataclass(frozen=True)
class DebtorReading:
    """What was made of a customer. `customer` is the one who is claimed, `card` the ledger's customer card.

    `is_company` is None when no one can tell, or when number and customer type contradict each other.
    `address` is the one that is sent, tidied.
    """

    customer: Customer
    card: Customer
    named: Named
    number_state: NumberState
    identity: Identity | None
    is_company: bool | None
    address: Address = field(repr=False)


def read_debtor(customer: Customer, *, today: date) -> DebtorReading:
    """Read a customer: who it is that was invoiced, its number, whether it is a company, and the address to send to.

    The address on the invoice is sent, for it is where the customer was billed; the customer card's only
    if the invoice has none (RULES.md, "Whose name and address").
    """
    card = customer
    customer, named = who_was_invoiced(card, today=today)
    invoiced = customer.invoice_address
    address = tidy_address(invoiced if has_place(invoiced) else customer.address)
    identity, state = _read_number(customer.id_number, address.country, today)
    return DebtorReading(
        customer=customer,
        card=card,
        named=named,
        number_state=state,
        identity=identity,
        is_company=decide_is_company(customer, identity),
        address=address,
    )


def build_debtor(reading: DebtorReading) -> Debtor | None:
    """The debtor of a claim, or None if something that it must carry is missing or may not be sent.

    A protected identity gives None, so that the address reaches neither page nor wire
    (RULES.md, "Debtors who need care").
    """
    customer = reading.customer
    name = " ".join(customer.name.split())
    if (
        not name
        or reading.is_company is None
        or reading.number_state is NumberState.INVALID
        or customer.protected_identity
        or missing_address_parts(reading.address)
    ):
        return None
    return Debtor(
        name=name,
        id_number=reading.identity.digits if reading.identity else "",
        is_company=reading.is_company,
        address=reading.address,
        email=_email(customer.email),
        mobile_number=swedish_mobile(customer.phone),
    )


def decide_is_company(customer: Customer, identity: Identity | None) -> bool | None:
    """Return whether the customer owes as a company; None if a person must say (RULES.md, "Company or person").

    The number alone never tells, because a sole trader's number is the owner's personal number: a personal
    number in a company's card needs the decision `sole_trader`, and without any hint the customer counts as
    a consumer, which is the stricter reading.
    """
    kind = customer.customer_type
    if identity is not None and identity.kind is IdentityKind.ORGANISATION:
        return None if kind is CustomerType.PERSON else True
    if customer.sole_trader:
        return SOLE_TRADER_IS_COMPANY
    if identity is None:
        return None if kind is None else kind is CustomerType.COMPANY
    if kind is CustomerType.COMPANY and customer.sole_trader is None:
        return None
    return False


def tidy_address(address: Address) -> Address:
    """`address` with spaces tidied, the country in capitals and a Swedish postal code as digits only."""
    country = address.country.strip().upper()
    zip_code = " ".join(address.zip_code.split())
    if country in {SWEDEN, ""}:
        zip_code = re.sub(r"[^0-9]", "", zip_code)
    return Address(
        address_line_1=" ".join(address.address_line_1.split()),
        address_line_2=" ".join(address.address_line_2.split()),
        zip_code=zip_code,
        city=" ".join(address.city.split()),
        country=country,
    )


def missing_address_parts(address: Address) -> tuple[str, ...]:
    """The names of the fields of a tidied address that are missing or cannot be right."""
    lines = (address.address_line_1, address.address_line_2)
    zip_is_good = postnummer.is_valid(address.zip_code) if address.country == SWEDEN else address.zip_code
    parts = {
        "address_line_1": any(line and not _names_a_reader(line) for line in lines),
        "zip_code": zip_is_good,
        "city": address.city,
        "country": address.country,
    }
    return tuple(name for name, good in parts.items() if not good)


def delivery_line(address: Address) -> str:
    """The line of a tidied address that its post is delivered by: the one with the street or box, and what stands above
    it ("c/o …"), in one. Personal numbers are left out."""
    first, second = (
        " ".join(without_personal_numbers(line).split()) for line in (address.address_line_1, address.address_line_2)
    )
    if not second or _holds_a_place(first):
        return first
    return f"{first}, {second}" if first else second


def left_out_line(address: Address) -> str:
    """The second line of a tidied address where `delivery_line` leaves it out and it says something else, or ""."""
    first, second = address.address_line_1, address.address_line_2
    if not second or not _holds_a_place(first) or second.casefold() in first.casefold():
        return ""
    place = f"{address.zip_code}{address.city}".replace(" ", "").casefold()
    return "" if second.replace(" ", "").casefold() in {place, address.city.casefold()} else second


_READER = re.compile(
    r"(?:c\s*/\s*o|co|att(?:n|ention|ent)?|v\.?\s*ref|ref(?:erens)?|märk(?:t|ning)?)\b\W*\D*", re.IGNORECASE
)
_BOX = re.compile(r"\b(?:box|postbox|pl|fack|po box|p\.o\. box)\s*\d", re.IGNORECASE)
_NUMBERED = re.compile(r"(?P<name>[^\W\d_]{2,})\.?\s*\d")
_WITHIN = re.compile(
    r"avd\w*|avdelning\w*|plan|lgh|lägenhet|vån|våning|enhet\w*|rum|trappa|tr|port|ing|ingång|uppgång|kst|kostnadsst\w*|"
    r"ref\w*|hus|floor|room|suite|unit|apt|dept|department|ort|nr|no",
    re.IGNORECASE,
)
"""What is numbered in a building or a firm, and is no street."""


def _holds_a_place(line: str) -> bool:
    if _names_a_reader(line):
        return False
    return bool(_BOX.search(line)) or any(not _WITHIN.fullmatch(found["name"]) for found in _NUMBERED.finditer(line))


def _names_a_reader(line: str) -> bool:
    """Return whether a line says only who takes or reads the post, and holds no street or box."""
    return bool(_READER.fullmatch(line))


def same_place(one: Address, other: Address) -> bool:
    """Return whether two addresses differ in nothing but spelling of spaces, capitals and postal code."""
    return _comparable(one) == _comparable(other)


def has_place(address: Address) -> bool:
    """Return whether an address names a place; a country alone does not."""
    return any((address.address_line_1.strip(), address.zip_code.strip(), address.city.strip()))


_EMAIL = re.compile(r"[^\s@<>,;\"]+@[^\s@<>,;\"]+\.[^\s@<>,;\".]+")


def _email(text: str) -> str:
    match = _EMAIL.search(text)
    return match[0] if match else ""


def _read_number(text: str, country: str, today: date) -> tuple[Identity | None, NumberState]:
    if not text.strip():
        return None, NumberState.MISSING
    try:
        return read_identity(text, today=today), NumberState.VALID
    except InvalidIdentity:
        abroad = country not in {SWEDEN, ""}
        return None, NumberState.FOREIGN if abroad else NumberState.INVALID


def _comparable(address: Address) -> tuple[str, ...]:
    tidied = tidy_address(address)
    # An empty country is most often a card from before there were customers abroad.
    return (
        tidied.address_line_1.casefold(),
        tidied.address_line_2.casefold(),
        tidied.zip_code,
        tidied.city.casefold(),
        tidied.country or SWEDEN,
    )
