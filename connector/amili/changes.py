"""What has changed at Amili since an instant.

Operators such as `$gte` are not documented, a descending sort is (API.md, "Lists"): so the latest changes are read
first, up to the first item that is older. Amili's instants are whole seconds, and what changed within one second has no
order of its own, so that a page may show again what another showed, and leave out what none showed. Therefore the id is
the second key. Where that is refused, or not seen to be heeded, a second that goes on over the end of a page is read by
itself, by id; and where that cannot be asked for either, everything is, which is sure and costs a call for each hundred
items.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Generic, TypeVar

from connector.amili.answers import unreadable
from connector.amili.dates import rfc1123_instant
from connector.amili.finance import Payout, PayoutLine
from connector.amili.lists import Query, Reads, is_bad_query, of_creditor
from connector.amili.models import Case
from connector.domain.errors import Refused, Unreadable

Changing = TypeVar("Changing", bound=Case | PayoutLine | Payout)

_SORTS = ("-_updated,_id", "-_updated")
"""That one may sort by several fields is the framework's, and not documented for Amili."""
_SURELY = 8


class _Unordered(Exception):
    """A second goes on over the end of a page, nothing says in which order, and it cannot be read by itself."""


def changed_since(
    calls: Reads,
    path: str,
    model: type[Changing],
    *,
    creditor: str | None,
    since: datetime,
    projection: Collection[str] = (),
    operation: str,
) -> Iterator[Changing]:
    """The creditor's items that changed at `since` (aware) or later, latest first, each once; None: everybody's.

    `since` itself is included: anyone who keeps the latest `updated_at` as the next `since` sees the items of that
    second again, and misses none. What changes while the list is read moves to its front and is seen the next time.
    Where only a reading by id is sure, what comes of it has no order. Raises `Unreadable` for an item that does not say
    whose it is or when it changed, or that is out of order.
    """
    reading = _Reading(calls, path, model, creditor, since.replace(microsecond=0), projection, operation)
    for sort in _SORTS:
        try:
            yield from reading.latest_first(sort)
        except _Unordered:
            break
        except Refused as refusal:
            if not is_bad_query(refusal):
                raise
        except Unreadable:
            # An order that is not taken may as well be passed over, and what comes is then in none.
            if sort == _SORTS[-1]:
                raise
        else:
            return
    yield from reading.by_id()


class _Reading(Generic[Changing]):
    """One reading of what has changed. `seen` are the ids that were given already."""

    def __init__(
        self,
        calls: Reads,
        path: str,
        model: type[Changing],
        creditor: str | None,
        earliest: datetime,
        projection: Collection[str],
        operation: str,
    ) -> None:
        self._calls = calls
        self._path = path
        self._model: type[Changing] = model
        self._creditor = creditor
        self._earliest = earliest
        self._projection = projection
        self._operation = operation
        self._seen: set[str] = set()

    def latest_first(self, sort: str) -> Iterator[Changing]:
        """By the time of change. Raises `_Unordered`, and `Refused` for a filter or an order that is not taken."""
        latest = datetime.max.replace(tzinfo=UTC)
        last: Changing | None = None
        order = _Order()
        for page in self._pages(self._where, sort):
            moments = [self._moment_of(item) for item in page]
            # What changed meanwhile pushed some of the page before onto this one.
            new = [moment for item, moment in zip(page, moments, strict=True) if item.id not in self._seen]
            # Also of a page that ends the reading: out of order, its older items say nothing of the next page.
            if sorted(moments, reverse=True) != moments or (new and new[0] > latest):
                raise unreadable("did not sort by the time of change", operation=self._operation)
            order.learn(page)
            if last is not None and page and last.updated_at == page[0].updated_at and not order.is_by_id:
                yield from self._within_second(moments[0], {last.id, page[0].id})
            for item, moment in zip(page, moments, strict=True):
                if moment < self._earliest:
                    return
                yield from self._once(item)
            latest = min(latest, moments[-1]) if moments else latest
            last = page[-1] if page else last

    def _within_second(self, moment: datetime, known: set[str]) -> Iterator[Changing]:
        """All that changed in one second, of which `known` is a part."""
        if moment < self._earliest:
            return
        where = {**self._where, "_updated": rfc1123_instant(moment)}
        try:
            found = [item for page in self._pages(where, "_id") for item in page if self._moment_of(item) == moment]
        except Refused as refusal:
            if not is_bad_query(refusal):
                raise
            raise _Unordered from refusal
        if not known <= {item.id for item in found}:
            raise _Unordered
        for item in found:
            yield from self._once(item)

    def by_id(self) -> Iterator[Changing]:
        """Everything, of which what is old is passed over."""
        for page in self._pages(self._where, "_id"):
            for item in page:
                if self._moment_of(item) >= self._earliest:
                    yield from self._once(item)

    @property
    def _where(self) -> dict[str, str]:
        return of_creditor(self._creditor)

    def _pages(self, where: Mapping[str, Any], sort: str) -> Iterator[tuple[Changing, ...]]:
        query = Query(where=where, projection=self._projection, sort=sort)
        return self._calls.pages(self._path, self._model, query, operation=self._operation)

    def _once(self, item: Changing) -> Iterator[Changing]:
        if item.id not in self._seen:
            self._seen.add(item.id)
            yield item

    def _moment_of(self, item: Changing) -> datetime:
        if (self._creditor is not None and item.creditor != self._creditor) or item.updated_at is None:
            raise unreadable("answered with an item of unknown creditor or age", operation=self._operation)
        return item.updated_at


class _Order:
    """What the pages have shown of the order within a second."""

    def __init__(self) -> None:
        self._by_id = 0
        self._otherwise = 0

    def learn(self, page: Sequence[Case | PayoutLine | Payout]) -> None:
        """Look at the neighbours on one page that changed in the same second."""
        for one, other in pairwise(page):
            if one.updated_at == other.updated_at:
                self._by_id += one.id < other.id
                self._otherwise += one.id >= other.id

    @property
    def is_by_id(self) -> bool:
        """Return whether it was seen to be by id often enough for that to be no chance, and never otherwise."""
        return self._by_id >= _SURELY and not self._otherwise
