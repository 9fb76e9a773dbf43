"""The pace of hand-overs: what a rule began leaves room in the ledgers' budgets for people who wait."""

from __future__ import annotations

from collections.abc import Callable

from connector.domain.hand_over import Origin
from connector.flows.deployment import Deployment
from connector.flows.outcome import Outcome
from connector.hosts.pacing import in_background
from connector.store import hand_overs


def paced(deployment: Deployment, step: Callable[[Deployment, str], Outcome]) -> Callable[[str], Outcome]:
    """`step` of a hand-over, by its id, at the pace of who asked for it."""

    def run(hand_over_id: str) -> Outcome:
        if hand_overs.get(deployment.databases.main, hand_over_id).origin is not Origin.RULE:
            return step(deployment, hand_over_id)
        with in_background():
            return step(deployment, hand_over_id)

    return run
