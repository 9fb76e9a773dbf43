"""The event stream of an app in Fortnox: one connection for all its companies.

Source: API.md, "Commands", "Offsets" and "Keeping the stream". Companies come, go and get new tokens while events flow.
The order of the first commands is fixed: companies, the topic, then the events.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager

from pydantic import SecretStr

from connector.domain.errors import Refused
from connector.hosts.fortnox import feed_frames as frames
from connector.hosts.fortnox.documents import SYSTEM
from connector.hosts.fortnox.feed_frames import Answer, Event
from connector.hosts.fortnox.feed_socket import FeedLost
from connector.hosts.fortnox.feed_wire import Wire, connected
from connector.remote.policy import HttpPolicy

EVENTS_URL = "wss://ws.fortnox.se/topics-v1"

TOPIC = "invoices"
"""The one topic that is followed: invoices, their payments and their reminders are reported in it."""

ANSWER_WITHIN_S = 10.0
_LOOK_EVERY_S = 0.5


class OffsetRefused(Refused):
    """Fortnox does not go on from the offset it was given: it is too old, or none of its own."""


class Feed:
    """An open event stream. To be used from one thread.

    Every method raises `FeedLost` if the connection ends, or a command is not answered.
    """

    def __init__(
        self,
        wire: Wire,
        client_secret: SecretStr,
        *,
        answer_within_s: float = ANSWER_WITHIN_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wire = wire
        self._client_secret = client_secret
        self._answer_within_s = answer_within_s
        self._clock = clock
        self._early: deque[Event] = deque()
        self.is_subscribed = False

    def add_companies(self, tokens: Mapping[str, SecretStr]) -> frozenset[str]:
        """Add companies, by their numbers, with their access tokens; gives those that Fortnox did not take.

        Whether the others of a command are added when one is refused is not established, so they are sent again.
        """
        refused: set[str] = set()
        left = [dict(tokens)] if tokens else []
        while left:
            batch = left.pop()
            answer = self._ask(frames.ADD_TENANTS, frames.add_tenants(self._client_secret, batch.values()))
            if answer.ok:
                refused |= set() if answer.tenants is None else batch.keys() - answer.tenants
                continue
            bad = {one for one, token in batch.items() if token.get_secret_value() in answer.invalid_tokens}
            if not bad and len(batch) > 1:
                left += _halves(batch)
                continue
            refused |= bad or batch.keys()
            if rest := {one: token for one, token in batch.items() if one not in refused}:
                left.append(rest)
        return frozenset(refused)

    def remove_companies(self, tenant_ids: Collection[str]) -> None:
        """Take companies, by their numbers, from the stream; Fortnox may not have had them."""
        if tenant_ids:
            self._ask(frames.REMOVE_TENANTS, frames.remove_tenants(tenant_ids))

    def subscribe(self, offset: str) -> None:
        """Let events come, from after `offset`, or from now if that is "". At least one company must be there.

        Raises `OffsetRefused`, after which it may be tried again without one, and `Refused`.
        """
        topic = self._ask(frames.ADD_TOPICS, frames.add_topic(TOPIC, offset))
        if not topic.ok:
            kind = OffsetRefused if offset else Refused
            raise kind(f"it does not give the topic {TOPIC!r}.", system=SYSTEM, operation="add a topic")
        if not self._ask(frames.SUBSCRIBE, frames.subscribe()).ok:
            raise Refused("it does not give its events.", system=SYSTEM, operation="subscribe")
        self.is_subscribed = True

    def next(self, *, within_s: float) -> Event | None:
        """The next event, or None if none came in time. What is not understood is passed over."""
        if self._early:
            return self._early.popleft()
        said = self._receive(within_s)
        return said if isinstance(said, Event) else None

    def _ask(self, command: str, frame: str) -> Answer:
        """The answer to a command; events that come before it are kept."""
        self._wire.send(frame)
        until = self._clock() + self._answer_within_s
        while (left_s := until - self._clock()) > 0:
            said = self._receive(min(left_s, _LOOK_EVERY_S))
            if isinstance(said, Event):
                self._early.append(said)
            elif said is not None and said.answers(command):
                return said
        raise FeedLost("it does not answer.", system=SYSTEM, operation=command)

    def _receive(self, within_s: float) -> Answer | Event | None:
        frame = self._wire.receive(within_s=within_s)
        return None if frame is None else frames.read(frame)


@contextmanager
def open_feed(url: str, client_secret: SecretStr, http: HttpPolicy) -> Iterator[Feed]:
    """A connection to the event server, closed afterwards. Raises `ConfigurationError` and `FeedLost`."""
    with connected(url, http) as wire:
        yield Feed(wire, client_secret)


def _halves(batch: dict[str, SecretStr]) -> list[dict[str, SecretStr]]:
    """A batch as two, to find out which of its tokens is meant."""
    several = list(batch.items())
    middle = len(several) // 2
    return [dict(several[:middle]), dict(several[middle:])]
