"""The kinds of field that Amili's answers and our bodies are made of, and how a body becomes bytes.

Outgoing models refuse an unknown field and hold domain types (`Decimal`, `date`); `to_json` writes them as Amili
wants them. Incoming models ignore what they do not know and require only what the connector cannot do without.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from connector.amili.dates import instant, rfc1123
from connector.domain.money import ORE, InexactAmount, Kronor


class Outgoing(BaseModel):
    """The base of what is sent. A validation error must not quote the debtor's data."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Incoming(BaseModel):
    """The base of what is received."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


Filled = Annotated[str, Field(min_length=1)]
PositiveKronor = Annotated[Kronor, Field(gt=0)]
Currency = Annotated[str, Field(pattern="^SEK$")]
"""Amili's endpoints say 'currently only "SEK" supported' (API.md, "Case registration" and "Payments")."""


def _text(value: object) -> object:
    """A number where a text belongs, as text: `778899` for `"778899"`."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _moment(value: object) -> datetime | None:
    """A time stamp that is only shown: `None` where it cannot be read."""
    if not isinstance(value, str):
        return None
    try:
        return instant(value)
    except ValueError:
        return None


def _day(value: object) -> date | None:
    """The day that a business date names in GMT, as it was written; never converted (API.md, "Dates")."""
    moment = _moment(value)
    return None if moment is None else moment.date()


def _amount(value: object) -> Decimal | None:
    """An amount to compare, in kronor with two decimals; `None` is unknown, never zero (API.md, "Case")."""
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return None
    amount = Decimal(value)
    # Beyond what a claim can be, `quantize` has no room for the decimals.
    if not amount.is_finite() or abs(amount) >= Decimal(10) ** 15:
        return None
    return amount.quantize(ORE, rounding=ROUND_HALF_UP)


Id = Annotated[str, Field(min_length=1)]
Text = Annotated[str, BeforeValidator(_text)]
Shown = Annotated[str, BeforeValidator(lambda value: "" if value is None else _text(value))]
Texts = Annotated[tuple[Text, ...], BeforeValidator(lambda value: value if isinstance(value, list) else ())]
Moment = Annotated[datetime | None, BeforeValidator(_moment)]
Day = Annotated[date | None, BeforeValidator(_day)]
Amount = Annotated[Decimal | None, BeforeValidator(_amount)]


def to_json(body: Outgoing, *, leave_out: Collection[str] = ()) -> bytes:
    """The bytes to send: the model's key order, amounts as JSON numbers, dates in RFC 1123.

    What is `None` is left out, and the top-level fields in `leave_out`. Raises `InexactAmount` for an amount that a
    JSON number cannot carry to the öre.
    """
    return json.dumps(body.model_dump(exclude_none=True, exclude=set(leave_out)), default=_wire_form).encode()


def _wire_form(value: object) -> float | str:
    """Return what `json` cannot write itself. Amounts become floats only here, so nothing reckons with one."""
    if isinstance(value, Decimal):
        number = float(value)
        if Decimal(repr(number)) != value:
            raise InexactAmount("an amount too large to be sent exactly")
        return number
    if isinstance(value, date):
        return rfc1123(value)
    raise TypeError(f"cannot be sent: {type(value).__name__}")
