"""Pausing a connection, letting it go on, and ending it.

While it pauses, no invoice is sent: what is asked for waits, and goes on by itself afterwards, read and checked afresh.
What is at Amili already is followed as ever, since a debtor who has paid must not be claimed any further.
"""

from __future__ import annotations

import logging

from connector.domain.errors import ConnectorError
from connector.flows import remote_findings
from connector.flows.companies import consent
from connector.flows.deployment import Deployment
from connector.store import connection_life
from connector.store.connection_life import Ended
from connector.store.connections import StoredConnection

log = logging.getLogger(__name__)


def pause(deployment: Deployment, connection: StoredConnection, *, by: str) -> bool:
    """Send nothing more of a connection until it is resumed; False if it pauses already."""
    return connection_life.pause(deployment.databases.main, connection.id, by=by)


def resume(deployment: Deployment, connection: StoredConnection, *, by: str) -> bool:
    """Let a connection go on; False if it does not pause."""
    return connection_life.resume(deployment.databases.main, connection.id, by=by)


def disconnect(deployment: Deployment, connection: StoredConnection, *, by: str) -> tuple[Ended, str]:
    """End a connection: its keys are deleted, and its record stays; gives what was left, and what could not be undone.

    The latter is "" or says, in words, that a consent could not be given back. Raises `ConfigurationError` if it has
    ended already.
    """
    problem = ""
    company = consent.company_of(connection.host, connection.settings.host)
    ended = connection_life.disconnect(
        deployment.databases.main, deployment.vault, connection.id, remote_findings.disconnected(), by=by
    )
    if company and not consent.connection_of(deployment, connection.host, company):
        try:
            consent.app_of(deployment, connection.host).forget(company)
        except ConnectorError as error:
            problem = str(error)
    log.warning("connection %s: %s has disconnected it", connection.id, by)
    return ended, problem
