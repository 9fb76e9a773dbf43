"""`serve` and `worker`: the processes that run all the time."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType

import click

from connector.cli.deploying import opened, start_of_a_process
from connector.domain.errors import ConfigurationError

log = logging.getLogger(__name__)

_TURN_S = 0.001
"""How long a thread that computes goes on before another has its turn: a webhook needs some, while pages compute."""
_FIRST_RESTART_PAUSE_S = 0.5
_LONGEST_RESTART_PAUSE_S = 30.0
_HEALTHY_AFTER_S = 60.0
_STOPS_WITHIN_S = 30.0
_PARENT_LOOK_EVERY_S = 2.0


@click.command()
@click.option("--parent", type=int, hidden=True, help="Stop when this process is no longer the parent.")
def worker(parent: int | None) -> None:
    """Work on what waits, until stopped. `serve` starts one; start more on PostgreSQL for more speed."""
    # Imported here, because `serve` lives in this module too and would carry the engine's 20 MB for nothing.
    from connector.flows.worker import Worker  # noqa: PLC0415

    with opened(first=start_of_a_process) as deployment:
        running = Worker(deployment)
        _when_told_to_stop(running.stop)
        if parent is not None:
            threading.Thread(target=_stop_with, args=(parent, running.stop), daemon=True).start()
        running.run()


def _stop_with(parent: int, stop: Callable[[], None]) -> None:
    """Stop when `serve` has died without ending its worker, which the next `serve` would double."""
    while os.getppid() == parent:
        time.sleep(_PARENT_LOOK_EVERY_S)
    stop()


@click.command()
def serve() -> None:
    """Serve webhooks and pages, with a worker beside as a second process that is watched and restarted."""
    # Likewise: the worker needs neither.
    from connector.web.app import create_app  # noqa: PLC0415
    from connector.web.lanes import Threads  # noqa: PLC0415
    from connector.web.server import make_server  # noqa: PLC0415

    sys.setswitchinterval(_TURN_S)
    with opened(first=start_of_a_process) as deployment:
        listen = deployment.settings.listen
        host, _, port = listen.rpartition(":")
        app = create_app(deployment)
        try:
            proxy = deployment.settings.trusted_proxy
            server = make_server(app, host=host.strip("[]"), port=port, threads=Threads(), trusted_proxy=proxy)
        except (OSError, OverflowError, ValueError) as error:
            problem = getattr(error, "strerror", None) or "it is no address of this machine"
            raise ConfigurationError(f"The address in LISTEN ({listen}) cannot be listened on: {problem}.") from None
        watched = WatchedWorker()
        try:
            _when_told_to_stop(_leave)
            watched.start()
            click.echo(f"amili-connector serves {deployment.settings.public_url} (listening on {listen})")
            server.run()
        finally:
            watched.stop()


def _when_told_to_stop(stop: Callable[[], None]) -> None:
    """Call `stop` when the process is asked to end: by its keeper, at the keyboard, by a closing terminal."""

    def handle(_signal: int, _frame: FrameType | None) -> None:
        stop()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, handle)


def _leave() -> None:
    raise SystemExit(0)


class WatchedWorker:
    """A worker in a process of its own, started again with growing pauses whenever it ends by itself."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._watch, name="worker-watch", daemon=True)

    def start(self) -> None:
        """Start the worker and the watch over it."""
        self._thread.start()

    def stop(self) -> None:
        """End the worker and wait for it. Harmless if it was never started."""
        with self._lock:
            self._stopping.set()
            process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(timeout=_STOPS_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._thread.join()

    def _watch(self) -> None:
        pause_s = _FIRST_RESTART_PAUSE_S
        while process := self._started():
            started_s = time.monotonic()
            status = process.wait()
            if self._stopping.is_set():
                return
            lived_s = time.monotonic() - started_s
            pause_s = _FIRST_RESTART_PAUSE_S if lived_s > _HEALTHY_AFTER_S else pause_s
            log.error("the worker ended with status %s; started again in %.1f s", status, pause_s)
            self._stopping.wait(pause_s)
            pause_s = min(pause_s * 2, _LONGEST_RESTART_PAUSE_S)

    def _started(self) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._stopping.is_set():
                return None
            # In a process group of its own: Ctrl-C is for `serve`, which then ends the worker itself.
            self._process = subprocess.Popen(  # noqa: S603  our own command
                [sys.executable, "-m", "connector.cli", "worker", "--parent", str(os.getpid())],
                env=os.environ.copy(),
                process_group=0,
            )
            return self._process
