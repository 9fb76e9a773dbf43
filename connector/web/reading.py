"""Reading from remote systems for pages: a page waits a few seconds for it, and after that fills itself in.

What one company's ledger keeps waiting takes a bounded number of threads, so that the other companies' pages go on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any, TypeVar, cast

Read = TypeVar("Read")


class StillReading(Exception):
    """The remote system has not answered yet; asked again with the same key, the reading goes on where it was."""


@dataclass
class _Reading:
    company: str
    result: Future[Any] = field(default_factory=Future)
    ended_s: float = float("inf")


class Readings:
    """The readings under way, and those that no one has fetched yet. Safe to use from several threads."""

    def __init__(
        self, *, wait_s: float = 3.0, of_a_company: int = 4, at_once: int = 32, waiting: int = 12, kept_s: float = 60.0
    ) -> None:
        """`wait_s` is how long a page waits; `of_a_company` and `at_once` bound the readings, `waiting` the pages.

        What no one has fetched `kept_s` seconds after it was read is forgotten.
        """
        self._wait_s = wait_s
        self._of_a_company = of_a_company
        self._kept_s = kept_s
        self._free = threading.Semaphore(at_once)
        self._places = threading.Semaphore(waiting)
        self._lock = threading.Lock()
        self._readings: dict[Hashable, _Reading] = {}
        self._work: SimpleQueue[tuple[_Reading, Callable[[], Any]]] = SimpleQueue()
        self._idle = 0

    def read(self, company: str, key: Hashable, work: Callable[[], Read]) -> Read:
        """Return what `work` gives, or raises. Raises `StillReading` where it takes longer, and holds no one up
        meanwhile.

        `key` says what is read for the `company`: two pages of the same read once.
        """
        reading = self._begun(company, (company, key), work)
        if not reading.result.done():
            with self._waiting() as may_wait:
                if may_wait:
                    _wait(reading.result, self._wait_s)
        if not reading.result.done():
            raise StillReading
        with self._lock:
            if self._readings.get((company, key)) is reading:
                del self._readings[(company, key)]
        return cast(Read, reading.result.result())

    def _begun(self, company: str, key: Hashable, work: Callable[[], Any]) -> _Reading:
        with self._lock:
            self._forget_unfetched()
            known = self._readings.get(key)
            if known is not None:
                return known
            running = sum(one.company == company and not one.result.done() for one in self._readings.values())
            if running >= self._of_a_company or not self._free.acquire(blocking=False):
                raise StillReading
            reading = self._readings[key] = _Reading(company)
            if not self._idle:
                threading.Thread(target=self._go_on, name="reading", daemon=True).start()
            else:
                self._idle -= 1
        self._work.put((reading, work))
        return reading

    def _forget_unfetched(self) -> None:
        before_s = time.monotonic() - self._kept_s
        old = [key for key, one in self._readings.items() if one.ended_s < before_s]
        for key in old:
            del self._readings[key]

    def _go_on(self) -> None:
        while True:
            reading, work = self._work.get()
            try:
                reading.result.set_result(work())
            except BaseException as error:  # noqa: BLE001  the reader raises it
                reading.result.set_exception(error)
            self._free.release()
            with self._lock:
                reading.ended_s = time.monotonic()
                self._idle += 1

    @contextmanager
    def _waiting(self) -> Iterator[bool]:
        may_wait = self._places.acquire(blocking=False)
        try:
            yield may_wait
        finally:
            if may_wait:
                self._places.release()


def _wait(result: Future[Any], for_s: float) -> None:
    try:
        result.exception(timeout=for_s)
    except TimeoutError:
        return
