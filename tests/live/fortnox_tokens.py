"""Consent and tokens of a trial: in memory, or in a file of the person's own that nobody else can read."""

from __future__ import annotations

import json
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from pydantic import SecretStr

from connector.domain.errors import ConfigurationError
from connector.hosts.base import ServiceAccountRefused
from connector.hosts.fortnox.oauth import (
    AuthorisationServer,
    Granted,
    code_of_callback,
    missing_scopes,
)
from connector.hosts.fortnox.tokens import CompanyTokens
from connector.remote.tokens import KeptToken
from tests.live.fortnox_points import SERVICE_ACCOUNT, Seen, confirms, contradicts
from tests.live.fortnox_session import Person
from tests.source import ROOT

OWNER_ALONE = 0o600
TENANT = "tenant"


class MemoryTokens:
    """A token store of one process (`connector.hosts.fortnox.tokens.TokenStore`)."""

    def __init__(self) -> None:
        self.tenant_id = ""
        self._kept: dict[str, KeptToken] = {}

    def get(self, key: str) -> KeptToken | None:
        return self._kept.get(key)

    def put(self, key: str, token: KeptToken) -> None:
        self._kept[key] = token

    def forget(self, key: str) -> None:
        self._kept.pop(key, None)

    def lock(self, key: str) -> AbstractContextManager[None]:
        return nullcontext()

    def remember(self, tenant_id: str) -> None:
        """Keep the company's number."""
        self.tenant_id = tenant_id


class FileTokens(MemoryTokens):
    """Likewise, kept in a file between two trials. One trial at a time."""

    def __init__(self, path: Path) -> None:
        """Raises `ConfigurationError` for a file in the repository, or one that others can read."""
        super().__init__()
        self._path = path.absolute()
        if path.resolve().is_relative_to(ROOT):
            raise ConfigurationError("Tokens are not kept in the repository.", advice="Name a file elsewhere.")
        if not self._path.exists():
            return
        if stat.S_IMODE(self._path.stat().st_mode) & ~OWNER_ALONE:
            raise ConfigurationError(f"Others can read {self._path}.", advice=f"chmod 600 {self._path}")
        found = json.loads(self._path.read_text(encoding="utf-8"))
        self.tenant_id = found.pop(TENANT)
        for key, (value, expires_at) in found.items():
            self._kept[key] = KeptToken(SecretStr(value), datetime.fromisoformat(expires_at))

    def put(self, key: str, token: KeptToken) -> None:
        super().put(key, token)
        self._write()

    def forget(self, key: str) -> None:
        super().forget(key)
        self._write()

    def remember(self, tenant_id: str) -> None:
        super().remember(tenant_id)
        self._write()

    def _write(self) -> None:
        kept = {key: (one.value.get_secret_value(), one.expires_at.isoformat()) for key, one in self._kept.items()}
        newer = self._path.with_name(f"{self._path.name}.new")
        newer.unlink(missing_ok=True)
        with os.fdopen(os.open(newer, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ALONE), "w", encoding="utf-8") as out:
            json.dump({TENANT: self.tenant_id, **kept}, out)
        newer.replace(self._path)


def connected(server: AuthorisationServer, store: MemoryTokens, person: Person) -> tuple[CompanyTokens, Seen]:
    """The company's tokens, by what `store` holds, else by a consent; and what that shows of service accounts.

    Raises `ConfigurationError` and the errors of `AuthorisationServer`.
    """
    if store.tenant_id:
        tokens = CompanyTokens(server, store.tenant_id, store)
        tokens.current()
        return tokens, Seen(SERVICE_ACCOUNT, "not asked again: the tokens kept from the last time are used")
    granted, service_account = _consent(server, person)
    if missing := missing_scopes(granted.scopes):
        raise ConfigurationError(
            f"The consent lacks {', '.join(missing)}.", advice="Switch these scopes on for the app, and start again."
        )
    if not granted.tenant_id:
        raise ConfigurationError("The access token does not name the company.", advice="Tell the maintainers.")
    store.remember(granted.tenant_id)
    tokens = CompanyTokens(server, granted.tenant_id, store)
    return tokens, _told(by_tenant=tokens.admit(granted), service_account=service_account)


def _told(*, by_tenant: bool, service_account: bool) -> Seen:
    if by_tenant:
        return confirms(SERVICE_ACCOUNT, "the company's number alone gives an access token: no refresh token is kept")
    if service_account:
        what = "the consent was for a service account, and the company's number gives no token: refresh tokens are used"
        return contradicts(SERVICE_ACCOUNT, what)
    return Seen(SERVICE_ACCOUNT, "Fortnox allows none here: refresh tokens are used")


def _consent(server: AuthorisationServer, person: Person) -> tuple[Granted, bool]:
    try:
        return _one_consent(server, person, service_account=True), True
    except ServiceAccountRefused as refused:
        person.say(f"{refused}\nAsking for consent without a service account.")
    return _one_consent(server, person, service_account=False), False


def _one_consent(server: AuthorisationServer, person: Person, *, service_account: bool) -> Granted:
    state = secrets.token_urlsafe(24)
    person.say(
        "Open this address as a system administrator of the TEST company, and approve:\n\n"
        f"  {server.consent_url(state, service_account=service_account)}\n\n"
        "You are then sent to the connector's own address. It need not answer: copy the address from the browser."
    )
    address = person.ask("The whole address you were sent to (it holds a code that is good for ten minutes):")
    return server.by_code(code_of_callback(dict(parse_qsl(urlsplit(address).query)), state=state))


@contextmanager
def given_up(tokens: CompanyTokens, store: MemoryTokens) -> Iterator[None]:
    """Give tokens up at the end where nobody keeps them."""
    try:
        yield
    finally:
        if not isinstance(store, FileTokens):
            tokens.forget()
