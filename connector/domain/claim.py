"""The claim: what is demanded for one invoice. A pure function of invoice, settings and choice."""

from __future__ import annotations

from datetime import date

from pydantic import Field

from connector.domain.connection import AnyFirstAction
from connector.domain.invoice import Address, Frozen
from connector.domain.money import Kronor

UNCONFIRMED_FEE_KEYS = ("verdict_fee", "enforcement")
"""Fees that Amili's finance pages name beside `invoice_fee`, `reminder` and `late_payment_fee`
(amili/API.md, "Fees in a registration"). Whether a registration takes them, and under which keys, is unknown; a claim
cannot carry them."""


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


class LatePaymentFee(Frozen):
    """A late-payment compensation already charged (lag 1981:739, 4 a §), in the capital or beside it."""

    amount: Kronor
    date: date
    in_capital: bool = False


class Claim(Frozen):
    """One debt at one creditor; becomes one case registration.

    `capital_to_claim` includes `invoice_fee` (gross) and excludes `reminder_fee`
    (amili/API.md, "Fees in a registration").
    """

    account: str
    creditor: str
    first_action: AnyFirstAction
    currency: str
    debtor: Debtor
    invoice_number: str
    debt_description: str = Field(repr=False)
    invoice_date: date
    due_days: int
    capital_to_claim: Kronor
    invoice_fee: Kronor | None = None
    reminder_fee: ReminderFee | None = None
    late_payment_fee: LatePaymentFee | None = None


class AmountLine(Frozen):
    """One line of the reckoning shown in the preview: where an amount came from.

    `term` is a key of the pages' catalogue ("total", "payment", "credit_note", "paid_beside", "tax_reduction",
    "other_settlement", "balance", "booked_reminder_fee", "booked_interest", "capital_to_claim", "invoice_fee",
    "reminder_fee"); `source` names the ledger's thing. What is taken off is negative, so that the lines add up to
    balance and capital.
    """

    term: str
    amount: Kronor
    source: str = ""
