"""One trial of a Fortnox company: whom it asks, whose clock it goes by, at what pace, and what it has seen."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from connector.domain.errors import ConnectorError, KeyRefused
from connector.hosts.fortnox.client import REQUESTS, WINDOW_S, FortnoxClient
from tests.live.fortnox_points import Point, Seen

YES = {"y", "yes", "j", "ja"}


class Person(Protocol):
    """Whoever runs the trial."""

    def say(self, text: str) -> None:
        """Show a line."""

    def ask(self, question: str) -> str:
        """What the person types at a question."""


class Terminal:
    """The person at the terminal."""

    def say(self, text: str) -> None:
        print(text, flush=True)

    def ask(self, question: str) -> str:
        return input(f"{question} ").strip()


class Clock(Protocol):
    """The time, and waiting."""

    def now(self) -> datetime:
        """Now, aware."""

    def sleep(self, seconds: float) -> None:
        """Return after a while."""


class WallClock:
    """The machine's time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class Allowance:
    """The requests that Fortnox takes of one process (`connector.hosts.pacing.Budget`)."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._sent: deque[datetime] = deque()
        self._blocked_until: datetime | None = None
        self._one_thread = threading.Lock()

    def take(self, *, background: bool) -> float:
        with self._one_thread:
            now, window = self._now(), timedelta(seconds=WINDOW_S)
            if self._blocked_until is not None and now < self._blocked_until:
                return (self._blocked_until - now).total_seconds()
            while self._sent and self._sent[0] <= now - window:
                self._sent.popleft()
            if len(self._sent) >= REQUESTS:
                return (self._sent[0] + window - now).total_seconds()
            self._sent.append(now)
            return 0.0

    def block(self, for_s: float) -> None:
        with self._one_thread:
            self._blocked_until = self._now() + timedelta(seconds=for_s)


class Unlimited:
    """A budget that holds nothing back, to find where Fortnox does."""

    def take(self, *, background: bool) -> float:
        return 0.0

    def block(self, for_s: float) -> None:
        """Fortnox asked to wait: whoever uses this looks at the error."""


@dataclass
class Session:
    """A trial. `unpaced` makes the calls of `client` without waiting for a turn."""

    client: FortnoxClient
    unpaced: FortnoxClient
    person: Person
    clock: Clock
    seen: list[Seen] = field(default_factory=list)

    def note(self, seen: Seen) -> None:
        """Keep what was seen, and show it."""
        self.seen.append(seen)
        self.person.say(f"  {seen.point.name}: {seen.what}")

    def agrees(self, what: str, *, question: str = "Do it?") -> bool:
        """Whether the person says yes to `what`. Everything but a yes is a no."""
        return self.person.ask(f"{what}\n  {question} [y/N]").casefold() in YES

    def leaves_out(self, *points: Point) -> None:
        """The person said no."""
        for point in points:
            self.note(Seen(point, "left out, as you wished"))

    @contextmanager
    def trying(self, *points: Point) -> Iterator[None]:
        """Try `points`: an error is what was seen of those of which nothing was. A dead connection ends the trial."""
        try:
            yield
        except KeyRefused:
            raise
        except ConnectorError as error:
            there = {seen.point for seen in self.seen}
            for point in (point for point in points if point not in there):
                self.note(Seen(point, f"could not be tried: {error}"))
