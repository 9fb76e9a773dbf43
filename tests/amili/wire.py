"""A server on a plain socket, for what only the transport itself can show: half requests, dropped connections."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

Reaction = Callable[[socket.socket, "Received"], bool]
"""What the server does once a request's headers are in; True keeps the connection for the next request."""


@dataclass
class Received:
    """One request as it arrived: `complete` says whether the whole body did."""

    head: str
    length: int
    body: bytes = b""

    @property
    def complete(self) -> bool:
        return len(self.body) == self.length


@dataclass
class Wire:
    """`url` to speak to; `received` is complete once the server has been left."""

    url: str
    received: list[Received] = field(default_factory=list)


def _read_body(connection: socket.socket, request: Received) -> None:
    while not request.complete and (chunk := connection.recv(65536)):
        request.body += chunk


def reply(status: str, body: bytes = b"{}", *, keep: bool = False, content_type: str = "application/json") -> Reaction:
    """Read the whole request and answer it."""

    def react(connection: socket.socket, request: Received) -> bool:
        _read_body(connection, request)
        head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
        connection.sendall(f"{head}Connection: {'keep-alive' if keep else 'close'}\r\n\r\n".encode() + body)
        return keep

    return react


def drop_before_body(connection: socket.socket, request: Received) -> bool:
    """Hang up as soon as the headers are in."""
    return False


def drop_after_body(connection: socket.socket, request: Received) -> bool:
    """Take the whole request and hang up without a word."""
    _read_body(connection, request)
    return False


def half_answer(connection: socket.socket, request: Received) -> bool:
    """Begin to answer, and hang up in the middle."""
    _read_body(connection, request)
    connection.sendall(b'HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{"_id": "68b7')
    return False


def say_nothing(connection: socket.socket, request: Received) -> bool:
    """Take the whole request and keep the caller waiting until it hangs up."""
    _read_body(connection, request)
    connection.recv(1)
    return False


def read_what_comes(connection: socket.socket, request: Received) -> bool:
    """Read until the caller has sent everything or hangs up, and answer only a whole request."""
    _read_body(connection, request)
    if request.complete:
        connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}")
    return False


@contextmanager
def serving(*connections: Sequence[Reaction]) -> Iterator[Wire]:
    """Serve one script of reactions for each connection, in order; then stop."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        wire = Wire(url=f"http://127.0.0.1:{listener.getsockname()[1]}")
        thread = threading.Thread(target=_serve, args=(listener, connections, wire))
        thread.start()
        try:
            yield wire
        finally:
            thread.join(timeout=15)
    assert not thread.is_alive()


def _serve(listener: socket.socket, connections: Sequence[Sequence[Reaction]], wire: Wire) -> None:
    for script in connections:
        connection, _ = listener.accept()
        with connection:
            connection.settimeout(10)
            for react in script:
                request = _read_head(connection)
                if request is None:
                    break
                wire.received.append(request)
                if not react(connection, request):
                    break


def _read_head(connection: socket.socket) -> Received | None:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return None
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    text = head.decode("latin-1")
    lengths = [line.split(":")[1] for line in text.splitlines() if line.lower().startswith("content-length:")]
    return Received(head=text, length=int(lengths[0]) if lengths else 0, body=body)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
