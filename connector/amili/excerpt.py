"""Short excerpts of what Amili answered, fit for a log and a page: no secret, no personal number."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from connector.domain.redaction import redacted
from connector.remote.excerpt import excerpt as beginning

EXCERPT_LENGTH = 300
_MASK = "•••"

_MARKUP_WITHOUT_TEXT = re.compile(r"(?is)<(script|style)\b.*?(</\1\s*>|\Z)")
_TAG = re.compile(r"(?s)<[^>]*>")


def masked(text: str, *, secrets: Iterable[str] = ()) -> str:
    """`text` without `secrets`, and without what looks like one or like a personal number."""
    return redacted(text, secrets=secrets, mask=_MASK)


def excerpt(text: str, *, secrets: Iterable[str] = ()) -> str:
    """The beginning of `text` (plain or HTML) on one line, masked, at most `EXCERPT_LENGTH` characters."""
    return beginning(text, secrets=secrets, mask=_MASK, at_most=EXCERPT_LENGTH, end="…", read=_words)


def _words(text: str) -> str:
    """The words of `text`, also where it is HTML."""
    if not text.lstrip().startswith("<"):
        return text
    return html.unescape(_TAG.sub(" ", _MARKUP_WITHOUT_TEXT.sub(" ", text)))
