"""Fortnox's invoice in our neutral form: a pure function of the host document (`documents.py`).

The tables come first: what Fortnox calls a thing, and what we call it. Source: fortnox.md sections 4, 5, 7 and 9.
"""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from connector.domain.debtor import swedish_mobile
from connector.domain.errors import AmountUnreadable, Unreadable
from connector.domain.invoice import (
    Address,
    CreditNote,
    Customer,
    CustomerType,
    Hold,
    Invoice,
    InvoiceKind,
    InvoiceState,
    Line,
    LineKind,
    OpenReceipt,
    Payment,
    ReminderSent,
    WriteOff,
)
from connector.domain.money import ORE
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
    reference,
    several,
    text,
)
from connector.hosts.fortnox.settings import FortnoxSettings

KINDS = {
    "INVOICE": InvoiceKind.INVOICE,
    "AGREEMENTINVOICE": InvoiceKind.INVOICE,
    "SUMMARYINVOICE": InvoiceKind.INVOICE,
    "INTRESTINVOICE": InvoiceKind.INTEREST,
    "CASHINVOICE": InvoiceKind.CASH,
}
"""InvoiceKind <- InvoiceType, spelt as Fortnox does; every other type is OTHER. `Credit` goes before it."""

CUSTOMER_TYPES = {"COMPANY": CustomerType.COMPANY, "PRIVATE": CustomerType.PERSON}
"""CustomerType <- Customer.Type."""

ADDRESS_FIELDS = {
    "address_line_1": "Address1",
    "address_line_2": "Address2",
    "zip_code": "ZipCode",
    "city": "City",
}
"""Address <- Invoice and Customer alike. The country is a name on the invoice and a code on the customer."""

SWEDEN = {"sverige", "sweden"}
"""What the invoice calls the country whose code is SE."""

OTHER_OWNER = "Fortnox Finans"
"""Who handles the invoice where `NoxFinans` is true."""

FEE_TEXT = "Fakturaavgift"
FREIGHT_TEXT = "Frakt"
ROUNDING_TEXT = "Öresavrundning"

CLAIM_FEE_WHERE_PRICES_INCLUDE_VAT = False
"""Whether `AdministrationFee` is claimed as invoice fee too where `VATIncluded` is true. It is taken to include
VAT there, which nobody has recorded; until it is, it is part of the capital (fortnox.md 4.4)."""

UNTAXED = ("none", "")
"""TaxReductionType of an invoice without tax reduction."""


def translate(
    document: Record, settings: FortnoxSettings, *, claim_fee_with_vat: bool = CLAIM_FEE_WHERE_PRICES_INCLUDE_VAT
) -> Invoice:
    """The invoice of a host document, as `settings` say it is to be read.

    Raises `AmountUnreadable` for an amount that is no exact number of öre or may not be seen, and `Unreadable`
    for a document without an invoice and its customer, or with a value of the wrong kind.
    """
    invoice, card = _required(document, "Invoice"), _required(document, "Customer")
    document_number = text(invoice, "DocumentNumber")
    if not document_number:
        raise Unreadable("the document's 'Invoice' lacks 'DocumentNumber'.", system=SYSTEM)
    credits_ = _tied_credits(document, invoice)
    total = amount(invoice, "Total", "total")
    latest = one(document, "LatestInvoicePayment")
    return Invoice(
        id=document_number,
        number=document_number,
        kind=_kind(invoice),
        state=state_of(invoice),
        invoice_date=day(invoice, "InvoiceDate"),
        due_date=day(invoice, "DueDate"),
        currency=text(invoice, "Currency"),
        total=total,
        balance=balance_of(invoice),
        lines=_lines(invoice, total, settings, claim_fee_with_vat=claim_fee_with_vat),
        payments=_payments(document, invoice),
        credit_notes=_credit_notes(credits_),
        write_offs=_write_offs(document),
        reminders=_reminders(invoice),
        customer=_customer(invoice, card, settings),
        bank_booked_until=day(latest, "PaymentDate") if latest else None,
        unmatched_receipts=_unmatched_receipts(document),
        unapplied_credits=_unapplied_credits(document, credits_),
        holds=_holds(document, invoice, settings),
        other_owners=_other_owners(invoice),
        tax_reduction=_tax_reduction(invoice, total),
    )


def _required(document: Record, name: str) -> Record:
    part = one(document, name)
    if part is None:
        raise Unreadable(f"the document lacks {name!r}.", system=SYSTEM)
    return part


def _kind(invoice: Record) -> InvoiceKind:
    if is_credit(invoice):
        return InvoiceKind.CREDIT_NOTE
    return KINDS.get(text(invoice, "InvoiceType").upper(), InvoiceKind.OTHER)


def is_credit(invoice: Record) -> bool:
    """Whether an invoice is a credit invoice. Rows of lists tell it by a negative total alone (fortnox.md 4.3)."""
    stated = flag(invoice, "Credit")
    return number(invoice, "Total", "total") < 0 if stated is None else stated


def state_of(invoice: Record) -> InvoiceState:
    """Booked is what Fortnox calls so; by the cash method an invoice that was sent is a claim too (fortnox.md 4.7).

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
    """What is open. An invoice that Fortnox calls finally paid is never claimed, whatever else it says."""
    balance = amount(invoice, "Balance", "balance")
    return min(balance, Decimal("0.00")) if day(invoice, "FinalPayDate") else balance


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
    """What the invoice charges for, VAT included: its rows, the invoice fee, freight, and the rounding."""
    vat_included = flag(invoice, "VATIncluded")
    if vat_included is None:
        raise Unreadable("the document's 'Invoice' lacks 'VATIncluded'.", system=SYSTEM)
    rows = tuple(
        Line(
            description=text(row, "Description"),
            amount=_gross(row, f"lines[{position}].amount", vat_included=vat_included),
            kind=_row_kind(row, settings),
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
    """The invoice fee or freight with its VAT. Where prices exclude VAT it stands beside (fortnox.md 4.4)."""
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


def _payments(document: Record, invoice: Record) -> tuple[Payment, ...]:
    """The booked payments. Write-offs bring no money, and unbooked payments lessen no balance (fortnox.md 9.1).

    One of nothing is a write-off by itself.
    """
    own_currency = text(invoice, "Currency")
    return tuple(
        Payment(
            id=text(payment, "Number"),
            amount=_paid(payment),
            date=paid_on,
            reference=text(payment, "VoucherSeries") + text(payment, "VoucherNumber"),
            currency="" if text(payment, "Currency") in ("", own_currency) else text(payment, "Currency"),
        )
        for payment, paid_on in _booked(document)
        if _paid(payment)
    )


def _write_offs(document: Record) -> tuple[WriteOff, ...]:
    """What was written off with the booked payments.

    A negative one takes nothing off the invoice: it is the part of the money that pays something else, such as the fee
    of a reminder (fortnox.md section 5).
    """
    found = (
        WriteOff(
            id=text(payment, "Number"),
            amount=sum(
                (
                    max(amount(one, "Amount", "write_offs.amount"), Decimal("0.00"))
                    for one in several(payment, "WriteOffs") or []
                ),
                Decimal("0.00"),
            ),
            date=paid_on,
        )
        for payment, paid_on in _booked(document)
    )
    return tuple(one for one in found if one.amount)


def _booked(document: Record) -> list[tuple[Record, date]]:
    found = []
    for payment in several(document, "InvoicePayments") or []:
        if not flag(payment, "Booked"):
            continue
        paid_on = day(payment, "PaymentDate")
        if paid_on is None:
            raise Unreadable("a payment lacks 'PaymentDate'.", system=SYSTEM)
        found.append((payment, paid_on))
    return found


def _paid(payment: Record) -> Decimal:
    """`AmountCurrency` is in the invoice's currency, as its balance is; `Amount` is in kronor."""
    in_currency = maybe_amount(payment, "AmountCurrency", "payments.amount")
    return amount(payment, "Amount", "payments.amount") if in_currency is None else in_currency


def _unmatched_receipts(document: Record) -> tuple[OpenReceipt, ...] | None:
    """Payments entered on the invoice but not booked. Fortnox shows no other money that is matched to nothing, so
    that without any the answer is unknown."""
    found = tuple(
        OpenReceipt(amount=_paid(payment), date=day(payment, "PaymentDate"), reference=text(payment, "Number"))
        for payment in several(document, "InvoicePayments") or []
        if not flag(payment, "Booked")
    )
    return found or None


def _tied_credits(document: Record, invoice: Record) -> list[Record] | None:
    """The credit invoices tied to the invoice by reference in either direction (fortnox.md 9.5)."""
    parts = several(document, "CreditInvoices")
    if parts is None:
        return None
    ours, theirs = text(invoice, "DocumentNumber"), reference(invoice, "CreditInvoiceReference")
    return [
        credit
        for credit in parts
        if is_credit(credit)
        and not flag(credit, "Cancelled")
        and (reference(credit, "CreditInvoiceReference") == ours or text(credit, "DocumentNumber") == theirs)
    ]


def _credit_notes(credits_: list[Record] | None) -> tuple[CreditNote, ...]:
    """Booked credit invoices, each with the part of it that is used; an unbooked one has no effect yet."""
    found = []
    for credit in credits_ or []:
        used = abs(amount(credit, "Total", "credit_notes.amount")) - _unused(credit)
        issued = day(credit, "InvoiceDate")
        if used > 0 and issued is not None:
            credit_number = text(credit, "DocumentNumber")
            found.append(CreditNote(id=credit_number, number=credit_number, amount=used, date=issued))
    return tuple(found)


def _unused(credit: Record) -> Decimal:
    """How much of a credit invoice has not lessened any balance: all of it until it is booked."""
    if not flag(credit, "Booked"):
        return abs(amount(credit, "Total", "credit_notes.amount"))
    return abs(amount(credit, "Balance", "unapplied_credits.amount"))


def _unapplied_credits(document: Record, credits_: list[Record] | None) -> tuple[OpenReceipt, ...] | None:
    """What the customer has to its credit: unused credit invoices, and other invoices that are paid too much."""
    listed = several(document, "OpenCredits")
    tied = {text(credit, "DocumentNumber"): _unused(credit) for credit in credits_ or []}
    rows = {
        text(row, "DocumentNumber"): -amount(row, "Balance", "unapplied_credits.amount")
        for row in listed or []
        if not flag(row, "Cancelled")
    }
    dates = {text(row, "DocumentNumber"): day(row, "InvoiceDate") for row in (*(listed or []), *(credits_ or []))}
    found = tuple(
        OpenReceipt(amount=open_amount, date=dates[credit_number], reference=credit_number)
        for credit_number, open_amount in (rows | tied).items()
        if open_amount > 0
    )
    return None if not found and (listed is None or credits_ is None) else found


def _reminders(invoice: Record) -> tuple[ReminderSent, ...]:
    """The latest reminder, which is the only one with a date. What it charged Fortnox does not tell, nor whether
    that is paid (fortnox.md section 5); the connection's settings say the fee."""
    reminded_on = day(invoice, "LastRemindDate")
    count = text(invoice, "Reminders")
    if count == "0" or not (count or reminded_on):
        return ()
    return (ReminderSent(date=reminded_on),)


def _holds(document: Record, invoice: Record, settings: FortnoxSettings) -> tuple[Hold, ...] | None:
    """Whether people have marked the invoice as disputed, by the company's label for it; None if that is not known.

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


def _customer(invoice: Record, card: Record, settings: FortnoxSettings) -> Customer:
    """The customer card, and what the invoice says where the card does not."""
    customer_number = text(card, "CustomerNumber") or text(invoice, "CustomerNumber")
    return Customer(
        id=customer_number,
        number=customer_number,
        name=text(card, "Name") or text(invoice, "CustomerName"),
        customer_type=CUSTOMER_TYPES.get(text(card, "Type").upper()),
        sole_trader=True if customer_number in settings.sole_traders else None,
        id_number=text(card, "OrganisationNumber") or text(invoice, "OrganisationNumber"),
        email=_first(text(card, "Email"), text(card, "EmailInvoice")),
        phone=_phone(card, invoice),
        address=_address(card, _country_code(card)),
        invoice_address=_address(invoice, _invoice_country(invoice, card)),
    )


def _first(*texts: str) -> str:
    return next(filter(None, texts), "")


def _phone(card: Record, invoice: Record) -> str:
    """The first mobile number, else the first number."""
    phones = [text(record, field) for record in (card, invoice) for field in ("Phone1", "Phone2")]
    return _first(*(phone for phone in phones if swedish_mobile(phone)), *phones)


def _address(record: Record, country: str) -> Address:
    return Address(**{ours: text(record, theirs) for ours, theirs in ADDRESS_FIELDS.items()}, country=country)


def _country_code(card: Record) -> str:
    code = text(card, "CountryCode").upper()
    return code or ("SE" if text(card, "Country").casefold() in SWEDEN else "")


def _invoice_country(invoice: Record, card: Record) -> str:
    """The code of the country that the invoice names; the card's where they name the same, or the invoice none."""
    named = text(invoice, "Country").casefold()
    if named in SWEDEN:
        return "SE"
    return _country_code(card) if named in {"", text(card, "Country").casefold()} else ""
