"""Requests at the pace that a ledger allows, with room kept free for people.

Anyone who works in the background says so (`in_background`); everything else is taken for a person who waits.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from connector.domain.errors import RateLimited

LONGEST_WAIT_S = 30.0
"""Anyone who would have to wait longer for its turn is told instead: it can come back, and holds no one up."""

_BACKGROUND = ContextVar("background", default=False)
_WAITED = threading.local()


class Budget(Protocol):
    """How many requests may be sent, shared by everybody who sends them."""

    def take(self, *, background: bool) -> float:
        """0 if a request may be sent now, which is then counted; else how many seconds to wait before asking again."""

    def block(self, for_s: float) -> None:
        """Let no one send anything for a while: the ledger asked for it."""


def waited_s() -> float:
    """Return how many seconds this thread has waited for turns altogether: they tell nothing of a ledger's answers."""
    return getattr(_WAITED, "s", 0.0)


@contextmanager
def in_background() -> Iterator[None]:
    """Let what this thread sends within the block leave room for people."""
    token = _BACKGROUND.set(True)
    try:
        yield
    finally:
        _BACKGROUND.reset(token)


class Pace:
    """Waits for each request's turn. Safe to use from several threads."""

    def __init__(
        self,
        budget: Budget,
        *,
        system: str,
        longest_wait_s: float = LONGEST_WAIT_S,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`system` is the ledger, as errors name it."""
        self._budget = budget
        self._system = system
        self._longest_wait_s = longest_wait_s
        self._sleep = sleep

    def wait(self) -> None:
        """Wait until a request may be sent. Raises `RateLimited`, with the wait, if that is too far off."""
        here_s = 0.0
        while wait_s := self._budget.take(background=_BACKGROUND.get()):
            if here_s + wait_s > self._longest_wait_s:
                raise RateLimited(
                    "takes no more requests of this company for now.",
                    system=self._system,
                    operation="wait for a turn",
                    retry_after_s=wait_s,
                )
            self._sleep(wait_s)
            here_s += wait_s
            _WAITED.s = waited_s() + wait_s

    def blocked(self, for_s: float) -> None:
        """The ledger asked us to wait for `for_s` seconds."""
        self._budget.block(for_s)
