"""Many invoices at Amili at once, without handing each over: made in the sandboxes and written to the store."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import insert, select

from connector.domain.dates import today
from connector.sandbox.amili_state import GUIDE_ACCOUNT, GUIDE_CREDITOR
from connector.store import tables
from tests.flows.acting import begun, driven
from tests.flows.stage import Stage

CAPITAL = Decimal("1250.00")


def many_at_amili(on: Stage, count: int) -> list[str]:
    """So many invoices of one customer, each with its open case and a hand-over as a real one left it; their ids."""
    customer = on.customer()
    invoices = [on.side.invoice(customer, Decimal(1000)) for _ in range(count)]
    hand_over = begun(on, invoices[0])
    driven(on, hand_over)
    table = tables.hand_overs
    with on.deployment.databases.main.begin() as connection:
        real = connection.execute(select(table).where(table.c.id == hand_over)).one()._asdict()
        rows = [real | _own(on, invoice, position) for position, invoice in enumerate(invoices[1:], start=1)]
        connection.execute(insert(table), rows)
    return invoices


def _own(on: Stage, invoice: str, position: int) -> dict[str, str]:
    number = on.number(invoice)
    on.amili.create_registration(
        {
            "account": GUIDE_ACCOUNT,
            "creditor": GUIDE_CREDITOR,
            "first_action": "debt_collection",
            "currency": "SEK",
            "customer": {"name": "Kund AB"},
            "debts": [{"invoice_number": number, "capital_to_claim": CAPITAL, "invoice_date": today()}],
        }
    )
    case = on.amili.cases_of(number)[-1]
    return {
        "id": f"many-{position:06}",
        "invoice_id": invoice,
        "invoice_number": number,
        "case_id": case.id,
        "registration_id": case.registration_id,
    }
