"""Installing in a host what the connector needs, with an administrator's key that is used once and not kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pydantic import SecretStr

from connector.domain.errors import ConfigurationError, ConnectorError, NotSent, Refused
from connector.flows.deployment import Deployment
from connector.hosts import opening
from connector.hosts.base import LedgerCase, SetUp
from connector.store import connections
from connector.store.connections import API_KEY, StoredConnection


def provision(
    deployment: Deployment,
    connection: StoredConnection,
    administrator_login: str,
    administrator_key: SecretStr,
    webhook_url: Callable[[str], str],
) -> tuple[str, ...]:
    """Install or repair, with a new webhook token, and keep what the connection must know of it; gives lines to show.

    `webhook_url` makes the address from the token. Raises the errors of remote calls.
    """
    token = connections.rotate_webhook_token(deployment.databases.main, deployment.vault, connection.id)
    try:
        done = opening.provision(
            connection.host,
            settings=connection.settings.host,
            api_key=connection.secrets.get(API_KEY, SecretStr("")),
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
    return _kept(deployment, connection, done)


def prepare(deployment: Deployment, connection_id: str) -> tuple[str, ...]:
    """Make ready in a ledger what the connection's own credentials can; gives lines to show.

    Nothing depends on it: an error becomes a line, and what is missing is made when it is first needed.
    """
    connection = deployment.connection(connection_id)
    try:
        return opening.prepare(connection.host, settings=connection.settings.host, fortnox=deployment.fortnox()).lines
    except ConnectorError as error:
        return (f"The labels could not be made ready now: {error}",)


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
    """Take everything away again; gives lines to show, none if nothing was left."""
    done = opening.remove(
        connection.host,
        settings=connection.settings.host,
        administrator_login=administrator_login,
        administrator_key=administrator_key,
        allow_private=deployment.settings.allow_private_addresses,
    )
    return _kept(deployment, connection, done)


def cases_in_ledger(deployment: Deployment, connection: StoredConnection) -> Iterator[LedgerCase]:
    """The case ids that stand in the ledger and go with `remove`. Raises the errors of remote calls."""
    return opening.cases_in_ledger(
        connection.host,
        settings=connection.settings.host,
        api_key=connection.secrets.get(API_KEY, SecretStr("")),
        allow_private=deployment.settings.allow_private_addresses,
    )


def _kept(deployment: Deployment, connection: StoredConnection, done: SetUp) -> tuple[str, ...]:
    settings = connections.settings_of(deployment.databases.main, connection.id)
    changed = settings.model_copy(update={"host": {**settings.host, **done.settings}})
    if changed != settings:
        connections.save_settings(deployment.databases.main, connection.id, changed)
    return done.lines
