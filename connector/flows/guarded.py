"""The net under every step: whatever goes wrong, the work is kept, noted and tried again."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable

from connector.domain.errors import ConnectorError, NotSent
from connector.flows.outcome import STOP, Outcome, Then, pause_s

log = logging.getLogger(__name__)

_TRIES_AFTER_SURPRISE = 6


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
            return Outcome(Then.AGAIN_FIRST, pause_s(_TRIES_AFTER_SURPRISE, named_s=named_s))
        except Exception as error:  # noqa: BLE001  a bug must cost time, never a hand-over
            lines = "".join(traceback.format_tb(error.__traceback__))
            log.error("%s %s: unexpected %s; tried again later\n%s", name, subject, type(error).__name__, lines)
            return Outcome(Then.AGAIN_FIRST, pause_s(_TRIES_AFTER_SURPRISE))

    return run


def one_round(name: str, step: Callable[[str], Outcome]) -> Callable[[str], Outcome]:
    """`step` of work that comes round by itself: after an error, noted as `guarded` does, the next round tries anew.

    Repeated, the rounds of a ledger that stays down would pile up.
    """
    run_guarded = guarded(name, step)

    def run(subject: str) -> Outcome:
        outcome = run_guarded(subject)
        return STOP if outcome.then is Then.AGAIN_FIRST else outcome

    return run
