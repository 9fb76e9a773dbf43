"""Swedish identity numbers: persons, coordination numbers and organisations, read from a ledger's own spelling.

python-stdnum is wrapped because it refuses coordination numbers and the twelve digit "16" form, takes any
personal number for an organisation's, and guesses centuries from the machine's clock (RULES.md, "Identity numbers").
A personal number never stands in an exception, a repr or a mask made here.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from stdnum import luhn
from stdnum.exceptions import ValidationError
from stdnum.se import orgnr, personnummer

from connector.domain.plain_text import folded
from connector.domain.redaction import COORDINATION_DAYS

NOBODYS_BIRTH_NUMBER = "000"
"""Birth numbers run from 001 to 999 (Statistics Sweden)."""


class IdentityKind(StrEnum):
    PERSON = "person"
    COORDINATION = "coordination"
    ORGANISATION = "organisation"


class InvalidIdentity(ValueError):
    """The text is no Swedish identity number. The message says what is wrong, never the number."""


@dataclass(frozen=True)
class Identity:
    """A valid number. `digits` is what Amili is sent: 10 for organisations, 12 for persons
    (RULES.md, "Identity numbers").

    `century_known` is False when the ledger's spelling had no century and it was guessed. `birth_date` is None for
    organisations, and for a coordination number that leaves month or day open; `latest_birth_date` is the last day
    that such a number allows. `group_digit` is the first digit of an organisation's number (1 estate, 2 public body,
    5 limited company, ...), "" for persons.
    """

    kind: IdentityKind
    digits: str = field(repr=False)
    birth_date: date | None = field(repr=False)
    century_known: bool
    group_digit: str
    latest_birth_date: date | None = field(default=None, repr=False)


_VAT = re.compile(r"SE([0-9]{6}-?[0-9]{4})01")
_NUMBER = re.compile(r"(?P<century>[0-9]{2})?(?P<ten>[0-9]{6}(?P<sign>[-+]?)[0-9]{4})")


def read_identity(text: str, *, today: date) -> Identity:
    """The identity number that `text` spells, with `today` to guess a missing century by.

    Takes hyphen, plus sign (a person of 100 years or more), spaces, typographic dashes, the "16" prefix of
    organisations and the VAT form SE…01. A third digit of 2 or more tells an organisation from a person
    (RULES.md, "Identity numbers"). Raises `InvalidIdentity`.
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


def _compact(text: str) -> str:
    return re.sub(r"\s", "", folded(text)).upper()


def _organisation(ten: str) -> Identity:
    try:
        orgnr.validate(ten)
    except ValidationError:
        raise InvalidIdentity("the organisation number's check digit is wrong") from None
    return Identity(IdentityKind.ORGANISATION, ten, birth_date=None, century_known=True, group_digit=ten[0])


def _person(century: str | None, ten: str, *, over_hundred: bool, today: date) -> Identity:
    if century not in {None, "18", "19", "20"}:
        raise InvalidIdentity("the number's century is neither 18, 19 nor 20")
    month, day = int(ten[2:4]), int(ten[4:6])
    kind = IdentityKind.PERSON
    if day in COORDINATION_DAYS:
        kind = IdentityKind.COORDINATION
        day -= COORDINATION_DAYS.start
    latest_year = today.year - 100 if over_hundred else today.year
    if century is None:
        year = latest_year - (latest_year - int(ten[:2])) % 100
        if _first_day(year, month, day, kind) > today:
            year -= 100
    else:
        year = int(century + ten[:2])
    earliest, latest = _first_day(year, month, day, kind), _last_day(year, month, day)
    if earliest > today:
        raise InvalidIdentity("the number's birth date is in the future")
    digits = f"{year:04d}{ten[2:]}"
    _require_check_digit(kind, digits)
    return Identity(
        kind,
        digits,
        birth_date=earliest if month and day else None,
        century_known=century is not None or over_hundred,
        group_digit="",
        latest_birth_date=latest,
    )


def _require_check_digit(kind: IdentityKind, digits: str) -> None:
    if digits[8:11] == NOBODYS_BIRTH_NUMBER:
        raise InvalidIdentity("nobody has the birth number 000")
    try:
        # The check digit of a coordination number is computed with the raised day, which the
        # validator for personal numbers refuses as a date.
        if kind is IdentityKind.COORDINATION:
            luhn.validate(digits[2:])
        else:
            personnummer.validate(digits)
    except ValidationError:
        raise InvalidIdentity("the personal number's check digit is wrong") from None


def _first_day(year: int, month: int, day: int, kind: IdentityKind) -> date:
    """The birth date, or the first that it can be where a coordination number has 0 for month or day."""
    unknown = kind is IdentityKind.COORDINATION
    return _date(year, month or int(unknown), day or int(unknown))


def _last_day(year: int, month: int, day: int) -> date:
    month = month or 12
    return _date(year, month, day or monthrange(year, month)[1])


def _date(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise InvalidIdentity("the number does not begin with a date") from None
