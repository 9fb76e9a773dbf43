"""From a claim to the body of a case registration, in the guide's order of fields.

Source: API.md, "Case registration".
"""

from __future__ import annotations

from connector.amili.models import (
    CaseRegistration,
    ClaimedFee,
    ClaimedFees,
    IncludedFees,
    RegistrationAddress,
    RegistrationCustomer,
    RegistrationDebt,
)
from connector.domain.claim import Claim, Debtor, LatePaymentFee, ReminderFee
from connector.domain.debtor import delivery_line
from connector.domain.invoice import Address

SEND_IS_COMPANY_FOR_PERSONS = True
"""Send `is_company: false` for a person. The only person in the examples is without the flag; what Amili then takes
the debtor for is not documented, and it is the flag that tells a sole trader from a consumer."""

SEND_LATE_PAYMENT_FEE = False
"""Send a late-payment compensation as `late_payment_fee`, among the fees beside the capital or in it. That there is
such a key is unconfirmed: one that the API does not know has the whole registration refused."""


def registration_body(claim: Claim) -> CaseRegistration:
    """The registration of `claim` as one debt. What is empty is left out, never sent as "".

    One address line is sent: no field for a second is documented (API.md, "Unconfirmed"). Raises
    `pydantic.ValidationError`, a `ValueError` that quotes no values, for a claim that cannot be one (no
    account, a capital of nothing, a currency other than SEK).
    """
    return CaseRegistration(
        account=claim.account,
        creditor=claim.creditor,
        first_action=claim.first_action,
        currency=claim.currency,
        customer=_customer(claim.debtor),
        debts=(_debt(claim),),
    )


def _customer(debtor: Debtor) -> RegistrationCustomer:
    return RegistrationCustomer(
        name=debtor.name,
        id_number=debtor.id_number or None,
        is_company=debtor.is_company if debtor.is_company or SEND_IS_COMPANY_FOR_PERSONS else None,
        address=_address(debtor.address),
        mobile_number=debtor.mobile_number or None,
        email=debtor.email or None,
    )


def _address(address: Address) -> RegistrationAddress | None:
    parts = address.model_dump(include=set(RegistrationAddress.model_fields))
    filled = {name: part for name, part in (parts | {"address_line_1": delivery_line(address)}).items() if part}
    return RegistrationAddress(**filled) if filled else None


def _debt(claim: Claim) -> RegistrationDebt:
    late = claim.late_payment_fee if SEND_LATE_PAYMENT_FEE else None
    return RegistrationDebt(
        invoice_number=claim.invoice_number,
        debt_description=claim.debt_description or None,
        invoice_date=claim.invoice_date,
        capital_to_claim=claim.capital_to_claim,
        invoice_due_days_after_invoice_date=claim.due_days,
        fees_included_in_capital_to_claim=_included(claim, late if late and late.in_capital else None),
        fees_already_claimed=_claimed(claim, late if late and not late.in_capital else None),
    )


def _included(claim: Claim, late: LatePaymentFee | None) -> IncludedFees | None:
    fees = IncludedFees(invoice_fee=claim.invoice_fee or None, late_payment_fee=late.amount if late else None)
    return fees if fees.invoice_fee or fees.late_payment_fee else None


def _claimed(claim: Claim, late: LatePaymentFee | None) -> ClaimedFees | None:
    fees = ClaimedFees(reminder=_beside(claim.reminder_fee), late_payment_fee=_beside(late))
    return fees if fees.reminder or fees.late_payment_fee else None


def _beside(fee: ReminderFee | LatePaymentFee | None) -> ClaimedFee | None:
    return ClaimedFee(amount=fee.amount, fee_registration_date=fee.date) if fee and fee.amount else None
