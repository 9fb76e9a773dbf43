"""The people who may sign in to the pages, and for which connections."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, Row, insert, select, update
from sqlalchemy.exc import IntegrityError
from werkzeug.security import check_password_hash, generate_password_hash

from connector.domain.errors import ConfigurationError
from connector.store import tables
from connector.store.database import now, reading

ALL_CONNECTIONS = "*"


@dataclass(frozen=True)
class User:
    """A person. `connections` are connection ids, or `("*",)` for all of them."""

    email: str
    name: str
    language: str
    connections: tuple[str, ...] = field(default=())

    def may_use(self, connection_id: str) -> bool:
        """Whether the person may see and send this connection's invoices."""
        return ALL_CONNECTIONS in self.connections or connection_id in self.connections


def add(
    db: Engine, *, email: str, name: str, password: str, connections: tuple[str, ...], language: str = "sv"
) -> User:
    """Enter a person. Raises `ConfigurationError` if the e-mail address is taken."""
    try:
        with db.begin() as connection:
            connection.execute(
                insert(tables.users).values(
                    email=email.strip().lower(),
                    name=name,
                    password_hash=generate_password_hash(password),
                    language=language,
                    connections=json.dumps(connections),
                    created_at=now(connection),
                )
            )
    except IntegrityError:
        raise ConfigurationError(f"There is already a user {email}.") from None
    return User(email.strip().lower(), name, language, connections)


def get(db: Engine, email: str) -> User | None:
    """The person with this e-mail address."""
    row = _row(db, email)
    return User(row.email, row.name, row.language, tuple(json.loads(row.connections))) if row else None


def verify(db: Engine, email: str, password: str) -> User | None:
    """The person, if the password is right. Takes the same time for an unknown address."""
    row = _row(db, email)
    known = check_password_hash(row.password_hash if row else _NOBODY, password)
    return User(row.email, row.name, row.language, tuple(json.loads(row.connections))) if row and known else None


def set_password(db: Engine, email: str, password: str) -> None:
    """Give a person a new password. Raises `ConfigurationError` for an unknown address."""
    table = tables.users
    with db.begin() as connection:
        changed = connection.execute(
            update(table)
            .where(table.c.email == email.strip().lower())
            .values(password_hash=generate_password_hash(password))
        )
    if not changed.rowcount:
        raise ConfigurationError(f"There is no user {email}.")


def _row(db: Engine, email: str) -> Row[Any] | None:
    table = tables.users
    with reading(db) as connection:
        return connection.execute(select(table).where(table.c.email == email.strip().lower())).one_or_none()


_NOBODY = generate_password_hash("nobody has this password")
