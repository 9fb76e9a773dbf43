"""The report of money: what is at Amili, invoice by invoice, as far as it has been read. Calls no one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from connector.domain.money_view import CaseMoney, MoneyRow, money_rows, total
from connector.flows.deployment import Deployment
from connector.store import cases, hand_overs, payout_lines
from connector.store.connections import StoredConnection


@dataclass(frozen=True)
class MoneyReport:
    """The rows, newest hand-over first, their sums, and when payouts were last read (seconds since the epoch)."""

    rows: tuple[MoneyRow, ...]
    total: dict[str, Decimal | None]
    read_at: float | None


def report(deployment: Deployment, connection: StoredConnection, *, today: date) -> MoneyReport:
    """Every case of a connection: claimed, paid, remaining, paid out."""
    db = deployment.databases.main
    settings = connection.settings
    handed_over = hand_overs.with_case(db, connection.id)
    standings = cases.of_many(db, [one.case_id for one in handed_over])
    lines = payout_lines.of_creditor(db, settings.environment.value, settings.creditor)
    money = []
    for one in handed_over:
        standing = standings.get(one.case_id)
        money.append(
            CaseMoney(
                hand_over_id=one.id,
                invoice_number=one.invoice_number,
                debtor_name=one.debtor_name,
                case_id=one.case_id,
                claimed=one.capital,
                paid=standing.settled_capital if standing else None,
                remaining=standing.balance if standing else None,
            )
        )
    rows = tuple(money_rows(money, lines, today=today))
    return MoneyReport(rows, total(rows), payout_lines.read_at(db, settings.environment.value, settings.creditor))
