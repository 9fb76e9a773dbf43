"""Saves that are still under way: seen by no one until they end, and failed by anyone who writes meanwhile.

As in versions whose webhooks are sent before the commit (odoo/API.md, "Webhooks").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connector.sandbox.odoo.records import Records
from connector.sandbox.odoo.request_rows import MODEL


@dataclass(frozen=True)
class Save:
    """A person's change of an invoice, and the request made with it. Its `write_date` will be when it `began`."""

    invoice: int
    values: Mapping[str, Any]
    began: datetime
    ends: datetime
    request: Mapping[str, Any]
    by: int


class Saves:
    """The saves under way in one database. The caller holds the lock."""

    def __init__(self, records: Records, now: Callable[[], datetime]) -> None:
        self._records = records
        self._now = now
        self._under_way: list[Save] = []
        self.failed = 0
        """How many saves failed because something else was written to their invoice meanwhile."""

    def begin(self, save: Save) -> None:
        """Let a save begin."""
        self._under_way.append(save)

    def settle(self) -> None:
        """Let everybody see the saves that have ended by now."""
        now = self._now()
        for save in [save for save in self._under_way if save.ends <= now]:
            self._under_way.remove(save)
            self._records.update("account.move", save.invoice, save.values, by=save.by, at=save.began)
            self._records.create(MODEL, save.request, by=save.by, at=save.began)

    def disturb(self, invoice: int) -> None:
        """Something else was written to the invoice."""
        failing = [save for save in self._under_way if save.invoice == invoice]
        self.failed += len(failing)
        self._under_way = [save for save in self._under_way if save not in failing]
