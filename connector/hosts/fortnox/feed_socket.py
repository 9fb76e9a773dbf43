"""One WebSocket to Fortnox's event server, on a socket that stands: frames are the library's, every wait is ours."""

from __future__ import annotations

import logging
import socket
from collections import deque
from contextlib import suppress
from typing import Any

from websockets.client import ClientProtocol
from websockets.exceptions import WebSocketException
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from connector.domain.errors import Unavailable
from connector.hosts.fortnox.documents import SYSTEM
from connector.remote.metered import MeteredSocket

LARGEST_MESSAGE_BYTES = 1024 * 1024
"""Events take some hundred bytes each (API.md, "Events"). What is larger ends the connection."""

OPERATION = "listen to events"

_READ_BYTES = 65536
_SILENT = logging.Logger(__name__, logging.CRITICAL + 1)
"""What the library would log are frames, with the app's secret and companies' tokens."""


class FeedLost(Unavailable):
    """The connection cannot be had, or has ended. What it would have told is found by polling."""


class Connection:
    """An open WebSocket. Its waits can be held to a time in all, from their first byte on."""

    def __init__(self, plain: socket.socket, url: str) -> None:
        """Take up the conversation. Raises the errors of the library and of sockets."""
        self._socket = MeteredSocket(plain)
        self._protocol = ClientProtocol(parse_uri(url), max_size=LARGEST_MESSAGE_BYTES, logger=_SILENT)
        self._events: deque[Any] = deque()
        self._pieces: list[bytes] = []
        self._protocol.send_request(self._protocol.connect())
        while not self._events:
            self._read()
        self._events.popleft()  # the server's answer to that

    def settimeout(self, timeout_s: float) -> None:
        """Let no single wait from now on be longer."""
        self._socket.settimeout(timeout_s)

    def send(self, text: str) -> None:
        """Send a message."""
        self._protocol.send_text(text.encode())
        self._flush()

    def ping(self) -> None:
        """Ask whether the server is there."""
        self._protocol.send_ping(b"")
        self._flush()

    def receive(self) -> bytes | None:
        """A whole message, or None for what only keeps the connection. Raises `TimeoutError`; what had come is kept."""
        while True:
            while not self._events:
                self._read()
            frame: Frame = self._events.popleft()
            if frame.opcode is Opcode.CLOSE:
                received = self._protocol.close_rcvd
                has_code = received is not None and received.code != CloseCode.NO_STATUS_RCVD
                code = f" with code {received.code}" if received is not None and has_code else ""
                raise FeedLost(f"the server closed the connection{code}.", system=SYSTEM, operation=OPERATION)
            if frame.opcode not in {Opcode.TEXT, Opcode.BINARY, Opcode.CONT}:
                return None
            self._pieces.append(bytes(frame.data))
            if frame.fin:
                whole = b"".join(self._pieces)
                self._pieces.clear()
                return whole

    def close(self) -> None:
        """End the connection, politely if that takes no time."""
        # Whatever goes wrong, it is closed.
        with suppress(WebSocketException, OSError, ValueError):
            self.settimeout(0)
            if self._protocol.state is State.OPEN:
                self._protocol.send_close()
                self._flush()
        self._socket.close()

    def _read(self) -> None:
        """Take what has come, and answer what is to be answered at once. Raises what broke the conversation."""
        if broken := self._protocol.handshake_exc or self._protocol.parser_exc:
            raise broken
        self._flush()
        if data := self._socket.recv(_READ_BYTES):
            self._protocol.receive_data(data)
        else:
            self._protocol.receive_eof()
        self._events.extend(self._protocol.events_received())
        if self._protocol.handshake_exc:
            raise self._protocol.handshake_exc
        self._flush()

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._socket.sendall(data)
