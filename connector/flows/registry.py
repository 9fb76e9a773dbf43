"""Every kind of work beside the hand-overs: the modules named here declare them, each where its work is done.

Named, as applications name what they install, so that a worker's imports do not grow with each kind.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from connector.flows import job
from connector.flows.job import Kind

DECLARING = (
    "connector.flows.companies.amili_keys",
    "connector.flows.companies.keys",
    "connector.flows.events.following",
    "connector.flows.events.requests",
    "connector.flows.follow_up.case_reading",
    "connector.flows.follow_up.follow_up",
    "connector.flows.hand_over.looking_up",
    "connector.flows.money.payouts",
    "connector.flows.reconcile.comparisons",
    "connector.flows.tasks.digest",
    "connector.flows.tidying",
)


def kinds() -> Mapping[str, Kind]:
    """Return every kind of work that is declared, by name."""
    for module in DECLARING:
        import_module(module)
    return job.declared()
