"""What no text of ours may hold: personal numbers, and what opens a system. One way for every text.

A personal number is a birth date and four characters, in whatever spelling: 10 or 12 digits, the prefix 16 of
organisations, a VAT number (SE…01), a coordination number (60 added to the day, and 00 for what is not known of the
date; Skatteverket), or the number that schools and care give people who have none, with a letter among the last
four (a T-number). Escapes of addresses, HTML and JSON hide none of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from stdnum import luhn

from connector.domain.plain_text import Spelling, plain_spellings

COORDINATION_DAYS = range(60, 92)
"""What stands in place of the day in a coordination number: 60 more, and 60 where the day is not known."""

_CENTURY = "(?:16)?(?:18|19|20)?"
_DATE = "(?P<year>[0-9]{2}) (?P<divider>[-./ ]?) (?P<month>[0-9]{2}) (?P=divider) (?P<day>[0-9]{2})"
_SIGN = "[ ]?[-+](?:[ ]?[-+]){0,2}[ ]?"
_NUMBER = re.compile(
    rf"""
    (?<![0-9])
    {_CENTURY} {_DATE}
    (?P<between> {_SIGN} | [ ]?(?:_|[^\w\s]{{1,2}})[ ]? | [ ]? )
    (?P<last>[0-9]{{4}})
    (?![0-9])
    """,
    re.VERBOSE,
)
_VAT_NUMBER = re.compile(
    rf"""
    (?<![0-9]) (?P<land>SE[ ]?[-./]?[ ]?)?
    {_CENTURY} (?P<year>[0-9]{{2}}) (?P<month>[0-9]{{2}}) (?P<day>[0-9]{{2}})
    (?P<between> {_SIGN} | [ ]?[./]?[ ]? )
    (?P<last>[0-9]{{4}})
    (?(land)[ ]?[-./]?[ ]?[0-9]{{2}}|01)
    (?![0-9])
    """,
    re.VERBOSE | re.IGNORECASE,
)
_LETTERED_NUMBER = re.compile(
    rf"""
    (?<![0-9])
    {_CENTURY} {_DATE}
    (?P<between> {_SIGN} | [./_:·] | [ ]? )
    (?P<last>(?=[0-9]{{0,3}}[^\W\d_])[^\W_]{{4}})
    (?![^\W_])
    """,
    re.VERBOSE,
)
_SCATTERED_NUMBER = re.compile(
    r"""
    (?<![0-9])(?<![0-9][ -])
    (?P<century>1[ -]?[89][ -]?|2[ -]?0[ -]?)?
    (?P<date>(?:[0-9][ -]?){5}[0-9])
    (?P<between>[ ]?[-+]?[ ]?)
    (?P<last>(?:[0-9][ -]?){3}[0-9])
    (?![-: ]?[0-9])
    """,
    re.VERBOSE,
)
_TEN_TO_TWELVE_DIGITS = re.compile(rf"(?<![0-9])\+?[0-9]{{6,8}}(?:{_SIGN}|[ ]?)[0-9]{{4}}(?![0-9])")

_MONEY_FOLLOWS = re.compile(r"\s?(?:kr\b|kronor|sek\b|:-|[,.][0-9]{2}(?![0-9]))", re.IGNORECASE)
_UNIT_FOLLOWS = re.compile(r"\s?(?:st|x|h|tim|timmar|min|m|m2|km|kg|g|l)\b", re.IGNORECASE)
_DATE_GOES_ON = re.compile(r"[-./ ][0-9]{2}(?![0-9])")
_QUANTITY = re.compile(r"[0-9]+[a-zåäö]+")

_ID = re.compile(
    r"""
    (?<![^\W_])
    (?: (?=[0-9]*[a-f])[0-9a-f]{24} | [0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12} )
    (?![^\W_])
    """,
    re.VERBOSE,
)
"""What Amili's ids and UUIDs look like; digits within them are no one's number."""

_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
_USER_IN_ADDRESS = re.compile(r"(?i)(\b[a-z][a-z0-9+.-]{0,15}://)[^\s/?#@\"'<>]+@")
_QUERY = re.compile(r"(?i)(\b[a-z][a-z0-9+.-]{0,15}://[^\s?\"'<>]+)\?[^\s\"'<>]*")
_QUERY_OF_PATH = re.compile(r"(?<![^\s\"'<>(=])(/[^\s?\"'<>]*)\?(?=[\w.%\[\]-]{1,64}=)[^\s\"'<>]*")
_NAMED = re.compile(
    r"""(?ix)
    \b((?:access|refresh|client|api)[_-]?(?:token|secret|key)|x-api-key|password|passwd)
    (["']?\s{0,3}[:=]\s{0,3}["']?)
    (?=[\w.~+/=-]{0,200}[0-9])[\w.~+/=-]{8,}
    """
)
_BEARER = re.compile(r"(?i)\bbearer\s+\S+|\bbasic\s+(?=\S*[0-9=])[a-z0-9+/_-]{12,}={0,2}")
_JWT = re.compile(r"eyJ[\w-]+(?:\.[\w-]*)*")
_E_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+")

_Kind = tuple[re.Pattern[str], Callable[[re.Match[str]], bool]]


def without_personal_numbers(text: str, *, mask: str = "") -> str:
    """`text` with `mask` in place of everything that looks like a number of a person.

    A number written with a hyphen or plus goes even if its check digit is wrong, because a mistyped number
    still points at a person; all others must pass the check digit, so that article numbers stay. Numbers of
    organisations, telephones and payments, ids, and amounts, stay.
    """
    return _without(_PERSONAL, text, mask)


def redacted(text: str, *, secrets: Iterable[str] = (), mask: str) -> str:
    """Return what a remote system said, with `mask` for `secrets` and for what looks like one or like a personal
    number.

    Masked are the query of any address (a storage address is signed there) and the user in one, bearer tokens, JWTs
    and private keys, what is named as a key, e-mail addresses, every run of 10 to 12 digits, with or without a hyphen
    before the last four, and all that `without_personal_numbers` finds.
    """
    # The longest first: a shorter one may be its beginning.
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        for spelled in (secret, " ".join(secret.split())):
            text = text.replace(spelled, mask) if spelled else text
    text = _PRIVATE_KEY.sub(mask, text)
    text = _USER_IN_ADDRESS.sub(rf"\1{mask}@", text)
    for address in (_QUERY, _QUERY_OF_PATH):
        text = address.sub(rf"\1?{mask}", text)
    for pattern in (_BEARER, _JWT):
        text = pattern.sub(mask, text)
    text = _NAMED.sub(rf"\1\2{mask}", text)
    text = _E_MAIL.sub(mask, text)
    return _without((*_PERSONAL, (_TEN_TO_TWELVE_DIGITS, lambda _: True)), text, mask)


def _without(kinds: Sequence[_Kind], text: str, mask: str) -> str:
    """`text` with `mask` for all that is of one of the `kinds`, in whichever plain spelling it is seen."""
    while stretches := sorted(
        stretch for spelling in plain_spellings(text) for kind in kinds for stretch in _found(kind, spelling)
    ):
        kept, end = [], 0
        for start, stop in stretches:
            if start >= end:
                kept += [text[end:start], mask]
            end = max(end, stop)
        # Once more, since what stood on both sides may be a number together.
        text = "".join((*kept, text[end:]))
    return text


def _found(kind: _Kind, spelling: Spelling) -> Iterator[tuple[int, int]]:
    """Return where in the text stands what is of the `kind`, but for what lies within an id."""
    pattern, is_meant = kind
    ids = None
    match = pattern.search(spelling.text)
    while match:
        if is_meant(match):
            ids = [one.span() for one in _ID.finditer(spelling.text)] if ids is None else ids
            if not any(start <= match.start() and match.end() <= end for start, end in ids):
                yield spelling.stretch(match)
        # From the next character, since what is not meant may overlap what is.
        match = pattern.search(spelling.text, match.start() + 1)


def _is_number(match: re.Match[str]) -> bool:
    if not _has_birthday(match):
        return False
    between, divider = match["between"], match["divider"]
    valid = luhn.is_valid(_ten(match))
    is_signed = "-" in between or "+" in between
    rest = match.string[match.end() :]
    if not divider:
        if valid and between.strip(" ./_:·-+") and " " in between:
            # A date and a quantity with a comma between them are as long.
            return not (_MONEY_FOLLOWS.match(rest) or _UNIT_FOLLOWS.match(rest) or _DATE_GOES_ON.match(rest))
        return valid or is_signed
    if _DATE_GOES_ON.match(rest):
        # Two dates with a dash between them.
        return False
    if between in {"-", "+"}:
        return True
    if between.strip(" -+") and between not in set("./_:·"):
        return False
    four_digit_year = not match[0].startswith(match["year"] + divider)
    is_spaced = bool(between.strip()) or divider == " "
    return valid and (is_spaced or four_digit_year) and not _MONEY_FOLLOWS.match(rest)


def _is_scattered(match: re.Match[str]) -> bool:
    """Return whether digits in groups of any length are a number that tells its century or has its sign."""
    date, last = (re.sub(r"[ -]", "", match[part]) for part in ("date", "last"))
    rest = match.string[match.end() :]
    return (
        bool(match["century"] or (match["between"].strip() and "-" not in match["date"] + match["last"]))
        and _is_birthday(date[2:4], date[4:])
        and luhn.is_valid(date + last)
        and not (match["century"] and _is_halved(match[0]))
        # A date and a quantity are as long.
        and not (_MONEY_FOLLOWS.match(rest) or _UNIT_FOLLOWS.match(rest))
    )


def _is_halved(twelve: str) -> bool:
    """Return whether twelve digits are parted in their middle, as two dates of six are."""
    mark = "[-+]" if re.search("[-+]", twelve) else " "
    parted = {len(re.sub("[^0-9]", "", twelve[: found.start()])) for found in re.finditer(mark, twelve)}
    return 6 in parted and 4 not in parted


def _is_vat_number(match: re.Match[str]) -> bool:
    if match["land"]:
        return _has_birthday(match)
    # The ending 01 may be the first of a month, and all of it two dates.
    is_two_dates = bool(match["between"]) and _is_birthday(match["last"][2:], "01")
    return _has_birthday(match) and not is_two_dates and luhn.is_valid(_ten(match))


def _is_lettered(match: re.Match[str]) -> bool:
    last, between = match["last"], match["between"]
    letters = sum(character.isalpha() for character in last)
    before = match.string[match.start() - 1 : match.start()]
    if not _has_birthday(match) or letters > 2:
        return False
    if match["divider"] and between not in {"-", "+"}:
        # A date and a quantity ("2026-03-14 120h") are as long; a T-number begins with its letter.
        return last[0].isalpha() and letters == 1
    if "-" in between or "+" in between:
        return " " not in between or not _QUANTITY.fullmatch(last)
    if between:
        return letters == 1 and not _QUANTITY.fullmatch(last)
    return not before.isalpha()


def _ten(match: re.Match[str]) -> str:
    return match["year"] + match["month"] + match["day"] + match["last"]


def _has_birthday(match: re.Match[str]) -> bool:
    return _is_birthday(match["month"], match["day"])


def _is_birthday(mm: str, dd: str) -> bool:
    month, day = int(mm), int(dd)
    return (1 <= month <= 12 and 1 <= day <= 31) or (month <= 12 and day in COORDINATION_DAYS)


_PERSONAL: tuple[_Kind, ...] = (
    (_NUMBER, _is_number),
    (_VAT_NUMBER, _is_vat_number),
    (_LETTERED_NUMBER, _is_lettered),
    (_SCATTERED_NUMBER, _is_scattered),
)
