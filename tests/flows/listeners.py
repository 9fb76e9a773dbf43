"""Fortnox's imitation with companies that are connected here, and listeners to its events; run as a program, one."""

from __future__ import annotations

import json
import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet
from pydantic import SecretStr

from connector.domain.connection import ConnectionSettings
from connector.flows.access.kept_tokens import KeptTokens
from connector.flows.events.sources import outlets
from connector.hosts.fortnox.listening import Listener, Stream, Times
from connector.hosts.fortnox.oauth import AuthorisationServer, FortnoxApp
from connector.hosts.fortnox.tokens import CompanyTokens
from connector.remote.policy import HttpPolicy
from connector.sandbox.fortnox.books import Books
from connector.sandbox.fortnox.grants import App, Grant
from connector.sandbox.fortnox.state import FortnoxState
from connector.sandbox.installed import imitation
from connector.sandbox.shared.serve import running
from connector.store import connections, feed_offsets, tables
from connector.store.crypto import Vault
from connector.store.database import Databases, open_databases, reading
from tests.flows.waiting import until
from tests.sandbox.clock import Clock
from tests.store.samples import CREDITOR, add_access

APP = App("client-1", "canary-fortnox-app-secret-51c7", "https://connector.example/callback")
SCOPES = ("invoice", "customer", "payment", "companyinformation", "settings")
TOPIC = "invoices"
WITHIN_S = 60.0

QUICK = Times(house_every=0.1, lease=3.0, look=0.05, good=0.2, pause=lambda _tries: 0.05)
"""Nothing is waited for longer than a test needs."""


@dataclass
class Air:
    """The imitation, the store, and who listens. `key` seals the store."""

    state: FortnoxState
    clock: Clock
    url: str
    databases: Databases
    key: SecretStr = field(default_factory=lambda: SecretStr(Fernet.generate_key().decode()))
    now: Callable[[], datetime] | None = None

    @property
    def events_url(self) -> str:
        return f"{self.url.replace('http://', 'ws://')}/topics-v1"

    @property
    def vault(self) -> Vault:
        return Vault((self.key,))

    # Companies

    def company(self, name: str = "Klientbolaget AB", *, connected: bool = True) -> Books:
        """A company in Fortnox, which has approved the app and is connected here under its number if asked."""
        with self.state.lock:
            books = self.state.add_company(name, "552000-0026")
        if connected:
            self.connect(books)
        return books

    def consent(self, books: Books) -> None:
        self.state.consent(Grant(APP.client_id, books.tenant, SCOPES, service=True))

    def connect(self, books: Books, connection_id: str = "") -> None:
        """Connect a company; under its number, unless another name is given."""
        self.consent(books)
        connections.add(
            self.databases.main,
            self.vault,
            connection_id=connection_id or str(books.tenant),
            host="fortnox",
            name=books.name,
            settings=ConnectionSettings(
                creditor=CREDITOR, account="674dbeaf08847b9501cc9132", host={"tenant_id": str(books.tenant)}
            ),
            amili_access="default",
            secrets={},
        )

    def tokens(self, tenant_id: str) -> CompanyTokens:
        app = FortnoxApp(APP.client_id, SecretStr(APP.client_secret), APP.redirect_uri)
        now = self.now or self.clock
        server = AuthorisationServer(app, url=self.url, http=HttpPolicy(allow_private=True), now=now)
        return CompanyTokens(server, tenant_id, KeptTokens(self.databases, self.vault, "Fortnox"), now=now)

    # What happens in Fortnox

    def switch(self, **changes: Any) -> None:
        self.state.switches.set(replace(self.state.switches.switches, **changes))

    def tell(self, books: Books, entity: object = "1", *, kind: str = "invoice-updated", topic: str = TOPIC) -> None:
        """An event of a company's."""
        self.state.feed.publish(topic, kind, books.tenant, str(entity))

    def commands(self) -> dict[str, int]:
        """How often each command came over a socket."""
        counted: dict[str, int] = self.state.traffic.snapshot()["requests"]
        return {name.removeprefix("WS "): times for name, times in counted.items() if name.startswith("WS ")}

    def sockets(self) -> int:
        """How many sockets are open now."""
        return len([one for one in self.state.sockets if one.is_open])

    # What came of it here

    def hints(self) -> list[tuple[str, str]]:
        """Every hint in the inbox, in order, repetitions included."""
        with reading(self.databases.inbox) as connection:
            rows = connection.execute(tables.inbox.select().order_by(tables.inbox.c.id)).all()
        return [(row.connection, row.invoice_id) for row in rows]

    def hear(self, books: Books, entity: object = "1", **event: Any) -> None:
        """Send an event and see that it comes."""
        self.tell(books, entity, **event)
        self.await_hint(books, entity)

    def await_hint(self, books: Books, entity: object) -> None:
        hint = (str(books.tenant), str(entity))
        until(lambda: hint in self.hints(), within_s=WITHIN_S, what=f"the hint {hint}")

    def offset(self) -> str:
        return feed_offsets.get(self.databases.main, APP.client_id, TOPIC)

    def last_offset(self) -> str:
        """The offset of the newest event there is."""
        return self.state.feed.after({TOPIC: 0})[TOPIC][-1].offset

    def await_offset(self) -> None:
        until(lambda: self.offset() == self.last_offset(), within_s=WITHIN_S, what="the newest offset")

    # Who listens

    def stream(self, url: str = "") -> Stream:
        return Stream(
            url=url or self.events_url,
            client_id=APP.client_id,
            client_secret=SecretStr(APP.client_secret),
            tokens=self.tokens,
            http=HttpPolicy(allow_private=True, connect_timeout_s=0.5 if url else 5.0),
        )

    @contextmanager
    def listening(self, url: str = "", *, times: Times = QUICK, await_start: bool = True) -> Iterator[Listener]:
        """A listener, from when it hears until the end of the block."""
        listener = Listener(outlets(self.databases, "fortnox"), self.stream(url), times=times, now=self.clock)
        subscribed = self.commands().get("subscribe-v1", 0)
        listener.start()
        try:
            if await_start:
                self.await_subscription(subscribed + 1)
            yield listener
        finally:
            listener.stop()

    def await_subscription(self, count: int) -> None:
        until(
            lambda: self.commands().get("subscribe-v1", 0) >= count and self.sockets() == 1,
            within_s=WITHIN_S,
            what=f"subscription {count}",
        )

    @contextmanager
    def listening_process(self, folder: Path, database_url: str | None) -> Iterator[subprocess.Popen[bytes]]:
        """A listener in a process of its own, killed at the latest at the end of the block."""
        order = {
            "url": self.url,
            "key": self.key.get_secret_value(),
            "folder": str(folder),
            "database_url": database_url,
        }
        with (folder.parent / "listener.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.flows.listeners"], stdin=subprocess.PIPE, stdout=log, stderr=log
            )
        assert process.stdin
        process.stdin.write(json.dumps(order).encode())
        process.stdin.close()
        try:
            yield process
        finally:
            process.kill()
            process.wait()


@contextmanager
def on_air(databases: Databases, *, clock: Clock | None = None) -> Iterator[Air]:
    """The imitation and the store, with nobody listening yet."""
    chosen = clock or Clock()
    state = FortnoxState(app=APP, now=chosen)
    with running(imitation("fortnox").app(state)) as url:
        air = Air(state, chosen, url, databases)
        air.switch(rate_limit_requests=100_000)
        add_access(databases, air.vault)
        yield air


def _now() -> datetime:
    return datetime.now(UTC)


def _listen(order: dict[str, Any]) -> None:
    databases = open_databases(data_dir=Path(order["folder"]), database_url=order["database_url"])
    state = FortnoxState(app=APP)
    air = Air(state, Clock(), order["url"], databases, SecretStr(order["key"]), now=_now)
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    listener = Listener(outlets(databases, "fortnox"), air.stream(air.events_url), times=QUICK)
    listener.start()
    stopping.wait()
    listener.stop()


if __name__ == "__main__":
    logging.basicConfig(level=logging.DEBUG)
    _listen(json.loads(sys.stdin.read()))
