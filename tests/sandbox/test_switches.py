"""Switches are named, checked, and their draws repeat."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from connector.sandbox.fortnox.switches import Change, ErrorSpelling, FortnoxSwitches, LockedPut
from connector.sandbox.shared.switches import (
    AmiliSwitches,
    BodyKind,
    ClosedAs,
    Fault,
    FaultKind,
    SwitchBoard,
    changed,
)


def fates(board: SwitchBoard[AmiliSwitches], count: int, operation: str = "register") -> list[bool]:
    return [board.draw(operation) is not None for _ in range(count)]


def test_a_share_strikes_the_same_requests_every_time() -> None:
    switches = AmiliSwitches(faults=(Fault(FaultKind.FAIL_BEFORE, share=0.1),), seed=7)
    first = fates(SwitchBoard(switches), 500)
    assert fates(SwitchBoard(switches), 500) == first
    assert 30 <= sum(first) <= 70


def test_another_seed_strikes_other_requests() -> None:
    faults = (Fault(FaultKind.FAIL_BEFORE, share=0.1),)
    assert fates(SwitchBoard(AmiliSwitches(faults=faults, seed=1)), 500) != fates(
        SwitchBoard(AmiliSwitches(faults=faults, seed=2)), 500
    )


def test_a_second_fault_does_not_change_whom_the_first_strikes() -> None:
    lost = Fault(FaultKind.DROP_AFTER, share=0.1)
    alone = SwitchBoard(AmiliSwitches(faults=(lost,)))
    beside = SwitchBoard(AmiliSwitches(faults=(lost, Fault(FaultKind.FAIL_BEFORE, share=0.3))))
    struck_alone = [alone.draw("register") for _ in range(200)]
    struck_beside = [fault if fault == lost else None for fault in (beside.draw("register") for _ in range(200))]
    assert struck_beside == struck_alone


def test_next_n_strikes_exactly_the_next_n_of_its_operations() -> None:
    board = SwitchBoard(AmiliSwitches(faults=(Fault(FaultKind.FAIL_BEFORE, operations=("register",), next_n=2),)))
    assert board.draw("look") is None
    assert fates(board, 4) == [True, True, False, False]
    assert board.fired == {"fail_before": 2}


def test_a_fault_can_be_meant_for_one_invoice() -> None:
    board = SwitchBoard(AmiliSwitches(faults=(Fault(FaultKind.DROP_AFTER, invoice_numbers=("INV-2",), next_n=1),)))
    assert board.draw("register", ["INV-1"]) is None
    assert board.draw("register", ["INV-2"]) is not None
    assert board.draw("register", ["INV-2"]) is None


def test_changing_another_switch_keeps_the_count_of_next_n() -> None:
    board = SwitchBoard(AmiliSwitches(faults=(Fault(FaultKind.FAIL_BEFORE, next_n=1),)))
    board.draw("register")
    board.change({"media_status": True})
    assert board.draw("register") is None


def test_json_values_become_switches() -> None:
    switches = changed(
        AmiliSwitches(),
        {
            "closed_as": "date",
            "slow_s": 1,
            "slow_operations_s": {"upload": 0.5},
            "required_debt_fields": ["invoice_number"],
            "faults": [{"kind": "rate_limited", "share": 0.05, "retry_after_s": 3, "body": "html"}],
        },
    )
    assert switches == AmiliSwitches(
        closed_as=ClosedAs.DATE,
        slow_s=1.0,
        slow_operations_s={"upload": 0.5},
        required_debt_fields=("invoice_number",),
        faults=(Fault(FaultKind.RATE_LIMITED, share=0.05, retry_after_s=3, body=BodyKind.HTML),),
    )


def test_the_switches_of_fortnox_are_json_values_too() -> None:
    switches = changed(
        FortnoxSwitches(),
        {
            "booked_put": "allow_refs",
            "unmodified_by": ["label"],
            "error_spelling_of": {"customer": "lower"},
            "event_versions": {"reminder-sent": 2},
            "rate_limit_retry_after_s": 3,
        },
    )
    assert switches == FortnoxSwitches(
        booked_put=LockedPut.ALLOW_REFS,
        unmodified_by=(Change.LABEL,),
        error_spelling_of={"customer": ErrorSpelling.LOWER},
        event_versions={"reminder-sent": 2},
        rate_limit_retry_after_s=3,
    )


@pytest.mark.parametrize(
    "changes",
    [{"unmodified_by": ["labels"]}, {"more_events": "label"}, {"error_spelling_of": {"customer": "loud"}}],
)
def test_a_slip_in_a_switch_of_fortnox_is_an_error(changes: Mapping[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"valid|is a"):
        changed(FortnoxSwitches(), changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"no_such_switch": 1},
        {"closed_as": "perhaps"},
        {"media_status": "yes"},
        {"token_lifetime_s": "60"},
        {"required_debt_fields": "invoice_number"},
        {"faults": [{"share": 0.5}]},
        {"faults": [{"kind": "explode"}]},
        {"faults": [{"kind": "fail_before", "share": 2}]},
        {"faults": [{"kind": "fail_before", "shre": 0.5}]},
    ],
)
def test_a_slip_in_a_switch_is_an_error(changes: Mapping[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"switch|valid|fault|share|is a"):
        changed(AmiliSwitches(), changes)
