"""`connect`, `check` and `amili`: joining a company's ledger to its creditor at Amili."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import click
from pydantic import SecretStr, ValidationError

from connector.amili.keys import make_key_pair
from connector.amili.models import Creditor
from connector.cli.deploying import opened
from connector.cli.exit_codes import ExitCode
from connector.cli.output import as_json, errors_in_words, table
from connector.domain.connection import ConnectionSettings, Environment
from connector.domain.errors import ConfigurationError, ConnectorError
from connector.flows import connecting
from connector.flows.deployment import Deployment
from connector.store import connections
from connector.store.connections import DEFAULT_ACCESS


@click.group()
def amili() -> None:
    """The key pair and API code with which we speak to Amili."""


@amili.command()
@click.option("--name", default=DEFAULT_ACCESS, show_default=True, help="Name of the key pair.")
def keys(name: str) -> None:
    """Make the key pair, and print the public key to hand in to Amili."""
    with errors_in_words(), opened() as deployment:
        pair = make_key_pair()
        connections.put_access(
            deployment.databases.main,
            deployment.vault,
            access_id=name,
            private_key=pair.private_key,
            public_key=pair.public_key,
            api_code=None,
        )
        click.echo("Hand this public key to Amili. The private key stays here, encrypted.\n")
        click.echo(pair.public_key)
        click.echo("When Amili has issued the API code: amili-connector amili code")


@amili.command()
@click.option("--name", default=DEFAULT_ACCESS, show_default=True, help="Name of the key pair.")
@click.option("--api-code", envvar="AMILI_API_CODE", help="The code; asked for, unseen, if not given.")
def code(name: str, api_code: str | None) -> None:
    """Store the API code that Amili issued for the key pair."""
    with errors_in_words(), opened() as deployment:
        given = api_code or click.prompt("API code from Amili", hide_input=True)
        connections.set_api_code(deployment.databases.main, deployment.vault, name, SecretStr(given.strip()))
        click.echo("Stored.")


@amili.command("public-key")
@click.option("--name", default=DEFAULT_ACCESS, show_default=True, help="Name of the key pair.")
def public_key(name: str) -> None:
    """Print the public key again."""
    with errors_in_words(), opened() as deployment:
        click.echo(deployment.access(name).public_key)


@click.command()
@click.option("--host", "host_kind", default="odoo", show_default=True, help="The accounting system.")
@click.option("--url", help="Address of the ledger, for example https://company.odoo.com.")
@click.option("--database", help="Name of the Odoo database.")
@click.option("--api-key", envvar="LEDGER_API_KEY", help="The ledger's API key; asked for, unseen, if not given.")
@click.option("--amili-keys", default=DEFAULT_ACCESS, show_default=True, help="Name of the Amili key pair to use.")
@click.option(
    "--environment", type=click.Choice([choice.value for choice in Environment]), default="sandbox", show_default=True
)
@click.option("--creditor", "creditor_id", help="Amili's id of the creditor, when several fit.")
@click.option(
    "--settings",
    "settings_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Connection settings, JSON.",
)
@click.option("--id", "connection_id", help="Name of the connection; made from the company's name if not given.")
@click.option("--yes", is_flag=True, help="Save without asking.")
def connect(
    host_kind: str,
    url: str | None,
    database: str | None,
    api_key: str | None,
    amili_keys: str,
    environment: str,
    creditor_id: str | None,
    settings_file: Path | None,
    connection_id: str | None,
    yes: bool,
) -> None:
    """Connect a company: test its ledger and its creditor at Amili, show both, then save."""
    with errors_in_words(), opened() as deployment:
        settings = read_settings(settings_file).model_copy(update={"environment": Environment(environment)})
        host_settings = {
            **settings.host,
            "url": url or settings.host.get("url") or click.prompt("The ledger's address"),
            "database": database or settings.host.get("database") or click.prompt("Database"),
        }
        settings = settings.model_copy(update={"host": host_settings})
        key = SecretStr((api_key or click.prompt("The ledger's API key", hide_input=True)).strip())
        ledger = connecting.identify_ledger(deployment, host_kind, host_settings, key)
        number = ledger.organization_number
        click.echo(
            f"Ledger:   {ledger.company} ({number or 'no organisation number'}), {ledger.version}, as {ledger.user}"
        )
        api = deployment.amili(settings.environment, deployment.access(amili_keys))
        creditor = _choose(connecting.creditors_for(api, number), creditor_id, environment)
        click.echo(f"Creditor: {creditor.name} ({creditor.organization_number}) at Amili, {environment}")
        name = connection_id or connecting.suggested_id(ledger.company)
        if not yes:
            click.confirm(f"Save as “{name}”?", abort=True, default=True)
        token = connecting.join(
            deployment,
            connection_id=name,
            host=host_kind,
            ledger=ledger,
            creditor=creditor,
            settings=settings,
            api_key=key,
            amili_access=amili_keys,
        )
        click.echo(f"Connected as “{name}”.")
        click.echo("Webhook address for the ledger, shown once:")
        click.echo(f"  {webhook_url(deployment, host_kind, name, token)}")


def webhook_url(deployment: Deployment, host_kind: str, connection_id: str, token: str) -> str:
    """Where the ledger sends its hints for one connection; contains its secret."""
    return f"{deployment.settings.public_url}/webhooks/{host_kind}/{connection_id}/{token}?event=requested"


def _choose(choice: connecting.Choice, creditor_id: str | None, environment: str) -> Creditor:
    if creditor_id:
        named = next((creditor for creditor in choice.creditors if creditor.id == creditor_id), None)
        if named is None:
            raise ConfigurationError(f"Amili shows our key no creditor with the id {creditor_id}.")
        return named
    if choice.matching and len(choice.creditors) == 1:
        return choice.creditors[0]
    why = "has the ledger's organisation number" if choice.matching else "is visible to our key"
    click.echo(f"More than one creditor, or none that fits for certain. At Amili ({environment}) {why}:")
    table(
        ("", "Name", "Org. no.", "Active", "Id"),
        [
            (
                str(index),
                creditor.name,
                creditor.organization_number,
                "yes" if creditor.is_active else "no",
                creditor.id,
            )
            for index, creditor in enumerate(choice.creditors, 1)
        ],
    )
    number = click.prompt("Which one", type=click.IntRange(1, len(choice.creditors)))
    return choice.creditors[number - 1]


def read_settings(path: Path | None) -> ConnectionSettings:
    """A connection's settings from a JSON file, or the defaults. Raises `ConfigurationError` naming the field."""
    if path is None:
        return ConnectionSettings()
    try:
        return ConnectionSettings.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except json.JSONDecodeError as error:
        raise ConfigurationError(f"{path} is not JSON: {error.msg} in line {error.lineno}.") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"{path}: the setting {field}: {first['msg']}.") from None


@click.command()
@click.option("--connection", "-c", "connection_id", help="Only this company.")
@click.option("--json", "json_", is_flag=True, help="For programs.")
def check(connection_id: str | None, json_: bool) -> None:
    """Call both sides of every connection, and print who they are."""
    with errors_in_words(), opened() as deployment:
        every = connections.every(deployment.databases.main, deployment.vault)
        if connection_id:
            every = (deployment.connection(connection_id),)
        if not every:
            raise ConfigurationError("No company is connected yet.", advice="`amili-connector connect` connects one.")
        results = [_checked(deployment, connection) for connection in every]
        if json_:
            as_json([_document(result) for result in results])
        else:
            for result in results:
                _show(result)
        if any(result.error for result in results):
            raise SystemExit(ExitCode.REMOTE)


@dataclass(frozen=True)
class Checked:
    """What calling both sides of a connection gave: who they are, or the error."""

    connection: str
    environment: Environment
    sides: connecting.BothSides | None
    error: str = ""


def _checked(deployment: Deployment, connection: connections.StoredConnection) -> Checked:
    known = (connection.id, connection.settings.environment)
    try:
        return Checked(*known, connecting.check_connection(deployment, connection))
    except ConnectorError as error:
        return Checked(*known, None, str(error))


def _document(checked: Checked) -> dict[str, object]:
    document: dict[str, object] = {"connection": checked.connection, "environment": checked.environment}
    if checked.sides is None:
        return document | {"error": checked.error}
    return document | {"ledger": checked.sides.ledger, "creditor": checked.sides.creditor}


def _show(checked: Checked) -> None:
    click.echo(f"{checked.connection} ({checked.environment})")
    if checked.sides is None:
        click.echo(f"  ✗ {checked.error}")
        return
    ledger, creditor = checked.sides.ledger, checked.sides.creditor
    rights = f"; missing rights: {', '.join(ledger.missing_rights)}" if ledger.missing_rights else ""
    who = f"{ledger.company} ({ledger.organization_number}), {ledger.version}, as {ledger.user}"
    click.echo(f"  {'✗' if rights else '✓'} ledger   {who}{rights}")
    active = "active" if creditor.is_active else "NOT active"
    mark = "✓" if creditor.is_active else "✗"
    click.echo(f"  {mark} creditor {creditor.name} ({creditor.organization_number}), {active}")
