"""How a case stands at Amili, in our neutral form, and how near it and its invoice are to their common end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pydantic import Field

from connector.domain.invoice import Frozen, Standing, StandingKind
from connector.domain.money import Kronor


class StatePassed(Frozen):
    """A state that a case has been in, as Amili names it, and since when if that can be read."""

    state: str
    at: datetime | None = None


class CaseStanding(Frozen):
    """A case as it was last read. Holds nothing about persons.

    `state`, `status`, `closed_as_came`, both histories and `amounts` are what Amili sent; everything else is what we
    make of it. Amounts are kronor; `None` is unknown, never zero (amili/API.md, "Case").
    """

    id: str
    creditor: str
    invoice_number: str = ""
    state: str = ""
    status: str = ""
    closed: bool
    closed_as_came: Any = Field(None, repr=False)
    updated_at: datetime | None = None
    capital_to_claim: Kronor | None = None
    settled_capital: Kronor | None = None
    remaining_capital: Kronor | None = None
    remaining_costs: Kronor | None = None
    remaining_interest: Kronor | None = None
    remaining: Kronor | None = None
    state_history: tuple[StatePassed, ...] = ()
    status_history: tuple[Any, ...] = Field((), repr=False)
    amounts: dict[str, Kronor] = Field(default_factory=dict, repr=False)

    @property
    def balance(self) -> Decimal | None:
        """Return what is left at Amili in all, or of the capital where Amili shows no sum."""
        return self.remaining_capital if self.remaining is None else self.remaining

    def facts(self) -> tuple[object, ...]:
        """Return what is shown to people of a case: a change in anything else is kept, and is no event."""
        return (
            self.state,
            self.status,
            self.closed,
            self.capital_to_claim,
            self.settled_capital,
            self.remaining_capital,
            self.remaining_costs,
            self.remaining_interest,
            self.remaining,
        )


class Ending(StrEnum):
    """How far a case and its invoice have come towards their common end."""

    OPEN = "open"
    """Open at Amili, and not paid in the ledger."""
    PAID = "paid"
    """Paid in the ledger, and open at Amili: something may not have been reported, or fees are left."""
    CLOSED = "closed"
    """Closed at Amili, and not paid in the ledger: a payout may not be booked, or there is a loss to decide on."""
    BALANCE = "balance"
    """Closed and paid, but a balance is left, or not known to be zero."""
    ENDED = "ended"
    """Closed at Amili, paid in the ledger, and both balances are zero."""


@dataclass(frozen=True)
class Closing:
    """The three facts that together are the end of a case; `None` is unknown.

    They are three because each may hold without the others (RULES.md, "After the hand-over").
    """

    closed_at_amili: bool | None
    paid_in_ledger: bool | None
    balances_zero: bool | None

    @property
    def ending(self) -> Ending | None:
        """The three in a word; `None` while the case has not been read."""
        match (self.closed_at_amili, self.paid_in_ledger, self.balances_zero):
            case (None, _, _):
                return None
            case (False, paid, _):
                return Ending.PAID if paid else Ending.OPEN
            case (_, True, True):
                return Ending.ENDED
            case (_, True, _):
                return Ending.BALANCE
            case _:
                return Ending.CLOSED


def closing(case: CaseStanding | None, invoice: Standing | None) -> Closing:
    """The three facts, as far as both sides have been read."""
    balances = (case.balance if case else None, None if invoice is None or invoice.state is None else invoice.balance)
    if any(balances):
        zero: bool | None = False
    else:
        zero = None if None in balances else True
    return Closing(
        closed_at_amili=case.closed if case else None,
        paid_in_ledger=invoice.kind is StandingKind.SETTLED if invoice else None,
        balances_zero=zero,
    )
