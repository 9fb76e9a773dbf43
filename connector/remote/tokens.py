"""Access tokens that end: shared by all processes of a deployment, renewed by one at a time."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from pydantic import SecretStr

RENEWAL_MARGIN = timedelta(seconds=60)
"""How long before its end a token is renewed."""


@dataclass(frozen=True)
class KeptToken:
    """A token and the instant (aware) until which it is taken to be good."""

    value: SecretStr
    expires_at: datetime


class TokenStore(Protocol):
    """Where processes share tokens, encrypted."""

    def get(self, key: str) -> KeptToken | None:
        """The token kept under `key`."""

    def put(self, key: str, token: KeptToken) -> None:
        """Keep `token` under `key` in place of the one before; it is safe when this returns."""

    def lock(self, key: str) -> AbstractContextManager[None]:
        """Hold the right to renew what is kept under `key`; everybody else waits. Not reentrant."""


class MemoryTokenStore:
    """A token store for one process: for commands that need no database."""

    def __init__(self) -> None:
        self._tokens: dict[str, KeptToken] = {}
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._guard = threading.Lock()

    def get(self, key: str) -> KeptToken | None:
        """The token kept under `key`."""
        return self._tokens.get(key)

    def put(self, key: str, token: KeptToken) -> None:
        """Keep `token` under `key`."""
        self._tokens[key] = token

    def lock(self, key: str) -> AbstractContextManager[Any]:
        """The lock of `key`, shared by the threads of this process."""
        with self._guard:
            return self._locks[key]


class TokenCache:
    """One access token that all processes share. Safe to use from several threads."""

    def __init__(
        self,
        store: TokenStore,
        *,
        key: str,
        lock_key: str,
        renew: Callable[[], KeptToken],
        now: Callable[[], datetime],
    ) -> None:
        """The token is kept under `key`; `renew` makes another, and is called with the lock of `lock_key` held."""
        self._store = store
        self._key = key
        self._lock_key = lock_key
        self._renew = renew
        self._now = now
        self._cached: KeptToken | None = None
        self._one_thread = threading.Lock()

    def current(self) -> SecretStr:
        """A token that is good for a while: the one in memory, else the stored one, else a new one.

        Raises what `renew` and the store's lock raise; the call that needs the token has then not been sent.
        """
        cached = self._cached
        if cached is not None and self._is_fresh(cached):
            return cached.value
        return self._renewed(self._is_fresh).value

    def instead_of(self, refused: SecretStr) -> SecretStr:
        """A token other than `refused`, which is no longer taken. Raises as `current` does.

        If another thread or process has put a newer one in its place, that one serves.
        """
        return self._renewed(lambda token: token.value != refused and self._is_fresh(token)).value

    def lasting(self, at_least: timedelta, *, other_than: SecretStr | None = None) -> KeptToken:
        """A token with its end, for anyone who uses it longer than for a call. Raises as `current` does.

        It is good for `at_least`, unless a new one is not; and it is not `other_than`, which was refused.
        """
        return self._renewed(lambda token: token.value != other_than and self._now() + at_least < token.expires_at)

    @contextmanager
    def held(self) -> Iterator[None]:
        """The right to change what is kept: no one else renews meanwhile. Not reentrant."""
        with self._one_thread, self._store.lock(self._lock_key):
            yield

    def keep(self, token: KeptToken) -> None:
        """Put `token` in place of what is kept. Only for a caller that has it `held`."""
        self._store.put(self._key, token)
        self._cached = token

    def drop(self) -> None:
        """Remember no token in this process. Only for a caller that has it `held`."""
        self._cached = None

    def _renewed(self, serves: Callable[[KeptToken], bool]) -> KeptToken:
        with self._one_thread:
            token = self._cached
            if token is None or not serves(token):
                token = self._store.get(self._key)
            if token is None or not serves(token):
                with self._store.lock(self._lock_key):
                    # Anyone who held the lock before us may have renewed it.
                    token = self._store.get(self._key)
                    if token is None or not serves(token):
                        token = self._renew()
                        self._store.put(self._key, token)
            self._cached = token
            return token

    def _is_fresh(self, token: KeptToken) -> bool:
        return self._now() + RENEWAL_MARGIN < token.expires_at


def sendable(value: object) -> SecretStr | None:
    """A token of an answer; None for what could not stand in a header."""
    if isinstance(value, str) and value.isascii() and value.isprintable() and value.strip() == value != "":
        return SecretStr(value)
    return None
