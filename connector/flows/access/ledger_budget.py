"""The budget of requests to a ledger, kept in the store so that all processes share it."""

from __future__ import annotations

from dataclasses import dataclass

from connector.store import budgets
from connector.store.budgets import Quota
from connector.store.database import Databases


@dataclass(frozen=True)
class LedgerBudget:
    """The budget `name`, of `quota`."""

    databases: Databases
    name: str
    quota: Quota

    def take(self, *, background: bool) -> float:
        """0 if a request may be sent now, which is then counted; else how many seconds to wait before asking again."""
        return budgets.take(self.databases.main, self.name, self.quota, background=background).wait_s

    def block(self, for_s: float) -> None:
        """Let no one send anything for `for_s` seconds."""
        budgets.block(self.databases.main, self.name, for_s=for_s)
