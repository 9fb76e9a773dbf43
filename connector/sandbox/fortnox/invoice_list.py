"""What /3/invoices can be asked for in the Fortnox imitation (fortnox/API.md, "Lists")."""

from __future__ import annotations

import operator
from collections.abc import Callable

from connector.sandbox.fortnox.query import (
    ListShape,
    Search,
    Test,
    contains,
    equals,
    from_day,
    is_true,
    to_day,
    whole_number,
)
from connector.sandbox.fortnox.records import Document
from connector.sandbox.fortnox.switches import FortnoxSwitches, Oddity


def _has_label(wanted: str) -> Test:
    label = {"Id": whole_number(wanted)}
    return lambda document: label in document["Labels"]


def _in_a_row(name: str) -> Search:
    def search(wanted: str) -> Test:
        text = wanted.lower()
        return lambda document: any(text in str(row[name] or "").lower() for row in document["InvoiceRows"])

    return search


def _account(compare: Callable[[int, int], bool]) -> Search:
    def search(wanted: str) -> Test:
        account = whole_number(wanted)
        return lambda document: any(compare(row["AccountNumber"], account) for row in document["InvoiceRows"])

    return search


SEARCHES: dict[str, Search] = {
    "costcenter": contains("CostCenter"),
    "customername": contains("CustomerName"),
    "customernumber": contains("CustomerNumber"),
    "label": _has_label,
    "documentnumber": contains("DocumentNumber"),
    "fromdate": from_day("InvoiceDate"),
    "todate": to_day("InvoiceDate"),
    "fromfinalpaydate": from_day("FinalPayDate"),
    "tofinalpaydate": to_day("FinalPayDate"),
    "notcompleted": is_true("NotCompleted"),
    "ocr": contains("OCR"),
    "ourreference": contains("OurReference"),
    "project": contains("Project"),
    "sent": is_true("Sent"),
    "externalinvoicereference1": contains("ExternalInvoiceReference1"),
    "externalinvoicereference2": contains("ExternalInvoiceReference2"),
    "yourreference": contains("YourReference"),
    "invoicetype": equals("InvoiceType"),
    "articlenumber": _in_a_row("ArticleNumber"),
    "articledescription": _in_a_row("Description"),
    "currency": equals("Currency"),
    "accountnumberfrom": _account(operator.ge),
    "accountnumberto": _account(operator.le),
    "yourordernumber": contains("YourOrderNumber"),
    "credit": is_true("Credit"),
}

SORTABLE = {
    "customername": "CustomerName",
    "customernumber": "CustomerNumber",
    "documentnumber": "DocumentNumber",
    "invoicedate": "InvoiceDate",
    "ocr": "OCR",
    "total": "Total",
}

PAIRS = (
    frozenset({"fromdate", "todate"}),
    frozenset({"fromfinalpaydate", "tofinalpaydate"}),
    frozenset({"accountnumberfrom", "accountnumberto"}),
)


def _unpaid(invoice: Document, included: tuple[Oddity, ...]) -> bool:
    """Return whether `filter=unpaid` lists an invoice; what it includes beside plain booked ones is unknown."""
    oddities = {
        Oddity.UNBOOKED: not invoice["Booked"],
        Oddity.CREDIT: invoice["Total"] < 0,
        Oddity.INTEREST: invoice["InvoiceType"] == "INTRESTINVOICE",
        Oddity.CANCELLED: invoice["Cancelled"],
        Oddity.NOT_COMPLETED: invoice["NotCompleted"],
    }
    listed = all(oddity in included for oddity, there in oddities.items() if there)
    return listed and bool(invoice["Balance"] or invoice["Cancelled"]) and not invoice["FinalPayDate"]


def invoice_list(switches: FortnoxSwitches, today: str) -> ListShape:
    """The list's shape on the day `today` (ISO)."""

    def overdue(invoice: Document) -> bool:
        due: str = invoice["DueDate"]
        past = due <= today if switches.due_today_is_overdue else due < today
        return past and _unpaid(invoice, switches.overdue_includes)

    return ListShape(
        searches=SEARCHES,
        sortable=SORTABLE,
        default_sort="documentnumber",
        filters={
            "cancelled": lambda invoice: bool(invoice["Cancelled"]),
            "fullypaid": lambda invoice: bool(invoice["FinalPayDate"]),
            "unpaid": lambda invoice: _unpaid(invoice, switches.overdue_includes),
            "unpaidoverdue": overdue,
            "unbooked": lambda invoice: not invoice["Booked"] and not invoice["Cancelled"],
        },
        pairs=PAIRS,
    )
