"""Tokens of ledgers that are opened by consent, shared by all processes."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass

from connector.flows.access import kept_tokens
from connector.hosts.fortnox.oauth import KeptToken
from connector.store import tokens
from connector.store.crypto import Vault
from connector.store.database import Databases


@dataclass(frozen=True)
class LedgerTokens:
    """The token store of the ledger `system`, encrypted with `vault`."""

    databases: Databases
    vault: Vault
    system: str

    def get(self, key: str) -> KeptToken | None:
        """The token stored under `key`."""
        found = kept_tokens.kept(self.databases, self.vault, key)
        return KeptToken(*found) if found else None

    def put(self, key: str, token: KeptToken) -> None:
        """Store a new token under `key`; it is on disk when this returns."""
        kept_tokens.keep(self.databases, self.vault, key, token.value, token.expires_at)

    def forget(self, key: str) -> None:
        """Remove the token stored under `key`."""
        tokens.forget(self.databases.main, key)

    def lock(self, key: str) -> AbstractContextManager[None]:
        """Hold the right to renew the tokens. Raises `Unavailable` if another process never gives it back."""
        return kept_tokens.renewal(self.databases, key, system=self.system, operation="renew a token")
