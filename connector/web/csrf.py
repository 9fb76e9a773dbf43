"""Forms are believed only if they carry the token that this session's pages were given."""

from __future__ import annotations

import hmac
import secrets

from flask import Flask, abort, request, session

FIELD = "csrf_token"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def csrf_token() -> str:
    """The session's token, made when first asked for."""
    if FIELD not in session:
        session[FIELD] = secrets.token_urlsafe(32)
    token: str = session[FIELD]
    return token


def protect_forms(app: Flask, *, exempt_blueprints: frozenset[str]) -> None:
    """Refuse (400) every changing request without the token, but those to `exempt_blueprints`."""

    @app.before_request
    def check() -> None:
        if request.method in _SAFE_METHODS or request.endpoint is None or request.blueprint in exempt_blueprints:
            return
        expected = session.get(FIELD, "")
        given = request.form.get(FIELD, "")
        if not expected or not hmac.compare_digest(expected.encode(), given.encode()):
            abort(400, description="csrf")
