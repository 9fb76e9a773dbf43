"""Whether an open case of an invoice's number is the case of this debt: where number series restart, it need not be.

Pure. A field that Amili does not show is no evidence either way; one that differs means another debt, as far as anybody
but a person can tell.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from connector.domain.follow_up import Entry, FollowUpKind

_LESSENING = (FollowUpKind.PAYMENT, FollowUpKind.CREDIT, FollowUpKind.WRITE_OFF)


@dataclass(frozen=True)
class Likeness:
    """What a case and a debt have in common, field by field; None where one of them does not tell.

    `theirs_since_ours` says that the case was made after a registration of this debt that no one answered.
    """

    invoice_date: bool | None
    capital: bool | None
    debtor: bool | None
    theirs_since_ours: bool = False

    @property
    def fits(self) -> bool:
        """Return whether it is this debt's case, as nothing speaks against it and something for it."""
        told = [one for one in (self.invoice_date, self.capital, self.debtor) if one is not None]
        return all(told) if told else self.theirs_since_ours

    @property
    def is_of_another(self) -> bool:
        """Return whether it is of another invoice or debtor: what has the same number, but is not this debt's."""
        return self.invoice_date is False or self.debtor is False


def same_date(shown: date | None, own: date | None) -> bool | None:
    """Return whether both have the same invoice date; None where one does not tell."""
    return None if shown is None or own is None else shown == own


def same_capital(initial: Decimal | None, claimed: Decimal | None, entries: Iterable[Entry]) -> bool | None:
    """Return whether a case began with `claimed`, or with more by exactly what was paid or credited since (kronor).

    `entries` are what lessened the invoice: those since the case began are all of a day and later, whichever day.
    """
    if initial is None or claimed is None:
        return None
    since = claimed
    if since == initial:
        return True
    lessening = [one for one in entries if one.kind in _LESSENING and not one.currency and one.date is not None]
    for day in sorted({one.date for one in lessening if one.date}, reverse=True):
        since += sum((one.amount for one in lessening if one.date == day), Decimal(0))
        if since == initial:
            return True
    return False
