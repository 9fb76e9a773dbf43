"""How lists at Amili are asked for, and the reads that what goes through them is given."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Protocol, TypeVar

from pydantic import BaseModel

from connector.amili import SYSTEM
from connector.domain.errors import NotFound, Refused

PAGE_SIZE = 100
"""The most items that Amili puts on one page (API.md, "Lists")."""

_ID = re.compile(r"[0-9A-Za-z_-]+")

Item = TypeVar("Item", bound=BaseModel)
Wheres = Sequence[Mapping[str, Any]]
"""Filters, from the narrowest to the widest."""


@dataclass(frozen=True)
class Query:
    """Which items of a list, with which of their fields, in which order (API.md, "Lists").

    Sorted by `_id` unless told otherwise, so that what is created meanwhile comes last and shifts nothing. Only
    equality and a single field to sort by are documented; several stand with commas between them in the framework.
    `where` stands in an address, so nothing personal may.
    """

    where: Mapping[str, Any] | None = None
    projection: Collection[str] = ()
    sort: str = "_id"

    def parameters(self) -> dict[str, str]:
        """The query parameters, those of the page apart."""
        shown = {"projection": json.dumps(dict.fromkeys(self.projection, 1))} if self.projection else {}
        return {"sort": self.sort} | ({"where": json.dumps(self.where)} if self.where else {}) | shown


class Reads(Protocol):
    """The reads of one API user, as `connector.amili.calls.Calls` makes them."""

    def item(self, path: str, item_id: str, model: type[Item], *, operation: str) -> Item:
        """The item `item_id` of the list at `path`. Raises `NotFound`."""

    def listed(self, path: str, model: type[Item], query: Query, *, operation: str) -> Iterator[Item]:
        """Every item, read a page at a time. Raises `Unreadable` where the list may be incomplete."""

    def pages(self, path: str, model: type[Item], query: Query, *, operation: str) -> Iterator[tuple[Item, ...]]:
        """Every page of a list. Raises as `listed` does."""


def is_bad_query(refusal: Refused) -> bool:
    """Return whether a list refused how it was asked, by a filter of the wrong type say, and not who asks."""
    return refusal.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY)


def item_path(path: str, item_id: str, *, operation: str) -> str:
    """The path of one item. Raises `NotFound` for what cannot be an id."""
    if not _ID.fullmatch(item_id):
        raise NotFound("has no ids of this form; nothing was asked.", system=SYSTEM, operation=operation)
    return f"{path}/{item_id}"


def of_creditor(creditor: str | None) -> dict[str, str]:
    """The filter for one creditor's items, or for those of every creditor that our key sees."""
    return {} if creditor is None else {"creditor": creditor}
