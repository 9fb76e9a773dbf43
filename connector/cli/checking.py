"""`check`: who the two sides of each connection are, by their own answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import click

from connector.amili.probing import Probed
from connector.cli.deploying import opened
from connector.cli.exit_codes import ExitCode
from connector.cli.keys import way_out
from connector.cli.output import JSON, as_json, customers_line, shown
from connector.domain.assessment import CreditorStatus
from connector.domain.connection import Environment
from connector.domain.dates import today
from connector.domain.errors import ConfigurationError, ConnectorError, KeyRefused
from connector.domain.settings_limits import objections
from connector.flows.companies import amili_keys, connecting, keys
from connector.flows.deployment import Deployment
from connector.hosts.base import IdentityCoverage, LedgerIdentity
from connector.store import connections
from connector.store.connections import StoredConnection
from connector.store.ledger_keys import WARNED_BEFORE
from connector.words import say


@dataclass(frozen=True)
class Checked:
    """What calling both sides gave: who each is, or its error. `problems` are what a person must fix."""

    connection: StoredConnection
    ledger: LedgerIdentity | ConnectorError
    creditor: CreditorStatus | ConnectorError
    customers: IdentityCoverage | None = None
    endpoints: tuple[Probed, ...] = ()
    others: Mapping[str, Environment] = field(default_factory=dict)
    """Other connections to the same books, with their environments."""

    @property
    def errors(self) -> tuple[ConnectorError, ...]:
        """The errors of the sides, and of the endpoints, that did not answer as they should."""
        sides = tuple(side for side in (self.ledger, self.creditor) if isinstance(side, ConnectorError))
        return sides + tuple(one.error for one in self.endpoints if one.error is not None)

    @property
    def problems(self) -> tuple[str, ...]:
        """Return what a person must fix, in words, about sides that answered, and about the company's settings."""
        found = []
        if isinstance(self.ledger, LedgerIdentity) and self.ledger.missing_rights:
            found.append(f"the ledger's user {self.ledger.user} lacks rights: {'; '.join(self.ledger.missing_rights)}")
        if isinstance(self.ledger, LedgerIdentity):
            found += self.ledger.to_mend
        if isinstance(self.creditor, CreditorStatus) and not self.creditor.is_active:
            found.append("the creditor is not active at Amili")
        found += [
            f"the same books are connected as “{other}” too ({where}), and both take up what is asked for in the "
            "ledger: go live with one, and disconnect the other"
            for other, where in self.others.items()
        ]
        found += [say(one.says, "en").rstrip(".") for one in objections(self.connection.settings)]
        return tuple(found)


@click.command()
@click.option("--connection", "-c", "connection_id", help="Only this company.")
@JSON
def check(connection_id: str | None, json_: bool) -> None:
    """Call both sides of every connection, print who they are, and try everything that is read at Amili.

    The exit status is 4 if a side does not answer as it should, else 3 if one needs mending.
    """
    with opened() as deployment:
        if connection_id and deployment.connection(connection_id).disconnected_at is not None:
            raise ConfigurationError(f"The connection “{connection_id}” is disconnected; only its record is left.")
        every = (
            (deployment.connection(connection_id),)
            if connection_id
            else connections.every(deployment.databases.main, deployment.vault)
        )
        if not every:
            raise ConfigurationError("No company is connected yet.", advice="`amili-connector connect` connects one.")
        results = [_checked(deployment, connection) for connection in every]
    if json_:
        as_json([_document(result) for result in results])
    else:
        for result in results:
            _show(result)
    if any(not isinstance(error, ConfigurationError) for result in results for error in result.errors):
        raise SystemExit(ExitCode.REMOTE)
    if any(result.errors or result.problems for result in results):
        raise SystemExit(ExitCode.CONFIGURATION)


def _checked(deployment: Deployment, connection: StoredConnection) -> Checked:
    ledger: LedgerIdentity | ConnectorError
    creditor: CreditorStatus | ConnectorError
    customers = None
    try:
        ledger = keys.check_ledger(deployment, connection)
        customers = None if ledger.missing_rights else connecting.check_customers(deployment, connection)
    except ConnectorError as error:
        ledger = error
    try:
        creditor = amili_keys.check_creditor(deployment, connection)
    except ConnectorError as error:
        creditor = error
    # Without its creditor, Amili answers nothing, which is told already.
    answers = isinstance(creditor, CreditorStatus)
    endpoints = connecting.check_endpoints(deployment, connection) if answers else ()
    others = connecting.present_connections_of(
        deployment,
        connection.host,
        connection.settings.host,
        organization_number=connection.settings.organization_number,
        but=connection.id,
    )
    return Checked(connection, ledger, creditor, customers, endpoints, others)


def _document(checked: Checked) -> dict[str, Any]:
    return {
        "connection": checked.connection.id,
        "name": checked.connection.name,
        "host": checked.connection.host,
        "environment": checked.connection.settings.environment,
        "paused": checked.connection.paused_at is not None,
        "ok": not checked.errors and not checked.problems,
        "ledger": _side(checked.ledger),
        "customers": asdict(checked.customers) if checked.customers else None,
        "creditor": _side(checked.creditor),
        "endpoints": [
            {"operation": one.operation, "error": None if one.error is None else str(one.error)}
            for one in checked.endpoints
        ],
        "problems": checked.problems,
    }


def _side(side: LedgerIdentity | CreditorStatus | ConnectorError) -> dict[str, Any]:
    match side:
        case ConnectorError():
            return {"error": str(side)}
        case LedgerIdentity():
            return asdict(side)
        case CreditorStatus():
            return side.model_dump(mode="json")


def _show(checked: Checked) -> None:
    connection = checked.connection
    click.echo(f"{connection.id} ({connection.settings.environment}{', PAUSED' if connection.paused_at else ''})")
    ledger, creditor = checked.ledger, checked.creditor
    if isinstance(ledger, LedgerIdentity):
        who = f"{ledger.company} ({ledger.organization_number or 'no organisation number'})"
        notes = [f"{connection.host} {ledger.version}", f"as {ledger.user}", *_dates(ledger)]
        _line("ledger", f"{who}, {', '.join(notes)}", good=not ledger.missing_rights)
    else:
        _line("ledger", str(ledger), good=False)
    if checked.customers:
        click.echo(f"    {customers_line(checked.customers)}")
    if isinstance(ledger, KeyRefused) or (isinstance(ledger, LedgerIdentity) and _ends_soon(ledger)):
        click.echo(f"    {way_out(connection.host, connection.id)}")
    if isinstance(creditor, CreditorStatus):
        who = f"{creditor.name} ({creditor.organization_number or 'no organisation number'})"
        _line("creditor", f"{who}, {'active' if creditor.is_active else 'NOT active'}", good=creditor.is_active)
    else:
        _line("creditor", str(creditor), good=False)
    failed = [one for one in checked.endpoints if one.error is not None]
    if checked.endpoints and not failed:
        _line("reading", f"all {len(checked.endpoints)} endpoints of Amili that are read answer", good=True)
    for one in failed:
        _line("reading", f"{one.operation}: {one.error}", good=False)
    for problem in checked.problems:
        click.echo(f"    To mend: {shown(problem.rstrip('.'))}.")


def _line(side: str, text: str, *, good: bool) -> None:
    click.echo(f"  {'✓' if good else '✗'} {side:<8}  {shown(text)}")


def _dates(ledger: LedgerIdentity) -> list[str]:
    found = []
    if ledger.bank_booked_until:
        found.append(f"bank booked until {ledger.bank_booked_until}")
    if ledger.key_expires:
        found.append(f"key ends {ledger.key_expires}{' – SOON' if _ends_soon(ledger) else ''}")
    return found


def _ends_soon(ledger: LedgerIdentity) -> bool:
    return ledger.key_expires is not None and ledger.key_expires - today() <= WARNED_BEFORE
