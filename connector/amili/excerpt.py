"""Short excerpts of what Amili answered, fit for a log and a page: no secret, no personal number."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

EXCERPT_LENGTH = 300
_READ_AT_MOST = 8_000
_MASK = "•••"

_MARKUP_WITHOUT_TEXT = re.compile(r"(?is)<(script|style)\b.*?(</\1\s*>|\Z)")
_TAG = re.compile(r"(?s)<[^>]*>")
_QUERY = re.compile(r"(?i)(https?://[^\s?\"'<>]+)\?[^\s\"'<>]*")
_BEARER = re.compile(r"(?i)\bbearer\s+\S+")
_JWT = re.compile(r"eyJ[\w-]+(?:\.[\w-]*)*")
_E_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_TEN_TO_TWELVE_DIGITS = re.compile(r"(?<!\d)\+?(?:\d{6,8}[ \t]?[-+–−]?[ \t]?\d{4})(?!\d)")


def masked(text: str, *, secrets: Iterable[str] = ()) -> str:
    """`text` without `secrets`, and without what looks like one or like a personal number.

    Masked are the query of any address (a storage address is signed there), bearer tokens and JWTs, e-mail
    addresses, and every run of 10 to 12 digits, with or without a hyphen before the last four.
    """
    for secret in secrets:
        if secret:
            text = text.replace(secret, _MASK)
    text = _QUERY.sub(rf"\1?{_MASK}", text)
    for pattern in (_BEARER, _JWT, _E_MAIL, _TEN_TO_TWELVE_DIGITS):
        text = pattern.sub(_MASK, text)
    return text


def excerpt(text: str, *, secrets: Iterable[str] = ()) -> str:
    """The beginning of `text` (plain or HTML) on one line, masked, at most `EXCERPT_LENGTH` characters."""
    text = text[:_READ_AT_MOST]
    if text.lstrip().startswith("<"):
        text = html.unescape(_TAG.sub(" ", _MARKUP_WITHOUT_TEXT.sub(" ", text)))
    # Masked before it is cut: half a token would no longer look like one.
    text = " ".join(masked(text, secrets=secrets).split())
    return text if len(text) <= EXCERPT_LENGTH else text[: EXCERPT_LENGTH - 1] + "…"
