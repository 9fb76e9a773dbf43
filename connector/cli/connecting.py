"""`connect`, `check` and `amili`: joining a company's ledger to its creditor at Amili."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from pydantic import SecretStr

from connector.amili.client import AmiliClient
from connector.amili.keys import make_key_pair
from connector.amili.models import Creditor
from connector.cli import key_options
from connector.cli.consenting import approve, renew
from connector.cli.deploying import opened
from connector.cli.exit_codes import ExitCode
from connector.cli.output import customers_line, language_of_the_terminal, shown, table
from connector.cli.person import user_name
from connector.cli.problems import Misused
from connector.cli.reading import JSON_FILE, read_settings, refused_in
from connector.domain.connection import ConnectionSettings, Environment
from connector.domain.errors import ConfigurationError
from connector.domain.settings_limits import require_meant
from connector.flows.amili_sign_in import Tried
from connector.flows.companies import amili_keys, connecting, consent, provisioning
from connector.flows.companies.consent import Approved
from connector.flows.deployment import Deployment
from connector.hosts import kinds
from connector.hosts.base import LedgerIdentity
from connector.store import amili_accesses, connections
from connector.store.connections import DEFAULT_ACCESS

_HOSTS = kinds.by_key_first()
_HELP = f"""Connect a company: test its ledger and its creditor at Amili, show both, then save.

{key_options.explained()} Asks for what is not given. Nothing is saved before both sides have answered. Better than
--api-key, which others may see in the list of processes, are the question and LEDGER_API_KEY.
"""
_NAME = click.option("--name", default=DEFAULT_ACCESS, show_default=True, help="Name of the key pair.")


@click.group()
def amili() -> None:
    """The key pair and API code with which we speak to Amili."""


@amili.command()
@_NAME
@click.option("--replace", is_flag=True, help="Make a new pair beside the one in use, which goes on until it works.")
@click.option("--confirm", is_flag=True, help="Try the new pair, and use it if Amili accepts it.")
@click.option("--give-up", is_flag=True, help="Forget the new pair that waits.")
def keys(name: str, replace: bool, confirm: bool, give_up: bool) -> None:
    """Make the key pair, and print the public key to hand in to Amili.

    With --replace, a pair that companies use is replaced in place: hand the new public key to Amili. The old one goes
    on until the new one is seen to work: a worker tries it every hour, --confirm at once, and `amili code` where Amili
    has issued another API code with it.
    """
    if replace + confirm + give_up > 1:
        raise Misused("--replace, --confirm and --give-up are three steps, and go one at a time.")
    if replace or confirm or give_up:
        with opened() as deployment:
            changing = _replacing if replace else _confirming if confirm else _giving_up
            changing(deployment, name)
        return
    with opened() as deployment:
        pair = make_key_pair()
        connections.put_access(
            deployment.databases.main,
            deployment.vault,
            access_id=name,
            private_key=pair.private_key,
            public_key=pair.public_key,
            api_code=None,
        )
    click.echo("Hand this public key to Amili. The private key stays here, encrypted.\n", err=True)
    click.echo(pair.public_key.rstrip())
    click.echo("\nNext: when Amili has issued the API code, `amili-connector amili code` stores it.", err=True)


def _replacing(deployment: Deployment, name: str) -> None:
    public_key = amili_keys.replace(deployment, name, by=user_name())
    click.echo("Hand this public key to Amili. The present pair goes on until the new one works.\n", err=True)
    click.echo(public_key.rstrip())
    click.echo(
        "\nNext: when Amili has registered it, `amili-connector amili keys --confirm`; with another API code, "
        "`amili-connector amili code`.",
        err=True,
    )


def _confirming(deployment: Deployment, name: str) -> None:
    _show_trial(amili_keys.confirm(deployment, deployment.access(name), by=user_name()))


def _show_trial(found: Tried) -> None:
    """Say what became of a new pair that was tried. Raises Amili's refusal, or why Amili was not reached."""
    if found.is_whole:
        click.echo(
            f"The new key pair works in {' and '.join(found.accepted_by)}, and is in use. The old one is deleted."
        )
        return
    for where, error in found.errors.items():
        click.echo(shown(f"{where}: {error}"), err=True)
    click.echo("The new key pair does not work yet; the present one goes on.", err=True)
    raise SystemExit(ExitCode.REMOTE)


def _giving_up(deployment: Deployment, name: str) -> None:
    deployment.access(name)
    forgotten = amili_accesses.give_up_new(deployment.databases.main, name)
    click.echo("The new key pair is forgotten; the present one goes on." if forgotten else "No new key pair waits.")


@amili.command()
@_NAME
@click.option("--api-code", envvar="AMILI_API_CODE", help="The code; asked for, unseen, if not given.")
def code(name: str, api_code: str | None) -> None:
    """Store the API code that Amili issued for the key pair, after it has been tried.

    One that Amili refuses takes no other's place. Where Amili cannot be reached, it is stored untried. Better than
    --api-code, which others may see in the list of processes, are the question and AMILI_API_CODE.
    """
    with opened() as deployment:
        access = deployment.access(name)
        given = secret(api_code, "API code from Amili")
        if access.new is not None:
            of_new = amili_keys.confirm(deployment, access, by=user_name(), api_code=given)
            if of_new.is_whole:
                _show_trial(of_new)
                return
        found = amili_keys.enter_code(deployment, name, given, by=user_name())
    if found.is_untried:
        for where, error in found.errors.items():
            click.echo(shown(f"{where}: {error}"), err=True)
        click.echo("Stored, encrypted, but UNTRIED: Amili was not reached. Give it again once Amili answers.")
        return
    works = f"It works in {' and '.join(found.accepted_by)}. " if found.accepted_by else ""
    click.echo(f"{works}Stored, encrypted. Next: `amili-connector connect` connects a company.")


@amili.command("public-key")
@_NAME
def public_key(name: str) -> None:
    """Print the public key again."""
    with opened() as deployment:
        click.echo(deployment.access(name).public_key.rstrip())


def secret(given: str | None, question: str) -> SecretStr:
    """A key or code, asked for unseen if it was not given. Raises `ConfigurationError` if it cannot be one."""
    text = (click.prompt(question, hide_input=True) if given is None else given).strip()
    if not text or not text.isascii() or not text.isprintable():
        raise ConfigurationError(f"{question}: what was given is empty, or holds characters that no key holds.")
    return SecretStr(text)


def _connection_id(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and not connecting.CONNECTION_ID.fullmatch(value):
        raise click.BadParameter("only small letters, digits and hyphens inside, at most 40.")
    return value


@dataclass(frozen=True)
class _Opened:
    """A ledger that has answered: the settings and the key by which it was opened, the creditors it may have."""

    ledger: LedgerIdentity
    settings: ConnectionSettings
    key: SecretStr | None
    choice: connecting.Choice


@click.command(help=_HELP)
@click.argument("host_kind", metavar=f"[{'|'.join(_HOSTS)}]", type=click.Choice(_HOSTS), default=_HOSTS[0])
@key_options.options
@click.option("--amili-keys", default=DEFAULT_ACCESS, show_default=True, help="Name of the Amili key pair to use.")
@click.option(
    "--environment",
    type=click.Choice([choice.value for choice in Environment]),
    help="Which of Amili's environments; the settings' if not given, and theirs is sandbox unless they say otherwise.",
)
@click.option("--creditor", "creditor_id", help="Amili's id of the creditor, when several fit.")
@click.option("--settings", "settings_file", type=JSON_FILE, help="Connection settings, JSON.")
@click.option(
    "--id",
    "connection_id",
    callback=_connection_id,
    help="Name of the connection; made from the company's name if not given.",
)
@click.option("--yes", is_flag=True, help="Save without asking.")
def connect(
    host_kind: str,
    api_key: str | None,
    amili_keys: str,
    environment: str | None,
    creditor_id: str | None,
    settings_file: Path | None,
    connection_id: str | None,
    yes: bool,
    **asked: str | None,
) -> None:
    """Connect a company; `asked` is what was given of the settings that a kind of host is opened by."""
    by_consent = kinds.by_consent(host_kind)
    key_options.require_fitting(host_kind, asked)
    with opened() as deployment:
        access = deployment.access(amili_keys)
        settings = read_settings(settings_file)
        with refused_in(language_of_the_terminal()):
            require_meant(settings)
        if environment:
            settings = settings.model_copy(update={"environment": Environment(environment)})
        api = deployment.amili(settings.environment, access)
        approved = approve(deployment, host_kind) if by_consent else None
        if approved is not None:
            if approved.connection_id:
                renew(deployment, approved, wanted=settings.environment if environment else None)
                return
            found = _approved(deployment, api, approved, settings)
        else:
            settings = key_options.completed(deployment, host_kind, settings, asked)
            found = _by_key(deployment, host_kind, api, settings, api_key)
        who = f"{found.ledger.company} ({found.ledger.organization_number or 'no organisation number'})"
        click.echo(f"Ledger:   {shown(f'{who}, {found.ledger.version}, as {found.ledger.user}')}")
        host_settings = {**found.settings.host, **found.ledger.found_settings}
        click.echo(customers_line(connecting.customers_of_ledger(deployment, host_kind, host_settings, found.key)))
        name = connection_id or connecting.suggested_id(found.ledger.company)
        if name not in connections.ids(deployment.databases.main):
            _require_new(deployment, host_kind, found, host_settings)
        creditor = chosen_creditor(found.choice, creditor_id, settings.environment, ask=not yes)
        click.echo(f"Creditor: {_named(creditor)} at Amili, {settings.environment}")
        connecting.require_active(creditor)
        if not yes:
            click.confirm(f"Save as “{name}”?", abort=True, default=True)
        token = ""
        if approved is not None:
            name = consent.join(
                deployment,
                approved,
                found.ledger,
                creditor,
                connection_id=name,
                settings=found.settings,
                amili_access=amili_keys,
            )
        else:
            token = connecting.join(
                deployment,
                connection_id=name,
                host=host_kind,
                ledger=found.ledger,
                creditor=creditor,
                settings=found.settings,
                api_key=found.key,
                amili_access=amili_keys,
            )
        click.echo(f"Connected as “{name}”.")
        for line in provisioning.prepare(deployment, name):
            click.echo(line)
        if by_consent:
            click.echo("Next: `amili-connector serve`.")
            return
        _say_what_next(host_kind, webhook_url(deployment, host_kind, name, token))


def _say_what_next(host_kind: str, address: str) -> None:
    installs = kinds.kind(host_kind).installation is not None
    by_itself = f" (`{host_kind} provision` installs one by itself)" if installs else ""
    click.echo(f"Webhook address for the ledger, shown once{by_itself}:")
    click.echo(f"  {address}")
    first = f"`amili-connector {host_kind} provision`, then " if installs else ""
    click.echo(f"Next: {first}`amili-connector serve`.")


def _require_new(deployment: Deployment, host_kind: str, found: _Opened, host_settings: dict[str, Any]) -> None:
    others = connecting.require_new(
        deployment,
        host_kind,
        host_settings,
        organization_number=found.ledger.organization_number,
        environment=found.settings.environment,
    )
    for other in others:
        click.echo(
            f"The same books are connected to Amili's other environment, as “{other}”: both take up what is asked for "
            f"in the ledger. To go live, end this and use `amili-connector go-live --connection {other}`.",
            err=True,
        )


def _approved(deployment: Deployment, api: AmiliClient, approved: Approved, settings: ConnectionSettings) -> _Opened:
    ledger = consent.ledger_of(deployment, approved)
    consent.require_rights(approved.host, ledger)
    creditors = consent.creditors_of(deployment, api, approved, ledger)
    host = {**settings.host, **approved.host_settings}
    settings = settings.model_copy(update={"host": host})
    return _Opened(ledger, settings, None, connecting.Choice(creditors, matching=True))


def _by_key(
    deployment: Deployment, host_kind: str, api: AmiliClient, settings: ConnectionSettings, api_key: str | None
) -> _Opened:
    key = secret(api_key, "The ledger's API key")
    ledger = connecting.identify_ledger(deployment, host_kind, settings.host, key)
    return _Opened(ledger, settings, key, connecting.creditors_for(api, ledger.organization_number))


def webhook_url(deployment: Deployment, host_kind: str, connection_id: str, token: str) -> str:
    """Return where the ledger sends its hints for one connection; contains its secret."""
    return f"{deployment.settings.public_url}/webhooks/{host_kind}/{connection_id}/{token}?event=requested"


def chosen_creditor(
    choice: connecting.Choice, creditor_id: str | None, environment: Environment, *, ask: bool
) -> Creditor:
    """The creditor named, the only one that fits, or the one that a person chooses. Raises `ConfigurationError`."""
    if creditor_id:
        named = next((creditor for creditor in choice.creditors if creditor.id == creditor_id), None)
        if named is None:
            fitting = "with the ledger's organisation number " if choice.matching else ""
            raise ConfigurationError(f"Amili shows our key no creditor {fitting}that has the id {creditor_id}.")
        return named
    if choice.matching and len(choice.creditors) == 1:
        return choice.creditors[0]
    if choice.matching:
        click.echo(f"Several creditors at Amili ({environment}) have the ledger's organisation number:")
    else:
        click.echo(f"No creditor at Amili ({environment}) has the ledger's organisation number. Our key sees:")
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
    if not ask:
        raise ConfigurationError("The creditor is not certain.", advice="Name it with --creditor ID.")
    number = click.prompt("Which one", type=click.IntRange(1, len(choice.creditors)))
    return choice.creditors[number - 1]


def _named(creditor: Creditor) -> str:
    return shown(f"{creditor.name} ({creditor.organization_number or 'no organisation number'})")
