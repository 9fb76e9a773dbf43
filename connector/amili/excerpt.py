"""Short excerpts of what Amili answered, fit for a log and a page: no secret, no personal number."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from connector.domain.redaction import redacted

EXCERPT_LENGTH = 300
_READ_AT_MOST = 8_000
_MASK = "•••"

_MARKUP_WITHOUT_TEXT = re.compile(r"(?is)<(script|style)\b.*?(</\1\s*>|\Z)")
_TAG = re.compile(r"(?s)<[^>]*>")


def masked(text: str, *, secrets: Iterable[str] = ()) -> str:
    """`text` without `secrets`, and without what looks like one or like a personal number."""
    return redacted(text, secrets=secrets, mask=_MASK)


def excerpt(text: str, *, secrets: Iterable[str] = ()) -> str:
    """The beginning of `text` (plain or HTML) on one line, masked, at most `EXCERPT_LENGTH` characters."""
    text = text[:_READ_AT_MOST]
    if text.lstrip().startswith("<"):
        text = html.unescape(_TAG.sub(" ", _MARKUP_WITHOUT_TEXT.sub(" ", text)))
    # Masked before it is cut: half a token would no longer look like one.
    text = " ".join(masked(text, secrets=secrets).split())
    return text if len(text) <= EXCERPT_LENGTH else text[: EXCERPT_LENGTH - 1] + "…"
