"""The ledger's things in our neutral form: what every host's translation produces.

Everything is frozen. A fact about the ledger that a host has no data for is `None`, which is not the same
as an empty tuple or `False`: `None` makes the check that needs it say "not checked" (RULES.md, "How a check stops"),
so a host that forgets a fact is seen, never silently trusted.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from connector.domain.money import Kronor

# A field called `date` with a default hides the type of that name where its annotation is evaluated.
_MaybeDate = date | None


class Frozen(BaseModel):
    """Base of the neutral forms: immutable, and no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class InvoiceKind(StrEnum):
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    CASH = "cash"
    INTEREST = "interest"
    OTHER = "other"


class InvoiceState(StrEnum):
    DRAFT = "draft"
    BOOKED = "booked"
    CANCELLED = "cancelled"


class CustomerType(StrEnum):
    COMPANY = "company"
    PERSON = "person"


class LineKind(StrEnum):
    """What a line of the invoice charges for; decided by the host with the connection's settings."""

    GOODS = "goods"
    INVOICE_FEE = "invoice_fee"
    REMINDER_FEE = "reminder_fee"
    INTEREST = "interest"
    ROUNDING = "rounding"
    """Nothing was sold: the total rounded to whole kronor."""


class Address(Frozen):
    """A postal address as the ledger has it; an absent part is an empty string. `country` is ISO 3166-1."""

    address_line_1: str = Field("", repr=False)
    address_line_2: str = Field("", repr=False)
    zip_code: str = Field("", repr=False)
    city: str = Field("", repr=False)
    country: str = ""


class InvoicedParty(Frozen):
    """Whom an invoice itself names, with the data of the day on which it was made; what it does not tell is empty."""

    name: str = Field("", repr=False)
    id_number: str = Field("", repr=False)
    email: str = Field("", repr=False)
    phone: str = Field("", repr=False)


class Customer(Frozen):
    """Who owes the money: the customer card of today.

    `invoiced` is whom the invoice names, where the ledger keeps that (`connector.domain.invoiced` says which of both is
    claimed). `addressee_left` says that the contact whom the invoice went to belongs to another customer now,
    `debtor_changed` that the ledger gave the invoice to another customer since it was first read.
    `address` is the customer card's, `invoice_address` what stands on the invoice (RULES.md, "E: the debtor").
    `id_number` is the ledger's own spelling; `connector.domain.identity` reads it.
    `sole_trader` is a person's decision on the customer or `None` if no one made one (RULES.md, "Company or person").
    `cards_with_number` are the numbers of other cards of another name that have the same identity number; None if
    they were not searched for.
    `never_send` says that a person has barred the customer from collection; `None` if the ledger cannot tell.
    """

    id: str
    number: str = ""
    name: str = Field("", repr=False)
    customer_type: CustomerType | None = None
    sole_trader: bool | None = None
    id_number: str = Field("", repr=False)
    email: str = Field("", repr=False)
    phone: str = Field("", repr=False)
    invoiced: InvoicedParty | None = Field(None, repr=False)
    addressee_left: bool = False
    debtor_changed: bool = False
    address: Address = Address()
    invoice_address: Address = Address()
    protected_identity: bool | None = None
    never_send: bool | None = None
    cards_with_number: tuple[str, ...] | None = ()


class Line(Frozen):
    """One line of the invoice. `amount` is gross (VAT included), in kronor; it may be negative.

    `products` is what the company may call its product, `account` the code of the account it is booked on.
    """

    description: str
    amount: Kronor
    kind: LineKind = LineKind.GOODS
    products: tuple[str, ...] = ()
    account: str = ""


class PaymentKind(StrEnum):
    """What the ledger tells of an entry that pays an invoice."""

    RECEIPT = "receipt"
    """Booked money."""
    UNBOOKED = "unbooked"
    """Entered by a person; the books know nothing of it yet, or not any more."""
    UNSEEN = "unseen"
    """Booked, and not yet seen by the bank, in a company that waits for that."""
    OFFSET = "offset"
    """Booked against the invoice, by an entry that is neither a payment nor a line of a bank statement; or by one of
    which it cannot be told how much came in for this invoice."""
    REJECTED = "rejected"
    """Matched to the invoice still, though the ledger itself says of the payment that it did not come."""
    SURPLUS = "surplus"
    """Came with a payment of the invoice, beyond what was owed on it. Never in `Invoice.payments`."""


class Payment(Frozen):
    """A payment the ledger has matched to the invoice. `date` is the bank's booking date.

    `currency` is named where the money came in another one than the invoice's; `amount` is in the invoice's.
    `beside` is the part of `amount` that paid something else, such as the fee of a reminder, and took nothing off the
    invoice. `former_id` is what earlier releases called it, where that was another name.
    """

    id: str
    amount: Kronor
    beside: Kronor = Decimal("0.00")
    date: date
    reference: str = ""
    kind: PaymentKind = PaymentKind.RECEIPT
    currency: str = ""
    former_id: str = ""


class WriteOff(Frozen):
    """What the ledger took off the invoice without money coming in."""

    id: str
    amount: Kronor
    date: date


class CreditNote(Frozen):
    """A credit note the ledger has matched to the invoice. One that is a draft again is not `booked`."""

    id: str
    number: str
    amount: Kronor
    date: date
    booked: bool = True


class Instalment(Frozen):
    """One of several parts that an invoice is to be paid in. `balance` is what is open of it."""

    due_date: date
    balance: Kronor


class ReminderSent(Frozen):
    """A reminder the creditor sent itself. `fee` is what it charged, without VAT (RULES.md, "Fees"); None if
    the ledger does not record what its reminders charge.

    `not_claimed` is what it charged in addition: only one fee is claimed per claim. `claimed_with` is the number of the
    invoice whose claim has the fee, where one letter reminded of several. `written` is False of a call, which costs
    nothing and interrupts no limitation. `date` is None if the ledger tells only that
    a reminder was sent, not when; its fee is not claimed then. `in_balance` says whether the ledger booked the fee onto
    the invoice's own balance, `paid` whether the debtor has paid the fee (None: the ledger cannot tell).
    """

    date: _MaybeDate = None
    fee: Kronor | None = None
    not_claimed: Kronor = Decimal("0.00")
    claimed_with: str = ""
    written: bool = True
    in_balance: bool = False
    paid: bool | None = None


class Hold(Frozen):
    """The invoice is disputed or barred from collection in the ledger. `kind` is a key of the checks' texts."""

    kind: str
    by: str = ""
    since: date | None = None


class OpenReceipt(Frozen):
    """Money received, or a credit given, that the ledger has not matched to an invoice.

    `currency` is named where it is not the invoice's; no one has exchanged `amount` then. `rest_of` is the id of the
    invoice's payment that it came with, if it did.
    """

    amount: Kronor
    currency: str = ""
    date: _MaybeDate = None
    reference: str = ""
    rest_of: str = ""


class BankAccount(Frozen):
    """An account on which customers' money came in lately; `booked_until` is the day of the last receipt booked on it.

    `booked_until` is None where money came in, and nothing shows that the bank has been read.
    """

    id: str
    name: str = ""
    booked_until: date | None = None


class Invoice(Frozen):
    """One customer invoice, fresh and whole.

    Amounts are kronor including VAT. `total` is the invoice's printed total and `balance` what the ledger
    says is open now; both include any reminder fee or interest that the ledger booked onto the invoice
    (lines of kind REMINDER_FEE and INTEREST, or reminders with `in_balance`). `reminders_known` is False where the
    ledger keeps none. `due_date` is the day on which all that is open is due; `instalments` are the parts of an
    invoice to be paid in several, in order of their dates.

    `payment_reference` is what the customer is asked to state when paying, "" where the ledger does not tell;
    `reference_has_length_digit` says that the ledger makes its references so (an OCR number of Bankgirot with a length
    digit before the check digit).

    `ledger_balance` is the ledger's own figure where `balance`, the customer's part of it, may be another: a part of an
    invoice with tax reduction is the Tax Agency's. `only_reduction_left` says that the customer's part of such an
    invoice is paid, so that what is left may be the Agency's.

    `holds` is None where the ledger has none at all; `policies_unseen` says that it keeps a kind of them that we may
    not see, and `right_to_policies` what would let us, as the ledger calls it.

    `taken_back` are ids of payments, and of credit notes as `credit-` with theirs, that are still matched to the
    invoice and that the ledger does not stand by any more: drafts again, or rejected. `reversed_payments` were
    registered on the invoice and are matched to it no more, since their entries were reversed. `hidden_company` names
    another company that this one's customers' money may come in at, and that our user may not see.

    `bank_booked_until` is the day through which the company's receipts are booked, None where that is not known;
    `bank_accounts` are what it was found from, empty where the ledger was asked and shows no payment at all.
    """

    id: str
    number: str
    kind: InvoiceKind = InvoiceKind.INVOICE
    state: InvoiceState
    invoice_date: date | None
    due_date: date | None
    currency: str
    total: Kronor
    balance: Kronor
    lines: tuple[Line, ...] = ()
    payments: tuple[Payment, ...] = ()
    credit_notes: tuple[CreditNote, ...] = ()
    write_offs: tuple[WriteOff, ...] = ()
    instalments: tuple[Instalment, ...] = ()
    reminders: tuple[ReminderSent, ...] = ()
    reminders_known: bool = True
    customer: Customer
    payment_reference: str = Field("", repr=False)
    reference_has_length_digit: bool = False

    bank_booked_until: date | None = None
    bank_accounts: tuple[BankAccount, ...] | None = None
    unmatched_receipts: tuple[OpenReceipt, ...] | None = None
    unapplied_credits: tuple[OpenReceipt, ...] | None = None
    taken_back: tuple[str, ...] = ()
    reversed_payments: tuple[OpenReceipt, ...] = ()
    hidden_company: str = ""
    holds: tuple[Hold, ...] | None = None
    policies_unseen: bool = False
    right_to_policies: str = ""
    respite_until: tuple[date, ...] | None = None
    other_owners: tuple[str, ...] | None = None
    tax_reduction: Kronor | None = None
    ledger_balance: Kronor | None = None
    only_reduction_left: bool = False


class OverdueInvoice(Frozen):
    """A row of the list of overdue invoices: enough to show and to choose, cheap to read.

    `total` and `balance` are None where the ledger shows something that is no amount; reading the invoice says what.
    """

    id: str
    number: str
    customer_name: str = Field("", repr=False)
    invoice_date: date | None
    due_date: date | None
    total: Kronor | None
    balance: Kronor | None
    currency: str
    case_id: str = ""


class Pdf(Frozen):
    """The invoice as the customer got it. `invoice_number` is what the ledger says the document shows."""

    content: bytes = Field(repr=False)
    file_name: str
    invoice_number: str


class StandingKind(StrEnum):
    """What a case must learn of its invoice, in a word."""

    OPEN = "open"
    SETTLED = "settled"
    """Nothing is left to pay: paid, or credited."""
    HELD = "held"
    """Disputed."""
    DRAFT = "draft"
    CANCELLED = "cancelled"
    GONE = "gone"
    UNREADABLE = "unreadable"
    """The ledger shows no amount that can be read; anyone who looks at the invoice by itself asks a person."""


class Standing(Frozen):
    """How an invoice stands in its ledger, as far as its case is concerned. Holds nothing about persons.

    `state` is None where the ledger does not have the invoice any more. `put_off` says that what is open is not
    overdue, as far as the ledger tells that among so little: the customer has got more time. `unreadable` says that
    `balance` means nothing. `taken_back` is as `Invoice.taken_back`.
    """

    state: InvoiceState | None
    balance: Kronor = Decimal("0.00")
    held: bool = False
    put_off: bool = False
    unreadable: bool = False
    taken_back: tuple[str, ...] = ()

    @property
    def kind(self) -> StandingKind:
        """Return what matters most about it, in a word."""
        if self.unreadable:
            return StandingKind.UNREADABLE
        if self.state is None:
            return StandingKind.GONE
        if self.state is not InvoiceState.BOOKED:
            return StandingKind(self.state)
        if not self.balance:
            return StandingKind.SETTLED
        return StandingKind.HELD if self.held else StandingKind.OPEN


DISPUTES = frozenset({"blocked", "disputed"})
"""The kinds of hold by which a ledger's people say that an invoice is disputed."""


def standing_of(invoice: Invoice) -> Standing:
    """Return how an invoice that was read whole stands in its ledger."""
    held = any(hold.kind in DISPUTES for hold in invoice.holds or ())
    balance = invoice.balance if invoice.ledger_balance is None else invoice.ledger_balance
    return Standing(state=invoice.state, balance=balance, held=held, taken_back=invoice.taken_back)
