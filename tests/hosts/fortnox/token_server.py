"""A token endpoint on this machine whose refresh tokens are good once, and a process that renews tokens at it."""

from __future__ import annotations

import json
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

from pydantic import SecretStr

from connector.flows.access.kept_tokens import KeptTokens
from connector.hosts.base import TokenStore
from connector.hosts.fortnox.oauth import AuthorisationServer, FortnoxApp
from connector.hosts.fortnox.tokens import CompanyTokens
from connector.remote.policy import HttpPolicy
from connector.store.crypto import Vault
from connector.store.database import open_databases

TENANT = "348211"
FIRST = "first-refresh-token"


@dataclass
class Endpoint:
    """What the endpoint knows: the one refresh token that is good, and what was asked of it."""

    good: str = FIRST
    url: str = ""
    exchanges: int = 0
    misuses: list[str] = field(default_factory=list)
    by_tenant: bool = False
    revoked: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, path: str, form: dict[str, list[str]]) -> tuple[int, dict[str, object]]:
        with self.lock:
            if path.endswith("/revoke"):
                self.revoked.append(form["token"][0])
                return 200, {"revoked": True}
            refresh = form.get("refresh_token", [""])[0]
            if form["grant_type"] == ["client_credentials"]:
                if self.by_tenant:
                    return 200, {"access_token": f"access-{uuid.uuid4()}", "expires_in": 3600}
                return 400, {"error": "invalid_grant", "error_description": "No consent"}
            if refresh != self.good:
                self.misuses.append(refresh)
                return 400, {"error": "invalid_grant", "error_description": "Invalid refresh token"}
            self.exchanges += 1
            self.good = f"refresh-{uuid.uuid4()}"
            access = f"access-{uuid.uuid4()}"
            return 200, {"access_token": access, "refresh_token": self.good, "expires_in": 3600}


@contextmanager
def serving() -> Iterator[Endpoint]:
    """A token endpoint that answers for the time of the block."""
    endpoint = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            status, body = endpoint.answer(self.path, form)
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        endpoint.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield endpoint
        server.shutdown()
        thread.join()


def company_tokens(url: str, store: TokenStore) -> CompanyTokens:
    """The tokens of the company at the endpoint, as a process that has just started has them."""
    app = FortnoxApp("client-1", SecretStr("the-apps-own-secret"), "https://connector.example/callback")
    return CompanyTokens(AuthorisationServer(app, url=url, http=HttpPolicy(allow_private=True)), TENANT, store)


def main(url: str, data_dir: str, key: str, count: int) -> None:
    """Have `count` access tokens refused and replaced, one after the other."""
    databases = open_databases(data_dir=Path(data_dir), database_url=None)
    tokens = company_tokens(url, KeptTokens(databases, Vault((SecretStr(key),)), "Fortnox"))
    for _ in range(count):
        tokens.instead_of(tokens.current())
    databases.dispose()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
