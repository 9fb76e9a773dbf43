"""What a webhook from Odoo points at. Never believed beyond the id (odoo.md section 2)."""

from __future__ import annotations

import json

from connector.hosts.base import Hints

LONGEST_BODY_BYTES = 64 * 1024
LARGEST_ID = 2**31 - 1


def hints(body: bytes) -> Hints:
    """The invoice named by `_model` and `_id` of a webhook body; nothing for any other body. Never raises.

    Odoo sends one call per record. All else in the body is a snapshot of a moment that may be past, or
    forged.
    """
    if len(body) > LONGEST_BODY_BYTES:
        return Hints()
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        return Hints()
    if not isinstance(payload, dict) or payload.get("_model") != "account.move":
        return Hints()
    record_id = payload.get("_id")
    if type(record_id) is not int or not 0 < record_id <= LARGEST_ID:
        return Hints()
    return Hints(invoice_ids=(str(record_id),))
