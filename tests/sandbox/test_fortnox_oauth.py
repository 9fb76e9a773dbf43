"""Consent, tokens and their ends: fortnox/API.md, "Consent" and "Tokens"."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import jwt
import pytest
import requests
from flask import Flask, Response, request

from connector.sandbox.fortnox.switches import Consent
from connector.sandbox.fortnox.webhooks import signature
from connector.sandbox.shared.serve import running
from tests.sandbox.fortnox_client import APP, SCOPES, TIMEOUT_S, Fortnox, redirected

DAY_S = 86400


def error_of(answer: requests.Response) -> tuple[int, str, str]:
    """Status, error and description of a refusal by the token endpoint."""
    body = answer.json()
    return answer.status_code, body["error"], body["error_description"]


def works(fortnox: Fortnox, token: str) -> bool:
    headers = {"Authorization": f"Bearer {token}"}
    answer = fortnox.http.get(f"{fortnox.url}/3/companyinformation", headers=headers, timeout=TIMEOUT_S)
    return answer.status_code == 200


# Authorize


def test_consent_leads_back_with_a_code_and_the_state(fortnox: Fortnox) -> None:
    back = redirected(fortnox.authorize(state="a b&c"))

    assert back.keys() == {"code", "state"}
    assert back["state"] == "a b&c"


@pytest.mark.parametrize("answer", [Consent.DENIED, Consent.INVALID_SCOPE, Consent.NO_LICENCE, Consent.NO_APP_LICENCE])
def test_a_refused_consent_leads_back_with_an_error(fortnox: Fortnox, answer: Consent) -> None:
    fortnox.switch(consent=answer)

    back = redirected(fortnox.authorize())

    assert (back["error"], back["state"]) == (answer.value, "st-1")
    assert back["error_description"]
    assert "code" not in back


def test_a_locked_account_leads_back_with_nothing(fortnox: Fortnox) -> None:
    fortnox.switch(consent=Consent.NOTHING)

    assert redirected(fortnox.authorize()) == {}


def test_a_scope_the_app_does_not_have_is_refused(fortnox: Fortnox) -> None:
    assert redirected(fortnox.authorize(scope="invoice nonsense"))["error"] == "invalid_scope"
    assert redirected(fortnox.authorize(scope="Invoice"))["error"] == "invalid_scope"


def test_an_unknown_client_or_address_is_told_on_a_page(fortnox: Fortnox) -> None:
    for changes in ({"client_id": "nobody"}, {"redirect_uri": "https://elsewhere.example/"}):
        answer = fortnox.authorize(**changes)
        assert (answer.status_code, answer.headers["Content-Type"]) == (400, "text/html; charset=utf-8")


def test_a_service_account_must_be_allowed_for_the_app(fortnox: Fortnox) -> None:
    fortnox.state.grants.apps[APP.client_id] = replace(APP, service_accounts=False)

    assert redirected(fortnox.authorize())["error_description"] == "Client does not allow service account"
    assert "code" in redirected(fortnox.authorize(account_type=""))


def test_the_page_asks_for_which_company(fortnox: Fortnox) -> None:
    second = fortnox.state.add_company("Andra Bolaget AB", "556000-0001")
    fortnox.switch(consent=Consent.ASKED)

    page = fortnox.authorize()
    back = redirected(fortnox.authorize(sandbox_tenant=str(second.tenant)))
    denied = redirected(fortnox.authorize(sandbox_tenant="0"))

    assert "Klientbolaget AB" in page.text
    assert "Andra Bolaget AB" in page.text
    token = fortnox.by_code(back["code"]).json()["access_token"]
    assert jwt.decode(token, options={"verify_signature": False})["tenantId"] == second.tenant
    assert denied["error"] == "access_denied"


# Tokens


def test_a_code_becomes_tokens_once(fortnox: Fortnox) -> None:
    code = fortnox.code(scope="invoice customer companyinformation")

    answer = fortnox.by_code(code)

    assert answer.status_code == 200
    body = answer.json()
    assert body.keys() == {"access_token", "refresh_token", "scope", "expires_in", "token_type"}
    assert (body["scope"], body["expires_in"], body["token_type"]) == (
        "invoice customer companyinformation",
        3600,
        "bearer",
    )
    assert works(fortnox, body["access_token"])
    assert error_of(fortnox.by_code(code)) == (400, "invalid_grant", "Auth code or ClientID supplied is invalid")


def test_the_access_token_is_a_jwt_that_names_the_company_and_its_end(fortnox: Fortnox) -> None:
    token = fortnox.by_code().json()["access_token"]

    claims = jwt.decode(token, options={"verify_signature": False})

    assert claims["tenantId"] == fortnox.books.tenant
    assert claims["exp"] == int(fortnox.clock().timestamp()) + 3600


def test_a_code_lives_ten_minutes(fortnox: Fortnox) -> None:
    first, second = fortnox.code(), fortnox.code()
    fortnox.clock.forward(599)
    assert fortnox.by_code(first).status_code == 200
    fortnox.clock.forward(1)
    assert fortnox.by_code(second).status_code == 400


def test_the_redirect_address_is_the_one_the_code_was_asked_with(fortnox: Fortnox) -> None:
    left_out = fortnox.token(grant_type="authorization_code", code=fortnox.code())
    never_sent = fortnox.token(grant_type="authorization_code", code=fortnox.code(redirect_uri=""))

    assert (left_out.status_code, never_sent.status_code) == (400, 200)


def test_a_refresh_token_works_once(fortnox: Fortnox) -> None:
    first = fortnox.by_code().json()

    second = fortnox.token(grant_type="refresh_token", refresh_token=first["refresh_token"]).json()
    again = fortnox.token(grant_type="refresh_token", refresh_token=first["refresh_token"])

    assert second["refresh_token"] != first["refresh_token"]
    assert works(fortnox, second["access_token"])
    assert works(fortnox, first["access_token"])
    assert error_of(again) == (400, "invalid_grant", "Invalid refresh token")
    assert again.headers["Content-Type"].startswith("text/html")
    assert fortnox.token(grant_type="refresh_token", refresh_token=second["refresh_token"]).status_code == 200


def test_a_rotated_refresh_token_may_have_a_grace(fortnox: Fortnox) -> None:
    fortnox.switch(refresh_grace_s=30.0)
    token = fortnox.by_code().json()["refresh_token"]
    statuses = []
    for wait_s in (0, 29, 1):
        fortnox.clock.forward(wait_s)
        statuses.append(fortnox.token(grant_type="refresh_token", refresh_token=token).status_code)

    assert statuses == [200, 200, 400]


@pytest.mark.parametrize("days", [45, 31])
def test_a_refresh_token_expires(fortnox: Fortnox, days: int) -> None:
    fortnox.switch(refresh_token_life_days=days)
    early, late = fortnox.by_code().json()["refresh_token"], fortnox.by_code().json()["refresh_token"]
    fortnox.clock.forward(days * DAY_S - 1)
    assert fortnox.token(grant_type="refresh_token", refresh_token=early).status_code == 200
    fortnox.clock.forward(1)
    assert fortnox.token(grant_type="refresh_token", refresh_token=late).status_code == 400


def test_two_that_refresh_at_once_cannot_both_have_it(fortnox: Fortnox) -> None:
    token = fortnox.by_code().json()["refresh_token"]
    statuses: list[int] = []

    def refresh() -> None:
        form = {"grant_type": "refresh_token", "refresh_token": token}
        answer = requests.post(
            f"{fortnox.url}/oauth-v1/token", data=form, auth=(APP.client_id, APP.client_secret), timeout=TIMEOUT_S
        )
        statuses.append(answer.status_code)

    callers = [threading.Thread(target=refresh) for _ in range(2)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()

    assert sorted(statuses) == [200, 400]


@pytest.mark.parametrize("app", [replace(APP, client_secret="wrong"), replace(APP, client_id="nobody")])
def test_wrong_credentials_are_refused_as_plain_text(fortnox: Fortnox, app: Any) -> None:
    answer = fortnox.token(app=app, grant_type="refresh_token", refresh_token="x")

    assert error_of(answer) == (401, "invalid_client", "The client credentials are invalid")
    assert answer.headers["Content-Type"].startswith("text/plain")


def test_the_token_endpoint_takes_forms_alone(fortnox: Fortnox) -> None:
    answer = fortnox.http.post(
        f"{fortnox.url}/oauth-v1/token",
        json={"grant_type": "client_credentials"},
        auth=(APP.client_id, APP.client_secret),
        timeout=TIMEOUT_S,
    )

    assert answer.status_code == 400
    assert fortnox.token(grant_type="password").json()["error"] == "unsupported_grant_type"


# Client credentials


def test_client_credentials_give_an_access_token_and_nothing_to_refresh(fortnox: Fortnox) -> None:
    body = fortnox.by_credentials().json()

    assert body.keys() == {"access_token", "scope", "expires_in", "token_type"}
    assert body["scope"] == SCOPES
    assert works(fortnox, body["access_token"])


def test_client_credentials_can_ask_for_fewer_scopes(fortnox: Fortnox) -> None:
    assert fortnox.by_credentials(scope="companyinformation invoice").json()["scope"] == "invoice companyinformation"
    assert fortnox.by_credentials(scope="salary").json()["error"] == "invalid_scope"


@pytest.mark.parametrize(("status", "error"), [(400, "invalid_grant"), (401, "unauthorized_client")])
def test_client_credentials_need_a_consent_for_the_tenant(fortnox: Fortnox, status: int, error: str) -> None:
    fortnox.switch(no_consent_status=status, no_consent_error=error)
    stranger = fortnox.state.add_company("Andra Bolaget AB", "556000-0001")

    for answer in (
        fortnox.by_credentials(stranger.tenant),
        fortnox.by_credentials(1),
        fortnox.token(grant_type="client_credentials"),
    ):
        assert error_of(answer)[:2] == (status, error)


def test_client_credentials_need_a_service_account(fortnox: Fortnox) -> None:
    other = fortnox.state.add_company("Andra Bolaget AB", "556000-0001")
    fortnox.state.signed_in_to = other.tenant

    fortnox.by_code(fortnox.code(account_type=""))
    personal = fortnox.by_credentials(other.tenant)
    fortnox.by_code(fortnox.code())

    assert personal.status_code == 400
    assert fortnox.by_credentials(other.tenant).status_code == 200


@pytest.mark.parametrize("beside", [True, False])
def test_refresh_tokens_may_end_when_client_credentials_are_used(fortnox: Fortnox, beside: bool) -> None:
    fortnox.switch(refresh_beside_credentials=beside)
    token = fortnox.by_code().json()["refresh_token"]
    fortnox.by_credentials()

    answer = fortnox.token(grant_type="refresh_token", refresh_token=token)

    assert answer.status_code == (200 if beside else 400)


# Expiry and revocation


def test_an_access_token_expires_after_an_hour(fortnox: Fortnox) -> None:
    token = fortnox.by_credentials().json()["access_token"]
    fortnox.clock.forward(3599)
    assert works(fortnox, token)
    fortnox.clock.forward(1)

    answer = fortnox.get("/3/companyinformation")

    assert (answer.status_code, answer.json()) == (401, {"message": "unauthorized"})
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x"}, {"Authorization": "Basic eDp5"}])
def test_no_token_or_a_garbled_one_is_refused_by_the_gateway(fortnox: Fortnox, headers: dict[str, str]) -> None:
    answer = fortnox.http.get(f"{fortnox.url}/3/invoices", headers=headers, timeout=TIMEOUT_S)

    assert (answer.status_code, answer.json()) == (401, {"message": "unauthorized"})


def revoke(fortnox: Fortnox, token: str) -> Any:
    form = {"token_type_hint": "refresh_token", "token": token}
    answer = fortnox.http.post(
        f"{fortnox.url}/oauth-v1/revoke", data=form, auth=(APP.client_id, APP.client_secret), timeout=TIMEOUT_S
    )
    return answer.json()


@pytest.mark.parametrize("ends_consent", [False, True])
def test_revoking_ends_the_refresh_token_and_perhaps_the_consent(fortnox: Fortnox, ends_consent: bool) -> None:
    fortnox.switch(revoke_ends_consent=ends_consent)
    token = fortnox.by_code().json()["refresh_token"]

    assert revoke(fortnox, token) == {"revoked": True}

    assert fortnox.token(grant_type="refresh_token", refresh_token=token).status_code == 400
    assert fortnox.by_credentials().status_code == (400 if ends_consent else 200)


def test_revoking_what_never_was_looks_the_same(fortnox: Fortnox) -> None:
    assert revoke(fortnox, "anything") == {"revoked": True}


@pytest.mark.parametrize("outlives", [False, True])
def test_a_consent_taken_back_ends_every_way_in(fortnox: Fortnox, outlives: bool) -> None:
    fortnox.switch(access_outlives_consent=outlives)
    tokens = fortnox.by_code().json()

    fortnox.state.revoke_consent(APP.client_id, fortnox.books.tenant)

    assert fortnox.by_credentials().status_code == 400
    refreshed = fortnox.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert refreshed.status_code == 400
    assert works(fortnox, tokens["access_token"]) is outlives


# Life-cycle webhooks: fortnox/API.md, "Messages on the app"


@contextmanager
def receiver(status: int = 200) -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """An address that takes webhooks, and what it was sent."""
    app = Flask(__name__)
    received: list[tuple[dict[str, str], bytes]] = []

    @app.post("/hook")
    def take() -> Response:
        received.append((dict(request.headers), request.get_data()))
        return Response(status=status)

    with running(app) as url:
        yield f"{url}/hook", received


def test_a_consent_given_and_taken_back_is_told_with_a_signature(fortnox: Fortnox) -> None:
    with receiver() as (address, received):
        fortnox.state.hook.url, fortnox.state.hook.secret = address, "hook-secret"
        fortnox.code(scope="invoice customer")
        fortnox.state.revoke_consent(APP.client_id, fortnox.books.tenant)
        fortnox.state.revoke_consent(APP.client_id, fortnox.books.tenant)

    assert [json.loads(body) for _, body in received] == [
        {"event": "client_credentials_consent", "tenant_id": fortnox.books.tenant, "scopes": "invoice customer"},
        {"event": "client_credentials_consent_revoked", "tenant_id": fortnox.books.tenant},
    ]
    assert all(headers["X-Signature"] == signature(body, "hook-secret") for headers, body in received)


def test_what_the_receiver_answered_is_noted(fortnox: Fortnox) -> None:
    with receiver(503) as (address, _):
        fortnox.state.hook.url = address
        fortnox.code()
    fortnox.code()

    first, second = fortnox.state.snapshot()["webhook_calls"]
    assert first["outcome"] == "503"
    assert second["outcome"].startswith("failed")
