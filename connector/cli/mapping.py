"""`map`: try a mapping on a saved host document, without calling anybody."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from connector.cli.output import as_json
from connector.cli.previewing import FIRST_ACTION, chosen_action
from connector.cli.reading import JSON_FILE, read_object, read_settings
from connector.domain.dates import today
from connector.flows.companies.mapping import map_document
from connector.hosts import kinds


@click.command("map")
@click.option(
    "--host", required=True, help=f"The accounting system the document comes from, {' or '.join(kinds.by_key_first())}."
)
@click.option("--input", "document_file", required=True, type=JSON_FILE, help="The saved document, JSON.")
@click.option("--settings", "settings_file", type=JSON_FILE, help="Connection settings, JSON; defaults if not given.")
@FIRST_ACTION
@click.option("--today", "on", type=click.DateTime(["%Y-%m-%d"]), help="Judge as on this date; today if not given.")
def map_command(
    host: str, document_file: Path, settings_file: Path | None, first_action: str | None, on: datetime | None
) -> None:
    """Print {"registration": ..., "findings": [...]} for a saved host document.

    Needs no account and no network. The exit status is 0 whatever the findings are.
    """
    document = read_object(document_file)
    settings = read_settings(settings_file)
    action = chosen_action(settings, first_action)
    day = on.date() if on else today()
    as_json(map_document(host, document, settings, today=day, first_action=action))
