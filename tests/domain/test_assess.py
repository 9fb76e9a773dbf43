"""The claim that comes out, and that none comes out without a reason someone can read."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain import claim as claim_module
from connector.domain.assess import assess
from connector.domain.claim import Claim, Debtor, ReminderFee
from connector.domain.connection import FirstAction
from connector.domain.findings import Severity, stops
from connector.domain.invoice import (
    Address,
    Customer,
    CustomerType,
    Invoice,
    InvoiceKind,
    InvoiceState,
    Line,
    LineKind,
)
from tests.domain.clean_invoice import (
    ACCOUNT,
    COMPANY_NUMBER,
    CREDITOR,
    PERSON_NUMBER,
    TODAY,
    a_customer,
    a_person,
    a_reminder,
    an_address,
    an_invoice,
    circumstances,
    guide_invoice,
    kr,
    settings,
)
from tests.said import en, sv


def test_the_claim_of_the_guides_example() -> None:
    judged = assess(guide_invoice(), settings(debt_description="Services"), circumstances())
    assert judged.claim == Claim(
        account=ACCOUNT,
        creditor=CREDITOR,
        first_action=FirstAction.DEBT_COLLECTION,
        currency="SEK",
        debtor=Debtor(
            name="ACME Inc.",
            id_number="5560269986",
            is_company=True,
            address=Address(address_line_1="Storgatan 42", zip_code="12345", city="Stockholm", country="SE"),
        ),
        invoice_number="INV-2025-003",
        debt_description="Services",
        invoice_date=date(2025, 7, 7),
        due_days=31,
        capital_to_claim=kr("2050.00"),
        invoice_fee=kr("50.00"),
        reminder_fee=ReminderFee(amount=kr("60.00"), date=date(2025, 8, 11)),
    )
    assert [finding.code for finding in judged.findings] == ["B4", "D4", "F1"]
    assert stops(judged.findings, accepted=("B4", "D4", "F1"), lifted={}) == ()


def test_a_persons_claim_carries_twelve_digits() -> None:
    claim = assess(an_invoice(customer=a_person(id_number="900101-1239")), settings(), circumstances()).claim
    assert claim is not None
    assert claim.debtor.id_number == "199001011239"
    assert claim.debtor.is_company is False
    assert claim.invoice_fee is None
    assert claim.reminder_fee is None


def test_the_first_action_is_the_senders_choice() -> None:
    for action in FirstAction:
        judged = assess(an_invoice(), settings(), circumstances(first_action=action))
        assert judged.claim is not None
        assert judged.claim.first_action is action


def test_days_are_counted_on_dates_across_a_clock_change() -> None:
    invoice = an_invoice(invoice_date=date(2025, 3, 15), due_date=date(2025, 4, 14))
    claim = assess(invoice, settings(), circumstances()).claim
    assert claim is not None
    assert claim.due_days == 30


def test_a_mapping_is_shown_before_the_company_is_connected() -> None:
    judged = assess(an_invoice(), settings(account="", creditor=""), circumstances(creditor=None, pdf=None))
    assert judged.claim is not None
    assert judged.claim.account == ""
    assert [(f.code, f.severity) for f in judged.findings] == [
        ("F2", Severity.INFO),
        ("G1", Severity.BLOCK),
        ("G2", Severity.INFO),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"number": ""},
        {"currency": "NOK"},
        {"invoice_date": None},
        {"due_date": None},
        {"due_date": date(2025, 7, 6)},
        {"balance": kr("0.00")},
        {"lines": ()},
        {"customer": a_customer(name="")},
        {"customer": a_customer(id_number="12")},
        {"customer": a_customer(customer_type=CustomerType.PERSON)},
        {"customer": a_person(protected_identity=True)},
        {"customer": a_customer(invoice_address=an_address(city=""))},
    ],
)
def test_there_is_no_claim_without_what_it_must_carry(changes: dict[str, Any]) -> None:
    judged = assess(an_invoice(**changes), settings(), circumstances())
    assert judged.claim is None
    assert Severity.BLOCK in {finding.severity for finding in judged.findings}


def test_the_fees_that_a_claim_cannot_carry_are_named() -> None:
    assert set(claim_module.UNCONFIRMED_FEE_KEYS).isdisjoint(Claim.model_fields)


numbers = st.sampled_from(["", COMPANY_NUMBER, PERSON_NUMBER, "121212-1212", "202501012385", "DE1", "5560160681"])
texts = st.sampled_from(["", "x", "Takbyte", "Faktura", "19900101-1239"])
ore = st.integers(-1_000, 300_000).map(lambda amount: Decimal(amount) / 100)
days = st.none() | st.dates(TODAY - timedelta(days=200), TODAY + timedelta(days=9))
addresses = st.builds(
    Address,
    address_line_1=texts,
    zip_code=st.sampled_from(["", "123 45", "1"]),
    city=texts,
    country=st.sampled_from(["", "SE", "NO"]),
)
customers = st.builds(
    Customer,
    id=st.just("1"),
    name=texts,
    customer_type=st.none() | st.sampled_from(CustomerType),
    sole_trader=st.none() | st.booleans(),
    id_number=numbers,
    address=addresses,
    invoice_address=addresses,
    protected_identity=st.none() | st.booleans(),
)
invoices = st.builds(
    an_invoice,
    number=st.sampled_from(["", "17"]),
    kind=st.sampled_from(InvoiceKind),
    state=st.sampled_from(InvoiceState),
    invoice_date=days,
    due_date=days,
    currency=st.sampled_from(["SEK", "EUR"]),
    total=ore,
    balance=ore,
    lines=st.lists(st.builds(Line, description=texts, amount=ore, kind=st.sampled_from(LineKind)), max_size=3).map(
        tuple
    ),
    reminders=st.just(()) | st.just((a_reminder(),)),
    customer=customers,
)


@given(invoices)
def test_a_missing_claim_always_has_a_block_that_says_why(invoice: Invoice) -> None:
    judged = assess(invoice, settings(), circumstances())
    if judged.claim is None:
        assert Severity.BLOCK in {finding.severity for finding in judged.findings}


@given(invoices)
def test_a_claim_is_whole_and_never_too_high(invoice: Invoice) -> None:
    claim = assess(invoice, settings(), circumstances()).claim
    if claim is None:
        return
    assert 0 < claim.capital_to_claim <= invoice.balance
    assert claim.invoice_fee is None or 0 < claim.invoice_fee <= claim.capital_to_claim
    assert claim.due_days >= 0
    assert len(claim.debtor.id_number) in {0, 10, 12}
    assert all((claim.debtor.name, claim.debt_description, claim.invoice_number, claim.debtor.address.city))
    assert "1239" not in claim.debt_description


@given(invoices)
def test_findings_show_no_personal_number_and_come_in_order(invoice: Invoice) -> None:
    findings = assess(invoice, settings(), circumstances()).findings
    assert [finding.code[0] for finding in findings] == sorted(finding.code[0] for finding in findings)
    shown = " ".join(f"{finding.value} {sv(finding)} {en(finding)}" for finding in findings)
    for digits in ("1239", "1212", "2385", "0680", "0681"):
        assert digits not in shown
