"""Access tokens for Amili's API: made with a signed JWT, shared by all processes, renewed by one at a time.

Source: API.md, "Authentication" and "Tokens". Where the token stands in the answer and how long it lives is not
documented; the constants below are the only places that guess.
"""

from __future__ import annotations

import hashlib
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import jwt
from pydantic import SecretStr

from connector.amili.answers import SYSTEM, read_document
from connector.amili.keys import load_private_key
from connector.amili.transport import Transport
from connector.domain.errors import (
    ConfigurationError,
    KeyRefused,
    OutcomeUnknown,
    Refused,
    Unavailable,
)
from connector.remote.policy import HttpPolicy

SIGNED_TOKEN_LIFETIME = timedelta(minutes=10)
"""How long the JWT that we sign is good for (API.md, "Authentication")."""

ACCESS_TOKEN_FIELDS = ("access_token", "token", "api_key")
"""Where the answer may hold the access token; the first one present counts. Unconfirmed."""

LIFETIME_FIELDS = ("expires_in",)
"""Where the answer may hold the token's lifetime in seconds, asked only if the token itself does not say
(as a JWT with `exp` does). Unconfirmed."""

DEFAULT_TOKEN_LIFETIME = timedelta(minutes=10)
"""What is assumed if neither token nor answer names a lifetime. Too long is harmless: a 401 renews."""

LONGEST_TOKEN_LIFETIME = timedelta(days=366)
"""A stated lifetime beyond this is taken for a mistake, and the default for it."""

RENEWAL_MARGIN = timedelta(seconds=60)
"""How long before its end a token is renewed."""

_AUTHENTICATE = "authenticate"


@dataclass(frozen=True)
class Credentials:
    """What Amili knows one API user by: the code it issued, and our private key (PEM, P-256)."""

    api_code: SecretStr
    private_key: SecretStr


@dataclass(frozen=True)
class StoredToken:
    """An access token and the instant (aware) until which it is taken to be good."""

    value: SecretStr
    expires_at: datetime


class TokenStore(Protocol):
    """Where processes share their access tokens."""

    def get(self, key: str) -> StoredToken | None:
        """The token kept under `key`."""

    def put(self, key: str, token: StoredToken) -> None:
        """Keep `token` under `key` in place of the one before."""

    def lock(self, key: str) -> AbstractContextManager[None]:
        """Hold the right to renew the token under `key`; everybody else waits. Not reentrant."""


class MemoryTokenStore:
    """A token store for one process: for commands that need no database."""

    def __init__(self) -> None:
        self._tokens: dict[str, StoredToken] = {}
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._guard = threading.Lock()

    def get(self, key: str) -> StoredToken | None:
        """The token kept under `key`."""
        return self._tokens.get(key)

    def put(self, key: str, token: StoredToken) -> None:
        """Keep `token` under `key`."""
        self._tokens[key] = token

    def lock(self, key: str) -> AbstractContextManager[Any]:
        """The lock of `key`, shared by the threads of this process."""
        with self._guard:
            return self._locks[key]


class AccessTokens:
    """The access token of one API user at one base address."""

    def __init__(
        self,
        transport: Transport,
        credentials: Credentials,
        store: TokenStore,
        *,
        now: Callable[[], datetime],
    ) -> None:
        self._transport = transport
        self._credentials = credentials
        self._store = store
        self._now = now
        self._key = _store_key(transport.base_url, credentials)
        self._cached: StoredToken | None = None
        self._one_thread = threading.Lock()

    def current(self) -> SecretStr:
        """A token that is good for a while: the one in memory, else the stored one, else a new one.

        Raises `KeyRefused` or `NotSent`: whatever goes wrong here, the request that needs the token has
        not been sent.
        """
        cached = self._cached
        if cached is not None and self._is_fresh(cached):
            return cached.value
        return self._renewed(self._is_fresh)

    def instead_of(self, refused: SecretStr) -> SecretStr:
        """A token other than `refused`, which Amili no longer takes. Raises as `current` does.

        If another thread or process has put a newer one in its place, that one serves.
        """
        return self._renewed(lambda token: token.value != refused and self._is_fresh(token))

    def _renewed(self, serves: Callable[[StoredToken], bool]) -> SecretStr:
        with self._one_thread:
            token = self._cached
            if token is None or not serves(token):
                token = self._store.get(self._key)
            if token is None or not serves(token):
                with self._store.lock(self._key):
                    # Whoever held the lock before us may have renewed it.
                    token = self._store.get(self._key)
                    if token is None or not serves(token):
                        token = authenticate(self._transport, self._credentials, now=self._now())
                        self._store.put(self._key, token)
            self._cached = token
            return token.value

    def _is_fresh(self, token: StoredToken) -> bool:
        return self._now() + RENEWAL_MARGIN < token.expires_at


def signed_token(credentials: Credentials, *, now: datetime) -> str:
    """The JWT that asks for an access token: the API code, good for ten minutes from `now` (aware), ES256.

    Raises `ConfigurationError` if the code is missing or the key cannot sign.
    """
    api_code = credentials.api_code.get_secret_value()
    if not api_code:
        raise ConfigurationError("The API code for Amili is missing.", advice="Amili issues it.")
    payload = {"api_code": api_code, "exp": int((now + SIGNED_TOKEN_LIFETIME).timestamp())}
    return jwt.encode(payload, load_private_key(credentials.private_key), algorithm="ES256")


def authenticate(transport: Transport, credentials: Credentials, *, now: datetime) -> StoredToken:
    """Ask Amili for a new access token.

    Raises `KeyRefused` if Amili refuses, however it does, and `Unavailable` or `RateLimited` for
    everything else, an unreadable answer included: asking has no effect, so nothing is left unknown by it.
    """
    signed = signed_token(credentials, now=now)
    secrets = (signed, credentials.api_code.get_secret_value())
    try:
        response = transport.get("/authenticates/api-code", operation=_AUTHENTICATE, key=signed)
        document = read_document(response, operation=_AUTHENTICATE, secrets=secrets, now=now)
    except Refused as refusal:
        raise KeyRefused(
            "does not accept our API code and key.",
            system=SYSTEM,
            operation=_AUTHENTICATE,
            status=refusal.status,
            answer=refusal.answer,
            issues=refusal.issues,
            advice="Check the API code, the base address, and that Amili has registered the public key.",
        ) from None
    except OutcomeUnknown as fault:
        raise Unavailable(
            "could not authenticate us, so nothing else was sent.",
            system=SYSTEM,
            operation=_AUTHENTICATE,
            status=fault.status,
            answer=fault.answer or fault.message,
            advice=fault.advice,
        ) from None
    value = _access_token(document)
    return StoredToken(value=value, expires_at=_expiry(value, document, now=now))


def try_to_sign_in(base_url: str, credentials: Credentials, http: HttpPolicy, *, now: datetime) -> None:
    """See whether Amili lets `credentials` in, by asking for a token that is thrown away. Raises as `authenticate`."""
    transport = Transport(base_url, http)
    try:
        authenticate(transport, credentials, now=now)
    finally:
        transport.close()


def _store_key(base_url: str, credentials: Credentials) -> str:
    # Hashed: the key stands in the clear where the token is sealed.
    identity = f"{base_url}\n{credentials.api_code.get_secret_value()}"
    return f"amili:{hashlib.sha256(identity.encode()).hexdigest()[:32]}"


def _access_token(document: Mapping[str, Any]) -> SecretStr:
    for name in ACCESS_TOKEN_FIELDS:
        value = document.get(name)
        # Anything else could not stand in a header.
        if isinstance(value, str) and value.isascii() and value.isprintable() and value.strip() == value != "":
            return SecretStr(value)
    raise Unavailable(
        f"answered without an access token: none of {', '.join(ACCESS_TOKEN_FIELDS)} holds one.",
        system=SYSTEM,
        operation=_AUTHENTICATE,
    )


def _expiry(token: SecretStr, document: Mapping[str, Any], *, now: datetime) -> datetime:
    try:
        claims = jwt.decode(token.get_secret_value(), options={"verify_signature": False})
        return datetime.fromtimestamp(claims["exp"], UTC)
    except (jwt.InvalidTokenError, KeyError, TypeError, ValueError, OverflowError, OSError):
        return now + _stated_lifetime(document)


def _stated_lifetime(document: Mapping[str, Any]) -> timedelta:
    for name in LIFETIME_FIELDS:
        try:
            lifetime = timedelta(seconds=float(document[name]))
        except (KeyError, TypeError, ValueError, OverflowError):
            continue
        if timedelta() < lifetime <= LONGEST_TOKEN_LIFETIME:
            return lifetime
    return DEFAULT_TOKEN_LIFETIME
