"""Access tokens shared by all processes, encrypted, renewed by one process at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, delete, select

from connector.store import leases, tables, upserts
from connector.store.crypto import Vault
from connector.store.database import reading, single_statement

_RENEWAL_S = 60.0


@dataclass(frozen=True)
class SealedToken:
    """A token as stored: its text never shows. `expires_at` is seconds since the epoch."""

    value: str = field(repr=False)
    expires_at: float


def get(db: Engine, vault: Vault, key: str) -> SealedToken | None:
    """The token stored under `key`, if any."""
    table = tables.tokens
    with reading(db) as connection:
        row = connection.execute(select(table).where(table.c.key == key)).one_or_none()
    return SealedToken(vault.open(row.value), row.expires_at) if row else None


def put(db: Engine, vault: Vault, key: str, token: SealedToken) -> None:
    """Store `token` under `key` in place of the one before."""
    values: dict[str, Any] = {"value": vault.seal(token.value), "expires_at": token.expires_at}
    with single_statement(db) as connection:
        upserts.put(connection, tables.tokens, key=key, **values)


def forget(db: Engine, key: str) -> None:
    """Remove the token stored under `key`."""
    with db.begin() as connection:
        connection.execute(delete(tables.tokens).where(tables.tokens.c.key == key))


@contextmanager
def renewing(db: Engine, key: str) -> Iterator[None]:
    """Hold the right to renew the token `key`, across all processes. Raises `LeaseTimeout`."""
    with leases.lease(db, f"token:{key}", for_s=_RENEWAL_S, wait_s=2 * _RENEWAL_S):
        yield
