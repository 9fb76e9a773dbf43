"""Parking what is not let in any more: a ledger that refuses our key, or Amili our key pair.

Going on with a dead key is noise, and may lock its user out. A refusal parks only if a second look confirms it.
"""

from __future__ import annotations

import logging

from connector.amili import SYSTEM as AMILI
from connector.domain.connection import Environment
from connector.domain.errors import ConnectorError, Disconnected, KeyRefused
from connector.domain.hand_over import WAITS_FOR_AMILI_KEY, WAITS_FOR_KEY, WAITS_FOR_NOTHING
from connector.flows.access.parked import words_of
from connector.flows.amili_sign_in import Trial, tried
from connector.flows.deployment import Deployment
from connector.hosts import kinds
from connector.store import amili_accesses, ledger_keys
from connector.store.amili_accesses import AmiliAccess
from connector.store.connections import StoredConnection

log = logging.getLogger(__name__)


def parked(deployment: Deployment, connection_id: str, error: ConnectorError) -> bool:
    """Return whether `error` means that the connection waits for a new key; parks it if its key has just died.

    A refusal that a second look does not confirm is an ordinary error: something on the way may have given it. Amili's
    refusal of our key pair is the same for every connection that uses it.
    """
    if not isinstance(error, KeyRefused):
        return False
    connection = deployment.connection(connection_id)
    if error.system == AMILI:
        return pair_is_parked(deployment, connection)
    if connection.key.refused_at is not None:
        return True
    try:
        deployment.host(connection).key_expires()
    except KeyRefused:
        park_ledger(deployment, connection)
        return True
    except ConnectorError:
        return False
    return False


def waits_for(deployment: Deployment, connection_id: str, error: ConnectorError) -> str:
    """Return what a hand-over waits for, where `parked`: a new key to its ledger, or to Amili; "" where it is not.

    Nothing is waited for where the connection has ended.
    """
    if isinstance(error, Disconnected):
        return WAITS_FOR_NOTHING
    if not parked(deployment, connection_id, error):
        return ""
    return WAITS_FOR_AMILI_KEY if error.system == AMILI else WAITS_FOR_KEY


def park_ledger(deployment: Deployment, connection: StoredConnection) -> None:
    """Ask nothing more of a ledger that does not accept our key."""
    if ledger_keys.refused(deployment.databases.main, connection.id, connection.key.number):
        said = words_of(connection.host)
        log.warning(
            "connection %s: %s %s; nothing is asked of it until %s",
            connection.id,
            kinds.name_of(connection.host),
            said.refuses,
            said.waits,
        )


def pair_is_parked(deployment: Deployment, connection: StoredConnection) -> bool:
    """Return whether the connections of a key pair wait for a new one; parks them if Amili refuses it at a second
    look.
    """
    if connection.amili_refused_at is not None:
        return True
    access, environment = deployment.access(connection.amili_access), connection.settings.environment
    if access.api_code is None:
        return False
    found = tried(deployment, access.private_key, access.api_code, (environment,))
    if found.trials.get(environment) is not Trial.REFUSED:
        return False
    park_pair(deployment, access, environment)
    return True


def park_pair(deployment: Deployment, access: AmiliAccess, environment: Environment) -> None:
    """Ask nothing more of Amili for a key pair in one of its environments, which does not accept it."""
    if amili_accesses.refused(deployment.databases.main, access.id, access.number, environment):
        log.warning(
            "key pair %s: Amili (%s) does not accept it; nothing is asked there until it does, or there is a new one",
            access.id,
            environment,
        )
