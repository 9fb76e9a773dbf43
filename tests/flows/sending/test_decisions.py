"""The two tables of what follows from an error, row by row."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from connector.domain.errors import (
    ConfigurationError,
    ConnectorError,
    FieldIssue,
    KeyRefused,
    NotAuthorised,
    NotFound,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    Refused,
    TooLarge,
    Unavailable,
    Unreadable,
    WithoutCase,
)
from connector.flows.sending.decisions import (
    REGISTERING,
    REPORTING,
    TRIES_BEFORE_ASKING,
    TRIES_BEFORE_GIVING_UP,
    UPLOADING,
    WRITING_BACK,
    Decision,
    Next,
    Patience,
    after_failing,
    after_sending,
)

LATER, COUNTED, LOOK, FOLLOW, ASK = (
    Decision(Next.LATER),
    Decision(Next.LATER, counts=True),
    Decision(Next.LOOK),
    Decision(Next.FOLLOW),
    Decision(Next.ASK),
)
AMILI = "Amili"
DUPLICATE = Refused("no", system=AMILI, status=HTTPStatus.CONFLICT)
ISSUE = Refused("no", system=AMILI, status=422, issues=(FieldIssue("zip_code", "must be five digits"),))


@pytest.mark.parametrize(
    ("error", "follows"),
    [
        (NotSent("no", system=AMILI), LATER),
        (RateLimited("slower", system=AMILI), LATER),
        (Unavailable("away", system=AMILI), LATER),
        (NotAuthorised("no right", system=AMILI, status=403), COUNTED),
        (KeyRefused("no key", system=AMILI, status=401), COUNTED),
        (ISSUE, ASK),
        (NotFound("gone", system=AMILI, status=404), ASK),
        (DUPLICATE, ASK),
        (OutcomeUnknown("timeout", system=AMILI), LOOK),
        (OutcomeUnknown("broken", system=AMILI, status=502), LOOK),
        (Unreadable("no JSON", system=AMILI, status=400), LOOK),
        (Unreadable("no JSON", system=AMILI, status=201), FOLLOW),
        (TooLarge("too much", system=AMILI, status=200), FOLLOW),
        (WithoutCase("no case", system=AMILI, status=201, registration_id="5f"), FOLLOW),
        (ConfigurationError("no setting"), None),
    ],
)
def test_after_sending(error: ConnectorError, follows: Decision | None) -> None:
    assert after_sending(error, refusals=0, may_be_ours=False) == follows


def test_what_is_there_already_may_be_ours_and_is_looked_for() -> None:
    assert after_sending(DUPLICATE, refusals=0, may_be_ours=True) == Decision(Next.LOOK, counts=True)
    assert after_sending(ISSUE, refusals=0, may_be_ours=True) == ASK


def test_a_right_that_stays_missing_is_for_a_person() -> None:
    error = NotAuthorised("no right", system=AMILI, status=403)
    assert after_sending(error, refusals=TRIES_BEFORE_ASKING - 2, may_be_ours=False) == COUNTED
    assert after_sending(error, refusals=TRIES_BEFORE_ASKING - 1, may_be_ours=False) == ASK


ERRORS = {
    "away": NotSent("no", system=AMILI),
    "unknown": OutcomeUnknown("timeout", system=AMILI),
    "right": NotAuthorised("no right", system=AMILI),
    "key": KeyRefused("no key", system=AMILI),
    "gone": NotFound("gone", system=AMILI),
    "no": ISSUE,
    "ours": ConfigurationError("no setting"),
}
TABLE = {
    "registering": (REGISTERING, {"right": COUNTED, "key": COUNTED, "gone": ASK, "no": ASK, "ours": LATER}),
    "reporting": (REPORTING, {"right": LATER, "key": LATER, "gone": LATER, "no": LATER, "ours": LATER}),
    "uploading": (UPLOADING, {"right": COUNTED, "key": LATER, "gone": COUNTED, "no": ASK, "ours": COUNTED}),
    "writing back": (WRITING_BACK, {"right": COUNTED, "key": LATER, "gone": ASK, "no": ASK, "ours": COUNTED}),
}


@pytest.mark.parametrize("work", TABLE)
@pytest.mark.parametrize("error", ERRORS)
def test_after_failing(work: str, error: str) -> None:
    patience, follows = TABLE[work]
    assert after_failing(ERRORS[error], patience, refusals=0) == ({"away": LATER, "unknown": LATER} | follows)[error]


@pytest.mark.parametrize(
    ("patience", "most"), [(REGISTERING, TRIES_BEFORE_ASKING), (UPLOADING, TRIES_BEFORE_GIVING_UP)]
)
def test_what_is_counted_asks_in_time(patience: Patience, most: int) -> None:
    error = ERRORS["right"]
    assert after_failing(error, patience, refusals=most - 2).next is Next.LATER
    assert after_failing(error, patience, refusals=most - 1).next is Next.ASK


def test_what_is_only_away_never_asks() -> None:
    for patience, _ in TABLE.values():
        assert after_failing(ERRORS["away"], patience, refusals=1_000) == LATER
        assert after_failing(ERRORS["unknown"], patience, refusals=1_000) == LATER
