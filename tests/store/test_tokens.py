"""Access tokens: encrypted at rest, shared by all, renewed by one at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from connector.domain.errors import ConfigurationError
from connector.store import tokens
from connector.store.database import Databases, reading
from connector.store.tables import tokens as table
from connector.store.tokens import SealedToken
from tests.store.samples import vault

CANARY = "canary-access-token"
LATER = 4_000_000_000.0


def test_a_token_comes_back_and_its_text_is_not_in_the_row(databases: Databases) -> None:
    sealed_with = vault()
    tokens.put(databases.main, sealed_with, "amili:1", SealedToken(CANARY, LATER))
    assert tokens.get(databases.main, sealed_with, "amili:1") == SealedToken(CANARY, LATER)
    with reading(databases.main) as connection:
        (row,) = connection.execute(table.select()).all()
    assert CANARY.encode() not in bytes(row.value)
    assert CANARY not in repr(row)


def test_a_token_does_not_show_when_printed() -> None:
    assert CANARY not in repr(SealedToken(CANARY, LATER))


def test_the_newest_token_replaces_the_one_before(databases: Databases) -> None:
    sealed_with = vault()
    for value in ("old", "new"):
        tokens.put(databases.main, sealed_with, "amili:1", SealedToken(value, LATER))
    tokens.put(databases.main, sealed_with, "amili:2", SealedToken("another", LATER))
    assert tokens.get(databases.main, sealed_with, "amili:1") == SealedToken("new", LATER)
    tokens.forget(databases.main, "amili:1")
    assert tokens.get(databases.main, sealed_with, "amili:1") is None
    assert tokens.get(databases.main, sealed_with, "amili:2") is not None


def test_a_token_of_another_key_is_not_opened(databases: Databases) -> None:
    tokens.put(databases.main, vault(), "amili:1", SealedToken(CANARY, LATER))
    with pytest.raises(ConfigurationError, match="SECRET_KEYS"):
        tokens.get(databases.main, vault(), "amili:1")


def test_first_tokens_put_at_once_leave_one(databases: Databases) -> None:
    sealed_with = vault()
    start = threading.Barrier(8)

    def put(number: int) -> None:
        start.wait(timeout=30)
        tokens.put(databases.main, sealed_with, "amili:1", SealedToken(f"token {number}", LATER))

    with ThreadPoolExecutor(8) as renewers:
        list(renewers.map(put, range(8)))
    kept = tokens.get(databases.main, sealed_with, "amili:1")
    assert kept is not None
    assert kept.value.startswith("token ")


def test_many_who_need_a_token_at_once_renew_it_once(databases: Databases) -> None:
    sealed_with = vault()
    start = threading.Barrier(8)
    renewed: list[int] = []

    def need(number: int) -> str:
        start.wait(timeout=30)
        with tokens.renewing(databases.main, "amili:1"):
            found = tokens.get(databases.main, sealed_with, "amili:1")
            if found is None:
                renewed.append(number)
                found = SealedToken(f"token {number}", LATER)
                tokens.put(databases.main, sealed_with, "amili:1", found)
            return found.value

    with ThreadPoolExecutor(8) as needy:
        values = set(needy.map(need, range(8)))
    assert len(renewed) == 1
    assert values == {f"token {renewed[0]}"}


def test_renewing_one_token_does_not_hold_up_another(databases: Databases) -> None:
    def hold(key: str, then: Callable[[], None]) -> None:
        with tokens.renewing(databases.main, key):
            then()

    reached = threading.Event()
    hold("amili:1", lambda: hold("amili:2", reached.set))
    assert reached.is_set()
