"""One WebSocket to Fortnox's event server: connects, sends and receives text, keeps the connection alive.

What the library says of a failure may hold what was sent or received, so that its errors are recognised by their kind
alone.
"""

from __future__ import annotations

import socket
import ssl
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import requests
import websocket

from connector.domain.errors import ConfigurationError, Unavailable
from connector.hosts.fortnox.documents import SYSTEM
from connector.remote import surroundings
from connector.remote.addresses import is_public, normalised_url
from connector.remote.metered import Allowance, MeteredSocket, TooMuch, allowing
from connector.remote.policy import HttpPolicy

PING_EVERY_S = 30.0
"""What working clients do (API.md, "Keeping the stream")."""

SILENT_AFTER_S = 90.0
"""A server from which nothing was heard for so long, no answer to a ping either, is taken to be gone."""

SENT_WITHIN_S = 10.0

LARGEST_MESSAGE_BYTES = 1024 * 1024
"""Events take some hundred bytes each (API.md, "Events"). What is larger ends the connection."""

_HEAD_BYTES = 64 * 1024
"""What the server's answer to our taking up the conversation may come to."""

OPERATION = "listen to events"

_PROXY_PORT = 80
"""Of a proxy whose address names none, as for every other request."""
_NO_HOST = "no-host.invalid"


class FeedLost(Unavailable):
    """The connection cannot be had, or has ended. What it would have told is found by polling."""


class _Connection(websocket.WebSocket):
    """A connection that takes no message beyond `LARGEST_MESSAGE_BYTES`, in one frame or in many.

    Its waits can be held to a time in all, from its first byte on.
    """

    def __init__(self, **options: Any) -> None:
        self._metered: Any = None
        super().__init__(**options)
        self.frame_buffer = _Frames(self._recv, False)
        self.cont_frame = _Fragments(False, False)

    @property
    def sock(self) -> Any:
        return self._metered

    @sock.setter
    def sock(self, plain: Any) -> None:
        self._metered = None if plain is None else MeteredSocket(plain)


class _Frames(websocket.frame_buffer):
    def recv_length(self) -> None:
        super().recv_length()
        if self.length is not None and self.length > LARGEST_MESSAGE_BYTES:
            raise websocket.WebSocketPayloadException("frame too large")


class _Fragments(websocket.continuous_frame):
    def add(self, frame: websocket.ABNF) -> None:
        so_far = len(self.cont_data[1]) if self.cont_data else 0
        if so_far + len(frame.data) > LARGEST_MESSAGE_BYTES:
            raise websocket.WebSocketPayloadException("message too large")
        super().add(frame)


class Wire:
    """An open connection. To be used from one thread."""

    def __init__(
        self,
        connection: websocket.WebSocket,
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
                opcode, frame = self._connection.recv_data_frame(control_frame=True)
            except websocket.WebSocketTimeoutException:
                return None
        self._heard_at = self._clock()
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            raise FeedLost(f"the server closed the connection{_code(frame.data)}.", system=SYSTEM, operation=OPERATION)
        return bytes(frame.data) if opcode in {websocket.ABNF.OPCODE_TEXT, websocket.ABNF.OPCODE_BINARY} else None

    def close(self) -> None:
        """End the connection, politely if that takes no time."""
        # Whatever goes wrong, it is closed.
        with suppress(websocket.WebSocketException, OSError, ValueError):
            self._connection.close(timeout=0)
        self._connection.shutdown()  # type: ignore[no-untyped-call]

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
    way = _way(proxy)
    guarded = not http.allow_private and not proxy
    with _failures_told(), allowing(Allowance(within_s=2 * http.connect_timeout_s, wire_bytes=_HEAD_BYTES)):
        connection = websocket.create_connection(
            url,
            class_=_Connection,
            timeout=http.connect_timeout_s,
            redirect_limit=0,
            suppress_origin=True,
            sslopt={"context": _tls(here.verify, guarded=guarded)},
            **way,
        )
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


def _way(proxy: str | None) -> dict[str, Any]:
    """The library's options for going through `proxy`, or straight. Raises `ConfigurationError`.

    Its own reading of the environment differs from that of `requests`, so that it is left nothing to read.
    """
    if not proxy:
        return {"http_proxy_host": "none", "http_proxy_port": 1, "http_no_proxy": ["*"]}
    try:
        parts = urlsplit(requests.utils.prepend_scheme_if_needed(proxy, "http"))  # type: ignore[no-untyped-call]
        host, port = parts.hostname, parts.port or _PROXY_PORT
    except ValueError:
        host, port = None, 0
    if not host or parts.scheme != "http":
        raise ConfigurationError(
            "The proxy that the environment names for Fortnox's events cannot be used: only http:// ones can.",
            advice="Name an http:// proxy in HTTPS_PROXY, or except the event server in NO_PROXY.",
        )
    auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    return {
        "http_proxy_host": host,
        "http_proxy_port": port,
        "http_proxy_auth": auth,
        "http_no_proxy": [_NO_HOST],
        "proxy_type": "http",
    }


class _PublicOnly(ssl.SSLContext):
    """Says nothing to a server on a private network, not even TLS's first word, which names who is meant."""

    def wrap_socket(self, sock: socket.socket, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        address = str(sock.getpeername()[0])
        if not is_public(address):
            raise ConfigurationError(
                f"The event server lies on a private network ({address}).",
                advice="Use its public address, or let the deployment allow private addresses.",
            )
        return super().wrap_socket(sock, *args, **kwargs)


def _tls(authorities: object, *, guarded: bool) -> ssl.SSLContext:
    """Return what a server's certificate is held to: a file or folder that the environment names, else what
    `requests` has.
    """
    path = authorities if isinstance(authorities, str) else requests.utils.DEFAULT_CA_BUNDLE_PATH
    folder = path if Path(path).is_dir() else None
    context = (_PublicOnly if guarded else ssl.SSLContext)(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(capath=folder, cafile=None if folder else path)
    return context


def _code(data: bytes) -> str:
    return f" with code {struct.unpack('!H', data[:2])[0]}" if len(data) >= struct.calcsize("!H") else ""


@contextmanager
def _failures_told() -> Iterator[None]:
    """Turn every failure of the connection into `FeedLost`."""
    try:
        yield
    except websocket.WebSocketBadStatusException as error:
        raise _lost("the server did not take up the conversation", status=error.status_code) from None
    except websocket.WebSocketTimeoutException:
        raise _lost("the server did not answer in time") from None
    except (websocket.WebSocketPayloadException, TooMuch):
        raise _lost("the server said more at once than any event takes") from None
    except ssl.SSLCertVerificationError:
        raise _lost("its certificate is not valid, so nothing was sent") from None
    except (websocket.WebSocketException, OSError, ValueError) as error:
        raise _lost(f"the connection failed ({type(error).__name__})") from None


def _lost(what: str, *, status: int | None = None) -> FeedLost:
    return FeedLost(f"{what}.", system=SYSTEM, operation=OPERATION, status=status)
