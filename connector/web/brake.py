"""A brake on guessing passwords: after some failures each further try must wait, longer and longer.

Counted in this process's memory. Nobody sleeps: a try that comes too early is refused without being looked at.
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
    """Failures by key (an address, an account). `free` failures cost nothing; then 1, 2, 4, … seconds."""

    def __init__(self, *, free: int, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._free = free
        self._clock_s = clock_s
        self._lock = threading.Lock()
        self._tries: OrderedDict[str, _Tries] = OrderedDict()

    def enter(self, key: str) -> float:
        """Count a try as failed until it is forgiven; or give the seconds it must wait, and count nothing.

        Counting first keeps many tries at once from slipping through together.
        """
        with self._lock:
            now_s = self._clock_s()
            tries = self._tries.get(key)
            if tries is None or now_s - tries.last_s > _FORGOTTEN_AFTER_S:
                tries = self._tries[key] = _Tries()
            wait_s = tries.last_s + self._pause_s(tries.failures) - now_s
            if tries.failures and wait_s > 0:
                return wait_s
            tries.failures += 1
            tries.last_s = now_s
            self._tries.move_to_end(key)
            while len(self._tries) > _MOST_KEYS:
                self._tries.popitem(last=False)
            return 0.0

    def forgive(self, key: str) -> None:
        """The try just counted was right: take it back."""
        with self._lock:
            if tries := self._tries.get(key):
                tries.failures = max(tries.failures - 1, 0)

    def forget(self, key: str) -> None:
        """Take back every failure of `key`."""
        with self._lock:
            self._tries.pop(key, None)

    def _pause_s(self, failures: int) -> float:
        if failures < self._free:
            return 0.0
        return min(2.0 ** min(failures - self._free, 16), LONGEST_WAIT_S)
