"""Odoo's search domains: lists of conditions in prefix notation.

Source: odoo/API.md, "Searches", compared with Odoo 19 (what an empty field equals, and how a bad domain
is refused).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

Record = Mapping[str, Any]
Condition = Callable[[Record], bool]

Values = Callable[[Record, str], list[Any]]
"""Every value at a dotted path from a record; an empty field gives nothing."""

Names = Callable[[Record, str], list[str]]
"""The display names of what a path points to; for text fields, the texts."""

_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "<": lambda left, right: bool(left < right),
    "<=": lambda left, right: bool(left <= right),
    ">": lambda left, right: bool(left > right),
    ">=": lambda left, right: bool(left >= right),
}
_PATTERNS = ("like", "ilike", "=like", "=ilike")
OPERATORS = frozenset({"=", "!=", "in", "not in", *_COMPARISONS, *_PATTERNS, *(f"not {name}" for name in _PATTERNS)})


_PIECES = re.compile(r"(\\?)(.)", re.DOTALL)


def _piece(escape: str, character: str) -> str:
    """A character of a pattern; one after a backslash stands for itself."""
    wild = {"%": ".*", "_": "."}
    return re.escape(character) if escape or character not in wild else wild[character]


def _pattern(operator: str, text: str) -> re.Pattern[str]:
    wild = "".join(_piece(*found) for found in _PIECES.findall(text))
    if not operator.startswith("="):
        wild = f".*{wild}.*"
    return re.compile(wild, re.DOTALL | (re.IGNORECASE if "ilike" in operator else 0))


def _number(value: object) -> object:
    return Decimal(str(value)) if isinstance(value, float) else value


def _leaf(path: str, operator: str, wanted: Any, values: Values, names: Names) -> Condition:
    if operator == "!=" or operator.startswith("not "):
        same = _leaf(path, {"!=": "="}.get(operator, operator.removeprefix("not ")), wanted, values, names)
        return lambda record: not same(record)
    if operator in _COMPARISONS:
        compare, limit = _COMPARISONS[operator], _number(wanted)
        return lambda record: any(compare(_number(value), limit) for value in values(record, path))
    if operator in _PATTERNS:
        pattern = _pattern(operator, str(wanted))
        return lambda record: any(pattern.fullmatch(name) for name in names(record, path))
    choices = list(wanted) if operator == "in" else [wanted]
    if path == "id":
        choices = [int(choice) if isinstance(choice, str) else choice for choice in choices]
    takes_empty = any(choice is False or choice is None for choice in choices)
    texts = {choice for choice in choices if isinstance(choice, str)}
    others = {_number(choice) for choice in choices if choice is not False and choice is not None}

    def equal(record: Record) -> bool:
        found = values(record, path)
        if takes_empty and not any(found):
            return True
        if any(_number(value) in others for value in found):
            return True
        return bool(texts) and not texts.isdisjoint(names(record, path))

    return equal


def condition(domain: object, check: Callable[[str], bool], *, model: str, values: Values, names: Names) -> Condition:
    """The condition that `domain` puts on a record of `model`.

    `check` says whether a dotted path exists. Raises `TypeError` or `ValueError` with Odoo's own words.
    """
    if not isinstance(domain, list):
        raise TypeError(f"Domain() invalid argument type for domain: {domain!r}")
    stack: list[Condition] = []

    def both(left: Condition, right: Condition) -> Condition:
        return lambda record: left(record) and right(record)

    def either(left: Condition, right: Condition) -> Condition:
        return lambda record: left(record) or right(record)

    def negated(part: Condition) -> Condition:
        return lambda record: not part(record)

    try:
        for item in reversed(domain):
            if item == "!":
                stack.append(negated(stack.pop()))
            elif item in ("&", "|"):
                stack.append((both if item == "&" else either)(stack.pop(), stack.pop()))
            else:
                stack.append(_checked_leaf(item, check, model, values, names))
    except IndexError:
        raise ValueError(f"Domain() malformed domain {domain!r}") from None
    return lambda record: all(part(record) for part in stack)


def _checked_leaf(item: object, check: Callable[[str], bool], model: str, values: Values, names: Names) -> Condition:
    if not (isinstance(item, (list, tuple)) and len(item) == 3 and isinstance(item[0], str)):
        raise ValueError(f"Domain() invalid item in domain: {item!r}")
    path, operator, wanted = item
    shown = (path, operator, wanted)
    if operator not in OPERATORS:
        raise ValueError(f"Invalid operator in condition {shown!r}")
    if not check(path):
        raise ValueError(f"Invalid field {model}.{path} in condition {shown!r}")
    return _leaf(path, operator, wanted, values, names)
