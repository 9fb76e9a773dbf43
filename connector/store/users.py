"""The people who may sign in to the pages, and for which connections."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from connector.domain.errors import ConfigurationError
from connector.store import passwords, tables
from connector.store.database import now, reading

ALL_CONNECTIONS = "*"
_DAILY, _NEVER = "daily", "never"
_LANGUAGE = "sv"


@dataclass(frozen=True)
class User:
    """A person. `connections` are connection ids, or `("*",)` for all of them.

    `digest` says whether they want the daily mail. `language` is that of their mail, and once they have chosen it
    (`language_chosen`) that of the pages too.
    """

    email: str
    name: str
    language: str
    connections: tuple[str, ...] = field(default=())
    digest: bool = True
    language_chosen: bool = False

    def may_use(self, connection_id: str) -> bool:
        """Return whether the person may see and send this connection's invoices."""
        return self.may_use_all or connection_id in self.connections

    @property
    def may_use_all(self) -> bool:
        """Return whether the person may use every connection: the installer, who may add one too."""
        return ALL_CONNECTIONS in self.connections


def add(db: Engine, *, email: str, name: str, password: str, connections: tuple[str, ...], language: str = "") -> User:
    """Enter a person. Raises `ConfigurationError` if the e-mail address is taken.

    Where no `language` is chosen for them, their mail is in Swedish, and their pages as their browser asks.
    """
    # Made before the transaction, which on SQLite keeps everybody else from writing.
    password_hash = passwords.hashed(password)
    try:
        with db.begin() as connection:
            connection.execute(
                insert(tables.users).values(
                    email=email.strip().lower(),
                    name=name,
                    password_hash=password_hash,
                    language=language or _LANGUAGE,
                    language_chosen=bool(language),
                    connections=json.dumps(connections),
                    created_at=now(connection),
                )
            )
    except IntegrityError:
        raise ConfigurationError(f"There is already a user {email}.") from None
    return User(email.strip().lower(), name, language or _LANGUAGE, connections, language_chosen=bool(language))


def get(db: Engine, email: str) -> User | None:
    """The person with this e-mail address."""
    row = _row(db, email)
    return _read(row) if row else None


def verify(db: Engine, email: str, password: str) -> User | None:
    """The person, if the password is right. Takes the same time for an unknown address.

    An earlier release's hash of the right password is replaced by one of this release.
    """
    row, any_before = _row(db, email), _any_hash_of_before(db)
    right = passwords.fits_someone(row.password_hash if row else None, password, any_before=any_before)
    if row is None or not right:
        return None
    if not passwords.is_current(row.password_hash):
        row = _rehashed(db, row, password)
    return _read(row)


def every(db: Engine) -> tuple[User, ...]:
    """Everybody who may sign in, by name."""
    table = tables.users
    with reading(db) as connection:
        rows = connection.execute(select(table).order_by(table.c.name, table.c.email)).all()
    return tuple(_read(row) for row in rows)


def set_digest(db: Engine, email: str, *, wanted: bool) -> None:
    """Let a person have the daily mail, or none. Raises `ConfigurationError` for an unknown address."""
    _change(db, email, digest=_DAILY if wanted else _NEVER)


def choose_language(db: Engine, email: str, language: str) -> None:
    """Let a person have pages and mail in `language`. Raises `ConfigurationError` for an unknown address."""
    _change(db, email, language=language, language_chosen=True)


def set_password(db: Engine, email: str, password: str) -> None:
    """Give a person a new password, which ends their sessions. Raises `ConfigurationError` for an unknown address."""
    password_hash = passwords.hashed(password)
    known = email.strip().lower()
    with db.begin() as connection:
        mine = tables.users.c.email == known
        changed = connection.execute(update(tables.users).where(mine).values(password_hash=password_hash))
        if not changed.rowcount:
            raise _nobody(email)
        connection.execute(delete(tables.sessions).where(tables.sessions.c.email == known))


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
        for table in (tables.digests, tables.sessions):
            connection.execute(delete(table).where(table.c.email == known))


def _change(db: Engine, email: str, **values: str | bool) -> None:
    table = tables.users
    with db.begin() as connection:
        changed = connection.execute(update(table).where(table.c.email == email.strip().lower()).values(**values))
    if not changed.rowcount:
        raise _nobody(email)


def _any_hash_of_before(db: Engine) -> bool:
    table = tables.users
    of_before = table.c.password_hash.not_like(f"{passwords.CURRENT}%")
    with reading(db) as connection:
        return connection.execute(select(table.c.email).where(of_before).limit(1)).first() is not None


def _rehashed(db: Engine, row: Row[Any], password: str) -> Row[Any]:
    """The person with a new hash of the same password, unless it was changed meanwhile."""
    table = tables.users
    fresh = passwords.hashed(password)
    with db.begin() as connection:
        still_is = (table.c.email == row.email, table.c.password_hash == row.password_hash)
        connection.execute(update(table).where(*still_is).values(password_hash=fresh))
    return _row(db, row.email) or row


def _nobody(email: str) -> ConfigurationError:
    return ConfigurationError(f"There is no user {email}.", advice="`amili-connector user list` lists them.")


def _row(db: Engine, email: str) -> Row[Any] | None:
    table = tables.users
    with reading(db) as connection:
        return connection.execute(select(table).where(table.c.email == email.strip().lower())).one_or_none()


def _read(row: Row[Any]) -> User:
    return User(
        row.email,
        row.name,
        row.language,
        tuple(json.loads(row.connections)),
        digest=row.digest == _DAILY,
        language_chosen=bool(row.language_chosen),
    )
