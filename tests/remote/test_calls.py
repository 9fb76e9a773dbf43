"""What one call takes of a server, whatever the server does. On plain sockets."""

from __future__ import annotations

import gzip
import socket
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from itertools import repeat
from typing import Any

import pytest
import requests

from connector.remote.calls import AnswerTooLarge, Kind, Pool, ask
from connector.remote.metered import Allowance, TooMuch
from tests.amili.wire import Reaction, Received, Wire, reply, serving

LIMIT = Kind.DOCUMENT
BETWEEN = 16 * 1024 * 1024
"""What the machine itself may hold between two sockets."""

BLANKS = b" " * 65536
EVERY_S = 0.01
IDLE_S = 5.0
"""Far longer than any wait for the next byte here, far shorter than a server that would never end."""

Taken = list[int]


def answering(head: str, parts: Iterable[bytes], taken: Taken | None = None, *, every_s: float = 0.0) -> Reaction:
    """Answer with these parts for as long as the caller listens, and note how many bytes it took."""

    def react(connection: socket.socket, request: Received) -> bool:
        count = 0
        with suppress(OSError):
            connection.sendall(head.replace("\n", "\r\n").encode())
            for part in parts:
                if every_s:
                    # The caller says nothing more, so this is a wait that its hanging up ends.
                    connection.settimeout(every_s)
                    with suppress(TimeoutError):
                        connection.recv(1)
                        return False
                    connection.settimeout(IDLE_S)
                connection.sendall(part)
                count += len(part)
        if taken is not None:
            taken.append(count)
        return False

    return react


def get(wire: Wire, *, within_s: float = 60.0, kind: Kind = LIMIT, **request: Any) -> requests.Response:
    with closing(Pool()) as pool:
        return ask(pool, "POST", f"{wire.url}/", kind=kind, timeout_s=(IDLE_S, IDLE_S), within_s=within_s, **request)


def filled(size: int) -> Iterator[bytes]:
    for at in range(0, size, len(BLANKS)):
        yield BLANKS[: size - at]


def packed(size: int) -> bytes:
    return gzip.compress(b" " * size)


# Size


@pytest.mark.parametrize("kind", list(Kind))
def test_an_answer_of_just_the_largest_size_is_read_whole(kind: Kind) -> None:
    head = f"HTTP/1.1 201 Created\nContent-Length: {kind.value}\n\n"
    with serving([answering(head, filled(kind))]) as wire:
        answer = get(wire, kind=kind)
    assert (answer.status_code, len(answer.content)) == (201, kind)


@pytest.mark.parametrize("kind", list(Kind))
def test_a_byte_more_is_too_much(kind: Kind) -> None:
    head = f"HTTP/1.1 201 Created\nContent-Length: {kind + 1}\n\n"
    with serving([answering(head, filled(kind + 1))]) as wire, pytest.raises(AnswerTooLarge) as caught:
        get(wire, kind=kind)
    assert (caught.value.status, caught.value.kind) == (201, kind)


@pytest.mark.parametrize(
    "head",
    ["HTTP/1.1 200 OK\n\n", f"HTTP/1.1 200 OK\nContent-Length: {400 * 1024 * 1024}\n\n"],
    ids=["endless", "400 MB"],
)
def test_no_more_is_read_than_is_taken(head: str) -> None:
    taken: Taken = []
    with serving([answering(head, repeat(BLANKS), taken)]) as wire, pytest.raises(AnswerTooLarge):
        get(wire)
    assert taken[0] < LIMIT + BETWEEN


def test_the_same_is_held_to_chunks() -> None:
    chunk = b"10000\r\n" + BLANKS + b"\r\n"
    taken: Taken = []
    head = "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n"
    with serving([answering(head, repeat(chunk), taken)]) as wire, pytest.raises(AnswerTooLarge):
        get(wire)
    assert taken[0] < LIMIT + BETWEEN
    with serving([answering(head, [chunk, b"0\r\n\r\n"])]) as wire:
        assert get(wire).content == BLANKS


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_what_is_packed_counts_as_it_is_unpacked(encoding: str) -> None:
    pack = gzip.compress if encoding == "gzip" else zlib.compress
    at_most, more = pack(b" " * LIMIT), pack(b" " * (LIMIT + 1))
    head = "HTTP/1.1 200 OK\nContent-Encoding: {}\nContent-Length: {}\n\n"
    with serving([answering(head.format(encoding, len(at_most)), [at_most])]) as wire:
        assert len(get(wire).content) == LIMIT
    with serving([answering(head.format(encoding, len(more)), [more])]) as wire, pytest.raises(AnswerTooLarge):
        get(wire)


def test_a_little_that_unpacks_to_very_much_is_not_unpacked_whole() -> None:
    body = packed(200 * 1024 * 1024)
    head = f"HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: {len(body)}\n\n"
    assert len(body) < LIMIT
    with serving([answering(head, [body])]) as wire, pytest.raises(AnswerTooLarge) as caught:
        get(wire)
    assert caught.value.status == 200


def test_what_unpacks_to_nothing_for_ever_is_too_much() -> None:
    packer = zlib.compressobj(wbits=31)
    start = packer.compress(b"{}") + packer.flush(zlib.Z_SYNC_FLUSH)
    nothing = b"\x00\x00\x00\xff\xff" * 10_000
    taken: Taken = []

    def parts() -> Iterator[bytes]:
        yield start
        yield from repeat(nothing)

    head = "HTTP/1.1 200 OK\nContent-Encoding: gzip\n\n"
    with serving([answering(head, parts(), taken)]) as wire, pytest.raises(AnswerTooLarge):
        get(wire)
    assert taken[0] < LIMIT + BETWEEN


def test_a_redirect_is_read_no_further_than_any_other_answer() -> None:
    head = "HTTP/1.1 302 Found\nLocation: /elsewhere\nContent-Encoding: gzip\nContent-Length: {}\n\n"
    small, large = packed(100), packed(100 * 1024 * 1024)
    with serving([answering(head.format(len(small)), [small])]) as wire:
        assert get(wire).is_redirect
    assert len(wire.received) == 1
    with serving([answering(head.format(len(large)), [large])]) as wire, pytest.raises(AnswerTooLarge) as caught:
        get(wire)
    assert caught.value.status == 302


@pytest.mark.parametrize(
    "part", [b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, b"HTTP/1.1 100 Continue\r\nX: " + b"x" * 60000 + b"\r\n\r\n"]
)
def test_a_head_without_end_is_too_much(part: bytes) -> None:
    taken: Taken = []
    with serving([answering("", repeat(part), taken)]) as wire, pytest.raises(AnswerTooLarge) as caught:
        get(wire)
    assert caught.value.status is None
    assert taken[0] < LIMIT + BETWEEN


def test_an_answer_that_breaks_off_is_broken_and_not_too_large() -> None:
    head = f"HTTP/1.1 200 OK\nContent-Length: {LIMIT + 1}\n\n"
    with (
        serving([answering(head, filled(1000))]) as wire,
        pytest.raises(requests.exceptions.ChunkedEncodingError),
    ):
        get(wire)


def test_what_is_not_packed_as_it_says_is_broken() -> None:
    head = "HTTP/1.1 200 OK\nContent-Encoding: gzip\nContent-Length: 2\n\n"
    with serving([answering(head, [b"{}"])]) as wire, pytest.raises(requests.exceptions.ContentDecodingError):
        get(wire)


def test_a_connection_is_kept_after_a_whole_answer_and_not_after_a_large_one() -> None:
    whole = reply("200 OK", b"{}", keep=True)
    large = answering("HTTP/1.1 200 OK\n\n", filled(LIMIT + 1))
    with serving([whole, whole, large], [whole]) as wire, closing(Pool()) as pool:

        def once() -> bytes:
            times = {"timeout_s": (IDLE_S, IDLE_S), "within_s": 60.0}
            return ask(pool, "GET", wire.url, kind=LIMIT, **times).content  # type: ignore[arg-type]

        assert [once(), once()] == [b"{}", b"{}"]
        with pytest.raises(AnswerTooLarge):
            once()
        assert once() == b"{}"


# Time


def letters(text: str, *, then_for_ever: bytes = b"") -> Iterator[bytes]:
    yield from (bytes([one]) for one in text.encode())
    yield from repeat(then_for_ever) if then_for_ever else ()


HEAD = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
SLOW: dict[str, Callable[[], tuple[str, Iterator[bytes]]]] = {
    "body": lambda: (HEAD.replace("\r\n", "\n").replace(": 2", ": 999999"), letters("{}", then_for_ever=b" ")),
    "head": lambda: ("", letters("HTTP/1.1 200 OK\r\nX: ", then_for_ever=b"x")),
    "answers that are none": lambda: ("", repeat(b"HTTP/1.1 100 Continue\r\n\r\n")),
    "chunks": lambda: ("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n", repeat(b"1\r\n \r\n")),
}


@pytest.mark.parametrize("what", list(SLOW))
def test_a_server_that_never_falls_silent_is_left_when_the_time_is_over(what: str) -> None:
    head, parts = SLOW[what]()
    with (
        serving([answering(head, parts, every_s=EVERY_S)]) as wire,
        pytest.raises(requests.exceptions.ReadTimeout),
    ):
        get(wire, within_s=0.5)


def test_a_slow_answer_that_comes_in_time_is_read_whole() -> None:
    with serving([answering("", letters(HEAD + "{}"), every_s=EVERY_S)]) as wire:
        assert get(wire, within_s=60.0).content == b"{}"


def test_a_server_that_takes_our_request_by_the_byte_is_left_too() -> None:
    given_up = threading.Event()

    def sip(connection: socket.socket, request: Received) -> bool:
        while not given_up.wait(EVERY_S):
            connection.recv(1)
        return False

    with serving([sip]) as wire:
        try:
            with pytest.raises(requests.exceptions.ReadTimeout):
                get(wire, within_s=0.5, data=b"x" * 50_000_000)
        finally:
            given_up.set()


def test_each_wait_is_as_long_as_the_call_leaves() -> None:
    now = [100.0]
    allowance = Allowance(within_s=10, wire_bytes=5, clock=lambda: now[0])
    assert (allowance.wait_s(30), allowance.wait_s(3), allowance.wait_s(None)) == (10, 3, 10)
    now[0] += 9.5
    assert (allowance.wait_s(3), allowance.is_over) == (0.5, False)
    now[0] += 0.5
    assert allowance.is_over
    with pytest.raises(TimeoutError):
        allowance.wait_s(3)


def test_each_byte_is_counted() -> None:
    allowance = Allowance(within_s=10, wire_bytes=5)
    allowance.took(3)
    allowance.took(2)
    with pytest.raises(TooMuch):
        allowance.took(1)
