"""Consent to our app by companies whose ledger is opened so (Fortnox): asked for, received, and put to use.

A consent leaves nothing behind that a page or command could show: its tokens go straight into the store.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from connector.amili.client import AmiliClient
from connector.amili.models import Creditor
from connector.domain.connection import ConnectionSettings
from connector.domain.dates import STOCKHOLM
from connector.domain.errors import ConnectorError
from connector.flows.companies import connecting
from connector.flows.deployment import Deployment
from connector.hosts.base import LedgerIdentity
from connector.hosts.fortnox.access import required
from connector.hosts.fortnox.oauth import (
    SCOPES,
    AuthorisationServer,
    Granted,
    ServiceAccountRefused,
    code_of_callback,
    missing_scopes,
)
from connector.hosts.fortnox.refusals import ConsentRefused, Why
from connector.store import connections, leases
from connector.store.connections import StoredConnection

log = logging.getLogger(__name__)

HOST = "fortnox"

_JOINING_S = 30.0


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
    lasting: bool
    connection_id: str

    @property
    def host_settings(self) -> dict[str, Any]:
        """What a connection's `host` settings must hold of it."""
        return {"tenant_id": self.tenant_id}


def new_state() -> str:
    """A random text by which an answer is told from one that nobody here asked for."""
    return secrets.token_urlsafe(32)


def ask(deployment: Deployment, *, service_account: bool = True, state: str = "") -> Question:
    """Begin: the person goes to the address. Raises `ConfigurationError` if no app is set up.

    `state` is one of `new_state` if the question is asked once more; by default it is a new one.
    """
    server = required(deployment.fortnox()).server()
    chosen = state or new_state()
    return Question(server.consent_url(chosen, service_account=service_account), chosen)


def answer_in(address: str) -> dict[str, str]:
    """The answer in the address that a person was sent back to."""
    return dict(parse_qsl(urlsplit(address.strip()).query))


def receive(
    deployment: Deployment, answer: Mapping[str, str], *, state: str, expected: StoredConnection | None = None
) -> Approved:
    """Take the answer: exchange it for tokens and keep them.

    `expected` is the connection whose consent is to be renewed. Raises `ServiceAccountRefused`, upon which one asks
    again without a service account, `ConsentRefused` in words for a person, and the errors of remote calls.
    """
    access = required(deployment.fortnox())
    server = access.server()
    granted = server.by_code(code_of_callback(answer, state=state))
    missing = missing_scopes(granted.scopes) if granted.scopes else ()
    if missing:
        _void(deployment, server, granted, granted.tenant_id)
        raise ConsentRefused(
            Why.RIGHTS_NOT_APPROVED,
            f"These rights were not approved in Fortnox: {', '.join(missing)}.",
            advice="Connect again, and approve every right that is asked for.",
            rights=missing,
        )
    tenant_id = access.tenant_of(granted)
    if expected is not None and expected.settings.host.get("tenant_id") != tenant_id:
        _void(deployment, server, granted, tenant_id)
        raise ConsentRefused(
            Why.OTHER_COMPANY,
            f"Another company than {expected.name} was chosen in Fortnox.",
            advice=f"Connect again, and choose {expected.name}.",
            company=expected.name,
        )
    lasting = access.company_tokens(tenant_id).admit(granted)
    return Approved(tenant_id, lasting, connection_of(deployment, tenant_id))


def no_account_at_all(error: ServiceAccountRefused) -> ConsentRefused:
    """What is told where a service account is refused although none was asked for any more."""
    return ConsentRefused(
        Why.NO_SERVICE_ACCOUNT,
        f"Fortnox refuses the app: {error.message}",
        advice="Check the app in Fortnox's developer portal.",
    )


def _void(deployment: Deployment, server: AuthorisationServer, granted: Granted, tenant_id: str) -> None:
    """Give back what a consent gave that is not kept.

    Whether that ends the consent itself is not established (fortnox/API.md, "Revoking"), so that it is left where a
    connection may live on the same consent.
    """
    if granted.refresh is None or not tenant_id or connection_of(deployment, tenant_id):
        return
    try:
        server.revoke(granted.refresh.value)
    except ConnectorError as error:
        # It ends by itself, and why the consent cannot be used is what the person must hear.
        log.warning("what a consent gave could not be given back to Fortnox: %s", error)


def ledger_of(deployment: Deployment, approved: Approved) -> LedgerIdentity:
    """Whose books an approved company's are, by their own answer. Raises the errors of remote calls."""
    return deployment.ledger(HOST, approved.host_settings, None).check()


def scopes_asked(deployment: Deployment) -> tuple[str, ...]:
    """Every scope that companies are asked to approve."""
    access = deployment.fortnox()
    return (*SCOPES, *(access.app.more_scopes if access else ()))


def scopes_of(missing_rights: tuple[str, ...]) -> tuple[str, ...]:
    """The scopes that `LedgerIdentity.missing_rights` is about."""
    return tuple(right.partition(":")[0] for right in missing_rights)


def require_rights(ledger: LedgerIdentity) -> None:
    """Raise `ConsentRefused` for a company where a licence or a right is missing."""
    if ledger.missing_rights:
        raise ConsentRefused(
            Why.RIGHTS_MISSING,
            f"These rights are missing in Fortnox: {'; '.join(ledger.missing_rights)}.",
            advice="An administrator of the company adds the licence or the right in Fortnox; then connect again.",
            rights=scopes_of(ledger.missing_rights),
        )


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


def creditors_of(
    deployment: Deployment, amili: AmiliClient, approved: Approved, ledger: LedgerIdentity
) -> tuple[Creditor, ...]:
    """The creditors at Amili with the company's own organisation number: no other may be chosen for it.

    Raises `ConsentRefused`, the consent given back, if there is none.
    """
    number = ledger.organization_number
    creditors = amili.creditors(number) if number else ()
    if creditors:
        return creditors
    give_back(deployment, approved)
    raise ConsentRefused(
        Why.NO_CREDITOR,
        f"No creditor that our key at Amili sees has the organisation number of {ledger.company} "
        f"({number or 'no organisation number'}).",
        advice="Choose the right company in Fortnox, or ask Amili to give the API user access to its creditor.",
        company=ledger.company,
        number=number or "–",
    )


def give_back(deployment: Deployment, approved: Approved) -> None:
    """Forget a consent that came to nothing. One that a connection lives on stays."""
    if not connection_of(deployment, approved.tenant_id):
        required(deployment.fortnox()).company_tokens(approved.tenant_id).forget()


def join(
    deployment: Deployment,
    approved: Approved,
    ledger: LedgerIdentity,
    creditor: Creditor,
    *,
    connection_id: str,
    settings: ConnectionSettings,
    amili_access: str,
) -> str:
    """Save the connection of an approved company. Gives its id: the one that it has, if somebody was quicker.

    Raises as `connecting.join`.
    """
    db = deployment.databases.main
    with leases.lease(db, f"connect:{HOST}:{approved.tenant_id}", for_s=_JOINING_S, wait_s=_JOINING_S):
        if known := connection_of(deployment, approved.tenant_id):
            return known
        connecting.join(
            deployment,
            connection_id=connection_id,
            host=HOST,
            ledger=ledger,
            creditor=creditor,
            settings=settings.model_copy(update={"host": {**settings.host, **approved.host_settings}}),
            api_key=None,
            amili_access=amili_access,
        )
    return connection_id


def ends(deployment: Deployment, connection: StoredConnection) -> date | None:
    """Until when the consent of a connection must be used at the latest; None for one that holds until withdrawn.

    Raises `ConfigurationError` if no app is set up.
    """
    access = required(deployment.fortnox())
    until = access.company_tokens(str(connection.settings.host.get("tenant_id", ""))).ends()
    return until.astimezone(STOCKHOLM).date() if until else None
