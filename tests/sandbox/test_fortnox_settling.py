"""Payments, write-offs and credits: fortnox/API.md, "Payments" and "Credits and set-off"."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from connector.sandbox.fortnox import settling
from connector.sandbox.fortnox.switches import LinkedCredit, PaidFee, WhichCredit
from tests.sandbox.fortnox_client import Fortnox, refusal


def shown(fortnox: Fortnox, number: str, *names: str) -> tuple[Any, ...]:
    invoice = fortnox.invoice(number)
    return tuple(invoice[name] for name in names)


def payment(fortnox: Fortnox, number: str) -> dict[str, Any]:
    answer = fortnox.get(f"/3/invoicepayments/{number}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["InvoicePayment"]
    return found


def test_a_payment_counts_once_it_is_booked(fortnox: Fortnox) -> None:
    invoice = fortnox.add_invoice()
    body = {"InvoicePayment": {"InvoiceNumber": int(invoice), "Amount": 5000, "PaymentDate": "2026-11-20"}}

    made = fortnox.post("/3/invoicepayments", body)
    number = made.json()["InvoicePayment"]["Number"]
    before = shown(fortnox, invoice, "Balance")
    booked = fortnox.put(f"/3/invoicepayments/{number}/bookkeep")

    assert (made.status_code, booked.status_code) == (201, 200)
    assert before == (15000,)
    assert shown(fortnox, invoice, "Balance", "FinalPayDate") == (10000, None)
    held = payment(fortnox, number)
    assert (held["Booked"], held["InvoiceNumber"], held["Number"], held["InvoiceTotal"], held["VoucherSeries"]) == (
        True,
        int(invoice),
        number,
        "15000",
        "C",
    )
    assert fortnox.books.side_effects == {"bookkeep_payment": {number: 1}}


def test_paid_in_two_parts(fortnox: Fortnox) -> None:
    invoice = fortnox.add_invoice()
    settling.pay(fortnox.books, invoice, Decimal("5000.50"), day=date(2026, 11, 1))
    settling.pay(fortnox.books, invoice, day=date(2026, 11, 10))

    assert shown(fortnox, invoice, "Balance", "FinalPayDate", "Booked") == (0, "2026-11-10", True)


def test_an_unbooked_payment_can_be_changed_and_deleted(fortnox: Fortnox) -> None:
    number = settling.add_payment(fortnox.books, fortnox.add_invoice(), Decimal(500), source="file")

    changed = fortnox.put(f"/3/invoicepayments/{number}", {"InvoicePayment": {"Amount": 400}})
    deleted = fortnox.delete(f"/3/invoicepayments/{number}")

    assert changed.json()["InvoicePayment"]["Amount"] == 400
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert fortnox.get(f"/3/invoicepayments/{number}").status_code == 404


def test_a_booked_payment_can_only_be_undone_by_a_person(fortnox: Fortnox) -> None:
    invoice = fortnox.add_invoice()
    number = settling.pay(fortnox.books, invoice)

    refused = fortnox.delete(f"/3/invoicepayments/{number}").status_code
    changed = fortnox.put(f"/3/invoicepayments/{number}", {"InvoicePayment": {"Amount": 1}}).status_code
    settling.delete_payment(fortnox.books, number, booked_too=True)

    assert (refused, changed) == (400, 400)
    assert shown(fortnox, invoice, "Balance", "FinalPayDate") == (15000, None)
    assert fortnox.get("/3/invoicepayments", lastmodified="2020-01-01 00:00").json()["InvoicePayments"] == []


def test_a_write_off_lowers_the_balance_without_money(fortnox: Fortnox) -> None:
    invoice = fortnox.add_invoice()
    number = settling.pay(
        fortnox.books, invoice, Decimal(14000), write_offs=[settling.write_off(Decimal(1000), account=6351)]
    )

    assert shown(fortnox, invoice, "Balance") == (0,)
    held = payment(fortnox, number)
    assert held["Amount"] == 14000
    assert [(off["Amount"], off["AccountNumber"]) for off in held["WriteOffs"]] == [(1000, 6351)]
    assert fortnox.get("/3/invoicepayments").json()["InvoicePayments"][0]["WriteOffExist"] is True


def test_money_paid_back_is_negative(fortnox: Fortnox) -> None:
    invoice = fortnox.add_invoice()
    settling.pay(fortnox.books, invoice)
    settling.pay(fortnox.books, invoice, Decimal(-2000))

    assert shown(fortnox, invoice, "Balance", "FinalPayDate") == (2000, None)


def test_a_payment_in_foreign_currency(fortnox: Fortnox) -> None:
    invoice = fortnox.add_invoice("100", Currency="EUR", CurrencyRate=Decimal("11.50"))

    held = payment(fortnox, settling.pay(fortnox.books, invoice, Decimal(25)))

    assert (held["Amount"], held["AmountCurrency"], held["Currency"]) == (287.5, 25, "EUR")
    assert shown(fortnox, invoice, "Balance") == (100,)


@pytest.mark.parametrize(
    ("switch", "amount", "write_offs"),
    [(PaidFee.IN_PAYMENT, 15060, [(-60, 3540)]), (PaidFee.VOUCHER_ONLY, 15000, [])],
)
def test_a_paid_reminder_fee_shows_in_one_of_two_ways(
    fortnox: Fortnox, switch: PaidFee, amount: int, write_offs: list[tuple[int, int]]
) -> None:
    fortnox.switch(paid_reminder_fee=switch)
    invoice = fortnox.add_invoice()

    held = payment(fortnox, settling.pay(fortnox.books, invoice, reminder_fee=Decimal(60)))

    assert held["Amount"] == amount
    assert [(off["Amount"], off["AccountNumber"]) for off in held["WriteOffs"]] == write_offs
    assert shown(fortnox, invoice, "Balance") == (0,)


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"InvoiceNumber": 1}, 404, 2000434),
        ({"PaymentDate": "2020-01-01"}, 400, 2001089),
        ({"PaymentDate": "2026-11-01"}, 400, 2002141),
        ({"Amount": "mycket"}, 400, 2000106),
        ({"NoSuchField": 1}, 400, 2001399),
    ],
)
def test_a_payment_that_cannot_be(fortnox: Fortnox, fields: dict[str, Any], status: int, code: int) -> None:
    invoice = fortnox.add_invoice()
    fortnox.books.facts.locked_until = "2026-11-10"
    body = {"InvoiceNumber": int(invoice), "Amount": 100, "PaymentDate": "2026-11-20", **fields}

    assert refusal(fortnox.post("/3/invoicepayments", {"InvoicePayment": body})) == (status, code)


def test_an_unbooked_invoice_takes_no_payment(fortnox: Fortnox) -> None:
    body = {"InvoiceNumber": int(fortnox.add_invoice(booked=False)), "Amount": 1}

    assert fortnox.post("/3/invoicepayments", {"InvoicePayment": body}).status_code == 400


# Credits: fortnox/API.md, "Credits and set-off"


def test_a_full_credit_points_both_ways(fortnox: Fortnox) -> None:
    debit = fortnox.add_invoice("1000", AdministrationFee=Decimal(40))
    credit = settling.credit(fortnox.books, debit)

    names = ("Credit", "CreditInvoiceReference", "Total", "Balance")
    assert shown(fortnox, debit, *names) == ("false", credit, 1300, 1300)
    assert shown(fortnox, credit, *names) == ("true", debit, -1300, -1300)
    settling.set_off(fortnox.books, debit, credit, Decimal(1300))
    assert shown(fortnox, debit, *names) == ("false", credit, 1300, 0)
    assert shown(fortnox, credit, *names) == ("true", debit, -1300, 0)
    assert fortnox.numbers(credit="true", lastmodified="2020-01-01 00:00") == [credit]


def test_partial_credits_may_lower_the_balance_when_booked(fortnox: Fortnox) -> None:
    fortnox.switch(linked_credit_means=LinkedCredit.SET_OFF)
    debit = fortnox.add_invoice()
    first = settling.credit(fortnox.books, debit, Decimal(4000))
    second = settling.credit(fortnox.books, debit, Decimal(1000), booked=False)

    before = shown(fortnox, debit, "Balance")
    fortnox.put(f"/3/invoices/{second}/bookkeep")

    assert before == (11000,)
    assert shown(fortnox, debit, "Balance") == (10000,)
    assert [shown(fortnox, number, "CreditInvoiceReference") for number in (first, second)] == [(debit,), (debit,)]


@pytest.mark.parametrize(("switch", "index"), [(WhichCredit.FIRST, 0), (WhichCredit.LAST, 1)])
def test_after_several_credits_the_debit_names_one(fortnox: Fortnox, switch: WhichCredit, index: int) -> None:
    fortnox.switch(debit_reference=switch)
    debit = fortnox.add_invoice()
    credits_made = [settling.credit(fortnox.books, debit, Decimal(1000)) for _ in range(2)]

    assert shown(fortnox, debit, "CreditInvoiceReference") == (credits_made[index],)


def test_an_unreferenced_credit_is_an_invoice_below_zero(fortnox: Fortnox) -> None:
    debit = fortnox.add_invoice()
    credit = settling.credit(fortnox.books, debit, Decimal(4000), referenced=False)

    assert shown(fortnox, credit, "Credit", "CreditInvoiceReference", "Total", "Balance") == (
        "false",
        "0",
        -4000,
        -4000,
    )
    assert shown(fortnox, debit, "CreditInvoiceReference", "Balance") == ("0", 15000)
    assert fortnox.numbers(credit="true") == []


def test_a_credit_takes_no_more_than_there_is_left(fortnox: Fortnox) -> None:
    fortnox.switch(linked_credit_means=LinkedCredit.SET_OFF)
    debit = fortnox.add_invoice()
    settling.pay(fortnox.books, debit, Decimal(10000))
    credit = settling.credit(fortnox.books, debit)

    assert shown(fortnox, debit, "Balance") == (0,)
    assert shown(fortnox, credit, "Balance") == (-10000,)


def test_only_a_booked_invoice_is_credited(fortnox: Fortnox) -> None:
    number = fortnox.add_invoice(booked=False)

    assert fortnox.put(f"/3/invoices/{number}/credit").status_code == 400
