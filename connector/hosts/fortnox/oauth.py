"""Fortnox's consent and tokens: the addresses under apps.fortnox.se, and what their answers mean.

Source: API.md, "Consent", "Tokens" and "Scopes". A consent is given for a service account where Fortnox allows one;
then access tokens are had for the company's number alone, until the consent is withdrawn. Where it does not, a refresh
token is needed, which is good for one use (`tokens.py` keeps it).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

import jwt
import requests
from pydantic import SecretStr

from connector.domain.errors import (
    ConfigurationError,
    KeyRefused,
    NotAuthorised,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    Refused,
    Unavailable,
)
from connector.domain.text import Quote
from connector.hosts.base import ConsentRefused, ServiceAccountRefused, Why
from connector.hosts.fortnox.answers import CONNECT_AGAIN, json_object, oauth_words
from connector.hosts.fortnox.documents import SYSTEM, Record
from connector.hosts.wire import Transport, own_words
from connector.remote.policy import ORDINARY, HttpPolicy
from connector.remote.retry_after import retry_after_s
from connector.remote.tokens import KeptToken, sendable

AUTHORISATION_URL = "https://apps.fortnox.se"

SCOPES: Mapping[str, str] = {
    "invoice": "read invoices, preview their PDF, write the case id on them",
    "customer": "read customers",
    "payment": "read payments of invoices",
    "companyinformation": "read the company's name and organisation number",
    "settings": "read and create labels",
}
"""Every scope that is asked for, and what for. A scope gives reading and writing alike (API.md, "Scopes")."""

RECEIPT_SCOPES = ("inbox", "connectfile")
"""What receipts need in addition: to put a file into the inbox, and to attach it (API.md, "Scopes")."""

REFRESH_TOKEN_LIFETIME = timedelta(days=45)
"""API.md, "Tokens". Older pages of Fortnox say 31 days; the answer does not."""

DEFAULT_ACCESS_LIFETIME = timedelta(hours=1)
LONGEST_ACCESS_LIFETIME = timedelta(days=1)
"""A stated lifetime beyond this is taken for a mistake, and the default for it."""

SERVICE_ACCOUNT_REFUSAL = "does not allow service account"
"""How Fortnox says that the app, or the company, may have none (API.md, "Errors of the token endpoint"). Compared
without case."""

_AUTHORISE = "/oauth-v1/auth"
_TOKEN = "/oauth-v1/token"  # noqa: S105
_REVOKE = "/oauth-v1/revoke"

_REFUSED_CONSENTS: Mapping[Why, tuple[str, str]] = {
    Why.DENIED: (
        "The connection was not approved in Fortnox.",
        "Connect again, and approve it as a system administrator of the company.",
    ),
    Why.SCOPE_NOT_ALLOWED: (
        "The app may not ask for a right that the connector needs.",
        f"Switch on these scopes for the app in Fortnox's developer portal: {' '.join(SCOPES)}.",
    ),
    Why.NO_LICENCE: (
        "The company lacks a licence in Fortnox for a right that the connector needs.",
        "An administrator of the company adds the licence in Fortnox; then connect again.",
    ),
    Why.NO_APP_LICENCE: (
        "The company has no licence in Fortnox for the integration.",
        "An administrator of the company adds a licence for integrations in Fortnox; then connect again.",
    ),
}
"""What the redirect's `error` means, and what to do (API.md, "Consent")."""


@dataclass(frozen=True)
class FortnoxApp:
    """The app as it is registered in Fortnox's developer portal. `redirect_uri` is the one registered there.

    `more_scopes` are asked for other than `SCOPES`. Fortnox refuses at once what is not switched on for the app there.
    """

    client_id: str
    client_secret: SecretStr
    redirect_uri: str
    more_scopes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Granted:
    """What the token endpoint gave. `tenant_id` is the company's number, "" if the token does not tell."""

    access: KeptToken
    refresh: KeptToken | None
    scopes: tuple[str, ...]
    tenant_id: str


def missing_scopes(granted: Iterable[str]) -> tuple[str, ...]:
    """The scopes that are needed and not among `granted`."""
    return tuple(scope for scope in SCOPES if scope not in set(granted))


class AuthorisationServer:
    """Fortnox's authorisation for one app. Safe to use from several threads.

    The methods that ask for tokens raise `KeyRefused` if what they are given is not taken (any more),
    `ServiceAccountRefused`, `NotAuthorised` for the app's own credentials or a scope, and `Unavailable` or
    `RateLimited` for everything else: whatever goes wrong, the call that needs the token has not been sent.
    """

    def __init__(
        self,
        app: FortnoxApp,
        *,
        url: str = AUTHORISATION_URL,
        http: HttpPolicy = ORDINARY,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Raises `ConfigurationError` for an address that may not be used, and for an app without credentials."""
        if not app.client_id or not app.client_secret.get_secret_value():
            raise ConfigurationError(
                "The Fortnox app's client id and secret are not set.",
                advice="Fortnox's developer portal shows them.",
            )
        self._app = app
        self._now = now
        self._transport = Transport(SYSTEM, url, http)

    def __repr__(self) -> str:
        return f"AuthorisationServer({self.identity!r})"

    @property
    def identity(self) -> str:
        """The server and the app, which tokens belong to."""
        return f"{self._transport.url} {self._app.client_id}"

    def consent_url(self, state: str, *, service_account: bool = True) -> str:
        """Return where a system administrator of the company approves the connection.

        `state` is a long random text that comes back with the answer.
        """
        query = {
            "client_id": self._app.client_id,
            "response_type": "code",
            "state": state,
            "scope": " ".join((*SCOPES, *self._app.more_scopes)),
            "redirect_uri": self._app.redirect_uri,
            "access_type": "offline",
        }
        if service_account:
            query["account_type"] = "service"
        return f"{self._transport.url}{_AUTHORISE}?{urlencode(query)}"

    def by_code(self, code: str) -> Granted:
        """Tokens for the code of a consent, which is good once and for ten minutes."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self._app.redirect_uri}
        return self._granted(form, operation="exchange the code of a consent", secret=code)

    def by_refresh_token(self, token: SecretStr) -> Granted:
        """Tokens for a refresh token, which is void after this."""
        value = token.get_secret_value()
        form = {"grant_type": "refresh_token", "refresh_token": value}
        return self._granted(form, operation="use a refresh token", secret=value)

    def by_tenant(self, tenant_id: str) -> Granted:
        """An access token for a company that has approved a service account."""
        form = {"grant_type": "client_credentials"}
        return self._granted(form, operation="ask for a company's token", tenant_id=tenant_id)

    def revoke(self, token: SecretStr) -> None:
        """Void a refresh token. Fortnox says yes to any text, so that its answer proves nothing
        (API.md, "Revoking")."""
        form = {"token_type_hint": "refresh_token", "token": token.get_secret_value()}
        operation = "revoke a refresh token"
        answer = self._post(_REVOKE, form, operation=operation)
        if answer.status_code != HTTPStatus.OK:
            raise self._refusal(answer, operation=operation, secret=token.get_secret_value())

    def _granted(self, form: Mapping[str, str], *, operation: str, secret: str = "", tenant_id: str = "") -> Granted:
        headers = {"TenantId": tenant_id} if tenant_id else {}
        answer = self._post(_TOKEN, form, operation=operation, headers=headers)
        if answer.status_code != HTTPStatus.OK:
            raise self._refusal(answer, operation=operation, secret=secret)
        found = json_object(answer)
        access, refresh = sendable(found.get("access_token")), sendable(found.get("refresh_token"))
        if access is None:
            raise _no_token("its answer holds none", operation, answer.status_code)
        now = self._now()
        return Granted(
            access=KeptToken(access, now + _lifetime(found)),
            refresh=KeptToken(refresh, now + REFRESH_TOKEN_LIFETIME) if refresh else None,
            scopes=tuple(str(found.get("scope") or "").split()),
            tenant_id=_tenant_of(access) or tenant_id,
        )

    def _post(
        self, path: str, form: Mapping[str, str], *, operation: str, headers: Mapping[str, str] = MappingProxyType({})
    ) -> requests.Response:
        credentials = (self._app.client_id, self._app.client_secret.get_secret_value())
        try:
            return self._transport.send("POST", path, operation=operation, data=form, headers=headers, auth=credentials)
        except OutcomeUnknown as fault:
            raise _no_token(fault.message, operation, fault.status) from None

    def _refusal(self, answer: requests.Response, *, operation: str, secret: str) -> Refused | NotSent:
        """The error of an answer without tokens. JSON is tried whatever its content type
        (API.md, "Errors of the token endpoint")."""
        status = answer.status_code
        error, description = oauth_words(answer, secret, self._app.client_secret.get_secret_value())
        words = description or error or "refused without a word."
        details: dict[str, Any] = {"system": SYSTEM, "operation": operation, "status": status}
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            return RateLimited("asks us to wait.", retry_after_s=retry_after_s(answer), **details)
        if not error or not HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return _no_token("answered with something that is not a token", operation, status)
        details["says"] = Quote(description or error)
        if SERVICE_ACCOUNT_REFUSAL in words.casefold():
            return ServiceAccountRefused(words, **details, advice="Connect without a service account.")
        match error:
            case "invalid_client":
                return NotAuthorised(words, **details, advice="Check the Fortnox app's client id and client secret.")
            case "invalid_scope":
                return NotAuthorised(words, **details, advice="Connect Fortnox again, and approve every right.")
            case "invalid_grant":
                return KeyRefused(words, **details, advice=CONNECT_AGAIN)
            case _:
                return NotAuthorised(words, **details, advice=CONNECT_AGAIN)


def code_of_callback(query: Mapping[str, str], *, state: str) -> str:
    """The code in the address that Fortnox sent the person back to; `state` is what `consent_url` was given.

    Raises `ServiceAccountRefused`, and `ConsentRefused` telling what the person can do.
    """
    if not any(query.get(name) for name in ("code", "error", "state")):
        raise ConsentRefused(
            Why.NO_ANSWER,
            "Fortnox sent you back without an answer.",
            system=SYSTEM,
            advice="The Fortnox account may be locked or unpaid: sign in to Fortnox, mend that, and connect again.",
        )
    if not state or not hmac.compare_digest(query.get("state", "").encode(), state.encode()):
        raise ConsentRefused(
            Why.OTHER_ATTEMPT, "The answer belongs to another attempt to connect.", system=SYSTEM, advice="Start again."
        )
    if error := query.get("error", ""):
        raise _refused_consent(error, query.get("error_description", ""))
    code = query.get("code", "")
    if not code:
        raise ConsentRefused(Why.NO_CODE, "Fortnox answered without a code.", system=SYSTEM, advice="Start again.")
    return code


def _refused_consent(error: str, description: str) -> ConsentRefused | ServiceAccountRefused:
    if SERVICE_ACCOUNT_REFUSAL in description.casefold():
        return ServiceAccountRefused("allows no service account here.", system=SYSTEM, operation="ask for consent")
    known = next((why for why in _REFUSED_CONSENTS if why == error), None)
    if known is None:
        said = own_words(description or error)
        return ConsentRefused(
            Why.REFUSED, "Fortnox refused the connection.", system=SYSTEM, advice="Connect again.", said=said
        )
    message, advice = _REFUSED_CONSENTS[known]
    return ConsentRefused(known, message, system=SYSTEM, advice=advice)


def _no_token(what: str, operation: str, status: int | None) -> Unavailable:
    return Unavailable(
        f"gave no token, so nothing else was sent: {what.rstrip('.')}.",
        system=SYSTEM,
        operation=operation,
        status=status,
        advice="Try again later; Fortnox may be under maintenance.",
    )


def _tenant_of(access: SecretStr) -> str:
    """The company's number that an access token names (API.md, "Service account"); "" if it is no JWT, or names
    none."""
    try:
        claims = jwt.decode(access.get_secret_value(), options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return ""
    return str(claims.get("tenantId") or "")


def _lifetime(found: Record) -> timedelta:
    try:
        lifetime = timedelta(seconds=float(found["expires_in"]))
    except (KeyError, TypeError, ValueError, OverflowError):
        return DEFAULT_ACCESS_LIFETIME
    return lifetime if timedelta() < lifetime <= LONGEST_ACCESS_LIFETIME else DEFAULT_ACCESS_LIFETIME
