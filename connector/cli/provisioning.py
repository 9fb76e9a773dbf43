"""`odoo provision` and `odoo remove`: what the connector needs inside an Odoo."""

from __future__ import annotations

import click
from pydantic import SecretStr

from connector.cli.connecting import webhook_url
from connector.cli.deploying import chosen, opened
from connector.cli.output import errors_in_words
from connector.flows import provisioning
from connector.store import connections

_KEY = click.option(
    "--settings-key",
    envvar="ODOO_SETTINGS_KEY",
    help="API key of a user with Settings rights, used once and not kept; asked for, unseen, if not given.",
)
_CONNECTION = click.option("--connection", "-c", "connection_id", help="The company, when several are connected.")


@click.group()
def odoo() -> None:
    """Set up an Odoo for the connector, or take everything away again."""


@odoo.command()
@_CONNECTION
@_KEY
def provision(connection_id: str | None, settings_key: str | None) -> None:
    """Install fields, the action "Skicka till inkasso" and the webhook. Running it again repairs and updates."""
    with errors_in_words(), opened() as deployment:
        connection = chosen(deployment, connection_id)
        key = _asked(settings_key)
        token = connections.rotate_webhook_token(deployment.databases.main, deployment.vault, connection.id)
        url = webhook_url(deployment, connection.host, connection.id, token)
        for line in provisioning.provision(deployment, connection, key, url):
            click.echo(line)


@odoo.command()
@_CONNECTION
@_KEY
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(connection_id: str | None, settings_key: str | None, yes: bool) -> None:
    """Take everything away that `provision` installed, with the case ids in its fields."""
    with errors_in_words(), opened() as deployment:
        connection = chosen(deployment, connection_id)
        if not yes:
            click.confirm(
                f"Remove fields, action and webhook from {connection.name}? Case ids in Odoo are lost.", abort=True
            )
        for line in provisioning.remove(deployment, connection, _asked(settings_key)):
            click.echo(line)


def _asked(settings_key: str | None) -> SecretStr:
    given = settings_key or click.prompt("API key of a user with Settings rights", hide_input=True)
    return SecretStr(given.strip())
