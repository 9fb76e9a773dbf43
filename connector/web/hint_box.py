"""Where webhooks put their hints: those that arrive together share one transaction, and one wait for the disk.

A ledger that sends hundreds at once would otherwise see each wait for all before it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import Engine

from connector.store import inbox


@dataclass
class _Batch:
    hints: list[tuple[str, str]] = field(default_factory=list)
    stored: bool = False


class HintBox:
    """Stores hints for all threads of one process. Every `put` returns only once its own hints are durable."""

    def __init__(self, db: Engine) -> None:
        self._db = db
        self._joining = threading.Lock()
        self._writing = threading.Lock()
        self._batch = _Batch()

    def put(self, hints: Iterable[tuple[str, str]]) -> None:
        """Store hints, each a connection's id and an invoice's.

        Raises what the database raises. The hints may then be stored nevertheless, together with those of
        another thread of the same batch that tried once more; a hint too many does no harm.
        """
        with self._joining:
            batch = self._batch
            batch.hints.extend(hints)
        with self._writing:
            if batch.stored:
                return
            with self._joining:
                if self._batch is batch:
                    self._batch = _Batch()
            inbox.put_hints(self._db, batch.hints)
            batch.stored = True
