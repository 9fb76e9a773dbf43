"""What people see when something cannot be done: a sentence and what to do, never a stack trace."""

from __future__ import annotations

import logging
import traceback

from flask import Flask, g, make_response, redirect, render_template, request, url_for
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from connector.amili import SYSTEM as AMILI
from connector.domain.errors import (
    ConfigurationError,
    ConnectorError,
    KeyRefused,
    NotAuthorised,
    NotFound,
    NotSent,
    OutcomeUnknown,
    OutOfReach,
    RateLimited,
    RemoteError,
)
from connector.flows import parking
from connector.flows.access.silence import LedgerSilent
from connector.hosts import kinds
from connector.store.database import is_away
from connector.web import lifecycle
from connector.web.csrf import FIELD
from connector.web.person import deployment, words
from connector.web.reading import StillReading
from connector.web.shown_error import ShownError, shown_error

log = logging.getLogger(__name__)

_FIRST_ERROR_STATUS = 400
_TRY_AGAIN_S = 10

_SORTS: tuple[tuple[type[ConnectorError], str, int], ...] = (
    (RateLimited, "rate_limited", 503),
    (LedgerSilent, "silent", 503),
    (NotSent, "unreachable", 503),
    (OutcomeUnknown, "unanswered", 502),
    (NotAuthorised, "not_authorised", 502),
    (NotFound, "not_found", 404),
    (OutOfReach, "out_of_reach", 502),
    (RemoteError, "refused", 502),
    (ConfigurationError, "configuration", 500),
    (ConnectorError, "other", 500),
)
"""Errors of both sides: the key of their text, and the status of the page; the first that fits."""


def show_problems(app: Flask) -> None:
    """Make `app` answer every error with a page in words, or with a few words of JSON to machines."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(ConnectorError, _connector)
    app.register_error_handler(StillReading, _still_reading)
    app.register_error_handler(SQLAlchemyError, _store)
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
    key, status = sort_of(error)
    new_key = _page_for_new_key(error)
    told: ShownError | None = shown_error(error, words())
    name = ""
    if isinstance(error, OutOfReach):
        # Its own words are English, and the page says all that they do.
        key, name, told = f"{key}_{error.what}", error.name, None
    if isinstance(error, KeyRefused) and kinds.approves_rights(error.system):
        # Its own words are about keys.
        key, told = "consent_refused", None
    response = _page(key, status, system=error.system, told=told, new_key=new_key, name=name)
    if isinstance(error, NotSent) and error.retry_after_s:
        response.headers["Retry-After"] = str(int(error.retry_after_s) + 1)
    return response


def sort_of(error: ConnectorError) -> tuple[str, int]:
    """The key of the texts that say what went wrong, and the status of a page that shows nothing else."""
    return next((key, status) for kind, key, status in _SORTS if isinstance(error, kind))


def _page_for_new_key(error: ConnectorError) -> str:
    """Return where a new key is entered, if the lack of one is what stands in the way."""
    connection_id = (request.view_args or {}).get("connection_id", "")
    if not connection_id or not parking.parked(deployment(), connection_id, error):
        return ""
    at_amili = error.system == AMILI
    return url_for("connection.show" if at_amili else "ledger_keys.show", connection_id=connection_id)


def _still_reading(_error: StillReading) -> AnyResponse:
    """A page that comes again by itself; in the place of an answer to a form, one that sends the form again."""
    fields = [(name, value) for name, value in request.form.items(multi=True) if name != FIELD]
    status = 200 if request.method == "GET" else 503
    return make_response(render_template("still_reading.html", fields=fields), status)


def _store(error: SQLAlchemyError) -> AnyResponse:
    if not is_away(error):
        return _unexpected(error)
    # Its text may hold what was to be stored.
    log.error("%s: the database cannot be used (%s)", request.endpoint, type(error).__name__)
    # Who is at the browser cannot be asked for either.
    g.user = None
    response = _page("database", 503)
    response.headers["Retry-After"] = str(_TRY_AGAIN_S)
    return response


def _unexpected(error: Exception) -> AnyResponse:
    log_unexpected(error)
    return _page("500", 500)


def log_unexpected(error: BaseException) -> None:
    """Log where an error came from: not its text nor the request's address, which may hold secrets."""
    lines = "".join(traceback.format_tb(error.__traceback__))
    log.error("%s: unexpected %s\n%s", request.endpoint, type(error).__name__, lines)


def _page(
    key: str,
    status: int,
    *,
    system: str = "",
    told: ShownError | None = None,
    new_key: str = "",
    name: str = "",
) -> AnyResponse:
    if _for_machines():
        return make_response({"error": words().text(f"problem.{key}.what", system=system)}, status)
    page = render_template("problem.html", key=key, system=system, told=told, new_key=new_key, name=name)
    return make_response(page, status)


def _for_machines() -> bool:
    # By the path and not the blueprint, which an address that fits no route does not have.
    return request.path.startswith(("/webhooks/", *lifecycle.paths())) or request.blueprint == "health"
