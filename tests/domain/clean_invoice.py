"""A clean, sendable invoice and its world; a test states only what differs.

The default judged as it is has no finding at all. Every number is a valid one of an adult or a company.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from connector.domain.assessment import Circumstances, CreditorStatus, PdfFacts
from connector.domain.connection import ConnectionSettings, FirstAction
from connector.domain.invoice import (
    Address,
    Customer,
    CustomerType,
    Invoice,
    InvoiceState,
    Line,
    LineKind,
    ReminderSent,
)

TODAY = date(2025, 9, 3)
YESTERDAY = date(2025, 9, 2)
INVOICE_DATE = date(2025, 7, 7)
DUE_DATE = date(2025, 8, 7)
REMINDER_DATE = date(2025, 8, 11)

ACCOUNT = "674dbeaf08847b9501cc9132"
CREDITOR = "674dbeb208847b9501cc9138"
COMPANY_NUMBER = "5560160680"
PERSON_NUMBER = "199001011239"
OWN_NUMBER = "5566778899"


def kr(text: str) -> Decimal:
    return Decimal(text)


def an_address(**changes: Any) -> Address:
    return Address(
        **{
            "address_line_1": "Storgatan 42",
            "zip_code": "123 45",
            "city": "Stockholm",
            "country": "SE",
            **changes,
        }
    )


def a_customer(**changes: Any) -> Customer:
    return Customer(
        **{
            "id": "17",
            "number": "1017",
            "name": "Provbolaget AB",
            "customer_type": CustomerType.COMPANY,
            "id_number": COMPANY_NUMBER,
            "address": an_address(),
            "invoice_address": an_address(),
            "protected_identity": False,
            **changes,
        }
    )


def a_person(**changes: Any) -> Customer:
    return a_customer(
        **{
            "name": "Karin Prov",
            "customer_type": CustomerType.PERSON,
            "id_number": PERSON_NUMBER,
            **changes,
        }
    )


def a_line(amount: str, description: str = "Konsulttimmar webbplats juli", kind: LineKind = LineKind.GOODS) -> Line:
    return Line(description=description, amount=kr(amount), kind=kind)


def a_reminder(**changes: Any) -> ReminderSent:
    return ReminderSent(**{"date": REMINDER_DATE, "fee": kr("60.00"), "paid": False, **changes})


def an_invoice(**changes: Any) -> Invoice:
    return Invoice(
        **{
            "id": "4711",
            "number": "INV-2025-003",
            "state": InvoiceState.BOOKED,
            "invoice_date": INVOICE_DATE,
            "due_date": DUE_DATE,
            "currency": "SEK",
            "total": kr("2000.00"),
            "balance": kr("2000.00"),
            "lines": (a_line("2000.00"),),
            "customer": a_customer(),
            "bank_booked_until": YESTERDAY,
            "unmatched_receipts": (),
            "unapplied_credits": (),
            "holds": (),
            "respite_until": (),
            "other_owners": (),
            "tax_reduction": kr("0.00"),
            **changes,
        }
    )


def settings(**changes: Any) -> ConnectionSettings:
    return ConnectionSettings(
        **{"account": ACCOUNT, "creditor": CREDITOR, "organization_number": OWN_NUMBER, **changes}
    )


def a_creditor(**changes: Any) -> CreditorStatus:
    return CreditorStatus(
        **{
            "id": CREDITOR,
            "account": ACCOUNT,
            "name": "Borgenären AB",
            "organization_number": OWN_NUMBER,
            "is_active": True,
            "has_payout_account": True,
            **changes,
        }
    )


def a_pdf(**changes: Any) -> PdfFacts:
    return PdfFacts(**{"available": True, "size_bytes": 40_000, "invoice_number": "INV-2025-003", **changes})


def circumstances(**changes: Any) -> Circumstances:
    return Circumstances(
        **{
            "today": TODAY,
            "first_action": FirstAction.DEBT_COLLECTION,
            "creditor": a_creditor(),
            "pdf": a_pdf(),
            **changes,
        }
    )


def guide_invoice() -> Invoice:
    """The invoice behind the guide's example (amili/API.md, "Fees in a registration")."""
    return an_invoice(
        total=kr("2050.00"),
        balance=kr("2050.00"),
        lines=(a_line("2000.00", "Services"), a_line("50.00", "Fakturaavgift", LineKind.INVOICE_FEE)),
        reminders=(a_reminder(),),
        customer=a_customer(name="ACME Inc.", id_number="556026-9986"),
    )
