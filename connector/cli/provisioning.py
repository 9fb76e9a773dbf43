"""`odoo provision` and `odoo remove`: what the connector needs inside an Odoo."""

from __future__ import annotations

from functools import partial

import click

from connector.cli.connecting import secret, webhook_url
from connector.cli.deploying import chosen, opened
from connector.flows import provisioning
from connector.flows.deployment import Deployment
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
_CONNECTION = click.option("--connection", "-c", "connection_id", help="The company, when several are connected.")


@click.group()
def odoo() -> None:
    """Set up an Odoo for the connector, or take everything away again."""


@odoo.command()
@_CONNECTION
@_LOGIN
@_KEY
def provision(connection_id: str | None, settings_login: str | None, settings_key: str | None) -> None:
    """Install fields, the action "Skicka till inkasso" and the webhook. Running it again repairs and updates."""
    with opened() as deployment:
        connection = chosen(deployment, connection_id)
        login = _login(deployment, connection, settings_login)
        key = secret(settings_key, _QUESTION)
        url = partial(webhook_url, deployment, connection.host, connection.id)
        for line in provisioning.provision(deployment, connection, login, key, url):
            click.echo(line)


@odoo.command()
@_CONNECTION
@_LOGIN
@_KEY
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(connection_id: str | None, settings_login: str | None, settings_key: str | None, yes: bool) -> None:
    """Take everything away that `provision` installed, with the case ids in its fields."""
    with opened() as deployment:
        connection = chosen(deployment, connection_id)
        if not yes:
            click.confirm(
                f"Remove fields, action and webhook from {connection.name}? Case ids in Odoo are lost.", abort=True
            )
        login = _login(deployment, connection, settings_login)
        done = provisioning.remove(deployment, connection, login, secret(settings_key, _QUESTION))
        click.echo("\n".join(done) if done else "Nothing of the connector's was left in this Odoo.")


def _login(deployment: Deployment, connection: StoredConnection, given: str | None) -> str:
    """The login of the Settings user, asked for only where Odoo wants it beside the key."""
    if given is not None or not provisioning.needs_login(deployment, connection):
        return given or ""
    return str(click.prompt("Login of a user with Settings rights")).strip()
