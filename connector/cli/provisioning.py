"""`provision` and `remove`, in the group of each kind of host in which the connector needs something."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import astuple
from functools import partial
from pathlib import Path

import click
from pydantic import SecretStr

from connector.cli.connecting import secret, webhook_url
from connector.cli.deploying import chosen, opened
from connector.cli.output import shown
from connector.cli.problems import Misused
from connector.domain.errors import ConfigurationError, ConnectorError, NotAuthorised
from connector.domain.spreadsheet_text import no_formula
from connector.flows.companies import provisioning
from connector.flows.deployment import Deployment
from connector.flows.events import following
from connector.hosts import kinds
from connector.hosts.base import Installation, LedgerCase, LedgerCases
from connector.store.connections import StoredConnection

_QUESTION = "API key of a user with Settings rights"
_CONNECTION = click.option("--connection", "-c", "connection_id", help="The company, when several are connected.")


def group_of(host: str) -> click.Group:
    """The commands of a kind of host in which something is installed."""
    kind = kinds.kind(host)
    inside = kind.installation or Installation
    key = click.option(
        "--settings-key",
        envvar=f"{host.upper()}_SETTINGS_KEY",
        help="API key of a user with Settings rights, used once and not kept; asked for, unseen, if not given.",
    )
    login = click.option("--settings-login", envvar=f"{host.upper()}_SETTINGS_LOGIN", help=inside.login_help)
    export = click.option(
        "--export",
        "file",
        type=click.Path(dir_okay=False, path_type=Path),
        help=f"Save the case ids in {kind.name}, of all its companies, to this CSV file before they are lost.",
    )
    yes = click.option("--yes", is_flag=True, help="Do not ask.")
    group = click.Group(
        host, help=f"Set up {kinds.article(kind.name)} for the connector, or take everything away again."
    )
    install = click.command(
        "provision",
        help=f"Install in {kind.name} what the connector needs: {inside.installs}.\n\n"
        "Running it again repairs and updates.",
    )
    take_away = click.command(
        "remove",
        help=f"Take everything away that `provision` installed, for every company in that {kind.name}.\n\n"
        f"The case ids in {kind.name}'s fields are lost with it; --export saves them first.",
    )
    group.add_command(install(_CONNECTION(login(key(_provision)))))
    group.add_command(take_away(_CONNECTION(login(key(export(yes(_remove)))))))
    return group


def _provision(connection_id: str | None, settings_login: str | None, settings_key: str | None) -> None:
    with opened() as deployment:
        connection = chosen(deployment, connection_id)
        login = _login(deployment, connection, settings_login)
        key = secret(settings_key, _QUESTION)
        url = partial(webhook_url, deployment, connection.host, connection.id)
        # Wishes that stand where an earlier set-up kept them are questions to a person. They are told as long as the
        # connection has not been set up again: before that, and once more for what was expressed meanwhile.
        following.take_all_wishes(deployment, connection)
        click.echo((kinds.kind(connection.host).installation or Installation).patience)
        lines = provisioning.provision(deployment, connection, login, key, url, told=_say_step)
        following.take_all_wishes(deployment, connection)
        for line in lines:
            click.echo(line)


def _remove(
    connection_id: str | None, settings_login: str | None, settings_key: str | None, file: Path | None, yes: bool
) -> None:
    with opened() as deployment:
        connection = chosen(deployment, connection_id)
        system = kinds.name_of(connection.host)
        administrator, found = _cases(deployment, connection, settings_login, settings_key, needed=file is not None)
        cases = found.cases if found else ()
        click.echo(_loss(found, system))
        if cases and file is None and not yes:
            name = click.prompt("Save them to a CSV file first? File name (empty: no)", default="", show_default=False)
            file = Path(name) if name else None
        if file is not None:
            _write(file, cases)
            companies = ", ".join(dict.fromkeys(case.company for case in cases)) or connection.name
            click.echo(f"Saved: {file}, {len(cases)} invoices of {shown(companies)}.")
        if not yes:
            click.confirm(
                f"Remove everything of the connector's from the {system} of {shown(connection.name)}?", abort=True
            )
        login, key = administrator or _administrator(deployment, connection, settings_login, settings_key)
        done = provisioning.remove(deployment, connection, login, key)
        click.echo("\n".join(done) if done else f"Nothing of the connector's was left in this {system}.")


def _administrator(
    deployment: Deployment, connection: StoredConnection, login: str | None, key: str | None
) -> tuple[str, SecretStr]:
    """The login and key of the Settings user."""
    return _login(deployment, connection, login), secret(key, _QUESTION)


def _cases(
    deployment: Deployment, connection: StoredConnection, login: str | None, key: str | None, *, needed: bool
) -> tuple[tuple[str, SecretStr] | None, LedgerCases | None]:
    """The Settings user's login and key, and the case ids in the ledger; `None` for what cannot be had.

    It hinders the removal only where the case ids are `needed`, or the Settings user is refused.
    """
    system = kinds.name_of(connection.host)
    administrator: tuple[str, SecretStr] | None = None
    try:
        administrator = _administrator(deployment, connection, login, key)
        found = provisioning.cases_in_ledger(deployment, connection, *administrator)
    except NotAuthorised:
        raise
    except ConnectorError as error:
        if needed:
            raise
        click.echo(f"The case ids in {system} cannot be read: {error}", err=True)
        return administrator, None
    if found.unread:
        companies = ", ".join(map(shown, found.unread))
        missing = f"The case ids of {companies} in this {system} cannot be read by any key."
        if needed:
            raise ConfigurationError(
                missing, advice="Give the Settings user the right Invoicing there, or remove without --export."
            )
        click.echo(missing, err=True)
    return administrator, found


def _loss(found: LedgerCases | None, system: str) -> str:
    count = "The" if found is None else len(found.cases)
    return (
        f"{count} case ids in {system} will be lost, with statuses, requests and dispute flags. The cases stand at "
        "Amili all the same, and the connector keeps its own record of them."
    )


def _write(file: Path, cases: Sequence[LedgerCase]) -> None:
    """A CSV file of the cases, in UTF-8 with a mark by which spreadsheets know it. Nothing is written over."""
    try:
        with file.open("x", encoding="utf-8-sig", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(("invoice_number", "invoice_id", "case_id", "status", "date_utc", "company"))
            writer.writerows([no_formula(text) for text in astuple(case)] for case in cases)
    except OSError as error:
        raise Misused(f"The file {file} cannot be written: {error.strerror}.") from None


def _say_step(step: str) -> None:
    click.echo(f"  {step} …")


def _login(deployment: Deployment, connection: StoredConnection, given: str | None) -> str:
    """The login of the Settings user, asked for only where the ledger wants it beside the key."""
    if given is not None or not provisioning.needs_login(deployment, connection):
        return given or ""
    return str(click.prompt("Login of a user with Settings rights")).strip()
