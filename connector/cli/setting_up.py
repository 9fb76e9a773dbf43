"""`init` and `user`: the first things on a new machine."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

import click
from cryptography.fernet import Fernet

from connector.cli.deploying import ENV_FILE, opened
from connector.cli.output import errors_in_words
from connector.domain.errors import ConfigurationError
from connector.store import users
from connector.store.users import ALL_CONNECTIONS

_PASSWORD_BYTES = 12


@click.command()
@click.option("--email", help="E-mail address of the first user of the pages.")
@click.option("--directory", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Where .env goes.")
def init(email: str | None, directory: Path) -> None:
    """Write a .env with fresh secrets, and enter the first user of the pages."""
    with errors_in_words():
        path = directory / ENV_FILE
        if path.exists():
            raise ConfigurationError(
                f"{path} exists already; its secrets are needed to read what is stored, so it is left alone.",
                advice="Remove it yourself if nothing stored is to be kept.",
            )
        directory.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(
            "# Secrets of this deployment. Keep a copy somewhere safe: without them stored keys cannot be read.\n"
            f"SECRET_KEYS={Fernet.generate_key().decode()}\n"
            f"SESSION_SECRET={secrets.token_urlsafe(48)}\n"
            "# Every other setting is described in .env.example and README.\n",
            encoding="utf-8",
        )
        click.echo(f"Wrote {path} with fresh secrets. Keep a copy somewhere safe.")
        if email:
            _add_user(email, email, (ALL_CONNECTIONS,), None)
        else:
            click.echo("Next: `amili-connector user add E-MAIL` enters a person who may sign in to the pages.")


@click.group()
def user() -> None:
    """The people who may sign in to the pages."""


@user.command("add")
@click.argument("email")
@click.option("--name", default="", help="The person's name.")
@click.option("--connection", "connection_ids", multiple=True, help="A company the person may use; default all.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
def add_user(email: str, name: str, connection_ids: tuple[str, ...], password_stdin: bool) -> None:
    """Enter a person. Without --password-stdin a password is made and shown once."""
    with errors_in_words():
        password = sys.stdin.readline().strip() if password_stdin else None
        _add_user(email, name or email, connection_ids or (ALL_CONNECTIONS,), password)


@user.command("password")
@click.argument("email")
def new_password(email: str) -> None:
    """Give a person a new password, shown once."""
    with errors_in_words(), opened() as deployment:
        password = secrets.token_urlsafe(_PASSWORD_BYTES)
        users.set_password(deployment.databases.main, email, password)
        click.echo(f"New password for {email}: {password}")


def _add_user(email: str, name: str, connection_ids: tuple[str, ...], password: str | None) -> None:
    with opened() as deployment:
        chosen = password or secrets.token_urlsafe(_PASSWORD_BYTES)
        users.add(deployment.databases.main, email=email, name=name, password=chosen, connections=connection_ids)
    click.echo(f"{email} may sign in." + ("" if password else f" Password, shown once: {chosen}"))
