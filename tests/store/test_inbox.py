"""The inbox: stored before the sender is answered, done only when the work is, and nothing lost between."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import update

from connector.domain.connection import FirstAction
from connector.domain.hand_over import Origin
from connector.store import inbox, tables
from connector.store.database import Databases, Watch, open_databases
from connector.store.inbox import Kind
from tests.store.samples import CONNECTION, request

DAY = 86_400.0


def ids(databases: Databases) -> list[int]:
    return [item.id for item in inbox.waiting(databases.inbox)]


def grow_older(databases: Databases, seconds: float) -> None:
    """Move every instant in the inbox into the past."""
    table = tables.inbox
    with databases.inbox.begin() as connection:
        connection.execute(
            update(table).values(
                received_at=table.c.received_at - seconds,
                dispatched_at=table.c.dispatched_at - seconds,
                done_at=table.c.done_at - seconds,
            )
        )


def test_what_is_put_is_there_for_another_process_at_once(
    databases: Databases, database_url: str | None, tmp_path: Path
) -> None:
    item = inbox.put_hint(databases.inbox, CONNECTION, "7")
    other = open_databases(data_dir=tmp_path / "data", database_url=database_url)
    try:
        (found,) = inbox.waiting(other.inbox)
    finally:
        other.dispose()
    assert (found.id, found.connection, found.kind, found.invoice_id, found.request) == (
        item,
        CONNECTION,
        Kind.HINT,
        "7",
        None,
    )


def test_a_request_comes_out_as_it_went_in(databases: Databases) -> None:
    wish = request(
        invoice_number="INV/2025/00001",
        origin=Origin.PAGE,
        first_action=FirstAction.REMINDER,
        proposed_balance=Decimal("1250.10"),
        accepted=("C5",),
        lifted={"A3": "Räntan är ”rätt” ändå"},
    )
    inbox.put_request(databases.inbox, wish)
    (found,) = inbox.waiting(databases.inbox)
    assert (found.kind, found.request) == (Kind.REQUEST, wish)


def test_the_oldest_come_first_and_never_too_many(databases: Databases) -> None:
    put = [inbox.put_hint(databases.inbox, CONNECTION, str(number)) for number in range(5)]
    assert ids(databases) == put
    assert [item.id for item in inbox.waiting(databases.inbox, limit=2)] == put[:2]


def test_what_is_dispatched_waits_no_longer_but_is_not_done(databases: Databases) -> None:
    one, two = (inbox.put_hint(databases.inbox, CONNECTION, number) for number in "12")
    inbox.mark_dispatched(databases.inbox, (one,))
    assert ids(databases) == [two]
    assert not inbox.is_done(databases.inbox, one)
    inbox.mark_done(databases.inbox, (one,))
    assert inbox.is_done(databases.inbox, one)
    assert not inbox.is_done(databases.inbox, two)


def test_marking_nothing_marks_nothing(databases: Databases) -> None:
    item = inbox.put_hint(databases.inbox, CONNECTION, "1")
    inbox.mark_dispatched(databases.inbox, ())
    inbox.mark_done(databases.inbox, ())
    assert ids(databases) == [item]


def test_one_look_answers_the_hints_before_it_about_that_invoice_alone(databases: Databases) -> None:
    first, second = (inbox.put_hint(databases.inbox, CONNECTION, "1") for _ in range(2))
    other_invoice = inbox.put_hint(databases.inbox, CONNECTION, "2")
    other_ledger = inbox.put_hint(databases.inbox, "annat-bolag", "1")
    wish = inbox.put_request(databases.inbox, request(invoice_id="1"))
    later = inbox.put_hint(databases.inbox, CONNECTION, "1")
    inbox.finish_hints(databases.inbox, CONNECTION, "1", up_to=wish)
    done = {item: inbox.is_done(databases.inbox, item) for item in range(first, later + 1)}
    assert done == {first: True, second: True, other_invoice: False, other_ledger: False, wish: False, later: False}


def test_what_was_dispatched_and_never_ended_is_put_back(databases: Databases) -> None:
    stranded, ended, waiting = (inbox.put_hint(databases.inbox, CONNECTION, number) for number in "123")
    inbox.mark_dispatched(databases.inbox, (stranded, ended))
    inbox.mark_done(databases.inbox, (ended,))
    grow_older(databases, 700)
    recent = inbox.put_hint(databases.inbox, CONNECTION, "4")
    inbox.mark_dispatched(databases.inbox, (recent,))
    assert inbox.return_stranded(databases.inbox, older_than_s=600) == 1
    assert ids(databases) == [stranded, waiting]
    assert inbox.return_stranded(databases.inbox, older_than_s=600) == 0


def test_a_clock_that_is_put_back_hides_nothing_that_is_stranded(databases: Databases) -> None:
    stranded = inbox.put_hint(databases.inbox, CONNECTION, "1")
    inbox.mark_dispatched(databases.inbox, (stranded,))
    grow_older(databases, -DAY)
    recent = inbox.put_hint(databases.inbox, CONNECTION, "2")
    inbox.mark_dispatched(databases.inbox, (recent,))
    assert inbox.return_stranded(databases.inbox, older_than_s=600) == 1
    assert ids(databases) == [stranded]


def test_only_what_ended_long_ago_is_forgotten(databases: Databases) -> None:
    old, undone = (inbox.put_hint(databases.inbox, CONNECTION, number) for number in "12")
    inbox.mark_dispatched(databases.inbox, (old, undone))
    inbox.mark_done(databases.inbox, (old,))
    grow_older(databases, 91 * DAY)
    recent = inbox.put_hint(databases.inbox, CONNECTION, "3")
    inbox.mark_done(databases.inbox, (recent,))
    assert inbox.forget_done(databases.inbox, older_than_s=90 * DAY) == 1
    assert inbox.is_done(databases.inbox, old), "forgotten means done"
    assert not inbox.is_done(databases.inbox, undone)
    assert inbox.is_done(databases.inbox, recent)


def test_the_age_of_the_oldest_undone_item_shows_a_backlog(databases: Databases) -> None:
    assert inbox.oldest_waiting_s(databases.inbox) == 0.0
    old = inbox.put_hint(databases.inbox, CONNECTION, "1")
    grow_older(databases, 300)
    inbox.put_hint(databases.inbox, CONNECTION, "2")
    inbox.mark_dispatched(databases.inbox, (old,))
    assert inbox.oldest_waiting_s(databases.inbox) == pytest.approx(300, abs=60), "dispatched is not done"
    inbox.mark_done(databases.inbox, (old,))
    assert inbox.oldest_waiting_s(databases.inbox) < 60


def test_ids_are_never_used_again(databases: Databases) -> None:
    """A look answers hints up to an id, so an id must not come back after the inbox was tidied."""
    first = inbox.put_hint(databases.inbox, CONNECTION, "1")
    inbox.mark_done(databases.inbox, (first,))
    grow_older(databases, 2 * DAY)
    inbox.forget_done(databases.inbox, older_than_s=DAY)
    assert inbox.put_hint(databases.inbox, CONNECTION, "1") > first


def test_companies_take_turns_however_much_waits_of_one(databases: Databases) -> None:
    inbox.put_hints(databases.inbox, [(CONNECTION, str(number)) for number in range(300)])
    late = inbox.put_hint(databases.inbox, "another", "1")
    first, second, *_ = inbox.waiting(databases.inbox)
    assert (first.invoice_id, second.id) == ("0", late)
    assert [item.invoice_id for item in inbox.waiting(databases.inbox, limit=5)] == ["0", "1", "1", "2", "3"]


def test_one_row_comes_of_a_wish_however_often_it_is_found(databases: Databases) -> None:
    wishes = [request(invoice_id=str(number), wish_mark="2026-11-30 08:00:00/eva") for number in range(300)]
    assert inbox.put_wishes(databases.inbox, CONNECTION, wishes[:1]) == 1
    assert inbox.put_wishes(databases.inbox, CONNECTION, wishes) == 299
    for _ in range(3):
        assert inbox.put_wishes(databases.inbox, CONNECTION, wishes) == 0
    assert len(inbox.waiting(databases.inbox, limit=1_000)) == 300


def test_a_wish_that_was_answered_or_is_expressed_anew_is_another_row(databases: Databases) -> None:
    wish = request(invoice_id="7", wish_mark="2026-11-30 08:00:00/eva")
    inbox.put_wishes(databases.inbox, CONNECTION, [wish])
    anew = wish.model_copy(update={"wish_mark": "2026-11-30 09:00:00/eva"})
    assert inbox.put_wishes(databases.inbox, CONNECTION, [anew]) == 1
    inbox.mark_done(databases.inbox, tuple(ids(databases)))
    assert inbox.put_wishes(databases.inbox, CONNECTION, [wish]) == 1
    inbox.put_request(databases.inbox, request(invoice_id="7"))
    inbox.put_request(databases.inbox, request(invoice_id="7"))
    assert len(ids(databases)) == 5, "what people ask for is no wish"


def test_a_watch_tells_of_every_change_and_of_nothing_else(databases: Databases) -> None:
    watch = Watch(databases.inbox)
    try:
        if databases.inbox.dialect.name != "sqlite":
            assert watch.version() is None
            return
        before = watch.version()
        inbox.waiting(databases.inbox)
        assert watch.version() == before, "reading changes nothing"
        item = inbox.put_hint(databases.inbox, "testbolaget", "1")
        after = watch.version()
        assert after not in (before, None)
        inbox.mark_dispatched(databases.inbox, (item,))
        assert watch.version() != after
    finally:
        watch.close()
