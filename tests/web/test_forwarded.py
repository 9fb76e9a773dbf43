"""Whose word about the visitor's address is believed, and that a proxy which nobody named is said once in the log."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from flask import Flask, request

from connector.web.forwarded import Forwarded

if TYPE_CHECKING:
    from flask.testing import FlaskClient


def visitor(trusted_proxy: str) -> FlaskClient:
    app = Flask(__name__)
    app.add_url_rule("/", "address", lambda: f"{request.remote_addr} {request.headers.get('X-Forwarded-For')}")
    app.add_url_rule("/scheme", "scheme", lambda: request.scheme)
    app.wsgi_app = Forwarded(app.wsgi_app, trusted_proxy=trusted_proxy)  # type: ignore[method-assign]
    return app.test_client()


@pytest.mark.parametrize(
    ("trusted", "peer", "answer"),
    [
        ("", "192.0.2.1", "192.0.2.1 None"),
        ("192.0.2.1", "192.0.2.1", "198.51.100.7 198.51.100.7"),
        ("192.0.2.1", "192.0.2.2", "192.0.2.2 None"),
    ],
)
def test_only_the_trusted_proxy_says_who_the_visitor_is(trusted: str, peer: str, answer: str) -> None:
    client = visitor(trusted)
    headers = {"X-Forwarded-For": "198.51.100.7"}
    assert client.get("/", headers=headers, environ_base={"REMOTE_ADDR": peer}).text == answer


@pytest.mark.parametrize(
    ("says", "scheme"),
    [
        ("https", "https"),
        ("https, https", "https"),
        ("https,http", "http"),
        ("http, https", "https"),
        ("https,https,https", "https"),
        ("HTTPS", "https"),
        ('"https"', "https"),
        ("https, wss", "http"),
        ("https,", "http"),
        ("", "http"),
    ],
)
@pytest.mark.parametrize(
    "addresses", ["198.51.100.7", "198.51.100.7, 203.0.113.9", "198.51.100.7:4711", "[2001:db8::1]"]
)
def test_behind_two_proxies_the_nearer_one_s_scheme_counts(says: str, scheme: str, addresses: str) -> None:
    headers = {"X-Forwarded-Proto": says, "X-Forwarded-For": addresses}
    answer = visitor("192.0.2.1").get("/scheme", headers=headers, environ_base={"REMOTE_ADDR": "192.0.2.1"})
    assert (answer.status_code, answer.text) == (200, scheme)


def test_the_scheme_that_anybody_else_names_is_not_believed() -> None:
    headers = {"X-Forwarded-Proto": "https, https"}
    answer = visitor("192.0.2.1").get("/scheme", headers=headers, environ_base={"REMOTE_ADDR": "192.0.2.2"})
    assert (answer.status_code, answer.text) == (200, "http")


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Forwarded-Proto", "X-Real-IP"])
def test_a_proxy_that_nobody_named_is_said_once(header: str, caplog: pytest.LogCaptureFixture) -> None:
    client = visitor("")
    for _ in range(3):
        client.get("/", headers={header: "198.51.100.7"}, environ_base={"REMOTE_ADDR": "192.0.2.1"})
    (said,) = [record.getMessage() for record in caplog.records]
    assert "TRUSTED_PROXY is empty" in said
    assert "TRUSTED_PROXY=192.0.2.1" in said
    assert "198.51.100.7" not in said


def test_another_proxy_than_the_one_named_is_said(caplog: pytest.LogCaptureFixture) -> None:
    client = visitor("192.0.2.9")
    client.get("/", headers={"X-Forwarded-For": "198.51.100.7"}, environ_base={"REMOTE_ADDR": "192.0.2.1"})
    assert "TRUSTED_PROXY is 192.0.2.9" in caplog.text


def test_nothing_is_said_where_there_is_nothing_to_say(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "connector")
    named = visitor("192.0.2.1")
    named.get("/", headers={"X-Forwarded-For": "198.51.100.7"}, environ_base={"REMOTE_ADDR": "192.0.2.1"})
    visitor("").get("/", environ_base={"REMOTE_ADDR": "192.0.2.1"})
    assert caplog.text == ""
