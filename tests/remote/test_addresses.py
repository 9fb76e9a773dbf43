"""Addresses that people type, and what a guarded connection reaches."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from connector.domain.errors import ConfigurationError
from connector.remote.addresses import checked_url, guarded_pool, is_public, normalised_url
from connector.remote.calls import Kind, ask
from tests.certificates import self_signed


@pytest.mark.parametrize(
    ("typed", "normal"),
    [
        ("https://company.odoo.com", "https://company.odoo.com"),
        ("  https://Company.Odoo.com/ ", "https://company.odoo.com"),
        ("company.odoo.com", "https://company.odoo.com"),
        ("https://company.odoo.com/odoo/accounting?debug=1#action=5", "https://company.odoo.com"),
        ("https://company.odoo.com:443/web", "https://company.odoo.com"),
        ("https://company.odoo.com.:8443", "https://company.odoo.com:8443"),
        ("https://bokföring.example", "https://xn--bokfring-q4a.example"),
        ("https://93.184.216.34", "https://93.184.216.34"),
        ("https://[2606:2800:220:1::1]:8443/", "https://[2606:2800:220:1::1]:8443"),
    ],
)
def test_an_address_has_one_spelling(typed: str, normal: str) -> None:
    assert normalised_url(typed, allow_private=False) == normal
    assert normalised_url(normal, allow_private=False) == normal


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("http://company.odoo.com", "https"),
        ("ftp://company.odoo.com", "https"),
        ("file:///etc/passwd", "https"),
        ("https://user:hunter2@company.odoo.com", "password"),
        ("https://user@company.odoo.com", "user name"),
        ("https://company.odoo.com\\@evil.example", "characters"),
        ("https://company.odoo.com\r\nHost: evil", "characters"),
        ("https://company odoo.com", "characters"),
        ("https://company.odoo.com:99999", "not written"),
        ("https://company.odoo.com:port", "not written"),
        ("https://[::1", "not written"),
        ("https://", "no server"),
        ("https:///path", "no server"),
        ("https://-.-", "no server"),
        ("https://company.odoo.com:0", "no server"),
        ("https://ex%61mple.com", "no server"),
    ],
)
def test_what_is_wrong_is_named(typed: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint) as error:
        normalised_url(typed, allow_private=False)
    assert "hunter2" not in str(error.value)


def test_http_is_for_private_deployments() -> None:
    assert normalised_url("http://127.0.0.1:8069/web", allow_private=True) == "http://127.0.0.1:8069"
    assert normalised_url("http://odoo:80", allow_private=True) == "http://odoo"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "2002:7f00:0001::",
        "64:ff9b::7f00:1",
        "64:ff9b::a00:1",
        "64:ff9b:1::5db8:d822",
        "64:ff9b:1:ffff::a00:1",
        "::5db8:d822",
        "::a00:1",
        "::ffff:0:5db8:d822",
        "fec0::1",
        "feff:ffff::1",
        "192.0.0.0",
        "192.0.0.9",
        "192.0.0.170",
        "192.0.0.255",
    ],
)
def test_an_address_that_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "93.184.216.34",
        "191.255.255.255",
        "192.0.1.0",
        "2606:2800:220:1::1",
        "64:ff9b::5db8:d822",
        "64:ff9b:2::5db8:d822",
        "::ffff:93.184.216.34",
    ],
)
def test_an_address_that_is_public(address: str) -> None:
    assert is_public(address)


def resolves_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    def resolve(host: str, port: int, **_: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


def test_a_name_that_resolves_to_the_public_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    resolves_to(monkeypatch, "93.184.216.34")
    assert checked_url("Company.odoo.com", allow_private=False) == "https://company.odoo.com"


def test_one_private_address_among_several_is_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    resolves_to(monkeypatch, "93.184.216.34", "10.0.0.5")
    with pytest.raises(ConfigurationError, match="private network"):
        checked_url("https://company.odoo.com", allow_private=False)


@pytest.mark.parametrize("typed", ["https://localhost", "https://127.1", "https://2130706433", "https://[::1]"])
def test_names_of_this_machine_are_refused(typed: str) -> None:
    with pytest.raises(ConfigurationError, match=r"private network|cannot be found"):
        checked_url(typed, allow_private=False)


def test_a_name_nobody_knows_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(ConfigurationError, match="cannot be found"):
        checked_url("https://no-such-company.odoo.com", allow_private=False)


@pytest.fixture
def tls_server(tmp_path: Path) -> Iterator[tuple[int, Path, list[bytes]]]:
    """A TLS server on this machine that keeps what it is sent: its port, its certificate, the bytes.

    A connection alone is kept as no bytes at all.
    """
    certificate, key = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener = socket.create_server(("127.0.0.1", 0))
    received: list[bytes] = []

    def serve() -> None:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        received.append(b"")
        with connection:
            connection.settimeout(5)
            try:
                with context.wrap_socket(connection, server_side=True) as secure:
                    while not received[-1].endswith(b"secret"):
                        if not (part := secure.recv(4096)):
                            return
                        received.append(part)
                    secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
            except OSError:
                return

    thread = threading.Thread(target=serve)
    thread.start()
    yield listener.getsockname()[1], certificate, received
    listener.shutdown(socket.SHUT_RDWR)
    thread.join()
    listener.close()


def post(port: int, *, allow_private: bool) -> requests.Response:
    url = f"https://localhost:{port}/"
    return ask(
        guarded_pool(allow_private=allow_private),
        "POST",
        url,
        kind=Kind.DOCUMENT,
        timeout_s=(5, 5),
        within_s=10,
        data=b"secret",
    )


def test_a_private_server_is_not_even_connected_to(
    tls_server: tuple[int, Path, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, certificate, received = tls_server
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with pytest.raises(ConfigurationError, match="private"):
        post(port, allow_private=False)
    assert received == []


def test_a_deployment_may_allow_private_servers(
    tls_server: tuple[int, Path, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    port, certificate, received = tls_server
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    answer = post(port, allow_private=True)
    assert answer.text == "ok"
    assert b"".join(received).startswith(b"POST / HTTP/1.1")
