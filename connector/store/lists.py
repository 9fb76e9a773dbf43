"""Compare a column with a list of any length.

A statement takes 32 766 bound values on SQLite and 65 535 on PostgreSQL, so a list is bound as one value, a JSON
array, which the database takes apart.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Integer, Text, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class _Items(FunctionElement[Any]):
    """The items of a JSON array, as a subquery of one column."""

    inherit_cache = True
    name = "items"


class _Numbers(_Items):
    inherit_cache = True
    name = "numbers"


@compiles(_Items, "sqlite")
def _on_sqlite(element: _Items, compiler: Any, **options: Any) -> str:
    return f"(SELECT value FROM json_each({compiler.process(element.clauses, **options)}))"  # noqa: S608  a bound value


@compiles(_Items, "postgresql")
def _on_postgresql(element: _Items, compiler: Any, **options: Any) -> str:
    array = compiler.process(element.clauses, **options)
    return f"(SELECT value FROM jsonb_array_elements_text(CAST({array} AS jsonb)))"  # noqa: S608  a bound value


@compiles(_Numbers, "postgresql")
def _numbers_on_postgresql(element: _Numbers, compiler: Any, **options: Any) -> str:
    array = compiler.process(element.clauses, **options)
    return f"(SELECT CAST(value AS bigint) FROM jsonb_array_elements_text(CAST({array} AS jsonb)))"  # noqa: S608  a bound value


def one_of(column: ColumnElement[Any], values: Iterable[str] | Iterable[int]) -> ColumnElement[bool]:
    """Return the condition that `column`, of text or whole numbers, is one of `values`, however many there are."""
    array = literal(json.dumps(list(values)), Text())
    items = _Numbers(array) if isinstance(column.type, Integer) else _Items(array)
    return column.op("IN", is_comparison=True, return_type=Boolean())(items)
