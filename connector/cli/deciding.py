"""`decide`: a person says whose an open case at Amili is, or lets an invoice be sent once more."""

from __future__ import annotations

import click

from connector.cli.deploying import opened
from connector.cli.hand_over_lines import as_document, hand_over_table
from connector.cli.output import JSON, as_json, shown
from connector.cli.person import user_name
from connector.cli.problems import Misused
from connector.domain.hand_over import Origin
from connector.domain.money import as_text
from connector.flows.deployment import Deployment
from connector.flows.hand_over import deciding
from connector.flows.hand_over.deciding import OPEN_TO_WORD, CaseQuestion
from connector.store import hand_overs
from connector.store.hand_over_record import HandOver
from connector.words import say


@click.command()
@click.argument("reference", metavar="INVOICE")
@click.option("--this-case", metavar="CASE", help="The open case at Amili is of this debt: use it.")
@click.option("--another-debt", metavar="CASE", help="The open case at Amili is of another debt: send the invoice.")
@click.option("--send-once-more", is_flag=True, help="Nothing of it is at Amili: allow one more attempt.")
@click.option("--yes", is_flag=True, help="Do not ask before it is kept.")
@JSON
def decide(
    reference: str, this_case: str | None, another_debt: str | None, send_once_more: bool, yes: bool, json_: bool
) -> None:
    """Say whose an open case at Amili is, where INVOICE has its number but other facts.

    Without an option, both are shown and nothing is decided. A worker then goes on with the invoice.
    """
    case_id = another_debt if this_case is None else this_case
    decides = case_id is not None or send_once_more
    if (this_case is not None) + (another_debt is not None) + send_once_more > 1:
        raise Misused("Choose one of --this-case, --another-debt and --send-once-more.")
    with opened() as deployment:
        found = _hand_over(deployment, reference)
        asked = deciding.question(deployment, found.id)
        if not json_:
            _show(asked)
        if decides and not yes:
            click.confirm(_sure(this_case, another_debt), abort=True, err=json_)
            asked = deciding.still_as_seen(deployment, asked)
        if case_id is not None:
            is_this = this_case is not None
            deciding.say_whose(deployment, asked, case_id, is_this=is_this, by=user_name(), origin=Origin.COMMAND)
        elif send_once_more:
            deciding.send_once_more(deployment, asked, by=user_name())
        if decides and not json_:
            click.echo("Kept on record. A worker goes on with the invoice.")
        if json_:
            as_json(_document(asked, hand_overs.get(deployment.databases.main, found.id)))


def _hand_over(deployment: Deployment, reference: str) -> HandOver:
    found = [one for one in hand_overs.find(deployment.databases.main, reference) if one.state in OPEN_TO_WORD]
    if not found:
        raise Misused(f"No invoice {reference} waits for a decision about its case.")
    if len(found) > 1:
        raise Misused(
            f"Several hand-overs have the number {reference}: name one by its id: " + ", ".join(one.id for one in found)
        )
    return found[0]


def _sure(this_case: str | None, another_debt: str | None) -> str:
    if this_case is not None:
        return f"Is case {this_case} of this debt, and to be used?"
    if another_debt is not None:
        return f"Is case {another_debt} of another debt, and this invoice to be sent?"
    return "Has Amili said that nothing of it is there, and is it to be sent once more?"


def _show(asked: CaseQuestion) -> None:
    hand_over_table([asked.hand_over])
    invoice = asked.invoice
    if invoice is None:
        click.echo(f"\n{say(asked.unreadable.says, 'en') if asked.unreadable else ''}")
        return
    name = _customer_name(asked)
    name = "protected personal data" if name is None else shown(name)
    click.echo(f"\nThe invoice: {name}, dated {invoice.invoice_date}, capital {as_text(asked.capital)} SEK.")
    for one in asked.candidates:
        ended = "" if one.is_open else " (not open any more)"
        capital = "not shown" if one.initial_capital is None else f"{as_text(one.initial_capital)} SEK"
        click.echo(
            f"Case {one.case_id}{ended}: dated {one.invoice_date or 'not shown'}, capital {capital}, "
            f"debtor {_WORD[one.likeness.debtor]}, made {one.created_at or 'not shown'}."
        )
    if not asked.candidates:
        click.echo("No case of its number at Amili is in question.")
    if asked.may_send_once_more:
        click.echo("It may be sent once more: --send-once-more.")


_WORD = {True: "the same", False: "another", None: "not shown"}


def _customer_name(asked: CaseQuestion) -> str | None:
    """None where the customer's identity is protected, or the invoice could not be read."""
    if asked.invoice is None:
        return None
    customer = asked.invoice.customer
    return None if customer.protected_identity else customer.name


def _document(asked: CaseQuestion, now: HandOver) -> dict[str, object]:
    invoice = asked.invoice
    return {
        **as_document(now),
        "invoice": {
            "customer_name": _customer_name(asked),
            "invoice_date": invoice.invoice_date.isoformat() if invoice and invoice.invoice_date else None,
            "capital_to_claim": None if invoice is None else str(asked.capital),
        },
        "problem": say(asked.unreadable.says, "en") if asked.unreadable else None,
        "may_send_once_more": asked.may_send_once_more,
        "cases": [
            {
                "case_id": one.case_id,
                "open": one.is_open,
                "created_at": one.created_at.isoformat() if one.created_at else None,
                "invoice_date": one.invoice_date.isoformat() if one.invoice_date else None,
                "initial_capital": None if one.initial_capital is None else str(one.initial_capital),
                "same_invoice_date": one.likeness.invoice_date,
                "same_capital": one.likeness.capital,
                "same_debtor": one.likeness.debtor,
            }
            for one in asked.candidates
        ],
    }
