"""Webhook answers while the worker is busy: the connector's own web process, and a bare handler in its place."""

from __future__ import annotations

import json
import statistics
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from connector.web.lanes import Threads
from tests.bench.deployed import CONNECTION, Deployed, deployed
from tests.bench.processes import cpu_s, environment, first_line, running
from tests.bench.sandboxes import Sandboxes, sandboxes

CONNECTIONS = 32
_SECONDS = 12.0
_MOST_ANSWERS = 20_000
_PER_CALL_S = 0.005
_BUSY_BILLS = 500
"""More hand-overs than the worker can end while the webhooks come in."""
_HINTED_BILLS = 200


@dataclass(frozen=True)
class Answers:
    """Answers to webhooks. `worker_cases` is how many cases the worker registered meanwhile."""

    per_s: float
    p50_ms: float
    p99_ms: float
    worst_ms: float
    cpu_ms: float
    worker_cases: int


def ours() -> Answers:
    """The connector's web process as `serve` runs it, with its worker beside it."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name, ExitStack() as stack:
        folder = Path(name)
        boxes = stack.enter_context(sandboxes(folder, bills=_BUSY_BILLS + _HINTED_BILLS))
        made = stack.enter_context(deployed(folder, boxes))
        web = stack.enter_context(made.process("serve"))
        url = f"{made.url}/webhooks/odoo/{CONNECTION}/{made.webhook_token}?event=requested"
        return _measured(folder, boxes, made, web.pid, url)


def bare() -> Answers:
    """The bare handler, beside a worker of the connector's that is just as busy."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name, ExitStack() as stack:
        folder = Path(name)
        boxes = stack.enter_context(sandboxes(folder, bills=_BUSY_BILLS + _HINTED_BILLS))
        made = stack.enter_context(deployed(folder, boxes))
        stack.enter_context(made.process("worker"))
        arguments = ("-m", "tests.bench.bare_handler", str(folder / "bare.db"), str(Threads().at_once))
        handler = stack.enter_context(running(arguments, env=environment(), folder=folder, log=folder / "bare.log"))
        return _measured(folder, boxes, made, handler.pid, f"{first_line(handler)}/hook")


def _measured(folder: Path, boxes: Sandboxes, made: Deployed, web: int, url: str) -> Answers:
    boxes.slow(_PER_CALL_S)
    made.ask(boxes.bills[:_BUSY_BILLS])
    cases, used_s = boxes.cases(), cpu_s(web)
    order = {
        "url": url,
        "invoices": [bill.id for bill in boxes.bills[_BUSY_BILLS:]],
        "connections": CONNECTIONS,
        "seconds": _SECONDS,
        "most": _MOST_ANSWERS,
    }
    log = folder / "senders.log"
    with running(("-m", "tests.bench.senders"), env=environment(), folder=folder, log=log) as senders:
        answer, _ = senders.communicate(json.dumps(order) + "\n", timeout=10 * _SECONDS)
    if senders.returncode:
        raise RuntimeError(f"the senders failed: {log.read_text(encoding='utf-8')[-2000:]}")
    cases, used_s = boxes.cases() - cases, cpu_s(web) - used_s
    if cases >= _BUSY_BILLS:
        raise RuntimeError("the worker ran out of work while the webhooks came in")
    figures = json.loads(answer)
    return _answers(figures["seconds"], figures["times_ms"], used_s, cases)


def _answers(seconds: float, times_ms: Sequence[float], used_s: float, cases: int) -> Answers:
    count = len(times_ms)
    return Answers(
        per_s=count / seconds,
        p50_ms=statistics.median(times_ms),
        p99_ms=statistics.quantiles(times_ms, n=100, method="inclusive")[98],
        worst_ms=max(times_ms),
        cpu_ms=1000 * used_s / count,
        worker_cases=cases,
    )
