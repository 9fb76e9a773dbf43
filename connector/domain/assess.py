"""The judgement of one invoice: every finding, the reckoning, and the claim if there can be one."""

from __future__ import annotations

from connector.domain.assessment import Assessment, Circumstances
from connector.domain.checks import agreement, content, dates, fees, invoice_state, money
from connector.domain.checks import debtor as debtor_checks
from connector.domain.claim import Claim
from connector.domain.connection import ConnectionSettings
from connector.domain.debtor import DebtorReading, build_debtor, read_debtor
from connector.domain.description import describe_debt
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
    findings = (
        *invoice_state.check(invoice, circumstances, reckoning),
        *money.check(invoice, settings, reckoning),
        *dates.check(invoice, today=circumstances.today),
        *fees.check(invoice, settings, reckoning, today=circumstances.today, is_company=debtor.is_company),
        *debtor_checks.check(
            debtor,
            first_action=circumstances.first_action,
            invoice_date=invoice.invoice_date,
            today=circumstances.today,
        ),
        *content.check(
            description=description,
            invoice_number=invoice.number,
            pdf=circumstances.pdf,
            require_pdf=settings.require_pdf,
        ),
        *agreement.check(settings, circumstances.creditor),
    )
    claim = _claim(invoice, settings, circumstances, reckoning, debtor, description)
    return Assessment(findings=findings, amounts=reckoning.trail, claim=claim)


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
    )
