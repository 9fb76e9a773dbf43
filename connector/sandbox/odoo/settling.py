"""What is done in Odoo to payments and credit notes once they are matched, as Odoo 19 does it.

Each of it was seen in a real one; tests/hosts/odoo/test_settling_sandbox.py holds it to what was recorded there.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from connector.sandbox.odoo.books import Books
from connector.sandbox.odoo.chart import BANK_JOURNAL, RECEIVABLE, SUSPENSE
from connector.sandbox.odoo.matching import match, partials, receivable, unmatch


def to_draft(books: Books, move: int) -> None:
    """Put an entry back to draft; what it is matched with stays so."""
    _set_state(books, move, "draft")


def post_again(books: Books, move: int) -> None:
    """Post an entry that was put back to draft."""
    _set_state(books, move, "posted")


def cancel(books: Books, move: int) -> None:
    """Cancel an entry: what it was matched with is open again."""
    with books.lock:
        unmatch_all(books, move)
        _set_state(books, move, "cancel")


def payment_to_draft(books: Books, payment: int) -> None:
    """Put a payment back to draft; its entry stays matched."""
    with books.lock:
        books.records.update("account.payment", payment, {"state": "draft"})
        to_draft(books, books.records.get("account.payment", payment)["move_id"])


def post_payment_again(books: Books, payment: int) -> None:
    """Confirm a payment that was put back to draft."""
    with books.lock:
        books.records.update("account.payment", payment, {"state": "in_process"})
        post_again(books, books.records.get("account.payment", payment)["move_id"])


def cancel_payment(books: Books, payment: int) -> None:
    """Cancel a payment: its entry goes, and the invoice is open again."""
    with books.lock:
        unmatch_all(books, books.records.get("account.payment", payment)["move_id"])
        books.records.update("account.payment", payment, {"state": "canceled", "move_id": False})


def seen_by_bank(books: Books, *payments: int, day: date) -> int:
    """The bank books the money of payments entered by hand, and someone matches them; gives the bank line."""
    with books.lock:
        known = [books.records.get("account.payment", payment) for payment in payments]
        amount = sum((payment["amount"] for payment in known), Decimal(0))
        line = books.receive(amount, partner=known[0]["partner_id"], day=day)
        books.records.update(
            "account.bank.statement.line", line, {"is_reconciled": True, "amount_residual": Decimal(0)}
        )
        matched = {"is_matched": True, "state": "paid", "reconciled_statement_line_ids": [line]}
        for payment in payments:
            books.records.update("account.payment", payment, matched)
        return line


def match_bank_line(books: Books, line: int, *invoices: int) -> None:
    """Match money on the bank statement, which no one has matched, to invoices, each as far as it is open."""
    with books.lock:
        entry = books.records.get("account.bank.statement.line", line)["move_id"]
        (row,) = books.records.search("account.move.line", [["move_id", "=", entry], ["account_id", "=", SUSPENSE]])
        books.records.update("account.move.line", row, {"account_id": RECEIVABLE, "account_type": "asset_receivable"})
        _set_reconciled(books, line, reconciled=True)
        for invoice in invoices:
            left = -receivable(books.records, entry)["amount_residual"]
            match(books.records, invoice, entry, min(left, books.field(invoice, "amount_residual")))


def undo_bank_line(books: Books, line: int) -> None:
    """Take a bank line off everything that it was matched with. Its rows are made again, so they have other ids."""
    with books.lock:
        entry = books.records.get("account.bank.statement.line", line)["move_id"]
        unmatch_all(books, entry)
        rows = [books.records.get("account.move.line", row) for row in books.field(entry, "line_ids")]
        for row in rows:
            books.records.delete("account.move.line", row["id"])
        anew = [books.records.create("account.move.line", _as_first(row)) for row in rows]
        books.records.update("account.move", entry, {"line_ids": anew})
        _set_reconciled(books, line, reconciled=False)


def unmatch_all(books: Books, move: int) -> None:
    """Take an entry off everything that it is matched with."""
    with books.lock:
        for partial in partials(books.records, move):
            unmatch(books.records, partial["id"])


def payments_of(books: Books, invoice: int) -> list[int]:
    """The payments entered by hand on an invoice, oldest first."""
    with books.lock:
        return list(books.field(invoice, "matched_payment_ids"))


def bank_lines(books: Books) -> list[int]:
    """The lines of the bank statement, oldest first."""
    with books.lock:
        return books.records.search("account.bank.statement.line", [["journal_id", "=", BANK_JOURNAL]], order="id")


def _as_first(row: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in row.items() if name not in ("id", "create_uid", "create_date")}
    if row["account_type"] == "asset_receivable":
        kept |= {"account_id": SUSPENSE, "account_type": "asset_current"}
    return kept | {"matched_debit_ids": [], "full_reconcile_id": False}


def _set_reconciled(books: Books, line: int, *, reconciled: bool) -> None:
    amount = books.records.get("account.bank.statement.line", line)["amount"]
    left = Decimal(0) if reconciled else -amount
    books.records.update("account.bank.statement.line", line, {"is_reconciled": reconciled, "amount_residual": left})


def _set_state(books: Books, move: int, state: str) -> None:
    with books.lock:
        books.records.update("account.move", move, {"state": state})
        for row in books.field(move, "line_ids"):
            books.records.update("account.move.line", row, {"parent_state": state})
