from __future__ import annotations

from typing import Any

import pytest

from connector.amili import status
from connector.amili.actions import RegisteredAction
from connector.amili.status import Known, outcome, words_for
from connector.domain.action import ActionOutcome
from tests.said import en, sv

TABLES = (
    status.CASE_STATES,
    status.CASE_STATUSES,
    status.ACTION_STATUSES,
    status.FINANCE_CATEGORIES,
    status.FINANCE_ARTICLES,
)


@pytest.mark.parametrize("table", TABLES)
def test_what_is_not_documented_is_shown_as_itself(table: Known) -> None:
    for value in ("enforcement_v2", "Debt_Collection", "closed", "paid", ""):
        assert (sv(words_for(value, table)), en(words_for(value, table))) == (value, value)


def test_what_is_documented_is_said_in_both_languages() -> None:
    stage = words_for("debt_collection", status.CASE_STATES)
    assert (sv(stage), en(stage)) == ("Inkassokrav", "Collection demand")
    progress = words_for("debt_collection_active", status.CASE_STATUSES)
    assert (sv(progress), en(progress)) == ("Inkasso pågår", "In debt collection")


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ({"status": "completed"}, ActionOutcome.DONE),
        ({"status": "completed", "amount": 100, "settled_amount": 100}, ActionOutcome.DONE),
        ({"status": "completed", "amount": 100}, ActionOutcome.DONE),
        ({"status": "completed", "amount": 100, "settled_amount": 40}, ActionOutcome.DIFFERENT),
        ({"status": "completed", "amount": 100, "settled_amount": 0}, ActionOutcome.DIFFERENT),
        ({"status": "warning", "amount": 100, "settled_amount": 100}, ActionOutcome.DIFFERENT),
        ({"status": "error", "amount": 100, "settled_amount": 100}, ActionOutcome.FAILED),
        ({}, ActionOutcome.UNKNOWN),
        ({"_payment_status": "completed"}, ActionOutcome.UNKNOWN),
        ({"status": "Completed"}, ActionOutcome.UNKNOWN),
        ({"status": "pending"}, ActionOutcome.UNKNOWN),
    ],
)
def test_what_became_of_an_action(shown: dict[str, Any], expected: ActionOutcome) -> None:
    assert outcome(RegisteredAction.model_validate({"_id": "a", **shown})) is expected
