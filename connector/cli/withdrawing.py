"""`withdraw`: has a case cancelled at Amili, and waits for what becomes of it."""

from __future__ import annotations

import click

from connector.cli.deploying import opened
from connector.cli.exit_codes import ExitCode
from connector.cli.hand_over_lines import as_document, hand_over_table
from connector.cli.output import JSON, LANGUAGE, as_json, finding_lines, shown
from connector.cli.own_worker import some_worker
from connector.cli.person import user_name
from connector.cli.previewing import WAIT_S
from connector.cli.problems import Misused
from connector.domain.errors import ConfigurationError
from connector.domain.hand_over import HandOverState
from connector.domain.money import as_text
from connector.domain.withdrawal import kept_reason
from connector.flows.deployment import Deployment
from connector.flows.follow_up import withdrawal
from connector.flows.follow_up.withdrawal import WithdrawalPreview
from connector.flows.hand_over.ledger_words import state_words
from connector.store import hand_overs
from connector.store.follow_ups import FollowUp
from connector.store.hand_over_record import HandOver


@click.command()
@click.argument("reference", metavar="CASE|INVOICE")
@click.option("--reason", required=True, help="Why; kept on record with your name. Amili is not told.")
@click.option("--yes", is_flag=True, help="Do not ask before withdrawing.")
@WAIT_S
@LANGUAGE
@JSON
def withdraw(reference: str, reason: str, yes: bool, wait_s: float, language: str, json_: bool) -> None:
    """Withdraw the case of a case id or invoice number at Amili.

    It may cost, the more the later. A case that the customer has paid is not to be withdrawn: once the payment is
    reported, it closes by itself. Asking again is safe: a case is cancelled once. The invoice is not sent again by
    itself; `send` sends it again. The exit status is 5 if it was not withdrawn, 6 if the end was not reached within
    --wait-s.
    """
    if not kept_reason(reason):
        raise Misused("--reason must not be empty.")
    with opened() as deployment:
        found = _hand_over(deployment, reference)
        if found.state is not HandOverState.WITHDRAWN:
            _ask_first(withdrawal.preview(deployment, found.id), yes=yes, json_=json_)
            withdrawal.ask(deployment, found.id, by=user_name(), reason=reason)
        ended, row = _waited(deployment, found.id, wait_s)
    _report(ended, row, language, json_=json_)


def _hand_over(deployment: Deployment, reference: str) -> HandOver:
    found = [one for one in hand_overs.find(deployment.databases.main, reference) if one.case_id]
    if not found:
        raise Misused(f"No case at Amili has the case id or invoice number {reference}.")
    standing = [one for one in found if one.state is not HandOverState.WITHDRAWN] or found[:1]
    if len(standing) > 1:
        cases = ", ".join(one.case_id for one in standing)
        raise Misused(f"Several cases have the invoice number {reference}. Name the case: {cases}.")
    return standing[0]


def _ask_first(look: WithdrawalPreview, *, yes: bool, json_: bool) -> None:
    if look.case.closed and not look.under_way:
        raise ConfigurationError("The case is closed at Amili already; there is nothing to withdraw.")
    if not json_:
        _show(look)
    if not yes:
        environment = look.connection.settings.environment
        click.confirm(f"Withdraw case {look.hand_over.case_id} at Amili ({environment})?", abort=True, err=json_)


def _show(look: WithdrawalPreview) -> None:
    hand_over_table([look.hand_over])
    case = look.case
    state = state_words(case.state, case.status, closed=case.closed, language="en")
    left = "unknown" if case.remaining is None else f"{as_text(case.remaining)} SEK"
    click.echo(f"\nAt Amili now: {shown(state)}. Left to pay there: {left}.")
    click.echo("Withdrawing may cost, and more the further the case has come; your agreement with Amili says how much.")
    click.echo("If the customer has paid, do not withdraw: the case closes by itself once the payment is reported.")
    for heading, some in (
        ("In the ledger, and not reported to Amili", look.unreported),
        ("On its way to Amili, and goes first", look.on_their_way),
        ("Waits for a person's answer, and lapses with the withdrawal", look.asking),
    ):
        for one in some:
            click.echo(f"{heading}: {one.kind} {as_text(one.amount)} SEK, {one.date or 'undated'}")
    if look.ledger_problem:
        click.echo(f"The ledger could not be read: {shown(look.ledger_problem)}", err=True)


def _waited(deployment: Deployment, hand_over_id: str, wait_s: float) -> tuple[HandOver, FollowUp | None]:
    last: tuple[HandOver, FollowUp | None] = (hand_overs.get(deployment.databases.main, hand_over_id), None)
    if last[0].state is HandOverState.WITHDRAWN:
        return last
    with some_worker(deployment) as pause:
        for seen in withdrawal.outcomes(deployment, hand_over_id, wait_s=wait_s, sleep=pause):
            last = seen
    return last


def _report(ended: HandOver, row: FollowUp | None, language: str, *, json_: bool) -> None:
    if json_:
        as_json(as_document(ended))
    else:
        click.echo(err=True)
        hand_over_table([ended])
        for line in finding_lines(row.findings if row else (), language):
            click.echo(line)
    if ended.state is HandOverState.WITHDRAWN:
        return
    if row is not None and row.is_asked:
        raise SystemExit(ExitCode.BLOCKED)
    click.echo("\nNot ended yet. The work goes on as soon as a worker runs.", err=True)
    raise SystemExit(ExitCode.UNFINISHED)
