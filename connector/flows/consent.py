"""Consent to our app by companies whose ledger is opened so (Fortnox): asked for, received, and put to use.

A consent leaves nothing behind that a page or command could show: its tokens go straight into the store.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from connector.amili.client import AmiliClient
from connector.amili.models import Creditor
from connector.domain.errors import ConfigurationError
from connector.flows import connecting
from connector.flows.deployment import Deployment
from connector.hosts.base import LedgerIdentity
from connector.hosts.fortnox.access import required
from connector.hosts.fortnox.oauth import code_of_callback, missing_scopes
from connector.store import connections
from connector.store.connections import StoredConnection

HOST = "fortnox"


@dataclass(frozen=True)
class Question:
    """The address at which a person approves, and the random text that comes back with the answer."""

    url: str
    state: str = field(repr=False)


@dataclass(frozen=True)
class Approved:
    """A company that has approved. `connection_id` is the connection that it has already, "" if it has none.

    `lasting` says that the consent holds until it is withdrawn; else it ends when it is not used for weeks.
    """

    tenant_id: str
    ledger: LedgerIdentity
    lasting: bool
    connection_id: str

    @property
    def host_settings(self) -> dict[str, Any]:
        """What a connection's `host` settings must hold of it."""
        return {"tenant_id": self.tenant_id}


def ask(deployment: Deployment, *, service_account: bool = True) -> Question:
    """Begin: the person goes to the address. Raises `ConfigurationError` if no app is set up."""
    server = required(deployment.fortnox()).server()
    state = secrets.token_urlsafe(32)
    return Question(server.consent_url(state, service_account=service_account), state)


def answer_in(address: str) -> dict[str, str]:
    """The answer in the address that a person was sent back to."""
    return dict(parse_qsl(urlsplit(address.strip()).query))


def receive(
    deployment: Deployment, answer: Mapping[str, str], *, state: str, expected: StoredConnection | None = None
) -> Approved:
    """Take the answer: exchange it for tokens, keep them, and look whose books they open.

    `expected` is the connection whose consent is to be renewed. Raises `ServiceAccountRefused`, upon which one asks
    again without a service account, `ConfigurationError` in words for a person, and the errors of remote calls.
    """
    access = required(deployment.fortnox())
    server = access.server()
    granted = server.by_code(code_of_callback(answer, state=state))
    missing = missing_scopes(granted.scopes) if granted.scopes else ()
    if missing:
        raise ConfigurationError(
            f"These rights were not approved in Fortnox: {', '.join(missing)}.",
            advice="Connect again, and approve every right that is asked for.",
        )
    tenant_id = access.tenant_of(granted)
    if expected is not None and expected.settings.host.get("tenant_id") != tenant_id:
        if granted.refresh is not None:
            server.revoke(granted.refresh.value)
        raise ConfigurationError(
            f"Another company than {expected.name} was chosen in Fortnox.",
            advice=f"Connect again, and choose {expected.name}.",
        )
    lasting = access.company_tokens(tenant_id).admit(granted)
    ledger = connecting.identify_ledger(deployment, HOST, {"tenant_id": tenant_id}, None)
    return Approved(tenant_id, ledger, lasting, connection_of(deployment, tenant_id))


def connection_of(deployment: Deployment, tenant_id: str) -> str:
    """The connection of the company with this number; "" if it has none."""
    known = connections.settings_by_host(deployment.databases.main, HOST)
    return next((name for name, settings in known.items() if settings.host.get("tenant_id") == tenant_id), "")


def renewed(deployment: Deployment, approved: Approved, *, by: str) -> StoredConnection:
    """Let the connection that an approved company has go on: what waited for the consent is taken up by itself."""
    connection = deployment.connection(approved.connection_id)
    # False means that somebody else renewed the same consent at this moment, which serves as well.
    connections.replace_key(deployment.databases.main, deployment.vault, connection, None, expires=None, by=by)
    return deployment.connection(approved.connection_id)


def creditors_of(deployment: Deployment, amili: AmiliClient, approved: Approved) -> tuple[Creditor, ...]:
    """The creditors at Amili with the company's own organisation number: no other may be chosen for it.

    Raises `ConfigurationError`, the consent given back, if there is none.
    """
    choice = connecting.creditors_for(amili, approved.ledger.organization_number)
    if choice.matching:
        return choice.creditors
    give_back(deployment, approved)
    number = approved.ledger.organization_number or "no organisation number"
    raise ConfigurationError(
        f"No creditor that our key at Amili sees has the organisation number of {approved.ledger.company} ({number}).",
        advice="Choose the right company in Fortnox, or ask Amili to give the API user access to its creditor.",
    )


def give_back(deployment: Deployment, approved: Approved) -> None:
    """Forget a consent that came to nothing. One that a connection lives on stays."""
    if not connection_of(deployment, approved.tenant_id):
        required(deployment.fortnox()).company_tokens(approved.tenant_id).forget()
