"""Matching payments and credit notes to invoices, and what Odoo makes of it: balances and payment states."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connector.sandbox.odoo.chart import SEK
from connector.sandbox.odoo.records import Records


def receivable(records: Records, move: int) -> dict[str, Any]:
    """The line of an invoice, credit note or bank entry that is owed or paid."""
    lines = records.search("account.move.line", [["move_id", "=", move], ["account_type", "=", "asset_receivable"]])
    return records.get("account.move.line", lines[0])


def match(records: Records, invoice: int, counterpart: int, amount: Decimal) -> int:
    """Match `amount` of `counterpart` to `invoice`; returns the match's id.

    Raises `ValueError` for more than is open on the invoice.
    """
    return match_rows(records, receivable(records, invoice), receivable(records, counterpart), amount)


def match_rows(records: Records, debit: dict[str, Any], credit: dict[str, Any], amount: Decimal) -> int:
    """As `match`, of two rows, whatever account they are on: only receivable ones lessen an invoice."""
    if amount > debit["amount_residual"]:
        raise ValueError("more than what is open on the invoice")
    partial = records.create(
        "account.partial.reconcile",
        {
            "debit_move_id": debit["id"],
            "credit_move_id": credit["id"],
            "amount": amount,
            "debit_amount_currency": amount,
            "credit_amount_currency": amount,
            "debit_currency_id": SEK,
            "credit_currency_id": SEK,
            "company_currency_id": SEK,
            "company_id": 1,
            "max_date": max(debit["date"], credit["date"]),
        },
    )
    for line, change, links in (
        (debit, -amount, "matched_credit_ids"),
        (credit, amount, "matched_debit_ids"),
    ):
        left = line["amount_residual"] + change
        records.update(
            "account.move.line",
            line["id"],
            {
                "amount_residual": left,
                "amount_residual_currency": left,
                "reconciled": left == 0,
                links: [*line.get(links, []), partial],
            },
        )
    if debit["reconciled"] and credit["reconciled"]:
        full = {"full_reconcile_id": records.create("account.full.reconcile", {})}
        records.update("account.partial.reconcile", partial, full)
        for line in (debit, credit):
            records.update("account.move.line", line["id"], full)
    for line in (debit, credit):
        if line["account_type"] == "asset_receivable":
            _refresh_payment_state(records, line["move_id"])
    return partial


def unmatch(records: Records, partial_id: int) -> None:
    """Take a match apart again, as "unreconcile" does: both sides are open as before."""
    partial = records.get("account.partial.reconcile", partial_id)
    records.delete("account.partial.reconcile", partial_id)
    for side, change, links in (
        ("debit_move_id", partial["amount"], "matched_credit_ids"),
        ("credit_move_id", -partial["amount"], "matched_debit_ids"),
    ):
        line = records.get("account.move.line", partial[side])
        left = line["amount_residual"] + change
        rest = [number for number in line.get(links, []) if number != partial_id]
        still_open = {"amount_residual": left, "amount_residual_currency": left, "reconciled": False}
        records.update("account.move.line", line["id"], still_open | {links: rest, "full_reconcile_id": False})
        _refresh_payment_state(records, line["move_id"])


def _refresh_payment_state(records: Records, move: int) -> None:
    entry = records.get("account.move", move)
    if entry["move_type"] == "entry":
        return
    left = abs(receivable(records, move)["amount_residual"])
    credited = {
        records.get("account.move.line", partial["credit_move_id"])["move_type"] for partial in partials(records, move)
    }
    if left:
        state = "partial" if partials(records, move) else "not_paid"
    else:
        only_credited = entry["move_type"] == "out_invoice" and credited == {"out_refund"}
        state = "reversed" if only_credited else "paid"
        _settle_payments(records, entry)
    sign = -1 if entry["move_type"] == "out_refund" else 1
    amounts = {"amount_residual": left, "amount_residual_signed": sign * left}
    records.update("account.move", move, {"payment_state": state, **amounts})


def _settle_payments(records: Records, invoice: Mapping[str, Any]) -> None:
    """Payments of an invoice that is paid count as paid themselves, where Odoo does not wait for the bank."""
    for payment in invoice.get("matched_payment_ids", []):
        if records.get("account.payment", payment)["state"] == "in_process":
            records.update("account.payment", payment, {"state": "paid"})


def partials(records: Records, move: int) -> list[dict[str, Any]]:
    """The matches of an invoice or credit note, oldest first."""
    line = receivable(records, move)["id"]
    return [
        records.get("account.partial.reconcile", number)
        for side in ("debit_move_id", "credit_move_id")
        for number in records.search("account.partial.reconcile", [[side, "=", line]])
    ]


def payments_widget(records: Records, move: Mapping[str, Any]) -> dict[str, Any] | bool:
    """Return what the form shows as payments of an invoice; `False` if there are none."""
    if move["move_type"] != "out_invoice":
        return False
    content = [_widget_row(records, partial) for partial in partials(records, move["id"])]
    return {"title": "Less Payment", "outstanding": False, "content": content} if content else False


def _widget_row(records: Records, partial: Mapping[str, Any]) -> dict[str, Any]:
    line = records.get("account.move.line", partial["credit_move_id"])
    entry = records.get("account.move", line["move_id"])
    return {
        "name": line["name"],
        "journal_name": records.display_name("account.journal", line["journal_id"]),
        "company_name": False,
        "amount": float(partial["amount"]),
        "currency_id": SEK,
        "date": line["date"],
        "partial_id": partial["id"],
        "account_payment_id": line.get("payment_id", False),
        "move_id": entry["id"],
        "is_refund": entry["move_type"] == "out_refund",
        "ref": f"{entry['name']} ({entry['ref']})" if entry.get("ref") else entry["name"],
        "is_exchange": False,
    }


def status_in_payment(move: Mapping[str, Any]) -> str:
    """State, sending and payment in one word, as Odoo's lists show it."""
    if move["state"] != "posted":
        return str(move["state"])
    state = str(move.get("payment_state", "not_paid"))
    if state not in ("partial", "paid", "reversed"):
        return "sent" if move.get("is_move_sent") else "posted"
    return state
