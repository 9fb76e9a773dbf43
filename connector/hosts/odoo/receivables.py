"""Which of an invoice's matches pay it: those of its receivable rows alone.

Rows on other accounts can be matched too (a down payment with the invoice that takes it off, gift cards, deposits), and
nothing is paid by that.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import combinations

from connector.hosts.odoo import records
from connector.hosts.odoo.counterparts import RECEIVABLE
from connector.hosts.odoo.records import Record

_MOST_TRIED = 12
_AN_INVOICE = "out_invoice"


def receivable_partials(document: Record) -> list[Record]:
    """The matches of the document's receivable rows.

    Where it does not tell the rows (documents of earlier releases), those that explain what is left on the receivable
    rows; where none do, all but those with other invoices, so that the amounts do not add up for anyone who checks
    them.
    """
    partials = records.parts(document, "partials")
    if all("line_id" in partial for partial in partials):
        return partials
    matched = _matched_on_receivables(document)
    if matched is None or _sum(partials) == matched:
        return partials
    lines = {records.value(line, "id"): line for line in records.parts(document, "matched_lines")}
    rest = [partial for partial in partials if not _is_of_invoice(partial, lines)]
    # Of two that would explain it, the one that is money.
    rest.sort(key=lambda partial: not _is_money(partial, lines))
    explaining = _explaining(rest, matched)
    return rest if explaining is None else explaining


def _matched_on_receivables(document: Record) -> Decimal | None:
    rows = [line for line in records.parts(document, "lines") if records.value(line, "account_type") == RECEIVABLE]
    if not rows:
        return None
    left = sum((records.amount(row, "amount_residual_currency", "lines.open") for row in rows), Decimal(0))
    return records.amount(records.part(document, "move"), "amount_total", "total") - left


def _is_of_invoice(partial: Record, lines: dict[int, Record]) -> bool:
    """Return whether the other side is a row of a customer invoice, which never pays another."""
    line = lines.get(records.reference_id(partial, "credit_move_id"))
    return line is not None and records.value(line, "move_type") == _AN_INVOICE


def _is_money(partial: Record, lines: dict[int, Record]) -> bool:
    line = lines.get(records.reference_id(partial, "credit_move_id"))
    return line is not None and line.get("received") is not None


def _explaining(partials: Sequence[Record], matched: Decimal) -> list[Record] | None:
    """As many of the partials as can be that make up `matched` together; None if none do."""
    if len(partials) > _MOST_TRIED:
        return None
    choices = (chosen for count in range(len(partials), -1, -1) for chosen in combinations(partials, count))
    return next((list(chosen) for chosen in choices if _sum(chosen) == matched), None)


def _sum(partials: Sequence[Record]) -> Decimal:
    return sum((_amount(partial) for partial in partials), Decimal(0))


def _amount(partial: Record) -> Decimal:
    return records.amount(partial, "debit_amount_currency", "payments.amount")
