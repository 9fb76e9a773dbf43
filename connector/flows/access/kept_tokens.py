"""Tokens kept in the store, sealed, so that all processes share them; and the right to renew one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import SecretStr

from connector.domain.errors import Unavailable
from connector.remote.tokens import KeptToken
from connector.store import tokens
from connector.store.crypto import Vault
from connector.store.database import Databases
from connector.store.leases import LeaseTimeout


@dataclass(frozen=True)
class KeptTokens:
    """The token store of `system`, encrypted with `vault`. `operation` is what renewing a token is called."""

    databases: Databases
    vault: Vault
    system: str
    operation: str = "renew a token"

    def get(self, key: str) -> KeptToken | None:
        """The token stored under `key`."""
        found = tokens.get(self.databases.main, self.vault, key)
        return KeptToken(SecretStr(found.value), datetime.fromtimestamp(found.expires_at, UTC)) if found else None

    def put(self, key: str, token: KeptToken) -> None:
        """Store a new token under `key`; it is on disk when this returns."""
        sealed = tokens.SealedToken(token.value.get_secret_value(), token.expires_at.timestamp())
        tokens.put(self.databases.main, self.vault, key, sealed)

    def forget(self, key: str) -> None:
        """Remove the token stored under `key`."""
        tokens.forget(self.databases.main, key)

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Hold the right to renew the token. Raises `Unavailable` if another process never gives it back."""
        with ExitStack() as held:
            try:
                held.enter_context(tokens.renewing(self.databases.main, key))
            except LeaseTimeout as error:
                raise Unavailable(error.message, system=self.system, operation=self.operation) from error
            yield
