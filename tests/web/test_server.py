"""Who opens connections and says nothing, or next to nothing, keeps nobody else out."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any

import pytest
from flask import Flask

from connector.web.lanes import Threads
from connector.web.listener import LONGEST_RECEIVING_S
from connector.web.server import MOST_CONNECTIONS, make_server
from tests.flows.waiting import until

WAIT_S = 60.0
MOST = 40


class House:
    """The real server, with a page that is answered once `open` is set."""

    def __init__(self, most: int) -> None:
        self.open = threading.Event()
        self.waiting = threading.Semaphore(0)
        app = Flask(__name__)
        app.add_url_rule("/page", "page", lambda: "a page")
        app.add_url_rule("/slow", "slow", self._slow)
        threads = Threads(at_once=1, door=1, pages=2)
        self.server: Any = make_server(app, host="127.0.0.1", port=0, threads=threads, most_connections=most)
        self._opened = ExitStack()

    def _slow(self) -> str:
        self.waiting.release()
        assert self.open.wait(WAIT_S)
        return "a slow page"

    def silent(self, said: bytes = b"") -> socket.socket:
        """A connection on which nothing is asked wholly."""
        opened = socket.create_connection(("127.0.0.1", self.server.effective_port), timeout=WAIT_S)
        opened.sendall(said)
        return self._opened.enter_context(opened)

    def asked(self, path: str) -> http.client.HTTPConnection:
        """A connection on which a page is asked for."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.effective_port, timeout=WAIT_S)
        self._opened.callback(connection.close)
        connection.request("GET", path)
        return connection

    def answer(self, path: str = "/page") -> bytes:
        return self.asked(path).getresponse().read()

    def close(self) -> None:
        self.open.set()
        self._opened.close()
        until(lambda: not self.server.active_channels, within_s=WAIT_S, what="the end of every connection")
        self.server.close()


@contextmanager
def house(most: int = MOST) -> Iterator[House]:
    standing = House(most)
    running = threading.Thread(target=standing.server.run)
    running.start()
    try:
        yield standing
    finally:
        standing.close()
        running.join(WAIT_S)


def is_closed(one: socket.socket) -> bool:
    """Whether the server has closed a connection; waits for it if it has not."""
    one.settimeout(WAIT_S)
    return one.recv(1) == b""


@pytest.mark.parametrize("said", [b"", b"GET /page HTTP/1.1\r\nHost: a\r\nX: "], ids=["nothing", "half a request"])
@pytest.mark.parametrize("count", [MOST // 2, 3 * MOST])
def test_a_page_is_answered_however_many_connections_say_nothing(count: int, said: bytes) -> None:
    with house() as here:
        silent = [here.silent(said) for _ in range(count)]
        assert here.answer() == b"a page"
        assert len(here.server.active_channels) <= MOST
        if count > MOST:
            assert is_closed(silent[0]), "the one that has been idle for longest makes room"


def test_as_many_as_there_may_be_are_held_and_one_more_is_answered() -> None:
    with house(MOST_CONNECTIONS) as here:
        silent = [here.silent() for _ in range(MOST_CONNECTIONS + 100)]
        assert here.answer() == b"a page"
        assert is_closed(silent[0])


def test_what_is_being_answered_is_not_closed_for_those_who_say_nothing() -> None:
    with house() as here:
        slow = here.asked("/slow")
        assert here.waiting.acquire(timeout=WAIT_S)
        first = here.silent()
        for _ in range(2 * MOST):
            here.silent()
        assert is_closed(first)
        here.open.set()
        assert slow.getresponse().read() == b"a slow page"


def test_a_connection_that_is_used_stays_open_beside_those_that_are_not() -> None:
    with house() as here:
        kept = here.asked("/page")
        assert kept.getresponse().read() == b"a page"
        for _ in range(3):
            for _ in range(MOST // 2):
                here.silent()
            kept.request("GET", "/page")
            assert kept.getresponse().read() == b"a page"


def test_who_takes_too_long_to_say_what_they_want_is_sent_away() -> None:
    with house() as here:
        slow, idle = here.silent(b"GET /page HTTP/1.1\r\n"), here.silent()
        assert here.answer() == b"a page"
        until(lambda: len(here.server.active_channels) >= 2, within_s=WAIT_S, what="both connections")
        for one in here.server.active_channels.values():
            if one.began_s is not None:
                one.began_s -= LONGEST_RECEIVING_S + 1
        here.server.next_channel_cleanup = 0
        assert here.answer() == b"a page"
        assert is_closed(slow)
        idle.sendall(b"GET /page HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert b"a page" in idle.makefile("rb").read()


def test_a_name_is_listened_to_at_each_of_its_addresses() -> None:
    app = Flask(__name__)
    app.add_url_rule("/page", "page", lambda: "a page")
    server: Any = make_server(app, host="localhost", port=0, threads=Threads(1, 1, 1))
    addresses = getattr(server, "effective_listen", None) or [(server.effective_host, server.effective_port)]
    running = threading.Thread(target=server.run, daemon=True)
    running.start()
    for host, port in addresses:
        with closing(http.client.HTTPConnection(host, int(port), timeout=WAIT_S)) as connection:
            connection.request("GET", "/page")
            assert connection.getresponse().read() == b"a page"
    server.close()
    running.join(WAIT_S)
