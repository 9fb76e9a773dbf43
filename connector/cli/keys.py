"""`key`: a new key to a company's ledger; and a line on every key that needs one."""

from __future__ import annotations

import click

from connector.cli.connecting import secret
from connector.cli.deploying import chosen, opened
from connector.cli.output import shown
from connector.cli.person import user_name
from connector.domain.dates import today
from connector.flows import keys
from connector.flows.deployment import Deployment
from connector.store import ledger_keys
from connector.store.ledger_keys import KeyTrouble


@click.command()
@click.option("--connection", "-c", "connection_id", help="The company, if there are several.")
@click.option("--api-key", envvar="LEDGER_API_KEY", help="The ledger's new API key; asked for, unseen, if not given.")
def key(connection_id: str | None, api_key: str | None) -> None:
    """Enter a new key to a company's ledger; what waited for it goes on by itself.

    The key is tested before it takes the place of the old one: it must open the books of the same company.
    Better than --api-key, which others may see in the list of processes, are the question and LEDGER_API_KEY.
    """
    with opened() as deployment:
        connection = chosen(deployment, connection_id)
        given = secret(api_key, f"New API key to {connection.name}")
        ledger = keys.enter(deployment, connection, given, by=user_name())
    ends = f"it ends on {ledger.key_expires}" if ledger.key_expires else "the ledger does not tell when it ends"
    click.echo(shown(f"The key works, as {ledger.user}; {ends}. Stored, encrypted. What waited goes on by itself."))


def warn_of_keys(deployment: Deployment, connection_id: str | None) -> None:
    """Say on standard error which keys need somebody's attention: of one company, or of all."""
    for name, known in ledger_keys.every(deployment.databases.main).items():
        if connection_id not in (None, name):
            continue
        match known.trouble(today()):
            case KeyTrouble.REFUSED:
                what = "its ledger does not accept our key, and everything of it waits"
            case KeyTrouble.ENDS_SOON:
                what = f"its key ends on {known.expires}"
            case None:
                continue
        click.echo(f"{name}: {what}. Enter a new one: `amili-connector key --connection {name}`.", err=True)
