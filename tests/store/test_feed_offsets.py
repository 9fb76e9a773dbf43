"""How far an event stream has been followed: one offset for an app and a topic."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from connector.store import feed_offsets
from connector.store.database import Databases


def test_the_last_offset_of_an_app_and_a_topic_is_kept(databases: Databases) -> None:
    db = databases.main
    assert feed_offsets.get(db, "client-1", "invoices") == ""
    feed_offsets.put(db, "client-1", "invoices", "aK3fA")
    feed_offsets.put(db, "client-1", "customers", "Zz01c")
    feed_offsets.put(db, "client-2", "invoices", "aK3fC")
    feed_offsets.put(db, "client-1", "invoices", "aK3fB")
    assert feed_offsets.get(db, "client-1", "invoices") == "aK3fB"
    feed_offsets.forget(db, "client-1", "invoices")
    assert feed_offsets.get(db, "client-1", "invoices") == ""
    assert feed_offsets.get(db, "client-1", "customers") == "Zz01c"
    assert feed_offsets.get(db, "client-2", "invoices") == "aK3fC"


def test_many_may_enter_the_first_offset_at_once(databases: Databases) -> None:
    offsets = [f"offset-{number}" for number in range(12)]
    with ThreadPoolExecutor(len(offsets)) as pool:
        list(pool.map(lambda offset: feed_offsets.put(databases.main, "client-1", "invoices", offset), offsets))
    assert feed_offsets.get(databases.main, "client-1", "invoices") in offsets
