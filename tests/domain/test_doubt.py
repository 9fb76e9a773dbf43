"""When what no one answered is looked for again, and when it may be sent once more."""

from __future__ import annotations

import math

import pytest

from connector.domain.doubt import (
    ASKED_ABOUT_AFTER_S,
    BEFORE_A_THIRD_S,
    LONGEST_PAUSE_S,
    Doubt,
    LookAgain,
    first_look_after_s,
    look_for_taken,
)

SETTLE_S = 120.0


def sent_before(seconds: float, *, posts: int = 1, allowed: int = 3, first_s: float | None = None) -> Doubt:
    return Doubt(seconds, posts=posts, posts_allowed=allowed, first_post_age_s=seconds if first_s is None else first_s)


def test_what_was_never_sent_may_be() -> None:
    assert Doubt().after_vain_look(SETTLE_S) is None


def test_the_looks_within_the_settling_time_end_with_one_after_it() -> None:
    since_s, looks = 0.0, []
    while again := sent_before(since_s).after_vain_look(SETTLE_S):
        assert not again.asks
        since_s += again.after_s
        looks.append(round(since_s))
    assert looks == [6, 24, 60, 120]
    assert since_s >= SETTLE_S


@pytest.mark.parametrize(("since_s", "may_be_sent"), [(SETTLE_S - 0.001, False), (SETTLE_S, True)])
def test_a_look_proves_something_a_full_settling_time_after_the_attempt(since_s: float, may_be_sent: bool) -> None:
    doubt = sent_before(since_s)
    assert doubt.may_still_arrive(SETTLE_S) is not may_be_sent
    assert (doubt.after_vain_look(SETTLE_S) is None) is may_be_sent


@pytest.mark.parametrize(("first_s", "may_be_sent"), [(BEFORE_A_THIRD_S - 1, False), (BEFORE_A_THIRD_S, True)])
def test_a_third_one_leaves_an_hour_after_the_first_at_the_earliest(first_s: float, may_be_sent: bool) -> None:
    again = sent_before(SETTLE_S, posts=2, first_s=first_s).after_vain_look(SETTLE_S)
    assert (again is None) is may_be_sent
    assert again is None or (again.after_s <= 1.01 and not again.asks), "the pause ends with the hour"


@pytest.mark.parametrize(("allowed", "asks"), [(3, True), (4, False)])
def test_a_fourth_one_leaves_only_when_a_person_lets_it(allowed: int, asks: bool) -> None:
    again = sent_before(SETTLE_S, posts=3, allowed=allowed, first_s=2 * BEFORE_A_THIRD_S).after_vain_look(SETTLE_S)
    assert (again is not None and again.asks) is asks
    assert (again is None) is not asks


@pytest.mark.parametrize("taken_s", [0.0, 1.0, ASKED_ABOUT_AFTER_S, 1e7])
def test_what_was_taken_is_never_sent_again(taken_s: float) -> None:
    doubt = Doubt(math.inf, posts=1, posts_allowed=99, first_post_age_s=1e9, taken_for_s=taken_s)
    assert doubt.not_before_s == math.inf
    assert isinstance(doubt.after_vain_look(SETTLE_S), LookAgain)


@pytest.mark.parametrize(("taken_s", "asks"), [(ASKED_ABOUT_AFTER_S - 1, False), (ASKED_ABOUT_AFTER_S, True)])
def test_a_person_is_asked_about_what_was_taken_and_does_not_show(taken_s: float, asks: bool) -> None:
    assert look_for_taken(taken_s, SETTLE_S).asks is asks


def test_pauses_grow_within_bounds() -> None:
    pauses = [look_for_taken(taken_s, SETTLE_S).after_s for taken_s in (0, 60, 600, 6_000, 60_000)]
    assert pauses == sorted(pauses)
    assert pauses[0] == first_look_after_s(SETTLE_S)
    assert pauses[-1] == LONGEST_PAUSE_S
