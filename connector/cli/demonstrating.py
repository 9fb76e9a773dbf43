"""`demo`: the main job on this machine, against imitations, without network or account."""

from __future__ import annotations

import logging
import os
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

from connector.amili.keys import make_key_pair
from connector.cli import demo_ledgers
from connector.cli.exit_codes import ExitCode
from connector.cli.output import table
from connector.domain.connection import ConnectionSettings, FirstAction
from connector.domain.dates import today
from connector.domain.errors import ConfigurationError
from connector.domain.findings import Finding, Severity, worst_first
from connector.domain.hand_over import HandOverState, Origin, PdfState, Request, WriteBackState
from connector.domain.invoice import OverdueInvoice
from connector.domain.money import as_text
from connector.flows.companies import connecting
from connector.flows.deployment import Deployment, open_deployment
from connector.flows.hand_over import asking
from connector.flows.worker import Worker
from connector.hosts import kinds
from connector.sandbox.amili.app import create_amili
from connector.sandbox.amili.state import AmiliState, guide_state
from connector.sandbox.shared.demo import DemoLedger
from connector.sandbox.shared.serve import running
from connector.sandbox.shared.switches import AmiliSwitches, answer_lost_after_create
from connector.settings import Settings, load_settings, setting_fields
from connector.store import connections, timeline, users
from connector.store.connections import DEFAULT_ACCESS
from connector.store.hand_over_record import HandOver
from connector.web.app import create_app
from connector.web.lanes import Threads
from connector.web.server import make_server
from connector.words import say

CONNECTION = "testbolaget"
_USER = "demo@example.se"
_WAIT_S = 90.0


@dataclass(frozen=True)
class Expected:
    """What an invoice of the demo must come to. `special` tells the reader what is special about it."""

    label: str
    special: str
    state: HandOverState
    pdf: PdfState = PdfState.PENDING
    finding: str = ""

    def met_by(self, hand_over: HandOver | None, cases: int, *, written: WriteBackState) -> bool:
        """Return whether all is as stated: the hand-over, the number of its cases, what became of writing it back."""
        if hand_over is None or hand_over.state is not self.state or hand_over.pdf is not self.pdf:
            return False
        sent = self.state is HandOverState.DONE
        if sent and hand_over.write_back is not written:
            return False
        codes = {one.code for one in _standing(hand_over)}
        return cases == int(sent) and codes == ({self.finding} if self.finding else set())


EXPECTED = (
    Expected("clean", "nothing: a clean invoice", HandOverState.DONE, PdfState.UPLOADED),
    Expected("paid_since", "paid after the list was made", HandOverState.BLOCKED, finding="A2"),
    Expected("without_identity", "the customer has no identity number", HandOverState.BLOCKED, finding="E2"),
    Expected("answer_lost", "Amili's answer is lost on its way back", HandOverState.DONE, PdfState.UPLOADED),
    Expected("without_pdf", "its PDF is not to be had", HandOverState.DONE, PdfState.UNAVAILABLE, "pdf_unavailable"),
)
"""Two clean cases, one case with a finding, two blocked."""


_HOSTS = demo_ledgers.names()
_IMITATED = " or of ".join(map(kinds.name_of, _HOSTS)) or "a ledger (none is installed)"
_HELP = f"""Show the main job on this machine: no network, no account, nothing kept.

An imitation of {_IMITATED}, one of Amili, and the connector between them. Five overdue
invoices are sent, a table says what became of each and why, and then the pages stay open until Ctrl-C.
"""


@click.command(help=_HELP)
@click.option(
    "--host",
    "host_kind",
    type=click.Choice(_HOSTS),
    default=next(iter(_HOSTS), None),
    show_default=True,
    help="Which accounting system the ledger imitates.",
)
@click.option("--once", is_flag=True, help="End after the table; exit status 0 if everything came out as stated.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8080,
    show_default=True,
    help="Port of the pages; another if taken.",
)
def demo(host_kind: str | None, once: bool, port: int) -> None:
    """Play the main job between imitations. Raises `ConfigurationError` if none is installed."""
    if host_kind is None:
        raise ConfigurationError(
            "No imitation of a ledger is installed.",
            advice="Install amili-connector again; in a checkout, `make` does, or `pip install --editable .`.",
        )
    logging.basicConfig(level=logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    # Everything that is called lies on this machine, whatever the environment says of proxies.
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"
    with ExitStack() as stack:
        click.echo("Starting a ledger and an Amili (both imitations, on this machine) and the connector between them …")
        stage = stack.enter_context(_stage(host_kind, port))
        if not once:
            stack.enter_context(_pages(stage))
        as_stated = _play(stage)
        if once:
            raise SystemExit(ExitCode.OK if as_stated else ExitCode.UNEXPECTED)
        _leave_open(stage)


@dataclass(frozen=True)
class Stage:
    """The running demo."""

    deployment: Deployment
    amili: AmiliState
    ledger: DemoLedger
    password: str


@contextmanager
def _stage(host_kind: str, port: int) -> Iterator[Stage]:
    password = secrets.token_urlsafe(8)
    address = f"127.0.0.1:{_free_port(port)}"
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="amili-connector-demo-"))
        ledger = stack.enter_context(demo_ledgers.served(host_kind, f"http://{address}"))
        amili = guide_state(organization_no=ledger.organization_number)
        amili_url = stack.enter_context(running(create_amili(amili)))
        deployment = open_deployment(_settings(Path(folder), amili_url, address, ledger))
        stack.callback(deployment.close)
        _connect(deployment, amili, ledger)
        users.add(deployment.databases.main, email=_USER, name="Demo", password=password, connections=(CONNECTION,))
        worker = Worker(deployment)
        thread = threading.Thread(target=worker.run, name="worker")
        thread.start()
        stack.callback(thread.join)
        stack.callback(worker.stop)
        yield Stage(deployment, amili, ledger, password)


def _settings(folder: Path, amili_url: str, address: str, ledger: DemoLedger) -> Settings:
    # Every field is given, so that nothing of this machine's environment counts.
    defaults = {name: field.default for name, field in setting_fields().items() if not field.is_required()}
    chosen: dict[str, object] = {
        "secret_keys": Fernet.generate_key().decode(),
        "session_secret": secrets.token_urlsafe(48),
        "public_url": f"http://{address}",
        "listen": address,
        "data_dir": folder,
        "amili_sandbox_url": amili_url,
        "connect_timeout_s": 1,
        "read_timeout_s": 2,
        "attempt_s": 10,
        "settle_s": 4,
        "poll_interval_s": 60,
        "allow_private_addresses": True,
        "log_level": "ERROR",
    }
    return load_settings(None, **(defaults | chosen | dict(ledger.deployment_settings)))


def _free_port(wanted: int) -> int:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _connect(deployment: Deployment, amili: AmiliState, ledger: DemoLedger) -> None:
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
    way = demo_ledgers.opened(deployment, ledger)
    settings = ConnectionSettings(
        first_action=FirstAction.DEBT_COLLECTION,
        invoice_fee_agreed=True,
        minimum_amount=Decimal("100.00"),
        host=way.host_settings,
    )
    client = deployment.amili(settings.environment, deployment.access(DEFAULT_ACCESS))
    choice = connecting.creditors_for(client, way.ledger.organization_number)
    connecting.join(
        deployment,
        connection_id=CONNECTION,
        host=ledger.host,
        ledger=way.ledger,
        creditor=choice.creditors[0],
        settings=settings,
        api_key=way.api_key,
        amili_access=DEFAULT_ACCESS,
    )


def _play(stage: Stage) -> bool:
    """Send the five invoices and print what became of each; True if all came out as stated."""
    deployment, ledger = stage.deployment, stage.ledger
    _, host = deployment.sides(deployment.connection(CONNECTION))
    listed = {row.id: row for row in host.overdue(today=today())}
    ids = {expected.label: ledger.labels[expected.label] for expected in EXPECTED}
    ledger.pay(ids["paid_since"])
    lost = listed[ids["answer_lost"]].number
    stage.amili.switches.set(AmiliSwitches(faults=(answer_lost_after_create(next_n=1, invoice_numbers=(lost,)),)))
    click.echo(f"Sending {len(EXPECTED)} overdue invoices to Amili …\n")
    started_s = time.monotonic()
    asked = tuple(asking.ask(deployment, _request(listed[invoice_id])) for invoice_id in ids.values())
    results: dict[str, HandOver | None] = {}
    for seen in asking.outcomes(deployment, asked, wait_s=_WAIT_S):
        results = dict(seen)
    took_s = time.monotonic() - started_s
    numbers = {expected.label: listed[ids[expected.label]].number for expected in EXPECTED}
    return _report(stage, numbers, {label: results.get(invoice_id) for label, invoice_id in ids.items()}, took_s)


def _request(row: OverdueInvoice) -> Request:
    return Request(
        connection=CONNECTION,
        invoice_id=row.id,
        invoice_number=row.number,
        origin=Origin.COMMAND,
        asked_by=_USER,
        proposed_balance=row.balance,
    )


def _report(stage: Stage, numbers: dict[str, str], results: dict[str, HandOver | None], took_s: float) -> bool:
    rows, not_met = [], []
    for expected in EXPECTED:
        number, one = numbers[expected.label], results[expected.label]
        met = expected.met_by(
            one,
            len(stage.amili.cases_of(number)),
            written=WriteBackState.WRITTEN if stage.ledger.is_written else WriteBackState.REFUSED,
        )
        if not met:
            not_met.append(number)
        capital = as_text(one.capital) if one and one.case_id and one.capital is not None else ""
        case_id = one.case_id if one else ""
        rows.append((number, expected.special, _outcome(one), case_id, capital, "✓" if met else "✗"))
    table(
        ("Invoice", "What is special about it", "What became of it", "Case at Amili", "Capital", ""), rows, right=_RIGHT
    )
    click.echo("\nWhy:")
    for label, number in numbers.items():
        click.echo(f"  {number}  {_why(stage, results[label])}")
    cases = Counter(case.invoice_number for case in stage.amili.cases.values())
    twice = [number for number, count in cases.items() if count > 1]
    registrations = sum(stage.amili.traffic.snapshot()["registrations_received"].values())
    click.echo(
        f"\n{len(numbers)} invoices, {registrations} registrations received by Amili, {sum(cases.values())} cases, "
        f"in {took_s:.1f} s."
    )
    click.echo("No case twice." if not twice else f"TWICE: {', '.join(twice)}")
    if not_met:
        click.echo(f"NOT as stated: {', '.join(not_met)}", err=True)
    return not not_met and not twice


_RIGHT = ("Capital",)


def _standing(one: HandOver) -> tuple[Finding, ...]:
    """The findings that ask something of a person."""
    return tuple(found for found in worst_first(one.findings) if found.severity is not Severity.INFO)


def _outcome(one: HandOver | None) -> str:
    if one is None:
        return "not taken up"
    if one.state is HandOverState.DONE:
        return "a case with a finding" if _standing(one) else "a clean case"
    return one.state.value


def _why(stage: Stage, one: HandOver | None) -> str:
    if one is None:
        return "No worker took it up."
    if one.state is HandOverState.BLOCKED:
        return "Nothing was sent. " + " ".join(f"{found.code}: {say(found.says, 'en')}" for found in _standing(one))
    if _standing(one):
        return " ".join(say(found.says, "en") for found in _standing(one))
    events = {entry.event: entry.at for entry in timeline.of_hand_over(stage.deployment.databases.main, one.id)}
    if "adopted" in events:
        after_s = events["adopted"] - events["outcome_unknown"]
        return (
            f"Amili made the case, but its answer never came. Nothing was sent again: the case was looked for, and "
            f"found after {after_s:.1f} s."
        )
    if one.state is HandOverState.DONE:
        return f"Read, checked, registered; its PDF uploaded; {stage.ledger.place}."
    return one.waiting_for


@contextmanager
def _pages(stage: Stage) -> Iterator[None]:
    host, _, port = stage.deployment.settings.listen.rpartition(":")
    server = make_server(
        create_app(stage.deployment), host=host, port=port, threads=Threads(at_once=1, door=1, pages=4)
    )
    threading.Thread(target=server.run, name="web", daemon=True).start()
    try:
        yield
    finally:
        server.task_dispatcher.shutdown()
        server.close()


def _leave_open(stage: Stage) -> None:
    click.echo(f"\nThe pages are open at {stage.deployment.settings.public_url}")
    click.echo(f"Sign in as {_USER} with the password {stage.password}")
    click.echo("Ctrl-C ends the demo.")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        click.echo("\nThe demo has ended; nothing was kept.")
