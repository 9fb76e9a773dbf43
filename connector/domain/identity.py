"""Swedish identity numbers: persons, coordination numbers and organisations, read from a ledger's own spelling.

python-stdnum is wrapped because it refuses coordination numbers and the twelve digit "16" form, takes any
personal number for an organisation's, and guesses centuries from the machine's clock (domain.md 2.4).
A personal number never stands in an exception, a repr or a mask made here.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from stdnum import luhn
from stdnum.exceptions import ValidationError
from stdnum.se import orgnr, personnummer
from stdnum.util import clean

COORDINATION_DAY_OFFSET = 60


class IdentityKind(StrEnum):
    PERSON = "person"
    COORDINATION = "coordination"
    ORGANISATION = "organisation"


class InvalidIdentity(ValueError):
    """The text is no Swedish identity number. The message says what is wrong, never the number."""


@dataclass(frozen=True)
class Identity:
    """A valid number. `digits` is what Amili is sent: 10 for organisations, 12 for persons (domain.md 2.1).

    `century_known` is False when the ledger's spelling had no century and it was guessed. `group_digit` is
    the first digit of an organisation's number (1 estate, 2 public body, 5 limited company, ...), "" for
    persons.
    """

    kind: IdentityKind
    digits: str = field(repr=False)
    birth_date: date | None = field(repr=False)
    century_known: bool
    group_digit: str


_VAT = re.compile(r"SE([0-9]{6}-?[0-9]{4})01")
_NUMBER = re.compile(r"(?P<century>[0-9]{2})?(?P<ten>[0-9]{6}(?P<sign>[-+]?)[0-9]{4})")


def read_identity(text: str, *, today: date) -> Identity:
    """The identity number that `text` spells, with `today` to guess a missing century by.

    Takes hyphen, plus sign (a person of 100 years or more), spaces, typographic dashes, the "16" prefix of
    organisations and the VAT form SE…01. A third digit of 2 or more tells an organisation from a person
    (domain.md 2.1). Raises `InvalidIdentity`.
    """
    compact = _compact(text)
    if vat := _VAT.fullmatch(compact):
        compact = vat[1]
    number = _NUMBER.fullmatch(compact)
    if number is None:
        raise InvalidIdentity("not an identity number: 10 or 12 digits are expected")
    century = number["century"]
    ten = number["ten"].replace(number["sign"], "") if number["sign"] else number["ten"]
    if century == "16":
        century = None
    if ten[2] >= "2":
        if century is not None or number["sign"] == "+":
            raise InvalidIdentity("not an organisation number: 10 digits are expected")
        return _organisation(ten)
    return _person(century, ten, over_hundred=number["sign"] == "+", today=today)


def mask_identity(text: str) -> str:
    """`text` with every letter and digit hidden; only the century of a twelve digit number stays.

    The shape is left so that a reader sees which number is meant and whether a digit is missing.
    """
    characters = sum(character.isalnum() for character in text)
    shown = 2 if characters == 12 and text.lstrip()[:2] in {"18", "19", "20"} else 0
    masked = []
    for character in text.strip():
        if not character.isalnum():
            masked.append(character)
        elif shown:
            shown -= 1
            masked.append(character)
        else:
            masked.append("x")
    return "".join(masked)


_MAYBE_PERSONAL = re.compile(r"(?<![0-9])(?:18|19|20)?([0-9]{6})(?:(\s?[-+]\s?)|\s)?([0-9]{4})(?![0-9])")


def without_personal_numbers(text: str) -> str:
    """`text` with everything removed that looks like a personal or coordination number (domain.md 2.5).

    A number written with a hyphen or plus goes even if its check digit is wrong, because a mistyped number
    still points at a person; bare digits must pass the check digit, so that article numbers stay.
    """

    def replacement(match: re.Match[str]) -> str:
        ten = match[1] + match[3]
        if not _has_birthday(ten) or not (match[2] or luhn.is_valid(ten)):
            return match[0]
        return ""

    return _MAYBE_PERSONAL.sub(replacement, _fold(text))


def _fold(text: str) -> str:
    visible = "".join(character for character in text if unicodedata.category(character) != "Cf")
    return str(clean(visible))


def _compact(text: str) -> str:
    return re.sub(r"\s", "", _fold(text)).upper()


def _organisation(ten: str) -> Identity:
    try:
        orgnr.validate(ten)
    except ValidationError:
        raise InvalidIdentity("the organisation number's check digit is wrong") from None
    return Identity(IdentityKind.ORGANISATION, ten, birth_date=None, century_known=True, group_digit=ten[0])


def _person(century: str | None, ten: str, *, over_hundred: bool, today: date) -> Identity:
    month, day = int(ten[2:4]), int(ten[4:6])
    kind = IdentityKind.PERSON
    if day > COORDINATION_DAY_OFFSET:
        kind = IdentityKind.COORDINATION
        day -= COORDINATION_DAY_OFFSET
    if century is None:
        latest = today.year - 100 if over_hundred else today.year
        birth_date = _latest_birth_date(int(ten[:2]), month, day, latest_year=latest, today=today)
    elif century in {"18", "19", "20"}:
        birth_date = _date(int(century + ten[:2]), month, day)
    else:
        raise InvalidIdentity("the number's century is neither 18, 19 nor 20")
    if birth_date > today:
        raise InvalidIdentity("the number's birth date is in the future")
    digits = f"{birth_date.year:04d}{ten[2:]}"
    try:
        # The check digit of a coordination number is computed with the raised day, which the
        # validator for personal numbers refuses as a date.
        if kind is IdentityKind.COORDINATION:
            luhn.validate(ten)
        else:
            personnummer.validate(digits)
    except ValidationError:
        raise InvalidIdentity("the personal number's check digit is wrong") from None
    known = century is not None or over_hundred
    return Identity(kind, digits, birth_date=birth_date, century_known=known, group_digit="")


def _latest_birth_date(year_of_century: int, month: int, day: int, *, latest_year: int, today: date) -> date:
    year = latest_year - (latest_year - year_of_century) % 100
    birth_date = _date(year, month, day)
    return birth_date if birth_date <= today else _date(year - 100, month, day)


def _date(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise InvalidIdentity("the number does not begin with a date") from None


def _has_birthday(ten: str) -> bool:
    month, day = int(ten[2:4]), int(ten[4:6])
    if day > COORDINATION_DAY_OFFSET:
        day -= COORDINATION_DAY_OFFSET
    return 1 <= month <= 12 and 1 <= day <= 31
