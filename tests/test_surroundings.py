"""What the machine's surroundings add to our requests: proxies and authorities, and never somebody else's password."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from pydantic import SecretStr

from connector.amili.transport import Creation
from connector.amili.transport import Transport as AmiliTransport
from connector.hosts.fortnox import feed_wire
from connector.hosts.fortnox.feed_socket import FeedLost
from connector.hosts.fortnox.oauth import AuthorisationServer, FortnoxApp
from connector.hosts.wire import Transport as LedgerTransport
from connector.remote import surroundings
from connector.remote.policy import HttpPolicy
from tests.certificates import self_signed
from tests.source import calls, modules, name_of

Heard = list[tuple[str, str | None]]
"""Of each request its target, and its header `Authorization`."""


@pytest.fixture
def server() -> Iterator[tuple[str, Heard]]:
    """A server on this machine that also serves as a proxy for HTTP: its address, and what it heard."""
    heard: Heard = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            heard.append((self.path, self.headers.get("Authorization")))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "2")
            self.send_header("Set-Cookie", "session_id=of-one-company")
            self.end_headers()
            self.wfile.write(b"{}")

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{listening.server_port}", heard
    listening.shutdown()
    thread.join()
    listening.server_close()


@pytest.fixture(autouse=True)
def netrc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home whose `.netrc` has a password for this machine, and one for every other."""
    path = tmp_path / ".netrc"
    path.write_text("machine 127.0.0.1 login git password hunter2\ndefault login anybody password hunter3\n")
    path.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(path))


def _ledger(url: str) -> LedgerTransport:
    return LedgerTransport("Odoo", url, HttpPolicy(allow_private=True, connect_timeout_s=5, read_timeout_s=5))


def _amili(url: str) -> AmiliTransport:
    return AmiliTransport(url, HttpPolicy(connect_timeout_s=5, read_timeout_s=5))


def test_a_ledgers_token_stays_as_it_was_given(server: tuple[str, Heard]) -> None:
    url, heard = server
    _ledger(url).send("GET", "/3/invoices", operation="read", headers={"Authorization": "Bearer OURS"})
    _ledger(url).send("POST", "/jsonrpc", operation="read", data=b"{}")
    assert heard == [("/3/invoices", "Bearer OURS"), ("/jsonrpc", None)]


def test_amili_is_sent_its_key_alone(server: tuple[str, Heard]) -> None:
    url, heard = server
    transport = _amili(url)
    transport.get("/cases", operation="read", key="key")
    transport.post("/case--registrations", Creation(b"{}", "application/json", lambda: None), operation="x", key="key")
    assert heard == [("/cases", None), ("/case--registrations", None)]


def test_the_apps_own_credentials_open_its_tokens(server: tuple[str, Heard]) -> None:
    url, heard = server
    app = FortnoxApp("client", SecretStr("secret"), "https://connector.example/callback")
    AuthorisationServer(app, url=url, http=HttpPolicy(allow_private=True)).revoke(SecretStr("token"))
    assert [authorization for _, authorization in heard] == ["Basic Y2xpZW50OnNlY3JldA=="]


def test_the_event_server_is_sent_no_password(server: tuple[str, Heard]) -> None:
    url, heard = server
    with (
        pytest.raises(FeedLost),
        feed_wire.connected(f"{url.replace('http', 'ws')}/topics", HttpPolicy(allow_private=True, connect_timeout_s=5)),
    ):
        pass
    assert heard == [("/topics", None)]


def test_every_request_of_ours_is_made_in_one_place() -> None:
    made = {
        name_of(path)
        for path in modules()
        for call in calls(path)
        if getattr(call.func, "attr", "") in {"Session", "get", "post", "put", "request", "Request"}
        and getattr(getattr(call.func, "value", None), "id", "") == "requests"
    }
    assert made == {"connector.remote.calls"}


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "ALL_PROXY"])
def test_a_proxy_of_the_environment_is_used(
    variable: str, server: tuple[str, Heard], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, heard = server
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, url)
    _ledger("http://ledger.example").send("GET", "/3/invoices", operation="read", headers={"Authorization": "Bearer A"})
    _amili("http://amili.example").get("/cases", operation="read", key="key")
    assert heard == [("http://ledger.example/3/invoices", "Bearer A"), ("http://amili.example/cases", None)]


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_authorities_of_the_environment_are_asked(
    variable: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, _ = self_signed(tmp_path)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(variable, str(certificate))
    assert surroundings.of("https://amili.example").verify == str(certificate)


def test_surroundings_that_change_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    url = "http://ledger.example/3/invoices"
    assert surroundings.of(url).proxies == {}
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    assert surroundings.of(url).proxies["http"] == "http://proxy.example:3128"
    monkeypatch.setenv("NO_PROXY", "ledger.example")
    assert surroundings.of(url).proxies == {}


def test_what_one_company_s_server_asks_a_browser_to_keep_is_sent_to_nobody(server: tuple[str, Heard]) -> None:
    """Connections are shared, and cookies would be too."""
    url, _ = server
    ledger = _ledger(url)
    first = ledger.send("GET", "/keeps", operation="read")
    second = ledger.send("GET", "/keeps", operation="read")
    assert first.headers["Set-Cookie"]
    assert "Cookie" not in second.request.headers
