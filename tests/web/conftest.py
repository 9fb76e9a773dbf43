"""The app over a real store; where pages need them, over both sandboxes too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from pydantic import SecretStr

from connector.domain.connection import ConnectionSettings
from connector.flows.deployment import Deployment, open_deployment
from connector.settings import Settings
from connector.store import connections
from connector.store.connections import DEFAULT_ACCESS
from connector.web.app import create_app
from tests import migrated_databases, quick_passwords
from tests.flows.stage import CONNECTION, Stage, stage
from tests.web.visitor import PASSWORD, Visitor

EMAIL = "eva@byran.example"


@pytest.fixture
def deployment(settings: Settings) -> Iterator[Deployment]:
    """A deployment without companies, on SQLite."""
    migrated_databases.put_into(settings.data_dir)
    opened = open_deployment(settings)
    yield opened
    opened.close()


@pytest.fixture
def app(deployment: Deployment) -> Flask:
    """Its app."""
    return create_app(deployment)


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """Somebody who has not signed in."""
    return Visitor(app)


def add_company(deployment: Deployment, connection_id: str, name: str = "", host: str = "odoo") -> str:
    """A connection whose two sides are never called; gives its webhook token."""
    if not (connections.summaries(deployment.databases.main) or connections.usable_accesses(deployment.databases.main)):
        connections.put_access(
            deployment.databases.main,
            deployment.vault,
            access_id=DEFAULT_ACCESS,
            private_key=SecretStr("-"),
            public_key="-",
            api_code=None,
        )
    return connections.add(
        deployment.databases.main,
        deployment.vault,
        connection_id=connection_id,
        host=host,
        name=name or connection_id,
        settings=ConnectionSettings(account="a" * 24, creditor=f"{connection_id:0>24}"),
        amili_access=DEFAULT_ACCESS,
        secrets={"api_key": SecretStr("key")},
    )


def add_user(deployment: Deployment, *companies: str, email: str = EMAIL, language: str = "") -> None:
    """A person with `PASSWORD` who may use these companies, and whose language is chosen if one is named."""
    quick_passwords.enter(
        deployment.databases.main,
        email=email,
        name="Eva Lund",
        password=PASSWORD,
        connections=companies,
        language=language,
    )


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Stage]:
    """Both sandboxes, a deployment between them, and Eva, who may use its one company. No worker runs."""
    with stage(tmp_path / "house") as running:
        add_user(running.deployment, CONNECTION)
        yield running


@pytest.fixture
def eva(house: Stage) -> Visitor:
    """Eva, signed in to the pages of `house`."""
    visitor = Visitor(create_app(house.deployment))
    assert visitor.sign_in(EMAIL).status_code == 303
    return visitor
