"""What of the contract a kind of host keeps, graded by those who wrote it: done, or not and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Quality(StrEnum):
    """What is asked of a kind of host, as its guide names it."""

    PASSES_THE_CONTRACT = "passes the contract suite against its imitation"
    MET_A_REAL_ONE = "was run against a real system of its kind"
    HAS_A_DEMO = "has an imitation that the demo is played with"
    ASKED_INSIDE = "people ask for collection inside it"
    ASKER_ON_RECORD = "its own server says who asked"
    WITHDRAWN_INSIDE = "people ask inside it to withdraw a case"
    TELLS_OF_CHANGES = "tells by itself that something changed"
    SHOWS_THE_CASE = "shows the case id on every invoice that has a case"
    SHOWS_THE_STATUS = "shows how the case stands"
    TAKES_MESSAGES = "takes messages to its people at an invoice"
    PDF_AS_SENT = "gives the PDF as the customer got it"
    SETS_ITSELF_UP = "is given all that it needs by a command"
    LEAST_RIGHTS = "lets us do no more than we need"
    RENEWS_ACCESS = "has its access renewed before it ends, by nobody"
    TELLS_OF_DISPUTES = "tells which invoices are disputed"
    TELLS_OF_REMINDERS = "tells which reminders were sent, and their fees"


@dataclass(frozen=True)
class QualityList:
    """`keeps` is done; what it `lacks` has the reason beside it, in English. What is in neither is not graded."""

    keeps: frozenset[Quality] = frozenset()
    lacks: Mapping[Quality, str] = field(default_factory=dict)

    def is_kept(self, one: Quality) -> bool:
        """Return whether this is done."""
        return one in self.keeps
