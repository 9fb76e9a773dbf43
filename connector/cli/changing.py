"""`settings`: how a company's invoices become cases, shown and changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from connector.cli.deploying import chosen, opened
from connector.cli.output import LANGUAGE, as_json, shown
from connector.cli.reading import JSON_FILE, read_object, refused_in
from connector.flows.companies import changing, provisioning


@click.command("settings")
@click.option("--connection", "-c", "connection_id", help="The company, if there are several.")
@click.option("--change", "file", type=JSON_FILE, help="JSON object of the settings to change; the others stay.")
@click.option("--yes", is_flag=True, help="Change without asking.")
@LANGUAGE
def settings_command(connection_id: str | None, file: Path | None, yes: bool, language: str) -> None:
    """Print a company's settings as JSON, or change some of them.

    Only what the file names changes, within "reminders", "rule" and the like too; null takes it back to its default. A
    change is shown before it is made, and made only if it can be meant and the ledger can be opened with it.
    """
    with opened() as deployment:
        connection = chosen(deployment, connection_id)
        if file is None:
            as_json(connection.settings)
            return
        with refused_in(language):
            wanted = changing.changed(connection.settings, read_object(file))
        found = changing.differences(connection.settings, wanted)
        if not found:
            click.echo("Nothing in it differs from what holds.")
            return
        click.echo(f"{shown(connection.name)}:")
        for name, (before, after) in found.items():
            click.echo(f"  {name}: {_text(before)} → {_text(after)}")
        if not yes:
            click.confirm("Change this?", abort=True, default=True)
        with refused_in(language):
            changing.change(deployment, connection, wanted)
        for line in provisioning.prepare(deployment, connection.id):
            click.echo(line)
    click.echo("Changed. Hand-overs that are under way go by it from their next reading on.")


def _text(value: Any) -> str:
    return "(default)" if value is None else shown(json.dumps(value, ensure_ascii=False))
