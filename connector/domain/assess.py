"""The judgement of one invoice: every finding, the reckoning, and the claim if there can be one."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from connector.domain.assessment import Assessment, Circumstances
from connector.domain.checks import agreement, content, dates, fees, invoice_state, money
from connector.domain.checks import debtor as debtor_checks
from connector.domain.claim import Claim, LatePaymentFee
from connector.domain.connection import ConnectionSettings
from connector.domain.debtor import DebtorReading, build_debtor, read_debtor
from connector.domain.description import debtor_reads, describe_debt
from connector.domain.fee_rows import FeeRow, charged_in_capital
from connector.domain.invoice import Invoice
from connector.domain.reckoning import Reckoning, reckon


def assess(invoice: Invoice, settings: ConnectionSettings, circumstances: Circumstances) -> Assessment:
    """Judge `invoice` for a hand-over on `circumstances.today`. Pure; the order of findings is that of the parts.

    A claim can stand beside findings that stop it, so that people see what would be sent. It is None only
    where a block says what is missing. `account` and `creditor` may be empty in it (then G1 blocks).
    """
    reckoning = reckon(invoice, settings.reminders)
    debtor = read_debtor(invoice.customer, today=circumstances.today)
    description = describe_debt(invoice, settings.debt_description)
    reads = debtor_reads(description, circumstances.creditor)
    findings = (
        *invoice_state.check(invoice, circumstances, reckoning),
        *money.check(invoice, settings, reckoning),
        *dates.check(
            invoice,
            settings,
            first_action=circumstances.first_action,
            is_company=debtor.is_company,
            by_rule=circumstances.by_rule,
            today=circumstances.today,
        ),
        *fees.check(
            invoice,
            settings,
            reckoning,
            first_action=circumstances.first_action,
            today=circumstances.today,
            is_company=debtor.is_company,
        ),
        *debtor_checks.check(
            debtor,
            settings,
            own_number=circumstances.creditor.organization_number if circumstances.creditor else "",
            first_action=circumstances.first_action,
            invoice_date=invoice.invoice_date,
            today=circumstances.today,
        ),
        *content.check(
            invoice,
            settings,
            description=description,
            reads=reads,
            pdf=circumstances.pdf,
        ),
        *agreement.check(settings, circumstances.creditor, first_action=circumstances.first_action),
    )
    claim = _claim(invoice, settings, circumstances, reckoning, debtor, description or reads)
    return Assessment(findings=findings, amounts=reckoning.trail, claim=claim, debtor_reads=reads)


def _claim(
    invoice: Invoice,
    settings: ConnectionSettings,
    circumstances: Circumstances,
    reckoning: Reckoning,
    reading: DebtorReading,
    description: str,
) -> Claim | None:
    debtor = build_debtor(reading)
    if (
        debtor is None
        or invoice.invoice_date is None
        or invoice.due_date is None
        or invoice.due_date < invoice.invoice_date
        or invoice.currency != money.CURRENCY
        or not invoice.number.strip()
        or not description
        or reckoning.capital_to_claim <= 0
        or circumstances.first_action not in settings.first_actions
    ):
        return None
    return Claim(
        account=settings.account,
        creditor=settings.creditor,
        first_action=circumstances.first_action,
        currency=invoice.currency,
        debtor=debtor,
        invoice_number=invoice.number,
        debt_description=description,
        invoice_date=invoice.invoice_date,
        due_days=(invoice.due_date - invoice.invoice_date).days,
        capital_to_claim=reckoning.capital_to_claim,
        invoice_fee=reckoning.invoice_fee or None,
        reminder_fee=reckoning.reminder_fee,
        late_payment_fee=_late_payment_fee(invoice, invoice.invoice_date, reckoning),
    )


def _late_payment_fee(invoice: Invoice, charged_on: date, reckoning: Reckoning) -> LatePaymentFee | None:
    """The compensation for paying late that stands on the invoice itself, as far as it is still in the capital (D5)."""
    rows = (line.amount for line, kind in charged_in_capital(invoice.lines) if kind is FeeRow.LATE_COMPENSATION)
    amount = min(sum(rows, Decimal("0.00")), reckoning.capital_to_claim - reckoning.invoice_fee)
    return LatePaymentFee(amount=amount, date=charged_on, in_capital=True) if amount > 0 else None
