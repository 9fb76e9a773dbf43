"""Payout lines and payouts of the Amili imitation. Source: amili/API.md, "Payouts"."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from connector.sandbox.amili.checks import as_rfc_1123
from connector.sandbox.amili.state import AmiliState, Case
from connector.sandbox.shared.zone import day_in_sweden


def _today(state: AmiliState) -> str:
    """Sweden's day as Amili sends dates: at midnight GMT."""
    day = day_in_sweden(state.now())
    return as_rfc_1123(datetime(day.year, day.month, day.day, tzinfo=UTC))


def add_line(state: AmiliState, case: Case, category: str, article: str, amount: Decimal) -> dict[str, Any]:
    """A payout specification, made as soon as something is settled on a case."""
    with state.lock:
        identifier = state.new_id()
        line = state.stamps(identifier) | {
            "creditor": case.creditor,
            "creditor_name": case.document["creditor_name"],
            "currency": "SEK",
            "amount": amount,
            "vat_amount": Decimal(0),
            "total_amount": amount,
            "article": article,
            "state": case.state,
            "booking_date": _today(state),
            "finance_category": category,
            "invoice_number": case.invoice_number,
        }
        state.payout_lines[identifier] = line
        return line


def make_payout(state: AmiliState, creditor: str) -> dict[str, Any]:
    """Gather the creditor's lines that wait into one payout, dated today, and note it on them."""
    with state.lock:
        waiting = [
            line for line in state.payout_lines.values() if line["creditor"] == creditor and "payout" not in line
        ]
        identifier = state.new_id()
        summary: dict[str, Decimal] = {}
        for line in waiting:
            summary[line["article"]] = summary.get(line["article"], Decimal(0)) + line["total_amount"]
        dated = {"payout_date": _today(state), "payout_reference": f"A{len(state.payouts) + 1:06}"}
        total = sum(summary.values(), Decimal(0))
        payout = state.stamps(identifier) | {
            "creditor": creditor,
            "currency": "SEK",
            "amount": total,
            "vat_amount": Decimal(0),
            "total_amount": total,
            "status": state.switches.switches.payout_status,
            "summary": summary,
            "finance_interval": "daily",
            **dated,
        }
        state.payouts[identifier] = payout
        for line in waiting:
            line |= {
                "payout": identifier,
                "payout_interval": "daily",
                "_updated": payout["_updated"],
                **dated,
            }
        return payout
