"""The OAuth endpoints of the Fortnox imitation: authorize, token, revoke (fortnox/API.md, "Consent", "Tokens" and
"Errors of the token endpoint")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from html import escape
from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, request

from connector.sandbox.fortnox.errors import GrantRefused, grant_refusal
from connector.sandbox.fortnox.grants import App, Grant, Tokens
from connector.sandbox.fortnox.state import FortnoxState
from connector.sandbox.fortnox.switches import Consent
from connector.sandbox.shared.wire import as_json

DESCRIPTIONS = {
    Consent.DENIED: "The resource owner or authorization server denied the request.",
    Consent.INVALID_SCOPE: "One or more requested scopes are invalid.",
    Consent.NO_LICENCE: "The user is missing the required license.",
    Consent.NO_APP_LICENCE: "The user is missing the license for the app.",
}
NO_SERVICE_ACCOUNT = "Client does not allow service account"


def _page(text: str, status: int = 200) -> Response:
    page = f'<!doctype html><html lang="sv"><meta charset="utf-8"><title>Fortnox</title><body>{text}</body></html>'
    return Response(page, status=status, content_type="text/html; charset=utf-8")


def _redirect(address: str, values: Mapping[str, str]) -> Response:
    query = urlencode({name: value for name, value in values.items() if value})
    separator = "&" if "?" in address else "?"
    return Response(status=302, headers={"Location": f"{address}{separator}{query}" if query else address})


def _refused(address: str, error: str, description: str, state: str) -> Response:
    return _redirect(address, {"error": error, "error_description": description, "state": state})


def _asked(state: FortnoxState) -> Response:
    """The consent page: one button for each company, and one to deny."""
    inputs = "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in request.args.items()
    )
    buttons = "".join(
        f'<button name="sandbox_tenant" value="{tenant}">Godkänn för {escape(books.name)}</button> '
        for tenant, books in state.companies.items()
    )
    scopes = escape(request.args.get("scope", ""))
    return _page(
        f"<h1>Koppla en integration</h1><p>Den får läsa och ändra: {scopes}</p><form>{inputs}{buttons}"
        '<button name="sandbox_tenant" value="0">Neka</button></form>'
    )


def _authorize(state: FortnoxState) -> Response:
    asked = request.args
    app = state.grants.apps.get(asked.get("client_id", ""))
    if app is None:
        return _page("<p>Okänd integration.</p>", 400)
    address = asked.get("redirect_uri", app.redirect_uri)
    if address != app.redirect_uri:
        return _page("<p>Adressen är inte den som är registrerad.</p>", 400)
    echoed = asked.get("state", "")
    account_type = asked.get("account_type", "")
    scopes = tuple(dict.fromkeys(asked.get("scope", "").split()))
    if asked.get("response_type") != "code" or not echoed or account_type not in ("", "service"):
        return _refused(address, "invalid_request", "The request is missing a required parameter.", echoed)
    if not scopes or not set(scopes) <= app.scopes:
        return _refused(address, Consent.INVALID_SCOPE, DESCRIPTIONS[Consent.INVALID_SCOPE], echoed)
    if account_type and not app.service_accounts:
        return _refused(address, "invalid_request", NO_SERVICE_ACCOUNT, echoed)
    return _decide(state, app, Grant(app.client_id, state.signed_in_to, scopes, bool(account_type)))


def _decide(state: FortnoxState, app: App, grant: Grant) -> Response:
    echoed = request.args["state"]
    answer = state.switches.switches.consent
    chosen = request.args.get("sandbox_tenant", "")
    if answer is Consent.ASKED and chosen:
        tenant = next((number for number in state.companies if str(number) == chosen), 0)
        answer = Consent.APPROVED if tenant else Consent.DENIED
        grant = replace(grant, tenant=tenant)
    match answer:
        case Consent.ASKED:
            return _asked(state)
        case Consent.NOTHING:
            return _redirect(app.redirect_uri, {})
        case Consent.APPROVED:
            state.consent(grant)
            with state.lock:
                code = state.grants.issue_code(grant, request.args.get("redirect_uri", ""))
            return _redirect(app.redirect_uri, {"code": code, "state": echoed})
        case _:
            return _refused(app.redirect_uri, answer, DESCRIPTIONS[answer], echoed)


def _calling_app(state: FortnoxState) -> App:
    given = request.authorization
    if given is None or given.type != "basic":
        raise GrantRefused("invalid_client", "The client credentials are invalid", 401)
    return state.grants.app(given.username or "", given.password or "")


def _tokens(state: FortnoxState, app: App) -> Tokens:
    form = request.form
    match form.get("grant_type"):
        case "authorization_code":
            return state.grants.by_code(app, form.get("code", ""), form.get("redirect_uri", ""))
        case "refresh_token":
            return state.grants.by_refresh(app, form.get("refresh_token", ""))
        case "client_credentials":
            return state.grants.by_credentials(app, request.headers.get("TenantId", ""), form.get("scope", "").split())
        case _:
            raise GrantRefused("unsupported_grant_type", "The grant type is not supported")


def _as_body(tokens: Tokens, life_s: int) -> dict[str, Any]:
    body: dict[str, Any] = {"access_token": tokens.access.token}
    if tokens.refresh is not None:
        body["refresh_token"] = tokens.refresh
    return body | {"scope": " ".join(tokens.access.grant.scopes), "expires_in": life_s, "token_type": "bearer"}


def add_oauth(app: Flask, state: FortnoxState) -> None:
    """Put the three endpoints on `app`."""

    @app.errorhandler(GrantRefused)
    def refused(error: GrantRefused) -> Response:
        return grant_refusal(error)

    @app.get("/oauth-v1/auth", endpoint="authorize")
    def authorize() -> Response:
        return _authorize(state)

    @app.post("/oauth-v1/token", endpoint="token")
    def token() -> Response:
        with state.lock:
            calling = _calling_app(state)
            if request.mimetype != "application/x-www-form-urlencoded":
                raise GrantRefused("invalid_request", "The request body is not a form")
            return as_json(_as_body(_tokens(state, calling), state.switches.switches.access_token_life_s))

    @app.post("/oauth-v1/revoke", endpoint="revoke")
    def revoke() -> Response:
        with state.lock:
            _calling_app(state)
            named = request.form.get("token_type_hint") == "refresh_token"
            grant = state.grants.revoke_refresh(request.form.get("token", "")) if named else None
        if grant is not None and state.switches.switches.revoke_ends_consent:
            state.revoke_consent(grant.client_id, grant.tenant)
        return as_json({"revoked": True})
