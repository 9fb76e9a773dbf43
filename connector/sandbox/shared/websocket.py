"""The server's end of one WebSocket, on a connection that began as HTTP; frames are the library's, the socket is ours.

Without compression, and closable in ways a polite server never closes: that is what clients are tried with.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable
from contextlib import suppress

from websockets.datastructures import Headers
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

READ_BYTES = 65536


class Closed(Exception):
    """The connection is closed, by whichever side."""


class WebSocket:
    """One connection. `send`, `ping`, `close` and `drop` may be called from any thread, `receive` from one alone."""

    def __init__(self, connection: socket.socket, path: str, headers: Iterable[tuple[str, str]]) -> None:
        """Answer the handshake that came as an HTTP request; a request that is none gets an HTTP error and `Closed`
        on first use."""
        self._connection = connection
        self._lock = threading.Lock()
        self._protocol = ServerProtocol()
        self._partial: list[bytes] = []
        self._messages: list[str] = []
        with self._lock:
            # The library wants to read the request itself, as it came.
            self._protocol.receive_data(Request(path, Headers(headers)).serialize())
            for event in self._protocol.events_received():
                if isinstance(event, Request):
                    self._protocol.send_response(self._protocol.accept(event))
            self._flush()

    @property
    def is_open(self) -> bool:
        return self._protocol.state is State.OPEN

    def receive(self) -> str:
        """The next text message. Raises `Closed` once the other side has hung up too."""
        while not self._messages:
            if self._protocol.state is State.CLOSED:
                raise Closed
            try:
                data = self._connection.recv(READ_BYTES)
            except OSError:
                data = b""
            with self._lock:
                if data:
                    self._protocol.receive_data(data)
                else:
                    self._protocol.receive_eof()
                self._flush()
                for event in self._protocol.events_received():
                    self._take(event)
        return self._messages.pop(0)

    def _take(self, event: object) -> None:
        if isinstance(event, Frame) and event.opcode in (Opcode.TEXT, Opcode.CONT):
            self._partial.append(bytes(event.data))
            if event.fin:
                self._messages.append(b"".join(self._partial).decode())
                self._partial.clear()

    def send(self, text: str) -> None:
        """Send a text message. Raises `Closed`."""
        with self._lock:
            if not self.is_open:
                raise Closed
            self._protocol.send_text(text.encode())
            self._flush()

    def ping(self) -> None:
        """Send a ping; the answer is taken without a word. Raises `Closed`."""
        with self._lock:
            if not self.is_open:
                raise Closed
            self._protocol.send_ping(b"")
            self._flush()

    def close(self, code: int) -> None:
        """Close with a closing frame."""
        with self._lock:
            if self.is_open:
                self._protocol.send_close(code)
                self._flush()

    def drop(self) -> None:
        """End the connection without a closing frame."""
        with suppress(OSError):  # the client may have been quicker
            self._connection.shutdown(socket.SHUT_RDWR)

    def _flush(self) -> None:
        with suppress(OSError):  # the reader sees the end of the connection
            for data in self._protocol.data_to_send():
                if data:
                    self._connection.sendall(data)
                else:
                    self._connection.shutdown(socket.SHUT_WR)
