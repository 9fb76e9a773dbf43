"""What was sent and not answered: when it is looked for again, and when it may be sent once more, or never.

The rules of DESIGN.md, "Registering once", for whatever is sent to Amili: a look proves something only a full settling
time after the attempt, three attempts leave altogether, and none after an answer of success, whatever the looks say.
"""

from __future__ import annotations

from dataclasses import dataclass

LONGEST_PAUSE_S = 900.0
BEFORE_A_THIRD_S = 3_600.0
"""How long after the first attempt a third one may leave, at the earliest."""
ASKED_ABOUT_AFTER_S = 1_800.0
"""How long what Amili took is looked for before a person is asked too."""
_MOST_WITHIN_AN_HOUR = 2
_LOOKS_AT = (0.05, 0.2, 0.5, 1.0)
"""Shares of the settling time at which what no one answered is looked for."""
_NEVER = float("inf")
_MARGIN_S = 0.01
"""Added to a pause, so that its end is surely past when it is compared with again."""


@dataclass(frozen=True)
class LookAgain:
    """Nothing may be sent: look again after `after_s` seconds. `asks`: a person is asked too, from this look on."""

    after_s: float
    asks: bool = False


@dataclass(frozen=True)
class Doubt:
    """What is known of the attempts to send one thing.

    `unknown_for_s`: seconds since one can have left that was not answered, infinite where none was sent. `posts` have
    left without a clear refusal, of the `posts_allowed`, the first `first_post_age_s` seconds ago. `taken_for_s`:
    seconds since an answer of success that does not tell what came of it; None where there was none.
    """

    unknown_for_s: float = _NEVER
    posts: int = 0
    posts_allowed: int = 1
    first_post_age_s: float = _NEVER
    taken_for_s: float | None = None

    def may_still_arrive(self, settle_s: float) -> bool:
        """Return whether what was sent may be on its way: a look that began now proves nothing."""
        return self.unknown_for_s < settle_s

    @property
    def not_before_s(self) -> float:
        """For how many seconds nothing more may be sent; infinite until a person lets it, or for good."""
        if self.taken_for_s is not None or self.posts >= self.posts_allowed:
            return _NEVER
        if self.posts < _MOST_WITHIN_AN_HOUR:
            return 0.0
        return max(BEFORE_A_THIRD_S - self.first_post_age_s, 0.0)

    def after_vain_look(self, settle_s: float) -> LookAgain | None:
        """Return when to look again after a look that found nothing; None where it may be sent now.

        `settle_s` is how long after the attempt it may arrive. This doubt is as it was before the look: one that began
        too early proves nothing, however late its answer comes.
        """
        if self.taken_for_s is not None:
            return look_for_taken(self.taken_for_s, settle_s)
        if self.may_still_arrive(settle_s):
            at_s = (share * settle_s for share in _LOOKS_AT)
            next_s = next((one_s for one_s in at_s if one_s > self.unknown_for_s), settle_s)
            return LookAgain(next_s - self.unknown_for_s + _MARGIN_S)
        wait_s = self.not_before_s
        if not wait_s:
            return None
        since_s = min(self.unknown_for_s, self.first_post_age_s)
        return LookAgain(min(_growing_s(since_s, settle_s), wait_s + _MARGIN_S), asks=wait_s == _NEVER)


def look_for_taken(taken_for_s: float, settle_s: float) -> LookAgain:
    """Return when to look again for what was taken `taken_for_s` seconds ago, and does not show."""
    return LookAgain(_growing_s(taken_for_s, settle_s), asks=taken_for_s >= ASKED_ABOUT_AFTER_S)


def first_look_after_s(settle_s: float) -> float:
    """Return how many seconds after something was sent that no one answered it is first looked for."""
    return _LOOKS_AT[0] * settle_s


def _growing_s(since_s: float, settle_s: float) -> float:
    """The pause before the next look while nothing may be sent, `since_s` after it was: growing, within bounds."""
    return min(max(since_s / 2, first_look_after_s(settle_s)), LONGEST_PAUSE_S)
