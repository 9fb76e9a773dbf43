"""What a page tells of an error beside its own words, each part for what it is."""

from __future__ import annotations

from dataclasses import dataclass

from connector.domain.errors import ConnectorError
from connector.domain.text import Quote
from connector.flows.error_words import words_of
from connector.words import Catalogue


@dataclass(frozen=True)
class ShownError:
    """`said` is ours, in the reader's language; `quoted` what the system said, in its own; `technical` is English."""

    said: str = ""
    quoted: str = ""
    technical: str = ""


def shown_error(error: ConnectorError, words: Catalogue) -> ShownError:
    """Return what a page tells of `error`; what is for logs is shown as such."""
    found = words_of(error)
    if isinstance(found, Quote):
        message = "" if error.message.rstrip(".") in found.words else error.message
        return ShownError(quoted=found.words, technical=f"{message} {error.advice}".strip())
    if error.says is not None:
        return ShownError(said=words.say(found))
    return ShownError(technical=f"{error.message} {error.advice}".strip())
