"""Amili's own payouts, recognised in the ledger, so that money from Amili is never reported back to it.

Source: amili/API.md, "Payouts", RULES.md, "H: after the registration" (H4). Lines stand at Amili as soon as it settles
a payment, before any transfer: a payout can be in the ledger only where there are lines of the invoice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations

from connector.domain.follow_up import CaseNow, Entry, PayoutPart

NOTHING = Decimal("0.00")
ARRIVES_WITHIN = timedelta(days=7)
"""How long after its date a transfer may be booked by the creditor: bank days, weekends and holidays."""

PRINCIPAL = "capital"
BESIDE = ("creditor_outlay", "interest")
"""What a payout may hold for an invoice beside the capital. Which of it the creditor books on the invoice differs."""

NOT_ON_INVOICES = ("creditor_commission",)
"""Lines that pay nothing off an invoice."""


class Payouts:
    """What Amili has paid out, or will, for one invoice, less what was recognised in the ledger already."""

    def __init__(self, parts: Iterable[PayoutPart], *, recognised: Iterable[str]) -> None:
        every = tuple(part for part in parts if part.category not in NOT_ON_INVOICES)
        known = set(recognised)
        self._parts = [part for part in every if not part.payout or part.payout not in known]
        self._principal = sum((part.amount for part in every if part.category == PRINCIPAL), NOTHING)

    def echoed_by(self, payment: Entry) -> str:
        """The payout that `payment` surely is: dated, of exactly this amount, arrived in time; "" for none."""
        for payout, parts in self._transfers().items():
            paid_on = next((part.paid_on for part in parts if part.paid_on), None)
            in_time = paid_on and payment.date and paid_on <= payment.date <= paid_on + ARRIVES_WITHIN
            if in_time and payment.amount in _sums(parts):
                return payout
        return ""

    def recognise(self, payout: str) -> None:
        """A payout was found in the ledger: no other payment is it."""
        self._parts = [part for part in self._parts if part.payout != payout]

    def may_be(self, payment: Entry) -> bool:
        """Return whether `payment` may hold money that came through Amili, so that a person must say."""
        return any(_came_before(part, payment.date) for part in self._parts)

    def leave_unexplained(self, case: CaseNow, reported: Decimal) -> bool:
        """Return whether more of the capital is settled than we reported and the lines say: they cannot be relied
        on then.
        """
        return case.settled_capital is not None and case.settled_capital > reported + self._principal

    def _transfers(self) -> Mapping[str, list[PayoutPart]]:
        found: dict[str, list[PayoutPart]] = {}
        for part in self._parts:
            if part.payout:
                found.setdefault(part.payout, []).append(part)
        return found


def _sums(parts: list[PayoutPart]) -> set[Decimal]:
    """Return what a transfer can be booked as on the invoice: its capital, with or without what came beside it."""
    by_category: dict[str, Decimal] = {}
    for part in parts:
        by_category[part.category] = by_category.get(part.category, NOTHING) + part.amount
    principal = by_category.pop(PRINCIPAL, NOTHING)
    beside = [amount for category, amount in by_category.items() if category in BESIDE]
    return {
        principal + sum(chosen, NOTHING) for count in range(len(beside) + 1) for chosen in combinations(beside, count)
    } - {NOTHING}


def _came_before(part: PayoutPart, day: date | None) -> bool:
    return day is None or part.booked_on is None or part.booked_on <= day
