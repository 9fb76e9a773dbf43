"""What an event of Fortnox's points at. Never believed beyond the number (API.md, "Events").

An event of a payment names the payment alone. Its invoice is not read for every payment, since hundreds come with a
file from the bank and most of them concern no case, and one that was deleted cannot be read any more: the company is
asked for what has changed instead, once for all payments of some seconds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from connector.hosts.base import Hints, HintTiming

LONGEST_BODY_BYTES = 64 * 1024
INVOICE_EVENTS = ("invoice-", "reminder-sent-")
"""How the types begin whose entity is an invoice."""

PAYMENT_EVENTS = ("invoicepayment-",)
"""How the types begin whose entity is a payment of an invoice."""

TIMING = HintTiming(look_again_at_s=(1.0, 3.0, 10.0))
"""What is read can lag behind its event by seconds (API.md, "Keeping the stream")."""

_LONGEST_NUMBER = 18


def hints(body: bytes) -> Hints:
    """The invoice that an event names, or that a payment changed; nothing for any other body. Never raises."""
    if len(body) > LONGEST_BODY_BYTES:
        return Hints()
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return Hints()
    return hints_of(event) if isinstance(event, dict) else Hints()


def hints_of(event: Mapping[str, Any]) -> Hints:
    """As `hints`, for an event that was read already. Types are recognised by how they begin, whatever their
    version.
    """
    kind = str(event.get("type"))
    if kind.startswith(PAYMENT_EVENTS):
        return Hints(changes=True)
    entity = event.get("entityId")
    number = str(entity) if type(entity) in {int, str} else ""
    named = number.isascii() and number.isdigit() and len(number) <= _LONGEST_NUMBER
    return Hints(invoice_ids=(number,)) if named and kind.startswith(INVOICE_EVENTS) else Hints()
