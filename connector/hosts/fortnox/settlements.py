"""What has been done about a Fortnox invoice: payments, write-offs, credits, and set-offs of one against the other.

Pure functions of the host document (`documents.py`). Fortnox has no set-off: people enter +X as paid on the invoice and
−X as paid on the credit, on one day, and no money moves (API.md, "Credits and set-off"; support 207791509).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from connector.domain.errors import Unreadable
from connector.domain.invoice import CreditNote, OpenReceipt, Payment, PaymentKind, WriteOff
from connector.hosts.fortnox.documents import (
    SYSTEM,
    Record,
    amount,
    day,
    flag,
    maybe_amount,
    number,
    reference,
    several,
    text,
)

ZERO = Decimal("0.00")


class LinkedCredit(StrEnum):
    """What it may mean that a booked credit is linked to its invoice (API.md, "Credits and set-off")."""

    NOTHING = "nothing"
    """Nothing by itself: the two are settled against each other by payments."""
    SET_OFF = "set_off"
    """It lessens the invoice by itself."""


LINKED_CREDIT_MEANS = LinkedCredit.NOTHING
"""What is believed where the balances of invoice and credit do not tell."""


@dataclass(frozen=True)
class Settlements:
    """What lessened an invoice. `taken_off` is the sum of its own payments and write-offs, in its currency.

    `open_credits` are what the customer has to its credit beside it; None if that was not asked for.
    """

    payments: tuple[Payment, ...]
    write_offs: tuple[WriteOff, ...]
    credit_notes: tuple[CreditNote, ...]
    unmatched: tuple[OpenReceipt, ...] | None
    open_credits: tuple[OpenReceipt, ...] | None
    fee_was_paid: bool
    set_off: frozenset[str]
    """The numbers of payments that are one side of a set-off."""


@dataclass
class _Credit:
    """A booked credit invoice as it bears on the invoice. Amounts are positive.

    `left` is what its balance shows, `paid` what was entered as paid on it, `set_off` the part of that which stands
    against a payment of the invoice: an amount for each such payment.
    """

    number: str
    issued: date | None
    total: Decimal
    left: Decimal
    tied: bool
    paid: Decimal = ZERO
    set_off: list[tuple[date, str, Decimal]] = field(default_factory=list)

    @property
    def used_by_itself(self) -> Decimal:
        """Return what has left its balance without a payment."""
        return max(self.total - self.left - self.paid, ZERO)


def settlements_of(
    document: Record, invoice: Record, *, linked_credit_means: LinkedCredit = LINKED_CREDIT_MEANS
) -> Settlements:
    """Everything that was paid, credited and written off, each once. Raises `AmountUnreadable` and `Unreadable`."""
    tied = tied_credits(document, invoice)
    booked = _booked(several(document, "InvoicePayments"))
    credits_ = _credits(document, tied or [])
    gaps = _gaps(document, invoice)
    if (entered := several(document, "CreditPayments")) is None:
        taken, doubtful = _set_off_by_amount(booked, credits_.values(), gaps), set[str]()
    else:
        taken, doubtful = _set_off(booked, _booked(entered), credits_)
    by_itself = _by_itself([one for one in credits_.values() if one.tied], gaps, linked_credit_means)
    return Settlements(
        payments=_payments(invoice, booked, taken=taken, doubtful=doubtful),
        write_offs=_write_offs(booked),
        credit_notes=_credit_notes(credits_, by_itself),
        unmatched=_unmatched_receipts(document),
        open_credits=_open_credits(document, tied, credits_, by_itself),
        fee_was_paid=any(_beside(payment) for payment, _ in booked),
        set_off=frozenset(taken),
    )


def tied_credits(document: Record, invoice: Record) -> list[Record] | None:
    """The credit invoices tied to the invoice by reference in either direction (API.md, "Credits and set-off")."""
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


def is_credit(invoice: Record) -> bool:
    """Return whether an invoice is a credit invoice. Rows of lists tell it by a negative total alone
    (API.md, "Rows of lists")."""
    stated = flag(invoice, "Credit")
    return number(invoice, "Total", "total") < 0 if stated is None else stated


def receipts_of_day(rows: Sequence[Record]) -> list[Record]:
    """Those of one day's payments that brought money: rows of the list of payments, whosever they are.

    A write-off is a payment of nothing, and the two sides of a set-off come to nothing together.
    """
    taken_back = sorted(-number(row, "Amount", "payments.amount") for row in rows if _money(row) < 0)
    found = []
    for row in rows:
        received = _money(row)
        if received in taken_back:
            taken_back.remove(received)
        elif received > 0:
            found.append(row)
    return found


def _money(row: Record) -> Decimal:
    return number(row, "Amount", "payments.amount")


Booked = tuple[Record, date]
"""A booked payment and its day."""


def _booked(payments: Iterable[Record] | None) -> list[Booked]:
    found = []
    for payment in payments or []:
        if not flag(payment, "Booked"):
            continue
        paid_on = day(payment, "PaymentDate")
        if paid_on is None:
            raise Unreadable("a payment lacks 'PaymentDate'.", system=SYSTEM)
        found.append((payment, paid_on))
    return sorted(found, key=lambda one: (one[1], len(text(one[0], "Number")), text(one[0], "Number")))


def paid(payment: Record) -> Decimal:
    """`AmountCurrency` is in the invoice's currency, as its balance is; `Amount` is in kronor."""
    in_currency = maybe_amount(payment, "AmountCurrency", "payments.amount")
    return amount(payment, "Amount", "payments.amount") if in_currency is None else in_currency


def _written_off(payment: Record) -> Decimal:
    return sum((max(one, ZERO) for one in _write_off_amounts(payment)), ZERO)


def _beside(payment: Record) -> Decimal:
    """The part of the money that pays something else than the invoice, such as the fee of a reminder: it stands as a
    negative write-off beside it (API.md, "Reminders")."""
    return sum((max(-one, ZERO) for one in _write_off_amounts(payment)), ZERO)


def _write_off_amounts(payment: Record) -> list[Decimal]:
    return [amount(one, "Amount", "write_offs.amount") for one in several(payment, "WriteOffs") or []]


def taken_off(document: Record) -> Decimal:
    """Return how much of the invoice its own booked payments and write-offs have taken off."""
    booked = _booked(several(document, "InvoicePayments"))
    return sum((paid(one) + sum(_write_off_amounts(one), ZERO) for one, _ in booked), ZERO)


def _payments(
    invoice: Record, booked: Sequence[Booked], *, taken: Iterable[str], doubtful: Iterable[str]
) -> tuple[Payment, ...]:
    """The booked payments. Write-offs bring no money, and unbooked payments lessen no balance (API.md, "Payments").

    One of nothing is a write-off by itself, and a set-off is a credit.
    """
    own_currency = text(invoice, "Currency")
    left_out, asked = set(taken), set(doubtful)
    return tuple(
        Payment(
            id=text(payment, "Number"),
            amount=paid(payment),
            beside=_beside(payment),
            date=paid_on,
            reference=text(payment, "VoucherSeries") + text(payment, "VoucherNumber"),
            kind=PaymentKind.OFFSET if text(payment, "Number") in asked else PaymentKind.RECEIPT,
            currency="" if text(payment, "Currency") in ("", own_currency) else text(payment, "Currency"),
        )
        for payment, paid_on in booked
        if paid(payment) and text(payment, "Number") not in left_out
    )


def _write_offs(booked: Sequence[Booked]) -> tuple[WriteOff, ...]:
    """Return what was written off with the booked payments. A negative one takes nothing off the invoice."""
    found = (
        WriteOff(id=text(payment, "Number"), amount=_written_off(payment), date=paid_on) for payment, paid_on in booked
    )
    return tuple(one for one in found if one.amount)


def _credits(document: Record, tied: Sequence[Record]) -> dict[str, _Credit]:
    """The booked credits that bear on the invoice, by number: tied to it, or with payments of their own."""
    found = {
        text(credit, "DocumentNumber"): _Credit(
            number=text(credit, "DocumentNumber"),
            issued=day(credit, "InvoiceDate"),
            total=abs(amount(credit, "Total", "credit_notes.amount")),
            left=-amount(credit, "Balance", "unapplied_credits.amount"),
            tied=True,
        )
        for credit in tied
        if flag(credit, "Booked")
    }
    for payment, _ in _booked(several(document, "CreditPayments")):
        credit_number = text(payment, "InvoiceNumber")
        credit = found.setdefault(credit_number, _Credit(credit_number, None, ZERO, ZERO, tied=False))
        credit.paid -= paid(payment)
    return found


def _set_off(
    booked: Sequence[Booked], entered: Sequence[Booked], credits_: dict[str, _Credit]
) -> tuple[set[str], set[str]]:
    """Note on each credit which of the invoice's payments it was set off against.

    Gives the numbers of those payments, and of those on a day on which more was entered on a credit: whether a part of
    that is meant, a person must say.
    """
    taken: set[str] = set()
    doubtful: set[str] = set()
    for paid_on in dict.fromkeys(day_ for _, day_ in booked):
        left = [
            (credits_[text(one, "InvoiceNumber")], -paid(one))
            for one, day_ in entered
            if day_ == paid_on and paid(one) < 0
        ]
        left.sort(key=lambda one: not one[0].tied)
        free = []
        for payment in (one for one, day_ in booked if day_ == paid_on and paid(one) > 0):
            same = next((one for one in left if one[1] == paid(payment)), None)
            if same is None:
                free.append(payment)
                continue
            left.remove(same)
            _note(taken, payment, paid_on, [same])
        for payment in free:
            if left and sum((one[1] for one in left), ZERO) == paid(payment):
                _note(taken, payment, paid_on, left)
                left = []
            elif any(one[1] > paid(payment) for one in left):
                doubtful.add(text(payment, "Number"))
    return taken, doubtful


def _note(taken: set[str], payment: Record, paid_on: date, against: Iterable[tuple[_Credit, Decimal]]) -> None:
    taken.add(text(payment, "Number"))
    for credit, entered in against:
        credit.set_off.append((paid_on, text(payment, "Number"), entered))


def _set_off_by_amount(booked: Sequence[Booked], credits_: Iterable[_Credit], gaps: Sequence[Decimal]) -> set[str]:
    """As `_set_off`, where no one asked what was entered on the credits: a linked one that is used tells by its amount,
    if the balance does not show that it lessened the invoice by itself."""
    taken: set[str] = set()
    for credit in credits_:
        used = credit.used_by_itself
        if used <= 0 or used in gaps:
            continue
        for payment, paid_on in booked:
            is_later = credit.issued is None or credit.issued <= paid_on
            if is_later and paid(payment) == used and text(payment, "Number") not in taken:
                credit.paid += used
                _note(taken, payment, paid_on, [(credit, used)])
                break
    return taken


def _gaps(document: Record, invoice: Record) -> list[Decimal]:
    """Return what is missing of the invoice's balance beside its own payments: of the whole amount, and of what the
    customer has to pay where that is another.
    """
    balance, off = amount(invoice, "Balance", "balance"), taken_off(document)
    total = amount(invoice, "Total", "total")
    to_pay = maybe_amount(invoice, "TotalToPay", "total_to_pay")
    return [owed - off - balance for owed in dict.fromkeys((total, total if to_pay is None else to_pay))]


def _by_itself(tied: Sequence[_Credit], gaps: Sequence[Decimal], means: LinkedCredit) -> dict[str, Decimal]:
    """Return how much each linked credit has lessened the invoice without a payment, by its number: as the balances
    tell.
    """
    used = {one.number: one.used_by_itself for one in tied}
    whole = {one.number: max(one.total - one.paid, ZERO) for one in tied}
    nothing: dict[str, Decimal] = {}
    single = [{known: part} for each in (used, whole) for known, part in each.items()]
    explanations = [used, nothing, whole, *single]
    for explained in explanations:
        if any(sum(explained.values(), ZERO) == gap for gap in gaps):
            return explained
    return used if means is LinkedCredit.SET_OFF or gaps[0] > sum(used.values(), ZERO) else nothing


def _credit_notes(credits_: dict[str, _Credit], by_itself: dict[str, Decimal]) -> tuple[CreditNote, ...]:
    """Return what of the credits lessened the invoice, each once. A further set-off of the same credit is one by
    itself.
    """
    found = []
    for credit in credits_.values():
        alone = by_itself.get(credit.number, ZERO)
        set_off = sorted(credit.set_off, key=lambda one: (one[0], len(one[1]), one[1]))
        if alone and credit.issued is not None:
            taken = max(alone, sum((one[2] for one in set_off), ZERO))
            found.append(CreditNote(id=credit.number, number=credit.number, amount=taken, date=credit.issued))
            continue
        for position, (paid_on, payment_number, entered) in enumerate(set_off):
            note_id = f"{credit.number}/{payment_number}" if position else credit.number
            found.append(CreditNote(id=note_id, number=credit.number, amount=entered, date=paid_on))
    return tuple(found)


def _unmatched_receipts(document: Record) -> tuple[OpenReceipt, ...] | None:
    """Payments entered on the invoice but not booked. Fortnox shows no other money that is matched to nothing, so
    that without any the answer is unknown."""
    found = tuple(
        OpenReceipt(amount=paid(payment), date=day(payment, "PaymentDate"), reference=text(payment, "Number"))
        for payment in several(document, "InvoicePayments") or []
        if not flag(payment, "Booked")
    )
    return found or None


def _open_credits(
    document: Record, tied: Sequence[Record] | None, credits_: dict[str, _Credit], by_itself: dict[str, Decimal]
) -> tuple[OpenReceipt, ...] | None:
    """Return what the customer has to its credit: unused credit invoices, and other invoices that are paid too much."""
    listed = several(document, "OpenCredits")
    of_tied = {text(one, "DocumentNumber"): _unused(one, credits_, by_itself) for one in tied or []}
    rows = {
        text(row, "DocumentNumber"): -amount(row, "Balance", "unapplied_credits.amount")
        for row in listed or []
        if not flag(row, "Cancelled")
    }
    dates = {text(row, "DocumentNumber"): day(row, "InvoiceDate") for row in (*(listed or []), *(tied or []))}
    found = tuple(
        OpenReceipt(amount=open_amount, date=dates[credit_number], reference=credit_number)
        for credit_number, open_amount in (rows | of_tied).items()
        if open_amount > 0
    )
    return None if not found and (listed is None or tied is None) else found


def _unused(credit: Record, credits_: dict[str, _Credit], by_itself: dict[str, Decimal]) -> Decimal:
    """Return how much of a credit invoice has not lessened any balance: all of it until it is booked."""
    if (booked := credits_.get(text(credit, "DocumentNumber"))) is None:
        return abs(amount(credit, "Total", "credit_notes.amount"))
    beyond_its_balance = max(by_itself.get(booked.number, ZERO) - booked.used_by_itself, ZERO)
    return max(booked.left - beyond_its_balance, ZERO)
