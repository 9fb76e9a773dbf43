"""Many invoices at Amili at once, without handing each over: made in the sandboxes and written to the store."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from sqlalchemy import Engine, insert, select

from connector.sandbox.amili.state import GUIDE_ACCOUNT, GUIDE_CREDITOR, AmiliState, Case
from connector.store import tables
from tests.flows.hand_over_steps import begun, driven
from tests.flows.stage import Stage

CAPITAL = Decimal("1250.00")


def many_at_amili(on: Stage, count: int) -> list[str]:
    """So many invoices of one customer, each with its open case and a hand-over as a real one left it; their ids."""
    customer = on.customer()
    invoices = [on.side.invoice(customer, Decimal(1000)) for _ in range(count)]
    hand_over = begun(on, invoices[0])
    driven(on, hand_over)
    cases = ((invoice, add_case(on.amili, on.number(invoice))) for invoice in invoices[1:])
    handed_over_alike(
        on.deployment.databases.main,
        hand_over,
        ((invoice, case.invoice_number, case.id) for invoice, case in cases),
    )
    return invoices


def add_case(amili: AmiliState, invoice_number: str) -> Case:
    """An open case of an invoice of 1 250 kronor."""
    amili.create_registration(
        {
            "account": GUIDE_ACCOUNT,
            "creditor": GUIDE_CREDITOR,
            "first_action": "debt_collection",
            "currency": "SEK",
            "customer": {"name": "Kund AB"},
            "debts": [{"invoice_number": invoice_number, "capital_to_claim": CAPITAL}],
        }
    )
    return amili.cases_of(invoice_number)[-1]


def handed_over_alike(db: Engine, hand_over_id: str, sent: Iterable[tuple[str, str, str]]) -> None:
    """A hand-over for each invoice id, invoice number and case id, in all else as `hand_over_id` is stored."""
    table = tables.hand_overs
    with db.begin() as connection:
        real = connection.execute(select(table).where(table.c.id == hand_over_id)).one()._asdict()
        rows = [
            real
            | {
                "id": f"alike-{invoice_id}",
                "invoice_id": invoice_id,
                "invoice_number": number,
                "debt": f"debt of {number}",
                "case_id": case_id,
            }
            for invoice_id, number, case_id in sent
        ]
        connection.execute(insert(table), rows)
