"""People who may sign in, entered without the memory and time that hashing and checking a password ought to take."""

from __future__ import annotations

import functools
import json

from argon2 import PasswordHasher
from sqlalchemy import Engine, insert

from connector.store import tables
from connector.store.database import now


def enter(
    db: Engine, *, email: str, name: str, password: str, connections: tuple[str, ...], language: str = ""
) -> None:
    """Enter a person as `users.add` does, with a hash that is quick to make and to check."""
    with db.begin() as connection:
        connection.execute(
            insert(tables.users).values(
                email=email,
                name=name,
                password_hash=_hash(password),
                language=language or "sv",
                language_chosen=bool(language),
                connections=json.dumps(connections),
                created_at=now(connection),
            )
        )


@functools.cache
def _hash(password: str) -> str:
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(password)
