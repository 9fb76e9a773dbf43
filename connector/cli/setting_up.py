"""`init` and `user`: the first things on a new machine."""

from __future__ import annotations

import os
import secrets
import sys

import click
from cryptography.fernet import Fernet

from connector.cli.deploying import ENV_FILE, opened
from connector.cli.output import LANGUAGES
from connector.domain.errors import ConfigurationError
from connector.flows.deployment import Deployment
from connector.store import connections, users
from connector.store.users import ALL_CONNECTIONS

_PASSWORD_BYTES = 12
_SHORTEST_PASSWORD = 12


def _email(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    name, at, domain = value.strip().partition("@")
    if not name or not at or "." not in domain or any(character.isspace() for character in value.strip()):
        raise click.BadParameter(f"{value!r} is no e-mail address.")
    return value.strip()


@click.command()
@click.option("--email", callback=_email, help="E-mail address of the first user of the pages.")
def init(email: str | None) -> None:
    """Write a .env with fresh secrets into this folder, and enter the first user of the pages.

    The file is readable by you alone. One that exists is never overwritten.
    """
    text = (
        "# Secrets of this deployment. Keep a copy somewhere safe: without them stored keys cannot be read.\n"
        f"SECRET_KEYS={Fernet.generate_key().decode()}\n"
        f"SESSION_SECRET={secrets.token_urlsafe(48)}\n"
        "# Every other setting is described in .env.example and README.\n"
    )
    try:
        # Exclusive, and private from the first byte on.
        descriptor = os.open(ENV_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ConfigurationError(
            f"{ENV_FILE} exists already; its secrets are needed to read what is stored, so it is left alone.",
            advice="`amili-connector user add` enters a user. If nothing stored is to be kept, remove it yourself.",
        ) from None
    except OSError as error:
        raise ConfigurationError(f"{ENV_FILE.resolve()} cannot be written: {error.strerror}.") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    click.echo(f"Wrote {ENV_FILE.resolve()} with fresh secrets. Keep a copy somewhere safe.")
    if email:
        with opened() as deployment:
            _enter(deployment, email, email, (ALL_CONNECTIONS,), "")
        click.echo("Next: `amili-connector amili keys` makes the key pair for Amili.")
    else:
        click.echo("Next: `amili-connector user add E-MAIL` enters a person who may sign in to the pages.")


@click.group()
def user() -> None:
    """The people who may sign in to the pages."""


@user.command("add")
@click.argument("email", callback=_email)
@click.option("--name", default="", help="The person's name.")
@click.option(
    "--language", type=click.Choice(LANGUAGES), default="sv", show_default=True, help="Of what they are sent."
)
@click.option("--connection", "connection_ids", multiple=True, help="A company the person may use; all if not given.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def add_user(email: str, name: str, language: str, connection_ids: tuple[str, ...], password_stdin: bool) -> None:
    """Enter a person. Without --password-stdin a password is made and shown once."""
    password = _password_from_stdin() if password_stdin else ""
    with opened() as deployment:
        known = {one.id for one in connections.summaries(deployment.databases.main)}
        for connection_id in connection_ids:
            if connection_id not in known:
                raise ConfigurationError(f"There is no connection “{connection_id}”.")
        _enter(deployment, email, name or email, connection_ids or (ALL_CONNECTIONS,), password, language)


@user.command("password")
@click.argument("email", callback=_email)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def new_password(email: str, password_stdin: bool) -> None:
    """Give a person a new password; everybody signed in with the old one is signed out.

    Without --password-stdin a password is made and shown once.
    """
    given = _password_from_stdin() if password_stdin else ""
    password = given or secrets.token_urlsafe(_PASSWORD_BYTES)
    with opened() as deployment:
        users.set_password(deployment.databases.main, email, password)
    click.echo(f"{email} has a new password." + ("" if given else f" Password, shown once: {password}"))


@user.command("digest")
@click.argument("email", callback=_email)
@click.option("--on/--off", "wanted", required=True, help="Whether the person is mailed.")
def digest(email: str, wanted: bool) -> None:
    """Let a person have the daily mail of what waits, or none."""
    with opened() as deployment:
        users.set_digest(deployment.databases.main, email, wanted=wanted)
    click.echo(f"{email} gets " + ("the daily mail when something waits." if wanted else "no daily mail."))


def _password_from_stdin() -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    if len(password) < _SHORTEST_PASSWORD:
        raise click.UsageError(f"The password on standard input is shorter than {_SHORTEST_PASSWORD} characters.")
    return password


def _enter(
    deployment: Deployment, email: str, name: str, connection_ids: tuple[str, ...], given: str, language: str = "sv"
) -> None:
    password = given or secrets.token_urlsafe(_PASSWORD_BYTES)
    users.add(
        deployment.databases.main,
        email=email,
        name=name,
        password=password,
        connections=connection_ids,
        language=language,
    )
    click.echo(f"{email} may sign in." + ("" if given else f" Password, shown once: {password}"))
