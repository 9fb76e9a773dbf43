"""The figures as text: for the terminal, and for connector/OPERATING.md between its two marks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tests.bench.deployed import CONCURRENCY
from tests.bench.idle import PER_CALL_S, Idle, Starts
from tests.bench.machine import Machine
from tests.bench.odoo_click import INVOICES
from tests.bench.open_cases import CASES, Costs
from tests.bench.rounds import Round
from tests.bench.throughput import GUIDE, POOL, POSTGRES, SQLITE, Figures
from tests.bench.webhooks import CONNECTIONS, Answers

LEAST_SHARE_OF_POOL = 0.8
"""Of the bare pool's cases per second, at 100 ms a call."""
LONGEST_WEBHOOK_MS = 500.0
MOST_AMILI_CALLS, MOST_LEDGER_CALLS = 110, 30
"""Of the comparison of all the open cases."""
MOST_BY_CHANGE_MS, MOST_DAILY_MS = 0.02, 1.0
"""Our own CPU for a case to which nothing happens."""
MOST_PEAK_MB = 350.0
"""Of the process that compares; web and worker together have 512."""

LONGEST_CLICK_S = 2.0

_BETWEEN_MARKS = re.compile(r"(<!-- bench:start -->\n).*?(<!-- bench:end -->)", re.DOTALL)


@dataclass(frozen=True)
class Results:
    """Everything that one run measured. `busy_percent` is what others used of the machine, at the worst."""

    machine: Machine
    busy_percent: float
    quick_calls: dict[str, Figures]
    slow_calls: dict[str, Figures]
    ours: Answers
    bare: Answers
    idle: Idle
    starts: Starts
    open_cases: dict[str, Costs]
    click_s: float | None = None
    """Of a person who sends two hundred invoices at once in a real Odoo; `None` where there was none."""

    def share_of_pool(self, contender: str) -> float:
        """Cases per second as a share of the bare pool's, at 100 ms a call."""
        return self.slow_calls[contender].cases_per_s / self.slow_calls[POOL].cases_per_s


def misses(results: Results) -> tuple[str, ...]:
    """The targets that were not met, in words."""
    found = [
        f"{name}: {results.share_of_pool(name):.2f} of the bare pool at 100 ms a call, less than {LEAST_SHARE_OF_POOL}"
        for name in (SQLITE, POSTGRES)
        if results.share_of_pool(name) < LEAST_SHARE_OF_POOL
    ]
    if results.ours.worst_ms >= LONGEST_WEBHOOK_MS:
        found.append(
            f"the worst webhook answer took {results.ours.worst_ms:.0f} ms, not under {LONGEST_WEBHOOK_MS:.0f}"
        )
    for name, costs in results.open_cases.items():
        found += _dear(name, costs)
    if results.click_s is not None and results.click_s >= LONGEST_CLICK_S:
        found.append(f"two hundred invoices sent at once took {results.click_s:.1f} s, not under {LONGEST_CLICK_S:.0f}")
    return tuple(found)


def _dear(name: str, costs: Costs) -> list[str]:
    limits = (
        ("calls to Amili of the comparison", costs.comparison.amili_calls, MOST_AMILI_CALLS),
        ("calls to the ledger of the comparison", costs.comparison.ledger_calls, MOST_LEDGER_CALLS),
        ("CPU ms a case by change", costs.by_change_ms, MOST_BY_CHANGE_MS),
        ("CPU ms a case in the daily round", costs.daily_ms, MOST_DAILY_MS),
        ("MB of memory in the comparison", costs.peak_mb, MOST_PEAK_MB),
    )
    return [
        f"{CASES} open cases, {name}: {cost:.3g} {what}, more than {most:g}"
        for what, cost, most in limits
        if cost > most
    ]


def as_markdown(results: Results) -> str:
    """What stands between the marks."""
    parts = (_intro(results), _hand_overs(results), _webhooks(results), _open_cases(results), _idle(results))
    return "\n\n".join((*parts, *_click(results))) + "\n"


def write(document: Path, text: str) -> None:
    """Put `text` between the document's marks. Raises `ValueError` if they are not there."""
    before = document.read_text(encoding="utf-8")
    after, count = _BETWEEN_MARKS.subn(lambda found: found[1] + text + found[2], before)
    if count != 1:
        raise ValueError(f"{document} does not have the two marks of the bench once")
    document.write_text(after, encoding="utf-8")


def _intro(results: Results) -> str:
    machine = results.machine
    databases = ", ".join(machine.databases)
    return (
        f"Measured by `make bench` on {machine.day.isoformat()}: {machine.cores} cores of {machine.processor}, "
        f"{machine.memory_gb:.0f} GB,\n"
        f"Python {machine.python}, {databases}. Other programs kept up to {results.busy_percent:.0f} % of the machine "
        "busy.\nThe imitations of Odoo and Amili run in processes of their own on the same cores, for all alike."
    )


def _hand_overs(results: Results) -> str:
    calls = results.slow_calls[SQLITE].calls
    rows = [
        _row("the connector on SQLite", SQLITE, results),
        _row("the connector on PostgreSQL", POSTGRES, results),
        _row(f"a bare pool of {CONCURRENCY} threads: the same calls, nothing stored", POOL, results),
        _row("the vendor guide's script in a loop: register and upload only", GUIDE, results),
    ]
    head = (
        "| hand-overs, one worker, 8 at once | calls a case | 5 ms a call: cases/s | CPU ms a case "
        "| 100 ms a call: cases/s | CPU ms a case |\n|---|---|---|---|---|---|"
    )
    return (
        "\n".join((head, *rows))
        + f"\n\nA hand-over made {calls:.0f} calls when this was measured. At 100 ms a call the connector reaches\n"
        f"**{results.share_of_pool(SQLITE):.2f}** (SQLite) and **{results.share_of_pool(POSTGRES):.2f}** (PostgreSQL) "
        f"of the bare pool; the target is {LEAST_SHARE_OF_POOL}."
    )


def _row(words: str, contender: str, results: Results) -> str:
    quick, slow = results.quick_calls[contender], results.slow_calls[contender]
    cells = (f"{slow.calls:.0f}", *_cells(quick), *_cells(slow))
    return f"| {words} | {' | '.join(cells)} |"


def _cells(figures: Figures) -> tuple[str, str]:
    spread = f"({figures.slowest:.1f} to {figures.fastest:.1f})"
    return f"{figures.cases_per_s:.1f} {spread}", f"{figures.cpu_ms_per_case:.0f}"


def _webhooks(results: Results) -> str:
    head = (
        f"| webhooks, {CONNECTIONS} connections, worker busy | answers/s | p50 ms | p99 ms | worst ms "
        "| CPU ms an answer |\n|---|---|---|---|---|---|"
    )
    rows = [
        f"| {words} | {one.per_s:.0f} | {one.p50_ms:.0f} | {one.p99_ms:.0f} | {one.worst_ms:.0f} | {one.cpu_ms:.2f} |"
        for words, one in (("the connector", results.ours), ("a bare Flask handler that stores a row", results.bare))
    ]
    return "\n".join((head, *rows))


def _click(results: Results) -> tuple[str, ...]:
    if results.click_s is None:
        return ()
    return (f"A person who sends {INVOICES} invoices at once in a real Odoo 19 waits {results.click_s:.2f} s.",)


def _open_cases(results: Results) -> str:
    head = (
        f"| {CASES} open cases, nothing happened | by change: CPU ms a case (calls for all) "
        "| daily: CPU ms a case (calls) | the nightly comparison: s, CPU s (calls) | its memory at most, MB |\n"
        "|---|---|---|---|---|"
    )
    rows = [
        _costs("on SQLite", results.open_cases[SQLITE]),
        _costs("on PostgreSQL", results.open_cases[POSTGRES]),
    ]
    return (
        "\n".join((head, *rows)) + "\n\nCalls are to Amili and to Odoo. The daily round reads every open case and how "
        "every invoice stands; the comparison does it afresh.\n"
        f"It may take {MOST_AMILI_CALLS} calls to Amili and {MOST_LEDGER_CALLS} to Odoo."
    )


def _costs(words: str, costs: Costs) -> str:
    cells = (
        f"{costs.by_change_ms:.3f} ({_calls(costs.by_change)})",
        f"{costs.daily_ms:.2f} ({_calls(costs.daily)})",
        f"{costs.comparison.seconds:.0f}, {costs.comparison.cpu_s:.0f} ({_calls(costs.comparison)})",
        f"{costs.peak_mb:.0f}",
    )
    return f"| {words} | {' | '.join(cells)} |"


def _calls(made: Round) -> str:
    return f"{made.amili_calls} + {made.ledger_calls}"


def _idle(results: Results) -> str:
    idle, starts = results.idle, results.starts
    return (
        f"Idle, `serve` takes {idle.web_mb:.0f} MB for the web process and {idle.worker_mb:.0f} MB for the worker, and "
        f"{idle.web_cpu_percent:.1f} % and {idle.worker_cpu_percent:.1f} % of a core.\n"
        f"One hand-over on an idle system, {1000 * PER_CALL_S:.0f} ms a call: its case is registered "
        f"{idle.registered_ms:.0f} ms after it was asked for, and all is done after {idle.done_ms:.0f} ms.\n"
        f"Importing the pages takes {starts.pages_s:.2f} s, `amili-connector --version` {starts.version_s:.2f} s."
    )
