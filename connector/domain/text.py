"""What is said to people, before it is in a language: the key of a text in the catalogues, and the facts it tells.

It is kept like this and worded where it is shown, so that everybody reads it in their own language. The catalogues, and
how each language writes a fact: `connector.words`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

Joint = Literal["and", ", ", "; ", " + ", " "]


@dataclass(frozen=True)
class Money:
    """An amount in a currency other than kronor; one in kronor is a fact as the `Decimal` that it is."""

    amount: Decimal
    currency: str


@dataclass(frozen=True)
class Quote:
    """The own words of a remote system, in its language: set in quotation marks wherever they are shown."""

    words: str


@dataclass(frozen=True)
class Series:
    """Several facts in a row: joined by a sign, or as "a, b and c"."""

    parts: tuple[Fact, ...]
    by: Joint = ", "


@dataclass(frozen=True)
class Text:
    """A text of the catalogues: its key, and the facts that fill its placeholders.

    A text in singular and plural is chosen by its fact `count`.
    """

    key: str
    facts: Mapping[str, Fact] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class StoredWords:
    """A text as a release before 0.5.0 stored it: worded already, in both languages."""

    sv: str
    en: str


Fact = str | int | Decimal | date | Money | Quote | Series | Text | StoredWords


def text(key: str, /, **facts: Fact) -> Text:
    """The text of `key`, told of `facts`."""
    return Text(key, facts)


def as_data(fact: Fact) -> Any:
    """Return a fact as plain JSON: texts and whole numbers as themselves, all else as an object named by its kind."""
    match fact:
        case Decimal():
            return {"kronor": str(fact)}
        case date():
            return {"date": fact.isoformat()}
        case Money():
            return {"money": str(fact.amount), "currency": fact.currency}
        case Quote():
            return {"quote": fact.words}
        case Series():
            return {"series": [as_data(part) for part in fact.parts], "by": fact.by}
        case Text():
            return {"text": fact.key, "facts": {name: as_data(value) for name, value in fact.facts.items()}}
        case StoredWords():
            return {"sv": fact.sv, "en": fact.en}
        case int():
            return int(fact)
        case _:
            return str(fact)


def from_data(data: Any) -> Fact:
    """Return the fact of which `as_data` made `data`. Raises `ValueError` for what is none."""
    match data:
        case Decimal() | date() | Money() | Quote() | Series() | Text() | StoredWords():
            return data
        case bool() | None:
            raise ValueError("neither truth nor nothing is a fact of a text")
        case str() | int():
            return data
        case {"kronor": str(amount)}:
            return Decimal(amount)
        case {"date": str(day)}:
            return date.fromisoformat(day)
        case {"money": str(amount), "currency": str(currency)}:
            return Money(Decimal(amount), currency)
        case {"quote": str(words)}:
            return Quote(words)
        case {"series": parts, "by": by}:
            return Series(tuple(from_data(part) for part in parts), by)
        case {"text": str(key), "facts": facts}:
            return Text(key, {name: from_data(value) for name, value in facts.items()})
        case {"sv": str(swedish), "en": str(english)}:
            return StoredWords(swedish, english)
    raise ValueError(f"{type(data).__name__} is no fact of a text")


def in_series(parts: Iterable[Fact], by: Joint = ", ") -> Fact:
    """Return several facts in a row; one alone as itself."""
    found = tuple(parts)
    return found[0] if len(found) == 1 else Series(found, by)
