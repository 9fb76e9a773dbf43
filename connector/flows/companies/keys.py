"""The keys to the ledgers: looked at daily, renewed where that can be done, and a dead one parks its company alone.

A ledger that does not accept our key is not asked again before there is a new one, but for one look an hour: going
on with a dead key is noise, and may lock the user out.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from pydantic import SecretStr

from connector.domain.dates import today
from connector.domain.errors import ConfigurationError, ConnectorError, KeyRefused
from connector.flows import troubles
from connector.flows.companies import connecting
from connector.flows.deployment import Deployment
from connector.flows.job import COMPANIES, DAY_S, HOUR_S, Sooner, job
from connector.flows.outcome import NEXT, STOP, Outcome, Then
from connector.flows.parking import park_ledger
from connector.hosts.base import Host, LedgerIdentity
from connector.hosts.pacing import in_background
from connector.store import connections, ledger_keys, resting
from connector.store.connections import API_KEY, StoredConnection
from connector.store.ledger_keys import KeyTrouble
from connector.store.timeline import WORKER

log = logging.getLogger(__name__)

RENEWED_FOR = timedelta(days=90)
"""For how long a new key is asked for: ledgers that make keys by a call give no longer one without more rights."""


@job(
    "key",
    every=DAY_S,
    per=COMPANIES,
    sooner=Sooner(resting.without_key, HOUR_S),
    again_after_s=HOUR_S / 2,
    trouble=troubles.KEY,
)
@in_background()
def look(deployment: Deployment, connection_id: str) -> Outcome:
    """Look whether a ledger accepts our key and when that ends; renew it in good time, or warn.

    A renewal that fails holds nothing up, and is tried again at the next look: each may leave a key in the ledger.
    """
    connection = deployment.connection(connection_id)
    host = deployment.host(connection)
    try:
        expires = host.key_expires()
    except KeyRefused:
        park_ledger(deployment, connection)
        return STOP
    ledger_keys.accepted(deployment.databases.main, connection.id, connection.key.number, expires=expires)
    known = deployment.connection(connection.id)
    if known.key.trouble(today()) is not KeyTrouble.ENDS_SOON:
        return NEXT
    try:
        is_renewed = _renewed(deployment, known, host)
    except ConnectorError as error:
        log.warning("connection %s: its key could not be renewed: %s", known.id, error)
        return Outcome(Then.NEXT, failed=error)
    if not is_renewed:
        log.warning("connection %s: its key ends on %s; a new one must be entered by hand", known.id, known.key.expires)
    return NEXT


def _renewed(deployment: Deployment, connection: StoredConnection, host: Host) -> bool:
    """Renew the key by the ledger's own means, if it has any: the new one is stored before the old is given up."""
    old = connection.secrets.get(API_KEY)
    until = today() + RENEWED_FOR
    new = host.renew_key(old, until=until) if old else None
    if old is None or new is None:
        return False
    identify(deployment, connection, new)
    if connections.replace_key(deployment.databases.main, deployment.vault, connection, new, expires=until, by=WORKER):
        log.info("connection %s: the key was renewed and ends on %s", connection.id, until)
        _give_up(deployment, connection, old)
    else:
        # Someone has entered another key at this moment.
        _give_up(deployment, connection, new)
    return True


def _give_up(deployment: Deployment, connection: StoredConnection, key: SecretStr) -> None:
    try:
        deployment.host(deployment.connection(connection.id)).revoke_key(key)
    except ConnectorError as error:
        # It ends by itself.
        log.warning("connection %s: a key that is not used any more could not be given up: %s", connection.id, error)


def enter(deployment: Deployment, connection: StoredConnection, key: SecretStr, *, by: str) -> LedgerIdentity:
    """Put a new key in place of the connection's, after it has been tested; what waited for it goes on by itself.

    Raises as `identify`, and `ConfigurationError` if someone else has entered one at the same moment; then
    nothing is saved.
    """
    ledger = identify(deployment, connection, key)
    if not connections.replace_key(
        deployment.databases.main, deployment.vault, connection, key, expires=ledger.key_expires, by=by
    ):
        raise ConfigurationError("Somebody else has entered a new key at this moment.", advice="Look whether it works.")
    return ledger


def identify(deployment: Deployment, connection: StoredConnection, key: SecretStr) -> LedgerIdentity:
    """Return who answers to `key`. Raises `ConfigurationError` if it is not the connection's company, or a right is
    missing.

    Raises `KeyRefused` if the ledger does not accept it, and the other errors of remote calls.
    """
    ledger = connecting.identify_ledger(deployment, connection.host, connection.settings.host, key)
    number = connection.settings.organization_number
    same = ledger.organization_number == number if number else ledger.company == connection.name
    if not same:
        raise ConfigurationError(
            f"This key opens the books of {ledger.company} ({ledger.organization_number or 'no organisation number'}), "
            f"not of {connection.name} ({number or 'no organisation number'}).",
            advice="Make the key as a user of the right company.",
        )
    return ledger


def check_ledger(deployment: Deployment, connection: StoredConnection) -> LedgerIdentity:
    """Return who the connection's ledger is, by its own answer; what that says of the key is kept.

    Raises the errors of remote calls.
    """
    try:
        ledger = deployment.host(connection).check()
    except KeyRefused:
        park_ledger(deployment, connection)
        raise
    ledger_keys.accepted(deployment.databases.main, connection.id, connection.key.number, expires=ledger.key_expires)
    return ledger
