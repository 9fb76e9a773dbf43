"""Lists at Amili: `where`, `projection`, `sort` and pages. Source: amili/API.md, "Lists"."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from connector.sandbox.amili.checks import rfc_1123
from connector.sandbox.shared.switches import FilterOperators

DEFAULT_PAGE_SIZE = 25
LARGEST_PAGE_SIZE = 100
ALWAYS_SHOWN = ("_id", "_created", "_updated", "_etag")

_ID_FIELDS = ("_id", "account", "creditor", "case", "case_registration", "customer", "payout")
"""Fields that hold an id; all other texts are texts."""

_LIKE_AN_ID = re.compile(r"[0-9a-fA-F]{24}")

Document = Mapping[str, Any]


class BadQuery(ValueError):
    """A query parameter that the list cannot be read by: answered with 400."""


def at_path(document: object, path: str) -> list[Any]:
    """Every value at the dotted `path`; lists on the way are entered. Empty if there is none."""
    if isinstance(document, dict) and "." not in path:
        return [document[path]] if path in document else []
    values = [document]
    for name in path.split("."):
        found: list[Any] = []
        for value in values:
            candidates = value if isinstance(value, list) else [value]
            found += [item[name] for item in candidates if isinstance(item, Mapping) and name in item]
        values = found
    return values


def _comparable(value: object) -> object:
    if isinstance(value, str):
        try:
            return rfc_1123(value)
        except ValueError:
            return value
    return value


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[list[Any], Any], bool]:
    def holds(values: list[Any], wanted: Any) -> bool:
        right = _comparable(wanted)
        for value in values:
            left = _comparable(value)
            alike = type(left) is type(right) or (_is_number(left) and _is_number(right))
            if alike and compare(left, right):
                return True
        return False

    return holds


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def _equals(values: list[Any], wanted: Any) -> bool:
    if wanted is None:
        return not values or None in values
    return any(
        value == wanted or (isinstance(value, list) and wanted in value)
        for value in values
        if isinstance(value, bool) == isinstance(wanted, bool)
    )


_OPERATORS: Mapping[str, Callable[[list[Any], Any], bool]] = {
    "$eq": _equals,
    "$ne": lambda values, wanted: not _equals(values, wanted),
    "$in": lambda values, wanted: any(_equals(values, item) for item in wanted),
    "$nin": lambda values, wanted: not any(_equals(values, item) for item in wanted),
    "$exists": lambda values, wanted: bool(values) == bool(wanted),
    "$gt": _ordered(lambda left, right: bool(left > right)),
    "$gte": _ordered(lambda left, right: bool(left >= right)),
    "$lt": _ordered(lambda left, right: bool(left < right)),
    "$lte": _ordered(lambda left, right: bool(left <= right)),
}


def _check(where: object, operators: FilterOperators) -> None:
    if isinstance(where, list):
        for item in where:
            _check(item, operators)
    if not isinstance(where, dict):
        return
    for name, wanted in where.items():
        known = operators is FilterOperators.ACCEPTED and name in {*_OPERATORS, "$or", "$and"}
        if name.startswith("$") and not known:
            raise BadQuery(f"Operator {name} is not allowed")
        _check(wanted, operators)


def read_where(text: str | None, operators: FilterOperators) -> dict[str, Any]:
    """The filter in `text`. Raises `BadQuery` unless it is a JSON object (double quotes), or for an operator
    that is not accepted."""
    if not text:
        return {}
    try:
        where = json.loads(text, parse_float=Decimal)
    except ValueError:
        raise BadQuery("Unable to parse `where` clause") from None
    if not isinstance(where, dict):
        raise BadQuery("Unable to parse `where` clause")
    _check(where, operators)
    return where


class _CastToId:
    """A text that was taken for an id: it equals no text."""


def with_ids_cast(where: Any, field: str = "") -> Any:
    """`where` with each text of 24 hexadecimal digits taken for an id, whichever field it is compared with."""
    if isinstance(where, dict):
        return {name: with_ids_cast(wanted, field if name.startswith("$") else name) for name, wanted in where.items()}
    if isinstance(where, list):
        return [with_ids_cast(item, field) for item in where]
    is_cast = isinstance(where, str) and field not in _ID_FIELDS and _LIKE_AN_ID.fullmatch(where)
    return _CastToId() if is_cast else where


def matches(document: Document, where: Mapping[str, Any]) -> bool:
    """Return whether `document` fits every condition of `where`."""
    for name, wanted in where.items():
        if name == "$or":
            fits = any(matches(document, part) for part in wanted)
        elif name == "$and":
            fits = all(matches(document, part) for part in wanted)
        elif isinstance(wanted, dict) and any(key.startswith("$") for key in wanted):
            values = at_path(document, name)
            fits = all(_OPERATORS[key](values, operand) for key, operand in wanted.items())
        else:
            fits = _equals(at_path(document, name), wanted)
        if not fits:
            return False
    return True


def _copied(source: Document, path: list[str], into: dict[str, Any]) -> None:
    name, *rest = path
    if name not in source:
        return
    if not rest:
        into[name] = source[name]
    elif isinstance(source[name], Mapping):
        _copied(source[name], rest, into.setdefault(name, {}))


def read_projection(text: str | None) -> dict[str, bool]:
    """The fields that `projection` shows, or the ones it hides. Raises `BadQuery` if it mixes the two."""
    if not text:
        return {}
    try:
        wanted = json.loads(text)
        shown = {name: bool(value) for name, value in wanted.items()}
    except (ValueError, AttributeError):
        raise BadQuery("Unable to parse `projection` clause") from None
    if len(set(shown.values())) > 1:
        raise BadQuery("A projection either includes or excludes")
    return shown


def project(document: Document, shown: Mapping[str, bool]) -> dict[str, Any]:
    """`document` with the fields that `shown` asks for; its underscore fields are always there."""
    if not all(shown.values()):
        return {name: value for name, value in document.items() if name not in shown}
    if not shown:
        return dict(document)
    result: dict[str, Any] = {}
    for name in (*ALWAYS_SHOWN, *shown):
        _copied(document, name.split("."), result)
    return result


def without(document: Document, hidden: Iterable[str]) -> dict[str, Any]:
    """`document` without the fields at these dotted paths."""
    shown = dict(document)
    for path in hidden:
        name, _, rest = path.partition(".")
        if rest and isinstance(shown.get(name), Mapping):
            shown[name] = without(shown[name], (rest,))
        elif not rest:
            shown.pop(name, None)
    return shown


def in_order(documents: Iterable[Document], text: str | None, *, ties_in_any_order: bool = False) -> list[Document]:
    """`documents` sorted by the field names in `text`, each descending with a leading minus.

    What is alike keeps its order, or comes in another one each time.
    """
    ordered = list(documents)
    if ties_in_any_order:
        random.shuffle(ordered)
    for name in reversed((text or "").split(",")):
        if name:
            path = name.lstrip("-")

            def key(document: Document, path: str = path) -> tuple[bool, Any]:
                values = at_path(document, path)
                if path in _ID_FIELDS:
                    return (bool(values), values[0] if values else "")
                return (bool(values), _comparable(values[0]) if values else "")

            ordered.sort(key=key, reverse=name.startswith("-"))
    return ordered


def _whole(text: str | None, default: int) -> int:
    try:
        value = int(text) if text else default
    except ValueError:
        raise BadQuery("page and max_results are whole numbers") from None
    return value if value >= 1 else default


def paged(documents: list[Document], page_text: str | None, size_text: str | None) -> dict[str, Any]:
    """One page with its `_meta`; a page size above 100 is clamped, silently but for `_meta`."""
    page = _whole(page_text, 1)
    size = min(_whole(size_text, DEFAULT_PAGE_SIZE), LARGEST_PAGE_SIZE)
    return {
        "_items": documents[(page - 1) * size : page * size],
        "_meta": {"total": len(documents), "max_results": size, "page": page},
    }
