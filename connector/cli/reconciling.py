"""`reconcile`: ledger, our record and Amili compared, with every difference and what resolves it."""

from __future__ import annotations

from decimal import Decimal

import click

from connector.cli.deploying import chosen, opened
from connector.cli.exit_codes import ExitCode
from connector.cli.output import JSON, LANGUAGE, as_json, instant, table
from connector.cli.previewing import CONNECTION
from connector.domain.money import as_text
from connector.flows.reconcile.comparisons import Compared, compare
from connector.flows.reconcile.reconcile_words import cause
from connector.words import say

_HEADINGS = ("Invoice", "Case", "In ledger", "Claimed", "Reported", "At Amili", "Difference", "Since", "What")
_AMOUNTS = _HEADINGS[2:7]


@click.command()
@CONNECTION
@click.option("--exit-code", is_flag=True, help="Exit with status 5 if anything does not agree.")
@LANGUAGE
@JSON
def reconcile(connection_id: str | None, exit_code: bool, language: str, json_: bool) -> None:
    """Compare a company's ledger, our record and Amili, read afresh, and list every difference with what resolves it.

    Changes nothing in the ledger and at Amili; the result is shown on the page too. Amounts are what is left of the
    claimed capital.
    """
    with opened() as deployment:
        connection = chosen(deployment, connection_id)
        found = compare(deployment, connection.id)
    if json_:
        as_json(
            {
                "connection": connection.id,
                "compared": found.cases,
                "differences": [
                    {
                        **one.difference.model_dump(mode="python"),
                        "payouts_read_at": _maybe_instant(one.difference.payouts_read_at),
                        "first_seen": instant(one.first_seen),
                        "cause": say(cause(one.difference), language),
                    }
                    for one in found.differences
                ],
            }
        )
    else:
        _show(found, language)
    if exit_code and found.differences:
        raise SystemExit(ExitCode.BLOCKED)


def _show(found: Compared, language: str) -> None:
    if found.differences:
        rows = [
            (
                one.invoice_number,
                one.case_id,
                *(_amount(value) for value in (one.in_ledger, one.claimed, one.reported, one.at_amili, one.amount)),
                instant(kept.first_seen)[:10],
                one.kind,
            )
            for kept in found.differences
            for one in (kept.difference,)
        ]
        table(_HEADINGS, rows, right=_AMOUNTS)
        click.echo()
        for kind, words in dict.fromkeys(
            (one.difference.kind, say(cause(one.difference), language)) for one in found.differences
        ):
            click.echo(f"{kind}: {words}")
        click.echo()
    what = _counted(len(found.differences), "difference") if found.differences else "no differences"
    click.echo(f"{_counted(found.cases, 'case')} compared; {what}.")


def _maybe_instant(at_s: float | None) -> str | None:
    return None if at_s is None else instant(at_s)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _amount(value: Decimal | None) -> str:
    return "" if value is None else as_text(value)
