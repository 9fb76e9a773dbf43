"""One row of the list of overdue invoices, from what Odoo answers.

What is not as it should be is left empty, so that it hides its own field and not the list; reading the invoice says it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from connector.domain.invoice import OverdueInvoice
from connector.domain.money import LARGEST, ORE
from connector.hosts.odoo import fields

log = logging.getLogger(__name__)


def overdue_invoices(records: Sequence[Any]) -> Iterator[OverdueInvoice]:
    """The invoices of the list; the records have the case id where that field is set up."""
    for record in records:
        if isinstance(record, Mapping) and type(record.get("id")) is int:
            yield _overdue_invoice(record)
        else:
            log.warning("Odoo lists an overdue invoice without an id; it is left out")


def _overdue_invoice(record: Mapping[str, Any]) -> OverdueInvoice:
    return OverdueInvoice(
        id=str(record["id"]),
        number=_text(record.get("name")),
        customer_name=_name(record.get("commercial_partner_id")),
        invoice_date=_day(record.get("invoice_date")),
        due_date=_day(record.get("invoice_date_due")),
        total=_shown(record.get("amount_total")),
        balance=_shown(record.get("amount_residual")),
        currency=_name(record.get("currency_id")),
        case_id=_text(record.get(fields.CASE_ID)),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _name(reference: object) -> str:
    """Return what Odoo shows of the thing that a field points at."""
    return _text(reference[1]) if isinstance(reference, list) and len(reference) == 2 else ""


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(_text(value))
    except ValueError:
        return None


def _shown(amount: object) -> Decimal | None:
    """An amount for the list only: one in a currency of three decimals must not hide the whole list (B1 stops it)."""
    if isinstance(amount, bool) or not isinstance(amount, (Decimal, int)):
        return None
    exact = Decimal(amount)
    return exact.quantize(ORE, ROUND_HALF_UP) if exact.is_finite() and abs(exact) <= LARGEST else None
