"""Joining a ledger to an Amili creditor: both sides are tested before anything is saved."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from connector.amili.client import AmiliClient
from connector.amili.models import Creditor
from connector.amili.probing import Probed
from connector.domain.assessment import CreditorStatus
from connector.domain.connection import ConnectionSettings, Environment
from connector.domain.errors import ConfigurationError
from connector.flows.deployment import Deployment
from connector.hosts import opening
from connector.hosts.base import IdentityCoverage, LedgerIdentity
from connector.store import connections
from connector.store.connections import API_KEY, StoredConnection

CONNECTION_ID = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")
"""What the id of a connection is made of."""


@dataclass(frozen=True)
class Choice:
    """The creditors a ledger may be joined to. `matching` says that they have its organisation number."""

    creditors: tuple[Creditor, ...]
    matching: bool


def needs_login(deployment: Deployment, host: str, host_settings: dict[str, Any]) -> bool:
    """Return whether a ledger wants the login of the key's user beside the key. Raises as `identify_ledger`."""
    return opening.needs_login(host, settings=host_settings, http=deployment.http)


def identify_ledger(
    deployment: Deployment, host: str, host_settings: dict[str, Any], api_key: SecretStr | None
) -> LedgerIdentity:
    """Return who a ledger is, by its own answer. Raises `ConfigurationError` if our key lacks a right it needs."""
    ledger = deployment.ledger(host, host_settings, api_key).check()
    if ledger.missing_rights:
        raise ConfigurationError(
            f"{ledger.user} lacks rights: {'; '.join(ledger.missing_rights)}.",
            advice="Give the user these rights in the ledger, then connect again.",
        )
    return ledger


def customers_of_ledger(
    deployment: Deployment, host: str, host_settings: dict[str, Any], api_key: SecretStr | None
) -> IdentityCoverage:
    """Return how many of a ledger's customers have an identity number. Raises the errors of remote calls."""
    return deployment.ledger(host, host_settings, api_key).identity_coverage()


def creditors_for(amili: AmiliClient, organization_number: str) -> Choice:
    """The creditors with the ledger's organisation number, or all that our key sees if none has it.

    Raises `ConfigurationError` if the key sees none at all, which means missing rights
    (amili/API.md, "Keys and access groups").
    """
    matching = amili.creditors(organization_number) if organization_number else ()
    if matching:
        return Choice(matching, matching=True)
    visible = amili.creditors()
    if not visible:
        raise ConfigurationError(
            "Amili shows our key no creditor.",
            advice="Ask Amili to give the API user access to the company's creditor.",
        )
    return Choice(visible, matching=False)


def status_of(creditor: Creditor) -> CreditorStatus:
    """Return what the checks need to know of a creditor."""
    return CreditorStatus(
        id=creditor.id,
        account=creditor.account,
        name=creditor.name,
        organization_number=creditor.organization_number,
        is_active=bool(creditor.is_active),
        has_payout_account=creditor.has_payout_account,
        standard_debt_description=creditor.standard_debt_description,
        always_use_standard_debt_description=creditor.always_use_standard_debt_description,
    )


def require_active(creditor: Creditor) -> None:
    """Raise `ConfigurationError` for an inactive creditor: no case can be registered for it
    (amili/API.md, "Rules of registration")."""
    if not creditor.is_active:
        raise ConfigurationError(
            f"The creditor {creditor.name} is not active at Amili.",
            advice="Finish the agreement with Amili so that they activate it, then connect again.",
        )


def present_connections_of(
    deployment: Deployment, host: str, host_settings: dict[str, Any], *, organization_number: str, but: str = ""
) -> dict[str, Environment]:
    """The connections, but for `but`, that read the same company's books: their environments by id."""
    known = connections.settings_by_host(deployment.databases.main, host)
    return {
        name: settings.environment
        for name, settings in sorted(known.items())
        if name != but
        and opening.same_books(host, host_settings, settings.host)
        and organization_number == settings.organization_number
    }


def require_new(
    deployment: Deployment,
    host: str,
    host_settings: dict[str, Any],
    *,
    organization_number: str,
    environment: Environment,
) -> tuple[str, ...]:
    """Make sure that no connection reads the same books for the same of Amili's environments.

    Raises `ConfigurationError` if one does; gives the names of those that read them for the other one.
    """
    others = present_connections_of(deployment, host, host_settings, organization_number=organization_number)
    if known := next((name for name, where in others.items() if where is environment), ""):
        raise ConfigurationError(
            f"These books are connected to Amili's {environment} already, as “{known}”.",
            advice=(
                f"Use that connection: `amili-connector key --connection {known}` gives it a new key, `settings` "
                "changes it, and `disconnect` ends it."
            ),
        )
    return tuple(others)


def join(
    deployment: Deployment,
    *,
    connection_id: str,
    host: str,
    ledger: LedgerIdentity,
    creditor: Creditor,
    settings: ConnectionSettings,
    api_key: SecretStr | None,
    amili_access: str,
) -> str:
    """Save the connection. Gives its webhook token, shown once.

    Raises `ConfigurationError` for an inactive creditor, and for an id that is taken. That the books are not connected
    already is for anyone who asks for it (`require_new`).
    """
    require_active(creditor)
    return connections.add(
        deployment.databases.main,
        deployment.vault,
        connection_id=connection_id,
        host=host,
        name=ledger.company,
        settings=settings.model_copy(
            update={
                "creditor": creditor.id,
                "account": creditor.account,
                "organization_number": ledger.organization_number,
                "host": {**settings.host, **ledger.found_settings},
            }
        ),
        amili_access=amili_access,
        secrets={API_KEY: api_key} if api_key else {},
        creditor_status=status_of(creditor),
    )


def suggested_id(company: str) -> str:
    """A connection id made from the company's name: lower-case letters, digits and hyphens."""
    plain = company.lower().translate(str.maketrans("åäöéü", "aaoeu"))
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40] or "company"


def check_customers(deployment: Deployment, connection: StoredConnection) -> IdentityCoverage:
    """Return how many of the ledger's customers have an identity number. Raises the errors of remote calls."""
    return deployment.host(connection).identity_coverage()


def check_endpoints(deployment: Deployment, connection: StoredConnection) -> tuple[Probed, ...]:
    """Try every endpoint of Amili's that the flows read for a connection. Sends nothing."""
    amili = deployment.amili(connection.settings.environment, deployment.access(connection.amili_access))
    return amili.probe(connection.settings.creditor)


def check_creditor(deployment: Deployment, connection: StoredConnection) -> CreditorStatus:
    """Return who the connection's creditor is, by Amili's answer, which is kept. Raises the errors of remote calls."""
    amili = deployment.amili(connection.settings.environment, deployment.access(connection.amili_access))
    status = status_of(amili.creditor(connection.settings.creditor))
    connections.save_creditor_status(deployment.databases.main, connection.id, status)
    return status
