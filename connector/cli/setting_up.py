"""`init`: the first thing on a new machine."""

from __future__ import annotations

import os
import secrets

import click
from cryptography.fernet import Fernet

from connector.cli.deploying import ENV_FILE, opened
from connector.cli.people import email_address, enter
from connector.domain.errors import ConfigurationError
from connector.store.users import ALL_CONNECTIONS


@click.command()
@click.option("--email", callback=email_address, help="E-mail address of the first user of the pages.")
def init(email: str | None) -> None:
    """Write a .env with fresh secrets into this folder, and enter the first user of the pages.

    The file is readable by you alone. One that exists is never overwritten.
    """
    text = (
        "# Secrets of this deployment. Keep a copy somewhere safe: without them stored keys cannot be read.\n"
        f"SECRET_KEYS={Fernet.generate_key().decode()}\n"
        f"SESSION_SECRET={secrets.token_urlsafe(48)}\n"
        "# The address under which ledgers and people reach the connector; and that of the web server in front of it,\n"
        "# as this machine sees it, without which visitors cannot be told apart as they sign in.\n"
        "# PUBLIC_URL=https://amili.company.example\n"
        "# TRUSTED_PROXY=127.0.0.1\n"
        "# Every other setting is described in .env.example and connector/OPERATING.md.\n"
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
    click.echo("Set PUBLIC_URL in it, and TRUSTED_PROXY to the address of the web server with a certificate in front.")
    if email:
        with opened() as deployment:
            enter(deployment, email, email, (ALL_CONNECTIONS,), "")
        click.echo("Next: `amili-connector amili keys` makes the key pair for Amili.")
    else:
        click.echo("Next: `amili-connector user add E-MAIL` enters a person who may sign in to the pages.")
