"""The net under every step: whatever goes wrong, the work is kept, noted and tried again."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from connector.domain.errors import ConnectorError, NotSent
from connector.flows.outcome import Outcome, Then, pause_s

log = logging.getLogger(__name__)

Payload = TypeVar("Payload")
_TRIES_AFTER_SURPRISE = 6


def guarded(name: str, step: Callable[[Payload], Outcome]) -> Callable[[Payload], Outcome]:
    """`step` with every error turned into a repetition.

    The log names the error and the lines of code it passed, never its text when it is not one of ours: the
    text of a foreign exception may hold what must not be logged.
    """

    def run(payload: Payload) -> Outcome:
        try:
            return step(payload)
        except ConnectorError as error:
            log.warning("%s %s: %s; tried again later", name, payload, error)
            named_s = error.retry_after_s if isinstance(error, NotSent) else None
            return Outcome(Then.AGAIN_FIRST, pause_s(_TRIES_AFTER_SURPRISE, named_s=named_s), failed=error)
        except Exception as error:  # noqa: BLE001  a bug must cost time, never a hand-over
            lines = "".join(traceback.format_tb(error.__traceback__))
            log.error("%s %s: unexpected %s; tried again later\n%s", name, payload, type(error).__name__, lines)
            surprise = ConnectorError(f"unexpected {type(error).__name__}")
            return Outcome(Then.AGAIN_FIRST, pause_s(_TRIES_AFTER_SURPRISE), failed=surprise)

    return run


def again_within(name: str, after_s: float, step: Callable[[Payload], Outcome]) -> Callable[[Payload], Outcome]:
    """`step` of work that comes round seldom, once a day say: after an error it is tried again `after_s` later."""
    run_guarded = guarded(name, step)

    def run(payload: Payload) -> Outcome:
        outcome = run_guarded(payload)
        return replace(outcome, after_s=after_s) if outcome.then is Then.AGAIN_FIRST else outcome

    return run


def one_round(name: str, step: Callable[[Payload], Outcome]) -> Callable[[Payload], Outcome]:
    """`step` of work that comes round by itself: after an error, told as by `guarded`, the next round tries again."""
    run_guarded = guarded(name, step)

    def run(payload: Payload) -> Outcome:
        outcome = run_guarded(payload)
        return replace(outcome, then=Then.STOP, after_s=0.0) if outcome.then is Then.AGAIN_FIRST else outcome

    return run
