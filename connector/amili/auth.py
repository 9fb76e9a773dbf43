"""Access tokens for Amili's API, made with a signed JWT.

Source: API.md, "Authentication" and "Tokens". Where the token stands in the answer and how long it lives is not
documented; the constants below are the only places that guess.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import jwt
import requests
from pydantic import SecretStr

from connector.amili import SYSTEM
from connector.amili.answers import read_document
from connector.amili.keys import load_private_key
from connector.domain.errors import (
    ConfigurationError,
    KeyRefused,
    OutcomeUnknown,
    Refused,
    Unavailable,
)
from connector.remote.tokens import KeptToken, TokenCache, TokenStore, sendable

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

AUTHENTICATE = "authenticate"
"""What asking for an access token is called."""


@dataclass(frozen=True)
class Credentials:
    """What Amili knows one API user by: the code it issued, and our private key (PEM, P-256)."""

    api_code: SecretStr
    private_key: SecretStr


class Asks(Protocol):
    """Who asks for tokens at one base address, as `connector.amili.transport.Transport` does."""

    @property
    def base_url(self) -> str: ...

    def get(self, path: str, *, operation: str, key: str) -> requests.Response:
        """Read from `path`. Raises `Unavailable` or `OutcomeUnknown` if no whole answer came."""


def access_tokens(
    transport: Asks, credentials: Credentials, store: TokenStore, *, now: Callable[[], datetime]
) -> TokenCache:
    """The access token of one API user at one base address. Its methods raise `KeyRefused` or `NotSent`."""
    # Hashed: the key stands in the clear where the token is sealed.
    identity = f"{transport.base_url}\n{credentials.api_code.get_secret_value()}"
    key = f"amili:{hashlib.sha256(identity.encode()).hexdigest()[:32]}"
    return TokenCache(
        store, key=key, lock_key=key, renew=lambda: authenticate(transport, credentials, now=now()), now=now
    )


def signed_token(credentials: Credentials, *, now: datetime) -> str:
    """The JWT that asks for an access token: the API code, good for ten minutes from `now` (aware), ES256.

    Raises `ConfigurationError` if the code is missing or the key cannot sign.
    """
    api_code = credentials.api_code.get_secret_value()
    if not api_code:
        raise ConfigurationError("The API code for Amili is missing.", advice="Amili issues it.")
    payload = {"api_code": api_code, "exp": int((now + SIGNED_TOKEN_LIFETIME).timestamp())}
    return jwt.encode(payload, load_private_key(credentials.private_key), algorithm="ES256")


def authenticate(transport: Asks, credentials: Credentials, *, now: datetime) -> KeptToken:
    """Ask Amili for a new access token.

    Raises `KeyRefused` if Amili refuses, however it does, and `Unavailable` or `RateLimited` for
    everything else, an unreadable answer included: asking has no effect, so nothing is left unknown by it.
    """
    signed = signed_token(credentials, now=now)
    secrets = (signed, credentials.api_code.get_secret_value())
    try:
        response = transport.get("/authenticates/api-code", operation=AUTHENTICATE, key=signed)
        document = read_document(response, operation=AUTHENTICATE, secrets=secrets, now=now)
    except Refused as refusal:
        raise KeyRefused(
            "does not accept our API code and key.",
            system=SYSTEM,
            operation=AUTHENTICATE,
            status=refusal.status,
            answer=refusal.answer,
            issues=refusal.issues,
            advice="Check the API code, the base address, and that Amili has registered the public key.",
        ) from None
    except OutcomeUnknown as fault:
        raise Unavailable(
            "could not authenticate us, so nothing else was sent.",
            system=SYSTEM,
            operation=AUTHENTICATE,
            status=fault.status,
            answer=fault.answer or fault.message,
            advice=fault.advice,
        ) from None
    value = _access_token(document)
    return KeptToken(value=value, expires_at=_expiry(value, document, now=now))


def _access_token(document: Mapping[str, Any]) -> SecretStr:
    for name in ACCESS_TOKEN_FIELDS:
        if token := sendable(document.get(name)):
            return token
    raise Unavailable(
        f"answered without an access token: none of {', '.join(ACCESS_TOKEN_FIELDS)} holds one.",
        system=SYSTEM,
        operation=AUTHENTICATE,
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
