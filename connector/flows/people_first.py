"""People first: while someone waits for work of this process, little else is begun, so that they have the processor."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class PeopleFirst:
    """Counts the pieces of work under way that a person waits for. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way = 0

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """A person waits for what is done within the block."""
        with self._lock:
            self._under_way += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1

    @property
    def someone_waits(self) -> bool:
        """Return whether anyone waits now."""
        return self._under_way > 0
