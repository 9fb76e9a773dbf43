"""Places at which passwords are hashed: each takes 19 MiB and a core, so there are few, and waiting ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

AT_ONCE = 2
WAITING = 4
LONGEST_WAIT_S = 2.0


class NoPlace(Exception):
    """None came free in time, or too many wait already."""


class HashingPlaces:
    """The places of one process."""

    def __init__(
        self, *, at_once: int = AT_ONCE, waiting: int = WAITING, longest_wait_s: float = LONGEST_WAIT_S
    ) -> None:
        self._places = threading.BoundedSemaphore(at_once)
        self._inside = threading.BoundedSemaphore(at_once + waiting)
        self._longest_wait_s = longest_wait_s

    @contextmanager
    def place(self) -> Iterator[None]:
        """Have a place while the block runs. Raises `NoPlace`."""
        if not self._inside.acquire(blocking=False):
            raise NoPlace
        try:
            if not self._places.acquire(timeout=self._longest_wait_s):
                raise NoPlace
            try:
                yield
            finally:
                self._places.release()
        finally:
            self._inside.release()
