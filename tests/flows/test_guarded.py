"""The net under every step: the work is kept, and no foreign text is logged."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest

from connector.domain.errors import ConfigurationError, ConnectorError, RateLimited, Unavailable
from connector.flows.guarded import guarded, one_round
from connector.flows.outcome import NEXT, STOP, Outcome, Then

CANARY = "19900101-1239"
Wrapped = Callable[[str, Callable[[str], Outcome]], Callable[[str], Outcome]]


def failing(error: Exception) -> Callable[[str], Outcome]:
    def step(_subject: str) -> Outcome:
        raise error

    return step


@pytest.mark.parametrize("net", [guarded, one_round])
@pytest.mark.parametrize("outcome", [NEXT, STOP, Outcome(Then.AGAIN, 3.0)])
def test_an_answer_passes_unchanged(net: Wrapped, outcome: Outcome) -> None:
    seen: list[str] = []

    def step(subject: str) -> Outcome:
        seen.append(subject)
        return outcome

    assert net("step", step)("a-hand-over") == outcome
    assert seen == ["a-hand-over"]


@pytest.mark.parametrize(
    "error",
    [
        ValueError(CANARY),
        KeyError(CANARY),
        ZeroDivisionError(),
        RecursionError(CANARY),
        UnicodeDecodeError("x", b"", 0, 1, CANARY),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_foreign_error_keeps_the_work_and_tells_only_its_kind_and_place(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    outcome = guarded("register", failing(error))("a-hand-over")
    assert outcome.then is Then.AGAIN_FIRST
    assert outcome.after_s > 1
    assert CANARY not in caplog.text
    assert type(error).__name__ in caplog.text
    assert "a-hand-over" in caplog.text
    assert "in step" in caplog.text, "the lines of code it passed"


def test_a_foreign_error_behind_one_of_ours_is_not_told_either(caplog: pytest.LogCaptureFixture) -> None:
    def step(_subject: str) -> Outcome:
        try:
            int(CANARY)
        except ValueError as error:
            raise ConfigurationError("A setting is missing.") from error
        return NEXT

    assert guarded("register", step)("a-hand-over").then is Then.AGAIN_FIRST
    assert CANARY not in caplog.text
    assert "A setting is missing." in caplog.text


def test_our_own_error_is_told_in_its_words(caplog: pytest.LogCaptureFixture) -> None:
    error = Unavailable("could not be reached.", system="Odoo", operation="account.move/read")
    assert guarded("poll", failing(error))("testbolaget").then is Then.AGAIN_FIRST
    assert "Odoo: could not be reached." in caplog.text
    assert caplog.records[0].levelno == logging.WARNING


def test_a_named_pause_is_kept() -> None:
    outcome = guarded("poll", failing(RateLimited("slow down.", system="Odoo", retry_after_s=42)))("x")
    assert 42 <= outcome.after_s <= 43


@pytest.mark.parametrize("error", [ValueError(), ConnectorError("x")])
def test_a_round_that_fails_is_left_to_the_next(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    assert one_round("poll", failing(error))("testbolaget/1") == STOP
    assert "testbolaget/1" in caplog.text


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit])
def test_the_end_of_the_process_is_not_held_up(end: type[BaseException]) -> None:
    def step(_subject: str) -> Outcome:
        raise end

    with pytest.raises(end):
        guarded("register", step)("x")
