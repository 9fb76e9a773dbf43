"""Digests of what must not be kept: a debtor's number is known again by one, and cannot be read from it.

The key is made at random once for each deployment and lies sealed in the store: it outlives every change of
`SECRET_KEYS`, which only seal it again.
"""

from __future__ import annotations

import hmac
import secrets

from sqlalchemy import Engine, select

from connector.store import tables, upserts
from connector.store.crypto import Vault
from connector.store.database import reading, single_statement

_table = tables.digest_keys
_DEBTORS = "debtors"


def of_debtor(db: Engine, vault: Vault, text: str) -> str:
    """The digest of what tells a debtor, as 64 hexadecimal digits: the same for the same text in all processes."""
    return hmac.new(_key(db, vault).encode(), text.encode(), "sha256").hexdigest()


def _key(db: Engine, vault: Vault) -> str:
    if (known := _stored(db)) is None:
        with single_statement(db) as connection:
            # If another process has made it at this moment, theirs is the one key.
            upserts.enter(connection, _table, name=_DEBTORS, value=vault.seal(secrets.token_hex(32)))
        known = _stored(db)
    if known is None:
        raise RuntimeError("the key of digests was made and is gone")
    return vault.open(known)


def _stored(db: Engine) -> bytes | None:
    with reading(db) as connection:
        found: bytes | None = connection.execute(select(_table.c.value).where(_table.c.name == _DEBTORS)).scalar()
    return found
