"""Runs an earlier release in one process, as its own environment's program: imports nothing of today's.

One order a line on its standard input, and one answer on its standard output with the exit status and what was
printed. `{"command": [...]}` runs a command; with `"approves": true` the address that it prints is visited, and the
one where the visitor ends up is typed in. `{"worker": "start"}` and `{"worker": "stop"}` let a worker run beside all
that follows. `{"requests": [[connection, invoice], ...], "hints": [...]}` puts both into the inbox.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import requests

import connector
from connector.cli import main
from connector.cli.deploying import opened
from connector.domain.hand_over import Origin, Request
from connector.flows.worker import Worker
from connector.store import inbox


class Approver(io.TextIOBase):
    """Types in where a browser is sent that opens the address printed last."""

    def __init__(self, printed: io.StringIO) -> None:
        self._printed = printed

    def readline(self, _size: int | None = -1, /) -> str:  # type: ignore[override]
        """The address that the consent's page sends its visitor to."""
        address = re.findall(r"https?://\S+", self._printed.getvalue())[-1]
        return requests.get(address, allow_redirects=False, timeout=10).headers["Location"] + "\n"


def run(command: list[str], *, approves: bool) -> dict[str, Any]:
    """The exit status of a command, and what it printed."""
    printed = io.StringIO()
    status: Any = 0
    own = sys.stdin
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(sys.stderr):
        try:
            if approves:
                sys.stdin = Approver(printed)
            main(command, standalone_mode=False)
        except SystemExit as ended:
            status = ended.code
        except Exception:  # noqa: BLE001  told to the test, which fails with it
            status = traceback.format_exc()
        finally:
            sys.stdin = own
    return {"status": status, "printed": printed.getvalue()}


@contextlib.contextmanager
def working() -> Iterator[None]:
    """A worker runs beside the block."""
    with opened() as deployment:
        worker = Worker(deployment)
        thread = threading.Thread(target=worker.run, name="worker")
        thread.start()
        try:
            yield
        finally:
            worker.stop()
            thread.join()


def store(asked: list[list[str]], hinted: list[list[str]]) -> dict[str, Any]:
    """Put requests of a person and hints of a ledger into the inbox."""
    with opened() as deployment:
        for connection, invoice in asked:
            request = Request(connection=connection, invoice_id=invoice, origin=Origin.COMMAND, asked_by="eva")
            inbox.put_request(deployment.databases.inbox, request)
        for connection, invoice in hinted:
            inbox.put_hint(deployment.databases.inbox, connection, invoice)
    return {"status": 0, "printed": ""}


def answer(order: dict[str, Any], begin: Callable[[], None], end: Callable[[], None]) -> dict[str, Any]:
    """Do what an order says. `begin` and `end` start and stop the worker."""
    if "command" in order:
        return run(order["command"], approves=bool(order.get("approves")))
    if "worker" in order:
        {"start": begin, "stop": end}[order["worker"]]()
        return {"status": 0, "printed": ""}
    return store(order.get("requests", []), order.get("hints", []))


def _answer_orders() -> None:
    where = Path(connector.__file__)
    assert where.is_relative_to(sys.prefix), where
    orders, answers = sys.stdin, sys.stdout
    with contextlib.ExitStack() as workers:
        for line in orders:
            done = answer(json.loads(line), lambda: workers.enter_context(working()), workers.close)
            print(json.dumps({**done, "version": connector.__version__}), file=answers, flush=True)


if __name__ == "__main__":
    _answer_orders()
