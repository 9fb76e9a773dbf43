"""Part A: what the ledger says of the invoice. Source: RULES.md, "A: the invoice"."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Final

from connector.domain.assessment import Circumstances
from connector.domain.checks.finding import finding
from connector.domain.checks.unchecked import not_checked
from connector.domain.dates import previous_bank_day
from connector.domain.fee_rows import charged_in_capital
from connector.domain.findings import Finding, Severity
from connector.domain.invoice import Hold, Invoice, InvoiceKind, InvoiceState, LineKind, OpenReceipt
from connector.domain.money import as_text
from connector.domain.reckoning import NOTHING, Reckoning, total_of
from connector.domain.text import Fact, Money, in_series, text

HOLD_KINDS: Final = frozenset(
    {
        "blocked",
        "disputed",
        "no_followup",
        "no_follow_policy",
        "no_reminder",
        "no_reminder_customer",
        "invoicing_legacy",
    }
)
"""Each `Hold.kind` that has a text under `hold`; a kind that is not here is shown as the ledger has it."""


def check(invoice: Invoice, circumstances: Circumstances, reckoning: Reckoning) -> Iterator[Finding]:
    """A1 to A11."""
    yield from _a1_a_booked_invoice(invoice)
    yield from _a2_open_balance(invoice, circumstances)
    yield from _a3_bank_is_booked(invoice, circumstances)
    yield from _a4_unmatched_receipts(invoice)
    yield from _a5_unapplied_credits(invoice)
    yield from _a6_holds(invoice)
    yield from _a7_respite(invoice, circumstances)
    yield from _a8_other_owner(invoice)
    yield from _a9_no_case_yet(circumstances)
    yield from _a10_withdrawn_before(circumstances)
    yield from _a11_more_than_fees(invoice, reckoning)


def _a1_a_booked_invoice(invoice: Invoice) -> Iterator[Finding]:
    match invoice.state:
        case InvoiceState.DRAFT:
            yield finding("A1.draft", Severity.BLOCK, field="state", value=invoice.state)
        case InvoiceState.CANCELLED:
            yield finding("A1.cancelled", Severity.BLOCK, field="state", value=invoice.state)
        case InvoiceState.BOOKED:
            if not invoice.number.strip():
                yield finding("A1.number", Severity.BLOCK, field="number")
    match invoice.kind:
        case InvoiceKind.CREDIT_NOTE:
            yield finding("A1.credit_note", Severity.BLOCK, field="kind", value=invoice.kind)
        case InvoiceKind.CASH | InvoiceKind.OTHER:
            yield finding("A1.kind", Severity.BLOCK, field="kind", value=invoice.kind)


def _a2_open_balance(invoice: Invoice, circumstances: Circumstances) -> Iterator[Finding]:
    yield from _a2_taken_back(invoice)
    value = as_text(invoice.balance)
    if invoice.balance <= 0:
        yield finding("A2.paid", Severity.BLOCK, field="balance", value=value)
        return
    proposed = circumstances.proposed_balance
    if proposed is not None and proposed != invoice.balance:
        yield finding(
            "A2.changed",
            Severity.BLOCK,
            field="balance",
            value=value,
            proposed=proposed,
            balance=invoice.balance,
        )


def _a2_taken_back(invoice: Invoice) -> Iterator[Finding]:
    """Return what the ledger took off the balance for money or a credit that it does not stand by any more."""
    payments = [payment.amount for payment in invoice.payments if payment.id in invoice.taken_back]
    credits_ = [abs(note.amount) for note in invoice.credit_notes if f"credit-{note.id}" in invoice.taken_back]
    if amount := sum((*payments, *credits_), NOTHING):
        value = as_text(amount)
        yield finding(
            "A2.taken_back",
            Severity.LIFTABLE,
            field="payments",
            value=value,
            amount=amount,
            balance=invoice.balance,
        )


def _a3_bank_is_booked(invoice: Invoice, circumstances: Circumstances) -> Iterator[Finding]:
    booked = invoice.bank_booked_until
    needed = previous_bank_day(circumstances.today)
    if booked is None and not invoice.bank_accounts:
        yield not_checked("A3", field="bank_booked_until")
    elif booked is None:
        yield finding("A3.unknown", Severity.LIFTABLE, field="bank_booked_until", needed=needed)
    elif booked < needed:
        yield finding(
            "A3",
            Severity.LIFTABLE,
            field="bank_booked_until",
            value=booked.isoformat(),
            booked=booked,
            needed=needed,
        )


def _a4_unmatched_receipts(invoice: Invoice) -> Iterator[Finding]:
    # The host lists the receipts that may concern this invoice; which of them do is for a person to say.
    receipts = invoice.unmatched_receipts
    if receipts is None:
        yield not_checked("A4", field="unmatched_receipts")
    elif receipts:
        value, amount = _by_currency(receipts, invoice)
        yield finding(
            "A4",
            Severity.WARNING,
            field="unmatched_receipts",
            value=value,
            count=len(receipts),
            amount=amount,
        )
    if invoice.hidden_company:
        company = invoice.hidden_company
        yield finding("A4.hidden", Severity.WARNING, field="unmatched_receipts", value=company, company=company)
    if invoice.reversed_payments:
        value, reversed_ = _by_currency(invoice.reversed_payments, invoice)
        yield finding("A4.reversed", Severity.WARNING, field="payments", value=value, amount=reversed_)


def _a5_unapplied_credits(invoice: Invoice) -> Iterator[Finding]:
    credits_ = invoice.unapplied_credits
    if credits_ is None:
        yield not_checked("A5", field="unapplied_credits")
    elif any(credit.amount for credit in credits_):
        value, amount = _by_currency(credits_, invoice)
        yield finding("A5", Severity.LIFTABLE, field="unapplied_credits", value=value, amount=amount)


def _by_currency(receipts: Iterable[OpenReceipt], invoice: Invoice) -> tuple[str, Fact]:
    """Return what the receipts come to, each currency by itself, the invoice's first: as a value, and as a fact."""
    sums: dict[str, Decimal] = {}
    for receipt in receipts:
        sums[receipt.currency] = sums.get(receipt.currency, Decimal("0.00")) + abs(receipt.amount)
    named = [(currency or invoice.currency, amount) for currency, amount in sorted(sums.items())]
    value = " + ".join(f"{as_text(amount)} {'kr' if currency == 'SEK' else currency}" for currency, amount in named)
    return value, in_series((Money(amount, currency) for currency, amount in named), " + ")


def _a6_holds(invoice: Invoice) -> Iterator[Finding]:
    if invoice.customer.never_send:
        yield finding("A6.never", Severity.BLOCK, field="customer.never_send")
    holds = invoice.holds
    if invoice.policies_unseen:
        yield not_checked("A6.policies", field="holds", right=invoice.right_to_policies)
    if holds is None:
        yield not_checked("A6", field="holds")
    elif holds:
        value = "; ".join(", ".join(filter(None, (hold.kind, *_since(hold)))) for hold in holds)
        details = in_series((_hold(hold) for hold in holds), "; ")
        yield finding("A6", Severity.LIFTABLE, field="holds", value=value, details=details)


def _hold(hold: Hold) -> Fact:
    return in_series((text(f"hold.{hold.kind}") if hold.kind in HOLD_KINDS else hold.kind, *_since(hold)))


def _since(hold: Hold) -> tuple[str, ...]:
    return tuple(filter(None, (hold.by, hold.since.isoformat() if hold.since else "")))


def _a7_respite(invoice: Invoice, circumstances: Circumstances) -> Iterator[Finding]:
    if invoice.respite_until is None:
        yield not_checked("A7", field="respite_until")
        return
    until = max(invoice.respite_until, default=None)
    if until is not None and until >= circumstances.today:
        yield finding("A7", Severity.LIFTABLE, field="respite_until", value=until.isoformat(), until=until)


def _a8_other_owner(invoice: Invoice) -> Iterator[Finding]:
    owners = invoice.other_owners
    if owners is None:
        yield not_checked("A8", field="other_owners")
    elif owners:
        owner = ", ".join(owners)
        yield finding("A8", Severity.BLOCK, field="other_owners", value=owner, owner=owner)


def _a9_no_case_yet(circumstances: Circumstances) -> Iterator[Finding]:
    if circumstances.open_case:
        case = circumstances.open_case
        yield finding("A9.open_case", Severity.BLOCK, field="case", value=case, case=case)
    if circumstances.unknown_attempt:
        yield finding("A9.unknown_attempt", Severity.BLOCK, field="case")


def _a10_withdrawn_before(circumstances: Circumstances) -> Iterator[Finding]:
    if case := circumstances.withdrawn_case:
        yield finding("A10", Severity.WARNING, field="case", value=case, case=case)


def _a11_more_than_fees(invoice: Invoice, reckoning: Reckoning) -> Iterator[Finding]:
    if invoice.kind is InvoiceKind.INTEREST:
        yield finding("A11.interest", Severity.WARNING, field="kind", value=invoice.kind)
        return
    # After part payment the invoice fee can be all that is left (RULES.md, "Money").
    left_is_fee = invoice.balance > 0 and reckoning.capital_to_claim <= reckoning.invoice_fee
    fees = sum((line.amount for line, _ in charged_in_capital(invoice.lines) if line.kind is LineKind.GOODS), NOTHING)
    no_goods = bool(invoice.lines) and total_of(invoice.lines, LineKind.GOODS) <= fees
    if left_is_fee or no_goods:
        yield finding("A11.fees", Severity.WARNING, field="lines", value=as_text(reckoning.capital_to_claim))
