"""Which invoices an event points at: fortnox/API.md, "Events"."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connector.hosts.base import Hints
from connector.hosts.fortnox.events import hints
from tests.hosts.fortnox.event_server import EVENT

INVOICE = Hints(invoice_ids=("10457",))
CHANGES = Hints(changes=True)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, INVOICE),
        ({"entityId": 10457}, INVOICE),
        ({"type": "invoice-updated-v7", "more": {"unknown": [1]}}, INVOICE),
        ({"type": "reminder-sent-v2"}, INVOICE),
        ({"type": "invoicepayment-bookkeep-v1", "entityId": "8891"}, CHANGES),
        ({"type": "invoicepayment-deleted-v1", "entityId": None}, CHANGES),
        ({"type": "customer-updated-v2"}, Hints()),
        ({"type": "invoices"}, Hints()),
        ({"type": None}, Hints()),
        ({"entityId": "10457/print"}, Hints()),
        ({"entityId": "9" * 19}, Hints()),
        ({"entityId": True}, Hints()),
        ({"entityId": ["10457"]}, Hints()),
    ],
)
def test_an_event_points_at_an_invoice_or_at_the_changes(change: dict[str, Any], expected: Hints) -> None:
    assert hints(json.dumps(EVENT | change).encode()) == expected


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"\xff", b"[" * 60_000, b'{"a": ' + b" " * 70_000 + b"1}"])
def test_what_is_no_event_points_at_nothing(body: bytes) -> None:
    assert hints(body) == Hints()
