"""The wire to Odoo 17 and 18: JSON-RPC with a login and an API key. Source: odoo.md section 1.

Every answer has HTTP status 200; an error is told by the name of Odoo's exception. Each call is one
transaction, which an exception undoes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import requests
from pydantic import SecretStr

from connector.domain.errors import ConfigurationError, ConnectorError, KeyRefused, NotFound, Refused
from connector.hosts.odoo.answers import (
    failed,
    field_unknown,
    json_of,
    key_refused,
    require_answer,
    right_missing,
    unreadable,
    words_of,
)
from connector.hosts.odoo.transport import SYSTEM
from connector.hosts.wire import Transport

PATH = "/jsonrpc"

POSITIONAL = {"create": "vals_list", "write": "vals"}
"""The argument of these that goes by its place: its name is another in some of Odoo's modules, and `create`
looks at the first place to tell whether one id or a list of them is wanted."""

_REFUSED = {"odoo.exceptions.UserError", "odoo.exceptions.ValidationError", "odoo.exceptions.RedirectWarning"}


class JsonRpc:
    """Calls to one database by JSON-RPC. Safe to use from several threads."""

    def __init__(self, transport: Transport, database: str, login: str, api_key: SecretStr) -> None:
        self._transport = transport
        self._database = database
        self._login = login
        self._key = api_key
        self._uid = 0

    def call(
        self,
        model: str,
        method: str,
        ids: Sequence[int] | None,
        *,
        context: Mapping[str, Any],
        **arguments: Any,
    ) -> Any:
        """The result of `method`; see `OdooClient.call`."""
        named = dict(arguments)
        places: list[Any] = [] if ids is None else [list(ids)]
        if (first := POSITIONAL.get(method)) in named:
            places.append(named.pop(first))
        if context:
            named["context"] = dict(context)
        login = [self._database, self._user(), self._key.get_secret_value()]
        operation = f"{model}/{method}"
        try:
            return self._ask("object", "execute_kw", [*login, model, method, places, named], operation=operation)
        except KeyRefused:
            self._uid = 0
            raise

    def _user(self) -> int:
        """The id of the key's user, asked for once."""
        if not self._uid:
            operation = "common/authenticate"
            given = [self._database, self._login, self._key.get_secret_value(), {}]
            found = self._ask("common", "authenticate", given, operation=operation)
            if type(found) is not int or not found:
                raise key_refused("does not accept the login with this key.", operation)
            self._uid = found
        return self._uid

    def _ask(self, service: str, method: str, args: Sequence[Any], *, operation: str) -> Any:
        body = {
            "jsonrpc": "2.0",
            "method": "call",
            "id": 1,
            "params": {"service": service, "method": method, "args": args},
        }
        answer = self._transport.send("POST", PATH, operation=operation, json=body)
        return self._result(answer, operation)

    def _result(self, answer: requests.Response, operation: str) -> Any:
        require_answer(answer, operation)
        if answer.status_code >= requests.codes.server_error:
            raise failed("", operation, answer.status_code)
        found = json_of(answer, operation)
        if answer.status_code != requests.codes.ok or not isinstance(found, dict) or found.get("id") != 1:
            raise unreadable(answer, operation)
        if "error" in found:
            raise self._error(found["error"], operation)
        # Odoo leaves the result out when it is nothing.
        return found.get("result")

    def _error(self, error: Any, operation: str) -> ConnectorError:
        """The error that the name of Odoo's exception stands for. `debug` beside it is never looked at."""
        data = error.get("data") if isinstance(error, dict) else None
        name = str(data.get("name", "")) if isinstance(data, dict) else ""
        message = words_of(data, key=self._key) or words_of(error, key=self._key) or "refused without a word."
        match name:
            case "odoo.exceptions.AccessDenied":
                return key_refused(message, operation)
            case "odoo.exceptions.AccessError":
                return right_missing(message, operation)
            case "odoo.exceptions.MissingError" if self._uid and f"res.users({self._uid},)" in message:
                # The user was deleted, or the database replaced, since its id was asked for.
                return key_refused(message, operation)
            case "odoo.exceptions.MissingError":
                return NotFound(message, system=SYSTEM, operation=operation)
            case _ if _names_nothing(name, message):
                return NotFound(message, system=SYSTEM, operation=operation)
            case _ if name in _REFUSED or _takes_no_argument(name, message):
                return Refused(message, system=SYSTEM, operation=operation)
            case "builtins.ValueError" if message.startswith("Invalid field"):
                return field_unknown(message, operation)
            case "psycopg2.OperationalError" if f'database "{self._database}" does not exist' in message:
                return ConfigurationError(
                    f"It has no database called {self._database!r}.",
                    system=SYSTEM,
                    advice="Check the database name in the connection's Odoo settings.",
                )
            case _:
                return failed(message, operation)


def _names_nothing(name: str, message: str) -> bool:
    """Whether Odoo knows no such model or method."""
    is_model = (
        name == "odoo.exceptions.UserError" and message.startswith("Object ") and message.endswith("doesn't exist")
    )
    is_method = name == "builtins.AttributeError" and message.startswith("The method ")
    return is_model or is_method


def _takes_no_argument(name: str, message: str) -> bool:
    """Whether the method called takes no such argument, so that it never began."""
    return name == "builtins.TypeError" and "unexpected keyword argument" in message
