"""Fortnox and Amili over HTTP, a deployment whose app companies may approve, and nobody connected yet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import requests
from pydantic import SecretStr

from connector.amili.client import AmiliClient
from connector.amili.keys import make_key_pair
from connector.domain.connection import Environment
from connector.flows.companies import consent
from connector.flows.companies.consent import Approved
from connector.flows.deployment import Deployment, open_deployment
from connector.hosts.fortnox.kind import CALLBACK_PATH
from connector.sandbox.amili.app import create_amili
from connector.sandbox.amili.state import GUIDE_CREDITOR, AmiliState, guide_state
from connector.sandbox.fortnox.books import Books
from connector.sandbox.fortnox.grants import App
from connector.sandbox.fortnox.state import FortnoxState
from connector.sandbox.installed import imitation
from connector.sandbox.shared.serve import running
from connector.store import connections
from connector.store.connections import DEFAULT_ACCESS
from tests import canary
from tests.conftest import SettingsFactory
from tests.flows.ledgers import ORGANISATION

PUBLIC_URL = "http://127.0.0.1:8080"
APP = App("client-1", "canary-app-secret-51d0", f"{PUBLIC_URL}{CALLBACK_PATH}")
WEBHOOK_SECRET = "canary-webhook-secret-2f7a"
COMPANY = "Testbolaget AB"


@dataclass
class Consents:
    """Both sandboxes and our side. `tenant` is the number of the company that the person at Fortnox chooses."""

    deployment: Deployment
    fortnox: FortnoxState
    fortnox_url: str
    amili: AmiliState
    amili_url: str
    tenant: str
    creditor: str = GUIDE_CREDITOR

    @property
    def books(self) -> Books:
        """The company's books."""
        return self.fortnox.companies[int(self.tenant)]

    def client(self, environment: Environment = Environment.SANDBOX) -> AmiliClient:
        """Amili by our key."""
        return self.deployment.amili(environment, self.deployment.access(DEFAULT_ACCESS))

    def switch(self, **changes: Any) -> None:
        """Change what the sandbox of Fortnox does."""
        self.fortnox.switches.set(replace(self.fortnox.switches.switches, **changes))

    def change_app(self, **changes: Any) -> None:
        """Change the app as it is registered at Fortnox."""
        self.fortnox.grants.apps[APP.client_id] = replace(APP, **changes)

    def choose(self, tenant: int | str) -> None:
        """Which company the person at Fortnox chooses from now on."""
        self.fortnox.signed_in_to = int(tenant)

    def visit(self, address: str) -> str:
        """The address to which Fortnox sends a person who was at `address` and approved, or did not."""
        answer = requests.get(address, allow_redirects=False, timeout=10)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]

    def consent(self) -> Approved:
        """The company approves, by the book."""
        question = consent.ask(self.deployment, "fortnox")
        answer = consent.answer_in(self.visit(question.url))
        return consent.receive(self.deployment, "fortnox", answer, state=question.state)

    def requests_to_fortnox(self) -> int:
        """How many requests were sent to Fortnox."""
        counted: dict[str, int] = self.fortnox.traffic.snapshot()["requests"]
        return sum(counted.values())

    def ids(self) -> tuple[str, ...]:
        """The connections that are stored."""
        return connections.ids(self.deployment.databases.main)


def back(address: str) -> str:
    """Path and query of the address that somebody was sent back to."""
    parts = urlsplit(address)
    assert f"{parts.scheme}://{parts.netloc}" == PUBLIC_URL
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


@contextmanager
def approving(settings_factory: SettingsFactory, **overrides: object) -> Iterator[Consents]:
    """A fresh deployment with an app at Fortnox and a key at Amili."""
    fortnox = FortnoxState(app=APP)
    company = fortnox.add_company(COMPANY, "556677-8899")
    amili = guide_state(organization_no=ORGANISATION)
    pair = make_key_pair()
    amili.register_key(canary.API_CODE, pair.public_key)
    with ExitStack() as stack:
        fortnox_url = stack.enter_context(running(imitation("fortnox").app(fortnox)))
        amili_url = stack.enter_context(running(create_amili(amili)))
        settings = settings_factory(
            **{
                "public_url": PUBLIC_URL,
                "amili_sandbox_url": amili_url,
                "fortnox_client_id": APP.client_id,
                "fortnox_client_secret": APP.client_secret,
                "fortnox_webhook_secret": WEBHOOK_SECRET,
                "fortnox_authorisation_url": fortnox_url,
                "fortnox_api_url": fortnox_url,
                **overrides,
            }
        )
        deployment = open_deployment(settings)
        stack.callback(deployment.close)
        connections.put_access(
            deployment.databases.main,
            deployment.vault,
            access_id=DEFAULT_ACCESS,
            private_key=pair.private_key,
            public_key=pair.public_key,
            api_code=SecretStr(canary.API_CODE),
        )
        yield Consents(deployment, fortnox, fortnox_url, amili, amili_url, str(company.tenant))
