"""What a deployment's settings and store give to reach companies in Fortnox."""

from __future__ import annotations

from functools import partial

from connector.flows.access.kept_tokens import KeptTokens
from connector.flows.access.ledger_budget import LedgerBudget
from connector.hosts.fortnox.access import FortnoxAccess
from connector.hosts.fortnox.client import REQUESTS, RESERVED, WINDOW_S
from connector.hosts.fortnox.documents import SYSTEM
from connector.hosts.fortnox.oauth import RECEIPT_SCOPES, FortnoxApp
from connector.remote.policy import HttpPolicy
from connector.settings import Settings
from connector.store.budgets import Quota
from connector.store.crypto import Vault
from connector.store.database import Databases

CALLBACK_PATH = "/fortnox/callback"
"""Where Fortnox sends people back to: what is registered as the app's redirect address, below PUBLIC_URL."""

_QUOTA = Quota(REQUESTS, WINDOW_S, RESERVED)


def fortnox_access(settings: Settings, databases: Databases, vault: Vault, http: HttpPolicy) -> FortnoxAccess | None:
    """The deployment's app at Fortnox and what its processes share; None if the settings name no app."""
    if not settings.fortnox_client_id or not settings.fortnox_client_secret:
        return None
    app = FortnoxApp(
        client_id=settings.fortnox_client_id,
        client_secret=settings.fortnox_client_secret,
        redirect_uri=f"{settings.public_url}{CALLBACK_PATH}",
        more_scopes=RECEIPT_SCOPES if settings.fortnox_receipts else (),
    )
    return FortnoxAccess(
        app=app,
        tokens=KeptTokens(databases, vault, SYSTEM),
        budget=partial(_budget, databases, app.client_id),
        authorisation_url=settings.fortnox_authorisation_url,
        api_url=settings.fortnox_api_url,
        http=http,
    )


def _budget(databases: Databases, client_id: str, tenant_id: str) -> LedgerBudget:
    return LedgerBudget(databases, f"fortnox:{client_id}:{tenant_id}", _QUOTA)
