"""What is done on one connection to Fortnox's events: companies are let on and off, and what comes is stored.

An event is believed no further than its number (DESIGN.md, "Promises", 4). Events are delivered at least once: the
offset is stored after their hints are, so that what a crash leaves between the two comes again.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from dataclasses import dataclass, field

from connector.hosts.base import CHANGES, Outlets
from connector.hosts.fortnox.audience import Audience
from connector.hosts.fortnox.feed import TOPIC, Feed, OffsetRefused
from connector.hosts.fortnox.feed_frames import Event

log = logging.getLogger(__name__)

GATHER_S = 0.05
"""How long events that come together wait for each other, so that they are stored together."""

TOGETHER_WITHIN_S = 0.5
MOST_TOGETHER = 500
SETTLED_WITHIN_S = 30.0
"""How long the first events wait for companies whose tokens are still being asked for."""

OFFSET_TRIES = 3
"""How many connections may end on the offset they were given before that is taken for the reason."""

MOST_A_MINUTE = 30
"""How many events of a company's invoices are followed one by one. Where more come, as when a month's invoices are
made, the company is asked for its changes instead: that is two calls for hundreds, in place of some for each."""

_KNOWN_OFFSETS = 10_000
_MINUTE_S = 60


@dataclass
class Received:
    """What has come, over all connections of the app `client_id`: how far it is stored, and what comes once more."""

    outlets: Outlets
    client_id: str
    offset_tries: int = 0
    _known: dict[str, None] = field(default_factory=dict)

    def offset(self) -> str:
        """The offset to go on from; "" to begin now. What a connection before this one has told is not remembered."""
        self._known.clear()
        offset = self.outlets.offset(self.client_id, TOPIC)
        # Whether the event at the offset comes again is not established.
        self._know([offset])
        return offset

    def begin_now(self, why: str) -> None:
        """Go on without the offset."""
        log.warning("%s: events are followed from now on, and what came before is found by polling", why)
        self.outlets.forget_offset(self.client_id, TOPIC)
        self.offset_tries = 0

    def is_new(self, event: Event) -> bool:
        """Return whether an event is of our topic, and not known."""
        return event.topic == TOPIC and event.offset not in self._known

    def store(self, hints: list[tuple[str, str]], events: list[Event]) -> None:
        """Store what events tell, and then how far that is."""
        self.outlets.put_hints(list(dict.fromkeys(hints)))
        if offsets := [event.offset for event in events if event.offset]:
            self.outlets.put_offset(self.client_id, TOPIC, offsets[-1])
            self._know(offsets)

    def _know(self, offsets: list[str]) -> None:
        self._known |= dict.fromkeys(filter(None, offsets))
        for oldest in list(self._known)[: max(len(self._known) - _KNOWN_OFFSETS, 0)]:
            del self._known[oldest]


class Hearing:
    """One connection. Raises `FeedLost` when it ends, and the errors of the store."""

    def __init__(self, feed: Feed, audience: Audience, received: Received) -> None:
        self._feed = feed
        self._audience = audience
        self._received = received
        self._settled_at = time.monotonic() + SETTLED_WITHIN_S
        self._minute = 0
        self._this_minute: Counter[str] = Counter()

    def admit(self) -> None:
        """Take companies off that are gone, add those whose tokens have come, and begin once everybody is there."""
        self._feed.remove_companies(self._audience.leaving())
        self._audience.ask()
        if tokens := self._audience.tokens_to_add():
            # A company that is on the stream gets its new token by being added again
            # (API.md, "Keeping the stream").
            self._feed.remove_companies(self._audience.are_on(tokens))
            refused = self._feed.add_companies({one: token.value for one, token in tokens.items()})
            self._audience.added(tokens, refused)
        if self._feed.is_subscribed or not self._audience.count_on:
            return
        if self._audience.is_settled or time.monotonic() > self._settled_at:
            self._subscribe()

    def hear(self, *, within_s: float) -> None:
        """Take what comes within a time, and what comes with it, and store it."""
        events: list[Event] = []
        try:
            event = self._feed.next(within_s=within_s)
            until = time.monotonic() + TOGETHER_WITHIN_S
            while event is not None:
                if self._received.is_new(event):
                    events.append(event)
                if len(events) >= MOST_TOGETHER or time.monotonic() > until:
                    break
                event = self._feed.next(within_s=GATHER_S)
        finally:
            # Also where the connection ends meanwhile.
            if events:
                self._received.store([hint for one in events for hint in self._hints(one)], events)

    def _subscribe(self) -> None:
        offset = self._received.offset()
        self._received.offset_tries += bool(offset)
        if self._received.offset_tries > OFFSET_TRIES:
            self._received.begin_now("Fortnox ends the conversation on the offset it is given")
            offset = ""
        try:
            self._feed.subscribe(offset)
        except OffsetRefused:
            self._received.begin_now("Fortnox does not go on from the offset it is given")
            self._feed.subscribe("")
        self._received.offset_tries = 0

    def _hints(self, event: Event) -> list[tuple[str, str]]:
        """Return what an event tells of our connections; one that is not of theirs tells nothing."""
        ids = list(event.hints.invoice_ids)
        if event.hints.changes or (ids and self._is_flood(event.tenant_id)):
            ids = [CHANGES]
        return [(one, invoice_id) for one in self._audience.connections_of(event.tenant_id) for invoice_id in ids]

    def _is_flood(self, tenant_id: str) -> bool:
        """Count an event of a company's; whether there are too many to follow one by one."""
        minute = int(time.monotonic() // _MINUTE_S)
        if minute != self._minute:
            self._minute = minute
            self._this_minute.clear()
        self._this_minute[tenant_id] += 1
        return self._this_minute[tenant_id] > MOST_A_MINUTE
