"""A process that sends as many requests as its budget allows, and says when each was allowed."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

from connector.hosts.pacing import Pace, in_background
from connector.store import budgets
from connector.store.budgets import Quota
from connector.store.database import Databases, open_databases

NAME = "fortnox:client-1:348211"
QUOTA = Quota(limit=5, window_s=0.5, reserved=2)


@dataclass
class Noting:
    """The budget in the store, noting when a request was allowed."""

    databases: Databases
    allowed_at: list[float] = field(default_factory=list)

    def take(self, *, background: bool) -> float:
        turn = budgets.take(self.databases.main, NAME, QUOTA, background=background)
        if not turn.wait_s:
            self.allowed_at.append(turn.at)
        return turn.wait_s

    def block(self, for_s: float) -> None:
        budgets.block(self.databases.main, NAME, for_s=for_s)


def main(data_dir: str, count: int, who: str) -> None:
    """Send `count` requests, as a person or in the background, and print the instants as JSON."""
    databases = open_databases(data_dir=Path(data_dir), database_url=None)
    budget = Noting(databases)
    pace = Pace(budget, system="Fortnox")
    for _ in range(count):
        if who == "background":
            with in_background():
                pace.wait()
        else:
            pace.wait()
    databases.dispose()
    print(json.dumps(budget.allowed_at))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
