"""What Fortnox tells of the app itself: consents, licences. Only what is signed with the app's webhook secret.

Source: API.md, "Messages on the app", from one working receiver; that Fortnox's own text does not confirm the names is
why each stands here once, and why one that is not known changes nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
from dataclasses import dataclass

from pydantic import SecretStr

from connector.hosts.base import Companies

log = logging.getLogger(__name__)

SIGNATURE_HEADER = "X-Signature"
EVENT_FIELD = "event"
TENANT_FIELD = "tenant_id"

CONSENT_GIVEN = "client_credentials_consent"
CONSENT_REVOKED = "client_credentials_consent_revoked"
LICENCE_EXPIRED = "license_expired"
DEACTIVATED = "deactivation"
"""Names no company: its one other field is a refresh token."""

EVENTS = (CONSENT_GIVEN, CONSENT_REVOKED, LICENCE_EXPIRED, DEACTIVATED)
"""Every one that is acted on, or told of."""

_LONGEST_NAME = 64


@dataclass(frozen=True)
class Notice:
    """One message. `tenant_id` is the company's number, "" if none is named; nothing else of it is kept."""

    event: str
    tenant_id: str


def is_signed(body: bytes, signature: str, secret: SecretStr) -> bool:
    """Return whether `signature` is that of `body`; takes the same time either way."""
    digest = hmac.digest(secret.get_secret_value().encode(), body, hashlib.sha256)
    return hmac.compare_digest(base64.b64encode(digest), signature.strip().encode())


def notice(body: bytes) -> Notice | None:
    """The message in a body; None if it is none. Never raises."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    event = found.get(EVENT_FIELD) if isinstance(found, dict) else None
    if not isinstance(event, str) or not event.isprintable():
        return None
    tenant = found.get(TENANT_FIELD)
    number = str(tenant) if type(tenant) in {int, str} else ""
    return Notice(event[:_LONGEST_NAME], number if number.isascii() and number.isdigit() else "")


def take(notice: Notice, companies: Companies) -> None:
    """Act on what Fortnox told. What is not known, or concerns no company here, changes nothing.

    A licence that ran out, or a deactivation, is looked at by the next poll: what it means shows in Fortnox's answers.
    """
    connection_id = companies.connection_of(notice.tenant_id)
    if not connection_id and notice.event != DEACTIVATED:
        log.info("Fortnox tells of %r, which concerns no connection here", notice.event)
    elif notice.event == CONSENT_REVOKED:
        if companies.park(connection_id):
            log.warning(
                "connection %s: its consent was withdrawn in Fortnox; nothing is asked of it until it is given anew",
                connection_id,
            )
    elif notice.event == CONSENT_GIVEN:
        if companies.let_go_on(connection_id):
            log.info("connection %s: its consent was given anew in Fortnox; it goes on", connection_id)
    elif notice.event in {LICENCE_EXPIRED, DEACTIVATED}:
        log.warning("connection %s: Fortnox tells of %r; the next poll shows", connection_id or "unknown", notice.event)
    else:
        log.info("connection %s: Fortnox tells of %r, which changes nothing here", connection_id, notice.event)
