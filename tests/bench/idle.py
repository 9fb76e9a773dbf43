"""What the connector costs while nothing is to be done, how fast it starts, and how fast one hand-over is then."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.bench.deployed import deployed
from tests.bench.processes import children, cpu_s, environment, resident_mb
from tests.bench.sandboxes import sandboxes

PER_CALL_S = 0.005
_IDLE_S = 10.0
_HAND_OVERS = 9
_STARTS = 5


@dataclass(frozen=True)
class Idle:
    """Memory in MB (2**20 bytes), CPU in percent of one core; one hand-over's times in ms, medians."""

    web_mb: float
    worker_mb: float
    web_cpu_percent: float
    worker_cpu_percent: float
    registered_ms: float
    done_ms: float


@dataclass(frozen=True)
class Starts:
    """Seconds of a whole process, medians: importing the pages, and the shortest command."""

    pages_s: float
    version_s: float


def idle() -> Idle:
    """`serve` on SQLite, first left alone for a while, then given one hand-over at a time."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name, ExitStack() as stack:
        folder = Path(name)
        boxes = stack.enter_context(sandboxes(folder, bills=1 + _HAND_OVERS))
        made = stack.enter_context(deployed(folder, boxes))
        web = stack.enter_context(made.process("serve")).pid
        (worker,) = children(web)
        time.sleep(_IDLE_S)
        before_s, started_s = (cpu_s(web), cpu_s(worker)), time.monotonic()
        memory_mb = resident_mb(web), resident_mb(worker)
        time.sleep(_IDLE_S)
        used_s, seconds = (cpu_s(web) - before_s[0], cpu_s(worker) - before_s[1]), time.monotonic() - started_s
        made.times_ms(boxes.bills[0])
        boxes.slow(PER_CALL_S)
        times_ms = [made.times_ms(bill) for bill in boxes.bills[1:]]
        return Idle(
            web_mb=memory_mb[0],
            worker_mb=memory_mb[1],
            web_cpu_percent=100 * used_s[0] / seconds,
            worker_cpu_percent=100 * used_s[1] / seconds,
            registered_ms=statistics.median(registered for registered, _ in times_ms),
            done_ms=statistics.median(done for _, done in times_ms),
        )


def starts() -> Starts:
    """How long the two take from nothing."""
    return Starts(
        pages_s=_seconds(sys.executable, "-c", "import connector.web.app"),
        version_s=_seconds(str(Path(sys.executable).with_name("amili-connector")), "--version"),
    )


def _seconds(*command: str) -> float:
    times = []
    for _ in range(_STARTS):
        started_s = time.monotonic()
        subprocess.run(command, env=environment(), check=True, stdout=subprocess.DEVNULL)
        times.append(time.monotonic() - started_s)
    return statistics.median(times)
