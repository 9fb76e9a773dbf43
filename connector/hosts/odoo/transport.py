"""HTTP to one Odoo's address."""

from __future__ import annotations

from connector.hosts.wire import Transport

SYSTEM = "Odoo"


def odoo_transport(url: str, *, allow_private: bool, connect_timeout_s: float, read_timeout_s: float) -> Transport:
    """Requests to the Odoo at `url`. Raises `ConfigurationError` for an address that may not be used."""
    return Transport(
        SYSTEM, url, allow_private=allow_private, connect_timeout_s=connect_timeout_s, read_timeout_s=read_timeout_s
    )
