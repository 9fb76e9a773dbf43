"""`backup` and `restore`: copies of the databases, made while they are in use, and put back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import click

from connector import __version__
from connector.cli.deploying import deployment_settings, log_only_what_goes_wrong, opened
from connector.cli.output import JSON, as_json
from connector.domain.dates import STOCKHOLM
from connector.domain.errors import ConfigurationError
from connector.store import backups, restores
from connector.store.backups import Backup
from connector.store.crypto import Vault

_FOLDER = click.Path(path_type=Path, file_okay=False)
_AFTERWARDS = (
    "At the next start nothing is sent before it is looked up what Amili has already. Then ledger, record and Amili "
    "are compared: see the log, To do, and “Reconciliation”.\n"
    "What happened since the backup is not known here. Look it through by hand: people who were removed or changed "
    "their password since are as they were; a ledger's key or approval that was renewed since must be given again; "
    "settings, and decisions not to send, are those of then."
)


@click.command()
@click.argument("folder", type=_FOLDER)
@JSON
def backup(folder: Path, json_: bool) -> None:
    """Copy the databases into the new folder FOLDER, while everything runs.

    Both are of one and the same instant. The keys in .env are not among them: keep .env elsewhere, for nothing that is
    stored can be read without it. On PostgreSQL its own tools make the backup: connector/OPERATING.md, “Backup and
    restore”.
    """
    settings = deployment_settings()
    log_only_what_goes_wrong(settings)
    if settings.database_url:
        raise ConfigurationError(
            "This deployment keeps everything in PostgreSQL, whose own tools make the backup.",
            advice='pg_dump --format=custom --file=amili.dump "$DATABASE_URL"',
        )
    made = backups.make(settings.data_dir, folder, version=__version__)
    if json_:
        as_json(_document(made))
        return
    click.echo(f"{folder}: {_counted(made.counts)}, as of {_clock(made.made_at)}.")
    click.echo("Not among them: .env with its keys, without which nothing of it can be read. Keep a copy elsewhere.")


@click.command()
@click.argument("folder", type=_FOLDER, required=False)
@click.option("--check", is_flag=True, help="Only look the backup through, and try the keys in .env on it.")
@click.option("--replace", is_flag=True, help="Even where there are companies, people or hand-overs already.")
@click.option(
    "--done-otherwise",
    is_flag=True,
    help="The databases were put back by other means, as from a snapshot: have it looked up what Amili has already.",
)
@JSON
def restore(folder: Path | None, *, check: bool, replace: bool, done_otherwise: bool, json_: bool) -> None:
    """Put the backup in FOLDER in the place of the databases.

    Stop `serve` and every worker first, and put the .env of the backup in place. What lies there is moved aside, into a
    folder in DATA_DIR. At the next start nothing is sent before it is looked up what Amili has already. On PostgreSQL
    its own tools put a backup back: connector/OPERATING.md, “Backup and restore”.
    """
    if done_otherwise:
        if folder or check or replace:
            raise click.UsageError("--done-otherwise stands alone.")
        _say_so()
        return
    if folder is None:
        raise click.UsageError("Missing argument 'FOLDER'.")
    settings = deployment_settings()
    log_only_what_goes_wrong(settings)
    if settings.database_url:
        raise ConfigurationError(
            "This deployment keeps everything in PostgreSQL, whose own tools put a backup back.",
            advice="Stop every process, then: pg_restore --clean --if-exists --no-owner --single-transaction "
            '--dbname="$DATABASE_URL" amili.dump',
        )
    found = backups.read(folder)
    backups.require_keys(found, Vault(settings.secret_keys))
    if check:
        if json_:
            as_json(_document(found))
        else:
            click.echo(f"{folder} is whole: {_counted(found.counts)}, as of {_clock(found.made_at)}. The keys fit.")
        return
    if not replace and not backups.is_empty(settings.data_dir):
        raise ConfigurationError(
            f"There are companies, people or hand-overs in DATA_DIR ({settings.data_dir}) already.",
            advice="Give --replace to put the backup in their place; what lies there is moved aside.",
        )
    aside = settings.data_dir / f"replaced-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    moved = backups.put_back(found, settings.data_dir, aside=aside)
    if json_:
        as_json({**_document(found), "moved_to": str(aside) if moved else None})
        return
    click.echo(f"Put back: {_counted(found.counts)}, as of {_clock(found.made_at)}.")
    if moved:
        click.echo(f"What lay there is in {aside}; remove it when it is not needed.")
    click.echo(_AFTERWARDS)


def _say_so() -> None:
    with opened() as deployment:
        restores.say_so(deployment.databases.main)
    click.echo(_AFTERWARDS)


def _document(found: Backup) -> dict[str, object]:
    return {
        "folder": str(found.folder),
        "made_at": found.made_at.isoformat(),
        "version": found.version,
        "files": dict(found.files),
        **found.counts,
    }


def _counted(counts: Mapping[str, int]) -> str:
    companies, hand_overs, people = counts["connections"], counts["hand_overs"], counts["users"]
    found = (
        f"{companies} compan{'y' if companies == 1 else 'ies'}",
        f"{hand_overs} hand-over{'' if hand_overs == 1 else 's'}",
        f"{people} {'person' if people == 1 else 'people'}",
    )
    return ", ".join(found)


def _clock(instant: datetime) -> str:
    return f"{instant.astimezone(STOCKHOLM):%Y-%m-%d %H:%M:%S}"
