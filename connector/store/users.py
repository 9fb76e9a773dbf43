"""The people who may sign in to the pages, and for which connections."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from werkzeug.security import check_password_hash, generate_password_hash

from connector.domain.errors import ConfigurationError
from connector.store import tables
from connector.store.database import now, reading

ALL_CONNECTIONS = "*"
_DAILY, _NEVER = "daily", "never"


@dataclass(frozen=True)
class User:
    """A person. `connections` are connection ids, or `("*",)` for all of them.

    `digest` says whether they want the daily mail.
    `mark` changes with the password, so that a new password ends the sessions of the old one.
    """

    email: str
    name: str
    language: str
    connections: tuple[str, ...] = field(default=())
    digest: bool = True
    mark: str = field(default="", repr=False, compare=False)

    def may_use(self, connection_id: str) -> bool:
        """Whether the person may see and send this connection's invoices."""
        return self.may_use_all or connection_id in self.connections

    @property
    def may_use_all(self) -> bool:
        """Whether the person may use every connection: the installer, who may add one too."""
        return ALL_CONNECTIONS in self.connections


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
    return _read(row) if row else None


def verify(db: Engine, email: str, password: str) -> User | None:
    """The person, if the password is right. Takes the same time for an unknown address."""
    row = _row(db, email)
    known = check_password_hash(row.password_hash if row else _NOBODY, password)
    return _read(row) if row and known else None


def every(db: Engine) -> tuple[User, ...]:
    """Everybody who may sign in, by name."""
    table = tables.users
    with reading(db) as connection:
        rows = connection.execute(select(table).order_by(table.c.name, table.c.email)).all()
    return tuple(_read(row) for row in rows)


def set_digest(db: Engine, email: str, *, wanted: bool) -> None:
    """Let a person have the daily mail, or none. Raises `ConfigurationError` for an unknown address."""
    _change(db, email, digest=_DAILY if wanted else _NEVER)


def set_password(db: Engine, email: str, password: str) -> None:
    """Give a person a new password. Raises `ConfigurationError` for an unknown address."""
    _change(db, email, password_hash=generate_password_hash(password))


def set_connections(db: Engine, email: str, connections: tuple[str, ...]) -> None:
    """Let a person use these connections and no others. Raises `ConfigurationError` for an unknown address."""
    _change(db, email, connections=json.dumps(connections))


def remove(db: Engine, email: str) -> None:
    """Let a person sign in no longer, and forget which mails they had. Raises `ConfigurationError` if unknown."""
    known = email.strip().lower()
    with db.begin() as connection:
        removed = connection.execute(delete(tables.users).where(tables.users.c.email == known))
        if not removed.rowcount:
            raise _nobody(email)
        connection.execute(delete(tables.digests).where(tables.digests.c.email == known))


def _change(db: Engine, email: str, **values: str) -> None:
    table = tables.users
    with db.begin() as connection:
        changed = connection.execute(update(table).where(table.c.email == email.strip().lower()).values(**values))
    if not changed.rowcount:
        raise _nobody(email)


def _nobody(email: str) -> ConfigurationError:
    return ConfigurationError(f"There is no user {email}.", advice="`amili-connector user list` lists them.")


def _row(db: Engine, email: str) -> Row[Any] | None:
    table = tables.users
    with reading(db) as connection:
        return connection.execute(select(table).where(table.c.email == email.strip().lower())).one_or_none()


def _read(row: Row[Any]) -> User:
    mark = hashlib.sha256(row.password_hash.encode()).hexdigest()[:16]
    return User(row.email, row.name, row.language, tuple(json.loads(row.connections)), row.digest == _DAILY, mark)


# The hash of a random password that nobody has. Not made at start, because making one takes a tenth of a second.
_NOBODY = (
    "scrypt:32768:8:1$p1IXgCge4qYBJDK3$17be3fc7083868f24aecc5757e"
    "be05e01f76b65462058105fbd835908df9f828237efaac46349fe8cbe02078f5e4c059bd396a0517cf4ef0b6cb9a9589505d33"
)
