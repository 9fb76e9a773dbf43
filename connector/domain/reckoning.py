"""The reckoning: which part of an invoice's balance is claimed, and where every krona of it came from.

Two rules decide the doubtful cases, so that never more is claimed than the ledger says is open:

* **Part payments and credits pay the capital first.** The ledger's balance is what remains of everything
  together; the whole of a booked reminder fee and booked interest is taken off it, however little has been
  paid. Capital and a booked fee beside it are then together at most the balance. (The other reading, that
  the fee was paid first, gives the same sum with more capital in it, and capital bears interest.)
* **Interest is never claimed.** Amili computes it (RULES.md, "Interest"); booked interest is taken off and left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from connector.domain.claim import AmountLine, ReminderFee
from connector.domain.connection import ReminderPolicy
from connector.domain.dates import is_overdue
from connector.domain.invoice import Frozen, Invoice, InvoiceKind, Line, LineKind, ReminderSent
from connector.domain.money import Kronor
from connector.domain.redaction import without_personal_numbers

NOTHING = Decimal("0.00")


class ChargedReminderFee(Frozen):
    """A reminder fee that the creditor has charged, as far as the ledger or the company's policy tells.

    `charged_on` is None when the ledger does not tell: the fee is known by a line of the invoice only, or the
    reminder has no date. `in_balance` says that the balance contains it, `paid` whether it is paid (None: the
    ledger cannot tell).
    """

    amount: Kronor
    charged_on: date | None
    in_balance: bool
    paid: bool | None


class Reckoning(Frozen):
    """An invoice's amounts, in kronor, none negative.

    `invoice_fee` is the part of `capital_to_claim` that is invoice fee (gross), `charged_invoice_fee` what
    the invoice's lines charged before part payments; only the latter can be negative, and then the invoice
    is wrong. `reminder_fee` is what is claimed beside the capital. `trail` explains it line by line.
    """

    booked_reminder_fee: Kronor
    booked_interest: Kronor
    capital_to_claim: Kronor
    charged_invoice_fee: Kronor
    invoice_fee: Kronor
    reminder_fees: tuple[ChargedReminderFee, ...]
    reminder_fee: ReminderFee | None
    trail: tuple[AmountLine, ...]


def reckon(invoice: Invoice, policy: ReminderPolicy) -> Reckoning:
    """The amounts of a claim for `invoice`. Source: RULES.md, "Money"; amili/API.md, "Fees in a registration"."""
    open_amount = max(invoice.balance, NOTHING)
    fees = _charged_reminder_fees(invoice, policy)
    interest = min(_booked_interest(invoice), open_amount)
    booked_fee = min(_booked_reminder_fee(invoice, fees), open_amount - interest)
    capital = open_amount - interest - booked_fee
    charged_invoice_fee = total_of(invoice.lines, LineKind.INVOICE_FEE)
    invoice_fee = min(max(charged_invoice_fee, NOTHING), capital)
    reminder_fee = _fee_to_claim(fees, still_in_balance=booked_fee)
    return Reckoning(
        booked_reminder_fee=booked_fee,
        booked_interest=interest,
        capital_to_claim=capital,
        charged_invoice_fee=charged_invoice_fee,
        invoice_fee=invoice_fee,
        reminder_fees=fees,
        reminder_fee=reminder_fee,
        trail=_trail(invoice, interest, booked_fee, capital, invoice_fee, reminder_fee),
    )


def total_of(lines: Iterable[Line], *kinds: LineKind) -> Decimal:
    """The gross sum of the lines of the given kinds, or of all lines if none is given, in kronor."""
    return sum((line.amount for line in lines if not kinds or line.kind in kinds), NOTHING)


def settled_by_ledger(invoice: Invoice) -> Decimal:
    """Return what the ledger's payments and credit notes have taken off the invoice, in kronor."""
    paid = sum((payment.amount - payment.beside for payment in invoice.payments), NOTHING)
    return paid + sum((abs(note.amount) for note in invoice.credit_notes), NOTHING)


def states_part(invoice: Invoice) -> Decimal:
    """Return what of the total is the Tax Agency's to pay, and not in the balance, in kronor."""
    outside = invoice.ledger_balance is not None and not invoice.only_reduction_left
    return invoice.tax_reduction or NOTHING if outside else NOTHING


def _charged_reminder_fees(invoice: Invoice, policy: ReminderPolicy) -> tuple[ChargedReminderFee, ...]:
    on_invoice = max(total_of(invoice.lines, LineKind.REMINDER_FEE), NOTHING)
    recorded = tuple(
        ChargedReminderFee(
            amount=reminder.fee,
            charged_on=reminder.date,
            in_balance=reminder.in_balance or on_invoice > 0,
            paid=reminder.paid,
        )
        for reminder in _in_order(invoice.reminders)
        if reminder.fee is not None and reminder.fee > 0
    )
    if recorded:
        return recorded
    reminder = _first_chargeable(invoice)
    if on_invoice:
        return tuple(
            ChargedReminderFee(
                amount=amount,
                charged_on=reminder.date if reminder else None,
                in_balance=True,
                paid=reminder.paid if reminder else None,
            )
            for amount in _fee_lines(invoice, on_invoice)
        )
    if reminder and reminder.fee is None and policy.fee > 0:
        return (
            ChargedReminderFee(
                amount=policy.fee,
                charged_on=reminder.date,
                in_balance=reminder.in_balance,
                paid=reminder.paid,
            ),
        )
    return ()


def _first_chargeable(invoice: Invoice) -> ReminderSent | None:
    # A fee may only be charged for a reminder after the due date; an earlier one is a friendly notice.
    # A call costs nothing, and the fee of a letter about several invoices is claimed once.
    ordered = _in_order(one for one in invoice.reminders if one.written and not one.claimed_with)
    due = invoice.due_date
    after_due = [one for one in ordered if one.date is None or due is None or is_overdue(due, today=one.date)]
    return next(iter(after_due or ordered), None)


def _in_order(reminders: Iterable[ReminderSent]) -> list[ReminderSent]:
    """Reminders by date; those whose date no one tells come last."""
    return sorted(reminders, key=lambda reminder: reminder.date or date.max)


def _fee_lines(invoice: Invoice, net: Decimal) -> tuple[Decimal, ...]:
    amounts = tuple(line.amount for line in invoice.lines if line.kind is LineKind.REMINDER_FEE)
    reversed_in_part = any(amount < 0 for amount in amounts)
    return (net,) if reversed_in_part else tuple(amount for amount in amounts if amount)


def _booked_reminder_fee(invoice: Invoice, fees: tuple[ChargedReminderFee, ...]) -> Decimal:
    on_lines = max(total_of(invoice.lines, LineKind.REMINDER_FEE), NOTHING)
    if any(reminder.in_balance for reminder in invoice.reminders):
        by_reminders = sum((fee.amount for fee in fees if fee.in_balance), NOTHING)
    else:
        by_reminders = NOTHING
    # A fee can be told of twice, by its line and by its reminder. It is two fees only if the printed total
    # has room for the reminder's beside all the lines.
    told_apart = total_of(invoice.lines) + by_reminders <= invoice.total
    return on_lines + by_reminders if told_apart else max(on_lines, by_reminders)


def _booked_interest(invoice: Invoice) -> Decimal:
    if invoice.kind is InvoiceKind.INTEREST:
        # Interest that was invoiced by itself is that invoice's debt, not something booked onto it.
        return NOTHING
    return max(total_of(invoice.lines, LineKind.INTEREST), NOTHING)


def _fee_to_claim(fees: tuple[ChargedReminderFee, ...], *, still_in_balance: Decimal) -> ReminderFee | None:
    for fee in fees:
        amount = min(fee.amount, still_in_balance) if fee.in_balance else fee.amount
        if fee.charged_on is not None and fee.paid is not True and amount > 0:
            return ReminderFee(amount=amount, date=fee.charged_on)
    return None


def _trail(
    invoice: Invoice,
    interest: Decimal,
    booked_fee: Decimal,
    capital: Decimal,
    invoice_fee: Decimal,
    reminder_fee: ReminderFee | None,
) -> tuple[AmountLine, ...]:
    lines = [AmountLine(term="total", amount=invoice.total, source=invoice.number)]
    lines += [
        AmountLine(
            term="payment",
            amount=-payment.amount,
            source=" ".join(filter(None, (payment.date.isoformat(), without_personal_numbers(payment.reference)))),
        )
        for payment in invoice.payments
    ]
    lines += [
        AmountLine(term="credit_note", amount=-abs(note.amount), source=note.number) for note in invoice.credit_notes
    ]
    lines += [
        AmountLine(term="paid_beside", amount=payment.beside, source=payment.date.isoformat())
        for payment in invoice.payments
        if payment.beside
    ]
    if state_part := states_part(invoice):
        lines.append(AmountLine(term="tax_reduction", amount=-state_part))
    unexplained = invoice.balance - (invoice.total - settled_by_ledger(invoice) - state_part)
    if unexplained:
        lines.append(AmountLine(term="other_settlement", amount=unexplained))
    lines.append(AmountLine(term="balance", amount=invoice.balance))
    if booked_fee:
        lines.append(AmountLine(term="booked_reminder_fee", amount=-booked_fee))
    if interest:
        lines.append(AmountLine(term="booked_interest", amount=-interest))
    lines.append(AmountLine(term="capital_to_claim", amount=capital))
    if invoice_fee:
        lines.append(AmountLine(term="invoice_fee", amount=invoice_fee))
    if reminder_fee:
        lines.append(AmountLine(term="reminder_fee", amount=reminder_fee.amount, source=reminder_fee.date.isoformat()))
    return tuple(lines)
