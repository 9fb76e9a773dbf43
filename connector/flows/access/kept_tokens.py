"""Tokens kept in the store, sealed, so that all processes share them; and the right to renew one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

from pydantic import SecretStr

from connector.domain.errors import Unavailable
from connector.store import tokens
from connector.store.crypto import Vault
from connector.store.database import Databases
from connector.store.leases import LeaseTimeout


def kept(databases: Databases, vault: Vault, key: str) -> tuple[SecretStr, datetime] | None:
    """The token stored under `key`, and the instant (aware) until which it is taken to be good."""
    found = tokens.get(databases.main, vault, key)
    return (SecretStr(found.value), datetime.fromtimestamp(found.expires_at, UTC)) if found else None


def keep(databases: Databases, vault: Vault, key: str, value: SecretStr, expires_at: datetime) -> None:
    """Store a new token under `key`; it is on disk when this returns."""
    tokens.put(databases.main, vault, key, tokens.SealedToken(value.get_secret_value(), expires_at.timestamp()))


@contextmanager
def renewal(databases: Databases, key: str, *, system: str, operation: str) -> Iterator[None]:
    """Hold the right to renew a token of `system`.

    Raises `Unavailable`, which names `operation`, if another process never gives the right back.
    """
    with ExitStack() as held:
        try:
            held.enter_context(tokens.renewing(databases.main, key))
        except LeaseTimeout as error:
            raise Unavailable(error.message, system=system, operation=operation) from error
        yield
