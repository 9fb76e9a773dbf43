"""`map`: try a mapping on a saved host document, without calling anybody."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import click

from connector.cli.connecting import read_settings
from connector.cli.output import as_json, errors_in_words
from connector.domain.connection import FirstAction
from connector.domain.dates import today
from connector.domain.errors import ConfigurationError
from connector.flows.mapping import map_document

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("map")
@click.option("--host", required=True, help="The accounting system the document comes from, for example odoo.")
@click.option("--input", "document_file", required=True, type=_FILE, help="The saved document, JSON.")
@click.option("--settings", "settings_file", type=_FILE, help="Connection settings, JSON; defaults if not given.")
@click.option("--first-action", type=click.Choice([action.value for action in FirstAction]))
@click.option("--today", "on", type=click.DateTime(["%Y-%m-%d"]), help="Judge as on this date; today if not given.")
def map_command(
    host: str, document_file: Path, settings_file: Path | None, first_action: str | None, on: object
) -> None:
    """Print {"registration": ..., "findings": [...]} for a saved host document. Needs no account and no network."""
    with errors_in_words():
        try:
            document = json.loads(document_file.read_text(encoding="utf-8"))
        except json.JSONDecodeError as error:
            raise ConfigurationError(f"{document_file} is not JSON: {error.msg} in line {error.lineno}.") from None
        day = date.fromisoformat(f"{on:%Y-%m-%d}") if on else today()
        action = FirstAction(first_action) if first_action else None
        as_json(map_document(host, document, read_settings(settings_file), today=day, first_action=action))
