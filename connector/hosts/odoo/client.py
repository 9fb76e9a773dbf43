"""The wire to an Odoo 19: its JSON-2 interface with an API key.

Source: odoo.md section 1. One call is one transaction in Odoo. Retries belong to the flows; here every answer
becomes a result or one of the errors of `connector.domain.errors`.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import urllib3
from pydantic import SecretStr

from connector.domain.errors import (
    ConfigurationError,
    NotAuthorised,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Refused,
    RemoteError,
    Unavailable,
    Unreadable,
)
from connector.hosts.addresses import guarded_session, normalised_url

SYSTEM = "Odoo"
OLDEST_MAJOR = 19
"""The first version with JSON-2 (odoo.md section 1)."""

_NEW_KEY = "Make a new API key in Odoo and enter it in the connection."
_CHECK_ADDRESS = "Check the address and the database name, and that this is Odoo 19 or later."
_MESSAGE_LENGTH = 400
_NUMBER_OF_A_PERSON = re.compile(r"(?<!\d)(?:\d{2})?\d{6}[-+ –−]?\d{4}(?:01)?(?!\d)")


class OdooClient:
    """Calls to one Odoo database with one API key. Safe to use from several threads."""

    def __init__(
        self,
        url: str,
        database: str,
        api_key: SecretStr,
        *,
        allow_private: bool = False,
        connect_timeout_s: float = 5,
        read_timeout_s: float = 30,
        context: Mapping[str, Any] | None = None,
    ) -> None:
        """`context` goes with every call. Raises `ConfigurationError` for an address that may not be used."""
        self.url = normalised_url(url, allow_private=allow_private)
        self.database = database
        self.context = dict(context or {})
        self._api_key = api_key
        self._allow_private = allow_private
        self._timeout_s = (connect_timeout_s, read_timeout_s)
        self._local = threading.local()

    def __repr__(self) -> str:
        return f"OdooClient({self.url!r}, {self.database!r})"

    def call(
        self,
        model: str,
        method: str,
        ids: Sequence[int] | None = None,
        *,
        context: Mapping[str, Any] | None = None,
        **arguments: Any,
    ) -> Any:
        """The result of `method` of `model`, as JSON with amounts as `Decimal`.

        `arguments` are the Python method's named ones; `ids` is left out for a method of the model itself.
        Raises `NotAuthorised` (401, 403), `NotFound` (404), `Refused` with Odoo's own message (other 4xx),
        `RateLimited` (429), `Unavailable` (never reached), `OutcomeUnknown` (5xx, timeout, broken
        connection) and `Unreadable` (a page or a redirect instead of JSON).
        """
        body: dict[str, Any] = dict(arguments)
        if ids is not None:
            body["ids"] = list(ids)
        if merged := {**self.context, **(context or {})}:
            body["context"] = merged
        operation = f"{model}/{method}"
        answer = self._send(
            "POST",
            f"/json/2/{operation}",
            operation=operation,
            data=json.dumps(body).encode(),
            headers={
                "Authorization": f"bearer {self._api_key.get_secret_value()}",
                "X-Odoo-Database": self.database,
                "Content-Type": "application/json",
            },
        )
        return _result(answer, operation, key=self._api_key)

    def version(self) -> str:
        """Odoo's version, for example "19.0"; needs no key.

        Raises `ConfigurationError` for a version without JSON-2, and the errors of `call`.
        """
        operation = "version"
        answer = self._send("GET", "/json/version", operation=operation)
        if answer.is_redirect or answer.status_code == requests.codes.not_found:
            # Odoo 18 answers this address with a redirect to its login page.
            raise ConfigurationError(
                "This is not Odoo 19 or later: it does not know the interface the connector uses.",
                system=SYSTEM,
                advice="Upgrade Odoo, or check the address.",
            )
        found = _result(answer, operation, key=self._api_key)
        version = str(found.get("version", "")) if isinstance(found, dict) else ""
        major = re.search(r"\d+", version)
        if major is None:
            raise _unreadable(answer, operation)
        if int(major[0]) < OLDEST_MAJOR:
            raise ConfigurationError(
                f"This is Odoo {version}; the connector needs Odoo {OLDEST_MAJOR} or later.",
                system=SYSTEM,
                advice="Upgrade Odoo first.",
            )
        return version

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = guarded_session(allow_private=self._allow_private)
        return session

    def _send(self, verb: str, path: str, *, operation: str, **request: Any) -> requests.Response:
        try:
            return self._session().request(
                verb, self.url + path, timeout=self._timeout_s, allow_redirects=False, **request
            )
        except requests.exceptions.ConnectTimeout:
            raise _unreached("did not answer when called", operation) from None
        except requests.exceptions.Timeout:
            raise OutcomeUnknown("did not answer in time.", system=SYSTEM, operation=operation) from None
        except requests.exceptions.SSLError as error:
            raise _tls_error(error, operation) from None
        except requests.exceptions.ConnectionError as error:
            raise _connection_error(error, operation) from None
        except requests.exceptions.RequestException as error:
            raise OutcomeUnknown(
                f"the answer broke off ({type(error).__name__}).", system=SYSTEM, operation=operation
            ) from None


def _result(answer: requests.Response, operation: str, *, key: SecretStr) -> Any:
    if answer.status_code == requests.codes.too_many_requests:
        raise RateLimited(
            "asks us to wait.",
            system=SYSTEM,
            operation=operation,
            status=answer.status_code,
            retry_after_s=_retry_after_s(answer.headers.get("Retry-After", "")),
        )
    if answer.is_redirect:
        raise _unreadable(answer, operation)
    if answer.status_code >= requests.codes.server_error:
        raise _server_error(answer, operation, key=key)
    found = _json(answer, operation)
    if answer.status_code == requests.codes.ok:
        return found
    raise _refusal(answer, found, operation, key=key)


def _json(answer: requests.Response, operation: str) -> Any:
    if "json" not in answer.headers.get("Content-Type", ""):
        raise _unreadable(answer, operation)
    try:
        return json.loads(answer.content, parse_float=Decimal)
    except ValueError:
        raise _unreadable(answer, operation) from None


def _refusal(answer: requests.Response, found: Any, operation: str, *, key: SecretStr) -> RemoteError:
    """The error of an answer below 500 (the table of odoo.md section 1)."""
    message = _message(found, key=key) or "refused without a word."
    match answer.status_code:
        case 401:
            return NotAuthorised(
                message, system=SYSTEM, operation=operation, status=answer.status_code, advice=_NEW_KEY
            )
        case 403:
            return NotAuthorised(
                message,
                system=SYSTEM,
                operation=operation,
                status=answer.status_code,
                advice="Give the connector's user the right in Odoo.",
            )
        case 404:
            return NotFound(message, system=SYSTEM, operation=operation, status=answer.status_code)
        case status if 400 <= status < 500:
            return Refused(message, system=SYSTEM, operation=operation, status=status)
        case _:
            return _unreadable(answer, operation)


def _server_error(answer: requests.Response, operation: str, *, key: SecretStr) -> RemoteError:
    try:
        message = _message(json.loads(answer.content), key=key)
    except ValueError:
        message = ""
    if answer.status_code == requests.codes.internal_server_error and message.startswith("Invalid field"):
        # Odoo says so while it reads the request, before anything is done.
        return Refused(
            message,
            system=SYSTEM,
            operation=operation,
            status=answer.status_code,
            advice="Check the field names in the connection's Odoo settings.",
        )
    return OutcomeUnknown(
        message or "failed without a readable word.",
        system=SYSTEM,
        operation=operation,
        status=answer.status_code,
    )


def _message(found: Any, *, key: SecretStr) -> str:
    """Odoo's own words. `debug` beside them is a server traceback and is never kept; key and numbers are masked."""
    message = str(found.get("message") or "") if isinstance(found, dict) else ""
    message = message.replace(key.get_secret_value(), "••••")
    return _NUMBER_OF_A_PERSON.sub("••••", " ".join(message.split()))[:_MESSAGE_LENGTH]


def _unreadable(answer: requests.Response, operation: str) -> Unreadable:
    what = "a redirect" if answer.is_redirect else "something that is not its JSON"
    return Unreadable(
        f"answered with {what}.",
        system=SYSTEM,
        operation=operation,
        status=answer.status_code,
        advice=_CHECK_ADDRESS,
    )


def _unreached(what: str, operation: str) -> Unavailable:
    return Unavailable(f"{what}.", system=SYSTEM, operation=operation, advice="Check that Odoo is up.")


def _tls_error(error: requests.exceptions.SSLError, operation: str) -> RemoteError:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return Unavailable(
            "its certificate is not valid, so nothing was sent.",
            system=SYSTEM,
            operation=operation,
            advice="Let the server's keeper renew the certificate.",
        )
    return OutcomeUnknown("the encrypted connection broke.", system=SYSTEM, operation=operation)


def _connection_error(error: requests.exceptions.ConnectionError, operation: str) -> RemoteError:
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", None)
    if isinstance(reason, urllib3.exceptions.NameResolutionError):
        return _unreached("its server name cannot be found", operation)
    if isinstance(reason, urllib3.exceptions.NewConnectionError):
        return _unreached("refused the connection", operation)
    return OutcomeUnknown("the connection broke.", system=SYSTEM, operation=operation)


def _retry_after_s(text: str) -> float | None:
    """Seconds to wait by a `Retry-After` header, which holds seconds or a date (RFC 9110, 10.2.3)."""
    if text.strip().isdigit():
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())
