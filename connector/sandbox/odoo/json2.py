"""The imitation's JSON-2 interface, which Odoo 19 has. Source: odoo/API.md, "JSON-2"."""

from __future__ import annotations

import inspect
import json
from typing import Any

from flask import Response, request

from connector.sandbox.odoo.call import Call, LedgerError, access_error
from connector.sandbox.odoo.methods import called, find_method, is_of_the_model
from connector.sandbox.odoo.state import OdooState
from connector.sandbox.shared.wire import as_json

NO_DATABASE = """<!DOCTYPE html>
<title>404 Not Found</title>
<h1>Not Found</h1>
<p>No database is selected and the requested URL was not found in the server-wide controllers.</p>
"""
NOT_FOUND = "<!DOCTYPE html>\n<title>404 Not Found</title>\n"
NO_CONTENT_TYPE = """<!doctype html>
<html lang=en>
<title>415 Unsupported Media Type</title>
<h1>Unsupported Media Type</h1>
<p>Request inferred type is compatible with ['http'] but this route is type='json2'.</p>
"""


def answer_json2(state: OdooState, model: str, method: str) -> Response:
    """The answer to the request at hand, a call of `method`."""
    if "X-Odoo-Database" in request.headers and state.switches.switches.minds_database_name:
        return Response(NOT_FOUND, status=404, content_type="text/html; charset=utf-8")
    if request.headers.get("X-Odoo-Database", state.database) != state.database:
        return Response(NO_DATABASE, status=404, content_type="text/html; charset=utf-8")
    if request.mimetype != "application/json":
        return Response(NO_CONTENT_TYPE, status=415, content_type="text/html; charset=utf-8")
    try:
        return as_json(_result(state, model, method))
    except LedgerError as error:
        return error_answer(error)


def error_answer(error: LedgerError) -> Response:
    """An error with its status and envelope."""
    answer = as_json(envelope(error), error.status)
    if error.status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def envelope(error: LedgerError) -> dict[str, Any]:
    """An exception as Odoo tells it."""
    trace = f"Traceback (most recent call last):\n  (of the imitation)\n{error.name}: {error.message}\n"
    return {
        "name": error.name,
        "message": error.message,
        "arguments": error.arguments,
        "context": {},
        "debug": trace,
    }


def failure(status: int, reason: str) -> dict[str, Any]:
    """The envelope of a failure made on purpose."""
    if status == 401:
        return envelope(_http_error("Unauthorized", 401, "Invalid apikey"))
    return envelope(LedgerError("builtins.RuntimeError", status, reason))


def not_a_call() -> Response:
    """The answer to everything else under /json/2."""
    return error_answer(_http_error("NotFound", 404, "Did you mean POST /json/2/<model>/<method>?"))


def _http_error(name: str, status: int, message: str) -> LedgerError:
    return LedgerError(f"werkzeug.exceptions.{name}", status, message)


def _caller(state: OdooState) -> int:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        message = "User not authenticated, use an API Key with a Bearer Authorization header."
        raise _http_error("Unauthorized", 401, message)
    user = state.keys.get(key.strip())
    if user is None:
        raise _http_error("Unauthorized", 401, "Invalid apikey")
    return user


def _arguments() -> dict[str, Any]:
    try:
        body = json.loads(request.get_data())
    except ValueError as error:
        raise _http_error("BadRequest", 400, f"could not parse the body as json: {error}") from error
    return body if isinstance(body, dict) else {}


def _require_own_companies(call: Call, name: str, arguments: dict[str, Any]) -> None:
    """Raise `AccessError` for a user's companies as read within one of them (odoo/API.md, "JSON-RPC").

    With two companies that is so for the main one, with three for each; JSON-RPC has no such trouble.
    """
    if call.model != "res.users" or name not in {"read", "search_read"}:
        return
    if "company_ids" not in (arguments.get("fields") or ("company_ids",)):
        return
    within = call.context.get("allowed_company_ids") or []
    user = call.state.records.get("res.users", call.user)
    beyond = set(user["company_ids"]) - set(within)
    if len(within) == 1 and beyond and (len(user["company_ids"]) > 2 or within == [user["company_id"]]):
        raise access_error(
            "Due to security restrictions, you are not allowed to access 'Companies' (res.company) records."
        )


def _result(state: OdooState, model: str, name: str) -> Any:
    user = _caller(state)
    arguments = _arguments()
    ids = tuple(arguments.pop("ids", ()))
    call = Call(state, user, model, ids, arguments.pop("context", {}))
    with state.lock:
        state.saves.settle()
        _require_own_companies(call, name, arguments)
        method = find_method(call, name)
        if ids and is_of_the_model(method):
            raise _http_error("UnprocessableEntity", 422, f"cannot call {model}.{name} with ids")
        try:
            inspect.signature(method).bind(call, **arguments)
        except TypeError as error:
            raise _http_error("UnprocessableEntity", 422, str(error)) from error
        return called(method, call, arguments)
