"""Waiting for what a scenario brings about, without an end of its own."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(happened: Callable[[], bool], *, within_s: float) -> bool:
    """Wait for it; False if it has not happened within so long."""
    give_up_s = time.monotonic() + within_s
    while not happened():
        if time.monotonic() > give_up_s:
            return False
        time.sleep(0.1)
    return True
