"""Consent from beginning to end, against the Fortnox sandbox over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from pydantic import SecretStr

from connector.domain.errors import ConfigurationError, KeyRefused, NotAuthorised
from connector.flows.access.kept_tokens import KeptTokens
from connector.hosts.base import ServiceAccountRefused
from connector.hosts.fortnox.calls import Call
from connector.hosts.fortnox.client import FortnoxClient
from connector.hosts.fortnox.oauth import (
    SCOPES,
    AuthorisationServer,
    FortnoxApp,
    Granted,
    code_of_callback,
    missing_scopes,
)
from connector.hosts.fortnox.tokens import CompanyTokens
from connector.hosts.pacing import Pace
from connector.remote.policy import HttpPolicy
from connector.sandbox.fortnox.app import create_fortnox
from connector.sandbox.fortnox.grants import App
from connector.sandbox.fortnox.state import FortnoxState
from connector.sandbox.fortnox.switches import Consent
from connector.sandbox.shared.serve import running
from connector.store.database import Databases
from tests.hosts.fortnox.scripted_answers import Turns
from tests.store.samples import vault

STATE = "a-long-random-state"
APP = App("client-1", "the-apps-own-secret", "https://connector.example/callback")
SEALED_WITH = vault()


@dataclass
class Fortnox:
    """The sandbox with one company, and our side of it."""

    state: FortnoxState
    url: str
    databases: Databases
    tenant: str

    def server(self, **changes: Any) -> AuthorisationServer:
        app = FortnoxApp(APP.client_id, SecretStr(APP.client_secret), APP.redirect_uri)
        return AuthorisationServer(replace(app, **changes), url=self.url, http=HttpPolicy(allow_private=True))

    def tokens(self) -> CompanyTokens:
        """The company's tokens, as a process that has just started has them."""
        return CompanyTokens(self.server(), self.tenant, KeptTokens(self.databases, SEALED_WITH, "Fortnox"))

    def company(self) -> str:
        """What the company's name is by its own answer, read with the tokens that are kept."""
        client = FortnoxClient(
            self.tokens(), Pace(Turns(), system="Fortnox"), url=self.url, http=HttpPolicy(allow_private=True)
        )
        return str(client.read(Call.READ_COMPANY)["CompanyName"])

    def switch(self, **changes: Any) -> None:
        self.state.switches.set(replace(self.state.switches.switches, **changes))

    def visit(self, *, service_account: bool = True) -> dict[str, str]:
        """What a person's browser brings back from the consent page."""
        address = self.server().consent_url(STATE, service_account=service_account)
        answer = requests.get(address, allow_redirects=False, timeout=10)
        assert answer.status_code == 302, answer.text
        back = urlsplit(answer.headers["Location"])
        assert f"{back.scheme}://{back.netloc}{back.path}" == APP.redirect_uri
        return dict(parse_qsl(back.query))

    def consent(self, *, service_account: bool = True) -> Granted:
        return self.server().by_code(code_of_callback(self.visit(service_account=service_account), state=STATE))


@pytest.fixture
def fortnox(databases: Databases) -> Iterator[Fortnox]:
    state = FortnoxState(app=APP)
    company = state.add_company("Testbolaget AB", "556677-8899")
    with running(create_fortnox(state)) as url:
        yield Fortnox(state, url, databases, str(company.tenant))


def test_a_company_is_connected_by_a_service_account(fortnox: Fortnox) -> None:
    granted = fortnox.consent()

    assert granted.tenant_id == fortnox.tenant
    assert set(granted.scopes) == set(SCOPES)
    assert missing_scopes(granted.scopes) == ()
    assert fortnox.tokens().admit(granted) is True
    assert fortnox.company() == "Testbolaget AB"


def test_where_no_service_account_is_allowed_a_refresh_token_serves(fortnox: Fortnox) -> None:
    fortnox.state.grants.apps[APP.client_id] = replace(APP, service_accounts=False)
    with pytest.raises(ServiceAccountRefused):
        fortnox.consent()

    assert fortnox.tokens().admit(fortnox.consent(service_account=False)) is False

    assert fortnox.company() == "Testbolaget AB"
    ours = fortnox.tokens()
    for _ in range(3):
        ours.instead_of(ours.current())
    assert fortnox.company() == "Testbolaget AB"


@pytest.mark.parametrize(
    ("consent", "words"),
    [
        (Consent.DENIED, "not approved"),
        (Consent.INVALID_SCOPE, "developer portal"),
        (Consent.NO_LICENCE, "lacks a licence"),
        (Consent.NO_APP_LICENCE, "no licence in Fortnox for the integration"),
        (Consent.NOTHING, "locked or unpaid"),
    ],
)
def test_whatever_fortnox_sends_back_is_told_in_words(fortnox: Fortnox, consent: Consent, words: str) -> None:
    fortnox.switch(consent=consent)
    with pytest.raises(ConfigurationError, match=words):
        fortnox.consent()


def test_a_code_is_good_once(fortnox: Fortnox) -> None:
    code = code_of_callback(fortnox.visit(), state=STATE)
    fortnox.server().by_code(code)
    with pytest.raises(KeyRefused, match="Auth code"):
        fortnox.server().by_code(code)


def test_an_app_with_a_wrong_secret_is_told_apart_from_a_withdrawn_consent(fortnox: Fortnox) -> None:
    with pytest.raises(NotAuthorised, match="client credentials") as caught:
        fortnox.server(client_secret=SecretStr("wrong")).by_tenant(fortnox.tenant)
    assert not isinstance(caught.value, KeyRefused)


@pytest.mark.parametrize("service_account", [True, False])
def test_a_withdrawn_consent_asks_for_a_new_one(fortnox: Fortnox, service_account: bool) -> None:
    fortnox.tokens().admit(fortnox.consent(service_account=service_account))
    fortnox.company()
    fortnox.state.revoke_consent(APP.client_id, int(fortnox.tenant))

    with pytest.raises(KeyRefused, match="Connect Fortnox again"):
        fortnox.company()

    fortnox.tokens().admit(fortnox.consent(service_account=service_account))
    assert fortnox.company() == "Testbolaget AB"


def test_giving_up_voids_the_refresh_token(fortnox: Fortnox) -> None:
    granted = fortnox.consent(service_account=False)
    assert granted.refresh is not None
    fortnox.tokens().admit(granted)

    fortnox.tokens().forget()

    with pytest.raises(KeyRefused):
        fortnox.server().by_refresh_token(granted.refresh.value)
