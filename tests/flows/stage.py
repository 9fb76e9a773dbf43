"""A stage for whole hand-overs: both sandboxes served over HTTP, a deployment, a connection, worker processes."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet
from flask import Flask
from pydantic import SecretStr
from sqlalchemy import delete

from connector.amili.keys import make_key_pair
from connector.domain.connection import ConnectionSettings, FirstAction
from connector.domain.dates import STOCKHOLM
from connector.domain.doubt import LONGEST_PAUSE_S
from connector.domain.hand_over import HandOverState, Origin, Request
from connector.flows.companies import connecting
from connector.flows.deployment import Deployment, open_deployment
from connector.flows.reconcile import comparisons as comparing
from connector.sandbox.amili.app import create_amili
from connector.sandbox.amili.state import AmiliState, guide_state
from connector.sandbox.fortnox.state import FortnoxState
from connector.sandbox.odoo.state import OdooState
from connector.sandbox.shared.serve import running
from connector.settings import Settings, load_settings, setting_fields
from connector.store import case_readings, comparisons, connections, hand_overs, inbox, tables
from connector.store.connections import DEFAULT_ACCESS
from connector.store.hand_over_record import HandOver
from tests import canary, migrated_databases
from tests.flows.ledgers import ORGANISATION, FortnoxLedger, LedgerSide, OdooLedger

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

CONNECTION = "testbolaget"

PATIENT = {"CONNECT_TIMEOUT_S": "5", "READ_TIMEOUT_S": "10", "ATTEMPT_S": "60", "SETTLE_S": "60"}
"""Times that no busy machine reaches by itself; `tests.flows.hand_over_steps.let_pass` moves over them."""

SHORT = {"CONNECT_TIMEOUT_S": "0.4", "READ_TIMEOUT_S": "0.8", "ATTEMPT_S": "2", "SETTLE_S": "1.3"}
"""Times for workers that the test kills, and whose work others take over as soon as it has settled."""

HURRIED = {"CONNECT_TIMEOUT_S": "0.5", "READ_TIMEOUT_S": "1", "ATTEMPT_S": "5", "SETTLE_S": "2"}
"""Times for workers that live, under whom calls go wrong."""

Middleware = Callable[[Flask], "WSGIApplication"]


def _plain(app: Flask) -> WSGIApplication:
    return app


@dataclass
class Stage:
    """Everything a test of whole hand-overs needs. `env` is what a worker process is started with."""

    deployment: Deployment
    amili: AmiliState
    side: LedgerSide
    env: dict[str, str] = field(repr=False)
    webhook_token: str = field(repr=False)
    canaries: dict[str, str] = field(repr=False)
    ledger_url: str = ""
    connection: str = CONNECTION

    @property
    def ledger(self) -> OdooState:
        """What the imitation of Odoo holds, on a stage that has one."""
        assert isinstance(self.side, OdooLedger)
        return self.side.state

    @property
    def odoo(self) -> OdooLedger:
        """The imitation of Odoo as its people use it, on a stage that has one."""
        assert isinstance(self.side, OdooLedger)
        return self.side

    @property
    def fortnox(self) -> FortnoxState:
        """What the imitation of Fortnox holds, on a stage that has one."""
        assert isinstance(self.side, FortnoxLedger)
        return self.side.state

    def customer(self, **values: Any) -> Any:
        """A company with everything a claim needs; `values` in the names of the ledger's own fields. Gives its key."""
        return self.side.customer(**values)

    def invoice(self, customer: Any = None, *, price: str = "1000", wished_by: str = "") -> str:
        """An overdue invoice, clean; with the ledger's wish on it if `wished_by` says whose."""
        invoice = self.side.invoice(customer or self.customer(), Decimal(price))
        if wished_by:
            self.side.wish(invoice, wished_by)
        return invoice

    def hint(self, invoice_id: str) -> None:
        """The webhook's hint about an invoice, as the web process stores it."""
        inbox.put_hint(self.deployment.databases.inbox, self.connection, invoice_id)

    def ask(self, invoice_id: str) -> None:
        """A person's request on the command line."""
        inbox.put_request(
            self.deployment.databases.inbox,
            Request(connection=self.connection, invoice_id=invoice_id, origin=Origin.COMMAND, asked_by="test"),
        )

    def hand_over(self, invoice_id: str) -> HandOver | None:
        """The invoice's hand-over as stored."""
        return hand_overs.latest(self.deployment.databases.main, self.connection, invoice_id)

    def number(self, invoice_id: str) -> str:
        """The invoice's number in the ledger."""
        return self.side.number(invoice_id)

    def cases(self, invoice_id: str) -> int:
        """How many cases Amili has for the invoice."""
        return len(self.amili.cases_of(self.number(invoice_id)))

    def ended(self, invoice_id: str) -> bool:
        """Whether nothing is under way for the invoice any more."""
        found = self.hand_over(invoice_id)
        return found is not None and found.state in (HandOverState.DONE, HandOverState.BLOCKED)

    def let_cases_be_read(self) -> None:
        """From now on cases are read, as if none ever had been."""
        with self.deployment.databases.main.begin() as connection:
            connection.execute(delete(tables.case_readings))

    def start_worker(self, module: str = "connector.cli", *arguments: str, **env: str) -> subprocess.Popen[str]:
        """A worker in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", module, *(arguments or ("worker",))],
            env=self.env | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


@contextmanager
def stage(
    folder: Path,
    amili_in: Middleware = _plain,
    ledger_in: Middleware = _plain,
    /,
    *,
    database_url: str = "",
    **overrides: str,
) -> Iterator[Stage]:
    """A running stage with an Odoo. See `stage_with`."""
    with stage_with(OdooLedger(), folder, amili_in, ledger_in, database_url=database_url, **overrides) as on:
        yield on


@contextmanager
def stage_with(
    side: LedgerSide,
    folder: Path,
    amili_in: Middleware = _plain,
    ledger_in: Middleware = _plain,
    /,
    *,
    database_url: str = "",
    **overrides: str,
) -> Iterator[Stage]:
    """A running stage whose times are `PATIENT`. `overrides` are settings by their names in the environment.

    `amili_in` and `ledger_in` may put something of a test's own around the sandboxes. Afterwards no canary may be
    in any database, nor in what was left beside `folder`.
    """
    api_code = canary.API_CODE
    amili = guide_state(organization_no=ORGANISATION)
    pair = make_key_pair()
    amili.register_key(api_code, pair.public_key)
    with ExitStack() as stack:
        amili_url = stack.enter_context(running(amili_in(create_amili(amili))))
        ledger_url = stack.enter_context(running(ledger_in(side.app())))
        env = environment(folder, amili_url, database_url, side.settings(ledger_url) | overrides)
        if not database_url:
            migrated_databases.put_into(folder)
        deployment = open_deployment(settings_from(env))
        stack.callback(deployment.close)
        token = _join(deployment, side, ledger_url, api_code, pair.private_key, pair.public_key)
        _leave_cases_unread(deployment)
        _enrol(deployment)
        canaries = {**side.secrets(), "api code": api_code, "webhook token": token}
        more = {
            "private key": canary.body_of(pair.private_key),
            "secret key": env["SECRET_KEYS"],
            "session secret": env["SESSION_SECRET"],
        }
        stack.enter_context(canary.planted(canaries | more))
        yield Stage(deployment, amili, side, env, token, canaries, ledger_url)
        tokens = {f"access token {number}": token for number, token in enumerate(amili.live_tokens())}
        with canary.planted({**side.secrets(), **tokens}):
            assert canary.leaks_in_files(folder.parent) == []
            assert not database_url or canary.leaks_in_tables(deployment.databases.main) == []


def environment(folder: Path, amili_url: str, database_url: str, overrides: dict[str, str]) -> dict[str, str]:
    """The environment of a deployment; `overrides` take the place of single settings."""
    keep = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "PYTHONPATH")}
    chosen = {
        "SECRET_KEYS": Fernet.generate_key().decode(),
        "SESSION_SECRET": secrets.token_urlsafe(48),
        "DATA_DIR": str(folder),
        "DATABASE_URL": database_url,
        "AMILI_SANDBOX_URL": amili_url,
        **PATIENT,
        "PAGE_WAIT_S": "60",
        "POLL_INTERVAL_S": "3600",
        "RECONCILE_HOUR": str((datetime.now(STOCKHOLM).hour + 12) % 24),
        "ALLOW_PRIVATE_ADDRESSES": "true",
        "LOG_LEVEL": "INFO",
    }
    return keep | chosen | overrides | {"PYTHONWARNINGS": "default"}


def settings_from(env: dict[str, str]) -> Settings:
    """The settings that a process with this environment has."""
    names = {name.lower() for name in env} & set(setting_fields())
    return load_settings(None, **{name: env[name.upper()] for name in names})


def _leave_cases_unread(deployment: Deployment) -> None:
    """Workers read no cases by themselves: when they do is chance, and what they then tell is one more write.

    `Stage.let_cases_be_read` ends it; a longer pause than the longest would not be believed.
    """
    db = deployment.databases.main
    for place in case_readings.places(db, DEFAULT_ACCESS):
        case_readings.postpone(db, place, for_s=LONGEST_PAUSE_S)


def _enrol(deployment: Deployment) -> None:
    """The company's nightly comparison has its time already, hours away: that is one write less of a worker's."""
    at_s = comparing.next_night(deployment.settings, CONNECTION, time.time())
    comparisons.enrol(deployment.databases.main, CONNECTION, due_at=at_s)


def _join(
    deployment: Deployment, side: LedgerSide, ledger_url: str, api_code: str, private_key: SecretStr, public_key: str
) -> str:
    connections.put_access(
        deployment.databases.main,
        deployment.vault,
        access_id=DEFAULT_ACCESS,
        private_key=private_key,
        public_key=public_key,
        api_code=SecretStr(api_code),
    )
    return join(deployment, side, ledger_url, CONNECTION)


def join(deployment: Deployment, side: LedgerSide, ledger_url: str, connection_id: str) -> str:
    """Connect a ledger to the creditor with its organisation number, as an installer does; gives the webhook token."""
    opened = side.connect(deployment, ledger_url)
    settings = ConnectionSettings(
        first_action=FirstAction.DEBT_COLLECTION, invoice_fee_agreed=True, host=opened.settings
    )
    client = deployment.amili(settings.environment, deployment.access(DEFAULT_ACCESS))
    creditor = connecting.creditors_for(client, ORGANISATION).creditors[0]
    return connecting.join(
        deployment,
        connection_id=connection_id,
        host=side.kind,
        ledger=opened.identity,
        creditor=creditor,
        settings=settings,
        api_key=opened.api_key,
        amili_access=DEFAULT_ACCESS,
    )
