"""Ledgers that take a connection and then hang, drip a byte now and then, or answer garbage."""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

_DRIP_EVERY_S = 2.0
_HOLDS_FOR_S = 600.0


class Ill(StrEnum):
    """What is wrong with a ledger."""

    HANGS = "hangs"
    DRIPS = "drips"
    GARBAGE = "garbage"


class _Handler(socketserver.BaseRequestHandler):
    ill: Ill

    def handle(self) -> None:
        self.request.settimeout(_HOLDS_FOR_S)
        try:
            while self.request.recv(65_536):
                self._answer()
        except OSError:
            return

    def _answer(self) -> None:
        if self.ill is Ill.GARBAGE:
            self.request.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n\x00\xff}{not an answer..")
            return
        until_s = time.monotonic() + _HOLDS_FOR_S
        if self.ill is Ill.DRIPS:
            self.request.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while time.monotonic() < until_s:
            time.sleep(_DRIP_EVERY_S)
            if self.ill is Ill.DRIPS:
                self.request.sendall(b"[")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256


@contextmanager
def ill_ledger(ill: Ill) -> Iterator[str]:
    """The address of such a ledger."""
    handler = type("Handler", (_Handler,), {"ill": ill})
    with _Server(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
