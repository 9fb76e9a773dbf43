"""A ledger that lets us in no more is told of in its own words: by a key, or by its company's consent."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

import pytest

from connector.domain.errors import KeyRefused
from connector.flows.companies import keys
from tests.flows.stage import CONNECTION, Stage

pytestmark = pytest.mark.ledgers("odoo", "fortnox")


def end_key(on: Stage) -> None:
    on.ledger.drop_key(on.ledger.api_key)


def end_consent(on: Stage) -> None:
    (tenant,) = on.fortnox.companies
    on.fortnox.revoke_consent(on.fortnox.app.client_id, tenant)


END: Mapping[str, Callable[[Stage], None]] = {"odoo": end_key, "fortnox": end_consent}
SAID = {"odoo": "does not accept our key", "fortnox": "does not accept the company's consent"}
ADVICE = {"odoo": "Enter a new key", "fortnox": "approve the connector again"}


def test_the_log_and_whoever_asks_are_told_in_the_ledgers_words(on: Stage, caplog: pytest.LogCaptureFixture) -> None:
    kind = on.side.kind
    END[kind](on)
    with caplog.at_level(logging.WARNING):
        keys.look(on.deployment, CONNECTION)
    connection = on.deployment.connection(CONNECTION)
    assert connection.key.refused_at is not None
    (logged,) = [one.getMessage() for one in caplog.records if CONNECTION in one.getMessage()]
    _, host = on.deployment.sides(connection)
    with pytest.raises(KeyRefused) as caught:
        host.read("1")
    told = f"{logged} {caught.value} {caught.value.advice}"
    assert logged.startswith(f"connection {CONNECTION}: {kind.capitalize()} {SAID[kind]}; ")
    assert SAID[kind] in str(caught.value)
    assert ADVICE[kind] in caught.value.advice
    assert ("key" in told) is (kind == "odoo")
