"""Fortnox's invoice in our neutral form: a pure function of the host document (`documents.py`).

The tables come first: what Fortnox calls a thing, and what we call it. Source: API.md, "Invoice", "Reminders",
"Customers", "Payments" and "Credits and set-off".
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from connector.domain.bank_booking import WHOLE_COMPANY, booked_until
from connector.domain.errors import AmountUnreadable, Unreadable
from connector.domain.invoice import (
    BankAccount,
    Customer,
    Hold,
    Invoice,
    InvoiceKind,
    InvoiceState,
    Line,
    LineKind,
    ReminderSent,
)
from connector.domain.money import ORE
from connector.hosts.fortnox import same_number
from connector.hosts.fortnox.customers import customer
from connector.hosts.fortnox.documents import (
    SYSTEM,
    Record,
    amount,
    day,
    flag,
    label_ids,
    maybe_amount,
    number,
    one,
    several,
    text,
)
from connector.hosts.fortnox.settings import FortnoxSettings
from connector.hosts.fortnox.settlements import (
    LINKED_CREDIT_MEANS,
    LinkedCredit,
    Settlements,
    is_credit,
    receipts_of_day,
    settlements_of,
    taken_off,
)

KINDS = {
    "INVOICE": InvoiceKind.INVOICE,
    "AGREEMENTINVOICE": InvoiceKind.INVOICE,
    "SUMMARYINVOICE": InvoiceKind.INVOICE,
    "INTRESTINVOICE": InvoiceKind.INTEREST,
    "CASHINVOICE": InvoiceKind.CASH,
}
"""InvoiceKind <- InvoiceType, spelt as Fortnox does; every other type is OTHER. `Credit` goes before it."""

OTHER_OWNER = "Fortnox Finans"
"""Who handles the invoice where `NoxFinans` is true."""

FEE_TEXT = "Fakturaavgift"
FREIGHT_TEXT = "Frakt"
ROUNDING_TEXT = "Öresavrundning"

CLAIM_FEE_WHERE_PRICES_INCLUDE_VAT = False
"""Whether `AdministrationFee` is claimed as invoice fee too where `VATIncluded` is true. It is taken to include
VAT there, which no one has recorded; until it is, it is part of the capital (API.md, "Amounts")."""


class ReducedBalance(StrEnum):
    """What the `Balance` of an invoice with tax reduction may be (rot, rut, green technology)."""

    WHOLE = "whole"
    """What the customer and the Tax Agency owe together."""
    CUSTOMERS_PART = "customers_part"


REDUCED_BALANCE_MEANS = ReducedBalance.WHOLE
"""What is believed where the invoice's other amounts do not tell. Fortnox's support says of such invoices that the
customer's payment leaves them paid in part, by the reduction (support 115005476565, 360012484519)."""

UNTAXED = ("none", "")
"""TaxReductionType of an invoice without tax reduction."""


def translate(
    document: Record,
    settings: FortnoxSettings,
    *,
    claim_fee_with_vat: bool = CLAIM_FEE_WHERE_PRICES_INCLUDE_VAT,
    linked_credit_means: LinkedCredit = LINKED_CREDIT_MEANS,
    reduced_balance_means: ReducedBalance = REDUCED_BALANCE_MEANS,
) -> Invoice:
    """The invoice of a host document, as `settings` say it is to be read. The other arguments are what is not known.

    Raises `AmountUnreadable` for an amount that is no exact number of öre or may not be seen, and `Unreadable`
    for a document without an invoice and its customer, or with a value of the wrong kind.
    """
    invoice, card = _required(document, "Invoice"), _required(document, "Customer")
    document_number = text(invoice, "DocumentNumber")
    if not document_number:
        raise Unreadable("the document's 'Invoice' lacks 'DocumentNumber'.", system=SYSTEM)
    total = amount(invoice, "Total", "total")
    settled = settlements_of(document, invoice, linked_credit_means=linked_credit_means)
    reduction = _tax_reduction(invoice, total)
    open_amount = _open_amount(document, invoice, reduction, settled, reduced_balance_means)
    accounts = bank_accounts_of(one(document, "LatestInvoicePayment"), settled.set_off)
    return Invoice(
        id=document_number,
        number=document_number,
        kind=_kind(invoice),
        state=state_of(invoice),
        invoice_date=day(invoice, "InvoiceDate"),
        due_date=day(invoice, "DueDate"),
        currency=text(invoice, "Currency"),
        total=total,
        balance=open_amount.balance,
        ledger_balance=open_amount.in_ledger,
        only_reduction_left=open_amount.only_reduction,
        lines=_lines(invoice, total, settings, claim_fee_with_vat=claim_fee_with_vat),
        payments=settled.payments,
        credit_notes=settled.credit_notes,
        write_offs=settled.write_offs,
        reminders=_reminders(invoice, fee_was_paid=settled.fee_was_paid),
        reminders_known=bool(text(invoice, "Reminders")),
        customer=_customer(document, invoice, card, settings),
        bank_booked_until=booked_until(accounts or ()),
        bank_accounts=accounts,
        unmatched_receipts=settled.unmatched,
        unapplied_credits=settled.open_credits,
        holds=_holds(document, invoice, settings),
        other_owners=_other_owners(invoice),
        tax_reduction=reduction,
    )


def _customer(document: Record, invoice: Record, card: Record, settings: FortnoxSettings) -> Customer:
    read = customer(invoice, card, settings)
    others = same_number.other_cards(read, several(document, "CustomersWithNumber"))
    return read.model_copy(update={"cards_with_number": others})


def _required(document: Record, name: str) -> Record:
    part = one(document, name)
    if part is None:
        raise Unreadable(f"the document lacks {name!r}.", system=SYSTEM)
    return part


def _kind(invoice: Record) -> InvoiceKind:
    if is_credit(invoice):
        return InvoiceKind.CREDIT_NOTE
    return KINDS.get(text(invoice, "InvoiceType").upper(), InvoiceKind.OTHER)


def state_of(invoice: Record) -> InvoiceState:
    """Booked is what Fortnox calls so; by the cash method an invoice that was sent is a claim too
    (API.md, "A claim in Fortnox").

    What may not be seen counts as not booked.
    """
    cancelled = flag(invoice, "Cancelled")
    if cancelled:
        return InvoiceState.CANCELLED
    if flag(invoice, "NotCompleted"):
        return InvoiceState.DRAFT
    cash_method = text(invoice, "AccountingMethod").upper() == "CASH"
    sent = cash_method and flag(invoice, "Sent") and cancelled is False
    return InvoiceState.BOOKED if flag(invoice, "Booked") or sent else InvoiceState.DRAFT


def balance_of(invoice: Record) -> Decimal:
    """Return what is open. An invoice that Fortnox calls finally paid is never claimed, whatever else it says."""
    balance = amount(invoice, "Balance", "balance")
    return min(balance, Decimal("0.00")) if day(invoice, "FinalPayDate") else balance


@dataclass(frozen=True)
class _OpenAmount:
    """What the customer owes, the ledger's own balance, and whether all that is left may be the Tax Agency's part."""

    balance: Decimal
    in_ledger: Decimal
    only_reduction: bool = False


def _open_amount(
    document: Record, invoice: Record, reduction: Decimal | None, settled: Settlements, means: ReducedBalance
) -> _OpenAmount:
    """The customer's part of the balance, where a part of the invoice is the Tax Agency's.

    Once the customer's part is paid, what is left is the Agency's, or the customer's after a refusal: then it stands
    as the balance, and a person says which.
    """
    balance = balance_of(invoice)
    if not reduction or balance <= 0:
        return _OpenAmount(balance, balance)
    credited = sum((note.amount for note in settled.credit_notes), Decimal("0.00"))
    owed = amount(invoice, "Total", "total") - taken_off(document) - credited
    if balance == owed:
        means = ReducedBalance.WHOLE
    elif balance == owed - reduction:
        means = ReducedBalance.CUSTOMERS_PART
    if means is ReducedBalance.CUSTOMERS_PART:
        return _OpenAmount(balance, balance)
    customers = balance - reduction
    return _OpenAmount(customers, balance) if customers > 0 else _OpenAmount(balance, balance, only_reduction=True)


def bank_accounts_of(latest: Record | None, set_off: Container[str] = ()) -> tuple[BankAccount, ...] | None:
    """Return how far receipts are booked, by the latest payment; None if that was not asked for.

    Fortnox's lists do not name the account, so that all are one. A payment that brought nothing, or is one of those
    that were `set_off`, tells nothing of receipts.
    """
    if not latest:
        return None if latest is None else ()
    is_booked = flag(latest, "Booked") is not False and text(latest, "Number") not in set_off
    is_receipt = is_booked and bool(receipts_of_day([latest]))
    return (BankAccount(id=WHOLE_COMPANY, booked_until=day(latest, "PaymentDate") if is_receipt else None),)


def _tax_reduction(invoice: Record, total: Decimal) -> Decimal | None:
    """The Tax Agency's part: rot, rut or green technology. None if the document does not tell.

    The larger of what is stated and of what the customer need not pay. Raises `AmountUnreadable` for a tax
    reduction of unknown size.
    """
    stated = maybe_amount(invoice, "TaxReduction", "tax_reduction")
    to_pay = maybe_amount(invoice, "TotalToPay", "total_to_pay")
    known = [value for value in (stated, None if to_pay is None else total - to_pay) if value is not None]
    if any(value > 0 for value in known):
        return max(known)
    kind = text(invoice, "TaxReductionType").casefold()
    if kind not in UNTAXED or flag(invoice, "HouseWork"):
        if not known:
            raise AmountUnreadable("The tax reduction is not there.", field="tax_reduction", system=SYSTEM)
        return Decimal("0.00")
    return Decimal("0.00") if known or kind or flag(invoice, "HouseWork") is False else None


def _lines(invoice: Record, total: Decimal, settings: FortnoxSettings, *, claim_fee_with_vat: bool) -> tuple[Line, ...]:
    """Return what the invoice charges for, VAT included: its rows, the invoice fee, freight, and the rounding."""
    vat_included = flag(invoice, "VATIncluded")
    if vat_included is None:
        raise Unreadable("the document's 'Invoice' lacks 'VATIncluded'.", system=SYSTEM)
    rows = tuple(
        Line(
            description=text(row, "Description"),
            amount=_gross(row, f"lines[{position}].amount", vat_included=vat_included),
            kind=_row_kind(row, settings),
            products=tuple(filter(None, (text(row, "ArticleNumber"),))),
            account=text(row, "AccountNumber"),
        )
        for position, row in enumerate(several(invoice, "InvoiceRows") or [])
    )
    fee_kind = LineKind.INVOICE_FEE if claim_fee_with_vat or not vat_included else LineKind.GOODS
    charges = (
        Line(
            description=FEE_TEXT,
            amount=_charge(invoice, "AdministrationFee", vat_included=vat_included),
            kind=fee_kind,
        ),
        Line(description=FREIGHT_TEXT, amount=_charge(invoice, "Freight", vat_included=vat_included)),
    )
    lines = (*rows, *(charge for charge in charges if charge.amount))
    rounding = _rounding(invoice, total, lines)
    return (*lines, *([rounding] if rounding.amount else []))


def _row_kind(row: Record, settings: FortnoxSettings) -> LineKind:
    article = text(row, "ArticleNumber").casefold()
    for articles, kind in (
        (settings.fee_articles, LineKind.INVOICE_FEE),
        (settings.reminder_fee_articles, LineKind.REMINDER_FEE),
        (settings.interest_articles, LineKind.INTEREST),
    ):
        if article in {listed.casefold() for listed in articles}:
            return kind
    return LineKind.GOODS


def _gross(row: Record, name: str, *, vat_included: bool) -> Decimal:
    value = number(row, "Total", name)
    if not vat_included:
        value *= 1 + number(row, "VAT", name) / 100
    return value.quantize(ORE, ROUND_HALF_UP)


def _charge(invoice: Record, field: str, *, vat_included: bool) -> Decimal:
    """The invoice fee or freight with its VAT. Where prices exclude VAT it stands beside (API.md, "Amounts")."""
    charge = maybe_amount(invoice, field, field) or Decimal("0.00")
    if charge and not vat_included:
        charge += amount(invoice, f"{field}VAT", f"{field}VAT")
    return charge


def _rounding(invoice: Record, total: Decimal, lines: tuple[Line, ...]) -> Line:
    """Fortnox's rounding, and the öre by which VAT on each row differs from VAT on the whole.

    A larger difference is not rounding: it is left, so that the checks see that the lines do not add up.
    """
    stated = maybe_amount(invoice, "RoundOff", "RoundOff") or Decimal("0.00")
    missing = total - sum((line.amount for line in lines), Decimal("0.00"))
    explained = abs(missing - stated) <= ORE * len(lines)
    return Line(description=ROUNDING_TEXT, amount=missing if explained else stated, kind=LineKind.ROUNDING)


def _reminders(invoice: Record, *, fee_was_paid: bool) -> tuple[ReminderSent, ...]:
    """The latest reminder, which is the only one with a date.

    What it charged Fortnox does not tell (API.md, "Reminders"); the connection's settings say the fee. Of one that was
    paid beside the invoice nothing is left to claim.
    """
    reminded_on = day(invoice, "LastRemindDate")
    count = text(invoice, "Reminders")
    if count == "0" or not (count or reminded_on):
        return ()
    return (ReminderSent(date=reminded_on, fee=Decimal("0.00") if fee_was_paid else None),)


def _holds(document: Record, invoice: Record, settings: FortnoxSettings) -> tuple[Hold, ...] | None:
    """Return whether people have marked the invoice as disputed, by the company's label for it; None if that is not
    known.

    Fortnox has no other place for it, and does not tell who set a label, nor when.
    """
    there = {str(label_id) for label_id in label_ids(invoice)}
    known = several(document, "Labels")
    if not settings.dispute_label or (there and known is None):
        return None
    disputes = {text(row, "Id") for row in known or [] if text(row, "Description") == settings.dispute_label}
    return (Hold(kind="disputed"),) if there & disputes else ()


def _other_owners(invoice: Record) -> tuple[str, ...] | None:
    handled_elsewhere = flag(invoice, "NoxFinans")
    if handled_elsewhere is None:
        return None
    return (OTHER_OWNER,) if handled_elsewhere else ()
