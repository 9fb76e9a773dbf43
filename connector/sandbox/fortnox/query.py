"""Lists in the Fortnox imitation: parameters, filters, fuzzy search, order and pages (fortnox/API.md, "Lists")."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from connector.sandbox.fortnox.errors import INVALID_FILTER, INVALID_PARAMETER, Refused
from connector.sandbox.fortnox.records import Document, Version
from connector.sandbox.fortnox.switches import FortnoxSwitches, Handling, Zone
from connector.sandbox.shared.zone import STOCKHOLM

DEFAULT_LIMIT = 100
LARGEST_LIMIT = 500
GLOBAL = frozenset({"page", "limit", "offset", "sortby", "sortorder", "lastmodified", "financialyear"})
"""Parameters that may stand beside one search."""

Test = Callable[[Document], bool]

Search = Callable[[str], Test]
"""Makes the test of what a parameter asks for. Raises `Refused` for a value it cannot read."""


@dataclass(frozen=True)
class ListShape:
    """What a list can be asked for: searches by parameter, filters by value, fields to sort by.

    `pairs` names parameters that belong together and count as one search, like a first and a last day.
    """

    searches: Mapping[str, Search]
    sortable: Mapping[str, str]
    default_sort: str
    filters: Mapping[str, Test] = field(default_factory=dict)
    pairs: Sequence[frozenset[str]] = ()


@dataclass(frozen=True)
class Page:
    """One page of a list and where it stands in the whole."""

    documents: list[Document]
    total: int
    pages: int
    current: int

    def meta(self) -> dict[str, int]:
        """`MetaInformation`, all whole numbers."""
        return {"@TotalResources": self.total, "@TotalPages": self.pages, "@CurrentPage": self.current}


def contains(name: str) -> Search:
    """Search as Fortnox does: the field contains the text, whatever its case."""

    def search(wanted: str) -> Test:
        text = wanted.lower()
        return lambda document: text in str(document[name] or "").lower()

    return search


def equals(name: str) -> Search:
    """The field is the text."""
    return lambda wanted: lambda document: str(document[name] or "") == wanted


def is_true(name: str) -> Search:
    """The field is true or false, as asked; some fields hold it as a text."""

    def search(wanted: str) -> Test:
        if wanted not in ("true", "false"):
            raise invalid_parameter()
        return lambda document: str(document[name]).lower() == wanted

    return search


def from_day(name: str) -> Search:
    """The date in the field is that day or later."""

    def search(wanted: str) -> Test:
        day = _day(wanted)
        return lambda document: bool(document[name]) and document[name] >= day

    return search


def to_day(name: str) -> Search:
    """The date in the field is that day or earlier."""

    def search(wanted: str) -> Test:
        day = _day(wanted)
        return lambda document: bool(document[name]) and document[name] <= day

    return search


def whole_number(wanted: str) -> int:
    """The number that a parameter holds. Raises `Refused`."""
    if not wanted.isdecimal():
        raise invalid_parameter()
    return int(wanted)


def invalid_parameter() -> Refused:
    """The refusal of a parameter that Fortnox does not know, or cannot read."""
    return Refused("Ogiltig parameter i anropet.", INVALID_PARAMETER)


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise invalid_parameter() from None


def _modified_since(text: str, switches: FortnoxSwitches) -> Callable[[datetime], bool]:
    """The test of `lastmodified`: to the minute, in the zone and with the bound that the switches say.

    Local times are compared as they stand on the clock, so an hour that comes twice in October cannot be told apart.
    """
    try:
        since = datetime.strptime(text, "%Y-%m-%d %H:%M")  # noqa: DTZ007 - a clock's reading
    except ValueError:
        raise invalid_parameter() from None
    zone = STOCKHOLM if switches.lastmodified_zone is Zone.SWEDISH else UTC

    def fits(modified: datetime) -> bool:
        on_the_clock = modified.astimezone(zone).replace(second=0, microsecond=0, tzinfo=None)
        return on_the_clock >= since if switches.lastmodified_inclusive else on_the_clock > since

    return fits


def _whole(text: str | None, default: int, least: int, most: int, outside: Handling) -> int:
    if text is None:
        return default
    try:
        value = int(text)
    except ValueError:
        raise invalid_parameter() from None
    if least <= value <= most:
        return value
    if outside is Handling.REFUSED:
        raise invalid_parameter()
    return min(max(value, least), most)


def _check_names(shape: ListShape, asked: Mapping[str, str], switches: FortnoxSwitches) -> None:
    searches = set(shape.searches) | ({"filter"} if shape.filters else set())
    used = set(asked) & searches
    if set(asked) - searches - GLOBAL:
        raise invalid_parameter()
    for pair in shape.pairs:
        if pair <= used:
            used -= set(sorted(pair)[1:])
    if len(used) > 1 and switches.two_searches is Handling.REFUSED:
        raise invalid_parameter()


def _kept(
    shape: ListShape, versions: Iterable[Version], asked: Mapping[str, str], switches: FortnoxSwitches
) -> list[Document]:
    since = _modified_since(asked["lastmodified"], switches) if "lastmodified" in asked else None
    chosen = asked.get("filter")
    if chosen is not None and chosen not in shape.filters:
        raise Refused("Ett ogiltigt filter har använts.", INVALID_FILTER)
    tests = [search(asked[name]) for name, search in shape.searches.items() if name in asked]
    return [
        version.document
        for version in versions
        if version.document is not None
        and (since is None or since(version.modified))
        and (chosen is None or shape.filters[chosen](version.document))
        and all(test(version.document) for test in tests)
    ]


def _sort_key(name: str) -> Callable[[Document], tuple[bool, Any, str]]:
    def key(document: Document) -> tuple[bool, Any, str]:
        value = document[name]
        text = str(value or "")
        if isinstance(value, str) and text.isdecimal():
            return True, int(text), ""
        return (False, 0, text.lower()) if isinstance(value, str) or value is None else (True, value, "")

    return key


def _sorted(shape: ListShape, documents: list[Document], asked: Mapping[str, str]) -> list[Document]:
    by = asked.get("sortby", shape.default_sort)
    order = asked.get("sortorder", "ascending")
    if by not in shape.sortable or order not in ("ascending", "descending"):
        raise invalid_parameter()
    return sorted(documents, key=_sort_key(shape.sortable[by]), reverse=order == "descending")


def page_of(shape: ListShape, versions: Iterable[Version], asked: Mapping[str, str], switches: FortnoxSwitches) -> Page:
    """The page of a list that `asked`, the query's parameters, asks for. Raises `Refused`."""
    _check_names(shape, asked, switches)
    limit = _whole(asked.get("limit"), DEFAULT_LIMIT, 1, LARGEST_LIMIT, switches.limit_outside)
    number = _whole(asked.get("page"), 1, 1, 10**9, switches.limit_outside)
    offset = _whole(asked.get("offset"), 0, 0, 10**9, switches.limit_outside)
    documents = _sorted(shape, _kept(shape, versions, asked, switches), asked)
    start = offset + (number - 1) * limit
    pages = max(-(-(len(documents) - offset) // limit), 1)
    return Page(documents[start : start + limit], len(documents), pages, number)
