"""The wire to Odoo 19 and later: JSON-2 with an API key. Source: odoo.md section 1."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import requests
from pydantic import SecretStr

from connector.domain.errors import NotFound, Refused, RemoteError
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


class Json2:
    """Calls to one database by JSON-2. Safe to use from several threads."""

    def __init__(self, transport: Transport, database: str, api_key: SecretStr) -> None:
        self._transport = transport
        self._database = database
        self._key = api_key

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
        body: dict[str, Any] = dict(arguments)
        if ids is not None:
            body["ids"] = list(ids)
        if context:
            body["context"] = dict(context)
        operation = f"{model}/{method}"
        answer = self._transport.send(
            "POST",
            f"/json/2/{operation}",
            operation=operation,
            data=json.dumps(body).encode(),
            headers={
                "Authorization": f"bearer {self._key.get_secret_value()}",
                "X-Odoo-Database": self._database,
                "Content-Type": "application/json",
            },
        )
        return _result(answer, operation, key=self._key)


def _result(answer: requests.Response, operation: str, *, key: SecretStr) -> Any:
    require_answer(answer, operation)
    if answer.status_code >= requests.codes.server_error:
        raise _server_error(answer, operation, key=key)
    found = json_of(answer, operation)
    if answer.status_code == requests.codes.ok:
        return found
    raise _refusal(answer, found, operation, key=key)


def _refusal(answer: requests.Response, found: Any, operation: str, *, key: SecretStr) -> RemoteError:
    """The error of an answer below 500 (the table of odoo.md section 1)."""
    message = words_of(found, key=key) or "refused without a word."
    match answer.status_code:
        case 401:
            return key_refused(message, operation, 401)
        case 403:
            return right_missing(message, operation, 403)
        case 404:
            return NotFound(message, system=SYSTEM, operation=operation, status=404)
        case status if 400 <= status < 500:
            return Refused(message, system=SYSTEM, operation=operation, status=status)
        case _:
            return unreadable(answer, operation)


def _server_error(answer: requests.Response, operation: str, *, key: SecretStr) -> RemoteError:
    try:
        message = words_of(json.loads(answer.content), key=key)
    except ValueError:
        message = ""
    if answer.status_code == requests.codes.internal_server_error and message.startswith("Invalid field"):
        return field_unknown(message, operation, answer.status_code)
    return failed(message, operation, answer.status_code)
