"""Lists: search, filters, order, pages and what changed since: fortnox/API.md, "Lists" and "Rows of lists"."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from connector.sandbox.fortnox import settling
from connector.sandbox.fortnox.switches import Change, Handling, Oddity, Zone
from tests.sandbox.fortnox_client import Fortnox, refusal


def test_search_finds_what_contains_the_text(fortnox: Fortnox) -> None:
    for number in ("104", "1041", "2104", "77"):
        fortnox.add_invoice(DocumentNumber=number)

    assert fortnox.numbers(documentnumber="104") == ["104", "1041", "2104"]


def test_search_passes_over_case(fortnox: Fortnox) -> None:
    found = fortnox.add_invoice(booked=False, ExternalInvoiceReference2="AMILI:5F2C")
    fortnox.add_invoice(booked=False, ExternalInvoiceReference1="AMILI:5F2C")

    assert fortnox.numbers(externalinvoicereference2="amili:5f") == [found]
    assert fortnox.numbers(customername="EXEMPEL") == fortnox.numbers()


def test_a_label_is_searched_by_its_id(fortnox: Fortnox) -> None:
    labels = [fortnox.books.add_label(f"Etikett {number}") for number in range(2)]
    marked = fortnox.add_invoice()
    fortnox.add_invoice()
    fortnox.books.set_labels(marked, labels)

    assert fortnox.numbers(label=labels[1]) == [marked]
    assert refusal(fortnox.get("/3/invoices", label="Etikett 1")) == (400, 2000588)


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ({"fromdate": "2026-10-01", "todate": "2026-10-31"}, {"InvoiceDate": "2026-10-31"}),
        ({"sent": "false"}, {"sent": False}),
        ({"notcompleted": "true"}, {"NotCompleted": True}),
        ({"invoicetype": "INTRESTINVOICE"}, {"InvoiceType": "INTRESTINVOICE"}),
        ({"currency": "EUR"}, {"Currency": "EUR", "CurrencyRate": Decimal(11)}),
        ({"ourreference": "eva"}, {"OurReference": "Eva Exempel"}),
        ({"articledescription": "konsult", "sortby": "ocr"}, {}),
    ],
)
def test_each_search_keeps_what_fits(fortnox: Fortnox, query: dict[str, str], fields: dict[str, Any]) -> None:
    if "articledescription" not in query:
        fortnox.add_invoice(InvoiceDate="2026-09-30")
    wanted = fortnox.add_invoice(**fields)

    assert fortnox.numbers(**query) == [wanted]


def test_an_unknown_parameter_or_value_is_refused(fortnox: Fortnox) -> None:
    for query in (
        {"DocumentNumber": "1"},
        {"sortby": "balance"},
        {"sortorder": "up"},
        {"sent": "yes"},
        {"fromdate": "1/2"},
        {"lastmodified": "2026-11-22T10:00"},
        {"page": "one"},
    ):
        assert refusal(fortnox.get("/3/invoices", **query)) == (400, 2000588)


def test_two_searches_at_once_are_refused_or_joined(fortnox: Fortnox) -> None:
    fortnox.add_invoice(DocumentNumber="104")
    fortnox.add_invoice(DocumentNumber="1041", sent=False)
    query = {"documentnumber": "104", "sent": "true"}

    assert refusal(fortnox.get("/3/invoices", **query)) == (400, 2000588)
    assert fortnox.numbers(documentnumber="104", lastmodified="2020-01-01 00:00", limit=5) == ["104", "1041"]
    fortnox.switch(two_searches=Handling.IGNORED)
    assert fortnox.numbers(**query) == ["104"]


# Filters


def five(fortnox: Fortnox) -> dict[str, str]:
    """One invoice of each kind that a filter tells apart."""
    names = {
        "open": fortnox.add_invoice(),
        "not_due": fortnox.add_invoice(due_days_ago=-1),
        "unbooked": fortnox.add_invoice(booked=False),
        "cancelled": fortnox.add_invoice(booked=False),
        "paid": fortnox.add_invoice(),
    }
    fortnox.books.cancel(names["cancelled"])
    settling.pay(fortnox.books, names["paid"])
    return names


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("cancelled", ["cancelled"]),
        ("fullypaid", ["paid"]),
        ("unbooked", ["unbooked"]),
        ("unpaid", ["open", "not_due", "unbooked", "cancelled"]),
        ("unpaidoverdue", ["open", "unbooked", "cancelled"]),
    ],
)
def test_each_filter_keeps_its_kind(fortnox: Fortnox, name: str, kinds: list[str]) -> None:
    numbers = five(fortnox)

    assert fortnox.numbers(filter=name) == [numbers[kind] for kind in kinds]


def test_an_invalid_filter_is_refused_as_recorded(fortnox: Fortnox) -> None:
    answer = fortnox.get("/3/invoices", filter="overdue")

    assert (answer.status_code, answer.json()) == (
        400,
        {"ErrorInformation": {"error": 1, "message": "Ett ogiltigt filter har använts.", "code": 2000587}},
    )


@pytest.mark.parametrize("included", list(Oddity))
def test_what_unpaid_overdue_includes_is_a_switch(fortnox: Fortnox, included: Oddity) -> None:
    plain = fortnox.add_invoice()
    odd = {
        "unbooked": fortnox.add_invoice(booked=False),
        "credit": fortnox.add_invoice("-500"),
        "interest": fortnox.add_invoice(InvoiceType="INTRESTINVOICE"),
        "cancelled": fortnox.add_invoice(),
        "not_completed": fortnox.add_invoice(NotCompleted=True),
    }
    fortnox.books.set_invoice(odd["cancelled"], Cancelled=True)

    assert fortnox.numbers(filter="unpaidoverdue") == sorted([plain, *odd.values()], key=int)
    fortnox.switch(overdue_includes=(included,))
    assert fortnox.numbers(filter="unpaidoverdue") == [plain, odd[included]]
    fortnox.switch(overdue_includes=())
    assert fortnox.numbers(filter="unpaidoverdue") == [plain]


@pytest.mark.parametrize("overdue", [True, False])
def test_what_is_due_today_may_be_overdue(fortnox: Fortnox, overdue: bool) -> None:
    fortnox.switch(due_today_is_overdue=overdue)
    number = fortnox.add_invoice(due_days_ago=0)

    assert fortnox.numbers(filter="unpaidoverdue") == ([number] if overdue else [])


def test_today_is_the_day_in_sweden(fortnox: Fortnox) -> None:
    number = fortnox.add_invoice(DueDate="2026-11-22")
    fortnox.clock.at = datetime(2026, 11, 22, 22, 59, tzinfo=UTC)
    fortnox.log_in()
    assert fortnox.numbers(filter="unpaidoverdue") == []
    fortnox.clock.forward(60)

    assert fortnox.numbers(filter="unpaidoverdue") == [number]


# Order and pages


def test_numbers_sort_as_numbers_unless_told_otherwise(fortnox: Fortnox) -> None:
    for number, price in (("9", "300"), ("1000", "100"), ("10", "200")):
        fortnox.add_invoice(price, DocumentNumber=number)

    assert fortnox.numbers() == ["9", "10", "1000"]
    assert fortnox.numbers(sortby="total", sortorder="descending") == ["9", "10", "1000"]
    assert fortnox.numbers(sortorder="descending") == ["1000", "10", "9"]


def test_pages_add_up_to_the_whole(fortnox: Fortnox) -> None:
    everything = [fortnox.add_invoice() for _ in range(7)]

    pages = [fortnox.get("/3/invoices", limit=3, page=page).json() for page in (1, 2, 3, 4)]

    assert [item["DocumentNumber"] for page in pages for item in page["Invoices"]] == everything
    assert [page["MetaInformation"] for page in pages[:3]] == [
        {"@TotalResources": 7, "@TotalPages": 3, "@CurrentPage": number} for number in (1, 2, 3)
    ]
    assert fortnox.numbers(limit=3, offset=5) == everything[5:]


def test_an_empty_list_has_its_meta_information(fortnox: Fortnox) -> None:
    body = fortnox.get("/3/invoices").json()

    assert body == {
        "MetaInformation": {"@TotalResources": 0, "@TotalPages": 1, "@CurrentPage": 1},
        "Invoices": [],
    }


def test_a_page_holds_a_hundred_unless_told_and_five_hundred_at_most(fortnox: Fortnox) -> None:
    for _ in range(101):
        fortnox.add_invoice()

    assert len(fortnox.numbers()) == 100
    assert len(fortnox.numbers(limit=500)) == 101
    assert [refusal(fortnox.get("/3/invoices", limit=limit))[1] for limit in (0, 501)] == [2000588, 2000588]
    fortnox.switch(limit_outside=Handling.IGNORED)
    assert [len(fortnox.numbers(limit=limit)) for limit in (0, 501)] == [1, 101]


def test_a_trailing_slash_is_accepted(fortnox: Fortnox) -> None:
    assert fortnox.get("/3/invoices/").status_code == 200


# Last modified

NOON_IN_SWEDEN = datetime(2026, 11, 22, 11, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "since", "found"),
    [
        (Zone.SWEDISH, "2026-11-22 12:00", True),
        (Zone.SWEDISH, "2026-11-22 12:01", False),
        (Zone.UTC, "2026-11-22 11:00", True),
        (Zone.UTC, "2026-11-22 11:01", False),
    ],
)
def test_last_modified_is_read_to_the_minute_in_a_zone(fortnox: Fortnox, zone: Zone, since: str, found: bool) -> None:
    fortnox.switch(lastmodified_zone=zone)
    fortnox.clock.at = NOON_IN_SWEDEN
    fortnox.log_in()
    number = fortnox.add_invoice()

    assert fortnox.numbers(lastmodified=since) == ([number] if found else [])


@pytest.mark.parametrize("inclusive", [True, False])
def test_the_minute_itself_may_be_left_out(fortnox: Fortnox, inclusive: bool) -> None:
    fortnox.switch(lastmodified_inclusive=inclusive)
    fortnox.clock.at = NOON_IN_SWEDEN
    fortnox.log_in()
    number = fortnox.add_invoice()

    assert fortnox.numbers(lastmodified="2026-11-22 12:00") == ([number] if inclusive else [])
    assert fortnox.numbers(lastmodified="2026-11-22 11:59") == [number]


def test_the_hour_that_comes_twice_cannot_be_told_apart(fortnox: Fortnox) -> None:
    fortnox.clock.at = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30, the first time
    early = fortnox.add_invoice()
    fortnox.clock.at = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)  # 02:30 again
    late = fortnox.add_invoice()
    fortnox.log_in()

    assert fortnox.numbers(lastmodified="2026-10-25 02:30") == [early, late]


def test_which_changes_count_as_a_change_is_a_switch(fortnox: Fortnox) -> None:
    changes: dict[str, Callable[[str], object]] = {
        "partial_payment": lambda number: settling.pay(fortnox.books, number, Decimal(100)),
        "reminder": fortnox.books.remind,
        "label": lambda number: fortnox.books.set_labels(number, []),
        "credit": lambda number: settling.credit(fortnox.books, number, Decimal(100), booked=False),
        "final_payment": lambda number: settling.pay(fortnox.books, number),
    }
    numbers = {name: fortnox.add_invoice() for name in changes}
    fortnox.clock.forward(3600)
    fortnox.log_in()
    since = "2026-11-22 14:00"
    for name, change in changes.items():
        change(numbers[name])

    by_default = fortnox.numbers(lastmodified=since)
    fortnox.switch(unmodified_by=())
    for name, change in changes.items():
        if name != "final_payment":
            change(numbers[name])
    every = fortnox.numbers(lastmodified=since)

    assert set(numbers.values()) & set(by_default) == {numbers["final_payment"]}
    assert set(numbers.values()) <= set(every)


# Reads that lag


def test_a_read_may_lag_behind_the_change(fortnox: Fortnox) -> None:
    number = fortnox.add_invoice()
    fortnox.clock.forward(60)
    fortnox.switch(rest_lag_s=2.5)
    settling.pay(fortnox.books, number)

    def seen() -> tuple[Any, list[str], int]:
        payments = fortnox.get("/3/invoicepayments", invoicenumber=number).json()["InvoicePayments"]
        return fortnox.invoice(number)["Balance"], fortnox.numbers(filter="fullypaid"), len(payments)

    at_once = seen()
    fortnox.clock.forward(2.5)

    assert at_once == (15000, [], 0)
    assert seen() == (0, [number], 1)


def test_what_was_just_made_may_not_be_there_yet(fortnox: Fortnox) -> None:
    fortnox.switch(rest_lag_s=1.0)
    number = fortnox.add_invoice()

    assert fortnox.get(f"/3/invoices/{number}").status_code == 404
    fortnox.clock.forward(1)
    assert fortnox.get(f"/3/invoices/{number}").status_code == 200


# Customers and payments


def test_customers_are_listed_and_searched(fortnox: Fortnox) -> None:
    first = fortnox.customer("Björkö Bygg AB", OrganisationNumber="556599-1238", Phone1="031-1", City="Göteborg")
    second = fortnox.customer("Anna Andersson", Type="PRIVATE", Active=False)

    def names(**query: str) -> list[str]:
        return [item["Name"] for item in fortnox.get("/3/customers", **query).json()["Customers"]]

    assert names(name="bygg") == names(organisationnumber="6599-1") == names(filter="active") == ["Björkö Bygg AB"]
    assert names(sortby="name") == ["Anna Andersson", "Björkö Bygg AB"]
    assert names(filter="inactive") == ["Anna Andersson"]
    assert names(customernumber=second) == ["Anna Andersson"]
    assert fortnox.get("/3/customers").json()["Customers"][0]["Phone"] == "031-1"
    assert fortnox.get(f"/3/customers/{first}").json()["Customer"]["Country"] == "Sverige"


def test_payments_are_listed_by_invoice(fortnox: Fortnox) -> None:
    first, second = fortnox.add_invoice(DocumentNumber="104"), fortnox.add_invoice(DocumentNumber="1041")
    settling.pay(fortnox.books, second, Decimal(1))
    paid = settling.pay(fortnox.books, first, Decimal(2))

    listed = fortnox.get("/3/invoicepayments", invoicenumber=first, sortby="paymentdate").json()["InvoicePayments"]

    assert [(item["Number"], item["InvoiceNumber"], item["Amount"]) for item in listed] == [(paid, 104, 2)]


@pytest.mark.parametrize("moves", [True, False])
def test_booking_a_payment_may_not_count_as_a_change_of_it(fortnox: Fortnox, moves: bool) -> None:
    fortnox.switch(unmodified_by=() if moves else (Change.PAYMENT_BOOKED,))
    number = settling.add_payment(fortnox.books, fortnox.add_invoice(), Decimal(1))
    fortnox.clock.forward(1800)

    settling.book_payment(fortnox.books, number)

    answer = fortnox.get("/3/invoicepayments", lastmodified="2026-11-22 13:30")
    assert [item["Number"] for item in answer.json()["InvoicePayments"]] == ([number] if moves else [])
