"""Connections and the keys to Amili: settings in the clear, secrets encrypted.

A connection's secrets are host credentials; the Amili key pair and API code lie in `amili_access`, which one
company or (for a partner) many connections share (amili.md 1.2).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets as randomness
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Connection as SqlConnection
from sqlalchemy import Engine, Row, RowMapping, insert, select, update
from sqlalchemy.exc import IntegrityError

from connector.domain.assessment import CreditorStatus
from connector.domain.connection import ConnectionSettings, Environment
from connector.domain.errors import ConfigurationError
from connector.store import ledger_keys, tables
from connector.store.crypto import Vault
from connector.store.database import now, reading
from connector.store.ledger_keys import LedgerKey

DEFAULT_ACCESS = "default"
API_KEY = "api_key"
"""The name of the key to a ledger among a connection's secrets; a ledger that an app is approved for has none."""


@dataclass(frozen=True)
class AmiliAccess:
    """The key pair made here, and the API code Amili issued for its public half."""

    id: str
    api_code: SecretStr | None
    private_key: SecretStr
    public_key: str


@dataclass(frozen=True)
class StoredConnection:
    """One ledger joined to one Amili creditor. `secrets` are the host's credentials by name."""

    id: str
    host: str
    name: str
    settings: ConnectionSettings
    amili_access: str
    creditor_status: CreditorStatus | None
    key: LedgerKey
    secrets: dict[str, SecretStr] = field(repr=False)


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


def set_api_code(db: Engine, vault: Vault, access_id: str, api_code: SecretStr) -> None:
    """Store the API code that Amili issued for a key pair."""
    table = tables.amili_access
    with db.begin() as connection:
        changed = connection.execute(
            update(table).where(table.c.id == access_id).values(api_code=vault.seal(api_code.get_secret_value()))
        )
    if not changed.rowcount:
        raise _no_access(access_id)


def access(db: Engine, vault: Vault, access_id: str) -> AmiliAccess:
    """A stored key pair. Raises `ConfigurationError` if there is none of this name."""
    table = tables.amili_access
    with reading(db) as connection:
        row = connection.execute(select(table).where(table.c.id == access_id)).one_or_none()
    if row is None:
        raise _no_access(access_id)
    return AmiliAccess(
        id=row.id,
        api_code=SecretStr(vault.open(row.api_code)) if row.api_code else None,
        private_key=SecretStr(vault.open(row.private_key)),
        public_key=row.public_key,
    )


def usable_accesses(db: Engine) -> tuple[str, ...]:
    """The names of the key pairs for which Amili has issued an API code."""
    table = tables.amili_access
    with reading(db) as connection:
        return tuple(
            connection.execute(select(table.c.id).where(table.c.api_code.is_not(None)).order_by(table.c.id)).scalars()
        )


def _no_access(access_id: str) -> ConfigurationError:
    return ConfigurationError(
        f"There is no Amili key pair named “{access_id}”.", advice="`amili-connector amili keys` makes one."
    )


def add(
    db: Engine,
    vault: Vault,
    *,
    connection_id: str,
    host: str,
    name: str,
    settings: ConnectionSettings,
    amili_access: str,
    secrets: dict[str, SecretStr],
    creditor_status: CreditorStatus | None = None,
) -> str:
    """Store a connection whose both sides have been tested. Gives its webhook token, which is not shown again.

    Raises `ConfigurationError` if the id is taken.
    """
    token = randomness.token_urlsafe(32)
    try:
        with db.begin() as connection:
            connection.execute(
                insert(tables.connections).values(
                    id=connection_id,
                    host=host,
                    name=name,
                    settings=settings.model_dump_json(),
                    secrets=_seal(vault, secrets),
                    webhook_tokens=vault.seal(json.dumps([_digest(token)])),
                    amili_access=amili_access,
                    creditor=settings.creditor,
                    created_at=now(connection),
                )
            )
            if creditor_status:
                _put_creditor_status(connection, connection_id, creditor_status)
    except IntegrityError:
        raise ConfigurationError(
            f"The connection “{connection_id}” exists already, or its key pair does not.",
            advice="Choose another name with --id.",
        ) from None
    return token


def get(db: Engine, vault: Vault, connection_id: str) -> StoredConnection:
    """One connection. Raises `ConfigurationError` if there is none of this name."""
    table = tables.connections
    with reading(db) as connection:
        row = connection.execute(select(table).where(table.c.id == connection_id)).one_or_none()
    if row is None:
        raise _no_connection(connection_id)
    return _read(vault, row)


def settings_of(db: Engine, connection_id: str) -> ConnectionSettings:
    """A connection's settings; its secrets stay closed. Raises `ConfigurationError` if there is none of this name."""
    table = tables.connections
    with reading(db) as connection:
        settings = connection.execute(select(table.c.settings).where(table.c.id == connection_id)).scalar()
    if settings is None:
        raise _no_connection(connection_id)
    return ConnectionSettings.model_validate_json(settings)


def settings_by_host(db: Engine, host: str) -> dict[str, ConnectionSettings]:
    """The settings of all connections of a kind of ledger, by connection; their secrets stay closed."""
    table = tables.connections
    with reading(db) as connection:
        rows = connection.execute(select(table.c.id, table.c.settings).where(table.c.host == host)).all()
    return {row.id: ConnectionSettings.model_validate_json(row.settings) for row in rows}


def _no_connection(connection_id: str) -> ConfigurationError:
    return ConfigurationError(
        f"There is no connection “{connection_id}”.", advice="`amili-connector check` lists them."
    )


def ids(db: Engine) -> tuple[str, ...]:
    """The ids of all connections."""
    with reading(db) as connection:
        return tuple(connection.execute(select(tables.connections.c.id).order_by(tables.connections.c.id)).scalars())


def every(db: Engine, vault: Vault) -> tuple[StoredConnection, ...]:
    """All connections, by name."""
    table = tables.connections
    with reading(db) as connection:
        rows = connection.execute(select(table).order_by(table.c.name)).all()
    return tuple(_read(vault, row) for row in rows)


@dataclass(frozen=True)
class ConnectionSummary:
    """A connection as a list shows it; made without opening its secrets."""

    id: str
    host: str
    name: str
    environment: Environment
    key: LedgerKey
    accepted_warnings: tuple[str, ...]


def summaries(db: Engine, *, only: Collection[str] | None = None) -> tuple[ConnectionSummary, ...]:
    """All connections in brief, or `only` those with these ids, by name."""
    table = tables.connections
    query = select(table).order_by(table.c.name, table.c.id)
    if only is not None:
        query = query.where(table.c.id.in_(only))
    with reading(db) as connection:
        rows = connection.execute(query).mappings().all()
    return tuple(_summary(row) for row in rows)


def _summary(row: RowMapping) -> ConnectionSummary:
    settings = ConnectionSettings.model_validate_json(row["settings"])
    return ConnectionSummary(
        id=row["id"],
        host=row["host"],
        name=row["name"],
        environment=settings.environment,
        key=ledger_keys.from_row(row),
        accepted_warnings=settings.accepted_warnings,
    )


@dataclass(frozen=True)
class LedgerSummary:
    """A connection's ledger: its settings of the host and what is known of its key. Secrets stay closed."""

    id: str
    settings: Mapping[str, Any]
    key: LedgerKey


def ledgers(db: Engine, host: str) -> tuple[LedgerSummary, ...]:
    """The ledgers of one kind, by the ids of their connections; made cheaply enough to be asked for all the time."""
    table = tables.connections
    with reading(db) as connection:
        columns = [column for column in table.c if column.name not in {"secrets", "webhook_tokens"}]
        rows = connection.execute(select(*columns).where(table.c.host == host).order_by(table.c.id)).mappings().all()
    return tuple(
        LedgerSummary(row["id"], json.loads(row["settings"]).get("host", {}), ledger_keys.from_row(row)) for row in rows
    )


def save_settings(db: Engine, connection_id: str, settings: ConnectionSettings) -> None:
    """Change how a connection's invoices become cases."""
    table = tables.connections
    with db.begin() as connection:
        connection.execute(
            update(table)
            .where(table.c.id == connection_id)
            .values(settings=settings.model_dump_json(), creditor=settings.creditor)
        )


def replace_key(
    db: Engine, vault: Vault, known: StoredConnection, api_key: SecretStr | None, *, expires: date | None, by: str
) -> bool:
    """Put a new key to the ledger, tested before, in place of the one `known` has.

    `api_key` is None where an app is approved instead, and was approved anew. `expires` is when the key ends, as
    far as the ledger told; `by` is who entered it or approved. False if somebody else has done so meanwhile.
    """
    sealed = _seal(vault, known.secrets | ({API_KEY: api_key} if api_key else {}))
    return ledger_keys.replaced(db, known.id, known.key.number, sealed=sealed, expires=expires, by=by)


def save_creditor_status(db: Engine, connection_id: str, status: CreditorStatus) -> None:
    """Keep what Amili last said of the creditor, and when."""
    with db.begin() as connection:
        _put_creditor_status(connection, connection_id, status)


def creditor_age_s(db: Engine, connection_id: str) -> float:
    """Seconds since Amili was last asked about the connection's creditor; infinite if never."""
    table = tables.connections
    with reading(db) as connection:
        age_s = connection.execute(
            select(now(connection) - table.c.creditor_checked_at).where(table.c.id == connection_id)
        ).scalar()
    return float("inf") if age_s is None else float(age_s)


def _put_creditor_status(connection: SqlConnection, connection_id: str, status: CreditorStatus) -> None:
    table = tables.connections
    connection.execute(
        update(table)
        .where(table.c.id == connection_id)
        .values(creditor_status=status.model_dump_json(), creditor_checked_at=now(connection))
    )


def rotate_webhook_token(db: Engine, vault: Vault, connection_id: str) -> str:
    """Give the connection a new webhook token; the one before stays valid until the next rotation."""
    table = tables.connections
    token = randomness.token_urlsafe(32)
    with db.begin() as connection:
        sealed = connection.execute(select(table.c.webhook_tokens).where(table.c.id == connection_id)).scalar_one()
        digests = [_digest(token), *json.loads(vault.open(sealed))][:2]
        connection.execute(
            update(table).where(table.c.id == connection_id).values(webhook_tokens=vault.seal(json.dumps(digests)))
        )
    return token


def withdraw_webhook_token(db: Engine, vault: Vault, connection_id: str, token: str) -> None:
    """Make a webhook token invalid that was never given to the ledger."""
    table = tables.connections
    with db.begin() as connection:
        sealed = connection.execute(select(table.c.webhook_tokens).where(table.c.id == connection_id)).scalar_one()
        digests = [known for known in json.loads(vault.open(sealed)) if known != _digest(token)]
        connection.execute(
            update(table).where(table.c.id == connection_id).values(webhook_tokens=vault.seal(json.dumps(digests)))
        )


def webhook_digests(db: Engine, vault: Vault, connection_id: str) -> tuple[str, ...]:
    """Digests of the tokens that are valid for a connection's webhook; empty for an unknown connection."""
    table = tables.connections
    with reading(db) as connection:
        sealed = connection.execute(select(table.c.webhook_tokens).where(table.c.id == connection_id)).scalar()
    return tuple(json.loads(vault.open(sealed))) if sealed else ()


def token_fits(token: str, digests: Sequence[str]) -> bool:
    """Whether `token` is one of those whose digests are given; takes the same time either way."""
    digest = _digest(token)
    return sum(hmac.compare_digest(digest, known) for known in digests) > 0


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _seal(vault: Vault, secrets: dict[str, SecretStr]) -> bytes:
    return vault.seal(json.dumps({name: secret.get_secret_value() for name, secret in secrets.items()}))


def _read(vault: Vault, row: Row[tuple[object, ...]]) -> StoredConnection:
    fields = row._mapping
    status = fields["creditor_status"]
    return StoredConnection(
        id=fields["id"],
        host=fields["host"],
        name=fields["name"],
        settings=ConnectionSettings.model_validate_json(fields["settings"]),
        amili_access=fields["amili_access"],
        creditor_status=CreditorStatus.model_validate_json(status) if status else None,
        key=ledger_keys.from_row(fields),
        secrets={name: SecretStr(value) for name, value in json.loads(vault.open(fields["secrets"])).items()},
    )
