"""Hints that arrive together are stored together, and nobody is answered before its own are stored."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Connection

from connector.store import inbox
from connector.store.database import Databases
from connector.web.hint_box import HintBox


def stored(databases: Databases) -> list[tuple[str, str]]:
    return [(item.connection, item.invoice_id) for item in inbox.waiting(databases.inbox)]


def test_hints_that_come_while_others_are_written_share_the_next_transaction(databases: Databases) -> None:
    box = HintBox(databases.inbox)
    commits: list[Connection] = []
    event.listen(databases.inbox, "commit", commits.append)
    writing, joined = threading.Event(), threading.Semaphore(0)

    def hold_the_first(*_arguments: object) -> None:
        if not writing.is_set():
            writing.set()
            for _ in range(15):
                joined.acquire(timeout=30)

    def told(number: int) -> Iterator[tuple[str, str]]:
        yield "alfa", f"{number}"
        joined.release()

    def put(number: int) -> bool:
        box.put(told(number))
        return ("alfa", f"{number}") in stored(databases)

    event.listen(databases.inbox, "before_cursor_execute", hold_the_first)
    with ThreadPoolExecutor(16) as threads:
        first = threads.submit(box.put, [("alfa", "0")])
        assert writing.wait(timeout=30)
        assert all(threads.map(put, range(1, 16)))
        first.result()
    assert sorted(stored(databases)) == sorted(("alfa", f"{number}") for number in range(16))
    assert len(commits) == 2


def test_a_body_that_names_no_invoice_stores_nothing(databases: Databases) -> None:
    HintBox(databases.inbox).put([])
    assert stored(databases) == []


def test_what_could_not_be_stored_is_not_called_stored(databases: Databases) -> None:
    box = HintBox(databases.inbox)

    def fails(*_arguments: object) -> None:
        raise ConnectionError("the disk is full")

    event.listen(databases.inbox, "before_cursor_execute", fails)
    with pytest.raises(ConnectionError):
        box.put([("alfa", "1")])
    event.remove(databases.inbox, "before_cursor_execute", fails)
    box.put([("alfa", "2")])
    assert stored(databases) == [("alfa", "2")]
