"""What open cases cost while nothing happens to them, and what the nightly comparison of them takes."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connector.domain.hand_over import Origin, Request
from connector.flows.events.requests import take
from connector.flows.hand_over.register import register
from connector.flows.hand_over.upload import upload
from connector.flows.hand_over.write_back import write_back
from tests.bench.crowd import Crowd, crowd
from tests.bench.databases import Postgres
from tests.bench.deployed import CONNECTION, Deployed, deployed
from tests.bench.processes import running
from tests.bench.rounds import Round, by_change, daily
from tests.bench.throughput import POSTGRES, SQLITE
from tests.flows.many_cases import handed_over_alike

CASES = 10_000
_LONGEST_S = 900


@dataclass(frozen=True)
class Costs:
    """Of `CASES` open cases of one company. `peak_mb` is what the process of the comparison had at most."""

    by_change: Round
    daily: Round
    comparison: Round
    peak_mb: float

    @property
    def by_change_ms(self) -> float:
        """Milliseconds of our CPU a case."""
        return 1000 * self.by_change.cpu_s / CASES

    @property
    def daily_ms(self) -> float:
        """Milliseconds of our CPU a case."""
        return 1000 * self.daily.cpu_s / CASES


def measured(server: Postgres, say: Callable[[str], None]) -> dict[str, Costs]:
    """The costs on both databases; `say` is told of each."""
    found = {}
    for name, url in ((SQLITE, ""), (POSTGRES, server.new_database())):
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            found[name] = _costs(Path(folder), url)
        say(f"{CASES} open cases, {name}: {found[name]}")
    return found


def _costs(folder: Path, database_url: str) -> Costs:
    with ExitStack() as stack:
        made = stack.enter_context(crowd(folder, CASES))
        ours = stack.enter_context(deployed(folder, made.boxes, database_url=database_url))
        _hand_over_all(ours, made)
        by_change(ours.deployment)
        daily(ours.deployment)
        rounds, _ = _run(ours, "rounds")
        comparison, peak_mb = _run(ours, "compare")
        return Costs(rounds["by_change"], rounds["daily"], comparison["compare"], peak_mb)


def _hand_over_all(ours: Deployed, made: Crowd) -> None:
    """One invoice as people do it, and the others as if they had."""
    asked = Request(connection=CONNECTION, invoice_id=made.fresh.id, origin=Origin.COMMAND, asked_by="bench")
    hand_over = take(ours.deployment, asked, lambda _job: None)
    for step in (register, upload, write_back):
        step(ours.deployment, hand_over.id)
    handed_over_alike(ours.deployment.databases.main, hand_over.id, made.sent)


def _run(ours: Deployed, what: str) -> tuple[dict[str, Round], float]:
    arguments, log = ("-m", "tests.bench.rounds", what), ours.folder / "rounds.log"
    with running(arguments, env=ours.env, folder=ours.folder, log=log) as process:
        text, _ = process.communicate(timeout=_LONGEST_S)
    if process.returncode:
        raise RuntimeError(f"the rounds failed: {log.read_text(encoding='utf-8')[-2000:]}")
    answer: dict[str, Any] = json.loads(text)
    return {name: Round(*figures) for name, figures in answer["rounds"].items()}, answer["peak_mb"]
