"""The WebSocket of events: commands, offsets, and what goes wrong on it: fortnox/API.md, "Event stream" and
"Commands"."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from connector.sandbox.fortnox import settling
from connector.sandbox.fortnox.books import Books
from connector.sandbox.fortnox.switches import Change, ExpiredTenant, OldOffset
from tests.sandbox.fortnox_client import APP, TIMEOUT_S, Fortnox

LAST = {"topic": "messages", "kind": "last", "entity": "0"}
"""An event of a topic of its own: once it is there, everything before it is too."""


class Socket:
    """A client's end, as a test uses it."""

    def __init__(self, fortnox: Fortnox, connection: ClientConnection) -> None:
        self.fortnox = fortnox
        self.connection = connection
        self.early: list[dict[str, Any]] = []

    def receive(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.connection.recv(timeout=TIMEOUT_S))
        return found

    def command(self, name: str, **values: Any) -> dict[str, Any]:
        """The answer to a command; events that come before it are kept."""
        self.connection.send(json.dumps({"command": name, **values}))
        while "response" not in (message := self.receive()):
            self.early.append(message)
        return message

    def add_tenants(self, *tokens: str, secret: str = APP.client_secret) -> dict[str, Any]:
        return self.command("add-tenants-v1", includeChildTenants=False, clientSecret=secret, accessTokens=tokens)

    def add_topics(self, *topics: Any) -> dict[str, Any]:
        wanted = [{"topic": topic} if isinstance(topic, str) else topic for topic in topics]
        return self.command("add-topics-v1", topics=wanted)

    def subscribe(self, *topics: Any) -> None:
        """Ask for all of one company's events on `topics`, as a client begins."""
        assert self.add_tenants(f"Bearer {token_of(self.fortnox)}")["result"] == "ok"
        assert self.add_topics(*topics, "messages")["result"] == "ok"
        assert self.command("subscribe-v1")["result"] == "ok"

    def events(self, books: Books | None = None) -> list[dict[str, Any]]:
        """Every event sent up to now; the last is told by one for the company of `books`."""
        tenant = (books or self.fortnox.books).tenant
        self.fortnox.state.feed.publish(LAST["topic"], LAST["kind"], tenant, LAST["entity"])
        found, self.early = self.early, []
        while (message := self.receive())["topic"] != LAST["topic"]:
            found.append(message)
        for _ in range(self.fortnox.state.switches.switches.event_repeats - 1):
            self.receive()
        return found


def token_of(fortnox: Fortnox, books: Books | None = None) -> str:
    token: str = fortnox.by_credentials((books or fortnox.books).tenant).json()["access_token"]
    return token


def kinds(events: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    return [(event["type"], event["entityId"]) for event in events]


@contextmanager
def socket_of(fortnox: Fortnox) -> Iterator[Socket]:
    address = f"{fortnox.url.replace('http://', 'ws://')}/topics-v1"
    with connect(address, open_timeout=TIMEOUT_S, close_timeout=1, compression=None, proxy=None) as connection:
        yield Socket(fortnox, connection)


@pytest.fixture
def socket(fortnox: Fortnox) -> Iterator[Socket]:
    with socket_of(fortnox) as opened:
        yield opened


def closed_with(socket: Socket) -> int | None:
    """The code the server closed with; None if it went without a word."""
    try:
        while True:
            socket.receive()
    except ConnectionClosed as ended:
        return ended.rcvd.code if ended.rcvd else None


# Commands


def test_tenants_are_added_by_their_tokens_and_listed_by_number(fortnox: Fortnox, socket: Socket) -> None:
    second = fortnox.state.add_company("Andra Bolaget AB", "556000-0001")
    fortnox.log_in(second)
    tokens = [f"Bearer {token_of(fortnox)}", token_of(fortnox, second)]

    added = socket.add_tenants(*tokens)
    listed = socket.command("list-tenants-v1")
    removed = socket.command("remove-tenants-v1", tenants=[fortnox.books.tenant])

    numbers = [fortnox.books.tenant, second.tenant]
    assert added == {
        "response": "add-tenants-v1",
        "result": "ok",
        "tenantIds": dict(zip(tokens, numbers, strict=True)),
    }
    assert listed == {"response": "list-tenants-v1", "result": "ok", "tenantIds": numbers}
    assert removed == {"response": "remove-tenants-v1", "result": "ok"}
    assert socket.command("list-tenants-v1")["tenantIds"] == [second.tenant]


@pytest.mark.parametrize("valid_are_added", [False, True])
def test_an_invalid_token_is_named(fortnox: Fortnox, socket: Socket, valid_are_added: bool) -> None:
    fortnox.switch(valid_tenants_are_added=valid_are_added)
    good = f"Bearer {token_of(fortnox)}"

    answer = socket.add_tenants("Bearer x", good)

    assert answer == {"response": "add-tenants-v1", "result": "error", "invalidTokens": ["Bearer x"]}
    assert bool(socket.command("list-tenants-v1")["tenantIds"]) is valid_are_added


def test_a_wrong_secret_or_an_expired_token_is_invalid(fortnox: Fortnox, socket: Socket) -> None:
    token = token_of(fortnox)
    assert socket.add_tenants(token, secret="wrong")["invalidTokens"] == [token]
    fortnox.clock.forward(3600)
    assert socket.add_tenants(token)["invalidTokens"] == [token]


def test_a_socket_takes_so_many_tenants(fortnox: Fortnox, socket: Socket) -> None:
    fortnox.switch(socket_max_tenants=1)
    second = fortnox.state.add_company("Andra Bolaget AB", "556000-0001")
    fortnox.log_in(second)
    tokens = [token_of(fortnox), token_of(fortnox, second)]

    assert socket.add_tenants(*tokens)["invalidTokens"] == tokens[1:]
    assert [socket.add_tenants(token)["result"] for token in (tokens[0], tokens[0], tokens[1])] == ["ok", "ok", "error"]


@pytest.mark.parametrize("required", [True, False])
def test_the_word_bearer_may_be_required(fortnox: Fortnox, socket: Socket, required: bool) -> None:
    fortnox.switch(bearer_required=required)
    token = token_of(fortnox)

    assert socket.add_tenants(token)["result"] == ("error" if required else "ok")
    assert socket.add_tenants(f"Bearer {token}")["result"] == "ok"


def test_topics_are_objects_with_known_names(socket: Socket) -> None:
    assert socket.add_topics("invoices", "customers") == {"response": "add-topics-v1", "result": "ok"}
    wrong = socket.add_topics("invoices", "invoicez")
    assert wrong == {"response": "add-topics-v1", "result": "error", "invalidTopics": ["invoicez"]}
    assert socket.command("add-topics-v1", topics=["invoices"])["result"] == "error"


def test_commands_have_their_suffix_and_are_counted(fortnox: Fortnox, socket: Socket) -> None:
    assert socket.command("subscribe")["result"] == "error"
    socket.connection.send("no json")
    assert socket.receive() == {"result": "error"}
    socket.command("subscribe-v1")

    counted = fortnox.state.snapshot()["requests"]
    assert (counted["WS subscribe"], counted["WS subscribe-v1"]) == (1, 1)


def test_a_plain_request_is_no_socket(fortnox: Fortnox) -> None:
    assert fortnox.get("/topics-v1").status_code == 400
    with pytest.raises(InvalidStatus), connect(fortnox.url.replace("http", "ws") + "/nowhere", proxy=None):
        pass


# Events


def test_each_change_sends_its_event(fortnox: Fortnox, socket: Socket) -> None:
    customer = fortnox.customer()
    label = fortnox.books.add_label("Till inkasso")
    socket.subscribe("invoices")

    number = fortnox.add_invoice(booked=False, sent=False)
    fortnox.put(f"/3/invoices/{number}", {"Invoice": {"Comments": "ny"}})
    fortnox.books.book(number)
    fortnox.books.remind(number)
    fortnox.books.set_labels(number, [label])
    unbooked = settling.add_payment(fortnox.books, number, Decimal(1))
    paid = settling.pay(fortnox.books, number, Decimal(100))
    settling.delete_payment(fortnox.books, paid, booked_too=True)
    settling.delete_payment(fortnox.books, unbooked)
    credit = settling.credit(fortnox.books, number, Decimal(1))
    draft = fortnox.books.add_invoice(customer, [], booked=False, sent=False)
    fortnox.books.cancel(draft)

    assert kinds(socket.events()) == [
        ("invoice-created-v1", number),
        ("invoice-updated-v1", number),
        ("invoice-bookkeep-v1", number),
        ("reminder-sent-v1", number),
        ("invoicepayment-bookkeep-v1", paid),
        ("invoicepayment-deleted-v1", paid),
        ("invoice-created-v1", credit),
        ("invoice-bookkeep-v1", credit),
        ("invoice-created-v1", draft),
        ("invoice-cancelled-v1", draft),
    ]


def test_an_event_says_where_to_look(fortnox: Fortnox, socket: Socket) -> None:
    socket.subscribe("invoices")
    number = fortnox.add_invoice(booked=False, sent=False)

    (event,) = socket.events()

    assert event.pop("offset")
    assert event == {
        "topic": "invoices",
        "type": "invoice-created-v1",
        "tenantId": fortnox.books.tenant,
        "entityId": number,
        "timestamp": "2026-11-22T13:00:00.000+01:00",
    }


def test_changes_without_a_known_event_may_have_one(fortnox: Fortnox, socket: Socket) -> None:
    fortnox.switch(more_events=(Change.LABEL, Change.CREDIT, Change.UNBOOKED_PAYMENT))
    number = fortnox.add_invoice()
    credit = settling.credit(fortnox.books, number, Decimal(1), booked=False)
    socket.subscribe("invoices")

    fortnox.books.set_labels(number, [])
    fortnox.books.book(credit)
    payment = settling.add_payment(fortnox.books, number, Decimal(1))
    settling.delete_payment(fortnox.books, payment)

    assert kinds(socket.events()) == [
        ("invoice-updated-v1", number),
        ("invoice-bookkeep-v1", credit),
        ("invoice-updated-v1", number),
        ("invoice-updated-v1", number),
        ("invoicepayment-deleted-v1", payment),
    ]


def test_only_the_topics_and_tenants_asked_for_arrive(fortnox: Fortnox, socket: Socket) -> None:
    second = fortnox.state.add_company("Andra Bolaget AB", "556000-0001")
    socket.subscribe("customers")

    second.add_customer("Nobody AB")
    fortnox.add_invoice()
    customer = fortnox.customer("Exempel")
    fortnox.books.set_customer(customer, City="Teststad")

    first = fortnox.books.customers.keys()[0]
    assert kinds(socket.events()) == [
        ("customer-created-v1", first),
        ("customer-created-v1", customer),
        ("customer-updated-v2", customer),
    ]


def test_a_tenant_can_be_added_while_events_flow(fortnox: Fortnox, socket: Socket) -> None:
    second = fortnox.state.add_company("Andra Bolaget AB", "556000-0001")
    fortnox.log_in(second)
    socket.subscribe("customers")

    socket.add_tenants(f"Bearer {token_of(fortnox, second)}")
    second.add_customer("Ny kund AB")

    assert [event["tenantId"] for event in socket.events()] == [second.tenant]


def test_nothing_comes_before_subscribing(fortnox: Fortnox, socket: Socket) -> None:
    socket.add_tenants(token_of(fortnox))
    socket.add_topics("customers", "messages")
    customer = fortnox.customer()
    assert socket.command("list-tenants-v1")["result"] == "ok"
    assert socket.early == []
    socket.command("subscribe-v1")

    assert kinds(socket.events()) == [("customer-created-v1", customer)]


def test_events_may_come_twice_with_numbers_and_other_versions(fortnox: Fortnox, socket: Socket) -> None:
    fortnox.switch(event_repeats=2, entity_id_as_number=True, event_versions={"reminder-sent": 2})
    number = fortnox.add_invoice()
    socket.subscribe("invoices")

    fortnox.books.remind(number)

    first, second = socket.events()
    assert first == second
    assert (first["type"], first["entityId"]) == ("reminder-sent-v2", int(number))


def test_an_unknown_event_can_be_sent(fortnox: Fortnox, socket: Socket) -> None:
    socket.subscribe("invoices")
    event = {"topic": "invoices", "kind": "invoice-frobnicated", "tenant": fortnox.books.tenant, "entity": 5}

    fortnox.post("/_sandbox/events", event)

    assert kinds(socket.events()) == [("invoice-frobnicated-v1", "5")]


def test_rest_may_lag_behind_the_event(fortnox: Fortnox, socket: Socket) -> None:
    number = fortnox.add_invoice(booked=False)
    fortnox.clock.forward(60)
    fortnox.switch(rest_lag_s=1.0)
    socket.subscribe("invoices")

    fortnox.books.book(number)
    told = kinds(socket.events())
    seen = fortnox.invoice(number)["Booked"]
    fortnox.clock.forward(1)

    assert told == [("invoice-bookkeep-v1", number)]
    assert (seen, fortnox.invoice(number)["Booked"]) == (False, True)


# Offsets


def offsets(fortnox: Fortnox, count: int) -> list[str]:
    """The offsets of `count` new customers, an hour apart."""
    with socket_of(fortnox) as socket:
        socket.subscribe("customers")
        for number in range(count):
            fortnox.customer(f"Kund {number}")
        return [event["offset"] for event in socket.events()]


@pytest.mark.parametrize(("inclusive", "first"), [(False, 2), (True, 1)])
def test_an_offset_goes_on_where_a_client_stopped(
    fortnox: Fortnox, socket: Socket, inclusive: bool, first: int
) -> None:
    fortnox.switch(offset_inclusive=inclusive)
    seen = offsets(fortnox, 4)

    socket.subscribe({"topic": "customers", "offset": seen[1]})

    assert [event["offset"] for event in socket.events()] == seen[first:]
    assert len(set(seen)) == 4


def test_without_an_offset_the_stream_begins_now(fortnox: Fortnox, socket: Socket) -> None:
    offsets(fortnox, 2)
    socket.subscribe("customers")

    assert socket.events() == []


@pytest.mark.parametrize("malformed", [False, True])
def test_an_offset_that_is_too_old_or_none(fortnox: Fortnox, malformed: bool) -> None:
    (old,) = offsets(fortnox, 1)
    fortnox.clock.forward(timedelta(days=15).total_seconds())
    fortnox.log_in()
    (recent,) = offsets(fortnox, 1)
    topic = {"topic": "customers", "offset": "zz" if malformed else old}

    found: dict[OldOffset, Any] = {}
    for answer in OldOffset:
        fortnox.switch(old_offset=answer)
        with socket_of(fortnox) as socket:
            if answer is OldOffset.REFUSED:
                found[answer] = socket.add_topics(topic)["invalidTopics"]
            else:
                socket.subscribe(topic)
                found[answer] = [event["offset"] for event in socket.events()]

    assert found == {OldOffset.OLDEST: [recent], OldOffset.NOW: [], OldOffset.REFUSED: ["customers"]}


# Ends


@pytest.mark.parametrize(("switch", "arrives"), [(ExpiredTenant.SILENT, False), (ExpiredTenant.KEPT, True)])
def test_a_tenant_whose_token_expired_may_fall_silent(
    fortnox: Fortnox, socket: Socket, switch: ExpiredTenant, arrives: bool
) -> None:
    fortnox.switch(expired_tenant=switch)
    second = fortnox.state.add_company("Andra Bolaget AB", "556000-0001")
    socket.subscribe("customers")
    fortnox.clock.forward(3600)
    fortnox.log_in(second)
    socket.add_tenants(f"Bearer {token_of(fortnox, second)}")

    customer = fortnox.customer("Efter en timme AB")

    assert kinds(socket.events(second)) == ([("customer-created-v1", customer)] if arrives else [])
    socket.command("remove-tenants-v1", tenants=[fortnox.books.tenant])
    socket.add_tenants(f"Bearer {token_of(fortnox)}")
    renewed = fortnox.customer("Förnyad AB")
    assert kinds(socket.events()) == [("customer-created-v1", renewed)]


@pytest.mark.parametrize("code", [1011, 4001])
def test_an_expired_token_may_close_the_socket(fortnox: Fortnox, socket: Socket, code: int) -> None:
    fortnox.switch(expired_tenant=ExpiredTenant.CLOSED, socket_close_code=code)
    socket.subscribe("customers")
    fortnox.clock.forward(3600)

    assert closed_with(socket) == code


@pytest.mark.parametrize(("code", "seen"), [(1001, 1001), (0, None)])
def test_the_server_may_close_with_or_without_a_word(
    fortnox: Fortnox, socket: Socket, code: int, seen: int | None
) -> None:
    socket.subscribe("customers")

    assert fortnox.post("/_sandbox/sockets/close", {"code": code}).json() == {"closed": 1}

    assert closed_with(socket) == seen


def test_starting_over_ends_the_sockets(fortnox: Fortnox, socket: Socket) -> None:
    socket.subscribe("customers")
    fortnox.post("/_sandbox/reset")

    assert closed_with(socket) is None


def test_the_socket_may_end_after_some_events(fortnox: Fortnox, socket: Socket) -> None:
    fortnox.switch(socket_closes_after=2, socket_close_code=0)
    socket.subscribe("customers")
    for number in range(3):
        fortnox.customer(f"Kund {number}")

    arrived = [socket.receive(), socket.receive()]

    assert closed_with(socket) is None
    with socket_of(fortnox) as again:
        again.subscribe({"topic": "customers", "offset": arrived[1]["offset"]})
        fortnox.switch(socket_closes_after=0)
        assert len(again.events()) == 1


def test_the_server_may_ping_and_tire_of_silence(fortnox: Fortnox, socket: Socket) -> None:
    fortnox.switch(socket_ping_s=30.0, socket_idle_s=90.0)
    socket.subscribe("customers")
    fortnox.clock.forward(60)
    assert socket.events() == []
    assert socket.command("list-tenants-v1")["result"] == "ok"
    fortnox.clock.forward(90)

    assert closed_with(socket) == 1011
