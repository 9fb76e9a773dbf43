"""One request to Amili over HTTP, and what a broken one proves.

A request that creates something is fenced: its body is handed out only after the connection stands and the
headers are gone, and only if the caller still agrees at that moment. So a body that was never handed out
proves that nothing complete was sent, whatever went wrong; once it was, only an answer tells.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.exceptions import NewConnectionError
from urllib3.util import Retry

from connector import __version__
from connector.amili.answers import SYSTEM
from connector.domain.errors import ConfigurationError, OutcomeUnknown, Unavailable

USER_AGENT = f"amili-connector/{__version__}"
KEY_HEADER = "X-API-Key"
"""Carries the signed token when authenticating, and the access token on every other call (amili.md 1.2)."""


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
    """Sends requests to one base address; one `requests.Session` per thread, and no retries."""

    def __init__(self, base_url: str, *, connect_timeout_s: float, read_timeout_s: float) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.username:
            raise ConfigurationError(
                "The base address of Amili's API must look like https://host, without a user or a query."
            )
        self.base_url = base_url.rstrip("/")
        self._timeout_s = (connect_timeout_s, read_timeout_s)
        self._local = threading.local()

    def get(self, path: str, *, operation: str, key: str, params: Mapping[str, str] | None = None) -> requests.Response:
        """Read from `path`. Raises `Unavailable` or `OutcomeUnknown` if no whole answer came."""
        try:
            return self._session().get(
                self.base_url + path,
                params=params,
                headers={KEY_HEADER: key},
                timeout=self._timeout_s,
                allow_redirects=False,
            )
        except (OSError, urllib3.exceptions.HTTPError) as error:
            fault = _fault(error, operation=operation, nothing_sent=_never_connected(error))
        raise fault

    def post(self, path: str, creation: Creation, *, operation: str, key: str) -> requests.Response:
        """Send `creation` to `path`.

        Raises `Unavailable` if provably nothing complete was sent, `OutcomeUnknown` if it may have been, and
        unchanged whatever `creation.may_send` raises.
        """
        body = FencedBody(creation.content, creation.may_send)
        try:
            return self._session().post(
                self.base_url + path,
                data=body,
                headers={KEY_HEADER: key, "Content-Type": creation.content_type},
                timeout=self._timeout_s,
                allow_redirects=False,
            )
        except _Withheld as withheld:
            fault = withheld.reason
        except (OSError, urllib3.exceptions.HTTPError) as error:
            nothing_sent = not body.released or _never_connected(error)
            fault = _fault(error, operation=operation, nothing_sent=nothing_sent)
        raise fault

    def close(self) -> None:
        """Close the connections of the calling thread; those of others close when their threads end."""
        session = self._local.__dict__.pop("session", None)
        if session is not None:
            session.close()

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            adapter = HTTPAdapter(max_retries=Retry(0, read=False))
            session.mount("https://", adapter)
            session.mount("http://", adapter)
            # Without it, the API might answer in XML (amili.md 7.5).
            session.headers.update({"Accept": "application/json", "User-Agent": USER_AGENT})
            self._local.session = session
        return session


def _never_connected(error: Exception) -> bool:
    """Whether `error` happened before there was a connection to send anything over.

    "Connection aborted", a reset and a read timeout are no such proof: they also end a connection that was
    kept from an earlier request, after ours was written to it.
    """
    if isinstance(error, (requests.ConnectTimeout, requests.exceptions.ProxyError)):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", None), NewConnectionError)


def _fault(error: Exception, *, operation: str, nothing_sent: bool) -> Unavailable | OutcomeUnknown:
    # Only the kind of fault is told: the texts of `requests` quote addresses and headers.
    kinds = " < ".join(dict.fromkeys(_kinds(error)))
    if nothing_sent:
        return Unavailable(f"could not be reached; nothing was sent ({kinds}).", system=SYSTEM, operation=operation)
    return OutcomeUnknown(
        f"gave no whole answer; whether the request took effect is not known ({kinds}).",
        system=SYSTEM,
        operation=operation,
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
