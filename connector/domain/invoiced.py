"""Who is claimed: the one whom the invoice names, as its PDF does, and not the one who stands on the customer card
today.

Name, number, e-mail and telephone always come from one and the same place. A card's number is never sent with another
name: a card is used again after a company was sold, and some shops keep one for all their buyers.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from enum import StrEnum

from connector.domain.identity import InvalidIdentity, read_identity
from connector.domain.invoice import Address, Customer, CustomerType
from connector.domain.plain_text import folded


class Named(StrEnum):
    """How the one on the invoice stands to the one on the customer card."""

    SAME = "same"
    OTHER_NAME = "other_name"
    OTHER_NUMBER = "other_number"


def who_was_invoiced(customer: Customer, *, today: date) -> tuple[Customer, Named]:
    """The customer as the invoice names it, and whether the card is another's.

    They are the same where their numbers are equal or, without two numbers, their names. Of another the card tells
    neither the address nor, unless its own name does, that it is a company.
    """
    invoiced = customer.invoiced
    if invoiced is None or not (invoiced.name.strip() or invoiced.id_number.strip()):
        return customer, Named.SAME
    on_card, on_invoice = comparable_number(customer.id_number, today), comparable_number(invoiced.id_number, today)
    as_invoiced = customer.model_copy(update=invoiced.model_dump())
    same_names = same_name(customer.name, invoiced.name) or not invoiced.name.strip()
    if on_card and on_invoice and on_card != on_invoice:
        return _unlike_the_card(as_invoiced, on_invoice), Named.OTHER_NUMBER
    if same_names:
        return (as_invoiced if on_invoice and not on_card and invoiced.name.strip() else customer), Named.SAME
    if (on_card and on_invoice) or _same_text(customer.id_number, invoiced.id_number):
        return as_invoiced, Named.SAME
    return _unlike_the_card(as_invoiced, on_invoice), Named.OTHER_NAME


def same_name(one: str, other: str) -> bool:
    """Return whether two names differ in nothing but case, spaces, punctuation, legal form and the order of their
    words.
    """
    return _words(one) == _words(other)


def _unlike_the_card(customer: Customer, number: str) -> Customer:
    # Who may be a consumer counts as one; an organisation's number tells by itself.
    is_person = customer.customer_type is CustomerType.PERSON and number[2:3] < "2"
    is_firm = bool(_COMPANIES & set(_all_words(customer.name)))
    kind = CustomerType.COMPANY if is_firm else CustomerType.PERSON if is_person else None
    return customer.model_copy(update={"address": Address(), "customer_type": kind, "sole_trader": None})


def comparable_number(text: str, today: date) -> str:
    """The last ten digits of a valid number, which are the same with and without a century; else ""."""
    try:
        return read_identity(text, today=today).digits[-10:]
    except InvalidIdentity:
        return ""


def _same_text(one: str, other: str) -> bool:
    plain = [re.sub(r"[\W_]", "", folded(text)).casefold() for text in (one, other)]
    return bool(plain[0]) and plain[0] == plain[1]


_FORMS = """
    ab aktiebolag aktiebolaget publ hb handelsbolag handelsbolaget kb kommanditbolag kommanditbolaget ek för ekför
    ekonomisk förening enskild firma ef filial ltd limited inc llc gmbh as aps oy oyj plc co och and
"""
_LEGAL_FORMS = frozenset(_FORMS.split())
_COMPANIES = _LEGAL_FORMS - frozenset(["enskild", "firma", "ef", "filial", "as", "co", "och", "and"])
_PUNCTUATION_WITHIN = re.compile(r"[.'’`´/]")


def _words(name: str) -> list[str]:
    words = _all_words(name)
    return sorted(word for word in words if word not in _LEGAL_FORMS) or sorted(words)


def _all_words(name: str) -> list[str]:
    plain = "".join(one for one in unicodedata.normalize("NFKC", name) if unicodedata.category(one) != "Cf").casefold()
    return re.findall(r"[^\W_]+", _PUNCTUATION_WITHIN.sub("", plain))
