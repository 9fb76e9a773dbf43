"""What the store knows of the attempts to send something: a registration, a report."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import Engine

from connector.domain.doubt import Doubt
from connector.store.database import present_s


class Sent(Protocol):
    """A row of what is sent, with the instants of its attempts as the store keeps them."""

    @property
    def attempted_at(self) -> float | None: ...
    @property
    def unknown_since(self) -> float | None: ...
    @property
    def posts(self) -> int: ...
    @property
    def posts_allowed(self) -> int: ...
    @property
    def first_post_at(self) -> float | None: ...
    @property
    def taken_at(self) -> float | None: ...


def doubt_of(db: Engine, row: Sent) -> Doubt:
    """Return how the attempts of a row stand at this moment, by the clock of the store."""
    now_s = present_s(db)

    def age_s(instant: float | None) -> float:
        return float("inf") if instant is None else now_s - instant

    return Doubt(
        unknown_for_s=age_s(row.unknown_since if row.unknown_since is not None else row.attempted_at),
        posts=row.posts,
        posts_allowed=row.posts_allowed,
        first_post_age_s=age_s(row.first_post_at),
        taken_for_s=None if row.taken_at is None else age_s(row.taken_at),
    )
