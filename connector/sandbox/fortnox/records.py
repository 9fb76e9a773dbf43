"""The records of the Fortnox imitation: documents by key, with their former versions for reads that lag."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

Document = Mapping[str, Any]

LONGEST_LAG = timedelta(minutes=5)
"""Versions replaced longer ago than this are forgotten."""


@dataclass(frozen=True)
class Version:
    """A document as it stood from `at` on; `document` is None once it is deleted.

    `modified` is what `lastmodified` compares, which not every change moves.
    """

    at: datetime
    modified: datetime
    document: Document | None


class Table:
    """Documents by key, in the order of their creation. The caller holds the lock."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._versions: dict[str, list[Version]] = {}

    def __contains__(self, key: object) -> bool:
        versions = self._versions.get(str(key))
        return versions is not None and versions[-1].document is not None

    def __getitem__(self, key: str) -> Document:
        """The document as it is now. Raises `KeyError`."""
        document = self._versions[key][-1].document
        if document is None:
            raise KeyError(key)
        return document

    def keys(self) -> list[str]:
        """The keys of all documents there are now."""
        return [key for key in self._versions if key in self]

    def put(self, key: str, document: Document, *, modifies: bool = True) -> None:
        """Store `document`; with `modifies` its modified time is now, else it stays."""
        now = self._now()
        versions = self._versions.setdefault(key, [])
        modified = now if modifies or not versions else versions[-1].modified
        self._add(versions, Version(now, modified, document))

    def remove(self, key: str) -> None:
        """Delete a document."""
        now = self._now()
        self._add(self._versions[key], Version(now, now, None))

    def _add(self, versions: list[Version], version: Version) -> None:
        while len(versions) > 1 and versions[1].at < version.at - LONGEST_LAG:
            del versions[0]
        versions.append(version)

    def seen(self, key: str, lag: timedelta) -> Version | None:
        """The version that a read lagging by `lag` sees; None if there was no document then."""
        versions = self._versions.get(key, [])
        if not lag:
            found = versions[-1] if versions else None
        else:
            as_of = self._now() - lag
            found = next((version for version in reversed(versions) if version.at <= as_of), None)
        return None if found is None or found.document is None else found

    def all_seen(self, lag: timedelta) -> Iterator[Version]:
        """Every version that a read lagging by `lag` sees."""
        for key in self._versions:
            version = self.seen(key, lag)
            if version is not None:
                yield version
