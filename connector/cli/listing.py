"""`list` and `show`: what was sent, and what became of it."""

from __future__ import annotations

import json

import click

from connector.cli.deploying import opened
from connector.cli.hand_over_lines import as_document, case_document, case_lines, clock, closing_table, entry_document
from connector.cli.keys import warn_of_keys
from connector.cli.output import JSON, LANGUAGE, as_json, finding_lines, shown
from connector.cli.problems import Misused
from connector.domain.case import Ending
from connector.domain.findings import worst_first
from connector.domain.hand_over import HandOverState
from connector.flows.deployment import Deployment
from connector.store import cases, hand_overs, timeline
from connector.store.hand_over_record import HandOver


@click.command("list")
@click.option("--connection", "-c", "connection_id", help="Only this company.")
@click.option("--state", type=click.Choice([state.value for state in HandOverState]), help="Only those in this state.")
@click.option(
    "--ending",
    type=click.Choice([ending.value for ending in Ending]),
    help="Only those whose case at Amili and invoice in the ledger have come so far towards their end.",
)
@click.option("--ocr", default="", help="Only those whose case has this OCR number at Amili.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="At most this many.")
@JSON
def list_command(
    connection_id: str | None, state: str | None, ending: str | None, ocr: str, limit: int, json_: bool
) -> None:
    """List hand-overs, newest first."""
    with opened() as deployment:
        if connection_id:
            deployment.connection(connection_id)
        found = hand_overs.listing(
            deployment.databases.main,
            connection_id=connection_id,
            state=HandOverState(state) if state else None,
            ending=Ending(ending) if ending else None,
            ocr=ocr,
            limit=limit,
        )
        known = cases.of_many(deployment.databases.main, [one.case_id for one in found])
        if not json_:
            warn_of_keys(deployment, connection_id)
    if json_:
        as_json([as_document(one) | case_document(one, known.get(one.case_id)) for one in found])
    elif found:
        closing_table(found, known)
    else:
        click.echo("Nothing to list.", err=True)


@click.command()
@click.argument("reference", metavar="CASE|INVOICE|OCR")
@LANGUAGE
@JSON
def show(reference: str, language: str, json_: bool) -> None:
    """Show the hand-over of a case id, invoice number or OCR number, with everything that happened to it."""
    with opened() as deployment:
        found = hand_overs.find(deployment.databases.main, reference)
        if not found:
            raise Misused(f"No hand-over has the case id, invoice number or OCR number {reference}.")
        if json_:
            as_json([_with_timeline(deployment, one) for one in found])
            return
        for number, one in enumerate(found):
            if number:
                click.echo()
            _show(deployment, one, language)


def _with_timeline(deployment: Deployment, one: HandOver) -> dict[str, object]:
    db = deployment.databases.main
    entries = timeline.of_hand_over(db, one.id)
    case = cases.of(db, one.case_id)
    return as_document(one) | case_document(one, case) | {"timeline": [entry_document(entry) for entry in entries]}


def _show(deployment: Deployment, one: HandOver, language: str) -> None:
    case = cases.of(deployment.databases.main, one.case_id)
    closing_table([one], {case.id: case} if case else {})
    for line in case_lines(case, "sv" if language == "sv" else "en") if case else ():
        click.echo(line)
    for line in finding_lines(worst_first(one.findings), language):
        click.echo(line)
    for entry in timeline.of_hand_over(deployment.databases.main, one.id):
        data = entry_document(entry)["data"]
        details = ", ".join(f"{name}: {_in_words(value)}" for name, value in data.items() if value)
        click.echo(f"  {clock(entry.at)}  {entry.event:<18} {shown(entry.actor)}  {shown(details)}".rstrip())


def _in_words(value: object) -> str:
    if isinstance(value, list):
        return " ".join(str(one) for one in value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)
