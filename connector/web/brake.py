"""A brake on guessing passwords: after some failures each further try must wait, longer and longer.

Counted in this process's memory. No one sleeps: a try that comes too early is refused without being looked at.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

LONGEST_WAIT_S = 300.0
_FORGOTTEN_AFTER_S = 3600.0
_MOST_KEYS = 10_000


@dataclass
class _Tries:
    failures: int = 0
    last_s: float = 0.0


class Brake:
    """Failures by key (an address, an account). `free` ones cost nothing; then 1, 2, 4, … seconds, to `longest_s`."""

    def __init__(
        self, *, free: int, longest_s: float = LONGEST_WAIT_S, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._free = free
        self._longest_s = longest_s
        self._clock_s = clock_s
        self._lock = threading.Lock()
        self._tries: OrderedDict[str, _Tries] = OrderedDict()

    def enter(self, key: str) -> float:
        """Count a try as failed until it is forgiven; or give the seconds it must wait, and count nothing.

        Counting first keeps many tries at once from slipping through together.
        """
        with self._lock:
            now_s = self._clock_s()
            tries = self._fresh(key, now_s)
            if wait_s := self._wait_s(tries, now_s):
                return wait_s
            self._count(key, tries, now_s)
            return 0.0

    def count(self, key: str) -> None:
        """Count a try as failed until it is forgiven, whether or not it should have waited."""
        with self._lock:
            now_s = self._clock_s()
            self._count(key, self._fresh(key, now_s), now_s)

    def wait_s(self, key: str) -> float:
        """The seconds that a try must wait now."""
        with self._lock:
            now_s = self._clock_s()
            return self._wait_s(self._fresh(key, now_s), now_s)

    def failures(self, key: str) -> int:
        """Return how many failures are counted."""
        with self._lock:
            return self._fresh(key, self._clock_s()).failures

    def forgive(self, key: str) -> None:
        """The try just counted was right: take it back."""
        with self._lock:
            if tries := self._tries.get(key):
                tries.failures = max(tries.failures - 1, 0)

    def forget(self, key: str) -> None:
        """Take back every failure of `key`."""
        with self._lock:
            self._tries.pop(key, None)

    def _fresh(self, key: str, now_s: float) -> _Tries:
        tries = self._tries.get(key)
        return _Tries() if tries is None or now_s - tries.last_s > _FORGOTTEN_AFTER_S else tries

    def _count(self, key: str, tries: _Tries, now_s: float) -> None:
        tries.failures += 1
        tries.last_s = now_s
        self._tries[key] = tries
        self._tries.move_to_end(key)
        while len(self._tries) > _MOST_KEYS:
            self._tries.popitem(last=False)

    def _wait_s(self, tries: _Tries, now_s: float) -> float:
        return max(tries.last_s + self._pause_s(tries.failures) - now_s, 0.0) if tries.failures else 0.0

    def _pause_s(self, failures: int) -> float:
        if failures < self._free:
            return 0.0
        return min(2.0 ** min(failures - self._free, 16), self._longest_s)
