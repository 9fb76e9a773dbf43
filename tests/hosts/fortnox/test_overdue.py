"""The list of overdue invoices, for people who turn pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from connector.hosts.fortnox.overdue import KEPT_S, OverdueList
from tests.hosts.fortnox.scripted_answers import client, fortnox, says, sent

TODAY = date(2026, 11, 20)
"""A Friday."""


@pytest.fixture(autouse=True)
def _fortnox() -> Iterator[None]:
    with fortnox():
        yield


def row(number: int, due: str) -> dict[str, Any]:
    names = {"CustomerName": "Kund AB", "InvoiceDate": "2026-09-01", "Currency": "SEK"}
    return {"DocumentNumber": str(number), "DueDate": due, "Booked": True, "Balance": 100, "Total": 100, **names}


def lists(*rows: dict[str, Any]) -> None:
    meta = {"@TotalResources": len(rows), "@TotalPages": 1, "@CurrentPage": 1}
    says("GET", "invoices", {"MetaInformation": meta, "Invoices": list(rows)})


def ids(found: OverdueList, page: int, today: date = TODAY) -> list[str]:
    return [one.id for one in found.page(page, today=today, page_size=2)]


def test_later_pages_are_of_the_first_ones_reading_for_a_while() -> None:
    now_s = [1_000.0]
    found = OverdueList(client(), monotonic_s=lambda: now_s[0])
    lists(row(1, "2026-10-03"), row(2, "2026-10-01"), row(3, "2026-10-02"))
    lists(row(1, "2026-10-03"), row(4, "2026-10-01"), row(3, "2026-10-02"), row(5, "2026-10-04"))

    assert ids(found, 1) == ["2", "3"]
    now_s[0] += KEPT_S
    assert ids(found, 2) == ["1"]
    assert len(sent()) == 1
    now_s[0] += 1
    assert ids(found, 2) == ["1", "5"], "read anew, since that was too long ago"
    assert len(sent()) == 2


def test_a_first_page_and_another_day_are_always_read() -> None:
    found = OverdueList(client())
    lists(row(1, "2026-11-19"), row(2, "2026-11-20"))
    lists(row(2, "2026-11-20"))
    lists(row(2, "2026-11-20"), row(3, "2026-11-18"), row(4, "2026-11-18"))

    assert ids(found, 1) == ["1"]
    assert ids(found, 1) == []
    assert ids(found, 2, TODAY + timedelta(days=1)) == ["2"]
    assert len(sent()) == 3


def test_an_invoice_due_at_a_weekend_is_listed_once_the_next_bank_day_is_over() -> None:
    found = OverdueList(client())
    for _ in range(3):
        lists(row(1, "2026-11-21"), row(2, "2026-11-20"))

    assert ids(found, 1, date(2026, 11, 22)) == ["2"]
    assert ids(found, 1, date(2026, 11, 23)) == ["2"]
    assert ids(found, 1, date(2026, 11, 24)) == ["2", "1"]
