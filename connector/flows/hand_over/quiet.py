"""Keeping away from an invoice while its user's change may still be under way in the ledger.

Some ledgers tell of a change before it is saved; who writes to the invoice then makes the user's own save fail, and
who reads it sees what was before.
"""

from __future__ import annotations

from connector.flows.deployment import Deployment
from connector.hosts.base import Host
from connector.store import inbox


def quiet_for_s(deployment: Deployment, host: Host, connection_id: str, invoice_id: str) -> float:
    """Return how many seconds an invoice must still be left alone; 0 where it need not be."""
    quiet_s = host.hint_timing().quiet_s
    if not quiet_s:
        return 0.0
    return max(quiet_s - inbox.since_hint_s(deployment.databases.inbox, connection_id, invoice_id), 0.0)
