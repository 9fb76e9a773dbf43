"""HTTP to one Odoo's address."""

from __future__ import annotations

from connector.hosts.wire import Transport
from connector.remote.policy import HttpPolicy

SYSTEM = "Odoo"


def odoo_transport(url: str, http: HttpPolicy) -> Transport:
    """Requests to the Odoo at `url`. Raises `ConfigurationError` for an address that may not be used."""
    return Transport(SYSTEM, url, http)
