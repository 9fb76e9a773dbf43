"""What a host tells by itself: a stream of events that it keeps open, and messages about the app.

Both only hint: polling is the guarantee. What a host needs of the deployment's store for them is given as callables.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

CHANGES = ""
"""In the place of an invoice's id in a hint: something changed, and what is to be asked for."""


@dataclass(frozen=True)
class FollowedLedger:
    """A connection as an event source sees it: its host settings, the number of its key, and whether that is refused.

    A key's number changes when the company is connected again.
    """

    connection: str
    settings: Mapping[str, Any]
    key_number: int
    is_refused: bool


@dataclass(frozen=True)
class Outlets:
    """The store as an event source of one kind of host sees it. What they give is durable when they return.

    `ledgers` gives the kind's connections. `put_hints` stores hints, each a connection and an invoice's id, or
    `CHANGES`. `offset`, `put_offset` and `forget_offset` keep how far a topic of an app was followed: by the app's id
    and the topic; "" where there is none. `take_lease` takes or prolongs a lease by its name, its owner and for how
    many seconds, and says whether it is ours; `release` gives it back. `pause_s` is the pause after so many failures.
    """

    ledgers: Callable[[], Sequence[FollowedLedger]]
    put_hints: Callable[[Sequence[tuple[str, str]]], None]
    offset: Callable[[str, str], str]
    put_offset: Callable[[str, str, str], None]
    forget_offset: Callable[[str, str], None]
    take_lease: Callable[[str, str, float], bool]
    release: Callable[[str, str], None]
    pause_s: Callable[[int], float]


class EventSource(ABC):
    """Listens to one kind of host's events, in a worker process. Whatever goes wrong costs speed, never the worker."""

    @abstractmethod
    def start(self) -> None:
        """Begin to listen, in a thread of its own; returns at once."""

    @abstractmethod
    def stop(self) -> None:
        """End, and let another process listen."""


@dataclass(frozen=True)
class Companies:
    """What may be done where a host tells of a company's consent.

    `connection_of` gives the connection of the company with a number, "" if it has none. `park` stops asking anything
    of a connection until its consent is given again, and `let_go_on` ends that; each says whether it changed anything.
    """

    connection_of: Callable[[str], str]
    park: Callable[[str], bool]
    let_go_on: Callable[[str], bool]


class Lifecycle(ABC):
    """What a host tells of the deployment's app by a webhook of its own, `/<id>/lifecycle`. No one is called."""

    @abstractmethod
    def is_set_up(self, settings: BaseModel) -> bool:
        """Return whether the host's deployment settings hold what messages are believed by."""

    @abstractmethod
    def is_genuine(self, body: bytes, headers: Mapping[str, str], settings: BaseModel) -> bool:
        """Return whether a message comes from the host, in the same time either way. Headers are named as in
        `X-Signature`.
        """

    @abstractmethod
    def take(self, body: bytes, companies: Companies) -> None:
        """Act on a genuine message. What is not known changes nothing. Never raises for what a body holds."""
