"""The names of what the connector adds to Odoo: fields on invoices and customers, and the model of people's requests.

The fields on invoices show, and anyone who may change an invoice may change them by API. What was asked for, and by
whom, stands in the requests, which only the installed actions make (API.md, "What is made by API").
"""

from __future__ import annotations

from datetime import UTC, datetime

CASE_ID = "x_amili_case_id"
STATUS = "x_amili_status"
DATE = "x_amili_date"
REQUESTED_AT = "x_amili_requested_at"
REQUESTED_BY = "x_amili_requested_by"
FIRST_ACTION = "x_amili_first_action"
CASE_URL = "x_amili_url"
FINDINGS = "x_amili_findings"
DISPUTED = "x_amili_disputed"
DISPUTED_BY = "x_amili_disputed_by"
DISPUTED_AT = "x_amili_disputed_at"
ENDED = "x_amili_ended"
WITHDRAWAL_REASON = "x_amili_withdrawal_reason"
WITHDRAWAL_AT = "x_amili_withdrawal_at"
WITHDRAWAL_BY = "x_amili_withdrawal_by"
WITHDRAWAL_CASE = "x_amili_withdrawal_case"
OCR = "x_amili_ocr"
NEVER_SEND = "x_amili_never_send"

ADDED = (
    CASE_ID,
    STATUS,
    DATE,
    REQUESTED_AT,
    REQUESTED_BY,
    FIRST_ACTION,
    CASE_URL,
    FINDINGS,
    DISPUTED,
    DISPUTED_BY,
    DISPUTED_AT,
    ENDED,
    WITHDRAWAL_REASON,
    WITHDRAWAL_AT,
    WITHDRAWAL_BY,
    WITHDRAWAL_CASE,
    OCR,
)
"""Those on invoices (account.move)."""

ADDED_TO_CUSTOMERS = (NEVER_SEND,)
"""Those on customers (res.partner)."""


REQUEST = "x_amili_request"
"""The model of requests. A request's `create_uid` and `create_date` say who pressed, and when."""

INVOICE_OF = "x_invoice_id"
COMPANY_OF = "x_company_id"
KIND = "x_kind"
CHOSEN_ACTION = "x_first_action"
CASE_SHOWN = "x_case_id"
REASON = "x_reason"
ANSWERED = "x_answered"

SEND, TAKE_BACK, WITHDRAW, DISPUTE, SETTLE = "send", "take_back", "withdraw", "dispute", "settle"
"""The kinds of request."""


def odoo_datetime(at: datetime) -> str:
    """`at` (aware) as Odoo keeps instants: UTC, without a zone, in whole seconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
