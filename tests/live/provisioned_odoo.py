"""A set-up in the real Odoo, and a receiver that listens as the connector does."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from connector.hosts.odoo.inventory import ANSWER_ACTION, MODULE, SEND_GROUP
from connector.hosts.odoo.provision import ProvisionReport, provision
from tests.live.odoo_books import Books

SENDERS = f"{MODULE}.{SEND_GROUP}"

Calls = queue.Queue[tuple[str, dict[str, Any]]]


@contextmanager
def receiving() -> Iterator[tuple[str, Calls]]:
    """Listens for webhooks; gives its address and the calls that come: path and body of each."""
    calls: Calls = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            calls.put((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", calls
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def company(books: Books) -> int:
    """The company that the connector's own user sees."""
    uid = books.client.call("res.users", "context_get")["uid"]
    (user,) = books.client.call("res.users", "read", ids=[uid], fields=["company_ids"])
    return int(user["company_ids"][0])


def set_up(books: Books, url: str = "https://connector.example/webhooks/odoo/acme/token") -> ProvisionReport:
    """Install everything, with hints to `url`."""
    key_user = books.client.call("res.users", "context_get")["uid"]
    return provision(books.settings_client, url, company_id=company(books), key_user=key_user)


def answer_action(books: Books) -> int:
    """The action by which the connector marks requests as answered."""
    return installed(books)[ANSWER_ACTION][1]


def installed(books: Books) -> dict[str, tuple[str, int]]:
    """Our objects by external id: model and id of each."""
    rows = books.settings_client.call(
        "ir.model.data",
        "search_read",
        domain=[("module", "=", MODULE)],
        fields=["name", "model", "res_id"],
    )
    return {row["name"]: (row["model"], row["res_id"]) for row in rows}
