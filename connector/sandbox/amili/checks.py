"""What a case registration must look like: the documented shape, and nothing beyond it.

Source: amili/API.md, "Case registration", "Debtor" and "Debt". The wording of the issues is the framework's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from connector.sandbox.shared.switches import AmiliSwitches, UnknownFields

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_RFC_1123 = re.compile(
    rf"({'|'.join(_DAYS)}), ([0-9]{{2}}) ({'|'.join(_MONTHS)}) ([0-9]{{4}}) "
    r"([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT"
)

Issues = dict[str, Any]


def rfc_1123(text: str) -> datetime:
    """The instant that `text` names, in UTC. Raises `ValueError` for any other form or a wrong weekday."""
    found = _RFC_1123.fullmatch(text)
    if found is None:
        raise ValueError("not an RFC 1123 date")
    weekday, day, month, year, *clock = found.groups()
    hour, minute, second = (int(part) for part in clock)
    instant = datetime(int(year), _MONTHS.index(month) + 1, int(day), hour, minute, second, tzinfo=UTC)
    if _DAYS[instant.weekday()] != weekday:
        raise ValueError(f"{weekday} is not the weekday of that date")
    return instant


def as_rfc_1123(instant: datetime) -> str:
    """`instant` in UTC as RFC 1123, independent of any locale."""
    at = instant.astimezone(UTC)
    return f"{_DAYS[at.weekday()]}, {at.day:02} {_MONTHS[at.month - 1]} {at.year} {at:%H:%M:%S} GMT"


@dataclass(frozen=True)
class Shape:
    """The documented shape of one value. `kind` is a JSON type, "date", "object" or "list"."""

    kind: str
    allowed: tuple[str, ...] = ()
    members: Mapping[str, Shape] = field(default_factory=lambda: MappingProxyType({}))
    required: tuple[str, ...] = ()


def _object(members: Mapping[str, Shape], required: tuple[str, ...]) -> Shape:
    return Shape("object", members=members, required=required)


_TEXT = Shape("string")
_AMOUNT = Shape("number")


def registration_shape(switches: AmiliSwitches) -> Shape:
    """The shape of `POST /case--registrations`; what is required beyond the documented four is a switch."""
    address = dict.fromkeys(("address_line_1", "zip_code", "city", "country"), _TEXT)
    customer = {
        "name": _TEXT,
        "id_number": _TEXT,
        "is_company": Shape("boolean"),
        "address": _object(address, ("address_line_1", "zip_code", "city")),
        "mobile_number": _TEXT,
        "email": _TEXT,
    }
    charged = _object({"amount": _AMOUNT, "fee_registration_date": Shape("date")}, ("amount", "fee_registration_date"))
    debt = {
        "invoice_number": _TEXT,
        "debt_description": _TEXT,
        "invoice_date": Shape("date"),
        "capital_to_claim": _AMOUNT,
        "invoice_due_days_after_invoice_date": Shape("integer"),
        "fees_included_in_capital_to_claim": _object(
            dict.fromkeys(("invoice_fee", *switches.further_fee_keys), _AMOUNT), ()
        ),
        "fees_already_claimed": _object(dict.fromkeys(("reminder", *switches.further_fee_keys), charged), ()),
    }
    return _object(
        {
            "account": _TEXT,
            "creditor": _TEXT,
            "first_action": Shape("string", allowed=switches.first_actions),
            # Amili's sister endpoints say 'currently only "SEK" supported' (amili/API.md, "Case registration").
            "currency": Shape("string", allowed=("SEK",)),
            "customer": _object(customer, switches.required_customer_fields),
            "debts": Shape("list", members={"*": _object(debt, switches.required_debt_fields)}),
        },
        ("account", "creditor", "first_action", "currency", "customer", "debts"),
    )


_SWEDISH_ZIP_CODE = re.compile(r"[0-9]{5}")
_ORE = Decimal("0.01")


def value_issues(body: Mapping[str, Any]) -> Issues:
    """Return what a server that knows Swedish addresses and money has to say of a registration of the right shape."""
    found: Issues = {}
    address = body["customer"].get("address", {})
    code = address.get("zip_code")
    if code is not None and address.get("country", "SE") == "SE" and not _SWEDISH_ZIP_CODE.fullmatch(code):
        found["customer"] = {"address": {"zip_code": "value does not match regex '^[0-9]{5}$'"}}
    of_debts = {str(index): issue for index, debt in enumerate(body["debts"]) if (issue := _amount_issue(debt))}
    return found | ({"debts": of_debts} if of_debts else {})


def _amount_issue(debt: Mapping[str, Any]) -> Issues:
    capital = Decimal(debt["capital_to_claim"])
    included = Decimal(debt.get("fees_included_in_capital_to_claim", {}).get("invoice_fee", 0))
    if capital <= 0:
        return {"capital_to_claim": "min value is 0.01"}
    if capital != capital.quantize(_ORE):
        return {"capital_to_claim": "more than two decimals"}
    return {"fees_included_in_capital_to_claim": "more than the capital"} if included > capital else {}


def _scalar_issue(value: object, shape: Shape) -> str | None:
    is_number = isinstance(value, (int, Decimal)) and not isinstance(value, bool)
    match shape.kind:
        case "string":
            fits = isinstance(value, str)
        case "boolean":
            fits = isinstance(value, bool)
        case "integer":
            fits = is_number and not isinstance(value, Decimal)
        case "number":
            fits = is_number
        case _:
            try:
                rfc_1123(value if isinstance(value, str) else "")
            except ValueError:
                return "must be of datetime type"
            return None
    if not fits:
        return f"must be of {shape.kind} type"
    if value == "":
        return "empty values not allowed"
    if shape.allowed and value not in shape.allowed:
        return f"unallowed value {value}"
    return None


def issues(value: object, shape: Shape, unknown: UnknownFields) -> str | Issues | None:
    """Return what is wrong with `value`: a message, messages by field, or `None`."""
    if shape.kind == "list":
        if not isinstance(value, list):
            return "must be of list type"
        if not value:
            return "min length is 1"
        of_items = {
            str(index): issue
            for index, item in enumerate(value)
            if (issue := issues(item, shape.members["*"], unknown)) is not None
        }
        return of_items or None
    if shape.kind != "object":
        return _scalar_issue(value, shape)
    if not isinstance(value, dict):
        return "must be of dict type"
    found: Issues = {name: "required field" for name in shape.required if name not in value}
    for name, member in value.items():
        if name in shape.members:
            issue = issues(member, shape.members[name], unknown)
            if issue is not None:
                found[name] = issue
        elif unknown is UnknownFields.REFUSED:
            found[name] = "unknown field"
    return found or None
