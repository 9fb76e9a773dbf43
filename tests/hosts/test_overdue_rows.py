"""The lists of overdue invoices: a row that is not as it should be spoils itself and not the page."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connector.domain.dates import today
from connector.domain.invoice import OverdueInvoice
from connector.hosts.fortnox.overdue import OverdueList
from connector.hosts.odoo.overdue import overdue_invoices

LONG_AGO = today() - timedelta(days=60)
IN_ODOO: dict[str, Any] = {
    "id": 7,
    "name": "INV/2026/00007",
    "commercial_partner_id": [3, "Kund AB"],
    "invoice_date": "2026-01-02",
    "invoice_date_due": "2026-02-01",
    "amount_total": Decimal("1250.5"),
    "amount_residual": 1250,
    "currency_id": [18, "SEK"],
}
IN_FORTNOX: dict[str, Any] = {
    "DocumentNumber": "7",
    "CustomerName": "Kund AB",
    "InvoiceDate": (LONG_AGO - timedelta(days=30)).isoformat(),
    "DueDate": LONG_AGO.isoformat(),
    "Total": Decimal("1250.5"),
    "Balance": 1250,
    "Currency": "SEK",
    "Booked": True,
    "Cancelled": False,
}


def in_odoo(**odd: Any) -> list[OverdueInvoice]:
    """The list with an odd row between two that are well."""
    return list(overdue_invoices([{**IN_ODOO, "id": 1}, {**IN_ODOO, **odd}, {**IN_ODOO, "id": 9}]))


class Listed:
    """A client that has these rows to give, and nothing else."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self._rows = rows

    def pages(self, *_: object, **__: object) -> list[list[dict[str, Any]]]:
        return [self._rows]


def in_fortnox(**odd: Any) -> list[OverdueInvoice]:
    rows = [{**IN_FORTNOX, "DocumentNumber": "1"}, {**IN_FORTNOX, **odd}, {**IN_FORTNOX, "DocumentNumber": "9"}]
    overdue = OverdueList(Listed(rows))  # type: ignore[arg-type]
    return sorted(overdue.page(1, today=today(), page_size=50), key=lambda one: int(one.id))


def test_rows_that_are_well_say_all() -> None:
    first, second, third = in_odoo()
    assert (first.total, first.balance) == (Decimal("1250.50"), Decimal("1250.00"))
    assert (second.number, second.customer_name, second.currency) == ("INV/2026/00007", "Kund AB", "SEK")
    assert (third.due_date, third.invoice_date) == (date(2026, 2, 1), date(2026, 1, 2))
    assert [one.balance for one in in_fortnox()] == [Decimal("1250.00")] * 3


NO_AMOUNTS = [Decimal("1e400"), Decimal("-1e400"), Decimal("NaN"), float("inf"), "x", None, True, {}, [1]]


@pytest.mark.parametrize("value", NO_AMOUNTS, ids=repr)
def test_an_amount_that_is_none_is_left_empty_in_odoo(value: Any) -> None:
    balances = [one.balance for one in in_odoo(amount_residual=value)]
    assert balances == [Decimal("1250.00"), None, Decimal("1250.00")]


@pytest.mark.parametrize("value", [one for one in NO_AMOUNTS if one is not None], ids=repr)
def test_an_amount_that_is_none_is_left_empty_in_fortnox(value: Any) -> None:
    balances = [one.balance for one in in_fortnox(Balance=value)]
    assert balances == [Decimal("1250.00"), None, Decimal("1250.00")]


@pytest.mark.parametrize(
    ("odd", "field", "left"),
    [
        ({"name": {}}, "number", ""),
        ({"commercial_partner_id": 3}, "customer_name", ""),
        ({"commercial_partner_id": [3]}, "customer_name", ""),
        ({"invoice_date": 20260102}, "invoice_date", None),
        ({"invoice_date_due": "soon"}, "due_date", None),
        ({"currency_id": "SEK"}, "currency", ""),
    ],
)
def test_another_field_of_the_wrong_shape_is_left_empty_in_odoo(odd: dict[str, Any], field: str, left: object) -> None:
    rows = in_odoo(**odd)
    assert [one.id for one in rows] == ["1", "7", "9"]
    assert getattr(rows[1], field) == left


@pytest.mark.parametrize(
    ("odd", "field", "left"),
    [
        ({"CustomerName": {}}, "customer_name", ""),
        ({"InvoiceDate": "soon"}, "invoice_date", None),
        ({"DueDate": [1]}, "due_date", None),
        ({"Booked": "perhaps"}, "number", "7"),
        ({"FinalPayDate": "soon"}, "number", "7"),
    ],
)
def test_another_field_of_the_wrong_shape_is_left_empty_in_fortnox(
    odd: dict[str, Any], field: str, left: object
) -> None:
    rows = in_fortnox(**odd)
    assert [one.id for one in rows] == ["1", "7", "9"]
    assert getattr(rows[1], field) == left


def test_a_row_that_names_no_invoice_is_left_out_and_said(caplog: pytest.LogCaptureFixture) -> None:
    odd: list[Any] = [None, "x", {**IN_ODOO, "id": "7"}, {}]
    assert [one.id for one in overdue_invoices([*odd, IN_ODOO])] == ["7"]
    assert [one.id for one in in_fortnox(DocumentNumber={})] == ["1", "9"]
    assert len(caplog.records) == len(odd) + 1
