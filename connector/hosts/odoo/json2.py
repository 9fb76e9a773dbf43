"""The wire to Odoo 19 and later: JSON-2 with an API key. Source: API.md, "JSON-2"."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import requests
from pydantic import SecretStr

from connector.domain.errors import NotFound, Refused, RemoteError
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
from connector.remote.json_text import parsed

_READS = ("check_access_rights", "context_get", "fields_get", "has_group", "read", "web_read", "web_search_read")
"""Methods that change nothing, and so may be asked twice whatever became of the first; those of searching too."""
_ONLINE = ".odoo.com"
_NO_DATABASE = b"No database is selected"
"""What an Odoo that is not told of a database, or of none that it has, answers, whatever the language."""


class Json2:
    """Calls to one database by JSON-2. Safe to use from several threads.

    Odoo Online was reported to answer every call that names its database with a web page and 404
    (github.com/AlanOgic/odoo-mcp-19, 1). What is only read is then asked for once more without the name: the server's
    address tells the database, and the key is valid in no other. If that is answered, no database is named any more.
    """

    def __init__(self, transport: Transport, database: str, api_key: SecretStr) -> None:
        self._transport = transport
        self._database = database
        self._key = api_key
        self._names_database = True

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
        body: dict[str, Any] = dict(arguments)
        if ids is not None:
            body["ids"] = list(ids)
        if context:
            body["context"] = dict(context)
        operation = f"{model}/{method}"
        answer = self._send(operation, kind, body, naming=self._names_database)
        if self._names_database and _is_read(method) and self._may_mind_the_name(answer):
            unnamed = self._send(operation, kind, body, naming=False)
            if not _is_page_not_found(unnamed):
                self._names_database, answer = False, unnamed
        return _result(answer, operation, key=self._key)

    def _may_mind_the_name(self, answer: requests.Response) -> bool:
        """Return whether `answer` may be because the database was named. An Odoo of one's own says so if it has
        none such.
        """
        if not _is_page_not_found(answer):
            return False
        server = urlsplit(self._transport.url).hostname or ""
        return server.endswith(_ONLINE) or _NO_DATABASE not in answer.content

    def _send(self, operation: str, kind: Kind, body: Mapping[str, Any], *, naming: bool) -> requests.Response:
        database = {"X-Odoo-Database": self._database} if naming else {}
        return self._transport.send(
            "POST",
            f"/json/2/{operation}",
            operation=operation,
            kind=kind,
            data=json.dumps(body).encode(),
            headers={
                "Authorization": f"bearer {self._key.get_secret_value()}",
                "Content-Type": "application/json",
                **database,
            },
        )


def _is_read(method: str) -> bool:
    return method in _READS or method.startswith("search")


def _is_page_not_found(answer: requests.Response) -> bool:
    """Return whether a 404 is a web page: Odoo says in JSON that a record or method is missing."""
    is_json = "json" in answer.headers.get("Content-Type", "")
    return answer.status_code == requests.codes.not_found and not is_json


def _result(answer: requests.Response, operation: str, *, key: SecretStr) -> Any:
    require_answer(answer, operation)
    if answer.status_code >= requests.codes.server_error:
        raise _server_error(answer, operation, key=key)
    found = json_of(answer, operation)
    if answer.status_code == requests.codes.ok:
        return found
    raise _refusal(answer, found, operation, key=key)


def _refusal(answer: requests.Response, found: Any, operation: str, *, key: SecretStr) -> RemoteError:
    """The error of an answer below 500 (the table of API.md, "JSON-2")."""
    message = words_of(found, key=key) or NO_WORD
    match answer.status_code:
        case 401:
            return key_refused(message, operation, 401)
        case 403:
            return right_missing(message, operation, 403)
        case 404:
            return NotFound(message, says=said(message), system=SYSTEM, operation=operation, status=404)
        case status if 400 <= status < 500:
            return Refused(message, says=said(message), system=SYSTEM, operation=operation, status=status)
        case _:
            return unreadable(answer, operation)


def _server_error(answer: requests.Response, operation: str, *, key: SecretStr) -> RemoteError:
    try:
        message = words_of(parsed(answer.content), key=key)
    except (ValueError, RecursionError):
        message = ""
    if answer.status_code == requests.codes.internal_server_error and message.startswith("Invalid field"):
        return field_unknown(message, operation, answer.status_code)
    return failed(message, operation, answer.status_code)
