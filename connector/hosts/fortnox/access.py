"""How one deployment reaches the companies in Fortnox that have approved its app."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from connector.domain.errors import ConfigurationError
from connector.hosts.base import App, Consented, Host, TokenStore
from connector.hosts.fortnox.answers import CONNECT_AGAIN
from connector.hosts.fortnox.calls import Call
from connector.hosts.fortnox.client import AccessTokens, FortnoxClient
from connector.hosts.fortnox.documents import SYSTEM, text
from connector.hosts.fortnox.host import FortnoxHost
from connector.hosts.fortnox.oauth import (
    SCOPES,
    AuthorisationServer,
    FortnoxApp,
    Granted,
    code_of_callback,
    missing_scopes,
)
from connector.hosts.fortnox.settings import fortnox_settings
from connector.hosts.fortnox.tokens import CompanyTokens
from connector.hosts.pacing import Budget, Pace
from connector.remote.policy import HttpPolicy


@dataclass(frozen=True)
class FortnoxAccess(App):
    """The app, and what its companies share. `budget` gives a company's budget of requests by its number.

    The methods raise `ConfigurationError` for an address that may not be used.
    """

    app: FortnoxApp
    tokens: TokenStore
    budget: Callable[[str], Budget]
    authorisation_url: str
    api_url: str
    http: HttpPolicy

    @property
    def rights(self) -> tuple[str, ...]:
        """Every scope that companies are asked to approve."""
        return (*SCOPES, *self.app.more_scopes)

    def consent_url(self, state: str, *, service_account: bool) -> str:
        """Return where a system administrator of the company approves."""
        return self.server().consent_url(state, service_account=service_account)

    def receive(self, answer: Mapping[str, str], *, state: str) -> Consented:
        """Tokens for the code in the address that Fortnox sent the person back to."""
        server = self.server()
        return _Fresh(self, server, server.by_code(code_of_callback(answer, state=state)))

    def open(self, settings: Mapping[str, Any]) -> Host:
        """The ledger of one company. Raises `ConfigurationError` where the company's number is missing."""
        chosen = fortnox_settings(settings)
        if not chosen.tenant_id:
            raise ConfigurationError("The Fortnox settings need a tenant_id.", system=SYSTEM, advice=CONNECT_AGAIN)
        return FortnoxHost(self.client(chosen.tenant_id), chosen)

    def forget(self, company: str) -> None:
        """Give up what is kept of a company's consent."""
        self.company_tokens(company).forget()

    def ends(self, company: str) -> datetime | None:
        """Return when a company's refresh token ends unless it is used; None where none is needed."""
        return self.company_tokens(company).ends()

    def server(self) -> AuthorisationServer:
        """Fortnox's authorisation for the app."""
        return AuthorisationServer(self.app, url=self.authorisation_url, http=self.http)

    def company_tokens(self, tenant_id: str) -> CompanyTokens:
        """The access tokens of the company with this number."""
        return CompanyTokens(self.server(), tenant_id, self.tokens)

    def client(self, tenant_id: str) -> FortnoxClient:
        """Calls to the company with this number."""
        return self._client(self.company_tokens(tenant_id), tenant_id)

    def _client(self, tokens: AccessTokens, tenant_id: str) -> FortnoxClient:
        return FortnoxClient(tokens, Pace(self.budget(tenant_id), system=SYSTEM), url=self.api_url, http=self.http)

    def tenant_of(self, granted: Granted) -> str:
        """The number of the company that a consent opened: the token's word, or else Fortnox's own answer.

        Raises the errors of `FortnoxClient`.
        """
        if granted.tenant_id:
            return granted.tenant_id
        client = self._client(_Given(granted.access.value), "")
        return text(client.read(Call.READ_COMPANY), "DatabaseNumber")


@dataclass(frozen=True)
class _Fresh(Consented):
    """The tokens that a code was exchanged for."""

    access: FortnoxAccess
    server: AuthorisationServer
    granted: Granted

    @property
    def missing(self) -> tuple[str, ...]:
        return missing_scopes(self.granted.scopes) if self.granted.scopes else ()

    @property
    def named_company(self) -> str:
        return self.granted.tenant_id

    def company(self) -> str:
        return self.access.tenant_of(self.granted)

    def keep(self, company: str) -> bool:
        return self.access.company_tokens(company).admit(self.granted)

    def give_back(self) -> None:
        if self.granted.refresh is not None:
            self.server.revoke(self.granted.refresh.value)


@dataclass(frozen=True)
class _Given:
    """One token, and no other after it."""

    token: SecretStr

    def current(self) -> SecretStr:
        return self.token

    def instead_of(self, refused: SecretStr) -> SecretStr:
        return refused
