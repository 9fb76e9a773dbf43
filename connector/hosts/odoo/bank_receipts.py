"""How far a company's bank receipts are booked, by bank journal: the last real receipt on each
(RULES.md, "How far receipts are booked").

Where a journal has bank lines, they alone tell: a payment that someone registered is no money until a line stands
behind it, and the day of one journal says nothing of another.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

from connector.domain.bank_booking import counts_since
from connector.domain.dates import today
from connector.domain.errors import Unreadable
from connector.domain.invoice import BankAccount
from connector.hosts.odoo import records
from connector.hosts.odoo.records import Record
from connector.hosts.odoo.transport import SYSTEM

BANK_LINE, PAYMENT = "account.bank.statement.line", "account.payment"
RECEIPT_FIELDS = ("date", "journal_id")

_ROWS = 100
"""So many rows are asked for at once; a journal that is beyond them is asked for by itself."""

_MONEY_IN = [("amount", ">", 0), ("journal_id.type", "=", "bank")]
_BOOKED_LINE = [*_MONEY_IN, ("state", "=", "posted")]
_BOOKED_PAYMENT = [
    *_MONEY_IN,
    ("payment_type", "=", "inbound"),
    ("partner_type", "=", "customer"),
    # 17 calls it "posted", 18 and 19 have the others (API.md, "Payments").
    ("state", "in", ["posted", "in_process", "paid"]),
]


class Find(Protocol):
    """Searches a model within the company and gives records with the fields `names`."""

    def __call__(self, model: str, domain: list[Any], names: Collection[str], **paging: Any) -> list[dict[str, Any]]:
        """Raises the errors of `OdooClient.call`."""


def bank_receipts(find: Find) -> list[dict[str, Any]]:
    """The last receipt of each bank journal that customers' money came in on lately: `journal_id` and `date`.

    `date` is `False` for a journal with bank lines, none of which brought money. Where none came in lately, the last
    receipt of all. Two calls; more for a company with many receipts or none, or with journals in which payments are
    registered and no line was read lately.
    """
    day = today()
    until = [("date", "<=", day.isoformat())]
    lately = [*until, ("date", ">=", counts_since(day).isoformat())]
    found = _newest_by_journal(find, BANK_LINE, [*_BOOKED_LINE, *lately])
    others = _newest_by_journal(find, PAYMENT, [*_BOOKED_PAYMENT, *lately], but=found)
    for journal, payment in others.items():
        found[journal] = _of_quiet_journal(find, payment)
    if not found:
        newest: dict[str, Any] = {"order": "date desc, id desc", "limit": 1}
        latest = find(BANK_LINE, [*_BOOKED_LINE, *until], RECEIPT_FIELDS, **newest)
        return [_receipt(row) for row in latest or find(PAYMENT, [*_BOOKED_PAYMENT, *until], RECEIPT_FIELDS, **newest)]
    return [found[journal] for journal in sorted(found)]


def last_of(receipts: Collection[dict[str, Any]]) -> dict[str, Any] | None:
    """The receipt through whose day all journals are booked; `None` where one of them, or nothing, tells."""
    if not receipts or not all(receipt["date"] for receipt in receipts):
        return None
    return min(receipts, key=lambda receipt: str(receipt["date"]))


def bank_accounts(receipts: Collection[Record]) -> tuple[BankAccount, ...]:
    """The journals in our form."""
    return tuple(
        BankAccount(
            id=str(records.reference_id(receipt, "journal_id")),
            name=records.shown_name(receipt, "journal_id"),
            booked_until=records.day(receipt, "date"),
        )
        for receipt in receipts
    )


def _newest_by_journal(
    find: Find, model: str, domain: list[Any], *, but: Collection[int] = ()
) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    while True:
        known = [*but, *found]
        elsewhere = [("journal_id", "not in", known)] if known else []
        rows = find(model, [*domain, *elsewhere], RECEIPT_FIELDS, order="date desc, id desc", limit=_ROWS)
        for row in rows:
            found.setdefault(records.reference_id(row, "journal_id"), _receipt(row))
        if len(rows) < _ROWS:
            return found


def _of_quiet_journal(find: Find, payment: dict[str, Any]) -> dict[str, Any]:
    """Return what tells of a journal on which payments were registered, and no bank line brought money lately."""
    of_journal = [("journal_id", "=", records.reference_id(payment, "journal_id"))]
    latest = find(BANK_LINE, [*_BOOKED_LINE, *of_journal], RECEIPT_FIELDS, order="date desc, id desc", limit=1)
    if latest:
        return _receipt(latest[0])
    has_lines = find(BANK_LINE, [*of_journal], RECEIPT_FIELDS, limit=1)
    return {**payment, "date": False} if has_lines else payment


def _receipt(row: Record) -> dict[str, Any]:
    if not row["journal_id"]:
        raise Unreadable("a receipt lacks its journal.", system=SYSTEM)
    return {name: row[name] for name in RECEIPT_FIELDS}
