"""A bell at the engine's queues: it lets them be looked at when there is something in them, not after a while.

Between two looks the engine waits for an event that tells it to stop. Rung, such an event ends one wait of each thread
that looks at a queue, and tells no one to stop.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from typing import cast

_LOOKING = "queue-worker-"
_LEAST_S = 0.1
"""A queue is not looked at more often, however often it is rung for."""


class Bell(threading.Event):
    """An event whose waits `ring` cuts short, for threads that look at a queue. Others wait as at any event."""

    def hang(self) -> None:
        """Make an event of this class usable that began as a plain one, at which threads may wait already."""
        self._rung = 0
        self._heard = threading.local()
        self._ringing = threading.Condition()

    def ring(self) -> None:
        """End one wait of each thread that looks at a queue: the one that it is in, or the next."""
        with self._ringing:
            self._rung += 1
            self._ringing.notify_all()

    def set(self) -> None:
        """As of any event."""
        super().set()
        with self._ringing:
            self._ringing.notify_all()

    def wait(self, timeout: float | None = None) -> bool:
        """As of any event, but that it may return earlier."""
        if not threading.current_thread().name.startswith(_LOOKING):
            return super().wait(timeout)
        heard: int = getattr(self._heard, "count", -1)
        least_s = _LEAST_S - (time.monotonic() - getattr(self._heard, "at_s", 0.0))
        with self._ringing:
            if least_s > 0:
                self._ringing.wait_for(self.is_set, least_s)
            self._ringing.wait_for(lambda: self.is_set() or self._rung != heard, timeout)
            self._heard.count = self._rung
            self._heard.at_s = time.monotonic()
            return self.is_set()


def hung_at(events: Iterable[threading.Event]) -> Sequence[Bell]:
    """Return these events as bells."""
    bells = []
    for event in events:
        # The engine has handed it out already.
        Bell.hang(cast(Bell, event))
        event.__class__ = Bell
        bell = cast(Bell, event)
        bells.append(bell)
    return tuple(bells)


def ring(bells: Iterable[Bell]) -> None:
    """Ring them all."""
    for bell in bells:
        bell.ring()
