"""What follows from an error: try later, look for what may have arrived, or ask a person.

Two tables, because it matters whether anything had left: `after_sending` of what was posted, `after_failing` of what
could not be read or prepared, so that nothing was posted.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from connector.domain.errors import (
    ConnectorError,
    KeyRefused,
    NotAuthorised,
    NotFound,
    NotSent,
    OutcomeUnknown,
    Refused,
    was_taken,
)
from connector.flows import remote_findings

TRIES_BEFORE_ASKING = 8
"""How often what Amili does not let us do is tried before a person is asked."""
TRIES_BEFORE_GIVING_UP = 12
"""How often what can be left out of a registered case is tried while it is clearly refused: about an hour."""


class Next(StrEnum):
    LATER = "later"
    """Nothing took effect: try again after a pause."""
    LOOK = "look"
    """It may have taken effect: look for it before anything more is sent."""
    FOLLOW = "follow"
    """It was taken, and what came of it is not known: look for it, and never send it again."""
    ASK = "ask"
    """A clear no: a person decides, or it is left out."""


@dataclass(frozen=True)
class Decision:
    """What is done next; `counts` says that it was a refusal of which only so many are waited out."""

    next: Next
    counts: bool = False


@dataclass(frozen=True)
class Patience:
    """Which refusals may end by themselves, and how many are waited out.

    `passing`: kinds of refusal that are tried again; every other asks at once. `counted` are the errors of which
    `most` in a row ask, but for those `uncounted`.
    """

    passing: tuple[type[Refused], ...]
    counted: tuple[type[ConnectorError], ...]
    uncounted: tuple[type[ConnectorError], ...] = ()
    most: int = TRIES_BEFORE_ASKING


REGISTERING = Patience(passing=(NotAuthorised,), counted=(NotAuthorised,))
REPORTING = Patience(passing=(Refused,), counted=())
"""What cannot be read for an hour on end is a task (`connector.flows.troubles`), and the report goes on waiting."""
UPLOADING = Patience((NotFound, NotAuthorised), (ConnectorError,), uncounted=(KeyRefused,), most=TRIES_BEFORE_GIVING_UP)
"""A new case may take a moment to become visible, and a key may be fixed."""
WRITING_BACK = Patience((NotAuthorised,), (ConnectorError,), uncounted=(KeyRefused,), most=TRIES_BEFORE_GIVING_UP)


def after_sending(error: ConnectorError, *, refusals: int, may_be_ours: bool) -> Decision | None:
    """Return what follows from an error of the call that sent something; None where it says nothing of its effect.

    `refusals` were counted before. `may_be_ours`: where the answer says that the same is there already, it may be
    what we sent, and may show a little later.
    """
    match error:
        case NotSent():
            return Decision(Next.LATER)
        case NotAuthorised():
            asks = refusals + 1 >= TRIES_BEFORE_ASKING
            return Decision(Next.ASK) if asks else Decision(Next.LATER, counts=True)
        case Refused():
            looks = may_be_ours and remote_findings.means_duplicate(error)
            return Decision(Next.LOOK, counts=True) if looks else Decision(Next.ASK)
        case OutcomeUnknown():
            return Decision(Next.FOLLOW if was_taken(error) else Next.LOOK)
    return None


def after_failing(error: ConnectorError, patience: Patience, *, refusals: int) -> Decision:
    """Return what follows from an error before anything was sent; `refusals` were counted before."""
    if isinstance(error, (NotSent, OutcomeUnknown)):
        return Decision(Next.LATER)
    if isinstance(error, Refused) and not isinstance(error, patience.passing):
        return Decision(Next.ASK)
    counts = isinstance(error, patience.counted) and not isinstance(error, patience.uncounted)
    if counts and refusals + 1 >= patience.most:
        return Decision(Next.ASK, counts=True)
    return Decision(Next.LATER, counts=counts)
