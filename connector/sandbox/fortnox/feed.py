"""The event feed of the Fortnox imitation: one ordered history for each topic (fortnox/API.md, "Event stream", "Events"
and "Offsets")."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connector.sandbox.fortnox.switches import FortnoxSwitches, OldOffset
from connector.sandbox.shared.zone import STOCKHOLM

TOPICS = frozenset(
    (
        "articles", "bureau-activities", "bureau-assignments", "cost-centers", "currencies", "customers",
        "financial-years", "invoices", "messages", "offers", "orders", "projects", "suppliers",
        "supplier-invoices", "termsofdeliveries", "termsofpayments", "vouchers", "warehouse-stockbalances",
        "waysofdeliveries",
    )
)  # fmt: skip
"""fortnox/API.md, "Events"."""

HISTORY = timedelta(days=14)


class BadOffset(Exception):
    """An offset that the switches say is refused."""


@dataclass(frozen=True)
class Event:
    """Something changed: where to look, not what it is now."""

    topic: str
    offset: str
    type: str
    tenant: int
    entity: str
    at: datetime

    def as_json(self, *, entity_as_number: bool) -> dict[str, Any]:
        """The event as it is sent."""
        number = entity_as_number and self.entity.isdecimal()
        return {
            "topic": self.topic,
            "offset": self.offset,
            "type": self.type,
            "tenantId": self.tenant,
            "entityId": int(self.entity) if number else self.entity,
            "timestamp": self.at.astimezone(STOCKHOLM).isoformat(timespec="milliseconds"),
        }


class Feed:
    """Every event there was, in the order of its topic. Safe between threads; `changed` wakes who waits for more."""

    def __init__(self, now: Callable[[], datetime], switches: Callable[[], FortnoxSwitches]) -> None:
        self._now = now
        self._switches = switches
        self._events: dict[str, list[Event]] = defaultdict(list)
        self.changed = threading.Condition()

    def publish(self, topic: str, kind: str, tenant: int, entity: str) -> None:
        """Add an event; the version of its type is the switches'."""
        version = self._switches().event_versions.get(kind, 1)
        with self.changed:
            events = self._events[topic]
            offset = f"{topic[:2]}{len(events) * 7919 + 46656:x}"
            events.append(Event(topic, offset, f"{kind}-v{version}", tenant, entity, self._now()))
            self.changed.notify_all()

    def after(self, positions: Mapping[str, int]) -> dict[str, list[Event]]:
        """The events of each topic from a position on, as they stand at one moment."""
        with self.changed:
            return {topic: self._events[topic][position:] for topic, position in positions.items()}

    def end(self, topic: str) -> int:
        """The position after the newest event."""
        with self.changed:
            return len(self._events[topic])

    def position(self, topic: str, offset: str) -> int:
        """Return where to go on from a stored `offset`. Raises `BadOffset` if that is too old or none of ours."""
        switches = self._switches()
        with self.changed:
            events = self._events[topic]
            oldest = next(
                (index for index, event in enumerate(events) if event.at > self._now() - HISTORY), len(events)
            )
            index = next((index for index, event in enumerate(events) if event.offset == offset), -1)
        if index >= oldest:
            return index if switches.offset_inclusive else index + 1
        match switches.old_offset:
            case OldOffset.OLDEST:
                return oldest
            case OldOffset.NOW:
                return len(events)
            case OldOffset.REFUSED:
                raise BadOffset(topic)
