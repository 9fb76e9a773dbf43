"""Connections and the keys to Amili: settings in the clear, secrets encrypted.

A connection's secrets are host credentials; the Amili key pair and API code lie in `amili_access`, which one
company or (for a partner) many connections share (amili/API.md, "Keys and access groups").
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
from connector.domain.hand_over import HandOverState
from connector.store import amili_accesses, ledger_keys, tables
from connector.store.crypto import Vault
from connector.store.database import now, reading
from connector.store.ledger_keys import LedgerKey
from connector.store.lists import one_of
from connector.store.resting import REFUSED_AT_AMILI

DEFAULT_ACCESS = "default"
API_KEY = "api_key"
"""The name of the key to a ledger among a connection's secrets; a ledger that an app is approved for has none."""

AmiliAccess = amili_accesses.AmiliAccess
put_access, set_api_code = amili_accesses.put_access, amili_accesses.set_api_code
access, usable_accesses = amili_accesses.access, amili_accesses.usable_accesses


_WITH_REFUSAL = select(tables.connections, tables.access_refusals.c.refused_at.label("amili_refused_at")).outerjoin(
    tables.access_refusals, REFUSED_AT_AMILI
)


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
    paused_at: float | None = None
    disconnected_at: float | None = None
    left_environment: Environment | None = None
    """The environment of Amili's that was left, while wishes from then may stand unread in the ledger."""
    amili_refused_at: float | None = None
    """Since when Amili does not accept the key pair; None while it does, as far as is known."""


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
                    environment=settings.environment,
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
    with reading(db) as connection:
        row = connection.execute(_WITH_REFUSAL.where(tables.connections.c.id == connection_id)).one_or_none()
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
    """The settings of all connections of a kind of ledger that have not ended, by id; their secrets stay closed."""
    table = tables.connections
    present = table.c.host == host, table.c.disconnected_at.is_(None)
    with reading(db) as connection:
        rows = connection.execute(select(table.c.id, table.c.settings).where(*present)).all()
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
    """All connections that have not ended, by name."""
    table = tables.connections
    with reading(db) as connection:
        rows = connection.execute(_WITH_REFUSAL.where(table.c.disconnected_at.is_(None)).order_by(table.c.name)).all()
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
    amili_access: str = ""
    paused_at: float | None = None
    disconnected_at: float | None = None
    amili_refused_at: float | None = None


def summaries(db: Engine, *, only: Collection[str] | None = None) -> tuple[ConnectionSummary, ...]:
    """All connections in brief, those that have ended too, or `only` those with these ids, by name."""
    table = tables.connections
    query = _WITH_REFUSAL.order_by(table.c.name, table.c.id)
    if only is not None:
        query = query.where(one_of(table.c.id, only))
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
        amili_access=row["amili_access"],
        paused_at=row["paused_at"],
        disconnected_at=row["disconnected_at"],
        amili_refused_at=row["amili_refused_at"],
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
        present = table.c.host == host, table.c.disconnected_at.is_(None)
        rows = connection.execute(select(*columns).where(*present).order_by(table.c.id)).mappings().all()
    return tuple(
        LedgerSummary(row["id"], json.loads(row["settings"]).get("host", {}), ledger_keys.from_row(row)) for row in rows
    )


def save_settings(
    db: Engine, connection_id: str, settings: ConnectionSettings, *, known: Environment | None = None
) -> None:
    """Change how a connection's invoices become cases.

    Raises `ConfigurationError` where the company is not in `known` any more, the one of Amili's environments in which
    it was when `settings` were read.
    """
    table, hand_overs = tables.connections, tables.hand_overs
    mine = [table.c.id == connection_id, *([table.c.environment == known] if known else [])]
    values = {"settings": settings.model_dump_json(), "creditor": settings.creditor}
    with db.begin() as connection:
        changed = connection.execute(update(table).where(*mine).values(environment=settings.environment, **values))
        # What a connection has at present is of the environment that it is in.
        present = hand_overs.c.connection == connection_id, hand_overs.c.state != HandOverState.LEFT
        connection.execute(
            update(hand_overs)
            .where(*present, hand_overs.c.environment != settings.environment)
            .values(environment=settings.environment)
        )
        if known and not changed.rowcount:
            raise ConfigurationError(
                f"The connection “{connection_id}” has gone to Amili's other environment meanwhile.",
                advice="Look again.",
            )


def replace_key(
    db: Engine, vault: Vault, known: StoredConnection, api_key: SecretStr | None, *, expires: date | None, by: str
) -> bool:
    """Put a new key to the ledger, tested before, in place of the one `known` has.

    `api_key` is None where an app is approved instead, and was approved again. `expires` is when the key ends, as
    far as the ledger told; `by` is who entered it or approved. False if someone else has done so meanwhile.
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
    """Return whether `token` is one of those whose digests are given; takes the same time either way."""
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
        paused_at=fields["paused_at"],
        disconnected_at=fields["disconnected_at"],
        left_environment=Environment(fields["left_environment"]) if fields["left_environment"] else None,
        amili_refused_at=fields["amili_refused_at"],
    )
