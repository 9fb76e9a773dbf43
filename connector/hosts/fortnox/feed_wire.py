"""A connection to Fortnox's event server: the way there, sending and receiving text, keeping it alive.

What the library says of a failure may hold what was sent or received, so that its errors are recognised by their kind
alone.
"""

from __future__ import annotations

import base64
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import cast
from urllib.parse import unquote, urlsplit

import requests
from websockets.exceptions import InvalidStatus, PayloadTooBig, WebSocketException

from connector.domain.errors import ConfigurationError
from connector.hosts.fortnox.documents import SYSTEM
from connector.hosts.fortnox.feed_socket import LARGEST_MESSAGE_BYTES, OPERATION, Connection, FeedLost
from connector.remote import surroundings
from connector.remote.addresses import normalised_url, require_public
from connector.remote.metered import Allowance, MeteredSocket, TooMuch, allowing
from connector.remote.policy import HttpPolicy

PING_EVERY_S = 30.0
"""What working clients do (API.md, "Keeping the stream")."""

SILENT_AFTER_S = 90.0
"""A server from which nothing was heard for so long, no answer to a ping either, is taken to be gone."""

SENT_WITHIN_S = 10.0

_HEAD_BYTES = 64 * 1024
"""What the server's answer to our taking up the conversation may come to."""

_PROXY_PORT = 80
"""Of a proxy whose address names none, as for every other request."""


class Wire:
    """An open connection. To be used from one thread."""

    def __init__(
        self,
        connection: Connection,
        *,
        ping_every_s: float = PING_EVERY_S,
        silent_after_s: float = SILENT_AFTER_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connection = connection
        self._ping_every_s = ping_every_s
        self._silent_after_s = silent_after_s
        self._clock = clock
        self._heard_at = self._pinged_at = clock()

    def send(self, text: str) -> None:
        """Send a message. Raises `FeedLost`."""
        with _failures_told():
            self._connection.settimeout(SENT_WITHIN_S)
            self._connection.send(text)

    def receive(self, *, within_s: float) -> bytes | None:
        """The next message, or None if none came in time. Pings when it is time to. Raises `FeedLost`."""
        self._keep_alive()
        with _failures_told(), allowing(Allowance(within_s=within_s, wire_bytes=2 * LARGEST_MESSAGE_BYTES)):
            self._connection.settimeout(within_s)
            try:
                message = self._connection.receive()
            except TimeoutError:
                return None
        self._heard_at = self._clock()
        return message

    def close(self) -> None:
        """End the connection, politely if that takes no time."""
        self._connection.close()

    def _keep_alive(self) -> None:
        now = self._clock()
        if now - self._heard_at > self._silent_after_s:
            raise FeedLost("the server fell silent.", system=SYSTEM, operation=OPERATION)
        if now - self._pinged_at >= self._ping_every_s:
            self._pinged_at = now
            with _failures_told():
                self._connection.settimeout(SENT_WITHIN_S)
                self._connection.ping()


@contextmanager
def connected(url: str, http: HttpPolicy) -> Iterator[Wire]:
    """A connection to the event server at `url`, closed afterwards.

    The policy's wait for a connection is for that, and again for taking up the conversation.

    Nothing secret is sent by this. Raises `ConfigurationError` for an address that may not be used, and `FeedLost`.
    """
    server = _checked(url, allow_private=http.allow_private)
    # Proxies and authorities as for every other request.
    here = surroundings.of(server)
    proxy = requests.utils.select_proxy(server, dict(here.proxies))
    way = _Way(server, proxy=_proxy(proxy), within_s=http.connect_timeout_s, guarded=not (http.allow_private or proxy))
    with _failures_told(), allowing(Allowance(within_s=2 * http.connect_timeout_s, wire_bytes=_HEAD_BYTES)):
        connection = way.connected(url, here.verify)
    wire = Wire(connection)
    try:
        yield wire
    finally:
        wire.close()


def _checked(url: str, *, allow_private: bool) -> str:
    """The server of `url`, as an address of HTTP. Raises `ConfigurationError`."""
    parts = urlsplit(url)
    if parts.scheme not in ({"wss", "ws"} if allow_private else {"wss"}):
        raise ConfigurationError(
            "The address of Fortnox's events must begin with wss://.", advice="Mend FORTNOX_EVENTS_URL."
        )
    scheme = "https" if parts.scheme == "wss" else "http"
    return normalised_url(f"{scheme}://{parts.netloc}", allow_private=allow_private)


@dataclass(frozen=True)
class _Proxy:
    host: str
    port: int
    login: str = field(repr=False)

    def open(self, connected: socket.socket, server: str) -> None:
        """Have the connection to the proxy lead on to `server`. Raises `OSError` for a refusal."""
        metered = MeteredSocket(connected)
        login = f"Proxy-Authorization: Basic {self.login}\r\n" if self.login else ""
        metered.sendall(f"CONNECT {server} HTTP/1.1\r\nHost: {server}\r\n{login}\r\n".encode("ascii"))
        with HTTPResponse(cast(socket.socket, metered), method="CONNECT") as answer:
            answer.begin()
            if answer.status != HTTPStatus.OK:
                raise ConnectionError("the proxy lets us through to nobody")


def _proxy(address: str | None) -> _Proxy | None:
    """The proxy at `address`, if there is one. Raises `ConfigurationError`."""
    if not address:
        return None
    try:
        parts = urlsplit(requests.utils.prepend_scheme_if_needed(address, "http"))  # type: ignore[no-untyped-call]
        host, port = parts.hostname, parts.port or _PROXY_PORT
    except ValueError:
        host, port = None, 0
    if not host or parts.scheme != "http":
        raise ConfigurationError(
            "The proxy that the environment names for Fortnox's events cannot be used: only http:// ones can.",
            advice="Name an http:// proxy in HTTPS_PROXY, or except the event server in NO_PROXY.",
        )
    login = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else ""
    encoded = base64.b64encode(login.encode()).decode()
    return _Proxy(host, port, encoded)


@dataclass(frozen=True)
class _Way:
    """How `server` is reached: straight, or through a proxy. `guarded` only if it lies on the public internet."""

    server: str
    proxy: _Proxy | None
    within_s: float
    guarded: bool

    def connected(self, url: str, authorities: object) -> Connection:
        """A conversation with it. Raises the errors of the library and of sockets, and `ConfigurationError`."""
        parts = urlsplit(self.server)
        host, secure = parts.hostname or "", parts.scheme == "https"
        plain = self._reached(host, parts.port or (443 if secure else 80))
        try:
            if self.guarded:
                # Nothing is said to a server on a private network, not even TLS's first word, which names who is meant.
                require_public(host, str(plain.getpeername()[0]))
            if secure:
                plain = _tls(authorities).wrap_socket(plain, server_hostname=host)
            return Connection(plain, url)
        except BaseException:
            plain.close()
            raise

    def _reached(self, host: str, port: int) -> socket.socket:
        if self.proxy is None:
            return socket.create_connection((host, port), timeout=self.within_s)
        way_in = socket.create_connection((self.proxy.host, self.proxy.port), timeout=self.within_s)
        try:
            self.proxy.open(way_in, f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
        except BaseException:
            way_in.close()
            raise
        return way_in


def _tls(authorities: object) -> ssl.SSLContext:
    """Return what a server's certificate is held to: a file or folder that the environment names, else what
    `requests` has.
    """
    path = authorities if isinstance(authorities, str) else requests.utils.DEFAULT_CA_BUNDLE_PATH
    folder = path if Path(path).is_dir() else None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(capath=folder, cafile=None if folder else path)
    return context


@contextmanager
def _failures_told() -> Iterator[None]:
    """Turn every failure of the connection into `FeedLost`."""
    try:
        yield
    except InvalidStatus as error:
        status = error.response.status_code
        if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
            raise _lost("the connection failed (the server sends us elsewhere)", status=status) from None
        raise _lost("the server did not take up the conversation", status=status) from None
    except TimeoutError:
        raise _lost("the server did not answer in time") from None
    except (PayloadTooBig, TooMuch):
        raise _lost("the server said more at once than any event takes") from None
    except ssl.SSLCertVerificationError:
        raise _lost("its certificate is not valid, so nothing was sent") from None
    except (WebSocketException, HTTPException, EOFError, OSError, ValueError) as error:
        raise _lost(f"the connection failed ({type(error).__name__})") from None


def _lost(what: str, *, status: int | None = None) -> FeedLost:
    return FeedLost(f"{what}.", system=SYSTEM, operation=OPERATION, status=status)
