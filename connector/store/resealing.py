"""Every stored secret again under the newest key, so that the older keys can be given up."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Column, Engine, LargeBinary, Table, select, update

from connector.domain.errors import ConfigurationError
from connector.store import tables
from connector.store.crypto import Vault
from connector.store.database import reading


def reseal(db: Engine, vault: Vault) -> int:
    """Seal every secret in the store again under the newest key of `vault`; gives how many there are.

    One secret at a time, so that it may be interrupted and repeated, and does not hinder anyone who uses the store. A
    secret that someone replaces meanwhile is sealed as they left it. Raises `ConfigurationError`, with the place, for
    one that no key opens.
    """
    return sum(_reseal(db, vault, table, column) for table, column in _sealed())


def _sealed() -> Iterator[tuple[Table, Column[bytes]]]:
    """Return where secrets lie: no other column of the store holds bytes."""
    for table in tables.main.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, LargeBinary):
                yield table, column


def _reseal(db: Engine, vault: Vault, table: Table, column: Column[bytes]) -> int:
    (key,) = table.primary_key.columns
    with reading(db) as connection:
        rows = connection.execute(select(key).where(column.is_not(None)).order_by(key)).scalars().all()
    return sum(_reseal_one(db, vault, table, column, row) for row in rows)


def _reseal_one(db: Engine, vault: Vault, table: Table, column: Column[bytes], row_id: str) -> int:
    (key,) = table.primary_key.columns
    while True:
        with reading(db) as connection:
            sealed = connection.execute(select(column).where(key == row_id)).scalar()
        if sealed is None:
            return 0
        try:
            anew = vault.reseal(sealed)
        except ConfigurationError as error:
            raise ConfigurationError(
                f"The secret {table.name}.{column.name} of “{row_id}” cannot be decrypted with any key in SECRET_KEYS.",
                advice=error.advice,
            ) from None
        with db.begin() as connection:
            replaced = connection.execute(
                update(table).where(key == row_id, column == sealed).values({column.name: anew})
            )
        if replaced.rowcount:
            return 1
