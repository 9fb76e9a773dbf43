"""The event stream on the wire: what is said in which order, every answer, and every way in which it ends."""

from __future__ import annotations

import base64
import hashlib
import itertools
import logging
import re
import socket
import ssl
import struct
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn, cast

import pytest
from pydantic import SecretStr

from connector.domain.errors import ConfigurationError, Refused
from connector.hosts.base import Hints
from connector.hosts.fortnox.feed import Feed, OffsetRefused, open_feed
from connector.hosts.fortnox.feed_frames import Event
from connector.hosts.fortnox.feed_socket import LARGEST_MESSAGE_BYTES, Connection, FeedLost
from connector.hosts.fortnox.feed_wire import Wire, connected
from connector.remote.policy import HttpPolicy
from tests import canary
from tests.certificates import self_signed
from tests.flows.hand_over_steps import closed_port
from tests.hosts.fortnox.event_server import (
    EVENT,
    OTHER,
    SECRET,
    TENANT,
    Answers,
    Command,
    EventServer,
    Frame,
    answering,
    event_server,
    polite,
    refusing,
    token,
)

WITHIN_S = 60.0
BETWEEN = 16 * 1024 * 1024
"""What the machine itself may hold between two sockets."""
READ = Event("invoices", "aK3fA", TENANT, Hints(("10457",)))


@pytest.fixture(autouse=True)
def library_talks(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Let the library log all that it ever logs: no secret may be in it."""
    with caplog.at_level(logging.DEBUG, logger="websockets.client"):
        yield


@contextmanager
def feed_of(server: EventServer) -> Iterator[Feed]:
    with open_feed(server.url, SecretStr(SECRET), HttpPolicy(allow_private=True, connect_timeout_s=WITHIN_S)) as feed:
        yield feed


def begin(url: str, *, allow_private: bool = True, timeout_s: float = WITHIN_S) -> None:
    """What every conversation begins with."""
    with open_feed(
        url, SecretStr(SECRET), HttpPolicy(allow_private=allow_private, connect_timeout_s=timeout_s)
    ) as feed:
        feed.add_companies(tokens())


def tokens(*tenant_ids: str) -> Mapping[str, SecretStr]:
    return {one: SecretStr(token(one)) for one in tenant_ids or (TENANT,)}


def said(server: EventServer) -> list[tuple[str, list[str]]]:
    """The commands that were sent, with the companies whose tokens they hold."""
    return [
        (command["command"], [one.rpartition("-")[2] for one in command.get("accessTokens", ())])
        for command in server.commands
    ]


# Order and content


def test_companies_come_first_then_the_topic_then_the_events() -> None:
    with event_server() as server, feed_of(server) as feed:
        assert feed.add_companies(tokens()) == frozenset()
        feed.subscribe("aK3f9")
        assert feed.is_subscribed
    assert server.commands == [
        {
            "command": "add-tenants-v1",
            "includeChildTenants": False,
            "clientSecret": SECRET,
            "accessTokens": [f"Bearer {token()}"],
        },
        {"command": "add-topics-v1", "topics": [{"topic": "invoices", "offset": "aK3f9"}]},
        {"command": "subscribe-v1"},
    ]


def test_companies_come_and_go_while_events_flow() -> None:
    def with_events(command: Command) -> list[Frame]:
        return [EVENT, *polite(command), {**EVENT, "offset": "aK3fB"}]

    with event_server(with_events) as server, feed_of(server) as feed:
        feed.add_companies(tokens())
        feed.remove_companies([TENANT])
        feed.add_companies(tokens(OTHER))
        found = [feed.next(within_s=WITHIN_S) for _ in range(6)]
    assert said(server) == [("add-tenants-v1", [TENANT]), ("remove-tenants-v1", []), ("add-tenants-v1", [OTHER])]
    assert [one.offset for one in found if one] == ["aK3fA", "aK3fB"] * 3


def test_nobody_added_or_removed_is_nothing_said() -> None:
    with event_server() as server, feed_of(server) as feed:
        assert feed.add_companies({}) == frozenset()
        feed.remove_companies(())
        feed.add_companies(tokens())
    assert [name for name, _ in said(server)] == ["add-tenants-v1"]


def test_what_is_not_understood_is_passed_over() -> None:
    with event_server() as server:
        server.greeting = ["", "[]", '{"hello": 1}', b"\x00\x01", {"topic": "moons", "type": "moon-full-v3"}, EVENT]
        with feed_of(server) as feed:
            found = [feed.next(within_s=WITHIN_S) for _ in server.greeting]
    assert [one for one in found if one] == [Event("moons", "", "", Hints()), READ]


def test_nothing_in_time_is_nothing() -> None:
    with event_server() as server, feed_of(server) as feed:
        assert feed.next(within_s=0.01) is None


def test_a_long_frame_in_pieces_arrives_whole() -> None:
    long = {**EVENT, "unknown": "x" * 100_000}
    with event_server() as server:
        server.greeting = [long]
        with feed_of(server) as feed:
            found = next(one for _ in range(1000) if (one := feed.next(within_s=0.05)))
    assert found == READ


# Refusals


@pytest.mark.parametrize("named", [True, False])
def test_a_bad_token_among_several_drops_its_company_alone(named: bool) -> None:
    several = [str(number) for number in range(348211, 348219)]
    bad = several[5]
    with event_server(refusing(bad, named=named)) as server, feed_of(server) as feed:
        refused = feed.add_companies(tokens(*several))
    assert refused == {bad}
    taken = {one for _, sent in said(server) if bad not in sent for one in sent}
    assert taken == set(several) - {bad}


def test_a_wrong_secret_refuses_everybody() -> None:
    def answer(_command: Command) -> list[Frame]:
        return [{"response": "add-tenants-v1", "result": "error"}]

    with event_server(answer) as server, feed_of(server) as feed:
        assert feed.add_companies(tokens(TENANT, OTHER)) == {TENANT, OTHER}


def test_a_company_that_the_answer_leaves_out_is_not_there() -> None:
    def answer(command: Command) -> list[Frame]:
        return [{"response": command["command"], "result": "ok", "tenantIds": [int(TENANT)]}]

    with event_server(answer) as server, feed_of(server) as feed:
        assert feed.add_companies(tokens(TENANT, OTHER)) == {OTHER}


def test_an_answer_that_names_nobody_is_believed() -> None:
    def answer(command: Command) -> list[Frame]:
        return [{"response": command["command"], "result": "ok"}]

    with event_server(answer) as server, feed_of(server) as feed:
        assert feed.add_companies(tokens()) == frozenset()


def _refusing_topics(command: Command) -> list[Frame]:
    if command["command"] != "add-topics-v1":
        return polite(command)
    return [{"response": "add-topics-v1", "result": "error", "invalidTopics": ["invoices"]}]


def _refusing_subscription(command: Command) -> list[Frame]:
    return polite(command) if command["command"] != "subscribe-v1" else [{"response": "subscribe-v1", "result": "no"}]


def test_a_refused_offset_is_told_apart_from_a_refused_topic() -> None:
    with event_server(_refusing_topics) as server, feed_of(server) as feed:
        with pytest.raises(OffsetRefused):
            feed.subscribe("zz")
        with pytest.raises(Refused) as caught:
            feed.subscribe("")
        assert not isinstance(caught.value, OffsetRefused)
        assert not feed.is_subscribed


def test_a_refused_subscription_is_an_error() -> None:
    with event_server(_refusing_subscription) as server, feed_of(server) as feed:
        with pytest.raises(Refused, match="events"):
            feed.subscribe("")
        assert not feed.is_subscribed


# Ends


def _closing(_command: Command) -> list[Frame]:
    return [b"close"]


def _unreadable(_command: Command) -> list[Frame]:
    return [{"response": "list-tenants-v1", "result": "ok", "tenantIds": {"Bearer canary-other-token": 1}}]


@pytest.mark.parametrize(("answers", "words"), [(_closing, "code 4001"), (_unreadable, "does not answer")])
def test_a_command_without_its_answer_ends_the_stream(answers: Answers, words: str) -> None:
    with (
        event_server(answers) as server,
        connected(server.url, HttpPolicy(allow_private=True, connect_timeout_s=WITHIN_S)) as wire,
        pytest.raises(FeedLost, match=words) as caught,
    ):
        Feed(wire, SecretStr(SECRET), answer_within_s=0.3).add_companies(tokens())
    assert canary.leaks(f"{caught.value!s} {caught.value!r} {vars(caught.value)}") == []


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (b"", "did not answer in time"),
        (b"HTTP/1.1 403 Forbidden\r\nX: canary-header\r\nContent-Length: 11\r\n\r\ncanary-body", "HTTP 403"),
        (b"HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/canary-path\r\nContent-Length: 0\r\n\r\n", "failed"),
        (b"canary-nonsense\r\n\r\n", "failed"),
    ],
)
def test_a_server_that_does_not_take_up_the_conversation(reply: bytes, words: str) -> None:
    with answering(reply) as url, pytest.raises(FeedLost, match=words) as caught:
        begin(url, timeout_s=0.3)
    assert canary.leaks(str(caught.value)) == []


def test_a_server_that_is_absent() -> None:
    url = f"ws://127.0.0.1:{closed_port()}/topics-v1"
    with pytest.raises(FeedLost, match="ConnectionRefusedError"):
        begin(url)


def frame(size: int, *, opcode: int = 1, ends: bool = True) -> bytes:
    """The head of a frame of a server's."""
    return struct.pack("!BBQ", (0x80 if ends else 0) | opcode, 127, size)


@contextmanager
def saying(parts: Iterable[bytes], *, every_s: float = 0.0) -> Iterator[tuple[str, list[int]]]:
    """A server that takes up the conversation and says `parts` for as long as it is listened to, and counts them."""
    taken: list[int] = []
    over = threading.Event()

    def serve() -> None:
        with suppress(OSError):
            caller, _ = listening.accept()
            with caller:
                (key,) = re.findall(rb"Sec-WebSocket-Key: (\S+)", caller.recv(4096))
                accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
                head = b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                caller.sendall(head + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
                for part in parts:
                    if over.wait(every_s):
                        return
                    caller.sendall(part)
                    taken.append(len(part))
                over.wait()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{listening.getsockname()[1]}/topics-v1", taken
        finally:
            over.set()
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=10)


PART = b" " * 65536
LARGEST = [frame(LARGEST_MESSAGE_BYTES), *[PART] * (LARGEST_MESSAGE_BYTES // len(PART))]


def test_the_largest_message_is_taken() -> None:
    with (
        saying(LARGEST) as (url, _),
        connected(url, HttpPolicy(allow_private=True, connect_timeout_s=WITHIN_S)) as wire,
    ):
        assert wire.receive(within_s=WITHIN_S) == b" " * LARGEST_MESSAGE_BYTES


@pytest.mark.parametrize(
    "parts",
    [
        [frame(LARGEST_MESSAGE_BYTES + 1)],
        itertools.chain([frame(2**62)], itertools.repeat(PART)),
        itertools.chain([frame(65536, ends=False), PART], itertools.repeat(frame(65536, opcode=0, ends=False) + PART)),
    ],
    ids=["a byte more", "endless", "endless pieces"],
)
def test_a_larger_message_ends_the_connection(parts: Iterable[bytes]) -> None:
    with (
        saying(parts) as (url, taken),
        connected(url, HttpPolicy(allow_private=True, connect_timeout_s=WITHIN_S)) as wire,
        pytest.raises(FeedLost, match="more at once"),
    ):
        wire.receive(within_s=WITHIN_S)
    assert sum(taken) < LARGEST_MESSAGE_BYTES + BETWEEN


def test_a_message_that_comes_by_the_byte_holds_nobody_up() -> None:
    """The time is over though bytes still come; what had come is kept, and the message is whole at last."""
    message = [frame(40), *[b"x"] * 40]
    with (
        saying(message, every_s=0.02) as (url, _),
        connected(url, HttpPolicy(allow_private=True, connect_timeout_s=WITHIN_S)) as wire,
    ):
        first = wire.receive(within_s=0.2)
        rest = [wire.receive(within_s=WITHIN_S)]
    assert (first, rest) == (None, [b"x" * 40])


def test_a_server_that_takes_up_the_conversation_by_the_byte_is_left() -> None:
    with dripping(b"HTTP/1.1 101 Switching\r\nX: ") as url, pytest.raises(FeedLost, match="in time"):
        begin(url, timeout_s=0.3)


@contextmanager
def dripping(reply: bytes) -> Iterator[str]:
    """A server that says `reply` and then goes on with it, a byte each time, until nobody listens."""
    over = threading.Event()

    def serve() -> None:
        with suppress(OSError):
            caller, _ = listening.accept()
            with caller:
                caller.recv(4096)
                caller.sendall(reply)
                while not over.wait(0.02):
                    caller.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{listening.getsockname()[1]}/topics-v1"
        finally:
            over.set()
            thread.join(timeout=10)


class Deaf:
    """A connection on which nothing ever arrives."""

    def __init__(self) -> None:
        self.pings = 0

    def settimeout(self, _timeout_s: float) -> None:
        """Nothing is waited for."""

    def ping(self) -> None:
        self.pings += 1

    def receive(self) -> NoReturn:
        raise TimeoutError


def test_a_server_that_falls_silent_is_given_up() -> None:
    instants = itertools.count(step=20)
    deaf = Deaf()
    wire = Wire(cast(Connection, deaf), clock=lambda: float(next(instants)))
    received = [wire.receive(within_s=0) for _ in range(4)]
    with pytest.raises(FeedLost, match="fell silent"):
        wire.receive(within_s=0)
    assert received == [None] * 4
    assert deaf.pings == 2


def test_pings_are_answered_and_show_that_the_server_is_there() -> None:
    instants = itertools.count(step=10)
    with (
        event_server() as server,
        connected(server.url, HttpPolicy(allow_private=True, connect_timeout_s=WITHIN_S)) as wire,
    ):
        alive = Wire(wire._connection, clock=lambda: float(next(instants)))
        received = [alive.receive(within_s=0.1) for _ in range(15)]
    assert received == [None] * 15


# Addresses


@pytest.mark.parametrize(
    ("url", "allow_private", "words"),
    [
        ("ws://ws.example.com/topics-v1", False, "wss://"),
        ("https://ws.example.com/topics-v1", True, "wss://"),
        ("wss://user:canary-password@ws.example.com/topics-v1", False, "user name or a password"),
        ("wss:///topics-v1", False, "empty|no server"),
    ],
)
def test_an_address_that_may_not_be_used(url: str, allow_private: bool, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        begin(url, allow_private=allow_private)
    assert canary.leaks(str(caught.value)) == []


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A key and a certificate of this machine's that nobody has vouched for."""
    made, key = self_signed(tmp_path, "127.0.0.1")
    path = tmp_path / "server.pem"
    path.write_bytes(key.read_bytes() + made.read_bytes())
    return path


def _tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_a_server_nobody_vouches_for_is_not_spoken_to(certificate: Path) -> None:
    with event_server(tls=_tls(certificate)) as server, pytest.raises(FeedLost, match="certificate"):
        begin(server.url)


def test_a_server_that_the_machine_trusts_is_spoken_to(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with event_server(tls=_tls(certificate)) as server, feed_of(server) as feed:
        assert feed.add_companies(tokens()) == frozenset()


def test_nothing_is_said_to_a_server_on_a_private_network(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with event_server(tls=_tls(certificate)) as server:
        with pytest.raises(ConfigurationError, match="private network"):
            begin(server.url, allow_private=False)
        assert server.commands == []


def test_not_even_tls_is_begun_with_a_server_on_a_private_network() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(WITHIN_S)
        with pytest.raises(ConfigurationError, match="private network"):
            begin(f"wss://127.0.0.1:{listening.getsockname()[1]}/topics-v1", allow_private=False)
        caller, _ = listening.accept()
        with caller:
            caller.settimeout(WITHIN_S)
            assert caller.recv(4096) == b""


PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment that names no proxy yet."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("wss://ws.example.com/topics-v1", "HTTPS_PROXY"),
        ("wss://ws.example.com/topics-v1", "ALL_PROXY"),
        ("ws://ws.example.com/topics-v1", "http_proxy"),
        ("ws://ws.example.com/topics-v1", "all_proxy"),
    ],
)
@pytest.mark.parametrize("spelling", ["http://{}", "http://user:canary-password@{}", "{}"])
def test_a_proxy_that_the_environment_names_is_used(
    surroundings: pytest.MonkeyPatch, url: str, name: str, spelling: str
) -> None:
    with refusing_proxy() as (address, asked):
        surroundings.setenv(name, spelling.format(address))
        with pytest.raises(FeedLost) as caught:
            begin(url, allow_private=url.startswith("ws:"))
    assert asked == [f"CONNECT ws.example.com:{443 if url.startswith('wss') else 80} HTTP/1.1"]
    assert canary.leaks(str(caught.value)) == []


@pytest.mark.parametrize("proxy", ["127.0.0.1:1", "http://127.0.0.1:1"])
def test_a_server_that_is_excepted_from_the_proxy_is_held_to_a_public_address(
    certificate: Path, surroundings: pytest.MonkeyPatch, proxy: str
) -> None:
    surroundings.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    surroundings.setenv("ALL_PROXY", proxy)
    surroundings.setenv("NO_PROXY", "127.0.0.0/8")
    with event_server(tls=_tls(certificate)) as server:
        with pytest.raises(ConfigurationError, match="private network"):
            begin(server.url, allow_private=False)
        assert server.commands == []


@pytest.mark.parametrize("proxy", ["socks5h://127.0.0.1:1080", "https://127.0.0.1:3128", "http://", "http://[::1"])
def test_a_proxy_that_cannot_be_used_is_said_and_not_gone_round(surroundings: pytest.MonkeyPatch, proxy: str) -> None:
    with event_server() as server:
        surroundings.setenv("ALL_PROXY", proxy)
        with pytest.raises(ConfigurationError, match="http:// ones"):
            begin(server.url)
        assert server.commands == []


@contextmanager
def refusing_proxy() -> Iterator[tuple[str, list[str]]]:
    """A proxy that takes down what it is asked for and lets nobody through; gives its address without a scheme."""
    asked: list[str] = []

    def accept() -> None:
        with suppress(OSError):
            caller, _ = listening.accept()
            with caller:
                asked.append(caller.recv(4096).decode().partition("\r\n")[0])
                caller.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listening.getsockname()[1]}", asked
        thread.join(timeout=WITHIN_S)
