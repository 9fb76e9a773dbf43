"""What a step of durable work says when it returns, and how long to wait before it is tried again."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum

LONGEST_PAUSE_S = 900.0

TRIES_BEFORE_GIVING_UP = 12
"""How often what can be left out of a registered case is tried while it is clearly refused: about an hour."""


class Then(StrEnum):
    NEXT = "next"
    """Go on with the next step."""
    STOP = "stop"
    """The work has ended, or somebody else is doing it."""
    AGAIN = "again"
    """Go on with the next step, and do this work once more after a pause."""
    AGAIN_FIRST = "again_first"
    """Do this work once more after a pause, before any later step."""


@dataclass(frozen=True)
class Outcome:
    """A step's answer. `after_s` is the pause before the work is repeated; 0 unless it is."""

    then: Then
    after_s: float = 0.0


NEXT = Outcome(Then.NEXT)
STOP = Outcome(Then.STOP)


def pause_s(tries: int, *, named_s: float | None = None) -> float:
    """The pause before try number `tries` + 1: what the remote system named, else growing with jitter."""
    if named_s is not None:
        return min(max(named_s, 0.0), LONGEST_PAUSE_S) + random.uniform(0, 0.5)
    return min(0.5 * 2.0 ** min(tries, 12), LONGEST_PAUSE_S) * random.uniform(0.75, 1.25)
