"""Reading the records of a host document. Whatever is not of its form raises `Unreadable`, and is never guessed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from connector.domain.dates import today
from connector.domain.errors import AmountUnreadable, Unreadable
from connector.domain.money import InexactAmount, kronor
from connector.hosts.odoo.transport import SYSTEM

Record = Mapping[str, Any]

_LONGEST_CURRENCY_CODE = 3


def part(document: Record, name: str) -> Record:
    """A record of the document."""
    found = document.get(name)
    if not isinstance(found, dict):
        raise Unreadable(f"the document lacks {name!r}.", system=SYSTEM)
    return found


def parts(document: Record, name: str) -> list[Record]:
    """A list of records of the document."""
    found = document.get(name)
    if not isinstance(found, list) or not all(isinstance(record, dict) for record in found):
        raise Unreadable(f"the document lacks the list {name!r}.", system=SYSTEM)
    return found


def value(record: Record, field: str) -> Any:
    """Return what stands in a field."""
    if field not in record:
        raise Unreadable(f"the document lacks the field {field!r}.", system=SYSTEM)
    return record[field]


def text(record: Record, field: str) -> str:
    """A text without space around it; "" for none."""
    found = value(record, field)
    return str(found).strip() if found else ""


def reference(record: Record, field: str) -> tuple[int, str]:
    """The id and shown name in a reference `[id, name]`; 0 and "" for none."""
    found = value(record, field)
    if not found:
        return 0, ""
    if isinstance(found, (list, tuple)) and len(found) == 2 and type(found[0]) is int:
        return found[0], str(found[1])
    raise Unreadable(f"{field!r} is no reference.", system=SYSTEM)


def shown_name(record: Record, field: str) -> str:
    """The shown name in a reference; "" for none."""
    return reference(record, field)[1]


def currency(record: Record, field: str) -> str:
    """The code of a currency; "" for none. Odoo lets no code be longer than three characters."""
    code = shown_name(record, field)
    if len(code) > _LONGEST_CURRENCY_CODE:
        raise Unreadable(f"{field!r} is no currency.", system=SYSTEM)
    return code


def reference_id(record: Record, field: str) -> int:
    """The id in a reference; 0 for none."""
    return reference(record, field)[0]


def day(record: Record, field: str) -> date | None:
    """A date; `None` for none."""
    found = value(record, field)
    try:
        return date.fromisoformat(str(found)) if found else None
    except ValueError:
        raise Unreadable(f"{field!r} is no date.", system=SYSTEM) from None


def day_of_instant(record: Record, field: str) -> date | None:
    """The date in Stockholm of one of Odoo's instants, which are UTC without saying so."""
    found = record.get(field)
    try:
        return today(datetime.fromisoformat(str(found)).replace(tzinfo=UTC)) if found else None
    except ValueError:
        raise Unreadable(f"{field!r} is no instant.", system=SYSTEM) from None


def required_day(record: Record, field: str) -> date:
    """A date that must be there."""
    found = day(record, field)
    if found is None:
        raise Unreadable(f"the document lacks the field {field!r}.", system=SYSTEM)
    return found


def amount(record: Record, field: str, name: str) -> Decimal:
    """An amount exact to the öre. Raises `AmountUnreadable`, which calls it `name`."""
    try:
        return kronor(value(record, field))
    except InexactAmount as error:
        raise AmountUnreadable(f"The amount {name} is not exact: {error}.", field=name, system=SYSTEM) from None
