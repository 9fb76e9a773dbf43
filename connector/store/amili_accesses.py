"""The key pairs by which we speak to Amili, their API codes, and where Amili does not accept them any more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from pydantic import SecretStr
from sqlalchemy import Engine, Row, Select, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from connector.domain.connection import Environment
from connector.domain.errors import ConfigurationError
from connector.store import tables, upserts
from connector.store.crypto import Vault
from connector.store.database import now, reading

_table = tables.amili_access
_refusals = tables.access_refusals
_NO_NEW_ONE: Final = {"new_private_key": None, "new_public_key": "", "new_since": None, "new_by": ""}


@dataclass(frozen=True)
class NewPair:
    """A key pair made to take the place of another, once Amili knows it. `since` is an instant, `by` who made it."""

    private_key: SecretStr
    public_key: str
    since: float
    by: str


@dataclass(frozen=True)
class AmiliAccess:
    """The key pair made here, and the API code Amili issued for its public half.

    `number` tells it from those that it had before; `is_untried` says that no one knows whether the code works.
    """

    id: str
    api_code: SecretStr | None
    private_key: SecretStr
    public_key: str
    number: int = 0
    is_untried: bool = False
    set_at: float | None = None
    set_by: str = ""
    new: NewPair | None = None


def put_access(
    db: Engine, vault: Vault, *, access_id: str, private_key: SecretStr, public_key: str, api_code: SecretStr | None
) -> None:
    """Store a key pair under a new name. Raises `ConfigurationError` if the name is taken."""
    try:
        with db.begin() as connection:
            connection.execute(
                insert(tables.amili_access).values(
                    id=access_id,
                    api_code=vault.seal(api_code.get_secret_value()) if api_code else None,
                    private_key=vault.seal(private_key.get_secret_value()),
                    public_key=public_key,
                    created_at=now(connection),
                )
            )
    except IntegrityError:
        raise ConfigurationError(
            f"There is already a key pair named “{access_id}”.",
            advice="Use it, or give the new one another name with --name.",
        ) from None


def set_api_code(
    db: Engine, vault: Vault, access_id: str, api_code: SecretStr, *, untried: bool = False, by: str = ""
) -> None:
    """Store the API code that Amili issued for a key pair; `untried` says that no one knows yet whether it works."""
    with db.begin() as connection:
        changed = connection.execute(
            update(_table)
            .where(_table.c.id == access_id)
            .values(
                api_code=vault.seal(api_code.get_secret_value()),
                code_untried=untried,
                key_number=_table.c.key_number + 1,
                set_at=now(connection),
                set_by=by,
            )
        )
        connection.execute(delete(_refusals).where(_refusals.c.amili_access == access_id))
    if not changed.rowcount:
        raise _no_access(access_id)


def access(db: Engine, vault: Vault, access_id: str) -> AmiliAccess:
    """A stored key pair. Raises `ConfigurationError` if there is none of this name."""
    with reading(db) as connection:
        row = connection.execute(select(_table).where(_table.c.id == access_id)).one_or_none()
    if row is None:
        raise _no_access(access_id)
    return _read(vault, row)


def every(db: Engine, vault: Vault) -> tuple[AmiliAccess, ...]:
    """All key pairs, by name."""
    with reading(db) as connection:
        rows = connection.execute(select(_table).order_by(_table.c.id)).all()
    return tuple(_read(vault, row) for row in rows)


def _read(vault: Vault, row: Row[Any]) -> AmiliAccess:
    return AmiliAccess(
        id=row.id,
        api_code=SecretStr(vault.open(row.api_code)) if row.api_code else None,
        private_key=SecretStr(vault.open(row.private_key)),
        public_key=row.public_key,
        number=row.key_number,
        is_untried=bool(row.code_untried),
        set_at=row.set_at,
        set_by=row.set_by,
        new=_new(vault, row),
    )


def _new(vault: Vault, row: Row[Any]) -> NewPair | None:
    if row.new_private_key is None:
        return None
    return NewPair(
        private_key=SecretStr(vault.open(row.new_private_key)),
        public_key=row.new_public_key,
        since=row.new_since,
        by=row.new_by,
    )


def offer(db: Engine, vault: Vault, access_id: str, *, private_key: SecretStr, public_key: str, by: str) -> bool:
    """Keep a new key pair beside the present one, which goes on; False if one waits already."""
    with db.begin() as connection:
        changed = connection.execute(
            update(_table)
            .where(_table.c.id == access_id, _table.c.new_private_key.is_(None))
            .values(
                new_private_key=vault.seal(private_key.get_secret_value()),
                new_public_key=public_key,
                new_since=now(connection),
                new_by=by,
            )
        )
        return bool(changed.rowcount)


def give_up_new(db: Engine, access_id: str) -> bool:
    """Forget a new key pair that waits; False if none does."""
    with db.begin() as connection:
        changed = connection.execute(
            update(_table).where(_table.c.id == access_id, _table.c.new_private_key.is_not(None)).values(**_NO_NEW_ONE)
        )
        return bool(changed.rowcount)


def replace(db: Engine, vault: Vault, known: AmiliAccess, *, api_code: SecretStr, by: str) -> bool:
    """Put the new key pair of `known`, which was tried with `api_code`, in place of the present one.

    False if someone else has changed the pair meanwhile.
    """
    if known.new is None:
        return False
    with db.begin() as connection:
        changed = connection.execute(
            update(_table)
            .where(_table.c.id == known.id, _table.c.key_number == known.number)
            .where(_table.c.new_public_key == known.new.public_key)
            .values(
                api_code=vault.seal(api_code.get_secret_value()),
                private_key=vault.seal(known.new.private_key.get_secret_value()),
                public_key=known.new.public_key,
                code_untried=False,
                key_number=known.number + 1,
                set_at=now(connection),
                set_by=by,
                **_NO_NEW_ONE,
            )
        )
        if changed.rowcount:
            connection.execute(delete(_refusals).where(_refusals.c.amili_access == known.id))
        return bool(changed.rowcount)


def tried(db: Engine, known: AmiliAccess) -> None:
    """Note that the code of a key pair works."""
    with db.begin() as connection:
        connection.execute(
            update(_table)
            .where(_table.c.id == known.id, _table.c.key_number == known.number)
            .values(code_untried=False)
        )


@dataclass(frozen=True)
class Refusal:
    """That Amili does not accept a key pair in one of its environments. `refused_at` is an instant."""

    amili_access: str
    environment: Environment
    refused_at: float


def refusals(db: Engine) -> tuple[Refusal, ...]:
    """The key pairs that Amili does not accept."""
    with reading(db) as connection:
        rows = connection.execute(select(_refusals).order_by(_refusals.c.amili_access, _refusals.c.environment)).all()
    return tuple(Refusal(row.amili_access, Environment(row.environment), row.refused_at) for row in rows)


def environments_of(db: Engine, access_id: str) -> tuple[Environment, ...]:
    """The environments of Amili's in which connections use a key pair."""
    table = tables.connections
    mine = table.c.amili_access == access_id, table.c.disconnected_at.is_(None)
    with reading(db) as connection:
        found = connection.execute(select(table.c.environment).where(*mine).distinct().order_by(table.c.environment))
        return tuple(Environment(one) for one in found.scalars())


def to_look_at() -> Select[str]:
    """The key pairs that are refused, whose code is untried, or for which a new one waits."""
    waiting = _table.c.new_private_key.is_not(None) | _table.c.code_untried.is_(True)
    return select(_table.c.id).where(waiting | _table.c.id.in_(select(_refusals.c.amili_access)))


def refused(db: Engine, access_id: str, number: int, environment: Environment) -> bool:
    """Note that Amili does not accept key pair number `number`; False if there is a newer one, or it was known."""
    with db.begin() as connection:
        own = select(_table.c.key_number).where(_table.c.id == access_id).with_for_update()
        if connection.execute(own).scalar() != number:
            return False
        refusal = {"amili_access": access_id, "environment": environment, "refused_at": now(connection)}
        return upserts.enter(connection, _refusals, **refusal)


def accepted(db: Engine, access_id: str, environment: Environment) -> bool:
    """Note that Amili accepts a key pair in one of its environments; False if nothing else was known."""
    known = _refusals.c.amili_access == access_id, _refusals.c.environment == environment
    with reading(db) as connection:
        if connection.execute(select(_refusals.c.environment).where(*known)).first() is None:
            return False
    with db.begin() as connection:
        return bool(connection.execute(delete(_refusals).where(*known)).rowcount)


def usable_accesses(db: Engine) -> tuple[str, ...]:
    """The names of the key pairs for which Amili has issued an API code."""
    with reading(db) as connection:
        return tuple(
            connection.execute(
                select(_table.c.id).where(_table.c.api_code.is_not(None)).order_by(_table.c.id)
            ).scalars()
        )


def _no_access(access_id: str) -> ConfigurationError:
    return ConfigurationError(
        f"There is no Amili key pair named “{access_id}”.", advice="`amili-connector amili keys` makes one."
    )
