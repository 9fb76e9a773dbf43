"""Every kind of work beside the hand-overs: the modules named here declare them, each where its work is done."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from connector.flows import job, tidying
from connector.flows.companies import amili_keys, keys
from connector.flows.events import following, requests
from connector.flows.follow_up import case_reading, follow_up
from connector.flows.hand_over import looking_up
from connector.flows.job import Kind
from connector.flows.money import payouts
from connector.flows.reconcile import comparisons
from connector.flows.tasks import digest

DECLARING: tuple[ModuleType, ...] = (
    amili_keys,
    case_reading,
    comparisons,
    digest,
    follow_up,
    following,
    keys,
    looking_up,
    payouts,
    requests,
    tidying,
)


def kinds() -> Mapping[str, Kind]:
    """Return every kind of work that is declared, by name."""
    return job.declared()
