"""The imitation's JSON-RPC interface, which every version has. Source: odoo/API.md, "JSON-RPC".

Compared with Odoo 19's answers. Whatever goes wrong, the answer's HTTP status is 200.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from typing import Any

from flask import Response, request

from connector.sandbox.odoo.call import Call, LedgerError, UnknownMethod, UnknownModel
from connector.sandbox.odoo.json2 import envelope
from connector.sandbox.odoo.methods import called, find_method, is_of_the_model
from connector.sandbox.odoo.state import OdooState
from connector.sandbox.odoo.switches import OdooVersion
from connector.sandbox.odoo.versions import SERVER_VERSION
from connector.sandbox.shared.serve import CONNECTION
from connector.sandbox.shared.wire import as_json


def answer_jsonrpc(state: OdooState) -> Response:
    """The answer to the request at hand, a call of a service."""
    if request.mimetype != "application/json":
        return Response("Unsupported Media Type", status=415, content_type="text/html; charset=utf-8")
    body = _body()
    if body is None:
        return Response("Invalid JSON data", status=400, content_type="text/html; charset=utf-8")
    told: dict[str, Any] = {"jsonrpc": "2.0", "id": body.get("id")}
    try:
        result = _served(state, body.get("params", {}))
    except WaitsForItself:
        return _ended_itself(state)
    except LedgerError as error:
        code = 0 if state.version is OdooVersion.V19 else 200
        data = envelope(_as_raised(error, state.version, _language_of_caller(state)))
        return as_json({**told, "error": {"code": code, "message": "Odoo Server Error", "data": data}})
    return as_json(told if result is None else {**told, "result": result})


class WaitsForItself(Exception):
    """A call that waits for what its own request holds: 17 ends itself after its hard limit."""


def _ended_itself(state: OdooState) -> Response:
    state.lock_ups += 1
    connection = request.environ.get(CONNECTION)
    if connection is not None:
        connection.drop()
    return Response("", status=503)


def _language_of_caller(state: OdooState) -> str:
    args = (_body() or {}).get("params", {}).get("args", [])
    user = args[1] if len(args) > 1 else None
    return state.language_of(user) if isinstance(user, int) and state.records.exists("res.users", user) else ""


def _require_free(state: OdooState, model: str, name: str, args: list[Any]) -> None:
    """Raise `WaitsForItself` for a change of the customers' table by a request that has read from it.

    It has, in 17, to find the company's language, unless it named one that is active (odoo/API.md, "JSON-RPC").
    """
    if state.version is not OdooVersion.V17 or (model, name) not in _ALTERING:
        return
    named = (request.accept_languages.best or "en-US").replace("-", "_")
    if named in state.languages():
        return
    given = args[0] if args else []
    for one in given if isinstance(given, list) else [given]:
        if isinstance(one, int):
            field = state.records.get(model, one) if state.records.exists(model, one) else {}
        else:
            field = {"model": state.records.get("ir.model", one["model_id"])["model"]}
        if field.get("model") == "res.partner":
            raise WaitsForItself


_ALTERING = {("ir.model.fields", "create"), ("ir.model.fields", "unlink")}


def called_method() -> str:
    """Return what the request at hand calls: "account.move/read", or "common/authenticate"."""
    params = (_body() or {}).get("params", {})
    args = params.get("args", [])
    if params.get("service") == "object" and len(args) > 4:
        return f"{args[3]}/{args[4]}"
    return f"{params.get('service')}/{params.get('method')}"


def version_info(state: OdooState) -> dict[str, Any]:
    """Return what every Odoo tells of its version without a key."""
    major = int(state.version.partition(".")[0])
    return {
        "server_version": SERVER_VERSION[state.version],
        "server_version_info": [major, 0, 0, "final", 0, ""],
        "server_serie": state.version.value,
        "protocol_version": 1,
    }


def _body() -> dict[str, Any] | None:
    try:
        body = json.loads(request.get_data())
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _served(state: OdooState, params: Mapping[str, Any]) -> Any:
    args = params.get("args", [])
    match params.get("service"), params.get("method"):
        case "common", "version":
            return version_info(state)
        case "common", "authenticate":
            database, login, key, _ = args
            _require_database(state, database)
            return state.user_of(login, key)
        case "object", "execute_kw":
            return _executed(state, *args)
        case "db", "list":
            return [state.database]
        case service, method:
            raise LedgerError("builtins.KeyError", 500, f"{service}/{method}")


def _require_database(state: OdooState, database: str) -> None:
    if database != state.database:
        message = (
            f'connection to server at "127.0.0.1", port 5432 failed: FATAL:  database "{database}" does not exist\n'
        )
        raise LedgerError("psycopg2.OperationalError", 500, message)


def _executed(
    state: OdooState,
    database: str,
    user: int,
    key: str,
    model: str,
    name: str,
    args: list[Any],
    named: Mapping[str, Any] | None = None,
) -> Any:
    _require_database(state, database)
    if state.keys.get(key) != user:
        raise LedgerError("odoo.exceptions.AccessDenied", 401, "Access Denied")
    _require_free(state, model, name, args)
    arguments = dict(named or {})
    context = arguments.pop("context", None) or {}
    with state.lock:
        state.saves.settle()
        method = find_method(Call(state, user, model, (), context), name)
        ids: tuple[int, ...] = ()
        if not is_of_the_model(method):
            if not args:
                raise LedgerError("builtins.IndexError", 500, "list index out of range")
            ids, args = tuple(args[0]), args[1:]
        call = Call(state, user, model, ids, context)
        try:
            bound = inspect.signature(method).bind(call, *args, **arguments)
        except TypeError as error:
            raise LedgerError("builtins.TypeError", 500, f"BaseModel.{name}() {error}") from error
        result = called(method, call, {key: value for key, value in bound.arguments.items() if key != "call"})
    # Only its place tells whether one record or a list of them is meant.
    return result[0] if name == "create" and isinstance(args[0], Mapping) else result


_IN_SWEDISH: Mapping[str, str] = {
    "odoo.exceptions.AccessError": "Du har inte behörighet till det här.",
    "odoo.exceptions.MissingError": "Posten finns inte eller har tagits bort.",
}


def _as_raised(error: LedgerError, version: OdooVersion, lang: str) -> LedgerError:
    """The exception under an answer that JSON-2 gives a status of its own.

    17 alone says it in the user's language, and has another way to call a method that is not there (inferred).
    """
    swedish = version is OdooVersion.V17 and lang.startswith("sv")
    match error:
        case UnknownModel() if swedish:
            return LedgerError("odoo.exceptions.UserError", 200, f"Objekt {error.model} finns inte")
        case UnknownModel():
            return LedgerError("odoo.exceptions.UserError", 200, f"Object {error.model} doesn't exist")
        case UnknownMethod() if version is OdooVersion.V17:
            message = f"type object '{error.model}' has no attribute '{error.method}'"
            return LedgerError("builtins.AttributeError", 200, message)
        case UnknownMethod():
            return LedgerError("builtins.AttributeError", 200, error.message)
        case _ if swedish and error.name in _IN_SWEDISH:
            record = error.message.partition("\n")[2]
            return LedgerError(error.name, error.status, f"{_IN_SWEDISH[error.name]}\n{record}".strip())
        case _:
            return error
