"""What people and those who run the deployment are told while the database is away, on both databases."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from connector.flows.deployment import Deployment, open_deployment
from connector.store.database import Databases
from connector.web.app import create_app
from tests.conftest import SettingsFactory
from tests.store.database_away import away
from tests.web.conftest import EMAIL, add_company, add_user
from tests.web.test_health import break_store
from tests.web.visitor import PASSWORD, Visitor

DATABASE_UP = "amili_connector_database_up"


@pytest.fixture
def deployment(
    databases: Databases, database_url: str | None, settings_factory: SettingsFactory
) -> Iterator[Deployment]:
    """A deployment with one company and one person."""
    opened = open_deployment(settings_factory(database_url=database_url))
    add_company(opened, "alfa")
    add_user(opened, "alfa")
    yield opened
    opened.close()


@pytest.fixture
def eva(deployment: Deployment) -> Visitor:
    visitor = Visitor(create_app(deployment))
    visitor.submit("/sign-in", "/sign-in", email=EMAIL, password=PASSWORD)
    assert visitor.get("/tasks").status_code == 200
    return visitor


def gauge(visitor: Visitor) -> str:
    response = visitor.get("/metrics")
    assert response.status_code == 200
    (line,) = [line for line in response.text.splitlines() if line.startswith(f"{DATABASE_UP} ")]
    return line.removeprefix(f"{DATABASE_UP} ")


@pytest.mark.parametrize(
    ("language", "words"), [("sv", "Databasen svarar inte just nu"), ("en", "The database does not answer right now")]
)
@pytest.mark.parametrize("path", ["/", "/tasks", "/connections/alfa/", "/hand-overs/1"])
def test_people_get_a_page_of_ours_in_their_language_and_then_the_real_one(
    deployment: Deployment, eva: Visitor, path: str, language: str, words: str
) -> None:
    eva.client.post(
        "/language",
        data={"language": language, "csrf_token": eva.page("/tasks").form("/language").fields["csrf_token"]},
    )
    before = eva.get(path).status_code
    with away(deployment.databases):
        response = eva.get(path)
        assert response.status_code == 503
        assert words in response.text
        assert response.headers["Retry-After"] == "10"
        assert eva.page(path, status=503).text
    after = eva.get(path)
    assert after.status_code == before
    assert words not in after.text


def test_the_language_can_be_chosen_meanwhile(deployment: Deployment, eva: Visitor) -> None:
    fields = eva.page("/tasks").form("/language").fields | {"language": "en"}
    with away(deployment.databases):
        answer = eva.client.post("/language", data=fields)
        assert answer.status_code == 503
        assert "The database does not answer right now" in answer.text
        assert "The database does not answer right now" in eva.get("/tasks").text
    assert eva.page("/tasks").language == "en"


def test_a_person_who_signs_in_meanwhile_is_told_so(deployment: Deployment) -> None:
    visitor = Visitor(create_app(deployment))
    form = visitor.page("/sign-in").form("/sign-in").fields | {"email": EMAIL, "password": PASSWORD}
    with away(deployment.databases):
        response = visitor.client.post("/sign-in", data=form)
        assert response.status_code == 503
        assert "Databasen svarar inte just nu" in response.text
    assert visitor.client.post("/sign-in", data=form).status_code == 303


def test_metrics_answer_and_say_that_it_is_away(deployment: Deployment, eva: Visitor) -> None:
    assert gauge(eva) == "1"
    with away(deployment.databases):
        assert gauge(eva) == "0"
        assert "amili_connector_hand_overs" not in eva.get("/metrics").text
        assert eva.get("/health").status_code == 200
        assert eva.get("/ready").status_code == 503
    assert gauge(eva) == "1"
    assert "amili_connector_hand_overs" in eva.get("/metrics").text


def test_a_fault_of_ours_is_not_called_the_databases(
    deployment: Deployment, eva: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    break_store(deployment)
    with caplog.at_level(logging.ERROR):
        response = eva.get("/metrics")
    assert response.status_code == 500
    assert "unexpected" in caplog.text
