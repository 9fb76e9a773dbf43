"""`tasks`: everything that waits for a person."""

from __future__ import annotations

from typing import Any

import click

from connector.cli.deploying import opened
from connector.cli.exit_codes import ExitCode
from connector.cli.output import JSON, LANGUAGE, as_json, instant, shown, table
from connector.flows.tasks import tasks
from connector.flows.tasks.task import Task
from connector.words import say

_HEADINGS = ("Company", "Days", "Owner", "What")


@click.command("tasks")
@click.option("--connection", "-c", "connection_id", help="Only this company.")
@click.option("--exit-code", is_flag=True, help="Exit with 5 if anything waits, for scripts.")
@LANGUAGE
@JSON
def tasks_command(connection_id: str | None, exit_code: bool, language: str, json_: bool) -> None:
    """List everything that waits for a person, the most urgent first, with the page where it is done."""
    with opened() as deployment:
        if connection_id:
            deployment.connection(connection_id)
        found = tasks.waiting(tasks.gather(deployment.databases.main, (connection_id,) if connection_id else None))
        public_url = deployment.settings.public_url
    if json_:
        as_json([_document(task, language, public_url) for task in found])
    elif found:
        _print(found, language, public_url)
    else:
        click.echo("Nothing waits.", err=True)
    if found and exit_code:
        raise click.exceptions.Exit(ExitCode.BLOCKED)


def _print(found: tuple[Task, ...], language: str, public_url: str) -> None:
    rows = [
        (task.connection, str(tasks.age_days(task)), task.owner or "–", say(task.title, language)) for task in found
    ]
    table(_HEADINGS, rows, right=("Days",))
    for task in found:
        click.echo()
        click.echo(shown(f"{task.connection}: {say(task.title, language)}"))
        for one in (*task.says, task.action):
            click.echo(f"  {shown(say(one, language))}")
        click.echo(f"  {public_url}{task.path}")


def _document(task: Task, language: str, public_url: str) -> dict[str, Any]:
    return {
        "key": task.key,
        "kind": task.kind,
        "connection": task.connection,
        "company": task.company,
        "invoice_number": task.invoice_number,
        "what": say(task.title, language),
        "findings": [say(one, language) for one in task.says],
        "action": say(task.action, language),
        "since": instant(task.since),
        "owner": task.owner,
        "link": f"{public_url}{task.path}",
    }
