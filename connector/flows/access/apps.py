"""What a deployment's settings and store give to its apps at hosts whose companies approve one."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import BaseModel

from connector.flows.access.kept_tokens import KeptTokens
from connector.flows.access.ledger_budget import LedgerBudget
from connector.hosts import kinds
from connector.hosts.base import App, AppContext, RequestQuota
from connector.remote.policy import HttpPolicy
from connector.store.budgets import Quota
from connector.store.crypto import Vault
from connector.store.database import Databases


def app_at(
    host: str,
    databases: Databases,
    vault: Vault,
    http: HttpPolicy,
    *,
    of_host: Callable[[str], BaseModel],
    public_url: str,
) -> App | None:
    """The deployment's app at the kind of host; None if the settings name none, or the kind is opened by a key.

    `of_host` gives the deployment's own settings of a kind; `public_url` is where people reach the pages.
    """
    consent = kinds.by_consent(host)
    if consent is None:
        return None
    kind = kinds.kind(host)

    def budget(name: str, quota: RequestQuota) -> LedgerBudget:
        return LedgerBudget(databases, name, Quota(quota.limit, quota.window_s, quota.reserved))

    context = AppContext(
        settings=of_host(host),
        redirect_uri=f"{public_url}{kind.callback_path}",
        tokens=KeptTokens(databases, vault, kind.name),
        budget=budget,
        http=http,
    )
    return consent.app(context)
