"""What Fortnox's event stream shows: how it takes a company, where it goes on, and which changes it tells of.

A thread listens while the person and the trial change things. Frames hold the app's secret and tokens, and are never
shown; of an event only its type is.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from connector.domain.errors import ConnectorError
from connector.hosts.fortnox import feed_frames as frames
from connector.hosts.fortnox.documents import SYSTEM
from connector.hosts.fortnox.feed import TOPIC
from connector.hosts.fortnox.feed_frames import Answer
from connector.hosts.fortnox.feed_socket import FeedLost
from connector.hosts.fortnox.feed_wire import Wire, connected
from connector.remote.policy import HttpPolicy
from tests.live.fortnox_points import BEARER, EVENTS, OFFSET, Point, Seen, confirms, switch_is

BEARER_PREFIX = "Bearer "
CONNECT_WITHIN_S = 10.0
ANSWER_WITHIN_S = 15.0
LOOK_EVERY_S = 0.2

RawEvent = dict[str, Any]


@dataclass(frozen=True)
class Stream:
    """Where the events come from ("" for nowhere), and for whom. `within_s` is how long one is waited for."""

    url: str
    client_secret: SecretStr
    token: SecretStr
    allow_private: bool = False
    within_s: float = 10.0


@dataclass
class _Change:
    """Something that was done while the stream was open, and the place of the first event after it."""

    what: str
    first: int
    done: bool = False


@dataclass
class Heard:
    """The events so far, and between which changes they came. Safe between the two threads."""

    within_s: float
    _events: list[RawEvent] = field(default_factory=list)
    _changes: list[_Change] = field(default_factory=list)
    _lost: str = ""
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def add(self, event: RawEvent) -> None:
        """An event came."""
        with self._changed:
            self._events.append(event)
            self._changed.notify_all()

    def lose(self, why: str) -> None:
        """No more will come."""
        with self._changed:
            self._lost = why
            self._changed.notify_all()

    def begins(self, what: str) -> None:
        """`what` is about to be done."""
        with self._changed:
            self._changes.append(_Change(what, len(self._events)))

    def done(self) -> None:
        """It was done: wait until the stream tells of it, or long enough."""
        with self._changed:
            change = self._changes[-1]
            change.done = True
            self._changed.wait_for(lambda: len(self._events) > change.first or self._lost, self.within_s)

    def newest_offset(self) -> str:
        """The offset of the newest event; "" if none came."""
        with self._changed:
            return str(self._events[-1].get("offset") or "") if self._events else ""

    def told(self) -> Seen:
        """Which changes were told of, and by which types."""
        with self._changed:
            ends = [change.first for change in self._changes[1:]] + [len(self._events)]
            words = [
                f"{change.what}: {_types(self._events[change.first : end])}"
                for change, end in zip(self._changes, ends, strict=True)
                if change.done
            ]
            lost = f"; the stream ended early ({self._lost})" if self._lost else ""
        if not words:
            return Seen(EVENTS, f"nothing was changed while it was open{lost}")
        what = f"{'; '.join(words)}{lost}"
        return confirms(EVENTS, what, f"{EVENTS.where}: an event is a hint, polling finds the rest")


def _types(events: list[RawEvent]) -> str:
    return ", ".join(dict.fromkeys(str(event.get("type")) for event in events)) or "no event"


@contextmanager
def listening(stream: Stream, seen: list[Seen]) -> Iterator[Heard | None]:
    """The events from now on, collected by a thread; None if the stream cannot be had, which `seen` then says."""
    if not stream.url:
        yield None
        return
    with ExitStack() as open_things:
        try:
            with _connected(stream) as another:
                taken_bare = _add(another, stream, prefix="").ok
            wire = open_things.enter_context(_connected(stream))
            _follow(wire, stream, offset="")
            seen.append(_bearer(taken_bare=taken_bare))
        except ConnectorError as error:
            seen += [Seen(point, f"could not be tried: {error}") for point in _without(seen, BEARER, OFFSET, EVENTS)]
            yield None
            return
        heard = Heard(stream.within_s)
        ended = threading.Event()
        thread = threading.Thread(target=_collect, args=(wire, heard, ended), name="fortnox-events", daemon=True)
        thread.start()
        try:
            yield heard
        finally:
            ended.set()
            thread.join()
        seen.append(heard.told())
        seen.append(_offset(stream, heard.newest_offset()))


def _without(seen: list[Seen], *points: Point) -> list[Point]:
    there = {one.point for one in seen}
    return [point for point in points if point not in there]


def _connected(stream: Stream) -> AbstractContextManager[Wire]:
    return connected(stream.url, HttpPolicy(allow_private=stream.allow_private, connect_timeout_s=CONNECT_WITHIN_S))


def _bearer(*, taken_bare: bool) -> Seen:
    """Whether a company is taken by its token alone; the connector sends “Bearer ” before it."""
    what = f"the token is taken after “Bearer ”; alone it is {'taken too' if taken_bare else 'refused'}"
    return switch_is(BEARER, what, "bearer_required", not taken_bare)


def _add(wire: Wire, stream: Stream, *, prefix: str = BEARER_PREFIX) -> Answer:
    frame = frames.add_tenants(stream.client_secret, [stream.token])
    return _ask(wire, frames.ADD_TENANTS, frame.replace(BEARER_PREFIX, prefix))


def _follow(wire: Wire, stream: Stream, *, offset: str) -> None:
    """Let events come. Raises `FeedLost` if they do not."""
    _require(_add(wire, stream))
    _require(_ask(wire, frames.ADD_TOPICS, frames.add_topic(TOPIC, offset)))
    _require(_ask(wire, frames.SUBSCRIBE, frames.subscribe()))


def _require(answer: Answer) -> None:
    if not answer.ok:
        raise FeedLost("it refuses a command.", system=SYSTEM, operation=answer.command)


def _ask(wire: Wire, name: str, frame: str) -> Answer:
    wire.send(frame)
    for _ in range(int(ANSWER_WITHIN_S / LOOK_EVERY_S)):
        said = frames.read(wire.receive(within_s=LOOK_EVERY_S) or b"")
        if isinstance(said, Answer) and said.answers(name):
            return said
    raise FeedLost("it does not answer.", system=SYSTEM, operation=name)


def _collect(wire: Wire, heard: Heard, ended: threading.Event) -> None:
    try:
        while not ended.is_set():
            if (event := _event(wire.receive(within_s=LOOK_EVERY_S))) is not None:
                heard.add(event)
    except FeedLost as error:
        heard.lose(error.message)


def _event(frame: bytes | None) -> RawEvent | None:
    if frame is None or not isinstance(frames.read(frame), frames.Event):
        return None
    found: RawEvent = json.loads(frame)
    return found


def _offset(stream: Stream, newest: str) -> Seen:
    """Whether the stream goes on with the event whose offset it is given, or after it."""
    if not newest:
        return Seen(OFFSET, "no event came whose offset could be used")
    heard = Heard(stream.within_s)
    try:
        with _connected(stream) as wire:
            heard.begins("the offset of the newest event")
            _follow(wire, stream, offset=newest)
            ended = threading.Event()
            thread = threading.Thread(target=_collect, args=(wire, heard, ended), daemon=True)
            thread.start()
            heard.done()
            ended.set()
            thread.join()
    except ConnectorError as error:
        return Seen(OFFSET, f"could not be tried: {error}")
    again = heard.newest_offset() == newest
    what = f"asked to go on from the newest event, it {'sends that event again' if again else 'sends nothing of it'}"
    return switch_is(OFFSET, what, "offset_inclusive", again)
