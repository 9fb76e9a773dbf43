"""How long people wait while five thousand overdue invoices of one company in Fortnox are looked at (minutes).

`python -m tests.bench.fortnox_pace` prints it. One process lists and reads in the background as fast as Fortnox's limit
lets it, a worker hands over, and this one clicks: in the same company and in another, first with nothing else to do.
With a connection and a number of seconds as arguments it is the process in the background.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

from connector.domain.dates import today
from connector.domain.hand_over import HandOverState, Origin, Request
from connector.flows.deployment import open_deployment
from connector.flows.hand_over import asking
from connector.flows.hand_over.preview import preview
from connector.hosts.pacing import in_background
from connector.settings import load_settings
from connector.store import hand_overs, inbox
from tests.bench.processes import ROOT
from tests.flows.ledgers import FortnoxLedger, answered, fortnox_state
from tests.flows.stage import CONNECTION, Stage, join, stage_with
from tests.flows.waiting import until
from tests.flows.zygote import zygote

OVERDUE, CUSTOMERS = 5_000, 250
OTHER = "another"
ROUNDS = 8
READING_S = 2.0
"""How long a person looks at an invoice before sending it."""
BETWEEN_S = 8.0
TIMES = {"CONNECT_TIMEOUT_S": "5", "READ_TIMEOUT_S": "30", "ATTEMPT_S": "120", "SETTLE_S": "120"}


def propose(connection_id: str, seconds: float) -> None:
    """List all overdue invoices in the background, then read one after the other; prints how many in what time."""
    deployment = open_deployment(load_settings(None))
    _, host = deployment.sides(deployment.connection(connection_id))
    started_s = time.monotonic()
    with in_background():
        listed = host.overdue(today=today(), page_size=10 * OVERDUE)
        listed_s = time.monotonic() - started_s
        read = 0
        while time.monotonic() - started_s < seconds:
            host.read(listed[read].id)
            read += 1
    took_s = time.monotonic() - started_s
    print(json.dumps({"listed": len(listed), "listed_s": listed_s, "read": read, "read_s": took_s - listed_s}))
    deployment.close()


def main() -> None:
    """Measure, and print a table."""
    state = fortnox_state()
    many, other = FortnoxLedger(state), FortnoxLedger(state)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        with stage_with(many, folder / "data", **TIMES) as on, zygote(folder / "log") as forking:
            join(on.deployment, other, on.ledger_url, OTHER)
            customers = [many.customer() for _ in range(CUSTOMERS)]
            for number in range(OVERDUE):
                many.invoice(customers[number % CUSTOMERS], Decimal(1000))
            forking.fork(on.env)
            until(lambda: asking.worker_runs(on.deployment), within_s=60, what="the worker")
            _report("nothing else to do", on, many, other)
            seconds = ROUNDS * (READING_S + BETWEEN_S) * 2 + 60
            command = [sys.executable, "-m", "tests.bench.fortnox_pace", CONNECTION, str(seconds)]
            before = state.rate.fullest
            with subprocess.Popen(command, cwd=ROOT, env=on.env, stdout=subprocess.PIPE, text=True) as proposing:
                time.sleep(BETWEEN_S)
                _report("five thousand looked at in the background", on, many, other)
                said = json.loads(proposing.communicate()[0])
            print(
                f"In the background {said['listed']} were listed in {said['listed_s']:.1f} s and {said['read']} read "
                f"in {said['read_s']:.0f} s; fullest window {before} before, {state.rate.fullest} in the end; "
                f"429 answers: {answered(state, 429)}."
            )


def _report(when: str, on: Stage, many: FortnoxLedger, other: FortnoxLedger) -> None:
    print(f"\n{when}: median and worst of {ROUNDS}, seconds")
    for whose, connection_id, side in (("the same company", CONNECTION, many), ("another company", OTHER, other)):
        looks, sends = [], []
        for _ in range(ROUNDS):
            invoice = side.invoice(side.customer(), Decimal(1000))
            looks.append(_seconds(lambda: preview(on.deployment, connection_id, invoice)))  # noqa: B023
            time.sleep(READING_S)
            sends.append(_seconds(lambda: _send(on, connection_id, invoice)))  # noqa: B023
            time.sleep(BETWEEN_S)
        print(f"  {whose}: look {_figures(looks)}; then send, to the case {_figures(sends)}", flush=True)


def _send(on: Stage, connection_id: str, invoice: str) -> None:
    """A click, until its case stands."""
    databases = on.deployment.databases
    asked = Request(connection=connection_id, invoice_id=invoice, origin=Origin.PAGE, asked_by="bench")
    inbox.put_request(databases.inbox, asked)
    give_up_s = time.monotonic() + 60
    while time.monotonic() < give_up_s:
        found = hand_overs.latest(databases.main, connection_id, invoice)
        if found is not None and (found.case_id or found.state is HandOverState.BLOCKED):
            return
        time.sleep(0.005)
    raise RuntimeError(f"no case within a minute: {found}")


def _seconds(work: Callable[[], object]) -> float:
    started_s = time.monotonic()
    work()
    return time.monotonic() - started_s


def _figures(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):.2f} / {max(seconds):.2f}"


if __name__ == "__main__":
    if len(sys.argv) > 1:
        propose(sys.argv[1], float(sys.argv[2]))
    else:
        main()
