"""The amounts: what is claimed, from where, and that it is never too much."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.connection import ReminderPolicy
from connector.domain.invoice import CreditNote, Invoice, InvoiceKind, Line, LineKind, Payment, ReminderSent
from connector.domain.reckoning import Reckoning, reckon
from tests.domain.clean_invoice import (
    DUE_DATE,
    REMINDER_DATE,
    a_line,
    a_reminder,
    an_invoice,
    guide_invoice,
    kr,
)

NO_POLICY = ReminderPolicy()
POLICY = ReminderPolicy(fee=kr("60.00"))
FEE, REMINDER_FEE, INTEREST = LineKind.INVOICE_FEE, LineKind.REMINDER_FEE, LineKind.INTEREST


def reckoned(policy: ReminderPolicy = NO_POLICY, **changes: Any) -> Reckoning:
    return reckon(an_invoice(**changes), policy)


def summary(reckoning: Reckoning) -> tuple[str, str, str]:
    fee = reckoning.reminder_fee
    return (
        str(reckoning.capital_to_claim),
        str(reckoning.invoice_fee),
        f"{fee.amount} {fee.date}" if fee else "",
    )


def test_the_guides_example() -> None:
    assert summary(reckon(guide_invoice(), NO_POLICY)) == ("2050.00", "50.00", "60.00 2025-08-11")


def a_payment(amount: str) -> Payment:
    return Payment(id="p1", amount=kr(amount), date=date(2025, 8, 20), reference="OCR 123")


WITH_FEE_LINE = {
    "total": kr("2060.00"),
    "balance": kr("2060.00"),
    "lines": (a_line("2000.00"), a_line("60.00", "Påminnelseavgift", REMINDER_FEE)),
}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, ("2000.00", "0.00", ""), id="plain"),
        pytest.param(
            {**WITH_FEE_LINE, "reminders": (a_reminder(fee=kr("0.00")),)},
            ("2000.00", "0.00", "60.00 2025-08-11"),
            id="fee-line-dated-by-its-reminder",
        ),
        pytest.param(WITH_FEE_LINE, ("2000.00", "0.00", ""), id="fee-line-without-a-date-is-left-out"),
        pytest.param(
            {**WITH_FEE_LINE, "reminders": (a_reminder(in_balance=True),)},
            ("2000.00", "0.00", "60.00 2025-08-11"),
            id="one-fee-told-of-twice",
        ),
        pytest.param(
            {**WITH_FEE_LINE, "reminders": (a_reminder(),)},
            ("2000.00", "0.00", "60.00 2025-08-11"),
            id="fee-line-beats-a-reminder-that-says-it-is-beside",
        ),
        pytest.param(
            {"total": kr("2060.00"), "balance": kr("2060.00"), "reminders": (a_reminder(in_balance=True),)},
            ("2000.00", "0.00", "60.00 2025-08-11"),
            id="fee-in-balance-without-a-line",
        ),
        pytest.param(
            {
                **WITH_FEE_LINE,
                "total": kr("2120.00"),
                "balance": kr("2120.00"),
                "reminders": (a_reminder(in_balance=True),),
            },
            ("2000.00", "0.00", "60.00 2025-08-11"),
            id="two-fees-and-the-total-has-room-for-both",
        ),
        pytest.param(
            {**WITH_FEE_LINE, "balance": kr("1060.00"), "reminders": (a_reminder(in_balance=True),)},
            ("1000.00", "0.00", "60.00 2025-08-11"),
            id="part-payment-pays-capital-first",
        ),
        pytest.param(
            {**WITH_FEE_LINE, "balance": kr("2000.00"), "reminders": (a_reminder(in_balance=True),)},
            ("1940.00", "0.00", "60.00 2025-08-11"),
            id="a-payment-of-just-the-fee-pays-capital-too",
        ),
        pytest.param(
            {**WITH_FEE_LINE, "balance": kr("60.00"), "reminders": (a_reminder(in_balance=True),)},
            ("0.00", "0.00", "60.00 2025-08-11"),
            id="only-the-reminder-fee-is-left",
        ),
        pytest.param(
            {**WITH_FEE_LINE, "balance": kr("25.50"), "reminders": (a_reminder(in_balance=True),)},
            ("0.00", "0.00", "25.50 2025-08-11"),
            id="part-of-the-reminder-fee-is-left",
        ),
        pytest.param({"reminders": (a_reminder(paid=True),)}, ("2000.00", "0.00", ""), id="a-paid-fee-is-not-claimed"),
        pytest.param(
            {"reminders": (a_reminder(paid=None),)},
            ("2000.00", "0.00", "60.00 2025-08-11"),
            id="fee-beside-the-balance",
        ),
        pytest.param(
            {
                "total": kr("2100.00"),
                "balance": kr("2100.00"),
                "lines": (a_line("2000.00"), a_line("100.00", "Ränta", INTEREST)),
            },
            ("2000.00", "0.00", ""),
            id="booked-interest-is-taken-off",
        ),
        pytest.param(
            {
                "kind": InvoiceKind.INTEREST,
                "total": kr("100.00"),
                "balance": kr("100.00"),
                "lines": (a_line("100.00", "Ränta", INTEREST),),
            },
            ("100.00", "0.00", ""),
            id="an-interest-invoice-is-its-own-debt",
        ),
        pytest.param(
            {
                "total": kr("1940.00"),
                "balance": kr("1940.00"),
                "lines": (a_line("2000.00"), a_line("-60.00", "Krediterad", REMINDER_FEE)),
            },
            ("1940.00", "0.00", ""),
            id="a-credited-fee-line-does-not-add-to-the-claim",
        ),
        pytest.param(
            {
                "total": kr("2062.50"),
                "balance": kr("2062.50"),
                "lines": (a_line("2000.00"), a_line("62.50", "Fakturaavgift", FEE)),
            },
            ("2062.50", "62.50", ""),
            id="invoice-fee-is-gross-and-inside",
        ),
        pytest.param(
            {
                "total": kr("2050.00"),
                "balance": kr("20.00"),
                "lines": (a_line("2000.00"), a_line("50.00", "Fakturaavgift", FEE)),
            },
            ("20.00", "20.00", ""),
            id="invoice-fee-is-never-more-than-the-capital",
        ),
        pytest.param({"balance": kr("0.00")}, ("0.00", "0.00", ""), id="paid"),
        pytest.param({"balance": kr("-5.00")}, ("0.00", "0.00", ""), id="overpaid"),
    ],
)
def test_the_parts_of_a_claim(changes: dict[str, Any], expected: tuple[str, str, str]) -> None:
    assert summary(reckoned(**changes)) == expected


def test_a_reminder_that_nobody_knows_the_date_of_claims_no_fee() -> None:
    undated = a_reminder(date=None, fee=None)
    policy = ReminderPolicy(fee=kr("60.00"))

    assert reckon(an_invoice(reminders=(undated,)), policy).reminder_fee is None
    dated = reckon(an_invoice(reminders=(undated, a_reminder(fee=None))), policy).reminder_fee
    assert dated is not None
    assert dated.date == REMINDER_DATE


def test_the_policys_fee_is_taken_for_a_reminder_without_one() -> None:
    friendly_notice = a_reminder(date=DUE_DATE - timedelta(days=3), fee=None)
    reminder = a_reminder(fee=None)
    assert reckoned(POLICY).reminder_fee is None
    assert summary(reckoned(POLICY, reminders=(reminder,)))[2] == "60.00 2025-08-11"
    assert summary(reckoned(POLICY, reminders=(friendly_notice, reminder)))[2] == "60.00 2025-08-11"
    assert summary(reckoned(POLICY, reminders=(a_reminder(fee=kr("45.00")),)))[2] == "45.00 2025-08-11"
    assert reckoned(NO_POLICY, reminders=(reminder,)).reminder_fee is None


def test_a_reminder_that_is_known_to_have_cost_nothing_has_no_fee() -> None:
    assert reckoned(POLICY, reminders=(a_reminder(fee=kr("0.00")),)).reminder_fee is None


def test_the_policys_fee_in_the_balance_is_taken_off_the_capital() -> None:
    reminder = a_reminder(fee=None, in_balance=True)
    amounts = reckoned(POLICY, total=kr("2060.00"), balance=kr("2060.00"), reminders=(reminder,))
    assert summary(amounts) == ("2000.00", "0.00", "60.00 2025-08-11")


def test_the_trail_names_every_amount() -> None:
    invoice = an_invoice(
        total=kr("2210.00"),
        balance=kr("1190.00"),
        lines=(
            a_line("2000.00"),
            a_line("50.00", "Fakturaavgift", FEE),
            a_line("60.00", "Påminnelse", REMINDER_FEE),
            a_line("100.00", "Ränta", INTEREST),
        ),
        payments=(a_payment("700.00"),),
        credit_notes=(CreditNote(id="c", number="KR-9", amount=kr("300.00"), date=date(2025, 8, 21)),),
        reminders=(a_reminder(in_balance=True),),
    )
    assert [(line.term, str(line.amount), line.source) for line in reckon(invoice, NO_POLICY).trail] == [
        ("total", "2210.00", "INV-2025-003"),
        ("payment", "-700.00", "2025-08-20 OCR 123"),
        ("credit_note", "-300.00", "KR-9"),
        ("other_settlement", "-20.00", ""),
        ("balance", "1190.00", ""),
        ("booked_reminder_fee", "-60.00", ""),
        ("booked_interest", "-100.00", ""),
        ("capital_to_claim", "1030.00", ""),
        ("invoice_fee", "50.00", ""),
        ("reminder_fee", "60.00", "2025-08-11"),
    ]


def test_a_personal_number_in_a_payments_reference_is_not_shown() -> None:
    payment = Payment(id="p", amount=kr("1.00"), date=REMINDER_DATE, reference="Karin 900101-1239")
    assert "1239" not in repr(reckoned(payments=(payment,)).trail)


amounts = st.integers(-50_000, 500_000).map(lambda ore: Decimal(ore) / 100)
fees = st.integers(0, 20_000).map(lambda ore: Decimal(ore) / 100)


@st.composite
def invoices(draw: st.DrawFn) -> Invoice:
    lines = draw(
        st.lists(st.builds(Line, description=st.just("x"), amount=amounts, kind=st.sampled_from(LineKind)), max_size=5)
    )
    reminders = draw(
        st.lists(
            st.builds(
                ReminderSent,
                date=st.dates(DUE_DATE - timedelta(days=5), DUE_DATE + timedelta(days=60)),
                fee=fees,
                in_balance=st.booleans(),
                paid=st.none() | st.booleans(),
            ),
            max_size=3,
        )
    )
    payments = draw(
        st.lists(st.builds(Payment, id=st.just("p"), amount=amounts, date=st.just(REMINDER_DATE)), max_size=3)
    )
    return an_invoice(
        kind=draw(st.sampled_from(InvoiceKind)),
        lines=tuple(lines),
        reminders=tuple(reminders),
        payments=tuple(payments),
        total=draw(amounts | st.just(sum((line.amount for line in lines), Decimal("0.00")))),
        balance=draw(amounts),
    )


@given(invoices(), st.builds(ReminderPolicy, fee=fees))
def test_never_more_is_claimed_than_is_open(invoice: Invoice, policy: ReminderPolicy) -> None:
    reckoning = reckon(invoice, policy)
    open_amount = max(invoice.balance, Decimal(0))
    fee = reckoning.reminder_fee
    assert 0 <= reckoning.capital_to_claim <= open_amount
    assert 0 <= reckoning.invoice_fee <= reckoning.capital_to_claim
    assert reckoning.capital_to_claim + reckoning.booked_reminder_fee + reckoning.booked_interest == open_amount
    if fee is not None:
        assert fee.amount > 0
    if fee is not None and all(charged.in_balance for charged in reckoning.reminder_fees):
        assert reckoning.capital_to_claim + fee.amount <= open_amount
    fee_lines = sum((line.amount for line in invoice.lines if line.kind is REMINDER_FEE), Decimal(0))
    assert reckoning.capital_to_claim <= max(open_amount - max(fee_lines, Decimal(0)), Decimal(0))


@given(invoices(), st.builds(ReminderPolicy, fee=fees))
def test_the_trail_adds_up_to_the_ore(invoice: Invoice, policy: ReminderPolicy) -> None:
    reckoning = reckon(invoice, policy)
    sums = {line.term: Decimal(0) for line in reckoning.trail}
    for line in reckoning.trail:
        assert line.amount == line.amount.quantize(Decimal("0.01"))
        sums[line.term] += line.amount
    to_balance = ("total", "payment", "credit_note", "other_settlement")
    assert sum(sums.get(term, Decimal(0)) for term in to_balance) == sums["balance"] == invoice.balance
    if invoice.balance >= 0:
        to_capital = ("balance", "booked_reminder_fee", "booked_interest")
        assert sum(sums.get(term, Decimal(0)) for term in to_capital) == sums["capital_to_claim"]


@given(invoices(), st.builds(ReminderPolicy, fee=fees), amounts.filter(lambda amount: amount > 0))
def test_paying_more_never_raises_the_claim(invoice: Invoice, policy: ReminderPolicy, paid: Decimal) -> None:
    before = reckon(invoice, policy)
    after = reckon(invoice.model_copy(update={"balance": invoice.balance - paid}), policy)
    assert after.capital_to_claim <= before.capital_to_claim
    assert before.capital_to_claim - after.capital_to_claim <= paid
