"""An invoice put back to draft, changed and posted again, as in Odoo 19: a changed amount takes off what paid it."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from connector.sandbox.odoo.books import VAT, Books
from connector.sandbox.odoo.matching import partials, receivable
from connector.sandbox.odoo.settling import post_again, to_draft, unmatch_all

_ORE = Decimal("0.01")


def change_invoice(books: Books, invoice: int, price: Decimal) -> None:
    """A person puts a posted invoice back to draft, gives its first row another price, and posts it again."""
    with books.lock:
        to_draft(books, invoice)
        _give_price(books, invoice, price)
        post_again(books, invoice)


def _give_price(books: Books, invoice: int, price: Decimal) -> None:
    records = books.records
    first, *others = [records.get("account.move.line", row) for row in books.field(invoice, "invoice_line_ids")]
    untaxed = (price * first["quantity"]).quantize(_ORE, ROUND_HALF_UP)
    gross = (untaxed * (1 + VAT)).quantize(_ORE, ROUND_HALF_UP)
    values = {"price_unit": price, "price_subtotal": untaxed, "price_total": gross, "balance": -untaxed}
    records.update("account.move.line", first["id"], values)
    untaxed += sum((line["price_subtotal"] for line in others), Decimal(0))
    tax = (untaxed * VAT).quantize(_ORE, ROUND_HALF_UP)
    total = untaxed + tax
    if total != books.field(invoice, "amount_total"):
        unmatch_all(books, invoice)
    left = total - sum((partial["amount"] for partial in partials(records, invoice)), Decimal(0))
    amounts = {"untaxed": untaxed, "tax": tax, "total": total, "residual": left}
    changed = {f"amount_{name}{end}": amount for name, amount in amounts.items() for end in ("", "_signed")}
    records.update("account.move", invoice, changed)
    row = receivable(records, invoice)["id"]
    records.update(
        "account.move.line", row, {"balance": total, "amount_residual": left, "amount_residual_currency": left}
    )
