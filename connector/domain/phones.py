"""Telephone numbers as people write them: which is a Swedish mobile number, and why another is not."""

from __future__ import annotations

from enum import StrEnum

from phonenumbers import (
    Leniency,
    PhoneNumberFormat,
    PhoneNumberMatcher,
    PhoneNumberType,
    format_number,
    is_valid_number,
    number_type,
)

from connector.domain.plain_text import folded

SWEDEN, SWEDENS_CODE = "SE", 46


class NoMobile(StrEnum):
    """Why a text is no Swedish mobile number."""

    EMPTY = "empty"
    UNREADABLE = "unreadable"
    """No number, several, or one that cannot be."""
    ABROAD = "abroad"
    NOT_MOBILE = "not_mobile"


def swedish_mobile(phone: str) -> str:
    """`phone` in E.164 if it is clearly one Swedish mobile number, else ""."""
    read = read_mobile(phone)
    return "" if isinstance(read, NoMobile) else read


def read_mobile(phone: str) -> str | NoMobile:
    """`phone` in E.164, or why it is no Swedish mobile number. Words around the number do not matter."""
    plain = folded(phone)
    if not plain.strip():
        return NoMobile.EMPTY
    found = list(PhoneNumberMatcher(plain, SWEDEN, leniency=Leniency.POSSIBLE))
    digits = "".join(character for character in plain if character.isdigit())
    # Without 0 or a country's code in front, the digits may be anything.
    if len(found) != 1 or not (digits.startswith(("0", str(SWEDENS_CODE))) or "+" in plain):
        return NoMobile.UNREADABLE
    number = found[0].number
    if number.country_code != SWEDENS_CODE:
        return NoMobile.ABROAD
    if not is_valid_number(number):
        return NoMobile.UNREADABLE
    if number_type(number) != PhoneNumberType.MOBILE:
        return NoMobile.NOT_MOBILE
    return format_number(number, PhoneNumberFormat.E164)
