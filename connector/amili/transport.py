"""One request to Amili over HTTP, and what a broken one proves.

A request that creates something is fenced: its body is handed out only after the connection stands and the
headers are gone, and only if the caller still agrees at that moment. So a body that was never handed out
proves that nothing complete was sent, whatever went wrong; once it was, only an answer tells.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from urllib3.exceptions import NewConnectionError

from connector import __version__
from connector.amili import SYSTEM
from connector.domain.errors import ConfigurationError, OutcomeUnknown, Unavailable
from connector.remote.calls import Kind
from connector.remote.client import HttpClient
from connector.remote.policy import HttpPolicy

USER_AGENT = f"amili-connector/{__version__}"
KEY_HEADER = "X-API-Key"
"""Carries the signed token when authenticating, and the access token on every other call
(API.md, "Keys and access groups")."""


class _Withheld(Exception):
    """Carries the caller's exception past urllib3, which would reinterpret an `OSError`."""

    def __init__(self, reason: Exception) -> None:
        self.reason = reason
        super().__init__()


class FencedBody:
    """A request body of known length that asks `may_send` once, before its first byte is read.

    If `may_send` raises, nothing is handed out, and the client closes the connection with the request
    incomplete.
    """

    def __init__(self, content: bytes, may_send: Callable[[], None]) -> None:
        self._stream = io.BytesIO(content)
        self._length = len(content)
        self._may_send = may_send
        self.released = False

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        """`requests` takes only an iterable for a stream; it then reads."""
        while chunk := self.read(io.DEFAULT_BUFFER_SIZE):
            yield chunk

    def read(self, size: int = -1) -> bytes:
        """The next `size` bytes."""
        if not self.released:
            try:
                self._may_send()
            except Exception as reason:
                raise _Withheld(reason) from reason
            self.released = True
        return self._stream.read(size)


@dataclass(frozen=True)
class Creation:
    """The body of a request that creates something."""

    content: bytes = field(repr=False)
    content_type: str
    may_send: Callable[[], None] = field(repr=False)


class Transport:
    """Sends requests to one base address, without retries. Safe to use from several threads."""

    def __init__(self, base_url: str, http: HttpPolicy) -> None:
        """Raises `ConfigurationError` for a malformed `base_url`, which is the deployment's own and may be private."""
        parts = urlsplit(base_url)
        if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.username:
            raise ConfigurationError(
                "The base address of Amili's API must look like https://host, without a user or a query."
            )
        self.base_url = base_url.rstrip("/")
        self._client = HttpClient(
            SYSTEM,
            self.base_url,
            replace(http, allow_private=True),
            # Without the first, the API might answer in XML (API.md, "Limits and formats").
            headers={"Accept": "application/json", "User-Agent": USER_AGENT},
        )

    def get(
        self,
        path: str,
        *,
        operation: str,
        key: str,
        params: Mapping[str, str] | None = None,
        kind: Kind = Kind.DOCUMENT,
    ) -> requests.Response:
        """Read from `path`.

        Raises `Unavailable` or `OutcomeUnknown` if no whole answer came, `TooLarge` for one larger than its `kind` is.
        """
        try:
            return self._ask("GET", path, operation=operation, key=key, kind=kind, params=params)
        except (OSError, urllib3.exceptions.HTTPError) as error:
            fault = _fault(error, operation=operation, nothing_sent=_never_connected(error), creates=False)
        raise fault

    def post(self, path: str, creation: Creation, *, operation: str, key: str) -> requests.Response:
        """Send `creation` to `path`.

        Raises `Unavailable` if provably nothing complete was sent, `OutcomeUnknown` if it may have been (`TooLarge`
        for an answer beyond a document's size), and unchanged whatever `creation.may_send` raises.
        """
        body = FencedBody(creation.content, creation.may_send)
        # The status tells something even if the rest of the answer never comes: a success was taken in.
        seen: list[int] = []
        try:
            return self._ask(
                "POST",
                path,
                operation=operation,
                key=key,
                kind=Kind.DOCUMENT,
                data=body,
                content_type=creation.content_type,
                begun=seen.append,
            )
        except _Withheld as withheld:
            fault = withheld.reason
        except (OSError, urllib3.exceptions.HTTPError) as error:
            nothing_sent = not body.released or _never_connected(error)
            status = seen[0] if seen else None
            fault = _fault(error, operation=operation, nothing_sent=nothing_sent, creates=True, status=status)
        raise fault

    def _ask(
        self, verb: str, path: str, *, operation: str, key: str, kind: Kind, content_type: str = "", **request: Any
    ) -> requests.Response:
        headers = {KEY_HEADER: key} | ({"Content-Type": content_type} if content_type else {})
        return self._client.send(
            verb,
            path,
            operation=operation,
            kind=kind,
            advice="The answer may come from something else than Amili's API: check the base address.",
            headers=headers,
            **request,
        )


def _never_connected(error: Exception) -> bool:
    """Return whether `error` happened before there was a connection to send anything over.

    "Connection aborted", a reset and a read timeout are no such proof: they also end a connection that was
    kept from an earlier request, after ours was written to it.
    """
    if isinstance(error, (requests.ConnectTimeout, requests.exceptions.ProxyError)):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", None), NewConnectionError)


def _fault(
    error: Exception, *, operation: str, nothing_sent: bool, creates: bool, status: int | None = None
) -> Unavailable | OutcomeUnknown:
    # Only the kind of fault is told: the texts of `requests` quote addresses and headers.
    kinds = " < ".join(dict.fromkeys(_kinds(error)))
    if nothing_sent:
        return Unavailable(f"could not be reached; nothing was sent ({kinds}).", system=SYSTEM, operation=operation)
    # A request that only reads has no effect to be in doubt of.
    doubt = "; whether the request took effect is not known" if creates else ""
    return OutcomeUnknown(
        f"gave no whole answer{doubt} ({kinds}).",
        system=SYSTEM,
        operation=operation,
        status=status,
    )


def _kinds(error: BaseException) -> Iterator[str]:
    """The class names of `error` and of what it wraps, outermost first."""
    cause: BaseException | None = error
    for _ in range(8):
        if cause is None:
            return
        yield type(cause).__name__
        wrapped = [getattr(cause, "reason", None), *cause.args, cause.__cause__, cause.__context__]
        cause = next((inner for inner in wrapped if isinstance(inner, BaseException)), None)
