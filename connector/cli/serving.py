"""`serve` and `worker`: the processes that run all the time."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from types import FrameType

import click

from connector.cli.deploying import opened
from connector.cli.output import errors_in_words
from connector.flows.worker import Worker

log = logging.getLogger(__name__)

_WEB_THREADS = 8
_LONGEST_RESTART_PAUSE_S = 30.0
_HEALTHY_AFTER_S = 60.0


@click.command()
def worker() -> None:
    """Work on what waits, until stopped. `serve` starts one; start more on PostgreSQL for more speed."""
    with errors_in_words(), opened(logs=True) as deployment:
        running = Worker(deployment)

        def stop(_signal: int, _frame: FrameType | None) -> None:
            running.stop()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        running.run()


@click.command()
def serve() -> None:
    """Serve webhooks and pages, with a worker beside as a second process that is watched and restarted."""
    # Imported here, because `worker` lives in this module too and needs neither.
    from waitress.server import create_server  # noqa: PLC0415

    from connector.web.app import create_app  # noqa: PLC0415

    with errors_in_words(), opened(logs=True) as deployment:
        host, _, port = deployment.settings.listen.rpartition(":")
        server = create_server(
            create_app(deployment), host=host, port=int(port), threads=_WEB_THREADS, ident="amili-connector"
        )
        watched = WatchedWorker()
        watched.start()

        def stop(_signal: int, _frame: FrameType | None) -> None:
            raise SystemExit(0)

        signal.signal(signal.SIGTERM, stop)
        click.echo(f"amili-connector serves {deployment.settings.public_url} (listening on {host}:{port})")
        try:
            server.run()
        finally:
            watched.stop()


class WatchedWorker:
    """A worker in a process of its own, started again with growing pauses whenever it ends by itself."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._watch, name="worker-watch", daemon=True)

    def start(self) -> None:
        """Start the worker and the watch over it."""
        self._thread.start()

    def stop(self) -> None:
        """End the worker and wait for it."""
        self._stopping.set()
        process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._thread.join(timeout=5)

    def _watch(self) -> None:
        pause_s = 0.5
        while not self._stopping.is_set():
            started_s = time.monotonic()
            self._process = subprocess.Popen([sys.executable, "-m", "connector.cli", "worker"], env=os.environ.copy())
            status = self._process.wait()
            if self._stopping.is_set():
                return
            lived_s = time.monotonic() - started_s
            pause_s = 0.5 if lived_s > _HEALTHY_AFTER_S else min(pause_s * 2, _LONGEST_RESTART_PAUSE_S)
            log.error("the worker ended with status %s; started again in %.1f s", status, pause_s)
            self._stopping.wait(pause_s)
