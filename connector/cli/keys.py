"""`key`: a new key to a company's ledger; and a line on every key that needs one."""

from __future__ import annotations

import click

from connector.cli.connecting import secret
from connector.cli.deploying import chosen, opened
from connector.cli.output import shown
from connector.cli.person import user_name
from connector.cli.problems import Misused
from connector.domain.dates import today
from connector.flows.companies import keys
from connector.flows.deployment import Deployment
from connector.hosts import kinds
from connector.store import connections
from connector.store.connections import ConnectionSummary
from connector.store.ledger_keys import KeyTrouble

_AT_AMILI = (
    "Amili does not accept our key pair, and nothing of it is sent or reported. Ask Amili why; "
    "`amili-connector amili keys --replace --name {name}` makes a new one."
)


def _help() -> str:
    consenting = [
        f"Not for a company in {kind.name}: `{_renew(kind.id)}` renews its consent.\n\n"
        for kind in kinds.every()
        if kind.by_consent
    ]
    return (
        "Enter a new key to a company's ledger; what waited for it goes on by itself.\n\n"
        f"{''.join(consenting)}"
        "The key is tested before it takes the place of the old one: it must open the books of the same company. "
        "Better than --api-key, which others may see in the list of processes, are the question and LEDGER_API_KEY."
    )


def _renew(host: str) -> str:
    return f"amili-connector connect {host}"


@click.command(help=_help())
@click.option("--connection", "-c", "connection_id", help="The company, if there are several.")
@click.option("--api-key", envvar="LEDGER_API_KEY", help="The ledger's new API key; asked for, unseen, if not given.")
def key(connection_id: str | None, api_key: str | None) -> None:
    """Enter a new key to a company's ledger."""
    with opened() as deployment:
        connection = chosen(deployment, connection_id)
        if kinds.by_consent(connection.host):
            system = kinds.name_of(connection.host)
            raise Misused(
                f"{connection.name} has no key to enter: it approves your app in {system} instead. "
                f"To renew that: `{_renew(connection.host)}`."
            )
        given = secret(api_key, f"New API key to {connection.name}")
        ledger = keys.enter(deployment, connection, given, by=user_name())
    ends = f"it ends on {ledger.key_expires}" if ledger.key_expires else "the ledger does not tell when it ends"
    click.echo(shown(f"The key works, as {ledger.user}; {ends}. Stored, encrypted. What waited goes on by itself."))


def warn_of_keys(deployment: Deployment, connection_id: str | None) -> None:
    """Say on standard error which keys need someone's attention: of one company, or of all."""
    for one in connections.summaries(deployment.databases.main):
        if connection_id not in (None, one.id):
            continue
        if one.disconnected_at is not None:
            continue
        if one.amili_refused_at is not None:
            click.echo(f"{one.id}: {_AT_AMILI.format(name=one.amili_access)}", err=True)
        if one.paused_at is not None:
            click.echo(f"{one.id}: it pauses, and no invoice of it is sent.", err=True)
        trouble = one.key.trouble(today())
        if trouble is not None:
            click.echo(f"{one.id}: {_told(one, trouble)}", err=True)


def _told(one: ConnectionSummary, trouble: KeyTrouble) -> str:
    if kinds.by_consent(one.host):
        match trouble:
            case KeyTrouble.REFUSED:
                what = f"{kinds.name_of(one.host)} no longer accepts its consent, and everything of it waits"
            case KeyTrouble.ENDS_SOON:
                what = f"its consent ends on {one.key.expires}"
        return f"{what}. {way_out(one.host, one.id)}"
    match trouble:
        case KeyTrouble.REFUSED:
            what = "its ledger does not accept our key, and everything of it waits"
        case KeyTrouble.ENDS_SOON:
            what = f"its key ends on {one.key.expires}"
    return f"{what}. {way_out(one.host, one.id)}"


def way_out(host: str, connection_id: str) -> str:
    """Return how a new key is entered, or a consent renewed, in a sentence."""
    if kinds.by_consent(host):
        return f"Renew it: `{_renew(host)}`."
    return f"Enter a new one: `amili-connector key --connection {connection_id}`."
