"""One WebSocket to Fortnox's event server: connects, sends and receives text, keeps the connection alive.

What the library says of a failure may hold what was sent or received, so that its errors are told by their kind alone.
"""

from __future__ import annotations

import ssl
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import requests
import websocket

from connector.domain.errors import ConfigurationError, Unavailable
from connector.hosts.addresses import is_public, normalised_url
from connector.hosts.fortnox.documents import SYSTEM

PING_EVERY_S = 30.0
"""What working clients do (fortnox.md 2.5)."""

SILENT_AFTER_S = 90.0
"""A server from which nothing was heard for so long, no answer to a ping either, is taken to be gone."""

SENT_WITHIN_S = 10.0

OPERATION = "listen to events"


class FeedLost(Unavailable):
    """The connection cannot be had, or has ended. What it would have told is found by polling."""


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
        with _failures_told():
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
def connected(url: str, *, allow_private: bool, timeout_s: float) -> Iterator[Wire]:
    """A connection to the event server at `url`, closed afterwards. `timeout_s` is for each step of connecting.

    Nothing secret is sent by this. Raises `ConfigurationError` for an address that may not be used, and `FeedLost`.
    """
    server = _checked(url, allow_private=allow_private)
    # Proxies and authorities as for every other request.
    surroundings = requests.Session().merge_environment_settings(server, {}, None, None, None)
    proxy = surroundings["proxies"].get(urlsplit(server).scheme)
    with _failures_told():
        connection = websocket.create_connection(
            url,
            timeout=timeout_s,
            redirect_limit=0,
            suppress_origin=True,
            sslopt={"context": _tls(surroundings["verify"])},
        )
    wire = Wire(connection)
    try:
        if not allow_private and not proxy:
            _require_public(connection)
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


def _tls(authorities: object) -> ssl.SSLContext:
    """What a server's certificate is held to: a file or folder that the environment names, else what `requests` has."""
    path = authorities if isinstance(authorities, str) else requests.utils.DEFAULT_CA_BUNDLE_PATH
    folder = path if Path(path).is_dir() else None
    return ssl.create_default_context(capath=folder, cafile=None if folder else path)


def _require_public(connection: websocket.WebSocket) -> None:
    address = str(connection.sock.getpeername()[0]) if connection.sock else ""
    if not address or not is_public(address):
        raise ConfigurationError(
            f"The event server lies on a private network ({address}).",
            advice="Use its public address, or let the deployment allow private addresses.",
        )


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
    except ssl.SSLCertVerificationError:
        raise _lost("its certificate is not valid, so nothing was sent") from None
    except (websocket.WebSocketException, OSError, ValueError) as error:
        raise _lost(f"the connection failed ({type(error).__name__})") from None


def _lost(what: str, *, status: int | None = None) -> FeedLost:
    return FeedLost(f"{what}.", system=SYSTEM, operation=OPERATION, status=status)
