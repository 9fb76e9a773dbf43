"""The rival of the webhook: a bare Flask handler that stores a row, behind the same server and as durably.

It knows no connection, no token and no limit; SQLite in WAL with a sync at every commit, as the connector's inbox.
`python -m tests.bench.bare_handler FILE THREADS` prints its address.
"""

from __future__ import annotations

import sqlite3
import sys
import threading
import time

from flask import Flask, request
from waitress.server import create_server


def create_app(path: str) -> Flask:
    """The handler, storing into the SQLite file `path`."""
    app = Flask(__name__)
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE hint (id INTEGER PRIMARY KEY, invoice INTEGER, received_at REAL)")
    one_at_a_time = threading.Lock()

    @app.post("/hook")
    def hook() -> dict[str, int]:
        invoice = request.get_json()["_id"]
        with one_at_a_time:
            connection.execute("INSERT INTO hint (invoice, received_at) VALUES (?, ?)", (invoice, time.time()))
        return {"accepted": 1}

    return app


def main() -> None:
    """Serve until stopped."""
    path, threads = sys.argv[1:]
    server = create_server(create_app(path), host="127.0.0.1", port=0, threads=int(threads))
    print(f"http://127.0.0.1:{server.effective_port}", flush=True)  # type: ignore[union-attr]
    server.run()


if __name__ == "__main__":
    main()
