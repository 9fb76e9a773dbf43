"""The wire to Odoo 17 and 18: JSON-RPC with a login and an API key. Source: API.md, "JSON-RPC".

Every answer has HTTP status 200; an error is recognised by the name of Odoo's exception. Its words are in the language
of the key's user and decide nothing, but for those of Python itself, which are English everywhere. Each call is one
transaction, which an exception undoes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import requests
from pydantic import SecretStr

from connector.domain.errors import ConfigurationError, ConnectorError, KeyRefused, NotFound, Refused
from connector.hosts.odoo.answers import (
    NO_WORD,
    failed,
    field_unknown,
    json_of,
    key_refused,
    require_answer,
    right_missing,
    said,
    unreadable,
    words_of,
)
from connector.hosts.odoo.transport import SYSTEM
from connector.hosts.wire import Transport
from connector.remote.calls import Kind

PATH = "/jsonrpc"

POSITIONAL = {"create": "vals_list", "write": "vals"}
"""The argument of these that goes by its place: its name is another in some of Odoo's modules, and `create`
looks at the first place to tell whether one id or a list of them is wanted."""

_REFUSED = {"odoo.exceptions.UserError", "odoo.exceptions.ValidationError", "odoo.exceptions.RedirectWarning"}


_DATABASES = "db/list"
_PREFERRED = ("en_US", "sv_SE")
_WITH_TERRITORY = re.compile(r"[a-z]{2,3}_([A-Z]{2}|[0-9]{3})")


class PerhapsNoModel(Refused):
    """Odoo's no to its user, which names the model called: it may have said that there is no such model."""


class JsonRpc:
    """Calls to one database by JSON-RPC. Safe to use from several threads."""

    def __init__(
        self, transport: Transport, database: str, login: str, api_key: SecretStr, *, names_language: bool = False
    ) -> None:
        """With `names_language`, each request names a language that is active in Odoo, as far as there is one."""
        self._transport = transport
        self._database = database
        self._login = login
        self._key = api_key
        self._uid = 0
        self._names_language = names_language
        self._language: str | None = None

    def call(
        self,
        model: str,
        method: str,
        ids: Sequence[int] | None,
        *,
        kind: Kind,
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
        self.language(context)
        return self._execute(model, method, places, named, kind)

    def language(self, context: Mapping[str, Any]) -> str:
        """The language that every request names, "sv-SE" for example; "" where none is to be named, or none can be.

        Looked for once. Raises the errors of `call` that mean Odoo was not reached.
        """
        if not self._names_language:
            return ""
        if self._language is None:
            active: dict[str, Any] = {"domain": [["active", "=", True]], "fields": ["code"]}
            if context:
                active["context"] = dict(context)
            try:
                found = self._execute("res.lang", "search_read", [], active, Kind.LIST)
            except KeyRefused:
                raise
            except Refused:
                found = []
            self._language = nameable(str(one["code"]) for one in found)
        return self._language

    def _execute(self, model: str, method: str, places: list[Any], named: Mapping[str, Any], kind: Kind) -> Any:
        login = [self._database, self._user(), self._key.get_secret_value()]
        given = [*login, model, method, places, named]
        try:
            return self._ask("object", "execute_kw", given, kind, operation=f"{model}/{method}")
        except KeyRefused:
            self._uid = 0
            raise

    def _user(self) -> int:
        """The id of the key's user, asked for once."""
        if not self._uid:
            operation = "common/authenticate"
            given = [self._database, self._login, self._key.get_secret_value(), {}]
            found = self._ask("common", "authenticate", given, Kind.DOCUMENT, operation=operation)
            if type(found) is not int or not found:
                raise key_refused("does not accept the login with this key.", operation)
            self._uid = found
        return self._uid

    def _ask(self, service: str, method: str, args: Sequence[Any], kind: Kind, *, operation: str) -> Any:
        body = {
            "jsonrpc": "2.0",
            "method": "call",
            "id": 1,
            "params": {"service": service, "method": method, "args": args},
        }
        headers = {"Accept-Language": self._language} if self._language else {}
        answer = self._transport.send("POST", PATH, operation=operation, kind=kind, json=body, headers=headers)
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

    def _has_no_database(self, message: str) -> bool:
        """Return whether the database server's words about our database mean that it is not there; Odoo is asked for
        those that it has. One that does not tell is believed to lack it.
        """
        if self._database not in message:
            return False
        try:
            found = self._ask("db", "list", [], Kind.LIST, operation=_DATABASES)
        except ConnectorError:
            return True
        return not isinstance(found, list) or self._database not in found

    def _error(self, error: Any, operation: str) -> ConnectorError:
        """The error that the name of Odoo's exception stands for. `debug` beside it is never looked at."""
        data = error.get("data") if isinstance(error, dict) else None
        name = str(data.get("name", "")) if isinstance(data, dict) else ""
        message = words_of(data, key=self._key) or words_of(error, key=self._key) or NO_WORD
        match name:
            case "odoo.exceptions.AccessDenied":
                return key_refused(message, operation)
            case "odoo.exceptions.AccessError":
                return right_missing(message, operation)
            case "odoo.exceptions.MissingError" if self._uid and f"res.users({self._uid},)" in message:
                # The user was deleted, or the database replaced, since its id was asked for.
                return key_refused(message, operation)
            case "odoo.exceptions.MissingError":
                return NotFound(message, says=said(message), system=SYSTEM, operation=operation)
            case "builtins.AttributeError" if _lacks_method(message, operation.partition("/")[2]):
                return NotFound(message, says=said(message), system=SYSTEM, operation=operation)
            case "odoo.exceptions.UserError" if operation.partition("/")[0] in message:
                return PerhapsNoModel(message, says=said(message), system=SYSTEM, operation=operation)
            case _ if name in _REFUSED or _takes_no_argument(name, message):
                return Refused(message, says=said(message), system=SYSTEM, operation=operation)
            case "builtins.ValueError" if message.startswith("Invalid field"):
                return field_unknown(message, operation)
            case "psycopg2.OperationalError" if operation != _DATABASES and self._has_no_database(message):
                return ConfigurationError(
                    f"It has no database called {self._database!r}.",
                    system=SYSTEM,
                    advice="Check the database name in the connection's Odoo settings.",
                )
            case _:
                return failed(message, operation)


def nameable(codes: Iterable[str]) -> str:
    """One of these languages of Odoo's as a request can name it, "sv-SE" for "sv_SE"; "" if it can name none.

    A request has no name that Odoo understands for a language without a territory, or with more than that.
    """
    known = sorted(code for code in codes if _WITH_TERRITORY.fullmatch(code))
    first = next((code for code in _PREFERRED if code in known), known[0] if known else "")
    return first.replace("_", "-")


def _lacks_method(message: str, method: str) -> bool:
    """Return whether a model has no such method, as 18 says it, or Python itself in 17."""
    return message.startswith("The method ") or message.endswith(f"has no attribute '{method}'")


def _takes_no_argument(name: str, message: str) -> bool:
    """Return whether the method called takes no such argument, so that it never began."""
    return name == "builtins.TypeError" and "unexpected keyword argument" in message
