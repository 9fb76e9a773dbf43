"""From a claim to the body of a case registration, in the guide's order of fields.

Source: amili-case-flow-guide.txt, amili.md section 2.
"""

from __future__ import annotations

from connector.amili.models import (
    CaseRegistration,
    ClaimedFees,
    ClaimedReminder,
    IncludedFees,
    RegistrationAddress,
    RegistrationCustomer,
    RegistrationDebt,
)
from connector.domain.claim import Claim, Debtor
from connector.domain.invoice import Address

SEND_IS_COMPANY_FOR_PERSONS = True
"""Send `is_company: false` for a person. The reference's only person omits the flag; what Amili then takes
the debtor for is not documented, and it is the flag that tells a sole trader from a consumer."""


def registration_body(claim: Claim) -> CaseRegistration:
    """The registration of `claim` as one debt. What is empty is left out, never sent as "".

    A second address line is not sent: no field for it is documented (amili.md, Unknown 9). Raises
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
    filled = {name: part for name, part in parts.items() if part}
    return RegistrationAddress(**filled) if filled else None


def _debt(claim: Claim) -> RegistrationDebt:
    reminder = claim.reminder_fee
    return RegistrationDebt(
        invoice_number=claim.invoice_number,
        debt_description=claim.debt_description or None,
        invoice_date=claim.invoice_date,
        capital_to_claim=claim.capital_to_claim,
        invoice_due_days_after_invoice_date=claim.due_days,
        fees_included_in_capital_to_claim=(IncludedFees(invoice_fee=claim.invoice_fee) if claim.invoice_fee else None),
        fees_already_claimed=(
            ClaimedFees(reminder=ClaimedReminder(amount=reminder.amount, fee_registration_date=reminder.date))
            if reminder and reminder.amount
            else None
        ),
    )
