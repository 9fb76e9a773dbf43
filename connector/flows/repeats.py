"""The pace at which what may stand at Amili is looked for, and how often it is posted, whatever the looks say."""

from __future__ import annotations

from connector.flows.outcome import LONGEST_PAUSE_S

BEFORE_A_THIRD_S = 3_600.0
"""How long after the first attempt a third one may leave, at the earliest."""
ASKED_ABOUT_AFTER_S = 1_800.0
"""How long what Amili took is looked for before a person is asked too."""
TRIES_BEFORE_ASKING = 8
"""How often what Amili does not let us do is tried before a person is asked."""
SEND_MARGIN_S = 5.0
"""How long after a connection could have been made the bytes of what is posted may still leave."""
_MOST_WITHIN_AN_HOUR = 2
_LOOKS_AT = (0.05, 0.2, 0.5, 1.0)
"""Shares of the settling time at which what no one answered is looked for."""


def not_before_s(posts: int, allowed: int, first_age_s: float) -> float:
    """For how many seconds nothing more may be posted; infinite until a person lets it.

    `posts` have left, of which the first `first_age_s` seconds ago; `allowed` may altogether.
    """
    if posts >= allowed:
        return float("inf")
    return max(BEFORE_A_THIRD_S - first_age_s, 0.0) if posts >= _MOST_WITHIN_AN_HOUR else 0.0


def first_look_after_s(settle_s: float) -> float:
    """Return how long after something was posted that no one answered it is first looked for."""
    return _LOOKS_AT[0] * settle_s


def next_look_after_s(since_s: float, settle_s: float) -> float:
    """The pause before the next look, `since_s` after it was posted, within the settling time."""
    next_s = next((share * settle_s for share in _LOOKS_AT if share * settle_s > since_s), settle_s)
    return max(next_s - since_s, 0.0) + 0.01


def later_look_after_s(since_s: float, settle_s: float) -> float:
    """The pause before the next look while nothing may be posted, `since_s` after it was: growing, within bounds."""
    return min(max(since_s / 2, first_look_after_s(settle_s)), LONGEST_PAUSE_S)
