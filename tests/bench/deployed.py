"""A deployment of the connector on the sandboxes, set up as an installer would, with its processes."""

from __future__ import annotations

import secrets
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import text

from connector.domain.connection import ConnectionSettings, FirstAction
from connector.domain.hand_over import UNFINISHED, HandOverState, Origin, Request
from connector.flows.companies import connecting
from connector.flows.deployment import Deployment, open_deployment
from connector.flows.hand_over import asking
from connector.settings import load_settings, setting_fields
from connector.store import connections, hand_overs, inbox
from connector.store.connections import DEFAULT_ACCESS
from connector.store.hand_over_record import HandOver
from tests.bench.processes import environment, running
from tests.bench.sandboxes import API_CODE, DATABASE, LEDGER_KEY, ORGANISATION, Bill, Sandboxes

CONNECTION = "bench"
CONCURRENCY = 8
_LOG = "connector.log"
_LOOK_EVERY_S = 0.05
_LONGEST_RUN_S = 120.0


@dataclass
class Deployed:
    """A deployment with one connection. `env` is what its processes are started with."""

    deployment: Deployment
    folder: Path
    url: str
    webhook_token: str = field(repr=False)
    env: dict[str, str] = field(repr=False)

    @contextmanager
    def process(self, command: str) -> Iterator[subprocess.Popen[str]]:
        """`amili-connector COMMAND` in a process of its own, with a worker ready."""
        arguments = ("-m", "connector.cli", command)
        with running(arguments, env=self.env, folder=self.folder, log=self.folder / _LOG) as process:
            self._until(lambda: asking.worker_runs(self.deployment), within_s=60, what="a worker")
            yield process

    def ask(self, bills: Sequence[Bill]) -> None:
        """Ask for hand-overs, as the command line does; each is durable when it has been asked for."""
        for bill in bills:
            request = Request(connection=CONNECTION, invoice_id=bill.id, origin=Origin.COMMAND, asked_by="bench")
            inbox.put_request(self.deployment.databases.inbox, request)

    def until_done(self, total: int) -> None:
        """Wait until so many hand-overs have ended. Raises `RuntimeError` if one did not end in a case."""
        self._until(lambda: self._ended() >= total, within_s=_LONGEST_RUN_S, what=f"{total} finished hand-overs")
        standing = hand_overs.counts(self.deployment.databases.main)
        if set(standing) != {HandOverState.DONE}:
            raise RuntimeError(f"hand-overs did not all end in a case: {standing}")

    def times_ms(self, bill: Bill) -> tuple[float, float]:
        """Ask for one hand-over; gives how long until its case stood, and until everything was done."""
        started_s = time.monotonic()
        self.ask([bill])
        registered_s = self._reached(bill, lambda found: bool(found.case_id))
        done_s = self._reached(bill, lambda found: found.state is HandOverState.DONE)
        return 1000 * (registered_s - started_s), 1000 * (done_s - started_s)

    def storage(self) -> str:
        """The database's name and version."""
        with self.deployment.databases.main.connect() as connection:
            if connection.dialect.name == "sqlite":
                return f"SQLite {connection.execute(text('SELECT sqlite_version()')).scalar_one()}"
            return f"PostgreSQL {connection.execute(text('SHOW server_version')).scalar_one()}"

    def _reached(self, bill: Bill, reached: Callable[[HandOver], bool]) -> float:
        db = self.deployment.databases.main

        def happened() -> bool:
            found = hand_overs.latest(db, CONNECTION, bill.id)
            return found is not None and reached(found)

        self._until(happened, within_s=60, what=f"the hand-over of {bill.number}", look_every_s=0.002)
        return time.monotonic()

    def _ended(self) -> int:
        standing = hand_overs.counts(self.deployment.databases.main)
        return sum(count for state, count in standing.items() if state not in UNFINISHED)

    def _until(
        self, happened: Callable[[], bool], *, within_s: float, what: str, look_every_s: float = _LOOK_EVERY_S
    ) -> None:
        give_up = time.monotonic() + within_s
        while not happened():
            if time.monotonic() > give_up:
                log = (self.folder / _LOG).read_text(encoding="utf-8")
                raise RuntimeError(f"not within {within_s:g} s: {what}\n{log[-2000:]}")
            time.sleep(look_every_s)


@contextmanager
def deployed(
    folder: Path, boxes: Sandboxes, *, database_url: str = "", ledger_url: str = "", amili_url: str = ""
) -> Iterator[Deployed]:
    """A new deployment on `boxes`, or on other addresses that lead to them; PostgreSQL by `database_url`."""
    address = f"127.0.0.1:{_free_port()}"
    env = {
        "LISTEN": address,
        "PUBLIC_URL": f"http://{address}",
        "SECRET_KEYS": Fernet.generate_key().decode(),
        "SESSION_SECRET": secrets.token_urlsafe(48),
        "DATA_DIR": str(folder / "data"),
        "DATABASE_URL": database_url,
        "AMILI_SANDBOX_URL": amili_url or boxes.amili_url,
        "WORKER_CONCURRENCY": str(CONCURRENCY),
        "CONNECTION_CONCURRENCY": str(CONCURRENCY),
        "ALLOW_PRIVATE_ADDRESSES": "true",
        "LOG_LEVEL": "WARNING",
    }
    names = {name.lower() for name in env} & set(setting_fields())
    deployment = open_deployment(load_settings(None, **{name: env[name.upper()] for name in names}))
    try:
        token = _join(deployment, boxes, ledger_url or boxes.ledger_url)
        yield Deployed(deployment, folder, f"http://{address}", token, environment(**env))
    finally:
        deployment.close()


def _join(deployment: Deployment, boxes: Sandboxes, ledger_url: str) -> str:
    connections.put_access(
        deployment.databases.main,
        deployment.vault,
        access_id=DEFAULT_ACCESS,
        private_key=boxes.pair.private_key,
        public_key=boxes.pair.public_key,
        api_code=SecretStr(API_CODE),
    )
    settings = ConnectionSettings(
        first_action=FirstAction.DEBT_COLLECTION, host={"url": ledger_url, "database": DATABASE}
    )
    api_key = SecretStr(LEDGER_KEY)
    ledger = connecting.identify_ledger(deployment, "odoo", settings.host, api_key)
    amili = deployment.amili(settings.environment, deployment.access(DEFAULT_ACCESS))
    return connecting.join(
        deployment,
        connection_id=CONNECTION,
        host="odoo",
        ledger=ledger,
        creditor=connecting.creditors_for(amili, ORGANISATION).creditors[0],
        settings=settings,
        api_key=api_key,
        amili_access=DEFAULT_ACCESS,
    )


def _free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port
