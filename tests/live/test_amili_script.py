"""The trial of Amili's sandbox, against the imitation over HTTP: it says what is so there, whichever way that is.

No real Amili is reached. The imitation's clock is the trial's, which nobody waits for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from connector.amili.auth import Credentials
from connector.amili.keys import make_key_pair
from connector.domain.errors import ConfigurationError
from connector.sandbox.amili.app import create_amili
from connector.sandbox.amili.state import GUIDE_CREDITOR, AmiliState, guide_state
from connector.sandbox.shared.serve import running
from connector.sandbox.shared.switches import (
    AccountOfActions,
    AmiliSwitches,
    BodyKind,
    CasesMade,
    ClosedAs,
    Duplicates,
    FilterOperators,
    TokenForm,
    Unfit,
    UnknownFields,
)
from tests.live import amili_points as points
from tests.live.amili import address_of, credentials_of, main, trial
from tests.live.amili_points import POINTS
from tests.live.amili_wire import AmiliWire
from tests.live.fortnox_points import Point, Seen, Verdict

KEYS = make_key_pair()
API_CODE = "trial-api-code"
OTHER_ACTION = "surveillance"


@dataclass
class Clock:
    """A clock that waiting moves."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Person:
    """Says the same to every question."""

    answer: str = "y"
    said: list[str] = field(default_factory=list)

    def say(self, text: str) -> None:
        self.said.append(text)

    def ask(self, _question: str) -> str:
        return self.answer


def run(state: AmiliState, clock: Clock, person: Person, **options: Any) -> list[Seen]:
    state.register_key(API_CODE, KEYS.public_key)
    with running(create_amili(state)) as url:
        wire = AmiliWire(url, Credentials(SecretStr(API_CODE), KEYS.private_key), clock.now)
        return trial(wire, person, clock, **options)


def tried(*actions: str, **switches: Any) -> tuple[AmiliState, dict[Point, list[Seen]]]:
    """What a trial sees where the imitation is set so."""
    clock, person = Clock(), Person()
    state = guide_state(now=clock.now)
    state.switches.set(AmiliSwitches(**switches))
    found: dict[Point, list[Seen]] = {}
    for seen in run(state, clock, person, other_actions=actions):
        found.setdefault(seen.point, []).append(seen)
    assert all(f"| {point.name} |" in person.said[-1] for point in POINTS)
    return state, found


def test_as_the_reference_has_it_nothing_is_contradicted_and_nothing_is_left_open_at_amili() -> None:
    state, found = tried()
    assert set(found) == set(POINTS)
    assert [one for each in found.values() for one in each if one.verdict is Verdict.CONTRADICTED] == []
    assert [case.invoice_number for case in state.cases.values() if case.closed_at is None] == []
    assert {case.invoice_number[:5] for case in state.cases.values()} == {"PROV-"}


EVERYTHING_ELSE: dict[str, Any] = {
    "error_body": BodyKind.TEXT,
    "token_field": "access_token",
    "token_lifetime_field": "expires_in",
    "token_form": TokenForm.JWT,
    "authenticate_status": 201,
    "cases_made": CasesMade.LATER,
    "cases_made_after_s": 4.0,
    "duplicate_registrations": Duplicates.REFUSED_422,
    "required_customer_fields": ("name",),
    "required_debt_fields": ("invoice_number", "capital_to_claim", "invoice_date"),
    "first_actions": ("reminder", "debt_collection", OTHER_ACTION),
    "further_fee_keys": ("late_payment_fee",),
    "closed_as": ClosedAs.BOOLEAN,
    "case_updated_moves": False,
    "shows_original_invoice": True,
    "shows_total_amounts": False,
    "media_status": True,
    "filter_operators": FilterOperators.ACCEPTED,
    "account_of_actions": AccountOfActions.REQUIRED,
    "duplicate_references": Duplicates.REFUSED_422,
    "shows_action_references": False,
    "overpayment": Unfit.ERROR,
    "overcrediting": Unfit.REFUSED_422,
    "action_on_closed_case": Unfit.REFUSED_422,
}
"""The other answer to each switch that a trial can see."""


def test_the_other_answer_is_named_with_what_depends_on_it() -> None:
    state, found = tried(OTHER_ACTION, **EVERYTHING_ELSE)
    assert [case.invoice_number for case in state.cases.values() if case.closed_at is None] == []
    said = " ".join(f"{one.about} {one.what}" for each in found.values() for one in each)
    for switch, value in EVERYTHING_ELSE.items():
        if switch in {"cases_made_after_s", "first_actions"}:
            continue
        named = [one for each in found.values() for one in each if f"sandbox switch {switch} =" in one.about]
        assert [one.verdict for one in named] == [Verdict.CONTRADICTED], (switch, value)
    for setting in ("SEND_LATE_PAYMENT_FEE = True", f"other_first_actions = ['{OTHER_ACTION}']", "SEND_ACCOUNT = True"):
        assert setting in said


@pytest.mark.parametrize(
    ("switches", "point", "words"),
    [
        ({"cases_made": CasesMade.NEVER}, points.CASES_MADE, "it is never"),
        ({"visible_after_s": 8.0}, points.VISIBLE, "after 10 seconds"),
        ({"unknown_fields": UnknownFields.IGNORED}, points.FEE_KEYS, "as every unknown field is"),
        ({"closed_as": ClosedAs.DATE}, points.CLOSED_AS, "it is date"),
        ({"actions_settle_after_s": 20.0}, points.SETTLES, "after 30 seconds"),
        ({"token_lifetime_field": "expires_at"}, points.TOKEN_LIFE, "add it to LIFETIME_FIELDS"),
    ],
)
def test_what_has_more_than_two_answers(switches: dict[str, Any], point: Point, words: str) -> None:
    _, found = tried(**switches)
    assert words in " ".join(f"{one.what} {one.about}" for one in found[point])


def test_nothing_is_registered_without_a_yes_or_for_a_creditor_that_is_not_seen() -> None:
    clock = Clock()
    state = guide_state(now=clock.now)
    run(state, clock, Person(answer=""))
    with pytest.raises(ConfigurationError, match="does not see"):
        run(state, clock, Person(), creditor="0" * 24)
    assert state.registrations == {}


def test_production_and_a_missing_key_are_refused(capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    with pytest.raises(ConfigurationError, match="production"):
        address_of({"AMILI_SANDBOX_URL": "https://api.example/", "AMILI_PRODUCTION_URL": "https://api.example"})
    with pytest.raises(ConfigurationError, match="AMILI_API_CODE"):
        credentials_of({})
    monkeypatch.delenv("AMILI_API_CODE", raising=False)
    assert main([]) == 1
    assert "AMILI_API_CODE" in capsys.readouterr().err
    assert GUIDE_CREDITOR
