"""`preview`, `send`, `list` and `show`: the accountant's commands."""

from __future__ import annotations

import getpass
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

from connector.cli.deploying import chosen, opened
from connector.cli.exit_codes import ExitCode
from connector.cli.output import as_json, errors_in_words, finding_lines, moment, table
from connector.domain.connection import FirstAction
from connector.domain.errors import ConfigurationError, NotFound
from connector.domain.findings import worst_first
from connector.domain.hand_over import UNFINISHED, HandOverState, Origin, Request
from connector.domain.identity import mask_identity
from connector.domain.money import as_text
from connector.flows import asking
from connector.flows.deployment import Deployment
from connector.flows.preview import Preview, preview
from connector.flows.worker import Worker
from connector.store import hand_overs, timeline
from connector.store.connections import StoredConnection
from connector.store.hand_over_record import HandOver

_ACTIONS = click.Choice([action.value for action in FirstAction])
_CONNECTION = click.option("--connection", "-c", "connection_id", help="The company, when several are connected.")
_JSON = click.option("--json", "json_", is_flag=True, help="For programs.")
_ACTION = click.option(
    "--first-action", type=_ACTIONS, help="Where the case starts; the company's default if not given."
)


def _invoice_id(deployment: Deployment, connection: StoredConnection, invoice: str) -> str:
    _, host = deployment.sides(connection)
    try:
        return host.find(invoice)
    except NotFound:
        if not invoice.isdigit():
            raise
        return host.read(invoice).id


@click.command("preview")
@click.argument("invoice")
@_CONNECTION
@_ACTION
@_JSON
def preview_command(invoice: str, connection_id: str | None, first_action: str | None, json_: bool) -> None:
    """Show what would be sent for INVOICE (number or ledger id), and what stops it. Sends nothing."""
    with errors_in_words(), opened() as deployment:
        connection = chosen(deployment, connection_id)
        action = FirstAction(first_action) if first_action else None
        seen = preview(deployment, connection.id, _invoice_id(deployment, connection, invoice), first_action=action)
        if json_:
            as_json(_as_document(seen))
        else:
            _print_preview(seen)
        if seen.stopping:
            raise SystemExit(ExitCode.BLOCKED)


def _as_document(seen: Preview) -> dict[str, object]:
    findings = seen.assessment.findings if seen.assessment else seen.stopping
    return {
        "connection": seen.connection.id,
        "invoice_id": seen.invoice_id,
        "invoice_number": seen.invoice.number if seen.invoice else "",
        "first_action": seen.first_action,
        "amounts": seen.assessment.amounts if seen.assessment else (),
        "findings": findings,
        "stopping": [finding.code for finding in seen.stopping],
        "case_id": seen.hand_over.case_id if seen.hand_over else "",
    }


def _print_preview(seen: Preview) -> None:
    if seen.invoice is None or seen.assessment is None:
        click.echo("\n".join(finding_lines(seen.stopping)))
        return
    invoice, customer = seen.invoice, seen.invoice.customer
    click.echo(f"Faktura {invoice.number} · {customer.name} · {mask_identity(customer.id_number)}")
    click.echo(f"Förföll {invoice.due_date} · {seen.connection.settings.environment} · {seen.first_action}\n")
    table(
        ("Belopp", "", "Källa"),
        [(line.term, as_text(line.amount).rjust(12), line.source) for line in seen.assessment.amounts],
    )
    click.echo()
    for line in finding_lines(worst_first(seen.assessment.findings)):
        click.echo(line)
    click.echo("\nKan inte skickas ännu." if seen.stopping else "\nKan skickas.")


@click.command()
@click.argument("invoices", nargs=-1, required=True, metavar="INVOICE...")
@_CONNECTION
@_ACTION
@click.option("--accept", multiple=True, metavar="CODE", help="Tick a warning.")
@click.option("--lift", multiple=True, metavar="CODE=REASON", help="Lift a liftable block, with your reason.")
@click.option("--yes", is_flag=True, help="Do not ask before sending.")
@click.option("--wait-s", default=300.0, show_default=True, help="How long to wait for the outcome, in seconds.")
@_JSON
def send(
    invoices: tuple[str, ...],
    connection_id: str | None,
    first_action: str | None,
    accept: tuple[str, ...],
    lift: tuple[str, ...],
    yes: bool,
    wait_s: float,
    json_: bool,
) -> None:
    """Send each INVOICE (number or ledger id) to Amili, and say what became of it."""
    with errors_in_words(), opened() as deployment:
        connection = chosen(deployment, connection_id)
        action = FirstAction(first_action) if first_action else None
        requests = []
        for invoice in invoices:
            seen = preview(deployment, connection.id, _invoice_id(deployment, connection, invoice), first_action=action)
            if not json_ and not yes:
                _print_preview(seen)
            requests.append(
                Request(
                    connection=connection.id,
                    invoice_id=seen.invoice_id,
                    invoice_number=seen.invoice.number if seen.invoice else "",
                    origin=Origin.COMMAND,
                    asked_by=getpass.getuser(),
                    first_action=seen.first_action,
                    proposed_balance=seen.invoice.balance if seen.invoice else None,
                    accepted=accept,
                    lifted=dict(_reason(text) for text in lift),
                )
            )
        if not yes:
            what = f"{len(requests)} invoice" + ("s" if len(requests) > 1 else "")
            click.confirm(f"Send {what} to Amili ({connection.settings.environment})?", abort=True, err=json_)
        results = _sent(deployment, tuple(requests), wait_s=wait_s, quiet=json_)
        _report(results, json_=json_)


def _reason(text: str) -> tuple[str, str]:
    code, _, reason = text.partition("=")
    if not reason.strip():
        raise ConfigurationError(f"--lift {code} needs a reason.", advice="Write it as --lift CODE=REASON.")
    return code, reason.strip()


def _sent(
    deployment: Deployment, requests: tuple[Request, ...], *, wait_s: float, quiet: bool
) -> dict[str, HandOver | None]:
    asked = tuple(asking.ask(deployment, request) for request in requests)
    standing: dict[str, HandOver | None] = {}
    with _some_worker(deployment):
        last = ""
        for seen in asking.outcomes(deployment, asked, wait_s=wait_s):
            standing = dict(seen)
            ended = sum(one is not None and one.state not in UNFINISHED for one in standing.values())
            line = f"{ended} of {len(standing)} ended"
            if not quiet and line != last:
                click.echo(line, err=True)
                last = line
    return standing


@contextmanager
def _some_worker(deployment: Deployment) -> Iterator[None]:
    """The worker that runs already, or one of our own for as long as the command waits."""
    if asking.worker_runs(deployment):
        yield
        return
    own = Worker(deployment)
    thread = threading.Thread(target=own.run, name="worker")
    thread.start()
    try:
        yield
    finally:
        own.stop()
        thread.join()


def _report(results: dict[str, HandOver | None], *, json_: bool) -> None:
    if json_:
        as_json([_line(one) for one in results.values() if one is not None])
    else:
        table(_HEADINGS, [_row(one) for one in results.values() if one is not None])
        for one in results.values():
            if one is not None and one.state is HandOverState.BLOCKED:
                click.echo(f"\n{one.invoice_number or one.invoice_id}:")
                click.echo("\n".join(finding_lines(worst_first(one.findings))))
    if any(one is None or one.state in UNFINISHED for one in results.values()):
        raise SystemExit(ExitCode.UNFINISHED)
    if any(one is not None and one.state is HandOverState.BLOCKED for one in results.values()):
        raise SystemExit(ExitCode.BLOCKED)


_HEADINGS = ("Invoice", "Debtor", "State", "Case", "Capital", "PDF", "Ledger", "Asked")


def _row(one: HandOver) -> tuple[str, ...]:
    capital = as_text(one.capital) if one.capital is not None else ""
    case = one.case_id or one.waiting_for
    number = one.invoice_number or one.invoice_id
    return (number, one.debtor_name, one.state, case, capital, one.pdf, one.write_back, moment(one.asked_at))


def _line(one: HandOver) -> dict[str, object]:
    return {
        "id": one.id,
        "connection": one.connection,
        "invoice_id": one.invoice_id,
        "invoice_number": one.invoice_number,
        "state": one.state,
        "first_action": one.first_action,
        "case_id": one.case_id,
        "registration_id": one.registration_id,
        "ocr": one.ocr,
        "capital_to_claim": one.capital,
        "pdf": one.pdf,
        "write_back": one.write_back,
        "waiting_for": one.waiting_for,
        "findings": one.findings,
        "asked_by": one.asked_by,
        "asked_at": one.asked_at,
    }


@click.command("list")
@_CONNECTION
@click.option("--state", type=click.Choice([state.value for state in HandOverState]), help="Only those in this state.")
@click.option("--limit", default=100, show_default=True, help="At most this many, newest first.")
@_JSON
def list_command(connection_id: str | None, state: str | None, limit: int, json_: bool) -> None:
    """List hand-overs, newest first."""
    with errors_in_words(), opened() as deployment:
        found = hand_overs.listing(
            deployment.databases.main,
            connection_id=connection_id,
            state=HandOverState(state) if state else None,
            limit=limit,
        )
        if json_:
            as_json([_line(one) for one in found])
        else:
            table(_HEADINGS, [_row(one) for one in found])


@click.command()
@click.argument("reference", metavar="CASE|INVOICE")
@_JSON
def show(reference: str, json_: bool) -> None:
    """Show the hand-over of a case id or invoice number, with everything that happened to it."""
    with errors_in_words(), opened() as deployment:
        found = hand_overs.find(deployment.databases.main, reference)
        if not found:
            raise ConfigurationError(f"No hand-over has the case id or invoice number {reference}.")
        documents = [
            _line(one) | {"timeline": timeline.of_hand_over(deployment.databases.main, one.id)} for one in found
        ]
        if json_:
            as_json(documents)
            return
        for one in found:
            table(_HEADINGS, [_row(one)])
            click.echo("\n".join(finding_lines(worst_first(one.findings))))
            for entry in timeline.of_hand_over(deployment.databases.main, one.id):
                details = ", ".join(f"{name}: {value}" for name, value in entry.data.items() if value)
                click.echo(f"  {moment(entry.at)}  {entry.event:<18} {entry.actor}  {details}")
