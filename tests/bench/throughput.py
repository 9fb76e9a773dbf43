"""Cases per second and CPU per case: the connector on both databases, the guide's script, the bare pool."""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.bench.calls import LISTENING_BILLS, Call, as_json, calls_of_one_hand_over
from tests.bench.databases import Postgres
from tests.bench.deployed import CONCURRENCY, deployed
from tests.bench.processes import cpu_s, environment, running
from tests.bench.sandboxes import Bill, Sandboxes, sandboxes

GUIDE, POOL, SQLITE, POSTGRES = "guide", "pool", "sqlite", "postgres"
WARM_UP = 2 * CONCURRENCY


@dataclass(frozen=True)
class Load:
    """How long each call takes at the other side, and how many cases make a steady figure."""

    per_call_s: float
    cases: int
    guide_cases: int
    rounds: int


@dataclass(frozen=True)
class Race:
    """One contender's run. `calls` is per case."""

    cases: int
    seconds: float
    cpu_s: float
    calls: float

    @property
    def cases_per_s(self) -> float:
        return self.cases / self.seconds

    @property
    def cpu_ms_per_case(self) -> float:
        return 1000 * self.cpu_s / self.cases


@dataclass(frozen=True)
class Figures:
    """A contender's medians over all rounds, and its worst and best round's cases per second."""

    cases_per_s: float
    slowest: float
    fastest: float
    cpu_ms_per_case: float
    calls: float


def pattern() -> tuple[Call, ...]:
    """The calls that one hand-over makes at present."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        with sandboxes(folder, bills=LISTENING_BILLS) as boxes:
            return calls_of_one_hand_over(folder, boxes)


def measured(load: Load, calls: Sequence[Call], postgres: Postgres, say: Callable[[str], None]) -> dict[str, Figures]:
    """Every contender's figures under `load`, in rounds that take turns, so that a busy minute strikes all alike.

    `say` is told of every run as it ends.
    """
    contenders: dict[str, Callable[[], Race]] = {
        GUIDE: lambda: _rival("guide_script", load, load.guide_cases, ()),
        POOL: lambda: _rival("bare_pool", load, load.cases, calls),
        SQLITE: lambda: _ours(load, ""),
        POSTGRES: lambda: _ours(load, postgres.new_database()),
    }
    races: dict[str, list[Race]] = {name: [] for name in contenders}
    for number in range(load.rounds):
        for name, run in contenders.items():
            race = run()
            races[name].append(race)
            say(
                f"{1000 * load.per_call_s:.0f} ms a call, round {number + 1}, {name}: {race.cases_per_s:.2f} cases/s, "
                f"{race.cpu_ms_per_case:.1f} ms CPU and {race.calls:.1f} calls a case"
            )
    return {name: _figures(rounds) for name, rounds in races.items()}


def _figures(races: list[Race]) -> Figures:
    speeds = [race.cases_per_s for race in races]
    return Figures(
        cases_per_s=statistics.median(speeds),
        slowest=min(speeds),
        fastest=max(speeds),
        cpu_ms_per_case=statistics.median(race.cpu_ms_per_case for race in races),
        calls=statistics.median(race.calls for race in races),
    )


def _ours(load: Load, database_url: str) -> Race:
    with tempfile.TemporaryDirectory(prefix="bench-") as name, ExitStack() as stack:
        folder = Path(name)
        boxes = stack.enter_context(sandboxes(folder, bills=WARM_UP + load.cases))
        ours = stack.enter_context(deployed(folder, boxes, database_url=database_url))
        worker = stack.enter_context(ours.process("worker"))
        ours.ask(boxes.bills[:WARM_UP])
        ours.until_done(WARM_UP)
        boxes.slow(load.per_call_s)
        calls_before, cpu_before_s, started_s = boxes.calls(), cpu_s(worker.pid), time.monotonic()
        ours.ask(boxes.bills[WARM_UP:])
        ours.until_done(WARM_UP + load.cases)
        seconds = time.monotonic() - started_s
        return _race(boxes, load.cases, seconds, cpu_s(worker.pid) - cpu_before_s, boxes.calls() - calls_before)


def _rival(module: str, load: Load, cases: int, calls: Sequence[Call]) -> Race:
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        with sandboxes(folder, bills=WARM_UP + cases) as boxes:
            _run_rival(module, folder, boxes, boxes.bills[:WARM_UP], calls)
            boxes.slow(load.per_call_s)
            calls_before = boxes.calls()
            figures = _run_rival(module, folder, boxes, boxes.bills[WARM_UP:], calls)
            return _race(boxes, cases, figures["seconds"], figures["cpu_s"], boxes.calls() - calls_before)


def _race(boxes: Sandboxes, cases: int, seconds: float, used_s: float, calls: int) -> Race:
    if boxes.cases() != WARM_UP + cases:
        raise RuntimeError(f"{boxes.cases()} registrations instead of {WARM_UP + cases}")
    return Race(cases, seconds, used_s, calls / cases)


def _run_rival(
    module: str, folder: Path, boxes: Sandboxes, bills: Sequence[Bill], calls: Sequence[Call]
) -> dict[str, float]:
    order: dict[str, Any] = {
        "amili_url": boxes.amili_url,
        "ledger_url": boxes.ledger_url,
        "token": boxes.access_token(),
        "bills": [asdict(bill) for bill in bills],
        "calls": as_json(calls),
        "threads": CONCURRENCY,
    }
    log = folder / f"{module}.log"
    with running(("-m", f"tests.bench.{module}"), env=environment(), folder=folder, log=log) as process:
        answer, _ = process.communicate(json.dumps(order) + "\n", timeout=600)
    if process.returncode:
        raise RuntimeError(f"{module} failed: {log.read_text(encoding='utf-8')[-2000:]}")
    figures: dict[str, float] = json.loads(answer)
    return figures
