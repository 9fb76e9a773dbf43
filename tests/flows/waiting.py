"""Waiting for something another process brings about, with an end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


def until(happened: Callable[[], bool], *, within_s: float, what: str) -> None:
    """Return as soon as `happened()` is true; fail, naming `what` was awaited, after `within_s` seconds."""
    pause = threading.Event()
    give_up = time.monotonic() + within_s
    while not happened():
        if time.monotonic() > give_up:
            raise AssertionError(f"not within {within_s:g} s: {what}")
        pause.wait(0.05)
