"""What columns hold beside numbers and words: amounts, days, choices and documents, kept as text on both databases.

A value that an earlier release wrote is read as it was; a document is read tolerantly, by the model's own rules.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Dialect, Text
from sqlalchemy.types import TypeDecorator


class Amount(TypeDecorator[Decimal]):
    """An amount in kronor, exact; zero is written in one way, so that it can be searched for."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, _dialect: Dialect) -> str | None:
        return None if value is None else str(value + 0)

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Decimal | None:
        return Decimal(value) if value else None


class Day(TypeDecorator[date]):
    """A day; none is an empty text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: date | None, _dialect: Dialect) -> str:
        return "" if value is None else value.isoformat()

    def process_result_value(self, value: str | None, _dialect: Dialect) -> date | None:
        return date.fromisoformat(value) if value else None


class Blank(TypeDecorator[str]):
    """A text that is unique where there is one: an empty one is NULL in the database."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        return value or None

    def process_result_value(self, value: str | None, _dialect: Dialect) -> str:
        return value or ""


class Choice(TypeDecorator[Any]):
    """One of a closed set of words, read by `read`; an empty one is None."""

    impl = Text
    cache_ok = True

    def __init__(self, read: Callable[[str], StrEnum | str]) -> None:
        super().__init__()
        self.read = read

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str:
        return "" if value is None else str(value)

    def process_result_value(self, value: str | None, _dialect: Dialect) -> StrEnum | str | None:
        return self.read(value) if value else None


class Document(TypeDecorator[Any]):
    """A value of one type, as JSON text; None is an empty text. Equal texts are read once: many rows share them."""

    impl = Text
    cache_ok = True

    def __init__(self, adapter: TypeAdapter[Any]) -> None:
        super().__init__()
        self.adapter = adapter
        self.read = lru_cache(maxsize=256)(adapter.validate_json)

    def process_bind_param(self, value: Any, _dialect: Dialect) -> str:
        return "" if value is None else self.adapter.dump_json(value).decode()

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Any:
        return self.read(value) if value else None
