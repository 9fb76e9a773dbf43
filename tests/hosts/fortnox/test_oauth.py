"""Consent and tokens: what is asked of Fortnox, and what every answer means."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest
import requests
import responses
from pydantic import SecretStr

from connector import manifest
from connector.domain.errors import (
    ConfigurationError,
    KeyRefused,
    NotAuthorised,
    RateLimited,
    RemoteError,
    Unavailable,
)
from connector.hosts.base import ConsentRefused, ServiceAccountRefused, Why
from connector.hosts.fortnox.oauth import (
    DEFAULT_ACCESS_LIFETIME,
    REFRESH_TOKEN_LIFETIME,
    SCOPES,
    AuthorisationServer,
    FortnoxApp,
    Granted,
    code_of_callback,
    missing_scopes,
)

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
SERVER = "https://apps.fortnox.se"
CLIENT_SECRET = "the-apps-own-secret"
CODE = "the-code-of-a-consent"
REFRESH = "the-refresh-token"
APP = FortnoxApp("client-1", SecretStr(CLIENT_SECRET), "https://connector.example/fortnox/callback")


@pytest.fixture(autouse=True)
def _answers() -> Iterator[None]:
    with responses.mock:
        yield


def server(app: FortnoxApp = APP) -> AuthorisationServer:
    return AuthorisationServer(app, now=lambda: NOW)


def says(body: Any, *, status: int = 200, path: str = "token", **more: Any) -> None:
    content = {"body": body} if isinstance(body, (str, Exception)) else {"json": body}
    responses.post(f"{SERVER}/oauth-v1/{path}", status=status, **content, **more)


def sent() -> tuple[dict[str, str], Any]:
    """The form and the headers of the one request that was sent."""
    (call,) = responses.calls
    return dict(parse_qsl(str(call.request.body))), call.request.headers


def access_token(**claims: Any) -> str:
    return jwt.encode({"tenantId": 348211, **claims}, "x" * 32, algorithm="HS256")


def tokens(**more: Any) -> dict[str, Any]:
    scopes = " ".join(SCOPES)
    return {
        "access_token": access_token(),
        "refresh_token": "the-next-refresh-token",
        "scope": scopes,
        "expires_in": 3600,
        "token_type": "bearer",
        **more,
    }


def test_consent_is_asked_for_with_state_and_a_service_account() -> None:
    address = urlsplit(server().consent_url("a-long-random-state"))

    assert f"{address.scheme}://{address.netloc}{address.path}" == f"{SERVER}/oauth-v1/auth"
    assert dict(parse_qsl(address.query)) == {
        "client_id": "client-1",
        "response_type": "code",
        "state": "a-long-random-state",
        "scope": "invoice customer payment companyinformation settings",
        "redirect_uri": APP.redirect_uri,
        "access_type": "offline",
        "account_type": "service",
    }


def test_consent_can_be_asked_for_without_a_service_account() -> None:
    assert "account_type" not in server().consent_url("state", service_account=False)


def test_the_code_is_exchanged_with_the_same_redirect_address() -> None:
    says(tokens())

    granted = server().by_code(CODE)

    form, headers = sent()
    assert form == {"grant_type": "authorization_code", "code": CODE, "redirect_uri": APP.redirect_uri}
    assert headers["Authorization"] == "Basic " + base64.b64encode(f"client-1:{CLIENT_SECRET}".encode()).decode()
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert granted.refresh is not None
    assert granted.refresh.value.get_secret_value() == "the-next-refresh-token"
    assert granted.refresh.expires_at == NOW + REFRESH_TOKEN_LIFETIME
    assert granted.access.expires_at == NOW + timedelta(hours=1)
    assert (granted.tenant_id, granted.scopes) == ("348211", tuple(SCOPES))
    assert missing_scopes(granted.scopes) == ()


def test_a_refresh_token_is_used() -> None:
    says(tokens())
    server().by_refresh_token(SecretStr(REFRESH))
    assert sent()[0] == {"grant_type": "refresh_token", "refresh_token": REFRESH}


def test_a_company_is_named_in_a_header() -> None:
    answer = tokens()
    del answer["refresh_token"]
    says(answer)

    granted = server().by_tenant("348211")

    form, headers = sent()
    assert form == {"grant_type": "client_credentials"}
    assert headers["TenantId"] == "348211"
    assert (granted.refresh, granted.tenant_id) == (None, "348211")


def test_a_refresh_token_is_revoked_at_its_own_address() -> None:
    says({"revoked": True}, path="revoke")
    server().revoke(SecretStr(REFRESH))
    assert sent()[0] == {"token_type_hint": "refresh_token", "token": REFRESH}


def test_a_revocation_that_is_refused_is_told() -> None:
    says({"error": "invalid_client"}, status=401, path="revoke")
    with pytest.raises(NotAuthorised):
        server().revoke(SecretStr(REFRESH))


@pytest.mark.parametrize(
    ("stated", "lifetime"),
    [
        (3600, timedelta(hours=1)),
        ("60", timedelta(minutes=1)),
        (None, DEFAULT_ACCESS_LIFETIME),
        ("soon", DEFAULT_ACCESS_LIFETIME),
        (-1, DEFAULT_ACCESS_LIFETIME),
        (10**12, DEFAULT_ACCESS_LIFETIME),
        (1e20, DEFAULT_ACCESS_LIFETIME),
    ],
)
def test_how_long_an_access_token_lives(stated: Any, lifetime: timedelta) -> None:
    says(tokens(expires_in=stated))
    assert server().by_code(CODE).access.expires_at == NOW + lifetime


@pytest.mark.parametrize("access", ["opaque-token", jwt.encode({}, "x" * 32, algorithm="HS256")])
def test_a_token_that_names_no_company(access: str) -> None:
    says(tokens(access_token=access))
    assert server().by_code(CODE).tenant_id == ""


def test_scopes_that_were_not_approved_are_named() -> None:
    says(tokens(scope="invoice customer"))
    assert missing_scopes(server().by_code(CODE).scopes) == ("payment", "companyinformation", "settings")


INVALID = {"error": "invalid_grant", "error_description": "Invalid refresh token"}


@pytest.mark.parametrize(
    ("status", "content_type", "body", "kind", "advice"),
    [
        (400, "text/html", INVALID, KeyRefused, "Connect Fortnox again"),
        (
            400,
            "text/html",
            INVALID | {"error_description": "Auth code or ClientID supplied is invalid"},
            KeyRefused,
            "Connect",
        ),
        (
            401,
            "text/plain",
            {"error": "invalid_client", "error_description": "The client credentials are invalid"},
            NotAuthorised,
            "client secret",
        ),
        (
            400,
            "application/json",
            {"error": "invalid_request", "error_description": "Client does not allow service account"},
            ServiceAccountRefused,
            "without a service account",
        ),
        (400, "application/json", {"error": "invalid_scope"}, NotAuthorised, "every right"),
        (403, "application/json", {"error": "unauthorized_client"}, NotAuthorised, "Connect"),
        (400, "application/json", {}, Unavailable, "later"),
        (404, "text/html", "<html>", Unavailable, "later"),
        (500, "application/json", INVALID, Unavailable, "later"),
        (502, "text/html", "", Unavailable, "later"),
        (302, "text/html", "", Unavailable, "later"),
        (200, "text/html", "<html>", Unavailable, "later"),
        (200, "application/json", {"access_token": 7}, Unavailable, "later"),
        (200, "application/json", {"access_token": "a b\n"}, Unavailable, "later"),
        (429, "text/html", "slow down", RateLimited, ""),
    ],
)
def test_what_a_refusal_means(status: int, content_type: str, body: Any, kind: type[RemoteError], advice: str) -> None:
    says(body, status=status, content_type=content_type)

    with pytest.raises(RemoteError) as caught:
        server().by_refresh_token(SecretStr(REFRESH))

    assert type(caught.value) is kind
    assert advice in caught.value.advice
    assert caught.value.system == "Fortnox"


@pytest.mark.parametrize(
    "fault",
    [
        requests.exceptions.ConnectTimeout(),
        requests.exceptions.ReadTimeout(),
        requests.exceptions.ConnectionError("Connection aborted."),
    ],
)
def test_whatever_goes_wrong_the_call_itself_was_not_sent(fault: Exception) -> None:
    says(fault)
    with pytest.raises(Unavailable):
        server().by_tenant("348211")


@pytest.mark.parametrize("echoed", [CODE, CLIENT_SECRET])
def test_no_error_repeats_a_secret(echoed: str) -> None:
    says({"error": "invalid_grant", "error_description": f"{echoed} is invalid"}, status=400)
    with pytest.raises(KeyRefused) as caught:
        server().by_code(CODE)
    assert echoed not in f"{caught.value} {vars(caught.value)} {caught.value.__context__!r}"


def test_no_error_repeats_the_refresh_token() -> None:
    says({"error": "invalid_grant", "error_description": f"{REFRESH} is invalid"}, status=400)
    with pytest.raises(KeyRefused) as caught:
        server().by_refresh_token(SecretStr(REFRESH))
    assert REFRESH not in f"{caught.value} {vars(caught.value)}"


def test_no_repr_shows_a_secret() -> None:
    says(tokens())
    granted: Granted = server().by_code(CODE)
    shown = f"{APP} {server()} {granted}"
    assert not any(secret in shown for secret in (CLIENT_SECRET, "the-next-refresh-token", "eyJ"))


@pytest.mark.parametrize("app", [FortnoxApp("", SecretStr("x"), ""), FortnoxApp("x", SecretStr(""), "")])
def test_an_app_without_credentials_is_refused_at_once(app: FortnoxApp) -> None:
    with pytest.raises(ConfigurationError, match="client id and secret"):
        server(app)


STATE = "0123456789abcdef"


def test_the_code_of_a_callback() -> None:
    assert code_of_callback({"code": CODE, "state": STATE}, state=STATE) == CODE


@pytest.mark.parametrize(
    ("query", "why", "words"),
    [
        ({}, Why.NO_ANSWER, "locked or unpaid"),
        ({"code": "", "state": ""}, Why.NO_ANSWER, "locked or unpaid"),
        ({"code": CODE}, Why.OTHER_ATTEMPT, "another attempt"),
        ({"code": CODE, "state": "0123456789abcdeg"}, Why.OTHER_ATTEMPT, "another attempt"),
        ({"code": CODE, "state": "å"}, Why.OTHER_ATTEMPT, "another attempt"),
        ({"error": "access_denied"}, Why.OTHER_ATTEMPT, "another attempt"),
        ({"state": STATE}, Why.NO_CODE, "without a code"),
        ({"error": "access_denied", "state": STATE}, Why.DENIED, "system administrator"),
        (
            {"error": "invalid_scope", "state": STATE},
            Why.SCOPE_NOT_ALLOWED,
            "developer portal: invoice customer payment",
        ),
        ({"error": "error_missing_license", "state": STATE}, Why.NO_LICENCE, "adds the licence"),
        ({"error": "error_missing_app_license", "state": STATE}, Why.NO_APP_LICENCE, "licence for integrations"),
        ({"error": "something_new", "state": STATE, "code": CODE}, Why.REFUSED, "Fortnox says: something_new"),
        ({"error": "other_attempt", "state": STATE}, Why.REFUSED, "Fortnox says: other_attempt"),
        (
            {"error": "x", "error_description": "Of 19900101-1239", "state": STATE},
            Why.REFUSED,
            "Fortnox says: Of ••••",
        ),
    ],
)
def test_every_callback_without_consent_is_told_in_words(query: dict[str, str], why: Why, words: str) -> None:
    with pytest.raises(ConsentRefused) as caught:
        code_of_callback(query, state=STATE)
    assert caught.value.why is why
    assert words in str(caught.value)


def test_without_a_state_of_our_own_no_answer_is_taken() -> None:
    for query in ({"code": CODE}, {"code": CODE, "state": ""}):
        with pytest.raises(ConsentRefused, match="another attempt"):
            code_of_callback(query, state="")


def test_a_service_account_that_is_not_allowed_is_told_apart() -> None:
    query = {"error": "invalid_request", "error_description": "Client does not allow service account", "state": STATE}
    with pytest.raises(ServiceAccountRefused):
        code_of_callback(query, state=STATE)


def test_the_manifest_lists_the_scopes() -> None:
    (fortnox,) = (host for host in manifest.load().hosts if host.id == "fortnox")
    assert fortnox.scopes == tuple(SCOPES)
