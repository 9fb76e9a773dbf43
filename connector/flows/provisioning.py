"""Installing in a host what the connector needs, with an administrator's key that is used once and not kept."""

from __future__ import annotations

from pydantic import SecretStr

from connector.flows.deployment import Deployment
from connector.hosts import opening
from connector.store.connections import StoredConnection


def provision(
    deployment: Deployment, connection: StoredConnection, administrator_key: SecretStr, webhook_url: str
) -> tuple[str, ...]:
    """Install or repair; gives a line for each thing done."""
    return opening.provision(
        connection.host,
        settings=connection.settings.host,
        administrator_key=administrator_key,
        allow_private=deployment.settings.allow_private_addresses,
        webhook_url=webhook_url,
    )


def remove(deployment: Deployment, connection: StoredConnection, administrator_key: SecretStr) -> tuple[str, ...]:
    """Take everything away again; gives a line for each thing done."""
    return opening.remove(
        connection.host,
        settings=connection.settings.host,
        administrator_key=administrator_key,
        allow_private=deployment.settings.allow_private_addresses,
    )
