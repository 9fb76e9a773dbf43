"""Turns at a braked account: anyone who is asked to wait may try when the wait is over, however many others try
meanwhile.

Without them, anyone who guesses fastest takes every try that a brake lets through, and the right password never gets
one. Kept in this process's memory, like the brakes.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

APART_S = 0.25
"""Between two turns at one account: so often its password is looked at, at most, once its free tries are used up."""
LONGEST_WAIT_S = 30.0
_KEPT_FOR_S = 120.0
"""How long a turn is kept for anyone who comes late: a password is soon typed again."""
_LOOK_THROUGH_EVERY = 256


@dataclass(frozen=True)
class _Turn:
    account: str
    at_s: float


class Turns:
    """Who may try when, by account. A turn is known by a random id, which only its holder's browser is told."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._lock = threading.Lock()
        self._turns: dict[str, _Turn] = {}
        self._next_s: dict[str, float] = {}
        self._given = 0

    def give(self, account: str, *, after_s: float) -> tuple[str, float]:
        """A turn after so many seconds, or later where others wait before: its id, and the seconds.

        The id is "" where too many wait.
        """
        with self._lock:
            now_s = self._clock_s()
            at_s = max(now_s + after_s, self._next_s.get(account, 0.0))
            if at_s - now_s > LONGEST_WAIT_S:
                return "", LONGEST_WAIT_S
            self._given += 1
            if self._given % _LOOK_THROUGH_EVERY == 0:
                self._forget_old(now_s)
            turn_id = secrets.token_urlsafe(12)
            self._turns[turn_id] = _Turn(account, at_s)
            self._next_s[account] = at_s + APART_S
            return turn_id, at_s - now_s

    def wait_s(self, turn_id: str, account: str) -> float | None:
        """The seconds until a turn; None if there is none of that id at that account."""
        with self._lock:
            turn, now_s = self._turns.get(turn_id), self._clock_s()
            if turn is None or turn.account != account or now_s > turn.at_s + _KEPT_FOR_S:
                return None
            return max(turn.at_s - now_s, 0.0)

    def use(self, turn_id: str, account: str) -> bool:
        """Take a turn that has come; False if it is not there any more or has not come."""
        with self._lock:
            turn = self._turns.get(turn_id)
            if turn is None or turn.account != account or self._clock_s() < turn.at_s:
                return False
            del self._turns[turn_id]
            return True

    def _forget_old(self, now_s: float) -> None:
        self._turns = {one: turn for one, turn in self._turns.items() if now_s <= turn.at_s + _KEPT_FOR_S}
        self._next_s = {account: at_s for account, at_s in self._next_s.items() if at_s >= now_s}
