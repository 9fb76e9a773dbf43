"""What an event of Fortnox's points at. Never believed beyond the number (fortnox.md 2.3)."""

from __future__ import annotations

import json

from connector.hosts.base import Hints, HintTiming

LONGEST_BODY_BYTES = 64 * 1024
INVOICE_EVENTS = ("invoice-", "reminder-sent-")
"""How the types begin whose entity is an invoice. An event of a payment names the payment alone."""

TIMING = HintTiming(look_again_at_s=(1.0, 3.0, 10.0))
"""What is read can lag behind its event by seconds (fortnox.md 2.5)."""

_LONGEST_NUMBER = 18


def hints(body: bytes) -> Hints:
    """The invoice that an event names; nothing for any other body. Never raises."""
    if len(body) > LONGEST_BODY_BYTES:
        return Hints()
    try:
        event = json.loads(body)
    except (ValueError, RecursionError):
        return Hints()
    if not isinstance(event, dict) or not str(event.get("type")).startswith(INVOICE_EVENTS):
        return Hints()
    entity = event.get("entityId")
    number = str(entity) if type(entity) in {int, str} else ""
    named = number.isascii() and number.isdigit() and len(number) <= _LONGEST_NUMBER
    return Hints(invoice_ids=(number,)) if named else Hints()
