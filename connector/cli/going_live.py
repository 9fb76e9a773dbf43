"""`go-live`, `pause`, `resume`, `disconnect`: a connection as a whole."""

from __future__ import annotations

import click

from connector.cli.connecting import chosen_creditor
from connector.cli.deploying import chosen, opened
from connector.cli.output import shown
from connector.cli.person import user_name
from connector.domain.connection import Environment
from connector.domain.errors import ConfigurationError
from connector.flows.companies import ending, going_live
from connector.flows.deployment import Deployment
from connector.hosts import kinds
from connector.store import connection_life
from connector.store.connection_life import Ended
from connector.store.connections import StoredConnection
from connector.store.series import Standing

_CONNECTION = click.option("--connection", "-c", "connection_id", help="The company, if there are several.")
_YES = click.option("--yes", is_flag=True, help="Do not ask.")


@click.command("go-live")
@_CONNECTION
@click.option("--amili-keys", help="Name of the key pair to use in production; the present one if not given.")
@click.option("--creditor", "creditor_id", help="Amili's id of the creditor, when several fit.")
@click.option("--back", is_flag=True, help="Go back to the sandbox, while nothing was sent in production.")
@_YES
def go_live(connection_id: str | None, amili_keys: str | None, creditor_id: str | None, back: bool, yes: bool) -> None:
    """Take a company from Amili's sandbox to production, after both sides have been tested there.

    What was handed over or asked for in the sandbox stays there, on record, and nothing of it is sent: anyone who wants
    an invoice sent asks again. That goes for requests in the ledger, plans that wait, and what the rule has proposed.
    """
    with opened() as deployment:
        connection = chosen(deployment, connection_id)
        if back:
            _go_back(deployment, connection, yes=yes)
            return
        access = amili_keys or connection.amili_access
        click.echo(f"Trying the ledger, and Amili's production with the key pair “{shown(access)}” ...")
        prospect = going_live.look(deployment, connection, amili_access=access, creditor_id=creditor_id or "")
        click.echo(shown(f"{connection.name} (“{connection.id}”) goes from Amili's sandbox to production."))
        who = f"{prospect.ledger.company} ({prospect.ledger.organization_number or 'no organisation number'})"
        click.echo(f"  ✓ ledger    {shown(f'{who}, as {prospect.ledger.user}')}")
        creditor = prospect.creditor or chosen_creditor(
            prospect.choice, creditor_id, Environment.PRODUCTION, ask=not yes
        )
        number = creditor.organization_number or "no organisation number"
        click.echo(f"  ✓ creditor  {shown(f'{creditor.name} ({number})')}, key pair “{access}”")
        _say_what_stays(prospect.leaves, prospect.wishes)
        if not yes:
            click.confirm("Go live?", abort=True)
        going_live.go(deployment, prospect, creditor, by=user_name())
    click.echo("The company is live: what is asked for from now on is sent to Amili for real.")
    click.echo("Until something was sent, `amili-connector go-live --back` takes it back.")


def _say_what_stays(leaves: Standing, wishes: int) -> None:
    withdrawn = f" and {leaves.withdrawn} withdrawn" if leaves.withdrawn else ""
    click.echo(
        f"Stays in the sandbox, on record: {leaves.cases} case(s){withdrawn}, {leaves.in_doubt} of unknown outcome, "
        f"{leaves.asked} request(s) that came to no case, {wishes} request(s) that stand in the ledger now."
    )
    click.echo("Nothing of it is sent or followed any more. The ledger shows those cases no longer, where it lets us.")


def _go_back(deployment: Deployment, connection: StoredConnection, *, yes: bool) -> None:
    if going_live.way_back(deployment, connection) is None:
        raise ConfigurationError(
            f"{connection.name} cannot go back: it did not go live from the sandbox, or something was sent since.",
            advice="`amili-connector pause` sends nothing more.",
        )
    click.echo(shown(f"{connection.name} (“{connection.id}”) goes back to Amili's sandbox, with its cases there."))
    click.echo("What was asked for in production and not sent is not sent: whoever wants it sent asks again.")
    if not yes:
        click.confirm("Go back?", abort=True)
    going_live.go_back(deployment, connection, by=user_name())
    click.echo("The company is in the sandbox again.")


@click.command()
@_CONNECTION
def pause(connection_id: str | None) -> None:
    """Send no invoice of a company until it is resumed.

    What is asked for meanwhile waits, and goes on afterwards by itself, read and checked afresh. What is at Amili
    already is followed as ever: payments and credits are reported, cases can be withdrawn.
    """
    with opened() as deployment:
        connection = chosen(deployment, connection_id)
        done = ending.pause(deployment, connection, by=user_name())
    what = "pauses: no invoice is sent. What is at Amili already is followed as ever" if done else "pauses already"
    click.echo(shown(f"{connection.name} {what}. `amili-connector resume --connection {connection.id}` ends it."))


@click.command()
@_CONNECTION
def resume(connection_id: str | None) -> None:
    """Let a company that pauses go on; what waited is read and checked afresh, and sent."""
    with opened() as deployment:
        connection = chosen(deployment, connection_id)
        done = ending.resume(deployment, connection, by=user_name())
    click.echo(shown(f"{connection.name} goes on." if done else f"{connection.name} does not pause."))


@click.command()
@_CONNECTION
@_YES
def disconnect(connection_id: str | None, yes: bool) -> None:
    """End a company's connection: its keys are deleted here, and nothing of it is sent, read or reported any more.

    Its record stays, and so does what is at Amili, which is said.
    """
    with opened() as deployment:
        connection = chosen(deployment, connection_id)
        click.echo(shown(f"{connection.name} (“{connection.id}”, {connection.settings.environment}):"))
        _say_what_ends(connection_life.ends_with(deployment.databases.main, connection.id))
        if not yes:
            click.confirm("Disconnect it?", abort=True)
        ended, problem = ending.disconnect(deployment, connection, by=user_name())
    click.echo("Disconnected. Its keys and webhook addresses are deleted here; its record stays.")
    if ended.cases or ended.in_doubt:
        click.echo("See to what is at Amili there: nothing here does any more.")
    click.echo(_by_hand(connection))
    if problem:
        click.echo(shown(f"The consent could not be given back: {problem}"), err=True)


def _say_what_ends(ended: Ended) -> None:
    click.echo(f"  {ended.cases} open case(s) stay at Amili, and no payment of theirs is reported from here any more.")
    if ended.in_doubt:
        click.echo(f"  {ended.in_doubt} invoice(s) of unknown outcome are looked for no longer: ask Amili for them.")
    if ended.asked:
        click.echo(f"  {ended.asked} request(s) that wait are not sent.")


def _by_hand(connection: StoredConnection) -> str:
    if kinds.by_consent(connection.host):
        system = kinds.name_of(connection.host)
        return f"By hand: withdraw the consent to your app in {system}, under the company's integrations."
    by_hand = "By hand: delete the API key of the connector's user in the ledger, under Preferences, Security"
    if not kinds.is_known(connection.host) or not kinds.kind(connection.host).installation:
        return f"{by_hand}."
    return (
        f"{by_hand}; and what `{connection.host} provision` installed, if no other company of that "
        f"{kinds.name_of(connection.host)} uses it, by uninstalling it there."
    )
