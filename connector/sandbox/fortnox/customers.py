"""/3/customers in the Fortnox imitation (fortnox/API.md, "Customers")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask, Response

from connector.sandbox.fortnox.calls import Call, serve
from connector.sandbox.fortnox.documents import BLANK, EMPTY_CUSTOMER, customer_item
from connector.sandbox.fortnox.errors import CUSTOMER_NOT_FOUND, INVALID_IDENTIFIER, UNKNOWN_FIELD, Refused
from connector.sandbox.fortnox.query import ListShape, contains
from connector.sandbox.fortnox.state import FortnoxState

NUMBER_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzåäöABCDEFGHIJKLMNOPQRSTUVWXYZÅÄÖ0123456789-+/_")

SHAPE = ListShape(
    searches={
        "customernumber": contains("CustomerNumber"),
        "name": contains("Name"),
        "zipcode": contains("ZipCode"),
        "city": contains("City"),
        "email": contains("Email"),
        "phone": contains("Phone1"),
        "organisationnumber": contains("OrganisationNumber"),
        "gln": contains("GLN"),
        "glndelivery": contains("GLNDelivery"),
    },
    sortable={"customernumber": "CustomerNumber", "name": "Name"},
    default_sort="customernumber",
    filters={
        "active": lambda customer: bool(customer["Active"]),
        "inactive": lambda customer: not customer["Active"],
    },
)


def _missing() -> Refused:
    return Refused("Kan inte hitta kunden.", CUSTOMER_NOT_FOUND, 404)


def _fields(sent: Mapping[str, Any]) -> dict[str, Any]:
    unknown = set(sent) - set(EMPTY_CUSTOMER)
    if unknown:
        raise Refused(f"Okänt fältnamn: {min(unknown)}.", UNKNOWN_FIELD)
    if not set(str(sent.get("CustomerNumber", ""))) <= NUMBER_CHARACTERS:
        raise Refused("Ogiltigt kundnummer.", INVALID_IDENTIFIER)
    return {name: "" if value == BLANK else value for name, value in sent.items()}


def _answer(call: Call, number: str, status: int = 200) -> Response:
    return call.one("Customer", f"customers/{number}", call.books.customer(number), status)


def _known(call: Call, number: str) -> str:
    if number not in call.books.customers:
        raise _missing()
    return number


def _list(call: Call) -> Response:
    return call.listed("Customers", "customers", call.books.customers, SHAPE, customer_item, "CustomerNumber")


def _read(call: Call, number: str) -> Response:
    return call.one("Customer", f"customers/{number}", call.seen(call.books.customers, number, _missing()))


def _create(call: Call) -> Response:
    fields = _fields(call.body("Customer"))
    name = fields.pop("Name", "")
    if not name:
        raise Refused("Kundnamn saknas.")
    number = call.books.add_customer(name, **fields)
    call.wrote(fields)
    return _answer(call, number, 201)


def _update(call: Call, number: str) -> Response:
    fields = _fields(call.body("Customer"))
    fields.pop("CustomerNumber", None)
    call.books.set_customer(_known(call, number), **fields)
    call.wrote(fields)
    return _answer(call, number)


def _delete(call: Call, number: str) -> Response:
    call.books.remove_customer(_known(call, number))
    call.wrote()
    return Response(status=204)


def add_customers(app: Flask, state: FortnoxState) -> None:
    """Put /3/customers on `app`. A customer number may hold a slash, sent as %2F."""
    serve(app, state, "GET", "/3/customers", "list_customers", _list)
    serve(app, state, "POST", "/3/customers", "create_customer", _create)
    serve(app, state, "GET", "/3/customers/<path:number>", "customer", _read)
    serve(app, state, "PUT", "/3/customers/<path:number>", "update_customer", _update)
    serve(app, state, "DELETE", "/3/customers/<path:number>", "delete_customer", _delete)
