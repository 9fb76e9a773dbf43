"""The words of follow-up: what a ledger shows of an invoice, what has become of each part, and what is to be done.

Source: RULES.md, "H: after the registration" and "After the hand-over", amili/API.md, "Actions".
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum

from connector.domain.invoice import DISPUTES, Frozen, Invoice, InvoiceState, PaymentKind
from connector.domain.money import Kronor

_MaybeDate = date | None


class FollowUpKind(StrEnum):
    """What happened to an invoice after it was handed over."""

    PAYMENT = "payment"
    CREDIT = "credit"
    WRITE_OFF = "write_off"
    UNTIED_CREDIT = "untied_credit"
    """A credit of the customer's that names no invoice."""
    INCREASE = "increase"
    """A payment or credit that was dealt with has become larger."""
    REVERSAL = "reversal"
    """A payment or credit that Amili knows has become smaller, or is gone."""
    LOWERED = "lowered"
    """The invoice itself was changed, and asks for less than when it was sent."""
    RAISED = "raised"
    """The invoice itself was changed, and asks for more."""
    DISPUTE = "dispute"
    RESPITE = "respite"
    """The customer has more time in the ledger than the case gives."""
    WITHDRAWAL = "withdrawal"
    """A person withdraws the case."""
    INVOICE = "invoice"
    """The invoice itself is no longer a claim: cancelled, a draft again, gone, or unreadable."""
    DEBTOR = "debtor"
    """The customer's card does not say any more what was sent to Amili, or says what asks for care."""


REPORTABLE = (FollowUpKind.PAYMENT, FollowUpKind.CREDIT)
"""What has an act of its own at Amili."""

STOPPING = (FollowUpKind.DISPUTE, FollowUpKind.REVERSAL, FollowUpKind.INVOICE)
"""Questions that hold up every automatic act on the hand-over until a person has decided."""


class FollowUpState(StrEnum):
    """Where one follow-up stands."""

    DUE = "due"
    """To be reported; not sent, or provably not received by Amili."""
    REPORTING = "reporting"
    """The intent to report is committed; it may be on its way."""
    UNKNOWN = "outcome_unknown"
    """It was sent and not answered readably; it is being looked up."""
    TAKEN = "taken"
    """Amili took it in; what became of it is to be read back."""
    REPORTED = "reported"
    """It took effect at Amili, or a person has seen what it came to."""
    ASKING = "asking"
    """A person must decide."""
    SKIPPED = "skipped"
    """A person decided that it is not reported, and why."""
    PAYOUT = "payout"
    """Amili's own payout, recognised: never reported back."""
    COUNTED = "counted"
    """Was in the claimed capital already, under another id."""
    LAPSED = "lapsed"
    """It is not in the ledger any more, and nothing was sent."""


IN_FLIGHT = (FollowUpState.REPORTING, FollowUpState.UNKNOWN, FollowUpState.TAKEN)
"""While one follow-up of a hand-over is so, no other is sent: what remains of the case is not known."""

UNFINISHED_FOLLOW_UPS = (FollowUpState.DUE, *IN_FLIGHT)


class Reason(StrEnum):
    """Why a person is asked."""

    BEFORE_CASE = "before_case"
    AROUND_REGISTRATION = "around_registration"
    OTHER_CURRENCY = "other_currency"
    NO_RECEIPT = "no_receipt"
    REJECTED = "rejected"
    SURPLUS = "surplus"
    REFUND = "refund"
    MAY_BE_PAYOUT = "may_be_payout"
    PAYOUTS_UNREAD = "payouts_unread"
    CASE_CLOSED = "case_closed"
    REMAINING_UNKNOWN = "remaining_unknown"
    OVER_REMAINING = "over_remaining"
    WRITE_OFF = "write_off"
    UNTIED_CREDIT = "untied_credit"
    INCREASED = "increased"
    REVERSED = "reversed"
    DISPUTED = "disputed"
    PUT_OFF = "put_off"
    INVOICE_CANCELLED = "invoice_cancelled"
    INVOICE_DRAFT = "invoice_draft"
    INVOICE_GONE = "invoice_gone"
    INVOICE_UNREADABLE = "invoice_unreadable"
    INVOICE_LOWERED = "invoice_lowered"
    INVOICE_RAISED = "invoice_raised"
    DEBTOR_NAME = "debtor_name"
    DEBTOR_NUMBER = "debtor_number"
    DEBTOR_ADDRESS = "debtor_address"
    DEBTOR_ESTATE = "debtor_estate"
    DEBTOR_INSOLVENT = "debtor_insolvent"
    DEBTOR_PROTECTED = "debtor_protected"


class Entry(Frozen):
    """One thing in the ledger that lessens what is owed on the invoice. `amount` is kronor, positive as a rule.

    `number` is a credit invoice's. `currency` is named where it is not kronor. `payment_kind` of a credit note says
    only whether it is booked. `beside` is the part of a payment's `amount` that took nothing off the invoice, such as
    the fee of a reminder. `former_id` is what earlier releases called it, where that was another name.
    """

    kind: FollowUpKind
    id: str
    amount: Kronor
    beside: Kronor = Decimal("0.00")
    date: _MaybeDate = None
    number: str = ""
    payment_kind: PaymentKind = PaymentKind.RECEIPT
    currency: str = ""
    former_id: str = ""

    @property
    def is_unbooked(self) -> bool:
        """Return whether it is a payment or credit that does not stand firm in the books yet."""
        return self.payment_kind in (PaymentKind.UNBOOKED, PaymentKind.UNSEEN, PaymentKind.REJECTED)


class Ledger(Frozen):
    """What the ledger shows of an invoice now. `state` is None where it does not have it any more.

    `disputes` are the disputes that stand, each with an id of its own; `due_date` is when all that is open is due.
    `total` is what the invoice asks for in all, None where that is not kronor.
    """

    state: InvoiceState | None
    entries: tuple[Entry, ...] = ()
    disputes: tuple[str, ...] = ()
    due_date: _MaybeDate = None
    unreadable: str = ""
    total: Kronor | None = None


class Boundary(Frozen):
    """What was in the claimed capital already.

    `counted` are the entries that the registration saw; None for hand-overs of a release that did not keep them.
    Then what is dated before `registered_on` counts as known, and what is dated up to `doubtful_until` is doubtful.
    `total` is what the invoice asked for in all when it was sent, None where that was not kept.
    """

    counted: tuple[Entry, ...] | None
    registered_on: date
    doubtful_until: date
    total: Kronor | None = None


class Noted(Frozen):
    """What our record says of one thing that happened.

    `amount` is what was, or is to be, reported; `settled` what Amili says it settled. `at_amili` says that Amili has
    it, or may have it. `decided` says that a person wants it reported. `ledger_id` names the entry that an increase
    or a reversal belongs to, and is the own id otherwise. `payout` names the payout that a payment was recognised as.
    """

    kind: FollowUpKind
    id: str
    ledger_id: str
    state: FollowUpState
    amount: Kronor
    settled: Kronor | None = None
    at_amili: bool = False
    decided: bool = False
    payout: str = ""


class CaseNow(Frozen):
    """What is left of the case, in kronor; None where Amili does not show it."""

    is_open: bool
    remaining_capital: Kronor | None
    remaining_total: Kronor | None
    settled_capital: Kronor | None


class PayoutPart(Frozen):
    """One line of what Amili pays out for the invoice. Until a transfer is planned, `payout` is "", `paid_on` None."""

    category: str
    amount: Kronor
    booked_on: _MaybeDate = None
    paid_on: _MaybeDate = None
    payout: str = ""


class Step(StrEnum):
    """What is to be done with one thing that happened."""

    REPORT = "report"
    ASK = "ask"
    WAIT = "wait"
    """Nothing yet: it is not booked, or another one comes first."""
    PAYOUT = "payout"
    COUNTED = "counted"
    LAPSE = "lapse"


class Verdict(Frozen):
    """What is to be done with one thing. `may_report` says that a person may have it reported after all."""

    step: Step
    kind: FollowUpKind
    id: str
    ledger_id: str
    amount: Kronor = Decimal("0.00")
    date: _MaybeDate = None
    number: str = ""
    reason: Reason | None = None
    may_report: bool = False
    payout: str = ""


def change_id(kind: FollowUpKind, ledger_id: str, number: int) -> str:
    """The id of the `number`-th increase or reversal of a payment or credit."""
    return f"{kind}:{ledger_id}#{number}"


def reported_as(kind: FollowUpKind, identifier: str) -> FollowUpKind:
    """Return what it is reported as to Amili: an increase is reported as the payment or credit that it belongs to, and
    as a credit what an invoice was lowered by.
    """
    if kind is FollowUpKind.LOWERED:
        return FollowUpKind.CREDIT
    if kind not in (FollowUpKind.INCREASE, FollowUpKind.REVERSAL):
        return kind
    return FollowUpKind.CREDIT if identifier.startswith(f"{FollowUpKind.CREDIT}:") else FollowUpKind.PAYMENT


def entries_of(invoice: Invoice) -> tuple[Entry, ...]:
    """Everything that lessens what is owed on the invoice, and the customer's credits that name none."""
    payments = (
        Entry(
            kind=FollowUpKind.PAYMENT,
            id=payment.id,
            amount=payment.amount,
            beside=payment.beside,
            date=payment.date,
            payment_kind=payment.kind,
            currency=payment.currency,
            former_id=payment.former_id,
        )
        for payment in invoice.payments
    )
    surpluses = (
        Entry(
            kind=FollowUpKind.PAYMENT,
            id=f"{receipt.rest_of}+",
            amount=receipt.amount,
            date=receipt.date,
            payment_kind=PaymentKind.SURPLUS,
            currency=receipt.currency,
        )
        for receipt in invoice.unmatched_receipts or ()
        if receipt.rest_of
    )
    credits_ = (
        Entry(
            kind=FollowUpKind.CREDIT,
            id=note.id,
            amount=abs(note.amount),
            date=note.date,
            number=note.number,
            payment_kind=PaymentKind.RECEIPT if note.booked else PaymentKind.UNBOOKED,
        )
        for note in invoice.credit_notes
    )
    write_offs = (
        Entry(kind=FollowUpKind.WRITE_OFF, id=one.id, amount=one.amount, date=one.date) for one in invoice.write_offs
    )
    untied = (
        Entry(
            kind=FollowUpKind.UNTIED_CREDIT,
            id=one.reference or f"{one.date}:{one.amount}",
            amount=abs(one.amount),
            date=one.date,
            number=one.reference,
        )
        for one in invoice.unapplied_credits or ()
    )
    return (*payments, *surpluses, *credits_, *write_offs, *untied)


def ledger_of(invoice: Invoice) -> Ledger:
    """Return what the ledger shows of an invoice that was read whole."""
    foreign = "" if invoice.currency == "SEK" else invoice.currency
    entries = entries_of(invoice)
    if foreign:
        entries = tuple(entry.model_copy(update={"currency": entry.currency or foreign}) for entry in entries)
    disputes = tuple(f"{hold.kind}:{hold.since or ''}" for hold in invoice.holds or () if hold.kind in DISPUTES)
    return Ledger(
        state=invoice.state,
        entries=entries,
        disputes=disputes,
        due_date=invoice.due_date,
        total=None if foreign else invoice.total,
    )
