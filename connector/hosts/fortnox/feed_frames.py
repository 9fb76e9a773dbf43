"""What is said on Fortnox's event socket, as text frames of JSON: our commands, its answers, its events.

Source: API.md, "Commands" and "Events". Frames hold the app's secret and access tokens: they are never logged, and
nothing of them is put into an error.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from connector.hosts.base import Hints
from connector.hosts.fortnox.events import hints_of

ADD_TENANTS = "add-tenants-v1"
REMOVE_TENANTS = "remove-tenants-v1"
ADD_TOPICS = "add-topics-v1"
SUBSCRIBE = "subscribe-v1"

_BEARER = "Bearer "
_VERSION = re.compile(r"-v\d+\Z")


@dataclass(frozen=True)
class Answer:
    """What Fortnox says to a command. `command` is its name, "" if that was not told.

    `tenants` are the numbers of companies that it names, None if it names none. `invalid_tokens` are the access
    tokens that it does not take, as they were given.
    """

    command: str
    ok: bool
    tenants: frozenset[str] | None = None
    invalid_tokens: frozenset[str] = field(default=frozenset(), repr=False)
    invalid_topics: frozenset[str] = frozenset()

    def answers(self, command: str) -> bool:
        """Return whether this is the answer to `command`, whichever version it names."""
        return not self.command or _unversioned(self.command) == _unversioned(command)


@dataclass(frozen=True)
class Event:
    """Something changed at a company. `offset` is "" if there was none; it is unique within its topic."""

    topic: str
    offset: str
    tenant_id: str
    hints: Hints


def add_tenants(client_secret: SecretStr, tokens: Iterable[SecretStr]) -> str:
    """The command that adds the companies of these access tokens."""
    return _command(
        ADD_TENANTS,
        includeChildTenants=False,
        clientSecret=client_secret.get_secret_value(),
        accessTokens=[_BEARER + token.get_secret_value() for token in tokens],
    )


def remove_tenants(tenant_ids: Iterable[str]) -> str:
    """The command that removes companies, which Fortnox wants as numbers."""
    return _command(REMOVE_TENANTS, tenants=[int(tenant_id) for tenant_id in tenant_ids])


def add_topic(topic: str, offset: str) -> str:
    """The command that adds a topic, from after `offset`, or from now if that is ""."""
    return _command(ADD_TOPICS, topics=[{"topic": topic, "offset": offset} if offset else {"topic": topic}])


def subscribe() -> str:
    """The command that lets events come."""
    return _command(SUBSCRIBE)


def read(frame: bytes | str) -> Answer | Event | None:
    """Return what a frame says; None for one that is neither an answer nor an event. Never raises."""
    try:
        said = json.loads(frame)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    if "response" in said or "result" in said:
        return Answer(
            command=_text(said.get("response")),
            ok=said.get("result") == "ok",
            tenants=_tenants(said.get("tenantIds")),
            invalid_tokens=frozenset(one.removeprefix(_BEARER) for one in _texts(said.get("invalidTokens"))),
            invalid_topics=frozenset(_topic(one) for one in _list(said.get("invalidTopics"))),
        )
    topic = _text(said.get("topic"))
    return Event(topic, _text(said.get("offset")), _text(said.get("tenantId")), hints_of(said)) if topic else None


def _command(name: str, **values: Any) -> str:
    return json.dumps({"command": name, **values})


def _tenants(said: object) -> frozenset[str] | None:
    """Numbers of companies: by the tokens in one answer, in a list in another (API.md, "Commands")."""
    if isinstance(said, Mapping):
        said = list(said.values())
    return frozenset(_texts(said)) if isinstance(said, list) else None


def _topic(said: object) -> str:
    return _text(said.get("topic")) if isinstance(said, Mapping) else _text(said)


def _texts(said: object) -> list[str]:
    return [written for one in _list(said) if (written := _text(one))]


def _list(said: object) -> list[Any]:
    return said if isinstance(said, list) else []


def _text(said: object) -> str:
    """A text, or a number, which Fortnox writes as either."""
    return str(said) if type(said) in {int, str} else ""


def _unversioned(name: str) -> str:
    return _VERSION.sub("", name)
