"""The machine that figures were taken on, and how busy others keep it."""

from __future__ import annotations

import os
import platform
import re
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path


@dataclass(frozen=True)
class Machine:
    """What a reader must know to compare figures. `databases` are names with versions."""

    cores: int
    processor: str
    memory_gb: float
    python: str
    databases: tuple[str, ...]
    day: date


def this_machine(databases: tuple[str, ...]) -> Machine:
    """The machine at hand, today."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return Machine(
        cores=os.cpu_count() or 1,
        processor=_processor(),
        memory_gb=memory / 2**30,
        python=platform.python_version(),
        databases=databases,
        day=date.today(),  # noqa: DTZ011  the reader's own calendar
    )


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.machine()
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return " ".join(found[1].split()) if found else platform.machine()


def busy_percent(for_s: float = 1.0) -> float:
    """How busy the whole machine is while the bench itself rests, in percent of all cores."""
    used_s, total_s = _ticks()
    time.sleep(for_s)
    used_later_s, total_later_s = _ticks()
    return 100 * (used_later_s - used_s) / (total_later_s - total_s)


def _ticks() -> tuple[float, float]:
    fields = [float(value) for value in Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:8]]
    idle, waiting = fields[3], fields[4]
    return sum(fields) - idle - waiting, sum(fields)
