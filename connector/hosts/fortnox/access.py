"""How one deployment reaches the companies in Fortnox that have approved its app."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import SecretStr

from connector.domain.errors import ConfigurationError
from connector.hosts.fortnox.answers import CONNECT_AGAIN
from connector.hosts.fortnox.calls import Call
from connector.hosts.fortnox.client import AccessTokens, FortnoxClient
from connector.hosts.fortnox.documents import SYSTEM, text
from connector.hosts.fortnox.host import FortnoxHost
from connector.hosts.fortnox.oauth import AuthorisationServer, FortnoxApp, Granted
from connector.hosts.fortnox.settings import FortnoxSettings
from connector.hosts.fortnox.tokens import CompanyTokens, TokenStore
from connector.hosts.pacing import Budget, Pace
from connector.remote.policy import HttpPolicy


@dataclass(frozen=True)
class FortnoxAccess:
    """The app, and what its companies share. `budget` gives a company's budget of requests by its number.

    The methods raise `ConfigurationError` for an address that may not be used.
    """

    app: FortnoxApp
    tokens: TokenStore
    budget: Callable[[str], Budget]
    authorisation_url: str
    api_url: str
    http: HttpPolicy

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
class _Given:
    """One token, and no other after it."""

    token: SecretStr

    def current(self) -> SecretStr:
        return self.token

    def instead_of(self, refused: SecretStr) -> SecretStr:
        return refused


def required(access: FortnoxAccess | None) -> FortnoxAccess:
    """`access`, if the deployment has any. Raises `ConfigurationError` that tells the installer what to set."""
    if access is None:
        raise ConfigurationError(
            "Your app at Fortnox is not set up here.",
            system=SYSTEM,
            advice="Put what Fortnox's developer portal says of it into FORTNOX_CLIENT_ID and FORTNOX_CLIENT_SECRET.",
        )
    return access


def open_company(settings: FortnoxSettings, access: FortnoxAccess | None) -> FortnoxHost:
    """The ledger of one company. Raises `ConfigurationError` where the app or the company's number is missing."""
    app = required(access)
    if not settings.tenant_id:
        raise ConfigurationError("The Fortnox settings need a tenant_id.", system=SYSTEM, advice=CONNECT_AGAIN)
    return FortnoxHost(app.client(settings.tenant_id), settings)
