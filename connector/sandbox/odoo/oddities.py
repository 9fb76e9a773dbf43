"""What bookkeepers do in Odoo so that its books tell of one thing twice, or of nothing paid, as Odoo 19 does it.

Each of it was seen in a real one (odoo/API.md, "Payments").
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from connector.sandbox.odoo.books import Books
from connector.sandbox.odoo.chart import ADVANCES, BANK, BANK_JOURNAL, LOSS, OUTSTANDING, RECEIVABLE, SEK
from connector.sandbox.odoo.lines import add_line
from connector.sandbox.odoo.matching import match, match_rows, receivable
from connector.sandbox.odoo.settling import unmatch_all


def reject_payment(books: Books, payment: int) -> None:
    """The bank gives a payment back: its state is all that changes; its entry stays booked, and matched."""
    with books.lock:
        books.records.update("account.payment", payment, {"state": "rejected"})


def reverse_payment(books: Books, payment: int) -> int:
    """Reverse a payment's entry: what it paid is open again, and the payment keeps its state. Gives the reversal."""
    with books.lock:
        values = books.records.get("account.payment", payment)
        entry, amount = values["move_id"], values["amount"]
        unmatch_all(books, entry)
        reversal = _entry(books, f"REV/{entry}", values["partner_id"], reversed_entry_id=entry)
        open_amounts = {"amount_residual": amount, "amount_residual_currency": amount}
        rows = [
            add_line(books.records, reversal, "Reversal", amount, RECEIVABLE, **open_amounts),
            add_line(books.records, reversal, "Reversal", -amount, OUTSTANDING),
        ]
        books.records.update("account.move", reversal, {"line_ids": rows})
        books.records.update("account.move", entry, {"reversal_move_ids": [reversal]})
        match(books.records, reversal, entry, amount)
        return reversal


def book_on_advances(books: Books, invoice: int, description: str) -> int:
    """Put a line of an invoice on the account for down payments, whose rows may be matched; gives the row."""
    with books.lock:
        domain = [["move_id", "=", invoice], ["name", "=", description]]
        (row,) = books.records.search("account.move.line", domain)
        balance = books.records.get("account.move.line", row)["balance"]
        open_amounts = {"amount_residual": balance, "amount_residual_currency": balance}
        account = {"account_id": ADVANCES, "account_type": "liability_current"}
        books.records.update("account.move.line", row, account | open_amounts)
        return row


def match_advances(books: Books, taken_off: int, paid: int) -> int:
    """Match the row that takes a down payment off an invoice with the row that it was invoiced on: no one pays."""
    with books.lock:
        debit, credit = (books.records.get("account.move.line", row) for row in (taken_off, paid))
        return match_rows(books.records, debit, credit, min(debit["amount_residual"], -credit["amount_residual"]))


def match_bank_line_short(books: Books, line: int, *invoices: int) -> None:
    """Match a bank line to invoices, a row for each and each whole, and write off in it what is missing."""
    with books.lock:
        values = books.records.get("account.bank.statement.line", line)
        entry, amount = values["move_id"], values["amount"]
        for row in books.field(entry, "line_ids"):
            books.records.delete("account.move.line", row)
        link = {"statement_line_id": line}
        rows = [add_line(books.records, entry, "Bank", amount, BANK, **link)]
        owed = [receivable(books.records, invoice) for invoice in invoices]
        total = sum((debit["amount_residual"] for debit in owed), Decimal(0))
        for debit in owed:
            left = -debit["amount_residual"]
            open_amounts = {"amount_residual": left, "amount_residual_currency": left}
            row = add_line(books.records, entry, "Payment", left, RECEIVABLE, **link, **open_amounts)
            match_rows(books.records, debit, books.records.get("account.move.line", row), -left)
            rows.append(row)
        rows.append(add_line(books.records, entry, "Write-Off", total - amount, LOSS, **link))
        books.records.update("account.move", entry, {"line_ids": rows})
        settled = {"is_reconciled": True, "amount_residual": Decimal(0)}
        books.records.update("account.bank.statement.line", line, settled)


def _entry(books: Books, name: str, partner: int | bool, **values: Any) -> int:
    return books.records.create(
        "account.move",
        {
            "name": name,
            "move_type": "entry",
            "state": "posted",
            "partner_id": partner,
            "date": books.today().isoformat(),
            "journal_id": BANK_JOURNAL,
            "company_id": 1,
            "currency_id": SEK,
            "company_currency_id": SEK,
            **values,
        },
    )
