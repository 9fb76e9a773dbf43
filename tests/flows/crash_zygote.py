"""Forks worker processes that die, or freeze, at a chosen point. Run as a program by the crash tests.

A point is an HTTP call or the commit of something written, each counted twice: just before it and just after it.
Counting begins when the worker says that it is ready. One process imports everything once and forks a worker for
each line `{"env": {...}, "killed_at": n, "calls_only": whether, "freeze": where, "log": path}` on its standard input,
and answers with the worker's process id. A point may be named instead of counted. With `calls_only` no commit is one.
"""

from __future__ import annotations

import gc
import http.client
import json
import logging
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import requests
from sqlalchemy import Engine, event
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.pool import Pool

from connector.cli.deploying import set_up_logging
from connector.flows.deployment import open_deployment
from connector.flows.worker import Worker
from connector.settings import load_settings
from tests import late_imports  # noqa: F401
from tests.remote.around_calls import around_calls

_REGISTRATIONS = "/case--registrations"
FOR_GOOD = ExitStack()
"""What is put around calls for as long as this process lives."""


class Points:
    """Counts the points a worker passes, and kills it at the chosen one, by number or by name (0: never)."""

    def __init__(self, killed_at: int | str, *, calls_only: bool = False) -> None:
        self._killed_at = killed_at
        self.calls_only = calls_only
        self._passed = 0
        self._lock = threading.Lock()
        self._counting = False

    def begin(self) -> None:
        """Count from here on."""
        self._counting = True

    def passing(self, what: str) -> None:
        """Pass a point, or die at it."""
        if not self._counting:
            return
        with self._lock:
            self._passed += 1
            if self._killed_at not in (self._passed, what):
                return
        print(f"killed at point {self._passed}: {what}", file=sys.stderr, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)


class _Ready(logging.Handler):
    def __init__(self, points: Points) -> None:
        super().__init__()
        self._points = points

    def emit(self, record: logging.LogRecord) -> None:
        if "is ready" in record.getMessage():
            self._points.begin()


def install(points: Points) -> None:
    """Put the points around every HTTP call and every commit of this process."""

    def named(request: requests.PreparedRequest) -> str:
        # Without numbers: one of them may be a person's.
        return f"{request.method} {re.sub('(?<=/)[0-9][^/]+', '…', str(request.path_url).split('?')[0])}"

    FOR_GOOD.enter_context(
        around_calls(
            before=lambda request: points.passing(f"before {named(request)}"),
            after=lambda request: points.passing(f"after {named(request)}"),
        )
    )
    if points.calls_only:
        return
    commit: Any = DefaultDialect.do_commit
    written: dict[int, str] = {}

    @event.listens_for(Engine, "before_cursor_execute")
    def noted(connection: Any, _cursor: object, statement: str, *_: object) -> None:
        words = statement.split(maxsplit=3)
        if words[0] in ("INSERT", "UPDATE", "DELETE"):
            written[id(connection.connection.dbapi_connection)] = " ".join(words[:3])

    def counted_commit(self: Any, pooled: Any) -> None:
        what = written.pop(id(pooled.dbapi_connection), None)
        if what is None:
            commit(self, pooled)
            return
        points.passing(f"before the commit of {what}")
        commit(self, pooled)
        points.passing(f"after the commit of {what}")

    DefaultDialect.do_commit = counted_commit  # type: ignore[method-assign]


class Borrowed:
    """Counts the database connections that this process's threads have in use, and can let no more be taken.

    A process that is stopped in the middle of a transaction keeps its locks, and on SQLite that is the whole file:
    the others would then wait for it, and not do its work.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._in_use = 0
        self._closed = False
        event.listen(Pool, "checkout", self._taken)
        event.listen(Pool, "checkin", self._given_back)

    def _taken(self, *_: object) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._closed)
            self._in_use += 1

    def _given_back(self, *_: object) -> None:
        with self._changed:
            self._in_use -= 1
            self._changed.notify_all()

    @contextmanager
    def none(self) -> Iterator[None]:
        """Keep the block free of them; it begins when the last has been given back."""
        with self._changed:
            self._closed = True
            self._changed.wait_for(lambda: not self._in_use)
        yield
        with self._changed:
            self._closed = False
            self._changed.notify_all()


def freeze_at_registration(where: str) -> None:
    """Stop this process once, at its first registration, until somebody sends SIGCONT."""
    if not where:
        return
    borrowed = Borrowed()
    frozen = threading.Event()

    def freeze() -> None:
        if not frozen.is_set():
            frozen.set()
            with borrowed.none():
                # Sent to this very thread: sent to the process, it would let this thread run on for a moment.
                signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)

    if where == "before the call":

        def late_request(request: requests.PreparedRequest) -> None:
            if request.method == "POST" and str(request.url).endswith(_REGISTRATIONS):
                freeze()

        FOR_GOOD.enter_context(around_calls(before=late_request))
    if where == "between head and body":
        send_bytes = http.client.HTTPConnection.send

        def late_body(self: Any, data: Any) -> None:
            send_bytes(self, data)
            if isinstance(data, bytes) and data.startswith(f"POST {_REGISTRATIONS} ".encode()):
                freeze()

        http.client.HTTPConnection.send = late_body  # type: ignore[method-assign]


def worker(order: dict[str, Any]) -> None:
    """Be a worker process until told to stop, or struck."""
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ.update(order["env"])
    settings = load_settings(None)
    set_up_logging(settings)
    points = Points(order["killed_at"], calls_only=order["calls_only"])
    logging.getLogger("connector.flows.worker").addHandler(_Ready(points))
    install(points)
    freeze_at_registration(order["freeze"])
    running = Worker(open_deployment(settings))
    signal.signal(signal.SIGTERM, lambda *_: running.stop())
    running.run()


def main() -> None:
    """Fork a worker for each order."""
    # What is here now is shared with every worker, so none of them need look through it.
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            try:
                worker(json.loads(line))
            finally:
                os._exit(0)
        print(json.dumps({"pid": pid}), flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    main()
