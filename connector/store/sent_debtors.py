"""What was sent of a debtor, as digests under a key of each hand-over's own.

Whether a card still says the same can be told, and nothing else: not even that two hand-overs are of one debtor.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, Row, delete, insert, select

from connector.store import tables
from connector.store.crypto import Vault
from connector.store.database import reading
from connector.store.lists import one_of

_table = tables.sent_debtors


@dataclass(frozen=True)
class SentDebtor:
    """The ledger's id of the customer, and which codes of checks held of it when its debt was sent."""

    customer: str = field(repr=False)
    care: tuple[str, ...]
    _key: str = field(repr=False)
    _parts: Mapping[str, str] = field(repr=False)

    def differ(self, parts: Mapping[str, str]) -> tuple[str, ...]:
        """The names of those of `parts` that are not what was sent."""
        return tuple(
            name for name, text in parts.items() if name in self._parts and self._parts[name] != digest(self._key, text)
        )

    def digest(self, text: str) -> str:
        """Return what tells `text` from another, and does not give it away."""
        return digest(self._key, text)


def digest(key: str, text: str) -> str:
    """The keyed digest of a text, as 64 hexadecimal digits."""
    return hmac.new(key.encode(), text.encode(), "sha256").hexdigest()


def keep(
    db: Engine, vault: Vault, hand_over_id: str, *, customer: str, parts: Mapping[str, str], care: Sequence[str]
) -> None:
    """Keep what is sent of a hand-over's debtor, in place of what was kept before."""
    key = secrets.token_hex(32)
    values = {
        # Sealed too: many a ledger numbers its customers by their personal numbers.
        "sealed": vault.seal(json.dumps({"customer": customer, "key": key})),
        "parts": json.dumps({name: digest(key, text) for name, text in parts.items()}),
        "care": json.dumps(sorted(care)),
    }
    with db.begin() as connection:
        connection.execute(delete(_table).where(_table.c.id == hand_over_id))
        connection.execute(insert(_table).values(id=hand_over_id, **values))


def of(db: Engine, vault: Vault, hand_over_ids: Sequence[str]) -> dict[str, SentDebtor]:
    """Return what was sent of these hand-overs' debtors; those of which nothing was kept are left out."""
    with reading(db) as connection:
        rows = connection.execute(select(_table).where(one_of(_table.c.id, hand_over_ids))).all()
    return {row.id: _of_row(vault, row) for row in rows}


def _of_row(vault: Vault, row: Row[Any]) -> SentDebtor:
    opened = json.loads(vault.open(row.sealed))
    return SentDebtor(opened["customer"], tuple(json.loads(row.care)), opened["key"], json.loads(row.parts))
