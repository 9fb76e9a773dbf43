"""Ledgers that do not answer: each is asked ever more rarely, by one at a time, so that it holds no one else up.

A ledger that refuses a call costs nothing, and is asked as before. One that lets us wait takes a worker's or a page's
place for as long, and a few such companies would take all of them. What is known is kept for each process by itself.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar, cast

from connector.domain.errors import OutcomeUnknown, RateLimited, Unavailable
from connector.hosts.base import Host
from connector.hosts.pacing import waited_s

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 10.0
"""Of work that comes back by itself."""
LONGEST_PAUSE_OF_A_PERSON = 1.0
"""Where people wait: in the web process, and at the command line.

All of them are shares of the time that a call waits for an answer, which is what it costs to ask without success.
"""
_LONGEST_TRY_S = 120.0
_WITHOUT_A_CALL = frozenset({"hint_timing", "language"})

Answer = TypeVar("Answer")


class LedgerSilent(Unavailable):
    """The ledger has not answered lately, and is not asked before `retry_after_s` is over. Nothing was sent."""


@dataclass
class _Silence:
    times: int = 0
    until_s: float = 0.0


class Silences:
    """The companies whose ledgers have not answered, by connection. Safe to use from several threads."""

    def __init__(self, *, counts_after_s: float, waits_s: float, clock_s: Callable[[], float] = time.monotonic) -> None:
        """A call that failed after it took `counts_after_s` or longer was not answered; others were refused.

        `waits_s` is how long a call waits for an answer.
        """
        self._counts_after_s = counts_after_s
        self._waits_s = waits_s
        self._clock_s = clock_s
        self._longest = LONGEST_PAUSE_OF_A_PERSON
        self._lock = threading.Lock()
        self._known: dict[str, _Silence] = {}

    def ask_rarely(self) -> None:
        """Let work that comes back by itself wait longer than a person would."""
        self._longest = LONGEST_PAUSE

    def listening(self, connection_id: str, system: str, host: Host) -> Host:
        """`host`, which people call `system`, whose calls raise `LedgerSilent` while the ledger is not asked."""
        return cast(Host, _Listening(self, connection_id, system, host))

    def ask(self, connection_id: str, system: str, operation: str, call: Callable[[], Answer]) -> Answer:
        """Return what `call` gives. Raises what it raises, and `LedgerSilent` without calling."""
        self._enter(connection_id, system, operation)
        began_s, waited_before_s = self._clock_s(), waited_s()
        try:
            answer = call()
        except (OutcomeUnknown, Unavailable) as error:
            # Without the waits for turns, which the ledger's answers do not end.
            took_s = self._clock_s() - began_s - (waited_s() - waited_before_s)
            hung = took_s >= self._counts_after_s and not isinstance(error, RateLimited)
            self._leave(connection_id, answered=not hung)
            raise
        except BaseException:
            self._leave(connection_id, answered=True)
            raise
        self._leave(connection_id, answered=True)
        return answer

    def _enter(self, connection_id: str, system: str, operation: str) -> None:
        with self._lock:
            known = self._known.get(connection_id)
            if known is None:
                return
            now_s = self._clock_s()
            if known.until_s <= now_s:
                # This one tries, and no one beside it.
                known.until_s = now_s + _LONGEST_TRY_S
                return
            left_s = min(known.until_s - now_s, self._pause_s(known.times))
        raise LedgerSilent(
            "has not answered lately, and is asked again in a while.",
            system=system,
            operation=operation,
            advice=f"Check that {system} is up. Nothing was sent, and what waits goes on by itself.",
            retry_after_s=left_s,
        )

    def _leave(self, connection_id: str, *, answered: bool) -> None:
        with self._lock:
            if answered:
                self._known.pop(connection_id, None)
                return
            known = self._known.setdefault(connection_id, _Silence())
            known.times += 1
            known.until_s = self._clock_s() + self._pause_s(known.times)

    def _pause_s(self, times: int) -> float:
        return self._waits_s * min(FIRST_PAUSE * 2.0 ** min(times - 1, 10), self._longest)


class _Listening:
    """A host whose every call to its ledger goes through `Silences.ask`."""

    def __init__(self, silences: Silences, connection_id: str, system: str, host: Host) -> None:
        self._silences = silences
        self._connection_id = connection_id
        self._system = system
        self._host = host

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._host, name)
        if name in _WITHOUT_A_CALL or not callable(found):
            return found

        @wraps(found)
        def call(*args: Any, **options: Any) -> Any:
            given = self._ask(name, lambda: found(*args, **options))
            return self._each(name, given) if isinstance(given, Iterator) else given

        return call

    def _ask(self, name: str, call: Callable[[], Any]) -> Any:
        return self._silences.ask(self._connection_id, self._system, name, call)

    def _each(self, name: str, given: Iterator[Any]) -> Iterator[Any]:
        """Return what is called for only as it is iterated over."""
        end = object()
        while (item := self._ask(name, lambda: next(given, end))) is not end:
            yield item
