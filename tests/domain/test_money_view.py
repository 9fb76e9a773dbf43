"""The report of money: what was paid out of what is at Amili."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from connector.domain.money_view import CaseMoney, PaidOut, money_rows, total

TODAY = date(2026, 11, 24)
CASE = CaseMoney("h1", "1001", "Kund AB", "68a1f0", Decimal("1050.00"), Decimal("600.00"), Decimal("450.00"))
LINE = PaidOut("1001", "capital", "capital", "SEK", Decimal("500.00"), date(2026, 11, 2), date(2026, 11, 9), "P1")


def test_what_was_transferred_is_told_from_what_is_to_come() -> None:
    lines = [
        LINE,
        replace(LINE, category="creditor_outlay", article="invoice_fee", total=Decimal("50.00")),
        replace(LINE, total=Decimal("30.00"), payout_date=None, payout_reference=""),
        replace(LINE, total=Decimal("20.00"), payout_date=date(2026, 11, 25)),
    ]

    (row,) = money_rows([CASE], {"1001": lines}, today=TODAY)

    assert (row.paid_out, row.to_come) == (Decimal("550.00"), Decimal("50.00"))
    assert row.latest_payout == date(2026, 11, 9)
    assert not row.unread


def test_what_is_not_the_creditors_claim_is_kept_apart() -> None:
    lines = [
        replace(LINE, category="interest", article="interest", total=Decimal("12.50")),
        replace(LINE, category="creditor_commission", article="reminder", total=Decimal("75.00")),
        replace(LINE, category="something_new", article="?", total=Decimal("1.00")),
    ]

    (row,) = money_rows([CASE], {"1001": lines}, today=TODAY)

    assert (row.paid_out, row.to_come, row.other) == (Decimal("0.00"), Decimal("0.00"), Decimal("88.50"))


def test_a_reversed_payout_lessens_what_was_paid_out() -> None:
    (row,) = money_rows([CASE], {"1001": [LINE, replace(LINE, total=Decimal("-500.00"))]}, today=TODAY)

    assert row.paid_out == 0


def test_a_line_without_an_amount_is_not_taken_for_nothing() -> None:
    (row,) = money_rows([CASE], {"1001": [LINE, replace(LINE, total=None)]}, today=TODAY)

    assert row.unread
    assert row.paid_out == Decimal("500.00")


def test_lines_of_other_invoices_do_not_count_and_unknown_sums_stay_unknown() -> None:
    unknown = replace(CASE, invoice_number="1002", paid=None, remaining=None)

    rows = money_rows([CASE, unknown], {"1001": [LINE], "1003": [LINE]}, today=TODAY)

    assert [row.paid_out for row in rows] == [Decimal("500.00"), Decimal("0.00")]
    assert rows[1].case.remaining is None
    assert total(rows) == {
        "claimed": Decimal("2100.00"),
        "paid": Decimal("600.00"),
        "remaining": Decimal("450.00"),
        "paid_out": Decimal("500.00"),
        "to_come": Decimal("0.00"),
        "other": Decimal("0.00"),
    }


def test_a_sum_of_which_nothing_is_known_is_not_zero() -> None:
    rows = money_rows([replace(CASE, paid=None, remaining=None)], {}, today=TODAY)

    assert (total(rows)["paid"], total(rows)["remaining"]) == (None, None)
    assert total(rows)["claimed"] == Decimal("1050.00")
