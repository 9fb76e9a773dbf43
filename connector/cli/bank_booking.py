"""`booked-through`: says, or shows, through which day a company's bank receipts are booked."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import click

from connector.cli.deploying import chosen, opened
from connector.cli.output import JSON, as_json, table
from connector.cli.person import user_name
from connector.cli.previewing import CONNECTION
from connector.cli.problems import Misused
from connector.domain.bank_booking import WHOLE_COMPANY, booked_until
from connector.domain.invoice import BankAccount
from connector.flows.hand_over import bank_booking
from connector.flows.hand_over.bank_booking import DayNotOver, NoSuchAccount
from connector.store import booked_through
from connector.store.booked_through import Said


@click.command("booked-through")
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]), required=False)
@click.option("--account", default=WHOLE_COMPANY, help="The account or journal, by its id; all of them if not given.")
@CONNECTION
@JSON
def booked_through_command(day: datetime | None, account: str, connection_id: str | None, json_: bool) -> None:
    """Say that bank receipts are booked through DAY (YYYY-MM-DD), a day that is over; kept with your name.

    A3 then goes by that day where it is later than the last receipt that the ledger shows. What was said last of an
    account holds: say an earlier day to take one back. Without DAY, show how far receipts are booked and what was said.
    """
    with opened() as deployment:
        connection = chosen(deployment, connection_id)
        if day is not None:
            try:
                bank_booking.say(deployment, connection, day.date(), account=account, by=user_name())
            except DayNotOver:
                raise Misused(f"{day.date()} is not over: name a day before today.") from None
            except NoSuchAccount:
                raise Misused(
                    f"Customers pay on no account {account}; booked-through without DAY lists them."
                ) from None
        accounts = bank_booking.accounts(deployment, connection)
        said = booked_through.history(deployment.databases.main, connection.id)
        until = booked_until(accounts, booked_through.latest(deployment.databases.main, connection.id))
    if json_:
        as_json(_document(connection.id, until, accounts, said))
        return
    if accounts:
        rows = [(one.id or "-", one.name or "all accounts", str(one.booked_until or "unknown")) for one in accounts]
        table(("Account", "Name", "Last receipt"), rows)
    for one in said:
        at = datetime.fromtimestamp(one.at).astimezone()
        click.echo(f"{one.by} said on {at:%Y-%m-%d %H:%M}: through {one.through}, {_account(one)}")
    click.echo(f"Receipts are booked through {until}." if until else "It is not known how far receipts are booked.")


def _account(one: Said) -> str:
    return (one.account_name or one.account) if one.account else "all accounts"


def _document(
    connection_id: str, until: date | None, accounts: tuple[BankAccount, ...], said: tuple[Said, ...]
) -> dict[str, Any]:
    return {
        "connection": connection_id,
        "booked_until": until,
        "accounts": [{"id": one.id, "name": one.name, "last_receipt": one.booked_until} for one in accounts],
        "said": [{"account": one.account, "through": one.through, "by": one.by, "at": one.at} for one in said],
    }
