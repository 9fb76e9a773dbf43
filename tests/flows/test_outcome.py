"""Pauses: what a remote system named, else growing, never endless, never all at once."""

from __future__ import annotations

from statistics import fmean

import pytest

from connector.domain.doubt import LONGEST_PAUSE_S
from connector.flows.outcome import LONGEST_PAUSE_OF_A_PERSON_S, pause_s
from connector.flows.sending.decisions import TRIES_BEFORE_GIVING_UP


def test_what_a_person_waits_for_pauses_two_minutes_at_most_unless_a_longer_pause_was_named() -> None:
    longest = max(pause_s(tries, most_s=LONGEST_PAUSE_OF_A_PERSON_S) for tries in range(20))
    assert 120 < longest <= 150
    assert pause_s(3, named_s=600, most_s=LONGEST_PAUSE_OF_A_PERSON_S) >= 600


def average(tries: int) -> float:
    return fmean(pause_s(tries) for _ in range(200))


def test_pauses_grow_and_end() -> None:
    pauses = [average(tries) for tries in range(12)]
    assert pauses == sorted(pauses)
    assert all(pause_s(1000) <= 1.25 * LONGEST_PAUSE_S for _ in range(50))


def test_pauses_differ_so_that_not_all_come_back_at_once() -> None:
    assert len({pause_s(3) for _ in range(20)}) > 10
    assert len({pause_s(3, named_s=5) for _ in range(20)}) > 10


@pytest.mark.parametrize(("named_s", "kept_s"), [(37.0, 37.0), (0.0, 0.0), (-5.0, 0.0), (86_400.0, LONGEST_PAUSE_S)])
def test_a_named_pause_is_kept_as_far_as_it_is_sensible(named_s: float, kept_s: float) -> None:
    assert kept_s <= pause_s(1, named_s=named_s) <= kept_s + 0.5


def test_giving_up_comes_after_about_an_hour() -> None:
    assert 1800 < sum(average(tries) for tries in range(1, TRIES_BEFORE_GIVING_UP)) < 7200
