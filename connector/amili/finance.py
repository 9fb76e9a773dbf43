"""What Amili pays out: lines tied to single cases, and the transfers that gather them (API.md, "Payouts").

Amounts are kronor, `None` where Amili shows none. Their sign on reversals is not documented, so it is kept. Money in
these lines came through Amili: it is never reported back as a creditor payment (RULES.md, "H: after the registration").
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from connector.amili.fields import Amount, Day, Id, Incoming, Moment, Shown, Text


class PayoutLine(Incoming):
    """A payout specification: one amount of one article, settled on one case.

    `amount` is without VAT and `total_amount` with it, as the vendor's example adds up. `category`, `article` and
    `state` are kept as they came. Which field names the case is not documented: `creditor` and `invoice_number` do.
    `payout_id`, `payout_date` and `payout_reference` are filled in once a transfer is planned, so a line changes
    after it was made.
    """

    id: Id = Field(validation_alias="_id")
    creditor: Text | None = None
    currency: Shown = ""
    amount: Amount = None
    vat_amount: Amount = None
    total_amount: Amount = None
    category: Shown = Field("", validation_alias="finance_category")
    article: Shown = ""
    state: Shown = ""
    booked_on: Day = Field(None, validation_alias="booking_date")
    invoice_number: Shown = ""
    reference_number: Shown = ""
    payout_id: Shown = Field("", validation_alias="payout")
    payout_date: Day = None
    payout_reference: Shown = ""
    payout_interval: Shown = ""
    created_at: Moment = Field(None, validation_alias="_created")
    updated_at: Moment = Field(None, validation_alias="_updated")


class Payout(Incoming):
    """One transfer to the creditor, or one that is planned.

    The documentation names amounts, VAT and status in words only; their fields are taken to be called as those of a
    line. `summary` (a breakdown by article) is kept unchanged.
    """

    id: Id = Field(validation_alias="_id")
    creditor: Text | None = None
    currency: Shown = ""
    amount: Amount = None
    vat_amount: Amount = None
    total_amount: Amount = None
    status: Shown = ""
    summary: Any = None
    payout_date: Day = None
    payout_reference: Shown = ""
    finance_interval: Shown = ""
    created_at: Moment = Field(None, validation_alias="_created")
    updated_at: Moment = Field(None, validation_alias="_updated")
