"""The words of the pages: one catalogue per language, in `templates/texts`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from connector.hosts.base import Language
from connector.resources import read_template

LANGUAGES = ("sv", "en")
DEFAULT_LANGUAGE = "sv"


class MissingText(LookupError):
    """A page asked for a text that its catalogue does not hold."""


@dataclass(frozen=True)
class Catalogue:
    """The texts of one language by key. A text may hold placeholders in braces."""

    language: str
    texts: Mapping[str, str]

    def text(self, key: str, **values: object) -> str:
        """The text of `key`, its placeholders filled with `values`. Raises `MissingText`."""
        try:
            return self.texts[key].format_map(values)
        except KeyError as error:
            raise MissingText(f"{self.language}: {key} ({error})") from None

    def text_or_key(self, prefix: str, name: str, **values: object) -> str:
        """The text of `prefix.name`, or `name` itself: what is not known is shown unchanged."""
        key = f"{prefix}.{name}"
        return self.text(key, **values) if key in self.texts else name


def spoken(words: Catalogue) -> Language:
    """The language of a catalogue, among those in which ledgers are spoken to as well."""
    return "sv" if words.language == "sv" else "en"


def load_catalogues() -> dict[str, Catalogue]:
    """The catalogue of every language, by its code."""
    return {
        language: Catalogue(language, json.loads(read_template(f"texts/{language}.json"))) for language in LANGUAGES
    }
