"""What is at Amili, invoice by invoice: claimed, paid, remaining, paid out. A report; nothing is booked by it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

ZERO = Decimal("0.00")

TO_CREDITOR = frozenset({"capital", "creditor_outlay"})
"""The categories that settle what the creditor itself claimed; for reconciling an invoice (amili/API.md, "Payouts")."""


@dataclass(frozen=True)
class PaidOut:
    """A line of what Amili pays out, VAT included, in kronor. `payout_date` is None while no transfer is planned.

    `total` is None where Amili showed no amount.
    """

    invoice_number: str
    category: str
    article: str
    currency: str
    total: Decimal | None
    booked_on: date | None
    payout_date: date | None
    payout_reference: str


@dataclass(frozen=True)
class CaseMoney:
    """What a case claims, and what Amili says of it; None is unknown."""

    hand_over_id: str
    invoice_number: str
    debtor_name: str = field(repr=False)
    case_id: str
    claimed: Decimal | None
    paid: Decimal | None
    remaining: Decimal | None


@dataclass(frozen=True)
class MoneyRow:
    """One invoice of the report. `paid_out` has been transferred, `to_come` is settled and not transferred yet.

    `other` is what Amili settles beside the creditor's own claim (interest, commission); `unread` says that Amili
    showed a line without an amount, so that the sums are not whole.
    """

    case: CaseMoney
    paid_out: Decimal
    to_come: Decimal
    other: Decimal
    unread: bool
    latest_payout: date | None


def money_rows(cases: Iterable[CaseMoney], lines: Mapping[str, Iterable[PaidOut]], *, today: date) -> list[MoneyRow]:
    """A row for each case; `lines` are by invoice number. A transfer dated after `today` is yet to come."""
    return [_row(case, tuple(lines.get(case.invoice_number, ())), today) for case in cases]


def _row(case: CaseMoney, lines: tuple[PaidOut, ...], today: date) -> MoneyRow:
    own = [line for line in lines if line.category in TO_CREDITOR]
    transferred = [line for line in own if line.payout_date is not None and line.payout_date <= today]
    dates = [line.payout_date for line in transferred if line.payout_date is not None]
    paid_out = _sum(transferred)
    return MoneyRow(
        case=case,
        paid_out=paid_out,
        to_come=_sum(own) - paid_out,
        other=_sum(line for line in lines if line.category not in TO_CREDITOR),
        unread=any(line.total is None for line in lines),
        latest_payout=max(dates, default=None),
    )


def total(rows: Iterable[MoneyRow]) -> dict[str, Decimal | None]:
    """The sums of the report, of what is known: claimed, paid, remaining, paid_out, to_come, other.

    None where nothing is known at all.
    """
    every = list(rows)
    return {
        "claimed": _known(row.case.claimed for row in every),
        "paid": _known(row.case.paid for row in every),
        "remaining": _known(row.case.remaining for row in every),
        "paid_out": sum((row.paid_out for row in every), ZERO),
        "to_come": sum((row.to_come for row in every), ZERO),
        "other": sum((row.other for row in every), ZERO),
    }


def _known(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, ZERO) if known else None


def _sum(lines: Iterable[PaidOut]) -> Decimal:
    return sum((line.total or ZERO for line in lines), ZERO)
