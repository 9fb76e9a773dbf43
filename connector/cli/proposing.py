"""`propose`: what the rule would send now, and why the rest is left; sends it where someone says so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import click

from connector.cli.deploying import chosen, opened
from connector.cli.exit_codes import ExitCode
from connector.cli.output import JSON, LANGUAGE, as_json, table
from connector.cli.person import user_name
from connector.cli.previewing import CONNECTION
from connector.domain.dates import today
from connector.domain.findings import worst_first
from connector.domain.money import as_text
from connector.domain.plan import Brake, NotYet, PlanSize, Proposed, size_of
from connector.flows.deployment import Deployment
from connector.flows.hand_over import asking
from connector.flows.hand_over.plan import Candidate, Standing, brakes_on, plan, proposals, request_for
from connector.store import held_plans
from connector.store.connections import StoredConnection
from connector.words import say

_EARLY = {
    NotYet.DUE_LATELY: "due less than the rule's days ago",
    NotYet.REMINDED_LATELY: "reminded less than the rule's days ago",
    NotYet.REMINDED_WHEN: "reminded, and the ledger does not say when",
}
_BRAKES = {
    Brake.FIRST: "nothing of this company was ever sent before",
    Brake.TOO_MANY: "it is more invoices than the rule lets go at once (most_invoices)",
    Brake.TOO_MUCH: "it is more kronor than the rule lets go at once (most_amount)",
    Brake.BANK_UNKNOWN: "it is not known how far receipts are booked (say it with booked-through)",
}
_WORDS = {
    Standing.PROPOSED: "proposed",
    Standing.NOT_YET: "not yet",
    Standing.STOPPED: "stopped",
    Standing.SENT: "sent before",
    Standing.SKIPPED: "not to be sent, a person decided",
    Standing.UNREAD: "could not be read",
}


@click.command()
@CONNECTION
@click.option("--send", is_flag=True, help="Send what is proposed, after asking.")
@click.option("--yes", is_flag=True, help="Do not ask: for a rule that runs by itself. Too large a plan is not sent.")
@click.option("--force", is_flag=True, help="Send with --yes even a first or too large plan.")
@LANGUAGE
@JSON
def propose(connection_id: str | None, send: bool, yes: bool, force: bool, language: str, json_: bool) -> None:
    """List a company's overdue invoices with what the rule proposes, and why the others are left. Sends nothing.

    The rule is the company's setting `rule`: days after the due date and after a reminder. With --send, what is
    proposed is handed to the workers, who read and check each invoice again. The exit status is 5 if --yes meets a
    plan that needs a person: the first of a company, or one larger than the rule allows. It then waits on the
    company's pages, where a person chooses what is sent, and among the tasks. So does, even with --force, a plan of
    which it is not known how far receipts are booked. Otherwise it is 4 if an invoice could not be read: what could be
    is proposed, and sent, all the same.
    """
    with opened() as deployment:
        connection = chosen(deployment, connection_id)
        found = list(plan(deployment, connection, today=today()))
        proposed = proposals(found)
        size = size_of(proposed)
        if json_:
            as_json(_document(connection, found, size))
        else:
            _show(found, size, language)
        if send:
            _send(deployment, connection, proposed, yes=yes, force=force)
    unread = sum(one.standing is Standing.UNREAD for one in found)
    if unread:
        click.echo(f"{unread} could not be read; propose again for {'it' if unread == 1 else 'them'}.", err=True)
        raise SystemExit(ExitCode.REMOTE)


def _send(
    deployment: Deployment,
    connection: StoredConnection,
    proposed: Sequence[Proposed],
    *,
    yes: bool,
    force: bool,
) -> None:
    db = deployment.databases.main
    size = size_of(proposed)
    if not proposed:
        held_plans.forget(db, connection.id)
        return
    held = brakes_on(deployment, connection, size)
    for brake in held:
        click.echo(f"This plan needs a person: {_BRAKES[brake]}.", err=True)
    if yes and held and (not force or Brake.BANK_UNKNOWN in held):
        held_plans.hold(db, connection.id, proposed, held, by=user_name())
        page = f"{deployment.settings.public_url}/connections/{connection.id}/plan"
        forced = "" if Brake.BANK_UNKNOWN in held else ", or with --force"
        click.echo(f"Nothing was sent. It waits at {page}; or send it without --yes{forced}.", err=True)
        raise SystemExit(ExitCode.BLOCKED)
    if not yes:
        environment = connection.settings.environment
        click.confirm(f"Send {_counted(size)} to Amili ({environment})?", abort=True, err=True)
    for one in proposed:
        asking.ask(deployment, request_for(connection, one, by=user_name()))
    held_plans.forget(db, connection.id)
    works = "" if asking.worker_runs(deployment) else " once a worker runs"
    click.echo(f"{_counted(size)} handed to the workers, who go on{works}; `amili-connector list` tells.", err=True)


def _balance(one: Candidate) -> str:
    return "–" if one.invoice.balance is None else as_text(one.invoice.balance)


def _show(found: Sequence[Candidate], size: PlanSize, language: str) -> None:
    rows = [
        (one.invoice.number, str(one.invoice.due_date or ""), _balance(one), _WORDS[one.standing], why)
        for one in found
        if one.standing is not Standing.SENT
        for why in [_why(one, language)]
    ]
    if rows:
        table(("Invoice", "Due", "Balance", "What", "Why"), rows, right=("Balance",))
        click.echo()
    counts = Counter(one.standing for one in found)
    rest = ", ".join(f"{counts[one]} {_WORDS[one]}" for one in Standing if counts[one] and one is not Standing.PROPOSED)
    click.echo(f"{_counted(size)} proposed" + (f"; {rest}." if rest else "."))


def _why(one: Candidate, language: str) -> str:
    if one.early is not None:
        return _EARLY[one.early]
    if one.problem:
        return one.problem
    if not one.stopping:
        return ""
    worst = worst_first(one.stopping)[0]
    return f"{worst.code}: {say(worst.says, language)}"


def _counted(size: PlanSize) -> str:
    return f"{size.invoices} invoice{'' if size.invoices == 1 else 's'}, {as_text(size.amount)} kr,"


def _document(connection: StoredConnection, found: Sequence[Candidate], size: PlanSize) -> dict[str, Any]:
    return {
        "connection": connection.id,
        "environment": connection.settings.environment,
        "rule": connection.settings.rule,
        "proposed": size.invoices,
        "amount": size.amount,
        "invoices": [
            {
                "invoice_id": one.invoice.id,
                "invoice_number": one.invoice.number,
                "due_date": one.invoice.due_date,
                "balance": one.invoice.balance,
                "standing": one.standing,
                "not_yet": one.early,
                "findings": one.stopping,
                "problem": one.problem,
            }
            for one in found
        ],
    }
