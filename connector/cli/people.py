"""`user`: the people who may sign in to the pages."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Collection

import click

from connector.cli.deploying import opened
from connector.cli.output import JSON, as_json, table
from connector.domain.errors import ConfigurationError
from connector.flows.deployment import Deployment
from connector.store import connections, passwords, users
from connector.store.users import ALL_CONNECTIONS, User
from connector.words import LANGUAGES

_PASSWORD_BYTES = 12
_HEADINGS = ("E-mail", "Name", "Language", "Mail", "May use")


def email_address(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """An e-mail address as someone typed it, for an option or argument."""
    if value is None:
        return None
    name, at, domain = value.strip().partition("@")
    if not name or not at or "." not in domain or any(character.isspace() for character in value.strip()):
        raise click.BadParameter(f"{value!r} is no e-mail address.")
    return value.strip()


@click.group()
def user() -> None:
    """The people who may sign in to the pages."""


@user.command("add")
@click.argument("email", callback=email_address)
@click.option("--name", default="", help="The person's name.")
@click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    help="Of the pages and of what they are sent. If not given: the pages as their browser asks, mail in Swedish.",
)
@click.option("--connection", "connection_ids", multiple=True, help="A company the person may use; all if not given.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def add_user(
    email: str, name: str, language: str | None, connection_ids: tuple[str, ...], password_stdin: bool
) -> None:
    """Enter a person. Without --password-stdin a password is made and shown once."""
    password = _password_from_stdin() if password_stdin else ""
    with opened() as deployment:
        _must_be_connected(deployment, connection_ids)
        enter(deployment, email, name or email, connection_ids or (ALL_CONNECTIONS,), password, language or "")


@user.command("password")
@click.argument("email", callback=email_address)
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
@click.argument("email", callback=email_address)
@click.option("--on/--off", "wanted", required=True, help="Whether the person is mailed.")
def digest(email: str, wanted: bool) -> None:
    """Let a person have the daily mail of what waits, or none."""
    with opened() as deployment:
        users.set_digest(deployment.databases.main, email, wanted=wanted)
    click.echo(f"{email} gets " + ("the daily mail when something waits." if wanted else "no daily mail."))


@user.command("companies")
@click.argument("email", callback=email_address)
@click.option("--connection", "connection_ids", multiple=True, help="A company the person may use from now on.")
@click.option("--all", "all_", is_flag=True, help="Every company, those connected later too; and connecting them.")
def companies(email: str, connection_ids: tuple[str, ...], all_: bool) -> None:
    """Say which companies a person may use, in place of those they may use now."""
    if bool(connection_ids) == all_:
        raise click.UsageError("Give the companies with --connection, once for each, or else --all.")
    chosen = (ALL_CONNECTIONS,) if all_ else connection_ids
    with opened() as deployment:
        _must_be_connected(deployment, connection_ids)
        users.set_connections(deployment.databases.main, email, chosen)
    click.echo(f"{email} may use {_companies(chosen)}.")


@user.command("list")
@JSON
def list_users(json_: bool) -> None:
    """List the people who may sign in, and what each may use."""
    with opened() as deployment:
        found = users.every(deployment.databases.main)
    if json_:
        as_json([_document(one) for one in found])
    elif found:
        table(_HEADINGS, [_row(one) for one in found])
    else:
        click.echo("Nobody may sign in yet: `amili-connector user add E-MAIL` enters a person.", err=True)


@user.command("remove")
@click.argument("email", callback=email_address)
def remove_user(email: str) -> None:
    """Let a person sign in no longer; anyone who is signed in as them is out at once.

    What they did stays on record. What they had taken on of the to-do list is no one's afterwards.
    """
    with opened() as deployment:
        users.remove(deployment.databases.main, email)
    click.echo(f"{email} may not sign in any more.")


def _row(one: User) -> tuple[str, ...]:
    return one.email, one.name, one.language, "daily" if one.digest else "none", _companies(one.connections)


def _document(one: User) -> dict[str, object]:
    return {
        "email": one.email,
        "name": one.name,
        "language": one.language,
        "digest": one.digest,
        "may_use_all": one.may_use_all,
        "connections": [] if one.may_use_all else one.connections,
    }


def _companies(connection_ids: Collection[str]) -> str:
    return "every company" if ALL_CONNECTIONS in connection_ids else ", ".join(sorted(connection_ids))


def _must_be_connected(deployment: Deployment, connection_ids: Collection[str]) -> None:
    known = connections.ids(deployment.databases.main)
    for connection_id in connection_ids:
        if connection_id not in known:
            raise ConfigurationError(
                f"There is no connection “{connection_id}”.", advice="`amili-connector check` lists them."
            )


def _password_from_stdin() -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    if len(password) < passwords.SHORTEST:
        raise click.UsageError(f"The password on standard input is shorter than {passwords.SHORTEST} characters.")
    return password


def enter(
    deployment: Deployment, email: str, name: str, connection_ids: tuple[str, ...], given: str, language: str = ""
) -> None:
    """Enter a person and say so; a password that was not `given` is made and shown once."""
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
