"""Listening to Fortnox's events: one stream for all companies, held by one worker process at a time.

Events are the speed and polling is the guarantee (DESIGN.md, "Promises", 5): what is missed here, while the stream is
down or of a company that is not on it, is found by polling.
"""

from __future__ import annotations

import logging
import threading
import time
import traceback
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import SecretStr

from connector.domain.errors import ConnectorError
from connector.hosts.base import EventSource, Outlets
from connector.hosts.fortnox.audience import Audience, LastingTokens, companies_of
from connector.hosts.fortnox.feed import Feed, open_feed
from connector.hosts.fortnox.hearing import Hearing, Received
from connector.remote.policy import HttpPolicy

log = logging.getLogger(__name__)

LEASE = "fortnox-events"

_TOKENS_AT_ONCE = 4
_STOPS_WITHIN_S = 10.0
_MOST_TRIES = 9


@dataclass(frozen=True)
class Stream:
    """Where an app's events come from. `tokens` gives the access tokens of the company with a number."""

    url: str
    client_id: str
    client_secret: SecretStr
    tokens: Callable[[str], LastingTokens]
    http: HttpPolicy


@dataclass(frozen=True)
class Times:
    """How long things take, in seconds."""

    house_every: float = 3.0
    """How often it is looked which companies there are, and the lease is prolonged."""
    lease: float = 45.0
    """Longer than connecting and a command take, so that the holder does not lose it while it waits."""
    look: float = 0.25
    """How often it is looked what else is to be done, while no event comes."""
    good: float = 30.0
    """A stream that has lasted so long is in order."""
    pause: Callable[[int], float] | None = None
    """The pause after so many failures; None: as all work here has it."""


class Trouble:
    """What is wrong with the stream: told once, not at every try."""

    def __init__(self, pause: Callable[[int], float]) -> None:
        self._pause = pause
        self._tries = 0
        self._is_told = False

    def met(self, error: Exception) -> float:
        """Take note of a failure; gives how many seconds to wait before the next try."""
        if not isinstance(error, ConnectorError):
            # Never its text, which may hold what must not be logged.
            lines = "".join(traceback.format_tb(error.__traceback__))
            log.error("listening to events: unexpected %s; tried again later\n%s", type(error).__name__, lines)
        elif self._tries and not self._is_told:
            # The first failure is an ordinary end, which the next try fixes.
            log.warning("the event stream is down; changes are found by polling until it is back: %s", error)
            self._is_told = True
        self._tries = min(self._tries + 1, _MOST_TRIES)
        return self._pause(self._tries)

    def over(self) -> None:
        """The stream has been in order for a while."""
        if self._is_told:
            log.info("the event stream is in order again")
        self._tries, self._is_told = 0, False


class Listener(EventSource):
    """Listens in a thread of its own from `start` to `stop`, while no other process does."""

    def __init__(
        self,
        outlets: Outlets,
        stream: Stream,
        *,
        times: Times | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`now` is the clock by which tokens end."""
        self._outlets = outlets
        self._stream = stream
        self._times = times or Times()
        self._executor = ThreadPoolExecutor(_TOKENS_AT_ONCE, thread_name_prefix="fortnox-tokens")
        self._audience = Audience(stream.tokens, self._executor, now)
        self._received = Received(outlets, stream.client_id)
        self._owner = uuid.uuid4().hex
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fortnox-events", daemon=True)
        self._trouble = Trouble(self._times.pause or outlets.pause_s)
        self._house_at = 0.0
        self._has_listened = False

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """End, and let another process listen."""
        self._stopping.set()
        self._thread.join(timeout=_STOPS_WITHIN_S)
        self._executor.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wait(self._or_later(self._turn))
        self._or_later(self._give_up)

    def _or_later(self, work: Callable[[], float]) -> float:
        """Do something that gives how long to wait after it; whatever goes wrong costs speed, never the worker."""
        try:
            return work()
        except Exception as error:  # noqa: BLE001
            return self._trouble.met(error)

    def _wait(self, for_s: float) -> None:
        """Wait, and keep the lease if it is ours, so that no one tries at once where we have just failed."""
        until = time.monotonic() + for_s
        while not self._stopping.wait(max(min(until - time.monotonic(), self._times.house_every), 0.0)):
            if time.monotonic() >= until:
                return
            self._or_later(self._keep_lease)

    def _keep_lease(self) -> float:
        self._outlets.take_lease(LEASE, self._owner, self._times.lease)
        return 0.0

    def _give_up(self) -> float:
        self._outlets.release(LEASE, self._owner)
        return 0.0

    def _turn(self) -> float:
        """Listen for as long as it goes well; gives how many seconds to wait before trying again."""
        if not self._keep_house():
            return self._times.house_every
        self._audience.ask()
        if not self._audience.tokens_to_add():
            return self._times.look
        try:
            with self._open_feed() as feed:
                self._listen(feed)
        finally:
            self._audience.start_over()
        return self._times.house_every

    def _open_feed(self) -> AbstractContextManager[Feed]:
        stream = self._stream
        return open_feed(stream.url, stream.client_secret, stream.http)

    def _keep_house(self) -> bool:
        """See that no other process listens, and which companies there are; False if there is nothing to listen to."""
        self._house_at = time.monotonic() + self._times.house_every
        if not self._outlets.take_lease(LEASE, self._owner, self._times.lease):
            return False
        self._audience.update(companies_of(self._outlets.ledgers()))
        return not self._audience.is_empty

    def _listen(self, feed: Feed) -> None:
        hearing = Hearing(feed, self._audience, self._received)
        opened_at = time.monotonic()
        while not self._stopping.is_set():
            if time.monotonic() >= self._house_at and not self._keep_house():
                return
            hearing.admit()
            hearing.hear(within_s=self._times.look)
            if feed.is_subscribed:
                self._tell(opened_at)

    def _tell(self, opened_at: float) -> None:
        if not self._has_listened:
            self._has_listened = True
            log.info("listening to Fortnox's events of %d companies", self._audience.count_on)
        if time.monotonic() - opened_at > self._times.good:
            self._trouble.over()
