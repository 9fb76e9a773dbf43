"""`reseal`: stored secrets again under the newest key."""

from __future__ import annotations

import click

from connector.cli.deploying import opened
from connector.store import resealing


@click.command()
def reseal() -> None:
    """Seal every stored secret again under the newest of SECRET_KEYS, so that the older ones can be removed.

    First put the new key in front in the .env of every process, and start them again: one that does not have it
    cannot read what is sealed with it. Safe to repeat. Copies of the databases made before still need the older keys.
    """
    with opened() as deployment:
        count = resealing.reseal(deployment.databases.main, deployment.vault)
    click.echo(
        f"{count} stored secret{'' if count == 1 else 's'} sealed under the newest key. Once every process has been "
        "started with it, the older ones can be removed from SECRET_KEYS; keep them for backups made before."
    )
