"""The daily comparison of ledger, our record and Amili: every difference, with its likely cause. Corrects nothing.

Source: RULES.md, "H: after the registration" (H8), "What went wrong elsewhere" and "After the hand-over".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from connector.domain.invoice import Frozen, StandingKind
from connector.domain.money import Kronor
from connector.domain.money_view import PaidOut

CAPITAL = "capital"
"""The category of the payout lines that the claimed capital is paid out on (amili/API.md, "Payouts")."""

PAYOUT_IS_LATE = timedelta(days=10)
"""How long a payout may stand unbooked, or be awaited, before a person is asked to see to it."""
REPORT_IS_LATE = timedelta(days=7)
"""How long a payment may wait to be reported, or to be booked, before a person is asked: the debtor is chased."""
BANK_IS_LATE = timedelta(days=3)
"""How long what nothing explains may stand before a person is asked: a receipt is matched within some bank days.

An invoice whose own total was changed is no such thing: that is seen, and asked about, as the invoice is looked at
(`connector.domain.changed_total`).
"""
SEEN_TWICE = timedelta(hours=12)
"""Until the next night has told the same: what a slow system alone may bring about."""

_MaybeDate = date | None
_ZERO = Decimal("0.00")


class DifferenceKind(StrEnum):
    """What does not agree, and what that most likely comes from."""

    REPORT_UNDER_WAY = "report_under_way"
    """The ledger has less open than Amili, and that is looked at or being reported, or waits for a person's answer."""
    NOT_REPORTABLE = "not_reportable"
    """The ledger has less open than Amili, and a step that reporting it needs fails, or is refused."""
    NOT_REPORTED = "not_reported"
    """The ledger has less open than Amili, and nothing that was found explains it."""
    PAID_AT_AMILI = "paid_at_amili"
    """Amili has less left than the ledger: paid there, and the payout is not booked, or not made yet."""
    MORE_IN_LEDGER = "more_in_ledger"
    """The ledger has more open than Amili, and no one has paid there."""
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
    SEVERAL_CASES = "several_cases"
    """Amili has another open case with the number of an invoice that was sent from here."""
    STILL_OPEN = "still_open"
    """The case was withdrawn from here, and Amili still has it open."""


WAITS_FOR_PERSON: Mapping[DifferenceKind, timedelta] = MappingProxyType(
    {
        DifferenceKind.REPORT_UNDER_WAY: REPORT_IS_LATE,
        DifferenceKind.NOT_REPORTED: BANK_IS_LATE,
        DifferenceKind.PAID_AT_AMILI: PAYOUT_IS_LATE,
        DifferenceKind.MORE_IN_LEDGER: SEEN_TWICE,
        DifferenceKind.CLOSED_AT_AMILI: SEEN_TWICE,
        DifferenceKind.CASE_GONE: SEEN_TWICE,
        DifferenceKind.NOT_READ: SEEN_TWICE,
        DifferenceKind.UNKNOWN_CASE: timedelta(),
        DifferenceKind.SEVERAL_CASES: timedelta(),
        DifferenceKind.STILL_OPEN: SEEN_TWICE,
    }
)
"""What a person must see to, once it has stood for so long.

The others ask no one: of a dispute, of an invoice that is no claim any more, of a registration in doubt and of a step
that fails a person is asked already, and a case that is paid but for its fees and interest is Amili's to pursue
(RULES.md, "After the hand-over").
"""


class Three(Frozen):
    """One case by all three: what the ledger, our record and Amili say. Amounts are kronor; None is unknown.

    `claimed` is the capital that was registered and `balance_then` what the invoice's balance was at that moment, of
    which the claim may be a part only. `reported` is what we have reported and Amili has settled of it, `under_way`
    what is being reported or asks a person, `not_to_report` what a person decided not to report, and `taken_back` what
    of the reported was taken back in the ledger. `is_looked_at` says that a look at what happened to the invoice is not
    finished, `is_hindered` that it fails or is refused. `ledger` is how the invoice stands, None if it was never read.
    `payouts` are the invoice's lines as they were read at `payouts_read_at`, seconds since the epoch.
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
    not_to_report: Kronor = _ZERO
    taken_back: Kronor = _ZERO
    is_looked_at: bool = False
    is_hindered: bool = False
    case_gone: bool = False
    is_open: bool = True
    remaining_capital: Kronor | None = None
    payouts: tuple[PaidOut, ...] = ()
    payouts_read_at: float | None = None

    @property
    def open_in_ledger(self) -> Decimal | None:
        """Return what the ledger says is left of the claimed capital: its balance, less what was on it beside the
        claim.
        """
        if self.balance is None:
            return None
        if self.balance_then is None or self.claimed is None:
            return self.balance
        return max(self.balance - (self.balance_then - self.claimed), _ZERO)

    @property
    def paid_there(self) -> Decimal | None:
        """Return what of the capital the debtor has paid to Amili, if that can be told."""
        if self.claimed is None or self.remaining_capital is None:
            return None
        return self.claimed - self.remaining_capital - self.reported


class Difference(Frozen):
    """Something that does not agree. `amount` is how much the ledger has open beyond Amili, if that can be told.

    `is_decided` says that it stands by a person's decision. The payout is the first that was made and is not booked,
    as payouts were read at `payouts_read_at` (seconds since the epoch; None if never, or where it is not about them).
    """

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
    is_decided: bool = False
    payout_date: _MaybeDate = None
    payout_reference: str = ""
    payouts_read_at: float | None = None

    @property
    def substance(self) -> str:
        """Return what it comes to: the same for as long as a decision about it holds."""
        what = (self.in_ledger, self.at_amili) if self.amount is None else (self.amount,)
        return "/".join("" if one is None else str(one) for one in what)

    @property
    def may_stand(self) -> timedelta | None:
        """For how long it may stand before a person must see to it; None for ever."""
        if self.is_decided or self.kind not in WAITS_FOR_PERSON:
            return None
        paid_there = self.kind is DifferenceKind.CLOSED_AT_AMILI and self.at_amili == 0
        return PAYOUT_IS_LATE if paid_there else WAITS_FOR_PERSON[self.kind]


def differences(three: Three) -> Iterator[Difference]:
    """Return what does not agree about one case: nothing, one thing about the money, and what stands beside it."""
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
    left, there = three.open_in_ledger, three.remaining_capital
    if left is None:
        return DifferenceKind.NOT_READ
    if not three.is_open:
        return DifferenceKind.CLOSED_AT_AMILI if left else None
    if there is None:
        return DifferenceKind.NOT_READ
    if left == there:
        return None if left else DifferenceKind.SETTLED_IN_LEDGER
    if left > there:
        nobody_paid = three.paid_there is not None and three.paid_there <= 0
        return DifferenceKind.MORE_IN_LEDGER if nobody_paid else DifferenceKind.PAID_AT_AMILI
    if three.is_hindered:
        return DifferenceKind.NOT_REPORTABLE
    explained = three.is_looked_at or three.under_way >= there - left
    return DifferenceKind.REPORT_UNDER_WAY if explained else DifferenceKind.NOT_REPORTED


def _is_decided(three: Three, kind: DifferenceKind, amount: Decimal | None) -> bool:
    """Return whether what a person decided accounts for the whole difference, to the öre."""
    match kind:
        case DifferenceKind.NOT_REPORTED:
            return amount is not None and three.not_to_report + three.under_way == -amount
        case DifferenceKind.MORE_IN_LEDGER:
            return amount is not None and three.taken_back == amount
        case _:
            return False


def _payout_to_book(three: Three, amount: Decimal | None) -> PaidOut | None:
    """The first payout of capital that is not booked yet, if Amili has made one: the earlier ones are booked first."""
    paid_there = three.paid_there
    if amount is None or paid_there is None:
        return None
    covered = paid_there - amount
    made = [one for one in three.payouts if one.category == CAPITAL and one.payout_date is not None and one.total]
    for one in sorted(made, key=lambda one: (one.payout_date or date.max, one.payout_reference)):
        if covered < (one.total or _ZERO):
            return one
        covered -= one.total or _ZERO
    return None


def _difference(three: Three, kind: DifferenceKind) -> Difference:
    left, there = three.open_in_ledger, three.remaining_capital
    amount = None if left is None or there is None else left - there
    is_payout = kind in (DifferenceKind.PAID_AT_AMILI, DifferenceKind.CLOSED_AT_AMILI)
    payout = _payout_to_book(three, amount) if is_payout else None
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
        amount=amount,
        is_decided=_is_decided(three, kind, amount),
        payout_date=payout.payout_date if payout else None,
        payout_reference=payout.payout_reference if payout else "",
        payouts_read_at=three.payouts_read_at if is_payout else None,
    )


def still_open(three: Three) -> Difference:
    """A case that was withdrawn from here, and that Amili still has open."""
    return _difference(three, DifferenceKind.STILL_OPEN)


def unknown_case(case_id: str, invoice_number: str, remaining_capital: Decimal | None) -> Difference:
    """An open case at Amili that nothing here has sent."""
    return Difference(
        key=f"case:{case_id}",
        kind=DifferenceKind.UNKNOWN_CASE,
        case_id=case_id,
        invoice_number=invoice_number,
        at_amili=remaining_capital,
    )


def several_cases(
    hand_over_id: str,
    invoice_number: str,
    claimed: Decimal | None,
    *,
    case_id: str,
    remaining_capital: Decimal | None,
) -> Difference:
    """An open case at Amili beside the one that a hand-over of the same number is known to have made."""
    return Difference(
        key=f"case:{case_id}",
        kind=DifferenceKind.SEVERAL_CASES,
        hand_over_id=hand_over_id,
        invoice_number=invoice_number,
        case_id=case_id,
        claimed=claimed,
        at_amili=remaining_capital,
    )


def unknown_outcome(hand_over_id: str, invoice_number: str, claimed: Decimal | None) -> Difference:
    """A registration that no one knows the outcome of."""
    kind = DifferenceKind.OUTCOME_UNKNOWN
    return Difference(
        key=f"{hand_over_id}:{kind}",
        kind=kind,
        hand_over_id=hand_over_id,
        invoice_number=invoice_number,
        claimed=claimed,
    )
