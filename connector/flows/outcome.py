"""What a step of durable work says when it returns, and how long to wait before it is tried again."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from enum import StrEnum

from connector.domain.doubt import LONGEST_PAUSE_S
from connector.domain.errors import ConnectorError

LONGEST_PAUSE_OF_A_PERSON_S = 120.0
"""The longest pause of what a person waits for, unless the remote system named a longer one."""


class Then(StrEnum):
    NEXT = "next"
    """Go on with the next step."""
    STOP = "stop"
    """The work has ended, or someone else is doing it."""
    AGAIN = "again"
    """Go on with the next step, and do this work once more after a pause."""
    AGAIN_FIRST = "again_first"
    """Do this work once more after a pause, before any later step."""


@dataclass(frozen=True)
class Outcome:
    """A step's answer. `after_s` is the pause before the work is repeated; 0 unless it is.

    `failed` is the error for which it is repeated or left. `worked` says whether the step did what it is for, so that a
    failure before is over; None where that follows from the rest: what neither failed nor is repeated has worked.
    `could_read` says of what is not through that all it had to read could be read. `unchanged` says of what comes round
    that nothing was found to have changed.
    """

    then: Then
    after_s: float = 0.0
    failed: ConnectorError | None = field(default=None, compare=False)
    worked: bool | None = field(default=None, compare=False)
    could_read: bool = field(default=False, compare=False)
    unchanged: bool = field(default=False, compare=False)

    @property
    def has_worked(self) -> bool:
        """Return whether the step did what it is for."""
        if self.worked is not None:
            return self.worked
        return self.failed is None and self.then in (Then.NEXT, Then.STOP)


NEXT = Outcome(Then.NEXT)
STOP = Outcome(Then.STOP)
NOTHING_NEW = Outcome(Then.STOP, unchanged=True)
NOT_NOW = Outcome(Then.STOP, worked=False)
"""The work has ended without anything having been tried."""


def pause_s(tries: int, *, named_s: float | None = None, most_s: float = LONGEST_PAUSE_S) -> float:
    """The pause before try number `tries` + 1: what the remote system named, else growing with jitter to `most_s`."""
    if named_s is not None:
        return min(max(named_s, 0.0), LONGEST_PAUSE_S) + random.uniform(0, 0.5)
    return min(0.5 * 2.0 ** min(tries, 12), most_s) * random.uniform(0.75, 1.25)


def took_too_long(attempt_s: float) -> ConnectorError:
    """Nothing was sent, because it was not known in time whether it may be."""
    return ConnectorError(
        f"Reading the invoice and its cases took longer than ATTEMPT_S ({attempt_s:g} s), so nothing was sent.",
        advice="See why the ledger or Amili answers so slowly, or give ATTEMPT_S more seconds.",
    )
