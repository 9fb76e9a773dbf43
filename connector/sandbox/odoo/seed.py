"""The invoices of the demo: five to send, and two that no one should propose."""

from __future__ import annotations

from decimal import Decimal

from connector.sandbox.odoo.books import InvoiceLine
from connector.sandbox.odoo.state import OdooState

FEE = InvoiceLine("[FAKTAVG] Fakturaavgift", Decimal(40), product_code="FAKTAVG")


def _line(description: str, price: str, quantity: str = "1") -> InvoiceLine:
    return InvoiceLine(description, Decimal(price), Decimal(quantity))


def demo_ledger(state: OdooState) -> None:
    """Fill `state` with the demo's customers and invoices; `state.labels` names their ids.

    "clean", "paid_since" (still open: pay it once it has been listed), "without_identity", "answer_lost"
    (clean; what is lost is Amili's answer) and "without_pdf". Beside them "paid" and "not_due".
    """
    books = state.books
    bygg = books.add_customer(
        "Björkö Bygg AB",
        company_registry="556599-1238",
        street="Kungsgatan 2",
        zip="411 19",
        city="Göteborg",
        email="faktura@bjorkobygg.example",
        phone="+46 31 123 45 67",
        ref="K1001",
    )
    person = books.add_customer(
        "Anna Andersson",
        is_company=False,
        company_registry="19900101-1239",
        street="Lillgatan 3",
        zip="582 22",
        city="Linköping",
        email="anna@andersson.example",
        phone="+46 70 123 45 67",
        ref="K1002",
    )
    nameless = books.add_customer("Nordanvind Event AB", street="Hamngatan 7", zip="972 31", city="Luleå", ref="K1003")
    bakery = books.add_customer(
        "Surdegen Bageri AB",
        company_registry="559012-3450",
        vat="SE559012345001",
        street="Bagargatan 11",
        zip="753 20",
        city="Uppsala",
        email="kontor@surdegen.example",
        ref="K1004",
    )
    painter = books.add_customer(
        "Målerifirman Pensel AB",
        company_registry="559123-4561",
        street="Färggränd 5",
        zip="211 22",
        city="Malmö",
        ref="K1005",
    )
    state.labels |= {
        "clean": books.add_invoice(
            bygg, [_line("Konsulttimmar, projektering av tak", "1000", "2"), FEE], due_days_ago=45
        ),
        "paid_since": books.add_invoice(person, [_line("Service av värmepump", "1180"), FEE], due_days_ago=40),
        "without_identity": books.add_invoice(
            nameless, [_line("Hyra av ljudanläggning, två dagar", "3200")], due_days_ago=38
        ),
        "answer_lost": books.add_invoice(bakery, [_line("Service av kylaggregat", "2499.50"), FEE], due_days_ago=33),
        "without_pdf": books.add_invoice(
            painter, [_line("Uthyrning av byggställning, vecka 38", "4150")], due_days_ago=30
        ),
        "paid": books.add_invoice(bygg, [_line("Besiktning av tak", "800")], due_days_ago=60),
        "not_due": books.add_invoice(bakery, [_line("Reservdelar till ugn", "640")], due_days_ago=-12),
    }
    state.break_pdf(state.labels["without_pdf"])
    books.pay(state.labels["paid"])
