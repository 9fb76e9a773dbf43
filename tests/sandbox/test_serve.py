"""The server: kept-alive connections, real drops, bodies that break off, a clean stop."""

from __future__ import annotations

import json
import socket
import threading
import time
from urllib.parse import urlsplit

import pytest
import requests

from connector.sandbox.shared.serve import running
from connector.sandbox.shared.switches import AmiliSwitches, Fault, FaultKind, answer_lost_after_create
from tests.sandbox.conftest import Caller, Remote, guide_body


def with_fault(remote: Remote, *faults: Fault) -> None:
    remote.state.switches.set(AmiliSwitches(faults=faults))


def raw_request(remote: Remote, body: bytes, *, announced: int) -> socket.socket:
    address = urlsplit(remote.url)
    connection = socket.create_connection((address.hostname or "", address.port or 0), timeout=5)
    head = (
        f"POST /case--registrations HTTP/1.1\r\nHost: sandbox\r\nContent-Type: application/json\r\n"
        f"X-API-Key: {remote.http.headers['X-API-Key']!s}\r\nContent-Length: {announced}\r\n\r\n"
    )
    connection.sendall(head.encode() + body)
    return connection


def test_one_connection_serves_many_requests(remote: Remote) -> None:
    address = urlsplit(remote.url)
    body = json.dumps(guide_body("INV-1")).encode()
    with raw_request(remote, body, announced=len(body)) as connection:
        assert connection.recv(65536).startswith(b"HTTP/1.1 201 ")
        connection.sendall(f"GET /_sandbox/state HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_a_dropped_answer_is_a_broken_connection_and_the_case_exists(remote: Remote) -> None:
    with_fault(remote, answer_lost_after_create(next_n=1))
    with pytest.raises(requests.ConnectionError):
        remote.register()
    assert remote.case_count() == 1
    assert remote.register("INV-2").status_code == 201


def test_a_connection_dropped_before_leaves_nothing(remote: Remote) -> None:
    with_fault(remote, Fault(FaultKind.DROP_BEFORE, next_n=1))
    with pytest.raises(requests.ConnectionError):
        remote.register()
    assert remote.case_count() == 0
    assert remote.state.traffic.answers["POST /case--registrations broken"] == 1


def test_a_drop_on_a_kept_connection_is_not_repeated_by_the_client(remote: Remote) -> None:
    assert remote.register("INV-1").status_code == 201
    with_fault(remote, answer_lost_after_create(next_n=1))
    with pytest.raises(requests.ConnectionError):
        remote.register("INV-2")
    assert remote.case_count("INV-2") == 1


def test_half_an_answer_cannot_be_read_and_the_case_exists(remote: Remote) -> None:
    with_fault(remote, Fault(FaultKind.HALF_ANSWER, next_n=1))
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        remote.register()
    assert remote.case_count() == 1


def test_a_held_connection_outlasts_a_shorter_timeout(remote: Remote) -> None:
    with_fault(remote, answer_lost_after_create(next_n=1, hold_s=0.5))
    with pytest.raises(requests.ReadTimeout):
        remote.http.post(f"{remote.url}/case--registrations", json=guide_body("INV-1"), timeout=0.1)
    assert remote.case_count() == 1


def test_a_body_that_breaks_off_registers_nothing_and_is_counted(remote: Remote) -> None:
    body = json.dumps(guide_body("INV-1")).encode()
    with raw_request(remote, body[:-10], announced=len(body)) as connection:
        connection.shutdown(socket.SHUT_WR)
        connection.recv(65536)
    assert remote.case_count() == 0
    assert remote.state.traffic.incomplete_requests == 1
    assert remote.state.traffic.registrations_received == {}


def test_a_complete_body_without_its_last_byte_is_not_complete(remote: Remote) -> None:
    # The missing byte is white space: what arrived is valid JSON, and still must not count.
    body = json.dumps(guide_body("INV-1")).encode()
    with raw_request(remote, body, announced=len(body) + 1) as connection:
        connection.shutdown(socket.SHUT_WR)
        connection.recv(65536)
    assert remote.case_count() == 0


def test_a_chunked_body_is_read_whole(remote: Remote) -> None:
    parts = iter([json.dumps(guide_body("INV-1")).encode()[:100], json.dumps(guide_body("INV-1")).encode()[100:]])
    answer = remote.http.post(
        f"{remote.url}/case--registrations", data=parts, headers={"Content-Type": "application/json"}, timeout=5
    )
    assert answer.status_code == 201


def test_every_request_takes_its_latency(remote: Remote) -> None:
    remote.state.switches.set(AmiliSwitches(slow_s=0.02, slow_operations_s={"register": 0.05}))
    began = time.monotonic()
    remote.register()
    assert time.monotonic() - began >= 0.07


def test_slow_requests_run_side_by_side(remote: Remote) -> None:
    remote.state.switches.set(AmiliSwitches(slow_s=0.2))
    callers = [threading.Thread(target=remote.register, args=(f"INV-{n}",)) for n in range(8)]
    began = time.monotonic()
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert time.monotonic() - began < 1.2
    assert len(remote.state.cases) == 8


def test_stopping_ends_connections_that_clients_keep_open(amili: Caller) -> None:
    with running(amili.client.application) as url:
        address = urlsplit(url)
        connection = socket.create_connection((address.hostname or "", address.port or 0), timeout=5)
        connection.sendall(b"GET /_sandbox/state HTTP/1.1\r\nHost: sandbox\r\n\r\n")
        assert connection.recv(65536)
    with connection:
        assert connection.recv(1) == b""


def test_breaking_a_connection_needs_the_real_server(amili: Caller) -> None:
    amili.state.switches.set(AmiliSwitches(faults=(answer_lost_after_create(next_n=1),)))
    amili.client.application.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(RuntimeError, match="real server"):
        amili.register()
