"""`send`: takes invoices to Amili, and waits for what becomes of them."""

from __future__ import annotations

import click

from connector.cli.deploying import chosen, opened
from connector.cli.exit_codes import ExitCode
from connector.cli.hand_over_lines import as_document, hand_over_table, waits_for
from connector.cli.output import JSON, LANGUAGE, as_json, finding_lines, shown
from connector.cli.own_worker import some_worker
from connector.cli.person import user_name
from connector.cli.previewing import CONNECTION, FIRST_ACTION, WAIT_S, look, print_preview
from connector.cli.problems import Misused
from connector.domain.checks.answerable import ACCEPTABLE, LIFTABLE
from connector.domain.checks.finding import CODES
from connector.domain.errors import NotFound, RemoteError
from connector.domain.findings import Finding, Severity, stops, worst_first
from connector.domain.hand_over import UNFINISHED, HandOverState, Origin, Request
from connector.domain.redaction import without_personal_numbers
from connector.flows.deployment import Deployment
from connector.flows.hand_over import asking
from connector.flows.hand_over.preview import Preview
from connector.store.connections import StoredConnection
from connector.store.hand_over_record import HandOver


@click.command()
@click.argument("invoices", nargs=-1, required=True, metavar="INVOICE...")
@CONNECTION
@FIRST_ACTION
@click.option("--accept", multiple=True, metavar="CODE", help="Confirm a warning of this code.")
@click.option("--lift", multiple=True, metavar="CODE=REASON", help="Lift a liftable block, with your reason.")
@click.option("--yes", is_flag=True, help="Do not ask before sending.")
@WAIT_S
@LANGUAGE
@JSON
def send(
    invoices: tuple[str, ...],
    connection_id: str | None,
    first_action: str | None,
    accept: tuple[str, ...],
    lift: tuple[str, ...],
    yes: bool,
    wait_s: float,
    language: str,
    json_: bool,
) -> None:
    """Send each INVOICE (number or ledger id) to Amili, and say what became of it.

    Sending again is safe: an invoice that was sent has its case, and keeps it. Where no worker runs, this
    command works itself for as long as it waits. An invoice that cannot be read is named, and the others are sent.
    The exit status is 4 if there was such a one, else 5 if findings stop an invoice, 6 if the end was not reached
    within --wait-s; the work then goes on as soon as a worker runs.
    """
    accepted, lifted = _accepted(accept), dict(_reason(text) for text in lift)
    with opened() as deployment:
        connection = chosen(deployment, connection_id)
        found, unread = _looked(deployment, connection, invoices, first_action)
        seen = {one.invoice_id: one for one in found}
        _require_answerable(tuple(seen.values()), accepted, lifted)
        if not yes:
            _ask_first(tuple(seen.values()), accepted, lifted, language, json_=json_)
        if connection.paused_at is not None:
            click.echo(f"{shown(connection.name)} pauses: what you ask for waits until it is resumed.", err=True)
            wait_s = 0.0
        requests = tuple(_request(one, accepted, lifted) for one in seen.values())
        results = _sent(deployment, requests, wait_s=wait_s, quiet=json_)
    _report(seen, results, unread, language, json_=json_)


def _looked(
    deployment: Deployment, connection: StoredConnection, invoices: tuple[str, ...], first_action: str | None
) -> tuple[list[Preview], dict[str, RemoteError]]:
    """Return what would be sent, and what could not be read. Raises the first error if that is all.

    Raises `NotFound` for what is no invoice: anyone who wrote it may have meant another one.
    """
    found: list[Preview] = []
    unread: dict[str, RemoteError] = {}
    for invoice in dict.fromkeys(invoices):
        try:
            found.append(look(deployment, connection, invoice, first_action))
        except NotFound:
            raise
        except RemoteError as error:
            unread[invoice] = error
    if not found:
        raise next(iter(unread.values()))
    for invoice, why in unread.items():
        click.echo(shown(f"{invoice} is not sent, for it could not be read. {why}"), err=True)
    return found, unread


def _accepted(codes: tuple[str, ...]) -> tuple[str, ...]:
    for code in codes:
        if code not in CODES:
            raise Misused(f"--accept {code}: there is no check of that code.")
        if code not in ACCEPTABLE:
            how = (
                f"lift it with a reason, as --lift {code}=REASON" if code in LIFTABLE else "what it says must be mended"
            )
            raise Misused(f"--accept {code}: that check gives no warning to be confirmed; {how}.")
    return codes


def _reason(text: str) -> tuple[str, str]:
    code, _, reason = text.partition("=")
    if code not in CODES:
        raise Misused(f"--lift {code}: there is no check of that code.")
    if code not in LIFTABLE:
        how = f"confirm it, as --accept {code}" if code in ACCEPTABLE else "what it says must be mended"
        raise Misused(f"--lift {code}: that check cannot be lifted with a reason; {how}.")
    if not reason.strip():
        raise Misused(f"--lift {code} needs a reason: write it as --lift {code}=REASON.")
    return code, without_personal_numbers(reason).strip()


def _require_answerable(seen: tuple[Preview, ...], accepted: tuple[str, ...], lifted: dict[str, str]) -> None:
    """Raise `Misused` where what was to be confirmed or lifted stops every invoice that has it in another way."""
    asked = [("--accept", code, Severity.WARNING) for code in accepted]
    asked += [("--lift", code, Severity.LIFTABLE) for code in lifted]
    for option, code, severity in asked:
        found = [
            (one.severity, look.invoice.number if look.invoice else look.invoice_id)
            for look in seen
            for one in (look.assessment.findings if look.assessment else ())
            if one.code == code and one.severity is not Severity.INFO
        ]
        if not found or any(known is severity for known, _ in found):
            continue
        known, number = found[0]
        how = {
            Severity.WARNING: f"confirm it with --accept {code}",
            Severity.LIFTABLE: f"lift it with --lift {code}=REASON",
        }.get(known, "what it says must be mended")
        raise Misused(f"{option} {code}: of invoice {shown(number)} that cannot be; {how}. Nothing was sent.")


def _ask_first(
    seen: tuple[Preview, ...], accepted: tuple[str, ...], lifted: dict[str, str], language: str, *, json_: bool
) -> None:
    stopped = 0
    for one in seen:
        stopping = _stopping(one, accepted, lifted)
        stopped += bool(stopping)
        if not json_:
            print_preview(one, stopping, language)
            click.echo()
    what = f"{len(seen)} invoice" + ("s" if len(seen) > 1 else "")
    but = f" ({stopped} of them will be stopped)" if stopped else ""
    environment = seen[0].connection.settings.environment
    click.confirm(f"Send {what}{but} to Amili ({environment})?", abort=True, err=json_)


def _stopping(seen: Preview, accepted: tuple[str, ...], lifted: dict[str, str]) -> tuple[Finding, ...]:
    if seen.assessment is None:
        return seen.stopping
    ticked = (*accepted, *seen.connection.settings.accepted_warnings)
    return stops(seen.assessment.findings, accepted=ticked, lifted=lifted)


def _request(seen: Preview, accepted: tuple[str, ...], lifted: dict[str, str]) -> Request:
    return Request(
        connection=seen.connection.id,
        invoice_id=seen.invoice_id,
        invoice_number=seen.invoice.number if seen.invoice else "",
        origin=Origin.COMMAND,
        asked_by=user_name(),
        first_action=seen.first_action,
        proposed_balance=seen.invoice.balance if seen.invoice else None,
        accepted=accepted,
        lifted=lifted,
        again_after=asking.again_after(seen.hand_over),
        environment=seen.connection.settings.environment,
    )


def _sent(
    deployment: Deployment, requests: tuple[Request, ...], *, wait_s: float, quiet: bool
) -> dict[str, HandOver | None]:
    asked = tuple(asking.ask(deployment, request) for request in requests)
    standing: dict[str, HandOver | None] = {}
    told: dict[str, str] = {}
    try:
        with some_worker(deployment) as pause:
            for seen in asking.outcomes(deployment, asked, wait_s=wait_s, sleep=pause):
                standing = dict(seen)
                if not quiet:
                    _tell_progress(standing, told)
    except KeyboardInterrupt:
        click.echo(
            "\nNot waiting any longer. What you asked for is stored and goes on as soon as a worker runs; "
            "`amili-connector show` tells what became of it.",
            err=True,
        )
        raise SystemExit(ExitCode.ENDED) from None
    return standing


def _tell_progress(standing: dict[str, HandOver | None], told: dict[str, str]) -> None:
    """Print what is new since the last look, on standard error; `told` keeps what has been said of each invoice."""
    ended = sum(one is not None and one.state not in UNFINISHED for one in standing.values())
    for invoice_id, one in standing.items():
        if one is None:
            continue
        says = f"{one.state}, waiting for {waits_for(one)}" if one.waiting_for else str(one.state)
        if told.get(invoice_id) != says:
            told[invoice_id] = says
            click.echo(shown(f"[{ended}/{len(standing)}] {one.invoice_number or invoice_id}: {says}"), err=True)


def _report(
    seen: dict[str, Preview],
    results: dict[str, HandOver | None],
    unread: dict[str, RemoteError],
    language: str,
    *,
    json_: bool,
) -> None:
    taken = [one for one in results.values() if one is not None]
    if json_:
        failed = [
            {"connection": one.connection.id, "invoice_id": invoice, "state": None, "problem": str(error)}
            for one in list(seen.values())[:1]
            for invoice, error in unread.items()
        ]
        as_json([_document(seen[invoice_id], one) for invoice_id, one in results.items()] + failed)
    elif taken:
        click.echo(err=True)
        hand_over_table(taken)
        for one in taken:
            noted = worst_first(one.findings) if one.state is HandOverState.BLOCKED else _remarks(one)
            if noted:
                click.echo(f"\n{one.invoice_number or one.invoice_id}:")
                click.echo("\n".join(finding_lines(noted, language)))
    waiting = [invoice_id for invoice_id, one in results.items() if one is None or one.state in UNFINISHED]
    if waiting:
        numbers = ", ".join(_number(seen[invoice_id]) for invoice_id in waiting)
        click.echo(f"\nNot ended yet: {numbers}. The work goes on as soon as a worker runs.", err=True)
    if unread:
        raise SystemExit(ExitCode.REMOTE)
    if waiting:
        raise SystemExit(ExitCode.UNFINISHED)
    if any(one.state is HandOverState.BLOCKED for one in taken):
        raise SystemExit(ExitCode.BLOCKED)


def _remarks(one: HandOver) -> tuple[Finding, ...]:
    """The findings on a hand-over that is not blocked which still ask something of a person."""
    return stops(one.findings, accepted=one.accepted, lifted=one.lifted)


def _document(seen: Preview, one: HandOver | None) -> dict[str, object]:
    if one is not None:
        return as_document(one)
    return {"connection": seen.connection.id, "invoice_id": seen.invoice_id, "state": None}


def _number(seen: Preview) -> str:
    return seen.invoice.number if seen.invoice and seen.invoice.number else seen.invoice_id
