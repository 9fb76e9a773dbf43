"""One connection goes from Amili's sandbox to production, by one deliberate step; back while nothing was sent there.

The other side is tested before anything changes. What was handed over, or asked for, in the environment that is left
stays on record and is not sent: anyone who wants it sent asks again. That holds for wishes in the ledger too, also for
one that no one has read yet when the step is made.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from connector.amili.client import AmiliClient
from connector.amili.models import Creditor
from connector.domain.connection import ConnectionSettings, Environment, first_action_of
from connector.domain.errors import ConfigurationError, ConnectorError
from connector.domain.hand_over import Origin, Request
from connector.flows.companies import keys
from connector.flows.companies.connecting import (
    Choice,
    creditors_for,
    present_connections_of,
    require_active,
    status_of,
)
from connector.flows.deployment import Deployment
from connector.hosts import kinds
from connector.hosts.base import Host, LedgerIdentity, Wish
from connector.store import connection_life, hand_overs, series
from connector.store.connection_life import Side
from connector.store.connections import StoredConnection
from connector.store.series import Standing

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Prospect:
    """What stands before a connection goes live: both sides as they answer in production, and what it leaves behind.

    `creditor` is the one that is certain; None where a person has to choose one of `choice`. `wishes` is how many
    requests stand in the ledger now.
    """

    connection: StoredConnection
    amili_access: str
    ledger: LedgerIdentity
    choice: Choice
    creditor: Creditor | None
    leaves: Standing
    wishes: int


def look(deployment: Deployment, connection: StoredConnection, *, amili_access: str, creditor_id: str = "") -> Prospect:
    """Test everything that production needs, and say what would be left behind. Changes nothing.

    `amili_access` names the key pair to use there. Raises `ConfigurationError` in words for whatever is missing, and
    the errors of remote calls.
    """
    if connection.settings.environment is Environment.PRODUCTION:
        raise ConfigurationError(f"{connection.name} is in Amili's production environment already.")
    _require_free(deployment, connection)
    amili = deployment.amili(Environment.PRODUCTION, deployment.access(amili_access))
    ledger = keys.check_ledger(deployment, connection)
    if ledger.missing_rights:
        raise ConfigurationError(
            f"{ledger.user} lacks rights: {'; '.join(ledger.missing_rights)}.",
            advice="Give the user these rights in the ledger first.",
        )
    choice = _choice(amili, connection, ledger)
    creditor = _certain(choice, creditor_id)
    if creditor is not None:
        require_active(creditor)
        _try_endpoints(amili, creditor)
    host = deployment.host(connection)
    return Prospect(
        connection=connection,
        amili_access=amili_access,
        ledger=ledger,
        choice=choice,
        creditor=creditor,
        leaves=series.standing(deployment.databases.main, connection.id),
        wishes=sum(1 for _ in host.requested()),
    )


def _require_free(deployment: Deployment, connection: StoredConnection) -> None:
    others = present_connections_of(
        deployment,
        connection.host,
        connection.settings.host,
        organization_number=connection.settings.organization_number,
        but=connection.id,
    )
    if other := next((one for one, where in others.items() if where is Environment.PRODUCTION), ""):
        raise ConfigurationError(
            f"The same books are in production already, as “{other}”.",
            advice=f"Keep one of the two: `amili-connector disconnect --connection {connection.id}`, or end the other.",
        )


def _choice(amili: AmiliClient, connection: StoredConnection, ledger: LedgerIdentity) -> Choice:
    choice = creditors_for(amili, ledger.organization_number)
    if kinds.own_creditor_only(connection.host) and not choice.matching:
        raise ConfigurationError(
            f"No creditor that our key sees in Amili's production environment has the organisation number of "
            f"{ledger.company} ({ledger.organization_number or 'no organisation number'}).",
            advice="Ask Amili to give the API user access to the company's creditor.",
        )
    return choice


def _certain(choice: Choice, creditor_id: str) -> Creditor | None:
    if creditor_id:
        named = next((one for one in choice.creditors if one.id == creditor_id), None)
        if named is None:
            raise ConfigurationError(f"Amili shows our key no fitting creditor that has the id {creditor_id}.")
        return named
    return choice.creditors[0] if choice.matching and len(choice.creditors) == 1 else None


def _try_endpoints(amili: AmiliClient, creditor: Creditor) -> None:
    if failed := next((one for one in amili.probe(creditor.id) if one.error is not None), None):
        raise failed.error if failed.error is not None else ConnectorError(failed.operation)


def go(deployment: Deployment, prospect: Prospect, creditor: Creditor, *, by: str) -> Standing:
    """Take the connection to production, for `creditor`, as `prospect` was seen; gives what was left behind.

    Raises `ConfigurationError`, nothing changed, if the connection has changed since, and for an inactive creditor.
    """
    require_active(creditor)
    connection = prospect.connection
    amili = deployment.amili(Environment.PRODUCTION, deployment.access(prospect.amili_access))
    if prospect.creditor is None:
        _try_endpoints(amili, creditor)
    to = Side(Environment.PRODUCTION, creditor.account, creditor.id, prospect.amili_access)
    left = connection_life.go(
        deployment.databases.main, connection.id, from_=side_of(connection), to=to, status=status_of(creditor), by=by
    )
    log.warning("connection %s: %s has taken it to Amili's production environment", connection.id, by)
    _see_wishes(deployment, connection.id)
    return left


def way_back(deployment: Deployment, connection: StoredConnection) -> Side | None:
    """Return where a connection can go back to: None if it never went live, or something was sent in production."""
    db = deployment.databases.main
    side = connection_life.left_side(db, connection.id)
    return None if side is None or series.was_used(db, connection.id, connection.settings.environment) else side


def go_back(deployment: Deployment, connection: StoredConnection, *, by: str) -> Standing:
    """Take a connection back to where it was before it went live, with its cases there; gives what is left behind.

    Raises `ConfigurationError` if it did not go live, or something was sent since, and the errors of remote calls.
    """
    side = connection_life.left_side(deployment.databases.main, connection.id)
    if side is None:
        raise ConfigurationError(f"{connection.name} did not go live from anywhere, so that there is no way back.")
    creditor = deployment.amili(side.environment, deployment.access(side.amili_access)).creditor(side.creditor)
    left = connection_life.go(
        deployment.databases.main,
        connection.id,
        from_=side_of(connection),
        to=side,
        status=status_of(creditor),
        by=by,
        back=True,
    )
    log.warning("connection %s: %s has taken it back to Amili's sandbox", connection.id, by)
    _see_wishes(deployment, connection.id)
    return left


def side_of(connection: StoredConnection) -> Side:
    """Whom a connection joins its ledger to now."""
    settings: ConnectionSettings = connection.settings
    return Side(settings.environment, settings.account, settings.creditor, connection.amili_access)


def _see_wishes(deployment: Deployment, connection_id: str) -> None:
    connection = deployment.connection(connection_id)
    try:
        leave_wishes(deployment, connection, deployment.host(connection))
    except ConnectorError as error:
        # The next look at the ledger does it, before it takes up anything.
        log.warning("connection %s: the requests in its ledger could not be read now: %s", connection_id, error)


def leave_wishes(deployment: Deployment, connection: StoredConnection, host: Host) -> None:
    """Put on record every wish that stands in the ledger of a connection that has just left an environment.

    None of them is acted on. Safe to repeat; nothing happens where all are known. Raises the errors of remote calls.
    """
    environment = connection.left_environment
    if environment is None:
        return
    for wish in host.requested():
        hand_overs.ask(
            deployment.databases.main,
            request_of(connection.id, wish, environment),
            creditor=connection.settings.creditor,
            default_action=connection.settings.first_action,
        )
    connection_life.wishes_seen(deployment.databases.main, connection.id, environment)


def request_of(connection_id: str, wish: Wish, environment: Environment | None = None) -> Request:
    """A ledger's standing wish as a request, made in this of Amili's environments."""
    return Request(
        connection=connection_id,
        invoice_id=wish.invoice_id,
        origin=Origin.LEDGER,
        asked_by=wish.by,
        first_action=first_action_of(wish.first_action) if wish.first_action else None,
        wish_mark=wish.mark,
        environment=environment,
    )
