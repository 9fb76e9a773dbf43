"""The host document: everything one judgement needs of a Fortnox invoice, as Fortnox's own JSON.

A document is an object of what Fortnox's API answers, without the wrappers of the single answers. A part that is
not there, or `null`, was not asked for: the checks that need it say that they were not made. Only `Invoice` and
`Customer` must be there. Empty values may be absent, `null` or `""` alike, and a value that the user may not see
is the text `API_NORIGHT` (API.md, "Lists" and "Invoice").

`Invoice`
    `GET /3/invoices/{DocumentNumber}`. A row of the list of invoices will not do: it lacks most of the fields.
`Customer`
    `GET /3/customers/{CustomerNumber}`.
`CustomersWithNumber`
    Rows of the list of customers, on which the debtor's identity number may stand.
`InvoicePayments`
    Every payment of the invoice, booked or not, each as `GET /3/invoicepayments/{Number}` answers.
`CreditInvoices`
    The credit invoices that refer to the invoice, and the one that it refers to, as single answers.
`CreditPayments`
    The booked payments of the customer's credit invoices that are used, tied to the invoice or not, each as
    `GET /3/invoicepayments/{Number}` answers: what is entered as paid on a credit is the other side of a set-off.
`OpenCredits`
    Rows of the list of invoices: the customer's other invoices whose `Balance` is below zero.
`Labels`
    The company's labels, as rows of `GET /3/labels`: what the ids on the invoice mean. Asked for where the invoice has
    labels and `dispute_label` names one.
`LatestInvoicePayment`
    The company's latest booked payment until today that brought money, and is no side of a set-off, as a row of the
    list of payments. Where none of the last 90 days is such, the latest of another kind; an empty object if it has
    none.

`templates/fortnox/example-document.json` is one. `amili-connector map` takes the same format.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from connector.domain.errors import AmountUnreadable, Unreadable
from connector.domain.money import LARGEST, InexactAmount, kronor, loosely_written

SYSTEM = "Fortnox"

Record = Mapping[str, Any]

NO_RIGHT = "API_NORIGHT"
"""Stands in place of a value that the user may not see (API.md, "Lists")."""

NO_REFERENCE = "0"
"""Stands in a reference that points at nothing (API.md, "Invoice")."""


def one(document: Record, name: str) -> Record | None:
    """A part that is one object; None if it was not asked for. Raises `Unreadable` for anything else."""
    part = document.get(name)
    if part is None or isinstance(part, dict):
        return part
    raise Unreadable(f"the document's {name!r} is no object.", system=SYSTEM)


def several(document: Record, name: str) -> list[Record] | None:
    """A part that is a list of objects; None if it was not asked for. Raises `Unreadable` for anything else."""
    parts = document.get(name)
    if parts is None or parts == "":
        return None
    if isinstance(parts, list) and all(isinstance(part, dict) for part in parts):
        return parts
    raise Unreadable(f"the document's {name!r} is no list of objects.", system=SYSTEM)


def text(record: Record, field: str) -> str:
    """A text or number as text; "" if it is empty or may not be seen."""
    value = record.get(field)
    if isinstance(value, (dict, list)):
        raise Unreadable(f"{field!r} is no text.", system=SYSTEM)
    return "" if _blank(value) else str(value).strip()


def flag(record: Record, field: str) -> bool | None:
    """A yes or no, which `Credit` spells as a text; None if it is empty or may not be seen."""
    found = {"": None, "true": True, "false": False}.get(text(record, field).casefold(), "neither")
    if isinstance(found, str):
        raise Unreadable(f"{field!r} is neither true nor false.", system=SYSTEM)
    return found


def day(record: Record, field: str) -> date | None:
    """A date; None if it is empty or may not be seen."""
    written = text(record, field)
    try:
        return date.fromisoformat(written) if written else None
    except ValueError:
        raise Unreadable(f"{field!r} is no date.", system=SYSTEM) from None


def reference(record: Record, field: str) -> str:
    """The number of what a reference points at; "" if it points at nothing."""
    written = text(record, field)
    return "" if written == NO_REFERENCE else written


def label_ids(invoice: Record) -> tuple[int, ...]:
    """The ids of the labels that an invoice has."""
    labels = invoice.get("Labels")
    ids = [text(label, "Id") for label in labels if isinstance(label, dict)] if isinstance(labels, list) else []
    return tuple(int(label_id) for label_id in ids if label_id.isdecimal())


def amount(record: Record, field: str, name: str) -> Decimal:
    """An amount in kronor, exact to the öre. Raises `AmountUnreadable`, calling it `name`, if it is not there."""
    found = maybe_amount(record, field, name)
    if found is None:
        raise AmountUnreadable(f"The amount {name} is not there.", field=name, system=SYSTEM)
    return found


def maybe_amount(record: Record, field: str, name: str) -> Decimal | None:
    """As `amount`, but None for one that is empty. Fortnox answers some sums with the noise of binary floats.

    One that may not be seen raises `AmountUnreadable`.
    """
    value = record.get(field)
    if value is None or value == "":
        return None
    try:
        return kronor(loosely_written(value))
    except InexactAmount as error:
        raise AmountUnreadable(f"The amount {name} is not exact: {error}.", field=name, system=SYSTEM) from None


def number(record: Record, field: str, name: str) -> Decimal:
    """A number of any precision, 0 if it is empty. Raises `AmountUnreadable`, calling it `name`, for what is none."""
    value = record.get(field)
    if value is None or value == "":
        return Decimal(0)
    try:
        found = Decimal("NaN") if isinstance(value, bool) else Decimal(str(loosely_written(value)))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or abs(found) > LARGEST:
        raise AmountUnreadable(f"The amount {name} is no number.", field=name, system=SYSTEM)
    return found


def is_withheld(record: Record, field: str) -> bool:
    """Return whether a field is not shown: empty, left out, or not to be seen by us."""
    return _blank(record.get(field))


def _blank(value: object) -> bool:
    return value is None or value in ("", NO_RIGHT)
