"""Installing in a host what the connector needs, with an administrator's key that is used once and not kept."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import SecretStr

from connector.domain.errors import ConfigurationError, NotSent, Refused
from connector.flows.deployment import Deployment
from connector.hosts import opening
from connector.store import connections
from connector.store.connections import StoredConnection


def provision(
    deployment: Deployment,
    connection: StoredConnection,
    administrator_login: str,
    administrator_key: SecretStr,
    webhook_url: Callable[[str], str],
) -> tuple[str, ...]:
    """Install or repair, with a new webhook token; gives a line for each thing done.

    `webhook_url` makes the address from the token. Raises the errors of remote calls.
    """
    token = connections.rotate_webhook_token(deployment.databases.main, deployment.vault, connection.id)
    try:
        return opening.provision(
            connection.host,
            settings=connection.settings.host,
            administrator_login=administrator_login,
            administrator_key=administrator_key,
            allow_private=deployment.settings.allow_private_addresses,
            webhook_url=webhook_url(token),
        )
    except (ConfigurationError, NotSent, Refused):
        # The webhook is installed last, so the address in use is still the one before; a few failed tries in a
        # row must not push its token out.
        connections.withdraw_webhook_token(deployment.databases.main, deployment.vault, connection.id, token)
        raise


def needs_login(deployment: Deployment, connection: StoredConnection) -> bool:
    """Whether the ledger wants the administrator's login beside the key. Raises the errors of remote calls."""
    return opening.needs_login(
        connection.host,
        settings=connection.settings.host,
        allow_private=deployment.settings.allow_private_addresses,
    )


def remove(
    deployment: Deployment, connection: StoredConnection, administrator_login: str, administrator_key: SecretStr
) -> tuple[str, ...]:
    """Take everything away again; gives a line for each thing done."""
    return opening.remove(
        connection.host,
        settings=connection.settings.host,
        administrator_login=administrator_login,
        administrator_key=administrator_key,
        allow_private=deployment.settings.allow_private_addresses,
    )
