"""The hosts' own streams of events, and what they are given of the store."""

from __future__ import annotations

from collections.abc import Sequence

from connector.flows.deployment import Deployment
from connector.flows.outcome import pause_s
from connector.hosts import kinds
from connector.hosts.base import CHANGES, EventSource, FollowedLedger, Outlets
from connector.store import connections, feed_offsets, inbox, leases
from connector.store.database import Databases


def sources_of(deployment: Deployment) -> tuple[EventSource, ...]:
    """Return who listens in this deployment: a source for each kind of host that has events and is set up for them."""
    found = (
        kind.events(
            deployment.settings.of_host(kind.id), deployment.app(kind.id), outlets(deployment.databases, kind.id)
        )
        for kind in kinds.every()
        if kind.events
    )
    return tuple(source for source in found if source)


def outlets(databases: Databases, host: str) -> Outlets:
    """The store as the event source of one kind of host sees it."""
    db = databases.main

    def ledgers() -> tuple[FollowedLedger, ...]:
        return tuple(
            FollowedLedger(one.id, one.settings, one.key.number, is_refused=one.key.refused_at is not None)
            for one in connections.ledgers(db, host)
        )

    def put_hints(hints: Sequence[tuple[str, str]]) -> None:
        inbox.put_hints(databases.inbox, [(one, inbox.NO_INVOICE if id_ == CHANGES else id_) for one, id_ in hints])

    return Outlets(
        ledgers=ledgers,
        put_hints=put_hints,
        offset=lambda app, topic: feed_offsets.get(db, app, topic),
        put_offset=lambda app, topic, offset: feed_offsets.put(db, app, topic, offset),
        forget_offset=lambda app, topic: feed_offsets.forget(db, app, topic),
        take_lease=lambda name, owner, for_s: leases.try_lease(db, name, owner, for_s=for_s),
        release=lambda name, owner: leases.release(db, name, owner),
        pause_s=pause_s,
    )
