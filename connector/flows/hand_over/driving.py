"""The work that drives a hand-over from its request to its end."""

from __future__ import annotations

from dataclasses import dataclass

from connector.domain.hand_over import HandOverState, Origin
from connector.flows.job import Job
from connector.store.hand_over_record import HandOver

HAND_OVER = "hand_over"


@dataclass(frozen=True)
class Driven:
    """Which hand-over is driven, of which connection."""

    hand_over: str
    connection: str


def job_of(hand_over: HandOver) -> Job:
    """The work of a hand-over's present submission. No one waits for what comes after its end."""
    urgent = hand_over.origin is not Origin.RULE and hand_over.state is not HandOverState.DONE
    driven = Driven(hand_over.id, hand_over.connection)
    return Job(HAND_OVER, driven, hand_over.connection, key=hand_over.workflow_id, urgent=urgent)
