"""Host documents in the shapes recorded from Fortnox (fortnox/API.md, "Invoice", "Customers" and "Payments"); a test
states what differs."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from connector.domain.invoice import Invoice
from connector.hosts.fortnox.settings import FortnoxSettings
from connector.hosts.fortnox.translate import translate
from connector.resources import read_template

MISSING = object()
"""As a change: the field is not there at all."""

EMPTY = [MISSING, None, ""]
"""The ways in which Fortnox leaves a value out."""


def document() -> dict[str, Any]:
    """The example document, fresh: 15 063 kronor, of which 5 000 are paid, one reminder."""
    found: dict[str, Any] = json.loads(read_template("fortnox/example-document.json"), parse_float=Decimal)
    return found


def changed(part: str, **changes: Any) -> dict[str, Any]:
    """The example document with `changes` in one of its objects."""
    found = document()
    for field, value in changes.items():
        if value is MISSING:
            del found[part][field]
        else:
            found[part][field] = value
    return found


def invoice(**changes: Any) -> Invoice:
    """The example invoice with `changes`, as we read it."""
    return translate(changed("Invoice", **changes), FortnoxSettings())


def customer(**changes: Any) -> Invoice:
    """The example invoice whose customer has `changes`, as we read it."""
    return translate(changed("Customer", **changes), FortnoxSettings())


def payment(**changes: Any) -> dict[str, Any]:
    """The example's payment with `changes`."""
    found: dict[str, Any] = document()["InvoicePayments"][0]
    return found | changes


def credit(**changes: Any) -> dict[str, Any]:
    """A booked, wholly used credit invoice of the example's invoice, for 1 000 kronor."""
    found: dict[str, Any] = document()["Invoice"]
    return (
        found
        | {
            "DocumentNumber": "10460",
            "InvoiceDate": "2026-02-01",
            "Credit": "true",
            "CreditInvoiceReference": "10457",
            "Total": -1000,
            "TotalToPay": -1000,
            "Balance": 0,
            "FinalPayDate": "2026-02-01",
        }
        | changes
    )


def with_parts(**parts: Any) -> Invoice:
    """The example invoice with other parts in the document, as we read it; `MISSING` leaves one out."""
    found = document() | parts
    return translate({name: part for name, part in found.items() if part is not MISSING}, FortnoxSettings())
