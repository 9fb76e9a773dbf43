"""Threads for requests, by what is asked for: what must be answered at once never waits behind pages.

A ledger hangs up on a webhook after a second and never sends it again, and anyone who watches
the service takes a slow answer for a dead one. Pages may wait for a ledger.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from types import MappingProxyType
from typing import Any

from waitress.task import ThreadedTaskDispatcher

from connector.web import lifecycle

AT_ONCE = ("/webhooks/", "/health", "/ready", "/metrics")
DOOR = ("/sign-in", "/sign-out", "/language", "/static/")


@dataclass(frozen=True)
class Threads:
    """How many threads answer what: `at_once` webhooks and those who watch, `door` signing in, `pages` all else."""

    at_once: int = 4
    door: int = 3
    pages: int = 16


class Lanes(ThreadedTaskDispatcher):
    """Hands each connection to the threads for what it asks first. In the place of waitress' one pool of threads."""

    def __init__(self, threads: Threads) -> None:
        super().__init__()
        self._pages = _pool(threads.pages)
        self._by_prefix: Mapping[tuple[str, ...], ThreadedTaskDispatcher] = MappingProxyType(
            {(*AT_ONCE, *lifecycle.paths()): _pool(threads.at_once), DOOR: _pool(threads.door)}
        )

    def add_task(self, task: Any) -> None:
        """Have the requests that came in on one connection (waitress' `HTTPChannel`) answered."""
        path = task.requests[0].path if task.requests else ""
        lane = next((lane for prefixes, lane in self._by_prefix.items() if path.startswith(prefixes)), self._pages)
        lane.add_task(task)

    def shutdown(self, cancel_pending: bool = True, timeout: int = 5) -> bool:
        """Let every thread end within `timeout` seconds altogether; whether what waits was given up."""
        until = time.monotonic() + timeout
        ended = [
            lane.shutdown(cancel_pending, max(ceil(until - time.monotonic()), 0))
            for lane in (*self._by_prefix.values(), self._pages)
        ]
        return all(ended)


def _pool(threads: int) -> ThreadedTaskDispatcher:
    pool = ThreadedTaskDispatcher()
    pool.set_thread_count(threads)
    return pool
