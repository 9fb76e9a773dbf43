"""Webhooks: an invoice id is stored, the sender is answered, and nothing else happens here.

A hint is only a hint (DESIGN.md, "Promises", 4), and ledgers hang up after a second and never try again,
so the answer waits for one small write and for nothing else.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, abort, current_app, request

from connector.domain.errors import ConfigurationError
from connector.flows.deployment import Deployment
from connector.hosts.opening import hints
from connector.store import connections, inbox
from connector.web.hint_box import HintBox

LONGEST_BODY_BYTES = 64 * 1024
_KNOWN_FOR_S = 5.0

webhooks = Blueprint("webhooks", __name__)


@dataclass(frozen=True)
class _Door:
    """A connection as its webhook knows it: the host's kind and the digests of its tokens."""

    host: str
    digests: tuple[str, ...]
    read_at_s: float

    def opens(self, host: str, token: str) -> bool:
        fits = connections.token_fits(token, self.digests)
        return fits and host == self.host


class Doors:
    """Which tokens open which connection's webhook, remembered for a few seconds.

    A new token works at once, because one that does not fit is compared with the stored ones before it is
    refused. A token that was given up may work for `_KNOWN_FOR_S` more. Unknown connections are not
    remembered, so that guesses fill no memory.
    """

    def __init__(self, deployment: Deployment, *, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._deployment = deployment
        self._clock_s = clock_s
        self._lock = threading.Lock()
        self._known: dict[str, _Door] = {}

    def opens(self, host: str, connection_id: str, token: str) -> bool:
        """Return whether `token` opens the webhook of `connection_id`, which is a connection of `host`."""
        with self._lock:
            door = self._known.get(connection_id)
        fresh = door is not None and self._clock_s() - door.read_at_s < _KNOWN_FOR_S
        if door is not None and fresh and door.opens(host, token):
            return True
        door = self._read(connection_id)
        return door is not None and door.opens(host, token)

    def _read(self, connection_id: str) -> _Door | None:
        databases, vault = self._deployment.databases, self._deployment.vault
        read_at_s = self._clock_s()
        digests = connections.webhook_digests(databases.main, vault, connection_id)
        try:
            host = connections.get(databases.main, vault, connection_id).host if digests else ""
        except ConfigurationError:
            digests = ()
        with self._lock:
            if not digests:
                self._known.pop(connection_id, None)
                return None
            door = self._known[connection_id] = _Door(host, digests, read_at_s)
            return door


@webhooks.post("/webhooks/<host>/<connection_id>/<token>")
def receive(host: str, connection_id: str, token: str) -> dict[str, int]:
    """Store a hint for each invoice the body names, and one that something changed where it says only that.

    404 for a token that does not fit, whatever the reason.
    """
    doors: Doors = current_app.extensions["doors"]
    if not doors.opens(host, connection_id, token):
        abort(404)
    found = hints(host, request.get_data(cache=False))
    box: HintBox = current_app.extensions["hint_box"]
    told = (*found.invoice_ids, *((inbox.NO_INVOICE,) if found.changes else ()))
    box.put([(connection_id, invoice_id) for invoice_id in told])
    return {"accepted": len(told)}
