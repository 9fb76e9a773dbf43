"""How long a hand-over pauses before it is tried again."""

from __future__ import annotations

from connector.domain.doubt import LONGEST_PAUSE_S
from connector.domain.hand_over import Origin
from connector.flows.outcome import LONGEST_PAUSE_OF_A_PERSON_S, pause_s
from connector.store.hand_over_record import HandOver


def pause_of(hand_over: HandOver, named_s: float | None) -> float:
    """The pause before the next try: short where a person waits, who sees that the ledger is well again."""
    most_s = LONGEST_PAUSE_S if hand_over.origin is Origin.RULE else LONGEST_PAUSE_OF_A_PERSON_S
    return pause_s(hand_over.tries, named_s=named_s, most_s=most_s)
