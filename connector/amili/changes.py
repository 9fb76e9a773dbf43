"""What has changed at Amili since an instant, by documented means alone.

Operators such as `$gte` are not documented, a descending sort is (amili.md 7.1): so the latest changes are read first,
up to the first item that is older.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import TypeVar

from connector.amili.answers import unreadable
from connector.amili.calls import Calls, Query
from connector.amili.finance import Payout, PayoutLine
from connector.amili.models import Case

Changing = TypeVar("Changing", Case, PayoutLine, Payout)


def changed_since(
    calls: Calls,
    path: str,
    model: type[Changing],
    *,
    creditor: str | None,
    since: datetime,
    projection: Collection[str] = (),
    operation: str,
) -> Iterator[Changing]:
    """The creditor's items that changed at `since` (aware) or later, latest first, each once; None: everybody's.

    Amili's instants are whole seconds, so `since` itself is included: whoever keeps the latest `updated_at` as the
    next `since` sees the items of that second again, and misses none. What changes while the list is read moves to
    its front and is seen the next time. Raises `Unreadable` for an item that does not say whose it is or when it
    changed, or that is out of order.
    """
    seen: set[str] = set()
    earliest = since.replace(microsecond=0)
    query = Query(where=of_creditor(creditor), projection=projection, sort="-_updated")
    latest = datetime.max.replace(tzinfo=UTC)
    for page in calls.pages(path, model, query, operation=operation):
        moments = [_moment_of(item, creditor, operation=operation) for item in page]
        # What changed meanwhile pushed some of the page before onto this one.
        new = [moment for item, moment in zip(page, moments, strict=True) if item.id not in seen]
        # Also of a page that ends the reading: out of order, its older items say nothing of the next page.
        if sorted(moments, reverse=True) != moments or (new and new[0] > latest):
            raise unreadable("did not sort by the time of change", operation=operation)
        for item, moment in zip(page, moments, strict=True):
            if moment < earliest:
                return
            if item.id not in seen:
                seen.add(item.id)
                yield item
        latest = min(latest, moments[-1]) if moments else latest


def _moment_of(item: Case | PayoutLine | Payout, creditor: str | None, *, operation: str) -> datetime:
    if (creditor is not None and item.creditor != creditor) or item.updated_at is None:
        raise unreadable("answered with an item of unknown creditor or age", operation=operation)
    return item.updated_at


def of_creditor(creditor: str | None) -> dict[str, str]:
    """The filter for one creditor's items, or for those of every creditor that our key sees."""
    return {} if creditor is None else {"creditor": creditor}
