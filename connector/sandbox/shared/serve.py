"""Serving an imitation over real HTTP/1.1: kept-alive connections, and connections that break on purpose.

Werkzeug's development server closes every connection after one answer and cannot be made to drop one, so the
imitations have a small server of their own on `http.server`: one thread a connection, one write an answer.
"""

from __future__ import annotations

import io
import socket
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

CONNECTION = "sandbox.connection"
"""The key under which an application finds its `Connection`, to break it."""


class Connection:
    """The client's connection, as far as an application may break it or take it over."""

    def __init__(self, client: socket.socket) -> None:
        self._client = client
        self.broken = False

    def drop(self) -> None:
        """Close without an answer: the client sees the connection end where an answer should begin."""
        self.broken = True
        with suppress(OSError):  # the client may have given up first
            self._client.shutdown(socket.SHUT_RDWR)

    def take_over(self) -> socket.socket:
        """The socket itself, for a protocol that replaces HTTP on it; no answer will be written."""
        self.broken = True
        return self._client

    def answer_with(self, status: str, headers: Mapping[str, str], parts: Iterable[bytes]) -> int:
        """Send an answer in `parts`, for as long as the client listens, then close; how many bytes of them it took."""
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers.items()), "Connection: close"]
        taken = 0
        with suppress(OSError):
            self._client.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
            for part in parts:
                self._client.sendall(part)
                taken += len(part)
        self.drop()
        return taken

    def answer_half(self, status: str, body: bytes) -> None:
        """Send the head of an answer and half of its `body`, then close."""
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        with suppress(ConnectionError):
            self._client.sendall(head.encode("latin-1") + body[: len(body) // 2])
        self.drop()


class Server(ThreadingHTTPServer):
    """A threaded server for one WSGI application that can also close the connections clients keep open."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, address: tuple[str, int], app: WSGIApplication) -> None:
        self.app = app
        self.connections: set[socket.socket] = set()
        super().__init__(address, Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def close_connections(self) -> None:
        """End every connection still open, so that no client waits on a server that has stopped."""
        for connection in tuple(self.connections):
            with suppress(OSError):  # the client may have been quicker
                connection.shutdown(socket.SHUT_RDWR)


class Handler(BaseHTTPRequestHandler):
    """One client connection: reads a request whole, runs the application, writes the answer in one piece."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def setup(self) -> None:
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        self.server.connections.discard(self.connection)
        super().finish()

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is http.server's
        """Say nothing: the imitations count what they are sent."""

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            parts: list[bytes] = []
            while size := int(self.rfile.readline().split(b";")[0] or b"0", 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _environ(self, body: bytes, connection: Connection) -> WSGIEnvironment:
        url = urlsplit(self.path)
        environ: WSGIEnvironment = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(url.path, "latin-1"),
            "QUERY_STRING": url.query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": str(self.server.server_address[1]),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.client_address[0],
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            CONNECTION: connection,
        }
        for name, value in self.headers.items():
            environ["HTTP_" + name.upper().replace("-", "_")] = value
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE", "")
        # The length announced, not the length received: a body that broke off must show as such.
        environ["CONTENT_LENGTH"] = environ.pop("HTTP_CONTENT_LENGTH", str(len(body)))
        return environ

    def _answer(self) -> None:
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        connection = Connection(self.connection)
        head: list[str] = []

        def start_response(
            status: str,
            headers: list[tuple[str, str]],
            exc_info: object = None,  # noqa: ARG001 - PEP 3333
        ) -> Any:  # the write callable of PEP 3333, which no application here uses
            head[:] = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]

        answer: Iterable[bytes] = self.server.app(self._environ(self._body(), connection), start_response)
        try:
            content = b"".join(answer)
        finally:
            close = getattr(answer, "close", None)
            if close is not None:
                close()
        if connection.broken:
            self.close_connection = True
            return
        if not any(line.lower().startswith("content-length:") for line in head):
            head.append(f"Content-Length: {len(content)}")
        head.append(f"Date: {self.date_time_string()}")
        self.wfile.write("\r\n".join([*head, "", ""]).encode("latin-1") + content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _answer  # noqa: N815


@contextmanager
def running(app: WSGIApplication, port: int = 0) -> Iterator[str]:
    """Serve `app` on this machine from a thread; yields its base address, without a final slash.

    Port 0 takes any free one. On leaving, the server stops and every open connection is closed.
    """
    server = Server(("127.0.0.1", port), app)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.url
    finally:
        server.shutdown()
        server.close_connections()
        server.server_close()
        thread.join()
