"""A database that is away, or a disk that is full, in the middle of the work; afterwards everything ends by itself."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from connector.domain.hand_over import HandOverState
from connector.store import hand_overs, inbox
from tests.bench.deployed import Deployed, deployed
from tests.bench.sandboxes import Sandboxes, sandboxes
from tests.chaos.troubles import fill, small_disk, stoppable_postgres, take_away
from tests.chaos.waiting import until

HAND_OVERS = 80
TIMES_AWAY = 4
_AWAY_S = 2.0
_FULL_S = 10.0
_LONGEST_S = 420.0
_SETTLE = {"READ_TIMEOUT_S": "5", "SETTLE_S": "12", "ATTEMPT_S": "20"}


@dataclass(frozen=True)
class Away:
    """`done_after_s` is from the end of the trouble until every hand-over was done; None where one was not."""

    trouble: str
    hand_overs: int
    lost: int
    twice: int
    done_after_s: float | None


def database_away() -> Away:
    """PostgreSQL is stopped and started again, some times."""
    with (
        tempfile.TemporaryDirectory(prefix="chaos-") as name,
        stoppable_postgres(Path(name)) as (server, url),
        _at_work(Path(name), url) as (made, boxes),
    ):
        for _ in range(TIMES_AWAY):
            until(lambda: _done(made) > 0, within_s=60)
            take_away(server, for_s=_AWAY_S)
            time.sleep(_AWAY_S)
        return _ended(f"PostgreSQL away {TIMES_AWAY} × {_AWAY_S:g} s", made, boxes)


def disk_full() -> Away:
    """The disk with the databases is full for a while. Needs the right to mount one of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="chaos-") as name,
        small_disk(Path(name) / "disk") as disk,
        _at_work(disk, "") as (made, boxes),
    ):
        until(lambda: _done(made) > 0, within_s=60)
        fill(disk, for_s=_FULL_S)
        return _ended(f"disk full for {_FULL_S:g} s", made, boxes)


@contextmanager
def _at_work(folder: Path, database_url: str) -> Iterator[tuple[Deployed, Sandboxes]]:
    with (
        tempfile.TemporaryDirectory(prefix="chaos-") as elsewhere,
        sandboxes(Path(elsewhere), bills=HAND_OVERS) as boxes,
        deployed(folder, boxes, database_url=database_url) as made,
    ):
        made.env.update(_SETTLE)
        boxes.slow(0.05)
        with made.process("serve"):
            made.ask(boxes.bills)
            yield made, boxes


def _ended(trouble: str, made: Deployed, boxes: Sandboxes) -> Away:
    began_s = time.monotonic()
    ended = until(lambda: _done(made) == HAND_OVERS, within_s=_LONGEST_S)
    took_s = time.monotonic() - began_s
    cases = boxes.cases_by_invoice()
    return Away(
        trouble=trouble,
        hand_overs=HAND_OVERS,
        lost=HAND_OVERS - _done(made),
        twice=sum(count > 1 for count in cases.values()),
        done_after_s=round(took_s, 1) if ended and not inbox.waiting(made.deployment.databases.inbox) else None,
    )


def _done(made: Deployed) -> int:
    with suppress(SQLAlchemyError):
        return hand_overs.counts(made.deployment.databases.main).get(HandOverState.DONE, 0)
    return 0
