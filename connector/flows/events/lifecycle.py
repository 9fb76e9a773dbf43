"""What is done when Fortnox tells of a company's consent or licence. Nobody is called: a look decides, later.

Every message may be late, or come twice: parking ends by the hourly look if the consent holds after all, and a
company that is let go on is parked again by the first call that its consent does not cover.
"""

from __future__ import annotations

import logging

from connector.flows.companies import consent
from connector.flows.deployment import Deployment
from connector.hosts.fortnox.lifecycle import CONSENT_GIVEN, CONSENT_REVOKED, DEACTIVATED, LICENCE_EXPIRED, Notice
from connector.store import ledger_keys

log = logging.getLogger(__name__)


def take(deployment: Deployment, notice: Notice) -> None:
    """Act on what Fortnox told. What is not known, or concerns no company here, changes nothing.

    A licence that ran out, or a deactivation, is looked at by the next poll: what it means shows in Fortnox's answers.
    """
    connection_id = consent.connection_of(deployment, "fortnox", notice.tenant_id) if notice.tenant_id else ""
    if not connection_id and notice.event != DEACTIVATED:
        log.info("Fortnox tells of %r, which concerns no connection here", notice.event)
        return
    if notice.event == CONSENT_REVOKED:
        _park(deployment, connection_id)
    elif notice.event == CONSENT_GIVEN:
        _let_go_on(deployment, connection_id)
    elif notice.event in {LICENCE_EXPIRED, DEACTIVATED}:
        log.warning("connection %s: Fortnox tells of %r; the next poll shows", connection_id or "unknown", notice.event)
    else:
        log.info("connection %s: Fortnox tells of %r, which changes nothing here", connection_id, notice.event)


def _park(deployment: Deployment, connection_id: str) -> None:
    number = deployment.connection(connection_id).key.number
    if ledger_keys.refused(deployment.databases.main, connection_id, number):
        log.warning(
            "connection %s: its consent was withdrawn in Fortnox; nothing is asked of it until it is given anew",
            connection_id,
        )


def _let_go_on(deployment: Deployment, connection_id: str) -> None:
    key = deployment.connection(connection_id).key
    if key.refused_at is None:
        return
    if ledger_keys.accepted(deployment.databases.main, connection_id, key.number, expires=None):
        log.info("connection %s: its consent was given anew in Fortnox; it goes on", connection_id)
