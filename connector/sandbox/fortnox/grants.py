"""Consents, codes and tokens of the Fortnox imitation: who may call for which company, until when.

Source: fortnox/API.md, "Consent" and "Tokens". Nothing here knows HTTP. The caller holds the lock.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import jwt

from connector.sandbox.fortnox.errors import GrantRefused, Unauthorised
from connector.sandbox.fortnox.switches import FortnoxSwitches

CODE_LIFE = timedelta(minutes=10)

KNOWN_SCOPES = frozenset(
    (
        "archive", "article", "assets", "bookkeeping", "companyinformation", "connectfile", "costcenter",
        "currency", "customer", "inbox", "invoice", "noxfinansinvoice", "offer", "order", "payment", "price",
        "print", "profile", "project", "salary", "settings", "supplier", "supplierinvoice", "timereporting",
        "warehouse",
    )
)  # fmt: skip
"""fortnox/API.md, "Scopes"."""


@dataclass(frozen=True)
class App:
    """An app as registered in the Developer Portal; `service_accounts` is a switch of the app there."""

    client_id: str
    client_secret: str
    redirect_uri: str
    scopes: frozenset[str] = KNOWN_SCOPES
    service_accounts: bool = True


@dataclass(frozen=True)
class Grant:
    """That one app may call for one company, with these scopes; `service` for a service account."""

    client_id: str
    tenant: int
    scopes: tuple[str, ...]
    service: bool


@dataclass(frozen=True)
class _Code:
    grant: Grant
    redirect_uri: str
    expires: datetime


@dataclass(frozen=True)
class _Refresh:
    grant: Grant
    expires: datetime
    replaced: datetime | None = None


@dataclass(frozen=True)
class Access:
    """A live access token."""

    token: str
    grant: Grant
    expires: datetime


@dataclass(frozen=True)
class Tokens:
    """What the token endpoint gives; client credentials get no refresh token."""

    access: Access
    refresh: str | None


class Grants:
    """Every app, consent and token. `now` is the clock, `switches` those in force."""

    def __init__(self, now: Callable[[], datetime], switches: Callable[[], FortnoxSwitches]) -> None:
        self._now = now
        self._switches = switches
        self._signing_key = secrets.token_bytes(32)
        self.apps: dict[str, App] = {}
        self.consents: dict[tuple[str, int], Grant] = {}
        self._codes: dict[str, _Code] = {}
        self._refresh: dict[str, _Refresh] = {}
        self._access: dict[str, Access] = {}
        self.refused_refreshes = 0
        """How often a refresh token was used that was not, or no longer, good."""

    def app(self, client_id: str, client_secret: str) -> App:
        """The app with these credentials. Raises `GrantRefused`."""
        app = self.apps.get(client_id)
        if app is None or not secrets.compare_digest(app.client_secret.encode(), client_secret.encode()):
            raise GrantRefused("invalid_client", "The client credentials are invalid", 401)
        return app

    # Consent

    def consent(self, grant: Grant) -> None:
        """The company lets the app in; a service account, once there, stays (one for each app and company)."""
        former = self.consents.get((grant.client_id, grant.tenant))
        service = grant.service or (former is not None and former.service)
        self.consents[grant.client_id, grant.tenant] = replace(grant, service=service)

    def revoke_consent(self, client_id: str, tenant: int) -> bool:
        """The company shuts the app out: refresh tokens die, access tokens as the switch says. False if not in."""
        if self.consents.pop((client_id, tenant), None) is None:
            return False
        self._codes = {code: held for code, held in self._codes.items() if not _of(held.grant, client_id, tenant)}
        self._refresh = {key: held for key, held in self._refresh.items() if not _of(held.grant, client_id, tenant)}
        if not self._switches().access_outlives_consent:
            self._access = {key: held for key, held in self._access.items() if not _of(held.grant, client_id, tenant)}
        return True

    def issue_code(self, grant: Grant, redirect_uri: str) -> str:
        """A code for the redirect; `redirect_uri` is the one sent, "" if none was."""
        code = str(uuid.uuid4())
        self._codes[code] = _Code(grant, redirect_uri, self._now() + CODE_LIFE)
        return code

    # Tokens

    def by_code(self, app: App, code: str, redirect_uri: str) -> Tokens:
        """Tokens for a code, which is used up by this. Raises `GrantRefused`."""
        held = self._codes.pop(code, None)
        fits = (
            held is not None
            and held.grant.client_id == app.client_id
            and self._now() < held.expires
            and redirect_uri == held.redirect_uri
        )
        if held is None or not fits:
            raise GrantRefused("invalid_grant", "Auth code or ClientID supplied is invalid")
        return Tokens(self._new_access(held.grant), self._new_refresh(held.grant))

    def by_refresh(self, app: App, token: str) -> Tokens:
        """Tokens for a refresh token, which is void after this. Raises `GrantRefused`."""
        held = self._refresh.get(token)
        now = self._now()
        grace = timedelta(seconds=self._switches().refresh_grace_s)
        live = (
            held is not None
            and held.grant.client_id == app.client_id
            and now < held.expires
            and (held.replaced is None or now < held.replaced + grace)
        )
        if held is None or not live:
            self.refused_refreshes += 1
            raise GrantRefused("invalid_grant", "Invalid refresh token")
        if held.replaced is None:
            self._refresh[token] = replace(held, replaced=now)
        return Tokens(self._new_access(held.grant), self._new_refresh(held.grant))

    def by_credentials(self, app: App, tenant: str, scopes: Collection[str]) -> Tokens:
        """An access token for a company that let the app in with a service account. Raises `GrantRefused`.

        `scopes` empty means all that were consented to.
        """
        switches = self._switches()
        known = self.consents.get((app.client_id, int(tenant))) if tenant.isdecimal() else None
        if known is None or not known.service:
            raise GrantRefused(switches.no_consent_error, "No consent for the tenant", switches.no_consent_status)
        if not set(scopes) <= set(known.scopes):
            raise GrantRefused("invalid_scope", "The scope requested is invalid")
        if not switches.refresh_beside_credentials:
            self._refresh = {
                key: held for key, held in self._refresh.items() if not _of(held.grant, app.client_id, known.tenant)
            }
        granted = replace(known, scopes=tuple(scope for scope in known.scopes if not scopes or scope in scopes))
        return Tokens(self._new_access(granted), None)

    def revoke_refresh(self, token: str) -> Grant | None:
        """Void a refresh token and return what it was for; one that never was is no error
        (fortnox/API.md, "Revoking")."""
        held = self._refresh.pop(token, None)
        return None if held is None else held.grant

    def _new_refresh(self, grant: Grant) -> str:
        token = str(uuid.uuid4())
        life = timedelta(days=self._switches().refresh_token_life_days)
        self._refresh[token] = _Refresh(grant, self._now() + life)
        return token

    def _new_access(self, grant: Grant) -> Access:
        now = self._now()
        expires = now + timedelta(seconds=self._switches().access_token_life_s)
        claims = {
            "tenantId": grant.tenant,
            "clientId": grant.client_id,
            "scopes": list(grant.scopes),
            "jti": str(uuid.uuid4()),
            "iat": int(now.timestamp()),
            "exp": int(expires.timestamp()),
            "token_type": "bearer",
        }
        access = Access(jwt.encode(claims, self._signing_key, algorithm="HS256"), grant, expires)
        self._access[access.token] = access
        return access

    def expire_access(self) -> None:
        """Every access token ends now, before its time."""
        self._access.clear()

    def given(self) -> list[str]:
        """Every token that someone may still hold, used up or not."""
        return [*self._access, *self._refresh]

    # Use

    def access(self, token: str) -> Access:
        """The live access token `token`. Raises `Unauthorised`."""
        held = self._access.get(token)
        if held is None or self._now() >= held.expires:
            raise Unauthorised
        return held


def _of(grant: Grant, client_id: str, tenant: int) -> bool:
    return (grant.client_id, grant.tenant) == (client_id, tenant)
