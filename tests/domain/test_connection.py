"""The settings of a connection that are held against each other."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from connector.domain.connection import ConnectionSettings, FirstAction, first_problem


def test_a_first_action_is_one_of_the_two_or_agreed_with_amili() -> None:
    settings = ConnectionSettings(first_action="surveillance", other_first_actions=("surveillance", "reminder"))
    assert settings.first_actions == (FirstAction.REMINDER, FirstAction.DEBT_COLLECTION, "surveillance")
    assert ConnectionSettings.model_validate_json(settings.model_dump_json()) == settings
    assert ConnectionSettings.model_validate({"first_action": "reminder"}).first_action is FirstAction.REMINDER


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"first_action": "surveillance"}, "first_action"),
        ({"first_action": "surveillance", "other_first_actions": ["enforcement"]}, "first_action"),
        ({"other_first_actions": ["two words"]}, "other_first_actions.0"),
        ({"other_first_actions": [""]}, "other_first_actions.0"),
    ],
)
def test_another_is_refused_by_name(changes: dict[str, object], field: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ConnectionSettings.model_validate(changes)
    assert first_problem(caught.value)[0] == field
