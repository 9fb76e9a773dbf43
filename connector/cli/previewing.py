"""`preview`: what would be sent for an invoice, and what stops it."""

from __future__ import annotations

from typing import Any

import click

from connector.cli.deploying import chosen, opened
from connector.cli.exit_codes import ExitCode
from connector.cli.output import JSON, LANGUAGE, as_json, finding_lines, shown, table
from connector.cli.problems import Misused
from connector.domain.connection import ConnectionSettings, FirstAction, first_action_of
from connector.domain.dates import today
from connector.domain.debtor import read_debtor
from connector.domain.errors import NotFound
from connector.domain.findings import Finding, worst_first
from connector.domain.identity import mask_identity
from connector.domain.money import as_text
from connector.flows.deployment import Deployment
from connector.flows.hand_over.preview import Preview, preview
from connector.store.connections import StoredConnection
from connector.words import catalogue

CONNECTION = click.option("--connection", "-c", "connection_id", help="The company, when several are connected.")
FIRST_ACTION = click.option(
    "--first-action",
    metavar="|".join((*FirstAction, "OTHER")),
    help="Where the case starts; the company's default if not given. Others are those of other_first_actions.",
)

WAIT_S = click.option(
    "--wait-s",
    type=click.FloatRange(0),
    default=300.0,
    show_default=True,
    help="How long to wait for the outcome, in seconds.",
)


@click.command("preview")
@click.argument("invoice")
@CONNECTION
@FIRST_ACTION
@LANGUAGE
@JSON
def preview_command(
    invoice: str, connection_id: str | None, first_action: str | None, language: str, json_: bool
) -> None:
    """Show what would be sent for INVOICE (number or ledger id), and what stops it. Sends nothing.

    The exit status is 5 if something stops it.
    """
    with opened() as deployment:
        seen = look(deployment, chosen(deployment, connection_id), invoice, first_action)
    if json_:
        as_json(_as_document(seen))
    else:
        print_preview(seen, seen.stopping, language)
    if seen.stopping:
        raise SystemExit(ExitCode.BLOCKED)


def look(deployment: Deployment, connection: StoredConnection, invoice: str, first_action: str | None) -> Preview:
    """The preview of an invoice by its number or its ledger id. Raises the errors of remote calls."""
    action = chosen_action(connection.settings, first_action)
    return preview(deployment, connection.id, _invoice_id(deployment, connection, invoice), first_action=action)


def chosen_action(settings: ConnectionSettings, text: str | None) -> FirstAction | str | None:
    """The first action that a command was given, if the company may choose it. Raises `Misused`."""
    if text is None or text in settings.first_actions:
        return first_action_of(text) if text else None
    raise Misused(f"--first-action {text}: must be one of {', '.join(settings.first_actions)}.")


def _invoice_id(deployment: Deployment, connection: StoredConnection, invoice: str) -> str:
    _, host = deployment.sides(connection)
    try:
        return host.find(invoice)
    except NotFound as error:
        unknown = NotFound(f"there is no customer invoice with the number or id {invoice}.", system=error.system)
    if not (invoice.isascii() and invoice.isdigit()):
        raise unknown
    try:
        return host.read(invoice).id
    except NotFound:
        raise unknown from None


def _as_document(seen: Preview) -> dict[str, Any]:
    return {
        "connection": seen.connection.id,
        "environment": seen.connection.settings.environment,
        "invoice_id": seen.invoice_id,
        "invoice_number": seen.invoice.number if seen.invoice else "",
        "due_date": seen.invoice.due_date if seen.invoice else None,
        "first_action": seen.first_action,
        "amounts": seen.assessment.amounts if seen.assessment else (),
        "findings": seen.assessment.findings if seen.assessment else seen.stopping,
        "stopping": [finding.code for finding in seen.stopping],
        "sendable": not seen.stopping,
        "case_id": seen.hand_over.case_id if seen.hand_over else "",
        "asks_whose": seen.asks_whose,
        "hand_over_id": seen.hand_over.id if seen.hand_over else "",
    }


def print_preview(seen: Preview, stopping: tuple[Finding, ...], language: str) -> None:
    """Print every amount with its source, the findings, and whether `stopping` leaves the invoice to be sent."""
    if seen.invoice is None or seen.assessment is None:
        click.echo(f"Invoice {seen.invoice_id} cannot be read:")
        click.echo("\n".join(finding_lines(stopping, language)))
        return
    invoice = seen.invoice
    customer = read_debtor(invoice.customer, today=today()).customer
    click.echo(shown(f"Invoice {invoice.number} · {customer.name} · {mask_identity(customer.id_number)}"))
    click.echo(f"Due {invoice.due_date} · begins as {seen.first_action} · {seen.connection.settings.environment}\n")
    words = catalogue(language)
    table(
        ("Amount", "Kronor", "Source"),
        [
            (words.text_or_key("amount", line.term), as_text(line.amount), line.source)
            for line in seen.assessment.amounts
        ],
        right=("Kronor",),
    )
    click.echo(shown(f"\nThe debtor reads: {seen.assessment.debtor_reads or '–'}\n"))
    for line in finding_lines(worst_first(seen.assessment.findings), language):
        click.echo(line)
    if stopping:
        click.echo(f"\nCannot be sent now: {', '.join(dict.fromkeys(finding.code for finding in stopping))}.")
        if seen.asks_whose and seen.hand_over is not None:
            click.echo(f"Say whose the case is: amili-connector decide {seen.hand_over.id}")
    else:
        click.echo("\nCan be sent.")
