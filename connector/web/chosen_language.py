"""The language that a browser was last seen to want, before anybody has signed in there and after."""

from __future__ import annotations

from flask import Response, current_app, request

from connector.words import DEFAULT_LANGUAGE, LANGUAGES

_KEPT_FOR_S = 365 * 86_400


def of_browser() -> str:
    """The language last chosen in the browser at hand, else the first one that it asks for and that we have."""
    kept = request.cookies.get(_name(), "")
    if kept in LANGUAGES:
        return kept
    return request.accept_languages.best_match(LANGUAGES) or DEFAULT_LANGUAGE


def keep(response: Response, language: str) -> Response:
    """Have the browser that is answered keep `language` as the one chosen there."""
    response.set_cookie(
        _name(),
        language,
        max_age=_KEPT_FOR_S,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )
    return response


def _name() -> str:
    return f"{current_app.config['SESSION_COOKIE_NAME']}_language"
