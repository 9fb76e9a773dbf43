"""Connections and key pairs: settings in the clear, every secret sealed, tokens that rotate without a gap."""

from __future__ import annotations

from decimal import Decimal

import pytest
from pydantic import SecretStr
from sqlalchemy import select

from connector.domain.assessment import CreditorStatus
from connector.domain.connection import ConnectionSettings, Environment
from connector.domain.errors import ConfigurationError
from connector.store import connections, tables
from connector.store.crypto import Vault
from connector.store.database import Databases, reading
from tests.store.samples import CONNECTION, CREDITOR, add_access, add_connection, key, vault

CANARIES = ("canary-private-key", "canary-api-code", "canary-ledger-key")
STATUS = CreditorStatus(id=CREDITOR, account="a", name="Testbolaget AB", is_active=True, has_payout_account=None)


def raw(databases: Databases) -> str:
    """Everything stored of connections and key pairs, as the database holds it."""
    rows: list[object] = []
    with reading(databases.main) as connection:
        for table in (tables.connections, tables.amili_access):
            for row in connection.execute(select(table)).all():
                rows += [bytes(value) if isinstance(value, (bytes, memoryview)) else value for value in row]
    return repr(rows)


def test_a_connection_comes_back_whole(databases: Databases) -> None:
    sealed_with = vault()
    chosen = ConnectionSettings(creditor=CREDITOR, minimum_amount=Decimal("250.00"), host={"url": "https://x.example"})
    add_connection(databases, sealed_with, settings=chosen, creditor_status=STATUS)
    found = connections.get(databases.main, sealed_with, CONNECTION)
    assert found.settings == chosen
    assert found.secrets["api_key"].get_secret_value() == "canary-ledger-key"
    assert (found.host, found.name, found.amili_access, found.creditor_status) == (
        "odoo",
        "Testbolaget AB",
        "default",
        STATUS,
    )
    assert connections.every(databases.main, sealed_with) == (found,)


def test_no_secret_stands_in_any_column_or_repr(databases: Databases) -> None:
    sealed_with = vault()
    token = add_connection(databases, sealed_with)
    stored = raw(databases)
    shown = repr(connections.get(databases.main, sealed_with, CONNECTION)) + repr(
        connections.access(databases.main, sealed_with, "default")
    )
    for canary in (*CANARIES, token):
        assert canary not in stored
        assert canary not in shown
    assert "public" in stored, "what is no secret shows that the rows were really read"


def test_a_name_is_taken_once(databases: Databases) -> None:
    sealed_with = vault()
    add_connection(databases, sealed_with)
    with pytest.raises(ConfigurationError, match="exists already"):
        connections.add(
            databases.main,
            sealed_with,
            connection_id=CONNECTION,
            host="odoo",
            name="Another",
            settings=ConnectionSettings(),
            amili_access="default",
            secrets={},
        )
    assert connections.get(databases.main, sealed_with, CONNECTION).name == "Testbolaget AB"


def test_a_connection_needs_its_key_pair(databases: Databases) -> None:
    with pytest.raises(ConfigurationError, match="key pair"):
        connections.add(
            databases.main,
            vault(),
            connection_id=CONNECTION,
            host="odoo",
            name="Testbolaget AB",
            settings=ConnectionSettings(),
            amili_access="missing",
            secrets={},
        )


def test_an_unknown_connection_or_key_pair_says_so(databases: Databases) -> None:
    with pytest.raises(ConfigurationError, match="nobody"):
        connections.get(databases.main, vault(), "nobody")
    with pytest.raises(ConfigurationError, match="nobody"):
        connections.access(databases.main, vault(), "nobody")
    with pytest.raises(ConfigurationError, match="nobody"):
        connections.set_api_code(databases.main, vault(), "nobody", SecretStr("x"))
    assert connections.webhook_digests(databases.main, vault(), "nobody") == ()


def test_a_key_pair_gets_its_code_later_and_its_name_once(databases: Databases) -> None:
    sealed_with = vault()
    pair = {"private_key": SecretStr("private"), "public_key": "public"}
    connections.put_access(databases.main, sealed_with, access_id="new", api_code=None, **pair)  # type: ignore[arg-type]
    assert connections.access(databases.main, sealed_with, "new").api_code is None
    connections.set_api_code(databases.main, sealed_with, "new", SecretStr("the-code"))
    kept = connections.access(databases.main, sealed_with, "new")
    assert kept.api_code is not None
    assert kept.api_code.get_secret_value() == "the-code"
    assert kept.private_key.get_secret_value() == "private"
    with pytest.raises(ConfigurationError, match="already a key pair"):
        add_access(databases, sealed_with, "new")
    assert connections.access(databases.main, sealed_with, "new") == kept


def test_the_wrong_key_opens_nothing_and_says_what_to_do(databases: Databases) -> None:
    add_connection(databases)
    wrong = vault()
    for read in (
        lambda: connections.get(databases.main, wrong, CONNECTION),
        lambda: connections.every(databases.main, wrong),
        lambda: connections.access(databases.main, wrong, "default"),
        lambda: connections.webhook_digests(databases.main, wrong, CONNECTION),
        lambda: connections.rotate_webhook_token(databases.main, wrong, CONNECTION),
    ):
        with pytest.raises(ConfigurationError, match="SECRET_KEYS"):
            read()


def test_lists_need_no_key(databases: Databases) -> None:
    add_connection(databases, settings=ConnectionSettings(environment=Environment.PRODUCTION))
    (summary,) = connections.summaries(databases.main)
    assert (summary.id, summary.host, summary.name) == (CONNECTION, "odoo", "Testbolaget AB")
    assert summary.environment is Environment.PRODUCTION


def test_keys_rotate_without_a_gap(databases: Databases) -> None:
    old, new = key(), key()
    add_connection(databases, Vault((old,)))
    both = Vault((new, old))
    assert connections.get(databases.main, both, CONNECTION).secrets["api_key"].get_secret_value() == CANARIES[2]
    token = connections.rotate_webhook_token(databases.main, both, CONNECTION)
    newest_alone = Vault((new,))
    digests = connections.webhook_digests(databases.main, newest_alone, CONNECTION)
    assert connections.token_fits(token, digests)


def test_a_webhook_token_stays_valid_for_one_rotation(databases: Databases) -> None:
    sealed_with = vault()
    first = add_connection(databases, sealed_with)

    def fits(token: str) -> bool:
        return connections.token_fits(token, connections.webhook_digests(databases.main, sealed_with, CONNECTION))

    assert fits(first)
    second = connections.rotate_webhook_token(databases.main, sealed_with, CONNECTION)
    assert (fits(first), fits(second)) == (True, True)
    third = connections.rotate_webhook_token(databases.main, sealed_with, CONNECTION)
    assert (fits(first), fits(second), fits(third)) == (False, True, True)
    assert len({first, second, third}) == 3
    assert min(map(len, (first, second, third))) >= 43, "256 random bits"


@pytest.mark.parametrize("token", ["", "x", "0" * 64])
def test_another_token_does_not_fit(databases: Databases, token: str) -> None:
    sealed_with = vault()
    add_connection(databases, sealed_with)
    digests = connections.webhook_digests(databases.main, sealed_with, CONNECTION)
    assert not connections.token_fits(token, digests)
    assert not connections.token_fits(digests[0], digests), "a digest read from the store is no token"
    assert not connections.token_fits(token, ())


def test_settings_and_creditor_change_together(databases: Databases) -> None:
    sealed_with = vault()
    add_connection(databases, sealed_with)
    changed = ConnectionSettings(creditor="another", require_pdf=True)
    connections.save_settings(databases.main, CONNECTION, changed)
    assert connections.get(databases.main, sealed_with, CONNECTION).settings == changed
    with reading(databases.main) as connection:
        assert connection.execute(select(tables.connections.c.creditor)).scalar_one() == "another"


def test_what_amili_said_of_the_creditor_has_an_age(databases: Databases) -> None:
    sealed_with = vault()
    add_connection(databases, sealed_with)
    assert connections.creditor_age_s(databases.main, CONNECTION) == float("inf")
    assert connections.creditor_age_s(databases.main, "nobody") == float("inf")
    connections.save_creditor_status(databases.main, CONNECTION, STATUS)
    assert 0 <= connections.creditor_age_s(databases.main, CONNECTION) < 60
    assert connections.get(databases.main, sealed_with, CONNECTION).creditor_status == STATUS


def test_a_token_that_was_never_given_out_can_be_withdrawn(databases: Databases) -> None:
    sealed_with = vault()
    in_use = add_connection(databases, sealed_with)
    for _ in range(3):
        failed = connections.rotate_webhook_token(databases.main, sealed_with, CONNECTION)
        connections.withdraw_webhook_token(databases.main, sealed_with, CONNECTION, failed)
    digests = connections.webhook_digests(databases.main, sealed_with, CONNECTION)
    assert connections.token_fits(in_use, digests)
    assert not connections.token_fits(failed, digests)


def test_a_request_is_taken_without_opening_any_secret(databases: Databases) -> None:
    chosen = ConnectionSettings(creditor=CREDITOR, require_pdf=True)
    add_connection(databases, settings=chosen)
    assert connections.settings_of(databases.main, CONNECTION) == chosen
    assert connections.ids(databases.main) == (CONNECTION,)
    with pytest.raises(ConfigurationError, match="nobody"):
        connections.settings_of(databases.main, "nobody")
