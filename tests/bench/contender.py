"""What both rivals of the connector share: an order on standard input, a race, and its figures on standard output."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

AMILI, LEDGER = "amili", "ledger"
"""The sides that a call can go to."""

ID, NUMBER, CASE, WIZARD, KEY = "@@id@@", "@@number@@", "@@case@@", "@@wizard@@", "@@key@@"
"""Marks in the pattern of calls: the invoice's id and number, the new case's id, the PDF wizard's id, Amili's key."""

Order = dict[str, Any]


def cpu_s() -> float:
    """Seconds of a core, user and system, that this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def race(run: Callable[[Order], None]) -> None:
    """Read an order, run it, and print how long it took and what it cost."""
    order = json.loads(sys.stdin.readline())
    started_s, started_cpu_s = time.monotonic(), cpu_s()
    run(order)
    print(json.dumps({"seconds": time.monotonic() - started_s, "cpu_s": cpu_s() - started_cpu_s}), flush=True)
