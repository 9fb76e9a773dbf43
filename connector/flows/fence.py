"""The last check before bytes leave: a process that was frozen and wakes late must not send."""

from __future__ import annotations

import time
from dataclasses import dataclass


class TooLate(Exception):
    """The deadline of a hand-over's lease has passed; somebody else may own it by now, so nothing was sent."""


def clock_s() -> float:
    """A clock that also runs while the process is stopped or the machine asleep."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.time()


@dataclass(frozen=True)
class Fence:
    """A deadline on this machine's own clock.

    Made from an instant read *before* the lease was written, so that it never ends later than the lease does
    in the database, however the clocks differ.
    """

    deadline_s: float

    def may_send(self) -> None:
        """Raise `TooLate` once the deadline has passed."""
        if clock_s() >= self.deadline_s:
            raise TooLate
