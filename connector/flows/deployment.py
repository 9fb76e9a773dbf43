"""One deployment at work: its settings, its databases, and the clients of both sides of each connection."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from pydantic import SecretStr

from connector.amili import SYSTEM
from connector.amili.auth import AUTHENTICATE, Credentials
from connector.amili.client import AmiliClient
from connector.domain.connection import ConnectionSettings, Environment
from connector.domain.errors import ConfigurationError, Disconnected
from connector.flows.access.apps import app_at
from connector.flows.access.kept_tokens import KeptTokens
from connector.flows.access.parked import parked_amili, parked_host
from connector.flows.access.silence import Silences
from connector.flows.send_deadline import Posted
from connector.hosts import kinds
from connector.hosts.base import App, Host
from connector.hosts.opening import open_host
from connector.remote.policy import HttpPolicy
from connector.settings import Settings
from connector.store import connections
from connector.store.connections import API_KEY, AmiliAccess, StoredConnection
from connector.store.crypto import Vault
from connector.store.database import Databases, open_databases
from connector.store.schema import migrate


@dataclass(frozen=True)
class _Clients:
    """The clients of one connection, and the settings and keys they were made from."""

    made_from: tuple[ConnectionSettings, dict[str, SecretStr], AmiliAccess]
    amili: AmiliClient
    host: Host


@dataclass(frozen=True)
class Deployment:
    """Everything that flows, pages and commands work with."""

    settings: Settings
    databases: Databases
    vault: Vault
    posted: Posted = field(default_factory=Posted, repr=False)
    _clients: dict[str, _Clients] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def connection(self, connection_id: str) -> StoredConnection:
        """A stored connection. Raises `ConfigurationError`."""
        return connections.get(self.databases.main, self.vault, connection_id)

    def sides(self, connection: StoredConnection) -> tuple[AmiliClient, Host]:
        """Clients for both sides of a connection, kept as long as its settings and keys stay the same.

        A ledger that is known not to accept our key is not asked again: its host raises `KeyRefused`. One that does
        not answer is asked ever more rarely: its host raises `LedgerSilent`. Where Amili is known not to accept our key
        pair, its client raises `KeyRefused`. Raises `Disconnected` for a connection that has ended.
        """
        _must_be_connected(connection)
        access = self.access(connection.amili_access)
        made_from = (connection.settings, connection.secrets, access)
        with self._lock:
            known = self._clients.get(connection.id)
        if known is None or known.made_from != made_from:
            known = _Clients(made_from, self.amili(connection.settings.environment, access), self.host(connection))
            with self._lock:
                self._clients[connection.id] = known
        amili = known.amili if connection.amili_refused_at is None else parked_amili()
        if connection.key.refused_at is not None:
            return amili, parked_host(connection.host)
        return amili, self.silences.listening(connection.id, kinds.name_of(connection.host), known.host)

    @cached_property
    def http(self) -> HttpPolicy:
        """Return what every call to another system keeps to."""
        return HttpPolicy(
            connect_timeout_s=self.settings.connect_timeout_s,
            read_timeout_s=self.settings.read_timeout_s,
            allow_private=self.settings.allow_private_addresses,
        )

    @cached_property
    def silences(self) -> Silences:
        """The ledgers that have not answered this process lately."""
        waits_s = self.http.read_timeout_s
        return Silences(counts_after_s=0.9 * min(self.http.connect_timeout_s, waits_s), waits_s=waits_s)

    def access(self, access_id: str) -> AmiliAccess:
        """A stored Amili key pair. Raises `ConfigurationError`."""
        return connections.access(self.databases.main, self.vault, access_id)

    @property
    def amili_urls(self) -> dict[Environment, str]:
        """The addresses of Amili's environments; "" for one that the settings do not know."""
        return {
            Environment.SANDBOX: self.settings.amili_sandbox_url,
            Environment.PRODUCTION: self.settings.amili_production_url,
        }

    def amili(self, environment: Environment, access: AmiliAccess) -> AmiliClient:
        """A client of Amili's API. Raises `ConfigurationError` if the address or the API code is missing."""
        urls = self.amili_urls
        if not urls[environment]:
            raise ConfigurationError(
                f"The address of Amili's {environment} API is not set.",
                advice=f"Put the address Amili states into AMILI_{environment.upper()}_URL.",
            )
        if access.api_code is None:
            raise ConfigurationError(
                f"The key pair “{access.id}” has no API code yet.",
                advice="Hand its public key to Amili, then give the code they issue with `amili-connector amili code`.",
            )
        return AmiliClient(
            urls[environment],
            Credentials(api_code=access.api_code, private_key=access.private_key),
            KeptTokens(self.databases, self.vault, SYSTEM, operation=AUTHENTICATE),
            # Over before anybody may register again what it registered.
            http=replace(self.http, at_most_s=self.settings.settle_s),
        )

    def host(self, connection: StoredConnection) -> Host:
        """A client of the connection's ledger. Raises `Disconnected` for a connection that has ended."""
        _must_be_connected(connection)
        return self.ledger(connection.host, connection.settings.host, connection.secrets.get(API_KEY))

    def ledger(self, host: str, host_settings: dict[str, Any], api_key: SecretStr | None) -> Host:
        """A client of a ledger that need not be connected yet; `api_key` is None where an app is approved instead.

        Raises `ConfigurationError` for settings that cannot work.
        """
        return open_host(
            host,
            settings=host_settings,
            api_key=api_key,
            app=self.app(host),
            http=self.http,
        )

    def app(self, host: str) -> App | None:
        """The app at a kind of host by which its companies are reached; None if the settings name none."""
        return app_at(
            host,
            self.databases,
            self.vault,
            self.http,
            of_host=self.settings.of_host,
            public_url=self.settings.public_url,
        )

    def close(self) -> None:
        """Close the databases."""
        self.databases.dispose()


def _must_be_connected(connection: StoredConnection) -> None:
    if connection.disconnected_at is not None:
        raise Disconnected(
            f"{connection.name} is disconnected: its keys were deleted, and only its record is left.",
            advice="Connect the company anew, under another name, to send its invoices again.",
        )


def open_deployment(settings: Settings) -> Deployment:
    """The deployment that `settings` describe, its databases brought to the newest schema."""
    url = settings.database_url.get_secret_value() if settings.database_url else None
    databases = open_databases(data_dir=settings.data_dir, database_url=url)
    migrate(databases)
    return Deployment(settings=settings, databases=databases, vault=Vault(settings.secret_keys))
