"""The companies in Fortnox whose events are listened to: which there are, and when each needs a (new) token.

A company is added to the event stream with an access token, and again with another well before that one ends. One
whose token cannot be had, or is not taken, waits with growing pauses and holds up no other. Tokens are asked for
beside the stream, which waits for no one.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from pydantic import SecretStr

from connector.domain.errors import ConnectorError
from connector.hosts.base import FollowedLedger
from connector.remote.tokens import KeptToken

log = logging.getLogger(__name__)

RENEWED_AFTER = 5 / 6
"""After which part of what a token has left it is renewed: 50 minutes of an hour
(API.md, "Keeping the stream")."""

LEAST_LEFT = timedelta(minutes=15)
"""A token that ends sooner is renewed before it is used."""

SHORTEST_STAY = timedelta(minutes=1)
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)
_MOST_AT_ONCE = 50
_LONGEST_NUMBER = 18


class LastingTokens(Protocol):
    """Who gives the access tokens of one company."""

    def lasting(self, at_least: timedelta, *, other_than: SecretStr | None = None) -> KeptToken:
        """A token with its end, good for `at_least` and not `other_than`, if that can be had."""


@dataclass(frozen=True)
class Company:
    """A company by its number in Fortnox, and its connections with the numbers of their keys.

    A key's number changes when the company is connected again.
    """

    tenant_id: str
    keys: tuple[tuple[str, int], ...]

    @property
    def connections(self) -> tuple[str, ...]:
        return tuple(connection_id for connection_id, _ in self.keys)


@dataclass
class _Seat:
    """How far a company is: whether it is on the stream, and when to ask for its next token."""

    company: Company
    due_at: datetime
    is_on: bool = False
    asked: Future[KeptToken] | None = None
    token: KeptToken | None = None
    pause: timedelta = FIRST_PAUSE
    refused: SecretStr | None = None
    is_told: bool = False

    def is_in_a_pause(self, now: datetime) -> bool:
        """Return whether nothing is to be done before its pause is over."""
        return self.asked is None and self.token is None and self.due_at > now


@dataclass
class Audience:
    """Used from one thread; `executor` asks for tokens. `tokens` gives those of the company with a number."""

    tokens: Callable[[str], LastingTokens]
    executor: Executor
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _seats: dict[str, _Seat] = field(default_factory=dict)
    _leaving: set[str] = field(default_factory=set)

    def update(self, companies: Iterable[Company]) -> None:
        """Take note of which companies there are now."""
        there = {company.tenant_id: company for company in companies}
        for tenant_id in self._seats.keys() - there.keys():
            if self._seats.pop(tenant_id).is_on:
                self._leaving.add(tenant_id)
        for tenant_id, company in there.items():
            seat = self._seats.get(tenant_id)
            if seat is None or seat.company != company:
                self._seats[tenant_id] = _Seat(company, due_at=self.now(), is_on=seat is not None and seat.is_on)

    def leaving(self) -> frozenset[str]:
        """The companies that are to be taken off the stream, named once."""
        leaving = frozenset(self._leaving)
        self._leaving.clear()
        return leaving

    def start_over(self) -> None:
        """The stream has ended: the next one begins with no one on it. Who waits out a pause goes on waiting."""
        self._leaving.clear()
        for seat in self._seats.values():
            if seat.is_on or seat.token is not None:
                seat.is_on, seat.token, seat.due_at = False, None, self.now()

    def ask(self) -> None:
        """Ask for the tokens that are due, and take those that have come. Returns at once."""
        now, under_way = self.now(), 0
        for seat in self._seats.values():
            if seat.asked is not None and seat.asked.done():
                asked, seat.asked = seat.asked, None
                self._take(seat, asked)
            under_way += seat.asked is not None or seat.token is not None
        for tenant_id, seat in self._seats.items():
            if under_way >= _MOST_AT_ONCE:
                return
            if seat.asked is None and seat.token is None and seat.due_at <= now:
                seat.asked = self.executor.submit(self._token, tenant_id, seat.refused)
                under_way += 1

    def tokens_to_add(self) -> dict[str, KeptToken]:
        """The tokens that have come, by the numbers of their companies."""
        return {tenant_id: seat.token for tenant_id, seat in self._seats.items() if seat.token is not None}

    def are_on(self, tenant_ids: Iterable[str]) -> tuple[str, ...]:
        """Those of these companies that are on the stream already."""
        return tuple(one for one in tenant_ids if self._seats[one].is_on)

    def added(self, tokens: Mapping[str, KeptToken], refused: frozenset[str]) -> None:
        """These companies were added with these tokens, but for those that Fortnox refused."""
        for tenant_id, token in tokens.items():
            seat = self._seats[tenant_id]
            if tenant_id in refused:
                seat.refused = token.value
                self._put_off(seat, "its token is not taken")
                continue
            stay = max((token.expires_at - self.now()) * RENEWED_AFTER, SHORTEST_STAY)
            self._seats[tenant_id] = _Seat(seat.company, due_at=self.now() + stay, is_on=True)

    def connections_of(self, tenant_id: str) -> tuple[str, ...]:
        """The connections of the company with this number; none if it is not ours."""
        seat = self._seats.get(tenant_id)
        return seat.company.connections if seat else ()

    @property
    def is_empty(self) -> bool:
        """Return whether there is no company."""
        return not self._seats

    @property
    def count_on(self) -> int:
        """Return how many companies are on the stream."""
        return sum(seat.is_on for seat in self._seats.values())

    @property
    def is_settled(self) -> bool:
        """Return whether no one waits for a first token: everybody is on the stream, or in a pause."""
        now = self.now()
        return all(seat.is_on or seat.is_in_a_pause(now) for seat in self._seats.values())

    def _token(self, tenant_id: str, refused: SecretStr | None) -> KeptToken:
        return self.tokens(tenant_id).lasting(LEAST_LEFT, other_than=refused)

    def _take(self, seat: _Seat, asked: Future[KeptToken]) -> None:
        try:
            seat.token = asked.result()
        except ConnectorError as error:
            self._put_off(seat, f"no access token is to be had: {error}")
        except Exception as error:  # noqa: BLE001  one company's trouble must not end the stream of all
            self._put_off(seat, f"no access token is to be had: unexpected {type(error).__name__}")

    def _put_off(self, seat: _Seat, why: str) -> None:
        if not seat.is_told:
            log.warning(
                "%s: Fortnox's events of it are not heard, and its changes are found by polling: %s",
                ", ".join(seat.company.connections),
                why,
            )
        seat.is_told, seat.is_on, seat.token = True, False, None
        seat.due_at = self.now() + seat.pause * random.uniform(0.75, 1.25)
        seat.pause = min(seat.pause * 2, LONGEST_PAUSE)


def companies_of(ledgers: Iterable[FollowedLedger]) -> tuple[Company, ...]:
    """The companies of these ledgers, but for those whose key is dead. Several connections may share one company."""
    keys: dict[str, list[tuple[str, int]]] = {}
    for ledger in ledgers:
        tenant_id = str(ledger.settings.get("tenant_id") or "")
        named = tenant_id.isascii() and tenant_id.isdigit() and len(tenant_id) <= _LONGEST_NUMBER
        if named and not ledger.is_refused:
            keys.setdefault(str(int(tenant_id)), []).append((ledger.connection, ledger.key_number))
    return tuple(Company(tenant_id, tuple(found)) for tenant_id, found in keys.items())
