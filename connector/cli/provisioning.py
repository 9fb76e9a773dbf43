"""`odoo provision` and `odoo remove`: what the connector needs inside an Odoo."""

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
from connector.hosts.base import LedgerCase, LedgerCases
from connector.store.connections import StoredConnection

_QUESTION = "API key of a user with Settings rights"
_KEY = click.option(
    "--settings-key",
    envvar="ODOO_SETTINGS_KEY",
    help="API key of a user with Settings rights, used once and not kept; asked for, unseen, if not given.",
)
_LOGIN = click.option(
    "--settings-login",
    envvar="ODOO_SETTINGS_LOGIN",
    help="Login of that user, which Odoo 17 and 18 want beside the key; asked for there if not given.",
)
_EXPORT_HELP = "Save the case ids in Odoo, of all its companies, to this CSV file before they are lost."
_PATIENCE = (
    "Setting Odoo up. On a real server it takes up to two minutes; Odoo reloads itself on the way, and its users wait"
    " now and then. If it fails, what was begun is taken back."
)
_CONNECTION = click.option("--connection", "-c", "connection_id", help="The company, when several are connected.")


@click.group()
def odoo() -> None:
    """Set up an Odoo for the connector, or take everything away again."""


@odoo.command()
@_CONNECTION
@_LOGIN
@_KEY
def provision(connection_id: str | None, settings_login: str | None, settings_key: str | None) -> None:
    """Install in Odoo what the connector needs: fields, group, actions, views, menu, and rules that tell it of changes.

    Running it again repairs and updates.
    """
    with opened() as deployment:
        connection = chosen(deployment, connection_id)
        login = _login(deployment, connection, settings_login)
        key = secret(settings_key, _QUESTION)
        url = partial(webhook_url, deployment, connection.host, connection.id)
        # Wishes that stand where an earlier set-up kept them are questions to a person. They are told as long as the
        # connection has not been set up anew: before that, and once more for what was expressed meanwhile.
        following.take_all_wishes(deployment, connection)
        click.echo(_PATIENCE)
        lines = provisioning.provision(deployment, connection, login, key, url, told=_say_step)
        following.take_all_wishes(deployment, connection)
        for line in lines:
            click.echo(line)


@odoo.command()
@_CONNECTION
@_LOGIN
@_KEY
@click.option("--export", "file", type=click.Path(dir_okay=False, path_type=Path), help=_EXPORT_HELP)
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(
    connection_id: str | None, settings_login: str | None, settings_key: str | None, file: Path | None, yes: bool
) -> None:
    """Take everything away that `provision` installed, for every company in that Odoo.

    The case ids in Odoo's fields are lost with it; --export saves them first.
    """
    with opened() as deployment:
        connection = chosen(deployment, connection_id)
        administrator, found = _cases(deployment, connection, settings_login, settings_key, needed=file is not None)
        cases = found.cases if found else ()
        click.echo(_loss(found))
        if cases and file is None and not yes:
            name = click.prompt("Save them to a CSV file first? File name (empty: no)", default="", show_default=False)
            file = Path(name) if name else None
        if file is not None:
            _write(file, cases)
            companies = ", ".join(dict.fromkeys(case.company for case in cases)) or connection.name
            click.echo(f"Saved: {file}, {len(cases)} invoices of {shown(companies)}.")
        if not yes:
            click.confirm(
                f"Remove everything of the connector's from the Odoo of {shown(connection.name)}?", abort=True
            )
        login, key = administrator or _administrator(deployment, connection, settings_login, settings_key)
        done = provisioning.remove(deployment, connection, login, key)
        click.echo("\n".join(done) if done else "Nothing of the connector's was left in this Odoo.")


def _administrator(
    deployment: Deployment, connection: StoredConnection, login: str | None, key: str | None
) -> tuple[str, SecretStr]:
    """The login and key of the Settings user."""
    return _login(deployment, connection, login), secret(key, _QUESTION)


def _cases(
    deployment: Deployment, connection: StoredConnection, login: str | None, key: str | None, *, needed: bool
) -> tuple[tuple[str, SecretStr] | None, LedgerCases | None]:
    """The Settings user's login and key, and the case ids in Odoo; `None` for what cannot be had.

    It hinders the removal only where the case ids are `needed`, or the Settings user is refused.
    """
    administrator: tuple[str, SecretStr] | None = None
    try:
        administrator = _administrator(deployment, connection, login, key)
        found = provisioning.cases_in_ledger(deployment, connection, *administrator)
    except NotAuthorised:
        raise
    except ConnectorError as error:
        if needed:
            raise
        click.echo(f"The case ids in Odoo cannot be read: {error}", err=True)
        return administrator, None
    if found.unread:
        companies = ", ".join(map(shown, found.unread))
        missing = f"The case ids of {companies} in this Odoo cannot be read by any key."
        if needed:
            raise ConfigurationError(
                missing, advice="Give the Settings user the right Invoicing there, or remove without --export."
            )
        click.echo(missing, err=True)
    return administrator, found


def _loss(found: LedgerCases | None) -> str:
    count = "The" if found is None else len(found.cases)
    return (
        f"{count} case ids in Odoo will be lost, with statuses, requests and dispute flags. The cases stand at Amili "
        "all the same, and the connector keeps its own record of them."
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
    """The login of the Settings user, asked for only where Odoo wants it beside the key."""
    if given is not None or not provisioning.needs_login(deployment, connection):
        return given or ""
    return str(click.prompt("Login of a user with Settings rights")).strip()
