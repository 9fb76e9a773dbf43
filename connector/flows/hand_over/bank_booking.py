"""What people say of how far a company's receipts are booked, and invoices read with it
(RULES.md, "How far receipts are booked")."""

from __future__ import annotations

from datetime import date

from connector.domain.bank_booking import WHOLE_COMPANY, with_said
from connector.domain.dates import today
from connector.domain.invoice import BankAccount, Invoice
from connector.flows.deployment import Deployment
from connector.flows.hand_over.debtor_seen import with_debtor_seen
from connector.hosts.base import Host
from connector.store import booked_through
from connector.store.connections import StoredConnection


class DayNotOver(ValueError):
    """Receipts cannot be booked through a day that is not over."""


class NoSuchAccount(ValueError):
    """The ledger shows no account of that id on which customers pay."""


def read_invoice(deployment: Deployment, connection_id: str, host: Host, invoice_id: str) -> Invoice:
    """One invoice, fresh and whole, with what people have said of its company's receipts, and whether its debtor is
    another than before.

    Raises the errors of `Host.read`.
    """
    said = booked_through.latest(deployment.databases.main, connection_id)
    return with_debtor_seen(deployment, connection_id, with_said(host.read(invoice_id), said))


def accounts(deployment: Deployment, connection: StoredConnection) -> tuple[BankAccount, ...]:
    """The accounts that something can be said of by themselves. Raises the errors of remote calls."""
    _, host = deployment.sides(connection)
    return host.bank_accounts()


def say(deployment: Deployment, connection: StoredConnection, through: date, *, account: str, by: str) -> None:
    """Keep that receipts are booked through a day, on one account or, where `account` is "", on all of them.

    Raises `DayNotOver`, `NoSuchAccount`, and for an account the errors of remote calls.
    """
    if through >= today():
        raise DayNotOver(through.isoformat())
    name = ""
    if account != WHOLE_COMPANY:
        known = {one.id: one.name for one in accounts(deployment, connection)}
        if account not in known:
            raise NoSuchAccount(account)
        name = known[account]
    booked_through.say(
        deployment.databases.main, connection.id, account=account, account_name=name, through=through, by=by
    )
