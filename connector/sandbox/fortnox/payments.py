"""/3/invoicepayments in the Fortnox imitation (fortnox/API.md, "Payments")."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import Flask, Response

from connector.sandbox.fortnox import settling
from connector.sandbox.fortnox.calls import Call, serve
from connector.sandbox.fortnox.documents import EMPTY_PAYMENT, payment_item
from connector.sandbox.fortnox.errors import UNKNOWN_FIELD, WRONG_TYPE, Refused, not_found
from connector.sandbox.fortnox.query import ListShape, equals
from connector.sandbox.fortnox.state import FortnoxState

SHAPE = ListShape(
    searches={"invoicenumber": equals("InvoiceNumber")},
    sortable={"number": "Number", "paymentdate": "PaymentDate"},
    default_sort="number",
)


def _checked(sent: Mapping[str, Any]) -> Mapping[str, Any]:
    unknown = set(sent) - set(EMPTY_PAYMENT)
    if unknown:
        raise Refused(f"Okänt fältnamn: {min(unknown)}.", UNKNOWN_FIELD)
    return sent


def _amount(value: object) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise Refused("Beloppet är inte numeriskt.", WRONG_TYPE) from None


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(str(value)) if value else None
    except ValueError:
        raise Refused("Datumet är ogiltigt.", WRONG_TYPE) from None


def _write_offs(sent: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {**settling.write_off(_amount(one.get("Amount", 0))), **one, "Amount": _amount(one.get("Amount", 0))}
        for one in sent.get("WriteOffs", ())
    ]


def _answer(call: Call, number: str, status: int = 200) -> Response:
    held = settling.payment(call.books, number)
    return call.one("InvoicePayment", f"invoicepayments/{number}", held, status)


def _list(call: Call) -> Response:
    return call.listed("InvoicePayments", "invoicepayments", call.books.payments, SHAPE, payment_item, "Number")


def _read(call: Call, number: str) -> Response:
    seen = call.seen(call.books.payments, number, not_found("betalningen"))
    return call.one("InvoicePayment", f"invoicepayments/{number}", seen)


def _create(call: Call) -> Response:
    sent = _checked(call.body("InvoicePayment"))
    number = settling.add_payment(
        call.books,
        str(sent.get("InvoiceNumber", "")),
        _amount(sent.get("AmountCurrency", sent.get("Amount", 0))),
        day=_day(sent.get("PaymentDate")),
        source="direct",
        mode=str(sent.get("ModeOfPayment", "BG")),
        write_offs=_write_offs(sent),
    )
    call.wrote(sent)
    return _answer(call, number, 201)


def _update(call: Call, number: str) -> Response:
    sent = _checked(call.body("InvoicePayment"))
    held = settling.payment(call.books, number)
    if held["Booked"]:
        raise Refused("Betalningen är bokförd och kan inte ändras.")
    changed = dict(held)
    if "Amount" in sent:
        changed |= {"Amount": _amount(sent["Amount"]), "AmountCurrency": _amount(sent["Amount"])}
    if "PaymentDate" in sent:
        changed["PaymentDate"] = (_day(sent["PaymentDate"]) or call.books.today()).isoformat()
    call.books.payments.put(number, changed)
    call.wrote(sent)
    return _answer(call, number)


def _bookkeep(call: Call, number: str) -> Response:
    settling.book_payment(call.books, number)
    call.books.side_effects["bookkeep_payment"][number] += 1
    call.wrote()
    return _answer(call, number)


def _delete(call: Call, number: str) -> Response:
    settling.delete_payment(call.books, number)
    call.wrote()
    return Response(status=204)


def add_payments(app: Flask, state: FortnoxState) -> None:
    """Put /3/invoicepayments on `app`."""
    serve(app, state, "GET", "/3/invoicepayments", "list_payments", _list)
    serve(app, state, "POST", "/3/invoicepayments", "create_payment", _create)
    serve(app, state, "GET", "/3/invoicepayments/<number>", "payment", _read)
    serve(app, state, "PUT", "/3/invoicepayments/<number>", "update_payment", _update)
    serve(app, state, "PUT", "/3/invoicepayments/<number>/bookkeep", "bookkeep_payment", _bookkeep)
    serve(app, state, "DELETE", "/3/invoicepayments/<number>", "delete_payment", _delete)
