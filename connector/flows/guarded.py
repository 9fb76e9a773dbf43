"""The net under every step: whatever goes wrong, the work is kept, noted and tried again."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Callable
from dataclasses import replace

from connector.domain.errors import ConnectorError, NotSent
from connector.flows.outcome import Outcome, Then, pause_s

log = logging.getLogger(__name__)

_TRIES_AFTER_SURPRISE = 6
_AGAIN_AFTER_S = 1_800.0


def guarded(name: str, step: Callable[[str], Outcome]) -> Callable[[str], Outcome]:
    """`step` with every error turned into a repetition.

    The log names the error and the lines of code it passed, never its text when it is not one of ours: the
    text of a foreign exception may hold what must not be logged.
    """

    def run(subject: str) -> Outcome:
        try:
            return step(subject)
        except ConnectorError as error:
            log.warning("%s %s: %s; tried again later", name, subject, error)
            named_s = error.retry_after_s if isinstance(error, NotSent) else None
            return Outcome(Then.AGAIN_FIRST, pause_s(_TRIES_AFTER_SURPRISE, named_s=named_s), failed=error)
        except Exception as error:  # noqa: BLE001  a bug must cost time, never a hand-over
            lines = "".join(traceback.format_tb(error.__traceback__))
            log.error("%s %s: unexpected %s; tried again later\n%s", name, subject, type(error).__name__, lines)
            surprise = ConnectorError(f"unexpected {type(error).__name__}")
            return Outcome(Then.AGAIN_FIRST, pause_s(_TRIES_AFTER_SURPRISE), failed=surprise)

    return run


def again_within(name: str, step: Callable[[str], Outcome]) -> Callable[[str], Outcome]:
    """`step` of work that comes round seldom, once a day say: after an error it is tried again within its round.

    `subject` ends with how many seconds a round takes, a dot, and the round's number: when another begins, the former
    ends.
    """
    run_guarded = guarded(name, step)

    def run(subject: str) -> Outcome:
        outcome = run_guarded(subject)
        if outcome.then is not Then.AGAIN_FIRST:
            return outcome
        round_s, _, number = subject.rpartition("/")[2].partition(".")
        # Rounds begin at another time for each company: within two of them this one has ended for sure.
        is_over = time.time() // int(round_s) > int(number)
        return replace(outcome, then=Then.STOP, after_s=0.0) if is_over else replace(outcome, after_s=_AGAIN_AFTER_S)

    return run


def one_round(name: str, step: Callable[[str], Outcome]) -> Callable[[str], Outcome]:
    """`step` of work that comes round by itself: after an error, noted as `guarded` does, the next round tries again.

    Repeated, the rounds of a ledger that stays down would pile up.
    """
    run_guarded = guarded(name, step)

    def run(subject: str) -> Outcome:
        outcome = run_guarded(subject)
        return replace(outcome, then=Then.STOP, after_s=0.0) if outcome.then is Then.AGAIN_FIRST else outcome

    return run
