"""The claim: what is demanded for one invoice. A pure function of invoice, settings and choice."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from connector.domain.connection import FirstAction
from connector.domain.invoice import Address, Frozen
from connector.domain.money import Kronor


class Debtor(Frozen):
    """The customer as Amili needs it. `id_number` is digits only: 10 for organisations, 12 for persons."""

    name: str = Field(repr=False)
    id_number: str = Field("", repr=False)
    is_company: bool
    address: Address
    email: str = Field("", repr=False)
    mobile_number: str = Field("", repr=False)


class ReminderFee(Frozen):
    """A reminder fee already charged beside the capital, and the day it was charged."""

    amount: Kronor
    date: date


class Claim(Frozen):
    """One debt at one creditor; becomes one case registration.

    `capital_to_claim` includes `invoice_fee` (gross) and excludes `reminder_fee`
    (amili-case-flow-guide.txt, "About fees in the example").
    """

    account: str
    creditor: str
    first_action: FirstAction
    currency: str
    debtor: Debtor
    invoice_number: str
    debt_description: str = Field(repr=False)
    invoice_date: date
    due_days: int
    capital_to_claim: Kronor
    invoice_fee: Kronor | None = None
    reminder_fee: ReminderFee | None = None


class AmountLine(Frozen):
    """One line of the reckoning shown in the preview: where an amount came from.

    `term` is a key of the pages' catalogue ("balance", "booked_reminder_fee", "capital_to_claim",
    "invoice_fee", "reminder_fee", "total", "payment", "credit_note"); `source` names the ledger's thing.
    """

    term: str
    amount: Kronor
    source: str = ""
