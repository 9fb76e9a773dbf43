"""A ledger that gives an invoice to another debtor between two of our readings is asked about, and nothing else is."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from connector.flows.hand_over.preview import preview
from connector.store import tables
from connector.store.database import reading
from tests.flows.stage import CONNECTION, Stage


def codes(on: Stage, invoice: str) -> list[str]:
    return [finding.code for finding in preview(on.deployment, CONNECTION, invoice).stopping]


def test_a_customer_that_was_given_a_company_is_asked_about_until_somebody_says(on: Stage) -> None:
    kim = on.customer(name="Kim Prov", company_registry="19900101-1239")
    company = on.customer(name="Nya Bolaget AB", company_registry="556026-9986")
    invoice = on.invoice(kim)
    assert "E16" not in codes(on, invoice)

    on.ledger.books.set_customer(kim, parent_id=company, is_company=False)

    assert codes(on, invoice) == codes(on, invoice) == ["E16"]


@pytest.mark.parametrize(("number", "expected"), [("556412-3452", ["E16"]), ("556016-0680", [])])
def test_cards_that_are_merged_are_asked_about_unless_they_are_one_debtors(
    on: Stage, number: str, expected: list[str]
) -> None:
    gone = on.customer(company_registry="556016-0680")
    kept = on.customer(company_registry=number)
    invoice = on.invoice(gone)
    assert codes(on, invoice) == []

    on.ledger.books.set_invoice(int(invoice), partner_id=kept, commercial_partner_id=kept)

    assert codes(on, invoice) == expected


@pytest.mark.parametrize(
    ("number", "change"),
    [
        ("556090-0127", {"street": "Nygatan 3"}),
        ("556123-4567", {"name": "Nytt Namn AB"}),
        ("556016-0680", {"company_registry": "SE556016068001"}),
    ],
)
def test_the_same_debtor_may_change_its_card(on: Stage, number: str, change: dict[str, str]) -> None:
    customer = on.customer(company_registry=number)
    invoice = on.invoice(customer)
    assert codes(on, invoice) == []
    on.ledger.books.set_customer(customer, **change)
    assert codes(on, invoice) == []


def test_a_number_that_was_filled_in_is_no_other_debtor(on: Stage) -> None:
    customer = on.customer(company_registry="")
    invoice = on.invoice(customer)
    assert codes(on, invoice) == ["E2"]
    on.ledger.books.set_customer(customer, company_registry="556016-0680")
    assert codes(on, invoice) == []


def test_neither_number_nor_customer_can_be_read_from_what_is_kept(on: Stage) -> None:
    customer = on.customer(company_registry="556016-0680")
    invoice = on.invoice(customer)
    preview(on.deployment, CONNECTION, invoice)
    table = tables.debtors_read
    with reading(on.deployment.databases.main) as connection:
        row = connection.execute(select(table).where(table.c.invoice_id == invoice)).one()
    assert {len(row.customer), len(row.number)} == {64}
    assert "5560160680" not in str(row)
