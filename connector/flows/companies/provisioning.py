"""Installing in a host what the connector needs, with an administrator's key that is used once and not kept."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import SecretStr

from connector.domain.errors import ConnectorError, LeftBehind
from connector.flows.deployment import Deployment
from connector.hosts import opening
from connector.hosts.base import Administrator, LedgerCases, SetUp
from connector.store import connections
from connector.store.connections import API_KEY, StoredConnection


def provision(
    deployment: Deployment,
    connection: StoredConnection,
    administrator_login: str,
    administrator_key: SecretStr,
    webhook_url: Callable[[str], str],
    told: Callable[[str], None] = lambda _: None,
) -> tuple[str, ...]:
    """Install or repair, with a new webhook token, and keep what the connection must know of it; gives lines to show.

    `webhook_url` makes the address from the token, `told` is given each step as it begins. Raises the errors of remote
    calls; what a failed run had begun is taken back then, but for what a `LeftBehind` names.
    """
    token = connections.rotate_webhook_token(deployment.databases.main, deployment.vault, connection.id)
    try:
        done = opening.installation(connection.host).provision(
            connection.settings.host,
            connection.secrets.get(API_KEY, SecretStr("")),
            Administrator(administrator_login, administrator_key),
            deployment.http,
            webhook_url=webhook_url(token),
            other_first_actions=connection.settings.other_first_actions,
            told=told,
        )
    except LeftBehind:
        raise
    except ConnectorError:
        # The address in use is the one before again; a few failed tries in a row must not push its token out.
        connections.withdraw_webhook_token(deployment.databases.main, deployment.vault, connection.id, token)
        raise
    return _kept(deployment, connection, done)


def prepare(deployment: Deployment, connection_id: str) -> tuple[str, ...]:
    """Make ready in a ledger what the connection's own credentials can; gives lines to show.

    Nothing depends on it: an error becomes a line, and what is missing is made when it is first needed.
    """
    connection = deployment.connection(connection_id)
    try:
        return deployment.host(connection).prepare().lines
    except ConnectorError as error:
        return (f"The ledger could not be made ready now: {error}",)


def needs_login(deployment: Deployment, connection: StoredConnection) -> bool:
    """Return whether the ledger wants the administrator's login beside the key. Raises the errors of remote calls."""
    return opening.needs_login(
        connection.host,
        settings=connection.settings.host,
        http=deployment.http,
    )


def remove(
    deployment: Deployment, connection: StoredConnection, administrator_login: str, administrator_key: SecretStr
) -> tuple[str, ...]:
    """Take everything away again, for every company of that database; gives lines to show, none if nothing was left."""
    administrator = Administrator(administrator_login, administrator_key)
    done = opening.installation(connection.host).remove(connection.settings.host, administrator, deployment.http)
    for other in _in_the_same_database(deployment, connection):
        _kept(deployment, other, done)
    return _kept(deployment, connection, done)


def cases_in_ledger(
    deployment: Deployment, connection: StoredConnection, administrator_login: str, administrator_key: SecretStr
) -> LedgerCases:
    """The case ids that stand in the ledger's database and go with `remove`, its other companies' too.

    Read by the keys of all our connections to it and by the administrator's. Raises the errors of remote calls.
    """
    connected = (connection, *_in_the_same_database(deployment, connection))
    return opening.installation(connection.host).cases(
        connection.settings.host,
        [(one.settings.host, one.secrets.get(API_KEY, SecretStr(""))) for one in connected],
        Administrator(administrator_login, administrator_key),
        deployment.http,
    )


def _in_the_same_database(deployment: Deployment, connection: StoredConnection) -> tuple[StoredConnection, ...]:
    """Our other connections to companies of the same database."""
    installation = opening.installation(connection.host)
    ids = [
        ledger.id
        for ledger in connections.ledgers(deployment.databases.main, connection.host)
        if ledger.id != connection.id and installation.is_shared(ledger.settings, connection.settings.host)
    ]
    return tuple(deployment.connection(one) for one in ids)


def _kept(deployment: Deployment, connection: StoredConnection, done: SetUp) -> tuple[str, ...]:
    settings = connections.settings_of(deployment.databases.main, connection.id)
    changed = settings.model_copy(update={"host": {**settings.host, **done.settings}})
    if changed != settings:
        connections.save_settings(deployment.databases.main, connection.id, changed, known=settings.environment)
    return done.lines
