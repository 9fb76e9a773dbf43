"""`odoo provision` and `odoo remove`: what the connector needs inside an Odoo."""

from __future__ import annotations

from functools import partial

import click

from connector.cli.connecting import secret, webhook_url
from connector.cli.deploying import chosen, opened
from connector.flows import provisioning

_QUESTION = "API key of a user with Settings rights"
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
    with opened() as deployment:
        connection = chosen(deployment, connection_id)
        key = secret(settings_key, _QUESTION)
        url = partial(webhook_url, deployment, connection.host, connection.id)
        for line in provisioning.provision(deployment, connection, key, url):
            click.echo(line)


@odoo.command()
@_CONNECTION
@_KEY
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(connection_id: str | None, settings_key: str | None, yes: bool) -> None:
    """Take everything away that `provision` installed, with the case ids in its fields."""
    with opened() as deployment:
        connection = chosen(deployment, connection_id)
        if not yes:
            click.confirm(
                f"Remove fields, action and webhook from {connection.name}? Case ids in Odoo are lost.", abort=True
            )
        done = provisioning.remove(deployment, connection, secret(settings_key, _QUESTION))
        click.echo("\n".join(done) if done else "Nothing of the connector's was left in this Odoo.")
