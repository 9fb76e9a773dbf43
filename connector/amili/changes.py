"""What has changed at Amili since an instant, by documented means alone.

Operators such as `$gte` are not documented, a descending sort is (amili.md 7.1): so the latest changes are read first,
up to the first item that is older.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
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
    creditor: str,
    since: datetime,
    projection: Collection[str] = (),
    operation: str,
) -> Iterator[Changing]:
    """The creditor's items that changed at `since` (aware) or later, latest first, each once.

    Amili's instants are whole seconds, so `since` itself is included: whoever keeps the latest `updated_at` as the
    next `since` sees the items of that second again, and misses none. What changes while the list is read moves to
    its front and is seen the next time. Raises `Unreadable` for an item that does not say whose it is or when it
    changed, or that is out of order.
    """
    seen: set[str] = set()
    latest: datetime | None = None
    query = Query(where={"creditor": creditor}, projection=projection, sort="-_updated")
    for item in calls.listed(path, model, query, operation=operation):
        if item.creditor != creditor or item.updated_at is None:
            raise unreadable("answered with an item of unknown creditor or age", operation=operation)
        if latest is not None and item.updated_at > latest and item.id not in seen:
            raise unreadable("did not sort by the time of change", operation=operation)
        if item.updated_at < since.replace(microsecond=0):
            return
        latest = item.updated_at
        if item.id not in seen:
            seen.add(item.id)
            yield item
