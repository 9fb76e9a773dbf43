"""`reconcile`: ledger, our record and Amili compared, with every difference and what resolves it."""

from __future__ import annotations

from decimal import Decimal

import click

from connector.cli.deploying import chosen, opened
from connector.cli.exit_codes import ExitCode
from connector.cli.output import JSON, LANGUAGE, as_json, table
from connector.cli.previewing import CONNECTION
from connector.domain.money import as_text
from connector.flows.reconcile import Comparison
from connector.flows.reconcile import reconcile as compare
from connector.flows.reconcile_words import cause

_HEADINGS = ("Invoice", "Case", "In ledger", "Claimed", "Reported", "At Amili", "Difference", "What")
_AMOUNTS = _HEADINGS[2:7]


@click.command()
@CONNECTION
@click.option("--exit-code", is_flag=True, help="Exit with status 5 if anything does not agree.")
@LANGUAGE
@JSON
def reconcile(connection_id: str | None, exit_code: bool, language: str, json_: bool) -> None:
    """Compare a company's ledger, our record and Amili, read afresh, and list every difference with what resolves it.

    Changes nothing anywhere. Amounts are what is left of the claimed capital.
    """
    with opened() as deployment:
        connection = chosen(deployment, connection_id)
        found = compare(deployment, connection)
    if json_:
        as_json(
            {
                "connection": connection.id,
                "compared": found.compared,
                "differences": [
                    {**one.model_dump(mode="python"), "cause": cause(one.kind, language)} for one in found.differences
                ],
            }
        )
    else:
        _show(found, language)
    if exit_code and found.differences:
        raise SystemExit(ExitCode.BLOCKED)


def _show(found: Comparison, language: str) -> None:
    if found.differences:
        rows = [
            (
                one.invoice_number,
                one.case_id,
                *(_amount(value) for value in (one.in_ledger, one.claimed, one.reported, one.at_amili, one.amount)),
                one.kind,
            )
            for one in found.differences
        ]
        table(_HEADINGS, rows, right=_AMOUNTS)
        click.echo()
        for kind in dict.fromkeys(one.kind for one in found.differences):
            click.echo(f"{kind}: {cause(kind, language)}")
        click.echo()
    what = _counted(len(found.differences), "difference") if found.differences else "no differences"
    click.echo(f"{_counted(found.compared, 'case')} compared; {what}.")


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _amount(value: Decimal | None) -> str:
    return "" if value is None else as_text(value)
