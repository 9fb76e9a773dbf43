"""What no text of ours may hold: personal numbers, and what opens a system. One way for every text.

A personal number is a birth date and four characters, in whatever spelling: 10 or 12 digits, the prefix 16 of
organisations, a VAT number (SE…01), a coordination number (60 added to the day, and 00 for what is not known of the
date; Skatteverket), or the number that schools and care give people who have none, with a letter among the last
four (a T-number).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable

from stdnum import luhn

COORDINATION_DAYS = range(60, 92)
"""What stands in place of the day in a coordination number: 60 more, and 60 where the day is not known."""

_MINUS_SIGNS = frozenset("\u00ad\u02d7\u2027\u2043\u207b\u208b\u2212")
"""Dashes that Unicode does not class as such; the first is the soft hyphen."""

_PLUS_SIGNS = frozenset("\u207a\u208a\ufb29\ufe62\uff0b")

_SIGN = r"[ ]{0,3}[-+][ ]{0,3}"
_NUMBER = re.compile(
    rf"""
    (?<![0-9])
    (?:16|18|19|20)? (?P<year>[0-9]{{2}}) (?P<divider>[-./ ]?) (?P<month>[0-9]{{2}}) (?P=divider) (?P<day>[0-9]{{2}})
    (?P<between> {_SIGN} | [ ]{{1,3}} | [./_:·]? )
    (?P<last>[0-9]{{4}})
    (?![0-9])
    """,
    re.VERBOSE,
)
_VAT_NUMBER = re.compile(
    rf"""
    (?<![0-9]) (?P<land>SE[ -]?)?
    (?:16|18|19|20)? (?P<year>[0-9]{{2}}) (?P<divider>) (?P<month>[0-9]{{2}}) (?P<day>[0-9]{{2}})
    (?P<between> {_SIGN} | [ ]{{1,3}} )?
    (?P<last>[0-9]{{4}})
    (?(land)[ -]?)01
    (?![0-9])
    """,
    re.VERBOSE | re.IGNORECASE,
)
_LETTERED_NUMBER = re.compile(
    rf"""
    (?<![0-9])
    (?:16|18|19|20)? (?P<year>[0-9]{{2}}) (?P<divider>[-./ ]?) (?P<month>[0-9]{{2}}) (?P=divider) (?P<day>[0-9]{{2}})
    (?P<between> {_SIGN} | [ ]{{0,3}} )
    (?P<last>(?=[0-9]{{0,3}}[^\W\d_])[^\W_]{{4}})
    (?![^\W_])
    """,
    re.VERBOSE,
)
_MONEY_FOLLOWS = re.compile(r"\s?(?:kr\b|kronor|sek\b|:-|[,.][0-9]{2}(?![0-9]))", re.IGNORECASE)
_DATE_GOES_ON = re.compile(r"[-./ ][0-9]{2}(?![0-9])")

_ANY_TEN_TO_TWELVE_DIGITS = re.compile(rf"(?<![0-9])\+?[0-9]{{6,8}}(?:{_SIGN}|[ ]{{0,3}})[0-9]{{4}}(?![0-9])")

_QUERY = re.compile(r"(?i)(https?://[^\s?\"'<>]+)\?[^\s\"'<>]*")
_BEARER = re.compile(r"(?i)\bbearer\s+\S+")
_JWT = re.compile(r"eyJ[\w-]+(?:\.[\w-]*)*")
_E_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+")


def folded(text: str) -> str:
    """`text` with every dash, plus sign, space and digit in its plain form, and without what is not seen."""
    return _folded(text)[0]


def without_personal_numbers(text: str, *, mask: str = "") -> str:
    """`text` with `mask` in place of everything that looks like a number of a person.

    A number written with a hyphen or plus goes even if its check digit is wrong, because a mistyped number
    still points at a person; bare digits must pass the check digit, so that article numbers stay. Numbers of
    organisations, telephones and payments, and amounts, stay.
    """
    for pattern, is_personal in _PERSONAL:
        text = _replaced(text, pattern, mask, is_personal)
    return text


def redacted(text: str, *, secrets: Iterable[str] = (), mask: str) -> str:
    """What a remote system said, with `mask` for `secrets` and for what looks like one or like a personal number.

    Masked are the query of any address (a storage address is signed there), bearer tokens and JWTs, e-mail
    addresses, every run of 10 to 12 digits, with or without a hyphen before the last four, and all that
    `without_personal_numbers` finds.
    """
    for secret in secrets:
        if secret:
            text = text.replace(secret, mask)
    text = _QUERY.sub(rf"\1?{mask}", text)
    for pattern in (_BEARER, _JWT, _E_MAIL):
        text = pattern.sub(mask, text)
    text = without_personal_numbers(text, mask=mask)
    return _replaced(text, _ANY_TEN_TO_TWELVE_DIGITS, mask, lambda _: True)


def _folded(text: str) -> tuple[str, list[int]]:
    """`text` in its plain form, and where each of its characters stood."""
    plain: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        seen = character if " " < character < "\x7f" else _plain(character)
        if seen:
            plain.append(seen)
            places.append(place)
    return "".join(plain), places


def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Pd" or character in _MINUS_SIGNS:
        return "-"
    if character in _PLUS_SIGNS:
        return "+"
    if category == "Cf":
        return ""
    if character.isspace():
        return " "
    if category == "Nd":
        return str(unicodedata.decimal(character))
    wide = unicodedata.normalize("NFKC", character)
    return wide if len(wide) == 1 else character


def _replaced(text: str, pattern: re.Pattern[str], mask: str, is_personal: Callable[[re.Match[str]], bool]) -> str:
    plain, places = _folded(text)
    kept, end = [], 0
    for match in pattern.finditer(plain):
        if is_personal(match):
            kept += [text[end : places[match.start()]], mask]
            end = places[match.end() - 1] + 1
    return "".join((*kept, text[end:]))


def _is_number(match: re.Match[str]) -> bool:
    if not _has_birthday(match):
        return False
    between = match["between"]
    valid = luhn.is_valid(match["year"] + match["month"] + match["day"] + match["last"])
    if not match["divider"]:
        return valid or bool(between.strip(" ./_:·"))
    rest = match.string[match.end() :]
    if _DATE_GOES_ON.match(rest):
        # Two dates with a dash between them.
        return False
    if between in {"-", "+"}:
        return True
    four_digit_year = not match[0].startswith(match["year"] + match["divider"])
    return valid and (bool(between.strip()) or four_digit_year) and not _MONEY_FOLLOWS.match(rest)


def _is_vat_number(match: re.Match[str]) -> bool:
    ten = match["year"] + match["month"] + match["day"] + match["last"]
    return _has_birthday(match) and (bool(match["land"]) or luhn.is_valid(ten))


def _is_lettered(match: re.Match[str]) -> bool:
    last, between = match["last"], match["between"]
    letters = sum(character.isalpha() for character in last)
    before = match.string[match.start() - 1 : match.start()]
    if not _has_birthday(match) or letters > 2:
        return False
    if " " in between or (match["divider"] and not between):
        # A date and a quantity ("2026-03-14 120h") are as long; a T-number begins with its letter.
        return last[0].isalpha() and letters == 1
    return bool(between) or not before.isalpha()


def _has_birthday(match: re.Match[str]) -> bool:
    month, day = int(match["month"]), int(match["day"])
    return (1 <= month <= 12 and 1 <= day <= 31) or (month <= 12 and day in COORDINATION_DAYS)


_PERSONAL = ((_NUMBER, _is_number), (_VAT_NUMBER, _is_vat_number), (_LETTERED_NUMBER, _is_lettered))
