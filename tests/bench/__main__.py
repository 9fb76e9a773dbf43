"""Measure everything, print it, and on request write it into OPERATING.md or compare it with the targets."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.bench import idle, odoo_click, open_cases, report, throughput, webhooks
from tests.bench.databases import Postgres, postgres
from tests.bench.deployed import deployed
from tests.bench.machine import busy_percent, this_machine
from tests.bench.processes import ROOT
from tests.bench.sandboxes import sandboxes

QUICK_CALLS = throughput.Load(per_call_s=0.005, cases=160, guide_cases=80, rounds=3)
SLOW_CALLS = throughput.Load(per_call_s=0.1, cases=80, guide_cases=24, rounds=3)


def main() -> None:
    """Run the benchmarks. Exits with 1 if `--check` is given and a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the figures into connector/OPERATING.md")
    parser.add_argument("--check", action="store_true", help="fail if a target is missed")
    arguments = parser.parse_args()
    results = _measured()
    text = report.as_markdown(results)
    print(f"\n{text}")
    if arguments.write:
        report.write(ROOT / "connector" / "OPERATING.md", text)
    missed = report.misses(results)
    for sentence in missed:
        print(f"Missed: {sentence}.", file=sys.stderr)
    sys.exit(1 if missed and arguments.check else 0)


def _measured() -> report.Results:
    busy = [busy_percent()]

    def say(what: str) -> None:
        print(what, flush=True)
        busy.append(busy_percent())

    with tempfile.TemporaryDirectory(prefix="bench-") as name, postgres(Path(name)) as server:
        machine = this_machine(_databases(server))
        calls = throughput.pattern()
        quick = throughput.measured(QUICK_CALLS, calls, server, say)
        slow = throughput.measured(SLOW_CALLS, calls, server, say)
        costs = open_cases.measured(server, say)
    ours = webhooks.ours()
    say(f"webhooks, the connector: {ours}")
    bare = webhooks.bare()
    say(f"webhooks, a bare handler: {bare}")
    idling = idle.idle()
    say(f"idle: {idling}")
    starting = idle.starts()
    say(f"starts: {starting}")
    click_s = odoo_click.measured()
    say(f"a click on two hundred invoices in Odoo, s: {'no real Odoo' if click_s is None else f'{click_s:.2f}'}")
    return report.Results(
        machine=machine,
        busy_percent=max(busy),
        quick_calls=quick,
        slow_calls=slow,
        ours=ours,
        bare=bare,
        idle=idling,
        starts=starting,
        open_cases=costs,
        click_s=click_s,
    )


def _databases(server: Postgres) -> tuple[str, ...]:
    """The names and versions of both databases, as the connector meets them."""
    names = []
    for url in ("", server.new_database()):
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            folder = Path(name)
            with sandboxes(folder, bills=0) as boxes, deployed(folder, boxes, database_url=url) as made:
                names.append(made.storage())
    return tuple(names)


if __name__ == "__main__":
    main()
