"""The demo's company in Fortnox: five invoices to send, and those that no one should propose."""

from __future__ import annotations

from decimal import Decimal

from connector.sandbox.fortnox import settling
from connector.sandbox.fortnox.documents import Row
from connector.sandbox.fortnox.state import FortnoxState

FEE = Decimal(40)
ORGANISATION_NUMBER = "556677-8899"


def _row(description: str, price: str, quantity: str = "1") -> Row:
    return Row(description, Decimal(price), Decimal(quantity))


def demo_books(state: FortnoxState) -> None:
    """Fill `state` with one company, its customers and its invoices; `state.labels` names the invoices' numbers.

    "clean", "paid_since" (still open: pay it once it has been listed), "without_identity", "answer_lost" (clean; what
    is lost is Amili's answer) and "without_pdf". Beside them "paid", "not_due", "credited" and "unbooked".
    """
    books = state.add_company("Testbolaget AB", ORGANISATION_NUMBER)
    bygg = books.add_customer(
        "Björkö Bygg AB",
        OrganisationNumber="556599-1238",
        Address1="Kungsgatan 2",
        ZipCode="411 19",
        City="Göteborg",
        Email="kontor@bjorkobygg.example",
        EmailInvoice="faktura@bjorkobygg.example",
        Phone1="031-123 45 67",
    )
    person = books.add_customer(
        "Anna Andersson",
        Type="PRIVATE",
        OrganisationNumber="19900101-1239",
        Address1="Lillgatan 3",
        ZipCode="582 22",
        City="Linköping",
        Email="anna@andersson.example",
        Phone1="070-123 45 67",
    )
    nameless = books.add_customer("Nordanvind Event AB", Address1="Hamngatan 7", ZipCode="972 31", City="Luleå")
    bakery = books.add_customer(
        "Surdegen Bageri AB",
        OrganisationNumber="5590123450",
        VATNumber="SE559012345001",
        Address1="Bagargatan 11",
        ZipCode="753 20",
        City="Uppsala",
        Email="kontor@surdegen.example",
    )
    painter = books.add_customer(
        "Målerifirman Pensel AB",
        OrganisationNumber="559123-4561",
        Address1="Färggränd 5",
        ZipCode="211 22",
        City="Malmö",
    )

    def invoice(customer: str, row: Row, due_days_ago: int, fee: Decimal = Decimal(0), *, booked: bool = True) -> str:
        return books.add_invoice(customer, [row], due_days_ago=due_days_ago, booked=booked, AdministrationFee=fee)

    state.labels |= {
        "clean": invoice(bygg, _row("Konsulttimmar, projektering av tak", "1000", "2"), 45, FEE),
        "paid_since": invoice(person, _row("Service av värmepump", "1180"), 40, FEE),
        "without_identity": invoice(nameless, _row("Hyra av ljudanläggning, två dagar", "3200"), 38),
        "answer_lost": invoice(bakery, _row("Service av kylaggregat", "2499.50"), 33, FEE),
        "without_pdf": invoice(painter, _row("Uthyrning av byggställning, vecka 38", "4150"), 30),
        "paid": invoice(bygg, _row("Besiktning av tak", "800"), 60),
        "not_due": invoice(bakery, _row("Reservdelar till ugn", "640"), -12),
        "credited": invoice(bakery, _row("Felsökning av degblandare", "950"), 52),
        "unbooked": invoice(painter, _row("Väntetid", "500"), 20, booked=False),
    }
    books.remind(state.labels["clean"])
    books.broken_pdfs[state.labels["without_pdf"]] = "Utskriftsmallen kunde inte läsas."
    settling.pay(books, state.labels["paid"])
    credit = settling.credit(books, state.labels["credited"])
    settling.set_off(books, state.labels["credited"], credit, -books.invoice(credit)["Total"])
