"""What is known of the attempts to send something, by the store and by this process."""

from __future__ import annotations

from dataclasses import replace

from connector.domain.doubt import Doubt
from connector.flows.deployment import Deployment
from connector.store.doubts import Sent, doubt_of


def doubt_before_look(deployment: Deployment, row_id: str, row: Sent) -> Doubt:
    """Return how the attempts of a row stand, to be judged by before a look at Amili.

    A look that began too early proves nothing, however late its answer comes; so this is read first.
    """
    doubt = doubt_of(deployment.databases.main, row)
    return replace(doubt, unknown_for_s=deployment.posted.at_most_s(row_id, doubt.unknown_for_s))
