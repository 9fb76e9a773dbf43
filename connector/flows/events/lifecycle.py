"""What a host's word on the app may do to its companies here. No one is called: a look decides, later.

Every message may be late, or come twice: parking ends by the hourly look if the consent holds after all, and a
company that is let go on is parked again by the first call that its consent does not cover.
"""

from __future__ import annotations

from connector.flows.companies import consent
from connector.flows.deployment import Deployment
from connector.hosts.base import Companies
from connector.store import ledger_keys


def companies(deployment: Deployment, host: str) -> Companies:
    """The companies of one kind of host, by their numbers there."""
    db = deployment.databases.main

    def park(connection_id: str) -> bool:
        return ledger_keys.refused(db, connection_id, deployment.connection(connection_id).key.number)

    def let_go_on(connection_id: str) -> bool:
        key = deployment.connection(connection_id).key
        if key.refused_at is None:
            return False
        return ledger_keys.accepted(db, connection_id, key.number, expires=None)

    return Companies(
        connection_of=lambda company: consent.connection_of(deployment, host, company) if company else "",
        park=park,
        let_go_on=let_go_on,
    )
