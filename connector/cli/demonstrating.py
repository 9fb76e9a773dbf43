"""`demo`: the main job on this machine, against imitations, without network or account."""

from __future__ import annotations

import logging
import secrets
import socket
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import click
from cryptography.fernet import Fernet
from pydantic import SecretStr
from waitress.server import create_server

from connector.amili.keys import make_key_pair
from connector.cli.output import errors_in_words, finding_lines, table
from connector.domain.connection import ConnectionSettings, FirstAction
from connector.domain.dates import today
from connector.domain.findings import Severity, worst_first
from connector.domain.hand_over import HandOverState, Origin, PdfState, Request
from connector.domain.invoice import OverdueInvoice
from connector.domain.money import as_text
from connector.flows import asking, connecting
from connector.flows.deployment import Deployment, open_deployment
from connector.flows.worker import Worker
from connector.sandbox.amili import create_amili
from connector.sandbox.amili_state import AmiliState, guide_state
from connector.sandbox.odoo import create_odoo
from connector.sandbox.odoo_seed import demo_ledger
from connector.sandbox.odoo_state import OdooState
from connector.sandbox.serve import running
from connector.sandbox.switches import AmiliSwitches, answer_lost_after_create
from connector.settings import Settings
from connector.store import connections, users
from connector.store.connections import DEFAULT_ACCESS
from connector.store.hand_over_record import HandOver
from connector.web.app import create_app

CONNECTION = "testbolaget"
_DATABASE = "demo"
_USER = "demo@example.se"
_WAIT_S = 90.0
_WEB_THREADS = 4


@dataclass(frozen=True)
class Expected:
    """What an invoice of the demo must come to. `why` explains it to the reader."""

    label: str
    why: str
    state: HandOverState
    pdf: PdfState = PdfState.PENDING
    finding: str = ""

    def met_by(self, hand_over: HandOver | None, cases: int) -> bool:
        """Whether the hand-over and the number of cases at Amili are as stated."""
        if hand_over is None or hand_over.state is not self.state or hand_over.pdf is not self.pdf:
            return False
        codes = {one.code for one in hand_over.findings if one.severity is not Severity.INFO}
        return cases == int(self.state is HandOverState.DONE) and (not self.finding or self.finding in codes)


EXPECTED = (
    Expected("clean", "a clean invoice", HandOverState.DONE, PdfState.UPLOADED),
    Expected("paid_since", "paid since the list was made", HandOverState.BLOCKED, finding="A2"),
    Expected("without_identity", "no identity number", HandOverState.BLOCKED, finding="E2"),
    Expected("answer_lost", "Amili's answer lost after the case was made", HandOverState.DONE, PdfState.UPLOADED),
    Expected("without_pdf", "the PDF is not to be had", HandOverState.DONE, PdfState.UNAVAILABLE, "pdf_unavailable"),
)


@click.command()
@click.option("--once", is_flag=True, help="End after the table; exit status 0 if everything came out as stated.")
@click.option("--port", default=8080, show_default=True, help="Port of the pages; any free one if it is taken.")
def demo(once: bool, port: int) -> None:
    """Show the main job on this machine: no network, no account, nothing kept."""
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    with errors_in_words(), ExitStack() as stack:
        click.echo("Starting a sandbox of Amili, a sandbox ledger and the connector …")
        stage = stack.enter_context(_stage(port))
        as_stated = _play(stage)
        if once:
            raise SystemExit(0 if as_stated else 1)
        _leave_open(stage)


@dataclass(frozen=True)
class Stage:
    """The running demo."""

    deployment: Deployment
    amili: AmiliState
    ledger: OdooState
    password: str


@contextmanager
def _stage(port: int) -> Iterator[Stage]:
    api_key, password = secrets.token_hex(20), secrets.token_urlsafe(8)
    ledger = OdooState(seed=demo_ledger, database=_DATABASE, api_key=api_key)
    amili = guide_state(organization_no=ledger.organization_number)
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="amili-connector-demo-"))
        amili_url = stack.enter_context(running(create_amili(amili)))
        ledger_url = stack.enter_context(running(create_odoo(ledger)))
        deployment = open_deployment(_settings(Path(folder), amili_url, _free_port(port)))
        stack.callback(deployment.close)
        _connect(deployment, amili, ledger_url, api_key)
        users.add(deployment.databases.main, email=_USER, name="Demo", password=password, connections=(CONNECTION,))
        worker = Worker(deployment)
        thread = threading.Thread(target=worker.run, name="worker")
        thread.start()
        stack.callback(thread.join)
        stack.callback(worker.stop)
        yield Stage(deployment, amili, ledger, password)


def _settings(folder: Path, amili_url: str, port: int) -> Settings:
    return Settings(
        _env_file=None,
        secret_keys=(SecretStr(Fernet.generate_key().decode()),),
        session_secret=SecretStr(secrets.token_urlsafe(48)),
        public_url=f"http://127.0.0.1:{port}",
        listen=f"127.0.0.1:{port}",
        data_dir=folder,
        database_url=None,
        amili_sandbox_url=amili_url,
        connect_timeout_s=1,
        read_timeout_s=2,
        attempt_s=10,
        settle_s=4,
        poll_interval_s=60,
        allow_private_addresses=True,
    )


def _free_port(wanted: int) -> int:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _connect(deployment: Deployment, amili: AmiliState, ledger_url: str, api_key: str) -> None:
    pair = make_key_pair()
    api_code = secrets.token_hex(12)
    amili.register_key(api_code, pair.public_key)
    connections.put_access(
        deployment.databases.main,
        deployment.vault,
        access_id=DEFAULT_ACCESS,
        private_key=pair.private_key,
        public_key=pair.public_key,
        api_code=SecretStr(api_code),
    )
    settings = ConnectionSettings(
        first_action=FirstAction.DEBT_COLLECTION,
        invoice_fee_agreed=True,
        minimum_amount=Decimal("100.00"),
        host={"url": ledger_url, "database": _DATABASE, "fee_products": ["FAKTAVG"]},
    )
    key = SecretStr(api_key)
    ledger = connecting.identify_ledger(deployment, "odoo", settings.host, key)
    client = deployment.amili(settings.environment, deployment.access(DEFAULT_ACCESS))
    choice = connecting.creditors_for(client, ledger.organization_number)
    connecting.join(
        deployment,
        connection_id=CONNECTION,
        host="odoo",
        ledger=ledger,
        creditor=choice.creditors[0],
        settings=settings,
        api_key=key,
        amili_access=DEFAULT_ACCESS,
    )


def _play(stage: Stage) -> bool:
    """Send the five invoices and print what became of each; True if all came out as stated."""
    deployment, ledger = stage.deployment, stage.ledger
    _, host = deployment.sides(deployment.connection(CONNECTION))
    listed = {row.id: row for row in host.overdue(today=today())}
    ids = {expected.label: str(ledger.labels[expected.label]) for expected in EXPECTED}
    ledger.books.pay(ledger.labels["paid_since"])
    lost = listed[ids["answer_lost"]].number
    stage.amili.switches.set(AmiliSwitches(faults=(answer_lost_after_create(next_n=1, invoice_numbers=(lost,)),)))
    click.echo(f"Sending {len(EXPECTED)} overdue invoices …\n")
    asked = tuple(asking.ask(deployment, _request(listed[invoice_id])) for invoice_id in ids.values())
    results: dict[str, HandOver | None] = {}
    for seen in asking.outcomes(deployment, asked, wait_s=_WAIT_S):
        results = dict(seen)
    return _report(stage, ids, results)


def _request(row: OverdueInvoice) -> Request:
    return Request(
        connection=CONNECTION,
        invoice_id=row.id,
        invoice_number=row.number,
        origin=Origin.COMMAND,
        asked_by=_USER,
        proposed_balance=row.balance,
    )


def _report(stage: Stage, ids: dict[str, str], results: dict[str, HandOver | None]) -> bool:
    rows, notes, as_stated = [], [], True
    for expected in EXPECTED:
        one = results.get(ids[expected.label])
        number = one.invoice_number if one and one.invoice_number else ids[expected.label]
        cases = len(stage.amili.cases_of(number))
        met = expected.met_by(one, cases)
        as_stated = as_stated and met
        state = one.state if one else "not taken up"
        capital = as_text(one.capital) if one and one.capital is not None else ""
        case_id = one.case_id if one else ""
        rows.append((number, expected.why, state, case_id, capital, str(cases), "✓" if met else "✗"))
        standing = tuple(f for f in (one.findings if one else ()) if f.severity is not Severity.INFO)
        if standing:
            notes.append(f"{number}:")
            notes += list(finding_lines(worst_first(standing), language="en"))
    table(("Invoice", "What is special", "Ended as", "Case at Amili", "Capital", "Cases", ""), rows)
    click.echo("\nWhy:\n" + "\n".join(notes) + "\n")
    counts = Counter(case.invoice_number for case in stage.amili.cases.values())
    twice = [number for number, count in counts.items() if count > 1]
    click.echo("No case twice." if not twice else f"TWICE: {', '.join(twice)}")
    return as_stated and not twice


def _leave_open(stage: Stage) -> None:
    settings = stage.deployment.settings
    host, _, port = settings.listen.rpartition(":")
    server = create_server(create_app(stage.deployment), host=host, port=int(port), threads=_WEB_THREADS)
    threading.Thread(target=server.run, name="web", daemon=True).start()
    click.echo(f"\nThe pages are open at {settings.public_url}")
    click.echo(f"Sign in as {_USER} with the password {stage.password}. Ctrl-C ends the demo.")
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        click.echo("\nThe demo has ended; nothing was kept.")
    finally:
        server.close()
