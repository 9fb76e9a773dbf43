"""What a broken request proves, shown on real sockets."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Sequence

import pytest
import requests
import responses

from connector import __version__
from connector.amili.client import AmiliClient
from connector.amili.registration import registration_body
from connector.amili.transport import FencedBody, Transport
from connector.domain.errors import (
    ConfigurationError,
    NotSent,
    OutcomeUnknown,
    RemoteError,
    Unavailable,
    Unreadable,
)
from connector.remote.policy import HttpPolicy
from tests.amili.samples import (
    CASE_ID,
    CASES,
    RECEIPT,
    REGISTRATIONS,
    TOKEN,
    as_json,
    case_document,
    client,
    guide_claim,
    person_claim,
)
from tests.amili.wire import (
    Reaction,
    drop_after_body,
    drop_before_body,
    free_port,
    half_answer,
    read_what_comes,
    reply,
    say_nothing,
    serving,
)

REGISTRATION = registration_body(person_claim())
CREATED = reply("201 Created", as_json(RECEIPT).encode())
BIG_PDF = b"%PDF-1.7 " + b"x" * 3_000_000


class TooLate(Exception):
    """What a flow raises when its time to send has passed."""


def _agree() -> None:
    """Nothing speaks against sending."""


def _register_if(amili: AmiliClient, may_send: Callable[[], None]) -> None:
    amili.register(REGISTRATION, may_send=may_send)


def _upload_if(amili: AmiliClient, may_send: Callable[[], None]) -> None:
    amili.upload_original_invoice(CASE_ID, BIG_PDF, "invoice.pdf", may_send=may_send)


def _register(amili: AmiliClient) -> None:
    _register_if(amili, _agree)


def test_a_registration_on_the_wire() -> None:
    with serving([CREATED]) as wire:
        receipt = client(wire.url).register(registration_body(guide_claim()), may_send=_agree)
    assert receipt.case_id == CASE_ID
    (request,) = wire.received
    assert request.complete
    lines = request.head.split("\r\n")
    assert lines[0] == "POST /case--registrations HTTP/1.1"
    assert f"X-API-Key: {TOKEN}" in lines
    assert "Accept: application/json" in lines
    assert "Content-Type: application/json" in lines
    assert f"User-Agent: amili-connector/{__version__}" in lines
    assert f"Content-Length: {len(request.body)}" in lines
    assert "transfer-encoding" not in request.head.lower()


def test_nobody_listens_so_nothing_was_sent() -> None:
    amili = client(f"http://127.0.0.1:{free_port()}")
    asked: list[str] = []
    with pytest.raises(Unavailable, match="ConnectionError < MaxRetryError < NewConnectionError"):
        amili.register(REGISTRATION, may_send=lambda: asked.append("asked"))
    assert asked == []
    with pytest.raises(Unavailable, match="nothing was sent"):
        amili.case(CASE_ID)


def test_a_name_that_is_not_known_so_nothing_was_sent() -> None:
    amili = client("http://amili.invalid")
    with pytest.raises(Unavailable):
        _register(amili)
    with pytest.raises(Unavailable, match="NameResolutionError"):
        amili.case(CASE_ID)


def test_a_connection_that_cannot_be_secured_so_nothing_was_sent() -> None:
    """The server speaks plain HTTP where TLS is asked for."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer_in_the_clear() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer_in_the_clear)
        thread.start()
        with pytest.raises(Unavailable, match="SSLError"):
            _register(client(f"https://127.0.0.1:{listener.getsockname()[1]}"))
        thread.join(timeout=10)


def test_no_connection_in_time_so_nothing_was_sent() -> None:
    for error in (requests.ConnectTimeout(), requests.exceptions.ProxyError()):
        with responses.RequestsMock() as amili:
            amili.post(REGISTRATIONS, body=error)
            amili.get(f"{CASES}/{CASE_ID}", body=error)
            with pytest.raises(Unavailable):
                _register(client())
            with pytest.raises(Unavailable):
                client().case(CASE_ID)


@pytest.mark.parametrize(
    "reaction", [drop_before_body, drop_after_body, half_answer, say_nothing], ids=lambda react: react.__name__
)
def test_a_connection_that_breaks_after_sending_leaves_the_outcome_unknown(reaction: Reaction) -> None:
    with serving([reaction], [reaction]) as wire:
        amili = client(wire.url, http=HttpPolicy(read_timeout_s=0.2))
        with pytest.raises(OutcomeUnknown) as creating:
            _register(amili)
        with pytest.raises(OutcomeUnknown) as reading:
            amili.case(CASE_ID)
    # One connection for each: nothing was repeated behind our back.
    assert [request.head.split()[0] for request in wire.received] == ["POST", "GET"]
    for caught in (creating, reading):
        assert type(caught.value) is OutcomeUnknown
        assert not isinstance(caught.value, NotSent)


def test_a_kept_connection_that_was_dropped_meanwhile_proves_nothing() -> None:
    found = reply("200 OK", as_json(case_document()).encode(), keep=True)
    with serving([found, drop_after_body]) as wire:
        amili = client(wire.url)
        amili.case(CASE_ID)
        with pytest.raises(OutcomeUnknown):
            _register(amili)
    assert [request.head.split()[0] for request in wire.received] == ["GET", "POST"]


def test_an_answer_in_the_middle_of_a_large_upload_is_heard() -> None:
    def refuse_early(connection: socket.socket, request: object) -> bool:
        body = b'{"_error": {"code": 413, "message": "too large"}}'
        head = f"HTTP/1.1 413 Too Large\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        connection.sendall(head.encode() + body)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass
        return False

    with serving([refuse_early]) as wire, pytest.raises(RemoteError) as caught:
        client(wire.url).upload_original_invoice(CASE_ID, BIG_PDF, "invoice.pdf", may_send=_agree)
    assert caught.value.status == 413


@pytest.mark.parametrize(
    "fault", [TooLate("deadline"), BrokenPipeError("x"), ConnectionResetError("x"), TimeoutError()]
)
@pytest.mark.parametrize("create", [_register_if, _upload_if])
def test_who_may_no_longer_send_sends_nothing_complete(
    fault: Exception, create: Callable[[AmiliClient, Callable[[], None]], None]
) -> None:
    def too_late() -> None:
        raise fault

    with serving([read_what_comes]) as wire:
        amili = client(wire.url)
        with pytest.raises(type(fault)) as caught:
            create(amili, too_late)
        # The server reads on until the connection is closed, and leaving the block waits for the server.
    assert caught.value is fault
    (request,) = wire.received
    assert request.length > 0
    assert request.body == b""


def test_leave_to_send_is_asked_for_after_the_headers_are_out() -> None:
    headers_in = threading.Event()

    def answer(connection: socket.socket, request: object) -> bool:
        headers_in.set()
        return CREATED(connection, request)  # type: ignore[arg-type]

    seen: list[bool] = []
    with serving([answer]) as wire:
        client(wire.url).register(REGISTRATION, may_send=lambda: seen.append(headers_in.wait(timeout=10)))
    assert seen == [True]


def test_leave_to_send_is_asked_for_once_and_the_body_arrives_whole() -> None:
    asked: list[str] = []
    with serving([reply("201 Created", b'{"_status": "OK"}')]) as wire:
        client(wire.url).upload_original_invoice(
            CASE_ID, BIG_PDF, "invoice.pdf", may_send=lambda: asked.append("asked")
        )
    assert asked == ["asked"]
    assert wire.received[0].complete
    assert BIG_PDF in wire.received[0].body


def test_a_redirect_sends_nothing_elsewhere() -> None:
    with serving([reply("307 Temporary Redirect")]) as wire, pytest.raises(Unreadable):
        _register(client(wire.url))
    assert len(wire.received) == 1


def test_a_fenced_body_can_be_iterated_and_asks_first() -> None:
    asked: list[str] = []
    body = FencedBody(b"abc" * 10_000, lambda: asked.append("asked"))
    assert len(body) == 30_000
    assert not body.released
    assert b"".join(body) == b"abc" * 10_000
    assert body.released
    assert asked == ["asked"]


@pytest.mark.parametrize(
    "url", ["", "api.amili.test", "ftp://amili.test", "https://", "https://user:pw@amili.test", "https://a.test/?q=1"]
)
def test_a_malformed_base_address_is_a_configuration_error(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Transport(url, HttpPolicy(connect_timeout_s=1, read_timeout_s=1))
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize("path", ["", "/"])
def test_a_slash_at_the_end_of_the_base_address_does_not_matter(path: str) -> None:
    with serving([reply("200 OK", as_json(case_document()).encode())]) as wire:
        client(wire.url + path).case(CASE_ID)
    assert wire.received[0].head.startswith(f"GET /cases/{CASE_ID} HTTP/1.1")


def test_threads_do_not_share_a_connection() -> None:
    found = reply("200 OK", as_json(case_document()).encode())
    scripts: Sequence[Sequence[Reaction]] = [[found]] * 4
    read: list[str] = []
    with serving(*scripts) as wire:
        amili = client(wire.url)
        threads = [threading.Thread(target=lambda: read.append(amili.case(CASE_ID).id)) for _ in scripts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=10)
    assert read == [CASE_ID] * 4
    assert len(wire.received) == 4
