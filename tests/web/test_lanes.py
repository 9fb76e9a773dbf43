"""Pages that wait for a ledger hold up neither webhooks nor those who sign in."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask

from connector.web.lanes import Threads
from connector.web.server import make_server
from tests.flows.waiting import until

WAIT_S = 60.0


class Building:
    """An app behind the real server: its page holds whoever opens it until `doors` are open."""

    def __init__(self) -> None:
        self.doors = threading.Event()
        self.waiting = threading.Semaphore(0)
        app = Flask(__name__)
        app.add_url_rule("/webhooks/odoo/a/token", "hook", lambda: "taken", methods=["POST"])
        app.add_url_rule("/sign-in", "sign_in", lambda: "come in")
        app.add_url_rule("/sign-in", "sign_in_now", self._page, methods=["POST"])
        app.add_url_rule("/connections/a/", "page", self._page)
        self.opened: list[http.client.HTTPConnection] = []
        self.server: Any = make_server(app, host="127.0.0.1", port=0, threads=Threads(at_once=1, door=1, pages=2))

    def _page(self) -> str:
        self.waiting.release()
        assert self.doors.wait(WAIT_S)
        return "the overdue invoices"

    def asked(self, path: str, method: str = "GET") -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.effective_port, timeout=WAIT_S)
        self.opened.append(connection)
        connection.request(method, path)
        return connection


@contextmanager
def opened() -> Iterator[Building]:
    building = Building()
    running = threading.Thread(target=building.server.run)
    running.start()
    try:
        yield building
    finally:
        building.doors.set()
        for connection in building.opened:
            connection.close()
        until(lambda: not building.server.active_channels, within_s=WAIT_S, what="the end of every connection")
        building.server.close()
        running.join(WAIT_S)


@pytest.mark.parametrize(("path", "method"), [("/webhooks/odoo/a/token", "POST"), ("/sign-in", "GET")])
def test_what_must_be_answered_at_once_does_not_wait_behind_pages(path: str, method: str) -> None:
    with opened() as building:
        pages = [building.asked("/connections/a/") for _ in range(6)]
        for _ in range(2):
            assert building.waiting.acquire(timeout=WAIT_S), "both threads for pages are taken"
        assert building.asked(path, method).getresponse().read() in (b"taken", b"come in")
        assert not building.waiting.acquire(blocking=False), "the other pages wait"
        building.doors.set()
        assert [page.getresponse().read() for page in pages] == [b"the overdue invoices"] * 6


def test_webhooks_do_not_wait_behind_those_who_sign_in() -> None:
    with opened() as building:
        passwords = [building.asked("/sign-in", "POST") for _ in range(6)]
        assert building.waiting.acquire(timeout=WAIT_S), "the thread for signing in is taken"
        assert building.asked("/webhooks/odoo/a/token", "POST").getresponse().read() == b"taken"
        building.doors.set()
        assert [one.getresponse().read() for one in passwords] == [b"the overdue invoices"] * 6
