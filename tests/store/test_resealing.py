"""Stored secrets anew under the newest key: all of them, once, and none lost to whoever writes at the same time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import event

from connector.domain.errors import ConfigurationError
from connector.store import connections, tokens
from connector.store.crypto import Vault
from connector.store.database import Databases, open_databases
from connector.store.resealing import reseal
from connector.store.tokens import SealedToken
from tests.store.samples import CONNECTION, add_access, add_connection, key

TOKEN = SealedToken("canary-token", 1.0)


def filled(databases: Databases, vault: Vault) -> str:
    """A store with every kind of secret; gives the connection's webhook token."""
    webhook = add_connection(databases, vault)
    connections.put_access(
        databases.main,
        vault,
        access_id="unfinished",
        private_key=SecretStr("canary-private-key"),
        public_key="public",
        api_code=None,
    )
    tokens.put(databases.main, vault, "amili", TOKEN)
    return webhook


@contextmanager
def once_read(databases: Databases, column: str, do: Callable[[], None]) -> Iterator[None]:
    """Have something done right after `column` was read for the first time."""
    waiting = [do]

    def read(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if waiting and statement.startswith(f"SELECT {column}"):
            waiting.pop()()

    event.listen(databases.main, "after_cursor_execute", read)
    try:
        yield
    finally:
        event.remove(databases.main, "after_cursor_execute", read)
    assert not waiting


def test_afterwards_the_newest_key_alone_opens_everything(databases: Databases) -> None:
    old, new = key(), key()
    webhook = filled(databases, Vault((old,)))

    count = reseal(databases.main, Vault((new, old)))

    newest = Vault((new,))
    assert count == 6, "two private keys, one API code, a connection's secrets and webhook tokens, a token"
    known = connections.get(databases.main, newest, CONNECTION)
    assert {name: secret.get_secret_value() for name, secret in known.secrets.items()}
    assert connections.token_fits(webhook, connections.webhook_digests(databases.main, newest, CONNECTION))
    assert connections.access(databases.main, newest, "unfinished").api_code is None
    assert connections.access(databases.main, newest, "default").api_code == SecretStr("canary-api-code")
    assert tokens.get(databases.main, newest, "amili") == TOKEN
    assert reseal(databases.main, newest) == count, "it may be repeated"


def test_a_secret_that_no_key_opens_is_named_and_the_others_stay_readable(databases: Databases) -> None:
    old, lost, new = key(), key(), key()
    filled(databases, Vault((old,)))
    add_access(databases, Vault((lost,)), "lost")

    with pytest.raises(ConfigurationError, match=re.escape("“lost”")) as caught:
        reseal(databases.main, Vault((new, old)))

    assert "SECRET_KEYS" in caught.value.advice
    assert tokens.get(databases.main, Vault((new, old)), "amili") == TOKEN
    assert reseal(databases.main, Vault((new, old, lost))) == 8


def test_a_token_renewed_meanwhile_is_kept(databases: Databases, database_url: str | None, tmp_path: Path) -> None:
    old, new = key(), key()
    both = Vault((new, old))
    filled(databases, Vault((old,)))
    renewed = SealedToken("renewed-token", 2.0)
    other = open_databases(data_dir=tmp_path / "data", database_url=database_url)

    with once_read(databases, "tokens.value", lambda: tokens.put(other.main, Vault((old,)), "amili", renewed)):
        reseal(databases.main, both)
    other.dispose()

    assert tokens.get(databases.main, Vault((new,)), "amili") == renewed
