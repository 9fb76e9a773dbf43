"""What a deployment's settings and store give to its apps at hosts whose companies approve one."""

from __future__ import annotations

from connector.flows.access.kept_tokens import KeptTokens
from connector.flows.access.ledger_budget import LedgerBudget
from connector.hosts import kinds
from connector.hosts.base import App, AppContext, RequestQuota
from connector.remote.policy import HttpPolicy
from connector.settings import Settings
from connector.store.budgets import Quota
from connector.store.crypto import Vault
from connector.store.database import Databases


def app_at(host: str, settings: Settings, databases: Databases, vault: Vault, http: HttpPolicy) -> App | None:
    """The deployment's app at the kind of host; None if the settings name none, or the kind is opened by a key."""
    consent = kinds.by_consent(host)
    if consent is None:
        return None
    kind = kinds.kind(host)

    def budget(name: str, quota: RequestQuota) -> LedgerBudget:
        return LedgerBudget(databases, name, Quota(quota.limit, quota.window_s, quota.reserved))

    context = AppContext(
        settings=settings.of_host(host),
        redirect_uri=f"{settings.public_url}{kind.callback_path}",
        tokens=KeptTokens(databases, vault, kind.name),
        budget=budget,
        http=http,
    )
    return consent.app(context)
