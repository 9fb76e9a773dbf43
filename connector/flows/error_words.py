"""What an error tells people: the remote system's own words, set apart as such, or ours in their language."""

from __future__ import annotations

from typing import Final

from connector.domain.errors import (
    ConnectorError,
    NotAuthorised,
    NotFound,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    Refused,
    RemoteError,
    Unreadable,
)
from connector.domain.text import Fact, Quote, StoredWords, Text, text

_WORDLESS: Final[tuple[tuple[type[ConnectorError], str], ...]] = (
    (RateLimited, "rate_limited"),
    (NotSent, "not_sent"),
    (Unreadable, "unreadable"),
    (OutcomeUnknown, "outcome_unknown"),
    (NotAuthorised, "not_authorised"),
    (NotFound, "not_found"),
    (Refused, "refused"),
    (ConnectorError, "other"),
)
"""What is said of an error that came without words for people; the first that fits."""


def words_of(error: ConnectorError) -> Fact:
    """Return what an error says to people: what it was given to say, the system's own words, or the sort of error.

    Its message is for logs: English, and not said in a sentence of another language.
    """
    if error.says is not None:
        return error.says
    if isinstance(error, RemoteError) and error.answer:
        return Quote(error.answer)
    return wordless(error)


def wordless(error: ConnectorError) -> Text:
    """Return what became of a request, for an error without words for people."""
    sort = next(name for kind, name in _WORDLESS if isinstance(error, kind))
    if isinstance(error, RemoteError) and error.status is not None:
        return text(f"remote.wordless_status.{sort}", system=error.system, status=error.status)
    return text(f"remote.wordless.{sort}", system=error.system)


def sentence_of(error: ConnectorError) -> Text | StoredWords:
    """Return what an error says to people, as a sentence of its own."""
    said = words_of(error)
    if isinstance(said, Quote):
        return text("remote.answered", system=error.system, said=said)
    if said == wordless(error) or not isinstance(said, (Text, StoredWords)):
        return text("remote.sentence", said=said)
    return said
