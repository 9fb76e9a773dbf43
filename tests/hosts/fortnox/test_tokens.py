"""One company's tokens: shared, renewed by one at a time, and never lost on the way."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from connector.domain.errors import KeyRefused, NotAuthorised
from connector.flows.access.kept_tokens import KeptTokens
from connector.hosts.fortnox.oauth import Granted
from connector.hosts.fortnox.tokens import CompanyTokens
from connector.remote.tokens import KeptToken
from connector.store import tables
from connector.store.crypto import Vault
from connector.store.database import Databases, open_databases, reading
from connector.store.schema import migrate
from tests.hosts.fortnox.token_server import FIRST, Endpoint, company_tokens, serving
from tests.source import ROOT
from tests.store.samples import vault

SEALED_WITH = vault()
LATER = datetime.now(UTC) + timedelta(days=30)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with serving() as found:
        yield found


def tokens(endpoint: Endpoint, databases: Databases) -> CompanyTokens:
    """The company's tokens, as a process that has just started has them."""
    return company_tokens(endpoint.url, shared(databases))


def shared(databases: Databases) -> KeptTokens:
    """The token store that all processes share."""
    return KeptTokens(databases, SEALED_WITH, "Fortnox")


def consented(refresh: str | None = FIRST) -> Granted:
    """What a fresh consent gave; its access token is about to end."""
    ending = KeptToken(SecretStr("access-of-the-consent"), datetime.now(UTC) + timedelta(seconds=5))
    return Granted(ending, KeptToken(SecretStr(refresh), LATER) if refresh else None, ("invoice",), "348211")


def kept(databases: Databases) -> list[str]:
    """Every token in the store, in the clear."""
    with reading(databases.main) as connection:
        rows = connection.execute(tables.tokens.select().order_by(tables.tokens.c.key)).all()
    return [SEALED_WITH.open(row.value) for row in rows]


def test_a_service_account_needs_no_refresh_token(endpoint: Endpoint, databases: Databases) -> None:
    endpoint.by_tenant = True

    assert tokens(endpoint, databases).admit(consented()) is True

    (access,) = kept(databases)
    assert tokens(endpoint, databases).current().get_secret_value() == access
    assert endpoint.exchanges == 0


def test_without_a_service_account_the_refresh_token_is_kept(endpoint: Endpoint, databases: Databases) -> None:
    assert tokens(endpoint, databases).admit(consented()) is False

    tokens(endpoint, databases).current()

    assert endpoint.exchanges == 1
    assert endpoint.good in kept(databases)
    assert FIRST not in kept(databases)


def test_neither_is_told(endpoint: Endpoint, databases: Databases) -> None:
    with pytest.raises(NotAuthorised):
        tokens(endpoint, databases).admit(consented(refresh=None))


def test_a_token_that_is_good_is_not_renewed(endpoint: Endpoint, databases: Databases) -> None:
    ours = tokens(endpoint, databases)
    ours.admit(consented())
    first = ours.current()

    assert {ours.current(), tokens(endpoint, databases).current()} == {first}
    assert endpoint.exchanges == 1


def test_a_refused_token_is_replaced_once_for_everybody(endpoint: Endpoint, databases: Databases) -> None:
    ours, theirs = tokens(endpoint, databases), tokens(endpoint, databases)
    ours.admit(consented())
    refused = ours.current()
    assert theirs.current() == refused

    assert ours.instead_of(refused) == theirs.instead_of(refused) != refused
    assert endpoint.exchanges == 2


def test_a_token_to_be_used_for_long_is_renewed_if_it_would_not_last(endpoint: Endpoint, databases: Databases) -> None:
    ours = tokens(endpoint, databases)
    ours.admit(consented())

    first = ours.lasting(timedelta(minutes=15))
    same = tokens(endpoint, databases).lasting(timedelta(minutes=45))
    longer = ours.lasting(timedelta(minutes=61))
    other = ours.lasting(timedelta(minutes=15), other_than=longer.value)

    assert first == same
    assert timedelta(minutes=59) < longer.expires_at - datetime.now(UTC) <= timedelta(minutes=60)
    assert len({first.value, longer.value, other.value}) == 3
    assert endpoint.exchanges == 3
    assert ours.current() == other.value


def test_the_next_refresh_token_is_stored_before_anything_else(endpoint: Endpoint, databases: Databases) -> None:
    """A process that dies right after the exchange has kept what the next one needs."""

    class Dies(Exception):
        """The process ends here."""

    class Mortal(KeptTokens):
        def put(self, key: str, token: KeptToken) -> None:
            if key.endswith(":access"):
                raise Dies
            super().put(key, token)

    tokens(endpoint, databases).admit(consented())
    with pytest.raises(Dies):
        company_tokens(endpoint.url, Mortal(databases, SEALED_WITH, "Fortnox")).current()

    tokens(endpoint, databases).current()

    assert (endpoint.exchanges, endpoint.misuses) == (2, [])


def test_a_used_up_refresh_token_asks_for_a_new_consent(endpoint: Endpoint, databases: Databases) -> None:
    ours = tokens(endpoint, databases)
    ours.admit(consented("used-up-token"))

    with pytest.raises(KeyRefused) as caught:
        ours.current()
    assert "Connect Fortnox again" in caught.value.advice

    ours.admit(consented())
    ours.current()


def test_a_process_that_froze_while_another_went_on_takes_up_the_newer_token(
    endpoint: Endpoint, databases: Databases
) -> None:
    tokens(endpoint, databases).admit(consented())

    class Frozen(KeptTokens):
        """Its lock has ended by itself; it has read the refresh token, which another process uses meanwhile."""

        @contextmanager
        def lock(self, key: str) -> Iterator[None]:
            yield

        def get(self, key: str) -> KeptToken | None:
            found = super().get(key)
            if key.endswith(":refresh") and not endpoint.exchanges:
                tokens(endpoint, databases).current()
            return found

    company_tokens(endpoint.url, Frozen(databases, SEALED_WITH, "Fortnox")).current()

    assert endpoint.misuses == [FIRST]
    assert endpoint.exchanges == 2
    assert endpoint.good in kept(databases)


def test_giving_up_voids_the_refresh_token_and_forgets(endpoint: Endpoint, databases: Databases) -> None:
    ours = tokens(endpoint, databases)
    ours.admit(consented())

    ours.forget()

    assert endpoint.revoked == [FIRST]
    assert kept(databases) == []


def test_giving_up_a_service_account_revokes_nothing(endpoint: Endpoint, databases: Databases) -> None:
    endpoint.by_tenant = True
    ours = tokens(endpoint, databases)
    ours.admit(consented())

    ours.forget()

    assert (endpoint.revoked, kept(databases)) == ([], [])


def test_threads_renew_once(endpoint: Endpoint, databases: Databases) -> None:
    ours = tokens(endpoint, databases)
    ours.admit(consented())

    with ThreadPoolExecutor(8) as workers:
        found = {token.get_secret_value() for token in workers.map(lambda _: ours.current(), range(8))}

    assert len(found) == 1
    assert endpoint.exchanges == 1


def test_two_processes_never_use_a_refresh_token_twice(endpoint: Endpoint, tmp_path: Path) -> None:
    key = Fernet.generate_key().decode()
    databases = open_databases(data_dir=tmp_path, database_url=None)
    migrate(databases)
    ours = company_tokens(endpoint.url, KeptTokens(databases, Vault((SecretStr(key),)), "Fortnox"))
    ours.admit(consented())

    command = [sys.executable, "-m", "tests.hosts.fortnox.token_server", endpoint.url, str(tmp_path), key, "8"]
    processes = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) for _ in range(2)]
    said = [process.communicate(timeout=120)[1] for process in processes]

    assert [process.returncode for process in processes] == [0, 0], said
    assert endpoint.misuses == []
    assert endpoint.exchanges >= 9
    assert company_tokens(endpoint.url, KeptTokens(databases, Vault((SecretStr(key),)), "Fortnox")).current()
    databases.dispose()
