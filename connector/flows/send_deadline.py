"""The last check before bytes leave: a process that was frozen and wakes late must not send."""

from __future__ import annotations

import time
from dataclasses import dataclass

_MOST_REMEMBERED = 10_000
_REMEMBERED_S = 86_400.0


class TooLate(Exception):
    """The deadline of a hand-over's lease has passed; someone else may own it by now, so nothing was sent."""


def clock_s() -> float:
    """A clock that also runs while the process is stopped or the machine asleep."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.time()


class Posted:
    """When this process last sent what may be in doubt, by its steady clock.

    On SQLite the store's clock is the machine's: put forward, it would end a settling time that has hardly begun. Safe
    to use from several threads.
    """

    def __init__(self) -> None:
        self._at_s: dict[str, float] = {}

    def note(self, subject: str) -> None:
        """Something of `subject` (an id) was sent, or may have been, up to now."""
        now_s = clock_s()
        if len(self._at_s) >= _MOST_REMEMBERED:
            self._at_s = {one: at_s for one, at_s in self._at_s.items() if now_s - at_s < _REMEMBERED_S}
        self._at_s[subject] = now_s

    def at_most_s(self, subject: str, by_the_store_s: float) -> float:
        """Seconds since something of `subject` was sent: as the store says, but not more than by our own clock.

        Infinite where the store knows of nothing that is in doubt.
        """
        at_s = self._at_s.get(subject)
        if at_s is None or by_the_store_s == float("inf"):
            return by_the_store_s
        return min(by_the_store_s, clock_s() - at_s)


@dataclass(frozen=True)
class SendDeadline:
    """A deadline on this machine's own clock.

    Made from an instant read *before* the lease was written, so that it never ends later than the lease does
    in the database, however the clocks differ.
    """

    deadline_s: float

    def may_send(self) -> None:
        """Raise `TooLate` once the deadline has passed."""
        if clock_s() >= self.deadline_s:
            raise TooLate
