"""Webhooks: stored hints, and nothing for anybody who does not know the address."""

from __future__ import annotations

import json
import logging
import threading

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, event

from connector.flows.deployment import Deployment
from connector.flows.events import following, requests
from connector.flows.job import Job
from connector.store import connections, inbox, tables
from connector.store.inbox import Kind
from connector.web.webhooks import LONGEST_BODY_BYTES, Doors
from tests.web.conftest import add_company

BODY = {"_model": "account.move", "_id": 42, "_action": "Send to collection(#304)", "amount_residual": 2050.0}


@pytest.fixture
def token(deployment: Deployment) -> str:
    return add_company(deployment, "alfa")


@pytest.fixture
def ledger(app: Flask, token: str) -> FlaskClient:
    """A ledger that calls webhooks: no cookies, no form token."""
    return app.test_client(use_cookies=False)


def stored(deployment: Deployment) -> list[tuple[str, str, Kind]]:
    return [
        (item.connection, item.invoice_id, item.kind) for item in inbox.waiting(deployment.databases.inbox, limit=1_000)
    ]


def test_a_hint_is_stored_before_the_ledger_is_answered(
    ledger: FlaskClient, deployment: Deployment, token: str
) -> None:
    response = ledger.post(f"/webhooks/odoo/alfa/{token}?event=requested", json=BODY)
    assert (response.status_code, response.json) == (200, {"accepted": 1})
    assert stored(deployment) == [("alfa", "42", Kind.HINT)]


def test_nothing_of_the_body_but_the_id_is_kept(ledger: FlaskClient, deployment: Deployment, token: str) -> None:
    forged = {**BODY, "id_number": "19900101-1239", "connection": "beta", "request": {"origin": "page"}}
    ledger.post(f"/webhooks/odoo/alfa/{token}", json=forged)
    (item,) = inbox.waiting(deployment.databases.inbox)
    assert (item.connection, item.invoice_id, item.request) == ("alfa", "42", None)


@pytest.mark.parametrize(
    "path",
    [
        "/webhooks/odoo/alfa/{wrong}",
        "/webhooks/odoo/alfa/{token}x",
        "/webhooks/odoo/alfa/",
        "/webhooks/odoo/beta/{token}",
        "/webhooks/odoo/nowhere/{token}",
        "/webhooks/fortnox/alfa/{token}",
        "/webhooks/nonsense/alfa/{token}",
        "/webhooks/odoo/alfa/{token}/more",
    ],
)
def test_an_address_that_does_not_fit_gets_404_and_nothing_is_stored(
    ledger: FlaskClient, deployment: Deployment, token: str, path: str
) -> None:
    add_company(deployment, "beta")
    response = ledger.post(path.format(token=token, wrong="w" * len(token)), json=BODY)
    assert response.status_code == 404
    assert response.is_json
    assert stored(deployment) == []


def test_only_posts_are_taken(ledger: FlaskClient, deployment: Deployment, token: str) -> None:
    assert ledger.get(f"/webhooks/odoo/alfa/{token}").status_code == 405
    assert stored(deployment) == []


@pytest.mark.parametrize(
    "body",
    [b"", b"junk", b"[" * 60_000, b"\xff\xfe", b"null", b'{"_model": "res.partner", "_id": 42}', b'{"_id": 1e999}'],
)
def test_a_body_that_says_nothing_is_answered_and_nothing_is_stored(
    ledger: FlaskClient, deployment: Deployment, token: str, body: bytes
) -> None:
    response = ledger.post(f"/webhooks/odoo/alfa/{token}", data=body)
    assert (response.status_code, response.json) == (200, {"accepted": 0})
    assert stored(deployment) == []


def test_a_body_that_tells_of_changes_and_names_no_invoice_starts_a_look_for_them(
    app: Flask, deployment: Deployment
) -> None:
    token = add_company(deployment, "beta", host="fortnox")
    response = app.test_client(use_cookies=False).post(
        f"/webhooks/fortnox/beta/{token}", json={"type": "invoicepayment-created-v1", "entityId": "77"}
    )
    assert (response.status_code, response.json) == (200, {"accepted": 1})

    jobs: list[Job] = []
    requests.dispatch(deployment, jobs.append)
    assert [(job.kind, job.partition) for job in jobs] == [(following.CHANGES, "beta")]


def test_a_body_of_the_greatest_size_is_taken_and_a_larger_one_is_not(
    ledger: FlaskClient, deployment: Deployment, token: str
) -> None:
    bare = json.dumps(BODY | {"padding": ""}).encode()
    fitting = bare.replace(b'""', b'"' + b"x" * (LONGEST_BODY_BYTES - len(bare)) + b'"')
    assert len(fitting) == LONGEST_BODY_BYTES
    response = ledger.post(f"/webhooks/odoo/alfa/{token}", data=fitting + b" ")
    assert response.status_code == 413
    assert stored(deployment) == []
    assert ledger.post(f"/webhooks/odoo/alfa/{token}", data=fitting).json == {"accepted": 1}


def test_a_new_token_works_at_once_and_the_one_before_until_the_next(
    ledger: FlaskClient, deployment: Deployment, token: str
) -> None:
    def post(with_token: str) -> int:
        return ledger.post(f"/webhooks/odoo/alfa/{with_token}", json=BODY).status_code

    assert post(token) == 200
    second = connections.rotate_webhook_token(deployment.databases.main, deployment.vault, "alfa")
    assert (post(second), post(token)) == (200, 200)
    third = connections.rotate_webhook_token(deployment.databases.main, deployment.vault, "alfa")
    assert (post(third), post(second), post(token)) == (200, 200, 404)


def test_a_given_up_token_is_forgotten_within_seconds_even_if_the_new_one_is_never_used(
    deployment: Deployment, token: str
) -> None:
    now_s = [100.0]
    doors = Doors(deployment, clock_s=lambda: now_s[0])
    assert doors.opens("odoo", "alfa", token)
    for _ in range(2):
        connections.rotate_webhook_token(deployment.databases.main, deployment.vault, "alfa")
    now_s[0] += 6
    assert not doors.opens("odoo", "alfa", token)


def test_a_removed_connection_closes_its_webhook(deployment: Deployment, token: str) -> None:
    now_s = [100.0]
    doors = Doors(deployment, clock_s=lambda: now_s[0])
    assert doors.opens("odoo", "alfa", token)
    with deployment.databases.main.begin() as connection:
        connection.execute(delete(tables.connections))
    now_s[0] += 6
    assert not doors.opens("odoo", "alfa", token)


def test_a_known_token_asks_the_main_database_nothing(ledger: FlaskClient, deployment: Deployment, token: str) -> None:
    ledger.post(f"/webhooks/odoo/alfa/{token}", json=BODY)
    statements: list[str] = []

    @event.listens_for(deployment.databases.main, "before_cursor_execute")
    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    for _ in range(20):
        ledger.post(f"/webhooks/odoo/alfa/{token}", json=BODY)
    assert statements == []
    assert len(stored(deployment)) == 21


def test_hints_of_many_callers_at_once_are_all_stored(app: Flask, deployment: Deployment, token: str) -> None:
    def call(first: int) -> None:
        client = app.test_client(use_cookies=False)
        for number in range(first, first + 10):
            assert client.post(f"/webhooks/odoo/alfa/{token}", json=BODY | {"_id": number}).status_code == 200

    callers = [threading.Thread(target=call, args=(1 + 10 * index,)) for index in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert {invoice for _, invoice, _ in stored(deployment)} == {str(number) for number in range(1, 81)}


def test_no_token_reaches_the_log_when_the_store_fails(
    ledger: FlaskClient, deployment: Deployment, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with deployment.databases.inbox.begin() as connection:
        tables.inbox.drop(connection)
    response = ledger.post(f"/webhooks/odoo/alfa/{token}", json=BODY)
    assert response.status_code == 500
    assert token not in response.text
    assert "OperationalError" in caplog.text
    assert token not in caplog.text


def test_a_webhook_sets_no_cookie(app: Flask, token: str) -> None:
    client = app.test_client()
    for path in (f"/webhooks/odoo/alfa/{token}", "/webhooks/odoo/alfa/wrong"):
        assert "Set-Cookie" not in client.post(path, json=BODY).headers
