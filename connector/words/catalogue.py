"""The texts of one language, and texts worded from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from connector.domain.text import Fact, Money, Quote, Series, StoredWords, Text
from connector.words import formats
from connector.words.languages import Language, MissingText

if TYPE_CHECKING:
    from babel.support import Translations

COUNT = "count"
"""The fact by which a text's singular or plural is chosen."""


@dataclass(frozen=True)
class Catalogue:
    """The texts of one language by key. A text may hold placeholders in braces.

    `texts` are the keys with what they say, the singular of those that have a plural; `plurals` are the keys of these.
    """

    language: Language
    translations: Translations
    texts: Mapping[str, str]
    plurals: frozenset[str] = frozenset()

    def text(self, key: str, /, **values: object) -> str:
        """The text of `key`, its placeholders filled with `values`. Raises `MissingText`.

        Facts are written as the language does; of any other value, its own text.
        """
        said = self._unfilled(key, values)
        written = {name: self._written(value) for name, value in values.items()}
        try:
            return said.format_map(written)
        except KeyError as error:
            raise MissingText(f"{self.language}: {key} lacks {error}") from None

    def text_or_key(self, prefix: str, name: str, **values: object) -> str:
        """The text of `prefix.name`, or `name` itself: what is not known is shown unchanged."""
        key = f"{prefix}.{name}"
        return self.text(key, **values) if key in self.texts else name

    def say(self, fact: Fact) -> str:
        """Return what is to be said, in this language. Raises `MissingText`."""
        return self._written(fact)

    def _unfilled(self, key: str, values: Mapping[str, object]) -> str:
        if key not in self.plurals:
            return str(self.translations.gettext(key))
        count = values.get(COUNT)
        if not isinstance(count, int):
            raise MissingText(f"{self.language}: {key} lacks the number {COUNT!r}")
        return str(self.translations.ngettext(key, key, count))

    def _written(self, value: object) -> str:
        match value:
            case Text():
                return self.text(value.key, **value.facts)
            case Decimal():
                return formats.money(value, "SEK", self.language)
            case Money():
                return formats.money(value.amount, value.currency, self.language)
            case date():
                return value.isoformat()
            case Quote():
                return formats.quoted(value.words, self.language)
            case Series():
                return self._in_a_row(value)
            case StoredWords():
                return value.sv if self.language == "sv" else value.en
            case _:
                return str(value)

    def _in_a_row(self, series: Series) -> str:
        parts = [said for part in series.parts if (said := self._written(part))]
        if series.by != "and" or len(parts) < 2:
            return (", " if series.by == "and" else series.by).join(parts)
        return self.text("series.and", first=", ".join(parts[:-1]), last=parts[-1])
