"""Listening to Fortnox's events: whatever happens to the stream, no hint is lost that came, and nobody is disturbed."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from connector.flows.deployment import open_deployment
from connector.flows.events.sources import sources_of
from connector.flows.outcome import pause_s
from connector.hosts.fortnox.hearing import MOST_A_MINUTE
from connector.hosts.fortnox.listening import LEASE
from connector.sandbox.fortnox.books import Books
from connector.sandbox.fortnox.switches import ExpiredTenant, OldOffset
from connector.store import connections, feed_offsets, inbox, leases, ledger_keys
from connector.store.database import Databases
from tests.conftest import SettingsFactory
from tests.flows.hand_over_steps import closed_port
from tests.flows.listeners import APP, QUICK, TOPIC, WITHIN_S, Air, on_air
from tests.flows.waiting import until
from tests.hosts.fortnox.event_server import Command, EventServer, Frame, answering, event_server

ONCE = 1


@pytest.fixture
def air(databases: Databases) -> Iterator[Air]:
    with on_air(databases) as found:
        yield found


@pytest.fixture(autouse=True)
def library_talks(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Let the library log all that it ever logs: no secret may be in it."""
    with caplog.at_level(logging.DEBUG, logger="websockets.client"):
        yield


@contextmanager
def without(db: Engine, table: str) -> Iterator[None]:
    """The table is away for a while, so that nothing can be put there."""
    with db.begin() as connection:
        connection.execute(text(f"ALTER TABLE {table} RENAME TO away"))
    try:
        yield
    finally:
        with db.begin() as connection:
            connection.execute(text(f"ALTER TABLE away RENAME TO {table}"))


def told(caplog: pytest.LogCaptureFixture, words: str) -> int:
    return sum(words in record.getMessage() for record in caplog.records)


# What comes


def test_events_of_our_companies_become_hints_and_those_of_others_nothing(air: Air) -> None:
    ours, second, stranger = air.company(), air.company("Andra Bolaget AB"), air.company("Tredje", connected=False)
    air.consent(stranger)
    with air.listening():
        air.tell(ours, 10457)
        air.tell(stranger, 10458)
        air.tell(second, 7, kind="reminder-sent")
        air.tell(ours, 5, kind="customer-updated", topic="customers")
        air.tell(ours, 8891, kind="invoicepayment-bookkeep")
        air.tell(ours, 10459, kind="invoice-frobnicated")
        air.await_offset()
    assert sorted(air.hints()) == sorted(
        [
            (str(ours.tenant), "10457"),
            (str(second.tenant), "7"),
            (str(ours.tenant), inbox.NO_INVOICE),
            (str(ours.tenant), "10459"),
        ]
    )


def test_a_company_with_two_connections_hints_to_both(air: Air) -> None:
    ours = air.company()
    air.connect(ours, "again")
    with air.listening():
        air.hear(ours)
    assert sorted(air.hints()) == [(str(ours.tenant), "1"), ("again", "1")]
    assert air.commands()["add-tenants-v1"] == 1


def test_an_event_of_no_concern_moves_the_offset_too(air: Air) -> None:
    ours = air.company()
    with air.listening():
        air.tell(ours, "A-1")
        air.await_offset()
    assert air.hints() == []


@pytest.mark.parametrize("inclusive", [False, True])
def test_what_comes_twice_is_one_hint(air: Air, inclusive: bool) -> None:
    air.switch(event_repeats=2, offset_inclusive=inclusive)
    ours = air.company()
    for invoice in (1, 2):
        with air.listening():
            air.hear(ours, invoice)
            air.await_offset()
    assert air.hints() == [(str(ours.tenant), "1"), (str(ours.tenant), "2")]


def test_a_flood_is_heard_whole_and_followed_by_few_questions(air: Air) -> None:
    ours, calm = air.company(), air.company("Andra Bolaget AB")
    with air.listening():
        for invoice in range(1200):
            air.tell(ours, invoice)
        air.hear(calm, 7)
        air.await_offset()
    of_ours = [invoice for connection, invoice in air.hints() if connection == str(ours.tenant)]
    singly = [invoice for invoice in of_ours if invoice != inbox.NO_INVOICE]
    assert singly[:MOST_A_MINUTE] == [str(number) for number in range(MOST_A_MINUTE)]
    assert len(singly) <= 2 * MOST_A_MINUTE, "a new minute may begin meanwhile"
    assert inbox.NO_INVOICE in of_ours
    assert len(of_ours) < 200


# What is stored, and in which order


def test_a_hint_is_not_lost_where_the_offset_cannot_be_stored(air: Air) -> None:
    ours = air.company()
    with air.listening():
        air.hear(ours, 1)
        air.await_offset()
        before = air.offset()
        with without(air.databases.main, "feed_offsets"):
            air.hear(ours, 2)
        air.await_offset()
    assert air.offset() != before
    assert set(air.hints()) == {(str(ours.tenant), "1"), (str(ours.tenant), "2")}


def test_the_offset_waits_for_the_hints(air: Air) -> None:
    ours = air.company()
    with air.listening():
        air.hear(ours, 1)
        air.await_offset()
        before = air.offset()
        tries = air.commands()["subscribe-v1"]
        with without(air.databases.inbox, "inbox"):
            air.tell(ours, 2)
            until(lambda: air.commands()["subscribe-v1"] > tries, within_s=WITHIN_S, what="another try")
            assert air.offset() == before
        air.await_hint(ours, 2)
        air.await_offset()
    assert air.hints() == [(str(ours.tenant), "1"), (str(ours.tenant), "2")]


def test_a_listener_that_was_killed_between_the_two_leaves_the_event_to_the_next(air: Air) -> None:
    """What a kill leaves: the hint is stored, the offset is that of the event before."""
    ours = air.company()
    with air.listening():
        air.hear(ours, 1)
        air.await_offset()
        before = air.offset()
        air.hear(ours, 2)
        air.await_offset()
    feed_offsets.put(air.databases.main, APP.client_id, TOPIC, before)
    with air.listening():
        air.await_offset()
    assert air.hints() == [(str(ours.tenant), one) for one in ("1", "2", "2")]


# Ends


@pytest.mark.parametrize("code", [0, 1011])
def test_a_connection_that_ends_midway_goes_on_where_it_was(air: Air, code: int) -> None:
    ours = air.company()
    with air.listening():
        air.hear(ours, 1)
        air.await_offset()
        air.switch(socket_closes_after=2, socket_close_code=code)
        for invoice in range(2, 9):
            air.tell(ours, invoice)
        for invoice in range(2, 9):
            air.await_hint(ours, invoice)
        air.await_offset()
    assert air.commands()["subscribe-v1"] > ONCE


def test_what_happened_while_nobody_listened_is_heard_afterwards(air: Air) -> None:
    ours = air.company()
    with air.listening():
        air.hear(ours, 1)
        air.await_offset()
    air.tell(ours, 2)
    with air.listening():
        air.await_hint(ours, 2)


@pytest.mark.parametrize("malformed", [False, True])
@pytest.mark.parametrize("answer", list(OldOffset))
def test_an_offset_of_no_use_is_told_and_the_stream_begins_now(
    air: Air, caplog: pytest.LogCaptureFixture, answer: OldOffset, malformed: bool
) -> None:
    ours = air.company()
    with air.listening():
        air.hear(ours, 1)
        air.await_offset()
    if malformed:
        feed_offsets.put(air.databases.main, APP.client_id, TOPIC, "zz")
    air.clock.forward(timedelta(days=15).total_seconds())
    air.switch(old_offset=answer)
    with air.listening():
        air.hear(ours, 2)
        air.await_offset()
    assert told(caplog, "does not go on from the offset") == (answer is OldOffset.REFUSED)


def test_a_server_that_hangs_up_on_an_offset_is_not_given_it_for_ever(
    air: Air, caplog: pytest.LogCaptureFixture
) -> None:
    air.company()
    feed_offsets.put(air.databases.main, APP.client_id, TOPIC, "zz")

    def hangs_up_on_an_offset(command: Command) -> list[Frame]:
        (asked,) = command.get("topics", [{}])
        return [b"close"] if "offset" in asked else polite_to_all(command)

    with event_server(hangs_up_on_an_offset) as server, air.listening(server.url, await_start=False):
        until(lambda: "subscribe-v1" in server.said("command"), within_s=WITHIN_S, what="events after all")
    asked = [topics[0] for topics in server.said("topics")]
    assert asked == [{"topic": TOPIC, "offset": "zz"}] * 3 + [{"topic": TOPIC}]
    assert told(caplog, "ends the conversation on the offset") == ONCE
    assert air.offset() == ""


def test_a_server_that_is_absent_all_along_is_told_of_once(air: Air, caplog: pytest.LogCaptureFixture) -> None:
    air.company()
    tries: list[int] = []

    def pause(number: int) -> float:
        tries.append(number)
        return 0.02

    times = replace(QUICK, pause=pause)
    url = f"ws://127.0.0.1:{closed_port()}/topics-v1"
    with air.listening(url, times=times, await_start=False):
        until(lambda: len(tries) > 12, within_s=WITHIN_S, what="a dozen tries")
    assert told(caplog, "the event stream is down") == ONCE
    assert tries[:3] == [1, 2, 3]
    assert max(tries) < 12, "the pauses end growing"


def test_pauses_grow_with_jitter_and_end_growing() -> None:
    pauses = [[pause_s(tries) for _ in range(50)] for tries in range(1, 10)]
    assert all(max(one) < min(later) for one, later in zip(pauses, pauses[2:], strict=False))
    assert all(len(set(one)) > 1 for one in pauses)
    assert max(pauses[-1]) < 600


def test_a_server_that_accepts_and_never_answers_holds_up_nothing(air: Air, caplog: pytest.LogCaptureFixture) -> None:
    air.company()
    with answering(b"") as url, air.listening(url, await_start=False):
        until(lambda: told(caplog, "the event stream is down") == ONCE, within_s=WITHIN_S, what="the word of it")
    assert leases.try_lease(air.databases.main, LEASE, "next", for_s=1), "it stopped, and gave the lease back"


def test_a_stream_that_is_back_is_told_of(air: Air, caplog: pytest.LogCaptureFixture) -> None:
    air.company()
    with event_server(hanging_up) as server, air.listening(server.url, await_start=False):
        until(lambda: told(caplog, "the event stream is down") == ONCE, within_s=WITHIN_S, what="the word of it")
        server.answers = polite_to_all
        until(lambda: told(caplog, "in order again") == ONCE, within_s=WITHIN_S, what="the word of its return")
    assert "subscribe-v1" in server.said("command")


def hanging_up(_command: Command) -> list[Frame]:
    return [b"close"]


def polite_to_all(command: Command) -> list[Frame]:
    """Every company is taken, whatever its token looks like."""
    return [{"response": command["command"], "result": "ok"}]


# Companies


def test_companies_are_added_before_the_topic_and_all_in_one_command(air: Air) -> None:
    companies = [air.company(f"Bolag {number}") for number in range(5)]
    with event_server(polite_to_all) as server, air.listening(server.url, await_start=False):
        until(lambda: "subscribe-v1" in server.said("command"), within_s=WITHIN_S, what="the subscription")
    names = server.said("command")
    assert names[-2:] == ["add-topics-v1", "subscribe-v1"]
    assert set(names[:-2]) == {"add-tenants-v1"}
    assert sum(len(tokens) for tokens in server.said("accessTokens")) == len(companies)
    assert set(server.said("clientSecret")) == {APP.client_secret}


def test_one_bad_token_among_several_holds_up_nobody(air: Air, caplog: pytest.LogCaptureFixture) -> None:
    good, bad = air.company(), air.company("Andra Bolaget AB")
    air.tokens(str(bad.tenant)).current()
    air.state.revoke_consent(APP.client_id, bad.tenant)
    with air.listening():
        air.hear(good, 1)
        assert told(caplog, f"{bad.tenant}: Fortnox's events of it are not heard") == ONCE
        air.consent(bad)
        air.clock.forward(120)
        until(lambda: air.commands()["add-tenants-v1"] > 2, within_s=WITHIN_S, what="another try")
        until(lambda: heard(air, bad, 2), within_s=WITHIN_S, what="the company's own events")
    assert (str(good.tenant), "1") in air.hints()


def heard(air: Air, books: Books, entity: int) -> bool:
    """Send an event, and see whether one has come."""
    air.tell(books, entity)
    return (str(books.tenant), str(entity)) in air.hints()


def test_a_company_without_consent_is_told_of_once_and_tried_again(air: Air, caplog: pytest.LogCaptureFixture) -> None:
    good, shut = air.company(), air.company("Andra Bolaget AB")
    air.state.revoke_consent(APP.client_id, shut.tenant)
    with air.listening():
        air.hear(good, 1)
        for _ in range(3):
            renewed = air.commands()["add-tenants-v1"] + 1
            air.clock.forward(4000)
            until(partial(_added, air, renewed), within_s=WITHIN_S, what="the other company's new token")
        assert told(caplog, f"{shut.tenant}: Fortnox's events of it are not heard") == ONCE
        air.consent(shut)

        def heard_of_late() -> bool:
            # A try that was refused before may note the time of the next only now.
            air.clock.forward(60)
            return heard(air, shut, 2)

        until(heard_of_late, within_s=WITHIN_S, what="the company's own events")


def _added(air: Air, times: int) -> bool:
    return air.commands()["add-tenants-v1"] >= times


def test_more_companies_than_a_socket_takes_are_found_by_polling(air: Air, caplog: pytest.LogCaptureFixture) -> None:
    companies = [air.company(f"Bolag {number}") for number in range(3)]
    air.switch(socket_max_tenants=2)
    with air.listening():
        for books in companies:
            air.tell(books, 1)
        until(lambda: len(air.hints()) == 2, within_s=WITHIN_S, what="the events of two companies")
    assert len(set(air.hints())) == 2
    assert told(caplog, "its token is not taken") == ONCE


def test_companies_that_come_and_go_are_heard_within_seconds(air: Air) -> None:
    first = air.company()
    with air.listening():
        air.hear(first, 1)
        second = air.company("Andra Bolaget AB")
        until(lambda: heard(air, second, 2), within_s=WITHIN_S, what="the new company's events")
        key = ledger_keys.every(air.databases.main)[str(second.tenant)]
        assert ledger_keys.refused(air.databases.main, str(second.tenant), key.number)
        until(lambda: air.commands().get("remove-tenants-v1") == ONCE, within_s=WITHIN_S, what="its removal")
        air.tell(second, 3)
        air.hear(first, 4)
        known = connections.get(air.databases.main, air.vault, str(second.tenant))
        assert connections.replace_key(air.databases.main, air.vault, known, None, expires=None, by="Eva")
        until(lambda: heard(air, second, 5), within_s=WITHIN_S, what="the events of the company connected anew")
    assert (str(second.tenant), "3") not in air.hints()
    assert air.commands()["subscribe-v1"] == ONCE, "all on one connection"


def test_without_a_company_there_is_no_connection(air: Air) -> None:
    with air.listening(await_start=False):
        until(
            lambda: not leases.try_lease(air.databases.main, LEASE, "other", for_s=0.01),
            within_s=WITHIN_S,
            what="the listener's lease",
        )
        assert air.commands() == {}
        books = air.company()
        air.await_subscription(1)
        key = ledger_keys.every(air.databases.main)[str(books.tenant)]
        ledger_keys.refused(air.databases.main, str(books.tenant), key.number)
        until(lambda: air.sockets() == 0, within_s=WITHIN_S, what="the end of the connection")


# Tokens


def test_a_token_is_replaced_on_the_live_connection_before_it_ends(air: Air) -> None:
    companies = [air.company(f"Bolag {number}") for number in range(3)]
    with event_server(polite_to_all) as server, air.listening(server.url, await_start=False):
        until(lambda: "subscribe-v1" in server.said("command"), within_s=WITHIN_S, what="the subscription")
        before = added(server)
        assert len(before) == 3
        air.clock.forward(51 * 60)
        until(lambda: len(added(server)) == 6, within_s=WITHIN_S, what="all companies with new tokens")
    assert len(set(added(server))) == 6
    assert sorted(one for tenants in server.said("tenants") for one in tenants) == [one.tenant for one in companies]
    commands = server.said("command")
    assert commands.count("subscribe-v1") == ONCE
    renewal = commands[commands.index("subscribe-v1") + 1 :]
    assert renewal[::2] == ["remove-tenants-v1"] * (len(renewal) // 2)
    assert renewal[1::2] == ["add-tenants-v1"] * (len(renewal) // 2)


def added(server: EventServer) -> list[str]:
    """The tokens with which companies were added, in order."""
    return [token for tokens in server.said("accessTokens") for token in tokens]


@pytest.mark.parametrize("expired", [ExpiredTenant.SILENT, ExpiredTenant.KEPT])
def test_companies_are_heard_for_hours_on_one_connection(air: Air, expired: ExpiredTenant) -> None:
    air.switch(expired_tenant=expired)
    companies = [air.company(f"Bolag {number}") for number in range(3)]
    with air.listening():
        for hour in range(3):
            for books in companies:
                until(partial(heard, air, books, hour), within_s=WITHIN_S, what="the event of the hour")
            air.clock.forward(61 * 60)
    assert air.commands()["subscribe-v1"] == ONCE


# Several processes


def test_one_of_two_listens_and_the_other_takes_over(air: Air) -> None:
    ours = air.company()
    with air.listening(), air.listening(await_start=False):
        for invoice in range(5):
            air.hear(ours, invoice)
        assert air.sockets() == 1
        assert air.commands()["subscribe-v1"] == ONCE
    with air.listening(await_start=False):
        air.await_subscription(2)
        air.hear(ours, 7)


def test_a_process_that_dies_is_replaced(air: Air, tmp_path: Path, database_url: str | None) -> None:
    air.clock.at = datetime.now(UTC)
    ours = air.company()
    with air.listening_process(tmp_path / "data", database_url) as dying:
        air.await_subscription(1)
        with air.listening_process(tmp_path / "data", database_url) as waiting:
            air.hear(ours, 1)
            os.kill(dying.pid, signal.SIGKILL)
            dying.wait()
            air.await_subscription(2)
            air.hear(ours, 2)
            air.tell(ours, 3)
            air.await_hint(ours, 3)
            os.kill(waiting.pid, signal.SIGTERM)
            assert waiting.wait(timeout=WITHIN_S) == 0
    assert leases.try_lease(air.databases.main, LEASE, "next", for_s=1), "who stops gives the lease back"


# Settings


@pytest.mark.parametrize("settings", [{}, {"fortnox_events_url": ""}])
def test_nobody_listens_without_an_app_or_an_address(
    settings_factory: SettingsFactory, settings: dict[str, str]
) -> None:
    app = {"fortnox_client_id": APP.client_id, "fortnox_client_secret": APP.client_secret} if settings else {}
    deployment = open_deployment(settings_factory(**settings, **app))
    try:
        assert sources_of(deployment) == ()
    finally:
        deployment.close()
