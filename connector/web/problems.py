"""What people see when something cannot be done: a sentence and what to do, never a stack trace."""

from __future__ import annotations

import logging
import traceback

from flask import Flask, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from connector.domain.errors import (
    ConfigurationError,
    ConnectorError,
    KeyRefused,
    NotAuthorised,
    NotFound,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    RemoteError,
)
from connector.flows.companies import keys
from connector.web import lifecycle
from connector.web.person import deployment, words
from connector.web.shown import opened_by_consent

log = logging.getLogger(__name__)

_FIRST_ERROR_STATUS = 400
_PATHS_FOR_MACHINES = ("/webhooks/", lifecycle.PATH)

_SORTS: tuple[tuple[type[ConnectorError], str, int], ...] = (
    (RateLimited, "rate_limited", 503),
    (NotSent, "unreachable", 503),
    (OutcomeUnknown, "unanswered", 502),
    (NotAuthorised, "not_authorised", 502),
    (NotFound, "not_found", 404),
    (RemoteError, "refused", 502),
    (ConfigurationError, "configuration", 500),
    (ConnectorError, "other", 500),
)
"""Errors of both sides: the key of their text, and the status of the page; the first that fits."""


def show_problems(app: Flask) -> None:
    """Make `app` answer every error with a page in words, or with a few words of JSON to machines."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(ConnectorError, _connector)
    app.register_error_handler(Exception, _unexpected)


def _http(error: HTTPException) -> AnyResponse:
    status = error.code or 500
    if status < _FIRST_ERROR_STATUS:
        return error.get_response()
    if status == 401 and not _for_machines():
        target = request.full_path.rstrip("?") if request.method == "GET" else ""
        return redirect(url_for("session.sign_in", next=target or None), 303)
    key = "csrf" if error.description == "csrf" else str(status)
    if f"problem.{key}.what" not in words().texts:
        key = "404" if status < 500 else "500"
    return _page(key, status)


def _connector(error: ConnectorError) -> AnyResponse:
    log.warning("%s could not be shown: %s", request.endpoint, error)
    _, key, status = next(sort for sort in _SORTS if isinstance(error, sort[0]))
    new_key = _page_for_new_key(error)
    said, advice = error.message, error.advice
    if isinstance(error, KeyRefused) and opened_by_consent(error.system.lower()):
        # Its own words are about keys.
        key, said, advice = "consent_refused", "", ""
    response = _page(key, status, system=error.system, said=said, advice=advice, new_key=new_key)
    if isinstance(error, NotSent) and error.retry_after_s:
        response.headers["Retry-After"] = str(int(error.retry_after_s) + 1)
    return response


def _page_for_new_key(error: ConnectorError) -> str:
    """Where a new key is entered, if the lack of one is what stands in the way."""
    connection_id = (request.view_args or {}).get("connection_id", "")
    if not connection_id or not keys.parked(deployment(), connection_id, error):
        return ""
    return url_for("ledger_keys.show", connection_id=connection_id)


def _unexpected(error: Exception) -> AnyResponse:
    log_unexpected(error)
    return _page("500", 500)


def log_unexpected(error: BaseException) -> None:
    """Log where an error came from: not its text nor the request's address, which may hold secrets."""
    lines = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s: unexpected %s\n%s", request.endpoint, type(error).__name__, lines)


def _page(
    key: str, status: int, *, system: str = "", said: str = "", advice: str = "", new_key: str = ""
) -> AnyResponse:
    if _for_machines():
        return make_response({"error": words().text(f"problem.{key}.what", system=system)}, status)
    page = render_template("problem.html", key=key, system=system, said=said, advice=advice, new_key=new_key)
    return make_response(page, status)


def _for_machines() -> bool:
    # By the path and not the blueprint, which an address that fits no route does not have.
    return request.path.startswith(_PATHS_FOR_MACHINES) or request.blueprint == "health"
