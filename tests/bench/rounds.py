"""The rounds of a worker over open cases, in a process of its own: `rounds` or `compare`, on the settings around it.

Prints one line of JSON: times in seconds, calls, and the most memory that the process had, in MB (2**20 bytes).
"""

from __future__ import annotations

import json
import resource
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from sqlalchemy import update

from connector.flows.deployment import Deployment, open_deployment
from connector.flows.events import following
from connector.flows.follow_up import case_reading
from connector.flows.reconcile.reconcile import reconcile
from connector.settings import load_settings
from connector.store import tables
from connector.store.connections import DEFAULT_ACCESS
from tests.bench.deployed import CONNECTION

_ROUNDS = 5


@dataclass(frozen=True)
class Round:
    """What one round took, of it our own seconds of a core, and how many calls it made to Amili and to the ledger."""

    seconds: float
    cpu_s: float
    amili_calls: int
    ledger_calls: int


def by_change(deployment: Deployment) -> None:
    """What a worker does every few minutes: ask both sides what has changed."""
    _read_cases(deployment)
    following.poll(deployment, CONNECTION)


def daily(deployment: Deployment) -> None:
    """What a worker does once a day: read all open cases, and how every invoice stands."""
    with deployment.databases.main.begin() as connection:
        connection.execute(update(tables.case_readings).values(all_read_at=0.0))
    _read_cases(deployment)
    following.look(deployment, CONNECTION)


def compare(deployment: Deployment) -> None:
    """The nightly comparison. Raises `RuntimeError` where something differs: it would have more to do."""
    found = reconcile(deployment, deployment.connection(CONNECTION)).differences
    if found:
        raise RuntimeError(f"{len(found)} differences, the first {found[0]}")


def _read_cases(deployment: Deployment) -> None:
    case_reading.read(deployment, lambda _job: None, DEFAULT_ACCESS)


def _count_calls() -> Counter[str]:
    """How many requests this process sends from now on, by the address and port they go to."""
    sent: Counter[str] = Counter()
    send = HTTPAdapter.send

    def counted(self: HTTPAdapter, request: requests.PreparedRequest, *rest: Any, **options: Any) -> Any:
        sent[urlsplit(str(request.url)).netloc] += 1
        return send(self, request, *rest, **options)

    HTTPAdapter.send = counted  # type: ignore[method-assign]
    return sent


def _timed(deployment: Deployment, sent: Counter[str], work: Callable[[Deployment], None]) -> Round:
    urls = (deployment.settings.amili_sandbox_url, deployment.connection(CONNECTION).settings.host["url"])
    sent.clear()
    started_s, before_s = time.perf_counter(), time.process_time()
    work(deployment)
    used_s, seconds = time.process_time() - before_s, time.perf_counter() - started_s
    amili, ledger = (sent[urlsplit(str(url)).netloc] for url in urls)
    return Round(seconds, used_s, amili, ledger)


def main() -> None:
    """Make the rounds that the command line names."""
    deployment = open_deployment(load_settings(None))
    sent = _count_calls()
    by_change(deployment)
    if sys.argv[1] == "compare":
        done = {"compare": [_timed(deployment, sent, compare)]}
    else:
        changes = [_timed(deployment, sent, by_change) for _ in range(_ROUNDS)]
        done = {"by_change": changes, "daily": [_timed(deployment, sent, daily)]}
    medians = {
        name: [
            statistics.median(one.seconds for one in rounds),
            statistics.median(one.cpu_s for one in rounds),
            max(one.amili_calls for one in rounds),
            max(one.ledger_calls for one in rounds),
        ]
        for name, rounds in done.items()
    }
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"rounds": medians, "peak_mb": peak_mb}), flush=True)
    deployment.close()


if __name__ == "__main__":
    main()
