"""The other side of what is matched to an invoice: what is read of it, and how the document tells it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

Record = dict[str, Any]

RECEIVABLE = "asset_receivable"
"""The account_type of the rows that say what the customer owes, one for each part that is due at a time."""


_BANK_MATCHES = "reconciled_statement_line_ids"
_REVERSALS = "reversal_move_ids"
_ENTRY: Record = {"fields": {"line_ids": {"fields": {"account_type": {}, "balance": {}}}}}

RECEIPTS: Record = {
    "payment_id": {
        "fields": {
            **{name: {} for name in ("amount", "state", "date", "is_matched")},
            _BANK_MATCHES: {"fields": {"date": {}}},
            "move_id": _ENTRY,
        }
    },
    "statement_line_id": {"fields": {"amount": {}, "move_id": _ENTRY}},
}
"""What a matched row of money belongs to, and what is read of that, with how much its whole entry took off receivables.
A misc. entry (an offset, a write-off) belongs to neither."""

WITH_REVERSALS: Record = {"fields": {"display_name": {}, _REVERSALS: {}}}
"""What is read of the entry of a payment that was registered on the invoice."""


def told(line: Record) -> Record:
    """A matched row as the document has it, with what it belongs to. An answer without that is reported as it is."""
    if not line.keys() & RECEIPTS.keys():
        return card(line)
    paid, bank_line = (line[name] or None for name in RECEIPTS)
    receipt = paid or bank_line
    return {
        **card({name: value for name, value in line.items() if name not in RECEIPTS}),
        "received": receipt["amount"] if receipt else None,
        "settled": _settled(receipt["move_id"]) if receipt else None,
        "bank_line": bank_line["id"] if bank_line else None,
        "bank_matched": paid["is_matched"] if paid else None,
        "bank_date": max((match["date"] for match in paid[_BANK_MATCHES]), default=None) if paid else None,
        "payment_state": paid["state"] if paid else None,
        "payment_date": paid["date"] if paid else None,
    }


def _settled(entry: Record | bool) -> Decimal | None:
    """Return what an entry took off receivables, in the company's currency."""
    if not isinstance(entry, Mapping):
        return None
    taken = (-row["balance"] for row in entry["line_ids"] if row["account_type"] == RECEIVABLE and row["balance"] < 0)
    return sum(taken, Decimal(0))


def payment(found: Record) -> Record:
    """A payment registered on the invoice as the document has it."""
    entry = found["move_id"]
    if not isinstance(entry, Mapping):
        return {**flat(found), "reversed": False}
    return {**flat(found), "reversed": bool(entry.get(_REVERSALS))}


def card(record: Record | bool) -> Record:
    """A record that a reference came with, without its shown name; `{}` for an empty reference."""
    if not isinstance(record, Mapping):
        return {}
    return flat({name: value for name, value in record.items() if name != "display_name"})


def flat(record: Record) -> Record:
    """A record with its references as `[id, "shown name"]`."""
    return {
        name: [value["id"], value["display_name"]] if isinstance(value, Mapping) else value
        for name, value in record.items()
    }
