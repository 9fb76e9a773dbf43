"""What Fortnox tells of the app: believed when it is signed, and even then no more than a hint."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from connector.domain.connection import ConnectionSettings
from connector.flows.companies import keys
from connector.sandbox.fortnox.webhooks import signature
from connector.sandbox.shared.serve import running
from connector.store import connections
from connector.store.connections import DEFAULT_ACCESS
from connector.store.ledger_keys import LedgerKey
from connector.web.app import create_app
from connector.web.webhooks import LONGEST_BODY_BYTES
from tests.conftest import SettingsFactory
from tests.flows.consent_stage import APP, WEBHOOK_SECRET, Consents, approving

NAME = "testbolaget-ab"
PATH = "/fortnox/lifecycle"


@pytest.fixture
def place(settings_factory: SettingsFactory) -> Iterator[Consents]:
    """A company in Fortnox that is connected."""
    with approving(settings_factory) as stage:
        connections.add(
            stage.deployment.databases.main,
            stage.deployment.vault,
            connection_id=NAME,
            host="fortnox",
            name="Testbolaget AB",
            settings=ConnectionSettings(account="a" * 24, creditor="c" * 24, host={"tenant_id": stage.tenant}),
            amili_access=DEFAULT_ACCESS,
            secrets={},
        )
        yield stage


@pytest.fixture
def fortnox(place: Consents) -> FlaskClient:
    """Fortnox's own calls: no cookies, no form token."""
    return create_app(place.deployment).test_client(use_cookies=False)


def tell(fortnox: FlaskClient, message: Any, *, secret: str = WEBHOOK_SECRET, **headers: str) -> int:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    signed = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    return fortnox.post(PATH, data=body, headers={"X-Signature": signed} | headers).status_code


def key(place: Consents) -> LedgerKey:
    return place.deployment.connection(NAME).key


def revoked(place: Consents) -> dict[str, Any]:
    return {"event": "client_credentials_consent_revoked", "tenant_id": int(place.tenant)}


def test_a_withdrawn_consent_parks_its_company_at_once(
    place: Consents, fortnox: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        assert tell(fortnox, revoked(place)) == 200
    assert key(place).refused_at is not None
    assert caplog.text.count("its consent was withdrawn") == 1, "a second message changes nothing"
    assert place.requests_to_fortnox() == 0
    assert place.ids() == (NAME,)


def test_a_consent_given_anew_lets_it_go_on(place: Consents, fortnox: FlaskClient) -> None:
    given = {"event": "client_credentials_consent", "tenant_id": place.tenant, "scopes": "invoice"}
    before = key(place)
    assert tell(fortnox, given) == 200
    assert key(place) == before
    tell(fortnox, revoked(place))
    for _ in range(2):
        assert tell(fortnox, given) == 200
    assert key(place) == before
    assert place.requests_to_fortnox() == 0


def test_an_hourly_look_heals_a_mistaken_message(place: Consents, fortnox: FlaskClient) -> None:
    place.consent()
    tell(fortnox, revoked(place))
    keys.look(place.deployment, NAME)
    assert key(place).refused_at is None


def test_the_next_call_parks_again_where_the_consent_was_not_given(place: Consents, fortnox: FlaskClient) -> None:
    tell(fortnox, revoked(place))
    tell(fortnox, {"event": "client_credentials_consent", "tenant_id": place.tenant})
    keys.look(place.deployment, NAME)
    assert key(place).refused_at is not None


@pytest.mark.parametrize(
    "message",
    [
        {"event": "license_expired", "tenant_id": "TENANT", "license_count": 0},
        {"event": "deactivation", "refresh_token": "canary-refresh-token"},
        {"event": "purchase", "tenant_id": "TENANT"},
        {"event": "something_new", "tenant_id": "TENANT"},
        {"event": "client_credentials_consent_revoked", "tenant_id": 1},
        {"event": "client_credentials_consent_revoked", "tenant_id": ""},
        {"event": "client_credentials_consent_revoked", "tenant_id": None},
        {"event": "client_credentials_consent_revoked", "tenant_id": ["TENANT"]},
        {"event": "client_credentials_consent_revoked"},
        {"event": ["client_credentials_consent_revoked"], "tenant_id": "TENANT"},
        {"event": "line\nbreak", "tenant_id": "TENANT"},
        [],
        b"",
        b"null",
        b"junk",
        b"\xff\xfe",
        b"[" * 60_000,
        b'{"event": "client_credentials_consent_revoked", "tenant_id": 1e999}',
    ],
)
def test_what_is_not_known_is_answered_and_changes_nothing(
    place: Consents, fortnox: FlaskClient, message: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    if not isinstance(message, bytes):
        message = json.dumps(message).replace("TENANT", place.tenant).encode()
    before = key(place)
    assert tell(fortnox, message) == 200
    assert key(place) == before
    assert place.requests_to_fortnox() == 0
    assert "canary-refresh-token" not in caplog.text


@pytest.mark.parametrize("given", ["", "x", "å", "AAAA", "=" * 400])
def test_a_wrong_signature_changes_nothing(place: Consents, fortnox: FlaskClient, given: str) -> None:
    assert tell(fortnox, revoked(place), **{"X-Signature": given}) == 401
    assert tell(fortnox, revoked(place), secret="another-secret") == 401
    assert fortnox.post(PATH, json=revoked(place)).status_code == 401
    assert key(place).refused_at is None


def test_a_signature_is_of_the_very_body(place: Consents, fortnox: FlaskClient) -> None:
    body = json.dumps(revoked(place)).encode()
    assert tell(fortnox, body + b" ", **{"X-Signature": signature(body, WEBHOOK_SECRET)}) == 401
    assert key(place).refused_at is None
    assert tell(fortnox, body, **{"X-Signature": signature(body, WEBHOOK_SECRET)}) == 200
    assert key(place).refused_at is not None


@pytest.mark.parametrize("secret", [None, ""])
def test_without_a_secret_there_is_no_such_address(settings_factory: SettingsFactory, secret: str | None) -> None:
    with approving(settings_factory, fortnox_webhook_secret=secret) as place:
        fortnox = create_app(place.deployment).test_client(use_cookies=False)
        body = json.dumps(revoked(place)).encode()
        answer = fortnox.post(PATH, data=body, headers={"X-Signature": signature(body, "")})
        assert answer.status_code == 404
        assert answer.is_json


def test_a_body_too_large_is_not_read(place: Consents, fortnox: FlaskClient) -> None:
    assert tell(fortnox, b" " * (LONGEST_BODY_BYTES + 1)) == 413
    assert fortnox.get(PATH).status_code == 405


def test_it_sets_no_cookie(place: Consents) -> None:
    answer = create_app(place.deployment).test_client().post(PATH, json=revoked(place))
    assert "Set-Cookie" not in answer.headers


def test_the_sandbox_of_fortnox_tells_in_the_same_way(place: Consents) -> None:
    place.consent()
    with running(create_app(place.deployment)) as url:
        place.fortnox.hook.url, place.fortnox.hook.secret = f"{url}{PATH}", WEBHOOK_SECRET
        place.fortnox.revoke_consent(APP.client_id, int(place.tenant))
        assert key(place).refused_at is not None
        place.consent()
        assert key(place).refused_at is None
    assert [call["outcome"] for call in place.fortnox.hook.calls] == ["200", "200"]
