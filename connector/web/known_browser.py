"""A cookie by which a browser is known again in which a person has signed in before. It opens nothing by itself.

Failures of others do not slow such a browser (OWASP, "Slow Down Online Guessing Attacks with Device Cookies").
"""

from __future__ import annotations

import hmac
import secrets

from flask import Response, current_app, request
from itsdangerous import BadSignature, URLSafeSerializer

_KEPT_FOR_S = 180 * 86_400
_MOST_ACCOUNTS = 8
"""How many people one browser is remembered for, the latest first."""


def account_key(email: str) -> str:
    """An e-mail address, or whatever was typed in its place, as something that says nothing to who does not know it."""
    secret = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.digest(secret, b"account " + email.encode(), "sha256").hex()[:16]


def browser_of(account: str) -> str:
    """The id of the browser at hand, if the person of this account key has signed in there; else ""."""
    browser, accounts = _read()
    return browser if account in accounts else ""


def remember(response: Response, account: str) -> None:
    """Have the browser that is answered known again at this account."""
    browser, accounts = _read()
    kept = [account, *(one for one in accounts if one != account)][:_MOST_ACCOUNTS]
    response.set_cookie(
        _name(),
        _serializer().dumps([browser or secrets.token_urlsafe(12), kept]),
        max_age=_KEPT_FOR_S,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )


def _read() -> tuple[str, list[str]]:
    try:
        browser, accounts = _serializer().loads(request.cookies.get(_name(), ""))
    except BadSignature:
        return "", []
    return str(browser), [str(one) for one in accounts]


def _name() -> str:
    return f"{current_app.config['SESSION_COOKIE_NAME']}_known"


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="known browser")
