"""The rows of entries in the ledger imitation."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from connector.sandbox.odoo.chart import SEK
from connector.sandbox.odoo.records import Records


def add_line(records: Records, move: int, name: str, balance: Decimal, account: int, **values: Any) -> int:
    """A row of the entry `move` on `account`; returns its id."""
    entry = records.get("account.move", move)
    return records.create(
        "account.move.line",
        {
            "name": name,
            "move_id": move,
            "move_name": entry.get("name", False),
            "parent_state": entry["state"],
            "move_type": entry["move_type"],
            "date": entry["date"],
            "ref": entry.get("ref", False),
            "journal_id": entry["journal_id"],
            "partner_id": entry.get("partner_id", False),
            "account_id": account,
            "account_type": records.get("account.account", account)["account_type"],
            "currency_id": SEK,
            "company_id": entry["company_id"],
            "balance": balance,
            "amount_currency": balance,
            "debit": max(balance, Decimal(0)),
            "credit": max(-balance, Decimal(0)),
            **values,
        },
    )
