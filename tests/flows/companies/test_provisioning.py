"""What is made ready in a ledger with the connection's own credentials."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.flows.companies import provisioning
from connector.store import connections
from tests.flows.ledgers import REQUEST_LABEL, FortnoxLedger
from tests.flows.stage import CONNECTION, Stage, stage_with


@pytest.fixture
def fortnox(tmp_path: Path) -> Iterator[tuple[Stage, FortnoxLedger]]:
    """A stage whose ledger is in Fortnox."""
    side = FortnoxLedger()
    with stage_with(side, tmp_path / "data") as on:
        yield on, side


def labels(side: FortnoxLedger) -> list[str]:
    return sorted(side.books.labels.values())


def test_the_labels_that_people_see_are_made_once(fortnox: tuple[Stage, FortnoxLedger]) -> None:
    on, side = fortnox

    first = provisioning.prepare(on.deployment, CONNECTION)
    provisioning.prepare(on.deployment, CONNECTION)

    assert labels(side) == ["Hos inkasso", REQUEST_LABEL]
    assert any(REQUEST_LABEL in line for line in first)


def test_a_label_that_the_company_does_not_follow_is_not_made(fortnox: tuple[Stage, FortnoxLedger]) -> None:
    on, side = fortnox
    settings = on.deployment.connection(CONNECTION).settings
    host = {**settings.host, "request_label": ""}
    connections.save_settings(on.deployment.databases.main, CONNECTION, settings.model_copy(update={"host": host}))

    provisioning.prepare(on.deployment, CONNECTION)

    assert labels(side) == ["Hos inkasso"]


def test_a_ledger_that_does_not_answer_is_told_and_hinders_nothing(fortnox: tuple[Stage, FortnoxLedger]) -> None:
    on, side = fortnox
    with side.state.lock:
        side.state.grants.revoke_consent(side.state.app.client_id, side.books.tenant)
        side.state.grants.expire_access()

    (line,) = provisioning.prepare(on.deployment, CONNECTION)

    assert "Fortnox" in line


def test_an_odoo_is_made_ready_by_its_administrator_instead(on: Stage) -> None:
    assert provisioning.prepare(on.deployment, CONNECTION) == ()
