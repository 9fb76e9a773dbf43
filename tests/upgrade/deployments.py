"""A deployment as an earlier release made it, and the same one after its upgrade."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text, update

from connector.flows.companies import changing
from connector.flows.deployment import Deployment, open_deployment
from connector.sandbox.amili.app import create_amili
from connector.sandbox.amili.state import AmiliState, guide_state
from connector.sandbox.shared.serve import running
from connector.store import tables
from connector.store.database import open_databases
from tests import canary
from tests.flows.bookkeeping import DISPUTED
from tests.flows.ledgers import DATABASE, ORGANISATION, REQUEST_LABEL, FortnoxLedger, LedgerSide, OdooLedger
from tests.flows.stage import CONNECTION, Stage, environment, settings_from
from tests.flows.waiting import until
from tests.flows.zygote import Zygote

IN_FORTNOX = "fortnoxbolaget"
_PROGRAM = Path(__file__).with_name("earlier.py")
_WAIT_S = 90.0
_DAYS_S = 3 * 86_400.0
_INSTANTS: Mapping[str, tuple[str, ...]] = {
    "hand_overs": ("asked_at", "attempted_at", "registered_at", "unknown_since", "deadline", "free_at", "updated_at"),
    "follow_ups": ("attempted_at", "unknown_since", "deadline", "free_at", "created_at", "updated_at"),
    "leases": ("until",),
}
"""What lies back by the time that an upgrade takes."""
_TIMES = {
    "ATTEMPT_S": "60",
    # An earlier release looks for what was not answered after a twentieth of it.
    "SETTLE_S": "200",
    "CONNECT_TIMEOUT_S": "2",
    "READ_TIMEOUT_S": "5",
}


@dataclass
class Company:
    """A company of the deployment: its connection, its ledger, and its invoices by what becomes of them."""

    connection: str
    side: LedgerSide
    url: str
    invoices: dict[str, str] = field(default_factory=dict)


@dataclass
class Earlier:
    """A deployment of an earlier release, whose commands and worker run in that release's own environment."""

    amili: AmiliState
    companies: tuple[Company, ...]
    env: dict[str, str]
    _db: Engine
    _process: subprocess.Popen[str]

    def runs(self, *command: str, ends: tuple[int | None, ...] = (0, None), approves: bool = False) -> str:
        """What a command of the release printed. Fails if it ended otherwise than with one of `ends`.

        Where it prints an address at which to approve, somebody approves if `approves`.
        """
        done = self._done({"command": command, "approves": approves})
        assert done["status"] in ends, done["status"]
        return str(done["printed"])

    @contextmanager
    def works(self) -> Iterator[None]:
        """A worker of the release runs beside the block."""
        self._done({"worker": "start"})
        yield
        self._done({"worker": "stop"})

    def stores(self, company: Company, *, requests: tuple[str, ...] = (), hints: tuple[str, ...] = ()) -> None:
        """The release puts into its inbox that a person asked for invoices, and that the ledger pointed at others."""
        kinds = {"requests": requests, "hints": hints}
        self._done({kind: [[company.connection, invoice] for invoice in some] for kind, some in kinds.items()})

    def waits(self, happened: Callable[[], bool], what: str) -> None:
        """Wait for something that the release's worker brings about, and keep no ledger's limit in its way."""

        def looked() -> bool:
            if happened():
                return True
            for company in self.companies:
                if isinstance(company.side, FortnoxLedger):
                    company.side.let_own_windows_pass()
                    with self._db.begin() as connection:
                        connection.execute(text("UPDATE budgets SET used = '[]'"))
            return False

        until(looked, within_s=_WAIT_S, what=what)

    def hand_overs(self, *names: str) -> list[str]:
        """How all companies' invoices of these names stand in the release's own database, each state once."""
        return self._states("SELECT connection, invoice_id, state FROM hand_overs", names)

    def follow_ups(self, *names: str) -> list[str]:
        """Likewise of what was reported of them."""
        joined = "SELECT h.connection, h.invoice_id, f.state FROM follow_ups f JOIN hand_overs h ON h.id = f.hand_over"
        return self._states(joined, names)

    def _states(self, query: str, names: tuple[str, ...]) -> list[str]:
        with self._db.connect() as connection:
            found = {(row[0], row[1]): str(row[2]) for row in connection.execute(text(query))}
        wanted = [(company.connection, company.invoices[name]) for company in self.companies for name in names]
        return sorted({found.get(invoice, "") for invoice in wanted})

    def registered(self, company: Company, *names: str) -> int:
        """How many cases Amili has for these invoices of a company."""
        return sum(len(self.amili.cases_of(company.side.number(company.invoices[name]))) for name in names)

    def is_upgraded(self) -> None:
        """The release's last process has ended."""
        self._db.dispose()
        assert self._process.stdin
        self._process.stdin.close()
        assert self._process.wait(timeout=60) == 0

    def _done(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the release's program has ended"
        done: dict[str, Any] = json.loads(line)
        return done


@contextmanager
def earlier(
    python: Path, folder: Path, *, fortnox: bool, settings: Mapping[str, Any], database_url: str = ""
) -> Iterator[Earlier]:
    """Companies with an Odoo, and with Fortnox if so, connected with an earlier release, whose Python is `python`.

    `settings` are of each company, beside those that all releases know.
    """
    amili = guide_state(organization_no=ORGANISATION)
    overrides = dict(_TIMES)
    with ExitStack() as stack:
        amili_url = stack.enter_context(running(create_amili(amili)))
        companies = []
        sides: dict[str, LedgerSide] = {CONNECTION: OdooLedger()}
        if fortnox:
            sides[IN_FORTNOX] = FortnoxLedger()
        for connection, side in sides.items():
            url = stack.enter_context(running(side.app()))
            overrides |= side.settings(url)
            companies.append(Company(connection, side, url))
        env = environment(folder / "data", amili_url, database_url, overrides)
        program = subprocess.Popen(
            [python, _PROGRAM],
            env=env | {"LEDGER_API_KEY": canary.LEDGER_KEY, "AMILI_API_CODE": canary.API_CODE, "POLL_INTERVAL_S": "1"},
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        stack.enter_context(program)
        stack.callback(program.kill)
        data_dir = folder / "data"
        data_dir.mkdir()
        db = open_databases(data_dir=data_dir, database_url=database_url or None).main
        release = Earlier(amili, tuple(companies), env, db, program)
        amili.register_key(canary.API_CODE, release.runs("amili", "keys"))
        release.runs("amili", "code")
        for company in companies:
            _connect(release, company, folder / "settings.json", settings)
        yield release


def _connect(release: Earlier, company: Company, file: Path, more: Mapping[str, Any]) -> None:
    of_odoo = {"url": company.url, "database": DATABASE, "fee_products": ["FAKTAVG"]}
    in_fortnox = isinstance(company.side, FortnoxLedger)
    host = {"request_label": REQUEST_LABEL} if in_fortnox else of_odoo
    settings = {"first_action": "debt_collection", "invoice_fee_agreed": True, "host": host, **more}
    file.write_text(json.dumps(settings), encoding="utf-8")
    named = ("--settings", str(file), "--id", company.connection, "--yes")
    if isinstance(company.side, FortnoxLedger):
        company.side.will_approve(settings_from(release.env).public_url)
        release.runs("connect", "fortnox", *named, approves=True)
    else:
        release.runs("connect", "--url", company.url, "--database", DATABASE, *named)


@contextmanager
def upgraded(release: Earlier) -> Iterator[tuple[Stage, ...]]:
    """The deployment opened by today's code, company by company, three days after the earlier release's end."""
    release.is_upgraded()
    deployment = open_deployment(settings_from(release.env))
    try:
        with deployment.databases.main.begin() as connection:
            for table in (tables.main.tables[name] for name in _INSTANTS):
                back = {name: table.c[name] - _DAYS_S for name in _INSTANTS[table.name]}
                connection.execute(update(table).values(back))
        yield tuple(_stage(deployment, release, company) for company in release.companies)
    finally:
        deployment.close()


def _stage(deployment: Deployment, release: Earlier, company: Company) -> Stage:
    if isinstance(company.side, FortnoxLedger):
        # Not every release that had Fortnox had it; with it, people can say there what is disputed.
        connection = deployment.connection(company.connection)
        host = connection.settings.host | {"dispute_label": DISPUTED}
        changing.change(deployment, connection, connection.settings.model_copy(update={"host": host}))
    nothing: dict[str, str] = {}
    return Stage(deployment, release.amili, company.side, release.env, "", nothing, company.url, company.connection)


def works_today(on: tuple[Stage, ...], forking: Zygote, happened: Callable[[], bool], what: str) -> None:
    """A worker of today's runs until something has happened, and ends as it does at a stop."""
    worker = forking.fork(on[0].env)

    def looked() -> bool:
        for one in on:
            one.side.let_windows_pass(one.deployment)
        return happened()

    until(looked, within_s=_WAIT_S, what=what)
    os.kill(worker, signal.SIGTERM)
    until(lambda: not forking.runs(worker), within_s=_WAIT_S, what="the end of today's worker")
