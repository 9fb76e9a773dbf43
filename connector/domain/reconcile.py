"""The daily comparison of ledger, our record and Amili: every difference, with its likely cause. Corrects nothing.

Source: domain.md 11.H (H8), 6.4, 1.5.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from enum import StrEnum

from connector.domain.invoice import Frozen, StandingKind
from connector.domain.money import Kronor

_MaybeDate = date | None
_ZERO = Decimal("0.00")


class DifferenceKind(StrEnum):
    """What does not agree, and what that most likely comes from."""

    REPORT_UNDER_WAY = "report_under_way"
    """The ledger has less open than Amili, and just that is being reported, or waits for a person's answer."""
    NOT_REPORTED = "not_reported"
    """The ledger has less open than Amili, and nothing that was found explains it."""
    PAID_AT_AMILI = "paid_at_amili"
    """Amili has less left than the ledger: paid there, and the payout is not booked, or not made yet."""
    CLOSED_AT_AMILI = "closed_at_amili"
    """Closed at Amili, and something is left in the ledger."""
    SETTLED_IN_LEDGER = "settled_in_ledger"
    """Nothing of the claim is left on either side, but the case is still open."""
    NO_CLAIM = "no_claim"
    """The invoice is cancelled, a draft again or gone, and the case is open."""
    DISPUTED = "disputed"
    """The invoice is disputed in the ledger, and the case is open."""
    CASE_GONE = "case_gone"
    """Amili has no such case any more."""
    NOT_READ = "not_read"
    """Amili does not show what is left, or the case or the invoice has not been read."""
    OUTCOME_UNKNOWN = "outcome_unknown"
    """Whether a case was made is not known."""
    UNKNOWN_CASE = "unknown_case"
    """Amili has an open case of the creditor that nothing here has sent."""


class Three(Frozen):
    """One case by all three: what the ledger, our record and Amili say. Amounts are kronor; None is unknown.

    `claimed` is the capital that was registered and `balance_then` what the invoice's balance was at that moment, of
    which the claim may be a part only. `reported` is what we have reported and Amili has settled of it, `under_way`
    what is being reported or asks a person. `ledger` is how the invoice stands, None if it was never read.
    """

    hand_over_id: str
    invoice_number: str
    case_id: str
    claimed: Kronor | None = None
    balance_then: Kronor | None = None
    balance: Kronor | None = None
    ledger: StandingKind | None = None
    reported: Kronor = _ZERO
    under_way: Kronor = _ZERO
    case_gone: bool = False
    is_open: bool = True
    remaining_capital: Kronor | None = None
    payout_date: _MaybeDate = None
    payout_reference: str = ""

    @property
    def open_in_ledger(self) -> Decimal | None:
        """What the ledger says is left of the claimed capital: its balance, less what was on it besides the claim."""
        if self.balance is None:
            return None
        if self.balance_then is None or self.claimed is None:
            return self.balance
        return max(self.balance - (self.balance_then - self.claimed), _ZERO)


class Difference(Frozen):
    """Something that does not agree. `amount` is how much the ledger has open beyond Amili, if that can be told."""

    key: str
    kind: DifferenceKind
    hand_over_id: str = ""
    invoice_number: str = ""
    case_id: str = ""
    in_ledger: Kronor | None = None
    claimed: Kronor | None = None
    reported: Kronor | None = None
    at_amili: Kronor | None = None
    amount: Kronor | None = None
    payout_date: _MaybeDate = None
    payout_reference: str = ""


def differences(three: Three) -> Iterator[Difference]:
    """What does not agree about one case: nothing, one thing about the money, and what stands beside it."""
    if three.case_gone:
        yield _difference(three, DifferenceKind.CASE_GONE)
        return
    if three.is_open and three.ledger in (StandingKind.CANCELLED, StandingKind.DRAFT, StandingKind.GONE):
        yield _difference(three, DifferenceKind.NO_CLAIM)
        return
    if three.is_open and three.ledger is StandingKind.HELD:
        yield _difference(three, DifferenceKind.DISPUTED)
    if (kind := _money(three)) is not None:
        yield _difference(three, kind)


def _money(three: Three) -> DifferenceKind | None:
    left = three.open_in_ledger
    if left is None:
        return DifferenceKind.NOT_READ
    if not three.is_open:
        return DifferenceKind.CLOSED_AT_AMILI if left else None
    if three.remaining_capital is None:
        return DifferenceKind.NOT_READ
    if left == three.remaining_capital:
        return None if left else DifferenceKind.SETTLED_IN_LEDGER
    if left > three.remaining_capital:
        return DifferenceKind.PAID_AT_AMILI
    explained = three.under_way >= three.remaining_capital - left
    return DifferenceKind.REPORT_UNDER_WAY if explained else DifferenceKind.NOT_REPORTED


def _difference(three: Three, kind: DifferenceKind) -> Difference:
    left, there = three.open_in_ledger, three.remaining_capital
    return Difference(
        key=f"{three.hand_over_id}:{kind}",
        kind=kind,
        hand_over_id=three.hand_over_id,
        invoice_number=three.invoice_number,
        case_id=three.case_id,
        in_ledger=left,
        claimed=three.claimed,
        reported=three.reported,
        at_amili=there,
        amount=None if left is None or there is None else left - there,
        payout_date=three.payout_date,
        payout_reference=three.payout_reference,
    )


def unknown_case(case_id: str, invoice_number: str, remaining_capital: Decimal | None) -> Difference:
    """An open case at Amili that nothing here has sent."""
    return Difference(
        key=f"case:{case_id}",
        kind=DifferenceKind.UNKNOWN_CASE,
        case_id=case_id,
        invoice_number=invoice_number,
        at_amili=remaining_capital,
    )


def unknown_outcome(hand_over_id: str, invoice_number: str, claimed: Decimal | None) -> Difference:
    """A registration that nobody knows the outcome of."""
    kind = DifferenceKind.OUTCOME_UNKNOWN
    return Difference(
        key=f"{hand_over_id}:{kind}",
        kind=kind,
        hand_over_id=hand_over_id,
        invoice_number=invoice_number,
        claimed=claimed,
    )
