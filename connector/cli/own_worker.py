"""A worker for a command that waits, where none runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from connector.flows.deployment import Deployment
from connector.flows.hand_over import asking
from connector.flows.worker import Worker


@contextmanager
def some_worker(deployment: Deployment) -> Iterator[Callable[[float], None]]:
    """The worker that runs already, or one of our own for as long as the command waits.

    Gives how to pause while waiting: what makes our own worker fail comes out there.
    """
    if asking.worker_runs(deployment):
        yield time.sleep
        return
    own = Worker(deployment)
    failures: list[Exception] = []

    def run() -> None:
        try:
            own.run()
        except Exception as error:  # noqa: BLE001 - raised again by the one who waits
            failures.append(error)

    def pause(seconds: float) -> None:
        if failures:
            raise failures[0]
        time.sleep(seconds)

    thread = threading.Thread(target=run, name="worker")
    thread.start()
    try:
        yield pause
    finally:
        own.stop()
        thread.join()
