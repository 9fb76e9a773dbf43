"""Connections that keep to one call's time and size, whatever the server does.

The time-out of a socket begins again with every byte, and how many bytes come is the server's to choose. So every wait
of a call, in each of its phases, is also held to what is left of the call as a whole: finding the server, connecting,
sending, and reading head and body.
"""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar

import urllib3
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

Check = Callable[[str, str], None]
"""Given a server's name and an address of it, raises for one that may not be reached."""


class TooMuch(Exception):
    """The server has sent more than the call takes. No `OSError`, which would be taken for a broken connection."""


class Allowance:
    """What is left of one call: seconds, and bytes that may come over the wire."""

    def __init__(self, *, within_s: float, wire_bytes: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ends_at = clock() + within_s
        self._bytes_left = wire_bytes

    @property
    def is_over(self) -> bool:
        """Return whether the time is."""
        return self._clock() >= self._ends_at

    def wait_s(self, idle_s: float | None) -> float:
        """Return how long the next wait may be, which else would be `idle_s`. Raises `TimeoutError`."""
        left_s = self._ends_at - self._clock()
        if left_s <= 0:
            raise TimeoutError("the call has taken too long")
        return left_s if idle_s is None else min(left_s, idle_s)

    def took(self, count: int) -> None:
        """So many bytes came. Raises `TooMuch`."""
        self._bytes_left -= count
        if self._bytes_left < 0:
            raise TooMuch


_ALLOWANCE: ContextVar[Allowance | None] = ContextVar("allowance", default=None)


@contextmanager
def allowing(allowance: Allowance) -> Iterator[None]:
    """Whatever this thread's metered connections do within the block is held to `allowance`."""
    token = _ALLOWANCE.set(allowance)
    try:
        yield
    finally:
        _ALLOWANCE.reset(token)


class MeteredSocket:
    """A connected socket, as far as HTTP and WebSockets use one."""

    def __init__(self, plain: socket.socket) -> None:
        self._plain = plain

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)

    def send(self, data: Any) -> int:
        with _in_time(self._plain):
            return self._plain.send(data)

    def sendall(self, data: Any) -> None:
        with _in_time(self._plain):
            self._plain.sendall(data)

    def recv(self, size: int) -> bytes:
        with _in_time(self._plain):
            found = self._plain.recv(size)
        _count(len(found))
        return found

    def makefile(self, *_: object, **__: object) -> io.BufferedReader:
        """Return what an answer is read from."""
        return io.BufferedReader(_Reading(self._plain))


class _Reading(io.RawIOBase):
    def __init__(self, plain: socket.socket) -> None:
        super().__init__()
        self._plain = plain
        self._raw = plain.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        with _in_time(self._plain):
            count = self._raw.readinto(buffer)
        _count(count or 0)
        return count

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


@contextmanager
def _in_time(plain: socket.socket) -> Iterator[None]:
    """One wait of the socket, cut short where less is left of the call than the socket would wait."""
    allowance = _ALLOWANCE.get()
    idle_s = plain.gettimeout()
    wait_s = allowance.wait_s(idle_s) if allowance is not None else idle_s
    if wait_s == idle_s:
        yield
        return
    plain.settimeout(wait_s)
    try:
        yield
    finally:
        plain.settimeout(idle_s)


def _count(count: int) -> None:
    if (allowance := _ALLOWANCE.get()) is not None:
        allowance.took(count)


def _reached(connection: urllib3.connection.HTTPConnection, check: Check | None) -> socket.socket:
    """A socket to the first address of the server that can be connected to, each looked at before it is.

    Raises what `check` does, and the errors of urllib3 for what could not be reached.
    """
    allowance = _ALLOWANCE.get()
    host = connection.host.strip("[]")
    family = urllib3.util.connection.allowed_gai_family()
    try:
        found = socket.getaddrinfo(host, connection.port, family=family, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise NameResolutionError(connection.host, connection, error) from error
    except (UnicodeError, OSError) as error:
        raise NewConnectionError(connection, "no name of a server") from error
    fault: Exception = NewConnectionError(connection, "the name has no address")
    for *_, place in found:
        address = str(place[0])
        if check is not None:
            check(host, address)
        try:
            wait_s = allowance.wait_s(connection.timeout) if allowance is not None else connection.timeout
            return urllib3.util.connection.create_connection(
                (address, connection.port),
                wait_s,
                source_address=connection.source_address,
                socket_options=connection.socket_options,
            )
        except TimeoutError:
            fault = ConnectTimeoutError(connection, "no connection in time")
        except OSError as error:
            fault = NewConnectionError(connection, f"no connection: {error}")
    raise fault


class _MeteredHTTP(urllib3.connection.HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _reached(self, None)

    def connect(self) -> None:
        super().connect()
        self.sock = MeteredSocket(self.sock)


class _MeteredHTTPS(urllib3.connection.HTTPSConnection):
    check: ClassVar[Check | None] = None

    def _new_conn(self) -> socket.socket:
        # Before the first byte of TLS, which names the server that is meant.
        return _reached(self, type(self).check)

    def connect(self) -> None:
        super().connect()
        self.sock = MeteredSocket(self.sock)


class _HTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _MeteredHTTP


class _HTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _MeteredHTTPS


class MeteredAdapter(HTTPAdapter):
    """Sends requests over metered connections; makes none again.

    `check` looks at each address before it is connected to. A proxy named by the environment is the deployment's own
    choice and is not looked at.
    """

    def __init__(self, check: Check | None = None) -> None:
        self._check = check
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(self._check)

    def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        # Not those of SOCKS, which have connections of their own.
        if isinstance(manager, urllib3.ProxyManager):
            manager.pool_classes_by_scheme = _pools(None)
        return manager


def _pools(check: Check | None) -> dict[str, Any]:
    if check is None:
        return {"http": _HTTPPool, "https": _HTTPSPool}
    connection = type("_CheckedHTTPS", (_MeteredHTTPS,), {"check": staticmethod(check)})
    return {"http": _HTTPPool, "https": type("_CheckedHTTPSPool", (_HTTPSPool,), {"ConnectionCls": connection})}
