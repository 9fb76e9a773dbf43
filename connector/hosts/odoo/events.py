"""What a webhook from Odoo points at. Never believed beyond the id (API.md, "Webhooks")."""

from __future__ import annotations

import json

from connector.hosts.base import Hints, HintTiming
from connector.hosts.odoo.versions import Dialect

LONGEST_BODY_BYTES = 64 * 1024
LARGEST_ID = 2**31 - 1


BEFORE_COMMIT = HintTiming(look_again_at_s=(2.0, 5.0, 15.0, 60.0), quiet_s=5.0)
"""For versions that send webhooks while the user's transaction runs (API.md, "Webhooks"): a bulk action ends after
seconds; and whatever writes to the invoice before that makes the user's own save fail."""


def timing(dialect: Dialect) -> HintTiming:
    """Return how the webhooks of a version lie in time."""
    return HintTiming() if dialect.hooks_after_commit else BEFORE_COMMIT


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
