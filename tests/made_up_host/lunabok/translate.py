"""A document of the made-up system as an invoice."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from connector.domain.errors import Unreadable
from connector.domain.invoice import Address, BankAccount, Customer, CustomerType, Invoice, InvoiceState, Line, Payment

SYSTEM = "Lunabok"


def translate(document: dict[str, Any], settings: dict[str, Any]) -> Invoice:
    """The invoice of a document. Raises `Unreadable` for what is none."""
    del settings
    try:
        return _invoice(document)
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        raise Unreadable(f"a field is missing or malformed ({type(error).__name__}).", system=SYSTEM) from None


def _invoice(document: dict[str, Any]) -> Invoice:
    buyer = document["buyer"]
    address = Address(address_line_1=buyer["street"], zip_code=buyer["zip"], city=buyer["city"], country="SE")
    booked = date.fromisoformat(document["booked_until"])
    return Invoice(
        id=document["id"],
        number=document["number"],
        state=InvoiceState.BOOKED,
        invoice_date=date.fromisoformat(document["date"]),
        due_date=date.fromisoformat(document["due"]),
        currency="SEK",
        total=Decimal(document["total"]),
        balance=Decimal(document["open"]),
        lines=(Line(description=document["what"], amount=Decimal(document["total"])),),
        payments=tuple(
            Payment(id=one["id"], amount=Decimal(one["amount"]), date=date.fromisoformat(one["date"]))
            for one in document["payments"]
        ),
        customer=Customer(
            id=buyer["id"],
            name=buyer["name"],
            customer_type=CustomerType.COMPANY,
            id_number=buyer["number"],
            address=address,
        ),
        bank_booked_until=booked,
        bank_accounts=(BankAccount(id="", booked_until=booked),),
        unmatched_receipts=(),
        unapplied_credits=(),
        holds=(),
    )
