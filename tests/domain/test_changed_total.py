"""A changed total is asked about once, for what has not been dealt with."""

from __future__ import annotations

from typing import Any

import pytest

from connector.domain.changed_total import verdicts
from connector.domain.follow_up import (
    Boundary,
    CaseNow,
    FollowUpKind,
    FollowUpState,
    Ledger,
    Noted,
    Reason,
    Step,
    ledger_of,
)
from connector.domain.follow_up_rules import Facts, decide
from connector.domain.invoice import InvoiceState
from tests.domain.clean_invoice import DUE_DATE, TODAY, an_invoice, kr

LOWERED, RAISED = FollowUpKind.LOWERED, FollowUpKind.RAISED
ASKING, DUE, SKIPPED = FollowUpState.ASKING, FollowUpState.DUE, FollowUpState.SKIPPED
REPORTED, LAPSED = FollowUpState.REPORTED, FollowUpState.LAPSED


def noted(kind: FollowUpKind, amount: str, state: FollowUpState, number: int = 1) -> Noted:
    at_amili = state is REPORTED
    return Noted(kind=kind, id=f"total#{number}", ledger_id="total", state=state, amount=kr(amount), at_amili=at_amili)


def told(then: str | None, now: str | None, *before: Noted) -> list[tuple[str, str, str]]:
    found = verdicts(kr(then) if then else None, kr(now) if now else None, before)
    return [(one.step, one.kind, str(one.amount)) for one in found]


ASK, LAPSE = Step.ASK, Step.LAPSE


@pytest.mark.parametrize(
    ("then", "now", "before", "expected"),
    [
        ("2000.00", "2000.00", (), []),
        (None, "1500.00", (), []),
        ("2000.00", None, (), []),
        ("2000.00", "1999.99", (), [(ASK, LOWERED, "0.01")]),
        ("2000.00", "2000.01", (), [(ASK, RAISED, "0.01")]),
        ("2000.00", "1500.00", (noted(LOWERED, "500.00", ASKING),), []),
        ("2000.00", "1500.00", (noted(LOWERED, "500.00", DUE),), []),
        ("2000.00", "1500.00", (noted(LOWERED, "500.00", REPORTED),), []),
        ("2000.00", "1500.00", (noted(LOWERED, "500.00", SKIPPED),), []),
        ("2000.00", "1500.00", (noted(LOWERED, "500.00", LAPSED),), [(ASK, LOWERED, "500.00")]),
        ("2000.00", "1200.00", (noted(LOWERED, "500.00", REPORTED),), [(ASK, LOWERED, "300.00")]),
        ("2000.00", "2000.00", (noted(LOWERED, "500.00", REPORTED),), [(ASK, RAISED, "500.00")]),
        ("2000.00", "2000.00", (noted(LOWERED, "500.00", ASKING),), [(LAPSE, LOWERED, "500.00")]),
        (
            "2000.00",
            "1200.00",
            (noted(LOWERED, "500.00", DUE),),
            [(LAPSE, LOWERED, "500.00"), (ASK, LOWERED, "800.00")],
        ),
        ("2000.00", "2300.00", (noted(RAISED, "300.00", SKIPPED),), []),
    ],
)
def test_what_is_asked(then: str | None, now: str | None, before: tuple[Noted, ...], expected: list[Any]) -> None:
    assert told(then, now, *before) == expected


def test_each_question_has_an_id_of_its_own() -> None:
    (asked,) = verdicts(kr("2000.00"), kr("1200.00"), [noted(LOWERED, "500.00", REPORTED)])
    assert asked.id == "total#2"


def facts(total: str, *before: Noted, remaining: str = "2000.00") -> Facts:
    return Facts(
        ledger=Ledger(state=InvoiceState.BOOKED, total=kr(total)),
        boundary=Boundary(counted=(), registered_on=DUE_DATE, doubtful_until=DUE_DATE, total=kr("2000.00")),
        noted=before,
        case=CaseNow(
            is_open=True, remaining_capital=kr(remaining), remaining_total=kr(remaining), settled_capital=kr("0.00")
        ),
        payouts=(),
        today=TODAY,
    )


def steps(found: Facts) -> list[tuple[Step, FollowUpKind, Reason | None]]:
    return [(one.step, one.kind, one.reason) for one in decide(found)]


def test_only_what_a_person_wants_reported_is_sent_and_no_more_than_is_left() -> None:
    wanted = noted(LOWERED, "500.00", DUE)
    assert steps(facts("1500.00")) == [(ASK, LOWERED, Reason.INVOICE_LOWERED)]
    assert steps(facts("1500.00", wanted)) == [(Step.REPORT, LOWERED, None)]
    assert steps(facts("1500.00", wanted, remaining="499.99")) == [(ASK, LOWERED, Reason.OVER_REMAINING)]


def test_what_a_person_wanted_reported_is_not_once_the_invoice_has_changed_again() -> None:
    assert steps(facts("2000.00", noted(LOWERED, "500.00", DUE))) == [(LAPSE, LOWERED, None)]


def test_the_total_of_an_invoice_in_other_money_is_not_told() -> None:
    assert ledger_of(an_invoice()).total == kr("2000.00")
    assert ledger_of(an_invoice(currency="EUR")).total is None
