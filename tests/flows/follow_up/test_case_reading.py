"""Reading back how cases stand: as it came, with few calls, told once, and nothing lost whoever dies or is faster."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests
from pydantic import SecretStr
from sqlalchemy import delete, update

from connector.domain.case import CaseStanding, Closing, closing
from connector.domain.errors import ConnectorError
from connector.domain.hand_over import WAITS_FOR_KEY, HandOverState, WriteBackState
from connector.domain.task import TaskKind
from connector.flows.deployment import Deployment
from connector.flows.events.following import poll
from connector.flows.follow_up import case_reading
from connector.flows.hand_over.driving import Driven
from connector.flows.hand_over.register import register
from connector.flows.hand_over.upload import upload
from connector.flows.hand_over.write_back import write_back
from connector.flows.job import Job
from connector.flows.outcome import Then
from connector.flows.tasks import tasks
from connector.flows.tasks.task import Task
from connector.sandbox.amili.state import GUIDE_ACCOUNT, GUIDE_CREDITOR, Case
from connector.sandbox.odoo.switches import LedgerSwitches
from connector.sandbox.shared.switches import AmiliSwitches, ClosedAs, Fault, FaultKind
from connector.store import cases, connections, hand_over_work, hand_overs, ledger_keys, tables, timeline
from connector.store.connections import DEFAULT_ACCESS
from tests import canary
from tests.flows.hand_over_steps import (
    begun,
    case_at_amili,
    claimed,
    death_at_call,
    driven,
    elsewhere,
    events,
    stored,
    strike,
)
from tests.flows.stage import CONNECTION, Stage
from tests.remote.around_calls import around_calls
from tests.said import en

MANY = 10_000
POLITE = 110
LOOK_AT_ONE = "GET /cases/{case_id}"
SAYS_CLOSED = AmiliSwitches(closed_as=ClosedAs.BOOLEAN)


@pytest.fixture(autouse=True)
def nothing_read(on: Stage) -> Iterator[None]:
    """Amili and our store without cases, as far as other tests of the module left some; a closed one says so."""
    on.amili.switches.set(SAYS_CLOSED)
    on.let_cases_be_read()
    yield
    with on.deployment.databases.main.begin() as connection:
        for table in (tables.cases, tables.case_readings):
            connection.execute(delete(table))
        connection.execute(update(tables.hand_overs).values(case_id=None))
    on.amili.reset()


@pytest.fixture
def invoice(on: Stage) -> str:
    return on.invoice()


@pytest.fixture
def sent(on: Stage, invoice: str) -> str:
    """A hand-over that has come to its end, and whose case has been read; nothing is left to tell."""
    started = finished(on, invoice)
    read(on)
    told(on)
    return started


def finished(on: Stage, invoice: str) -> str:
    started = begun(on, invoice)
    driven(on, started)
    upload(on.deployment, started)
    assert write_back(on.deployment, started).then is Then.NEXT
    assert stored(on, started).state is HandOverState.DONE
    return started


def read(on: Stage, deployment: Deployment | None = None) -> list[Job]:
    """One round of the key pair; gives the jobs it asked for."""
    jobs: list[Job] = []
    assert case_reading.read(deployment or on.deployment, jobs.append, DEFAULT_ACCESS).then is Then.STOP
    return jobs


def told(on: Stage) -> None:
    """Drive whatever is unfinished, as a worker does that finds it so."""
    for hand_over in hand_overs.unfinished(on.deployment.databases.main):
        for step in (register, upload, write_back):
            step(on.deployment, hand_over.id)


def case_of(on: Stage, hand_over: str) -> Case:
    return on.amili.cases[stored(on, hand_over).case_id]


def move(on: Stage, hand_over: str, **values: Any) -> None:
    on.amili.set_case(stored(on, hand_over).case_id, **values)


def kept(on: Stage, hand_over: str) -> CaseStanding:
    found = cases.of(on.deployment.databases.main, stored(on, hand_over).case_id)
    assert found is not None
    return found


def status(on: Stage, invoice: str) -> str:
    return str(on.ledger.books.field(int(invoice), "x_amili_status"))


def asked(on: Stage, template: str = "") -> int:
    """How many calls Amili was sent: of one kind, or of all but authentication."""
    counted: dict[str, int] = on.amili.traffic.snapshot()["requests"]
    if template:
        return counted.get(template, 0)
    return sum(count for name, count in counted.items() if "authenticate" not in name)


def changes(on: Stage, hand_over: str) -> list[tuple[str, str, bool]]:
    """What the record tells of the case."""
    entries = timeline.of_hand_over(on.deployment.databases.main, hand_over)
    return [(e.data["state"], e.data["status"], e.data["closed"]) for e in entries if e.event == "case_changed"]


def days_later(on: Stage) -> None:
    """It is long since all open cases were read."""
    with on.deployment.databases.main.begin() as connection:
        connection.execute(update(tables.case_readings).values(all_read_at=0.0))


def minutes_later(on: Stage) -> None:
    """Whatever changed at Amili so far is no change any more; only reading all can tell of it."""
    with on.deployment.databases.main.begin() as connection:
        connection.execute(update(tables.case_readings).values(read_to=datetime.now(UTC).timestamp() + 600))


def made(on: Stage, count: int, creditor: str = GUIDE_CREDITOR, name: str = "X") -> list[Case]:
    """Cases that somebody registered."""
    for number in range(count):
        on.amili.create_registration(
            {
                "account": GUIDE_ACCOUNT,
                "creditor": creditor,
                "first_action": "debt_collection",
                "currency": "SEK",
                "customer": {"name": "Kund AB"},
                "debts": [{"invoice_number": f"{name}-{number}", "capital_to_claim": Decimal(1250)}],
            }
        )
    return list(on.amili.cases.values())[-count:]


@contextmanager
def after_call(number: int, act: Callable[[], None]) -> Iterator[None]:
    """Do something once this HTTP call (from 1) has been answered."""
    done = 0

    def counted(_request: requests.PreparedRequest) -> None:
        nonlocal done
        done += 1
        if done == number:
            act()

    with around_calls(after=counted):
        yield


# What is kept


def test_a_case_is_kept_as_it_came_and_told_in_words(on: Stage, invoice: str) -> None:
    started = finished(on, invoice)
    assert status(on, invoice) == "Hos Amili"
    (job,) = read(on)
    found = kept(on, started)
    assert (found.state, found.status, found.closed) == ("debt_collection", "debt_collection_active", False)
    assert (found.capital_to_claim, found.settled_capital, found.remaining_capital) == (
        Decimal(1250),
        Decimal(0),
        Decimal(1250),
    )
    assert found.amounts["local_added_capital"] == Decimal(1250)
    assert [passed.state for passed in found.state_history] == ["initializing", "debt_collection"]
    assert all(passed.at for passed in found.state_history)
    assert found.invoice_number == on.number(invoice)
    assert (job.payload, job.partition, job.urgent) == (Driven(started, CONNECTION), CONNECTION, False)
    assert job.key == stored(on, started).workflow_id
    told(on)
    assert status(on, invoice) == "Hos Amili: Inkassokrav, Inkasso pågår"
    assert changes(on, started) == [("debt_collection", "debt_collection_active", False)]
    assert len(on.ledger.messages(int(invoice))) == 2
    assert events(on, started)[-3:] == ["case_changed", "message_left", "status_written"]


def test_what_does_not_change_costs_one_call_and_no_write(on: Stage, invoice: str, sent: str) -> None:
    calls, writes = asked(on), on.ledger.changing_writes(int(invoice))
    before = stored(on, sent)
    for _ in range(3):
        assert read(on) == []
    assert asked(on) - calls == 3
    told(on)
    assert on.ledger.changing_writes(int(invoice)) == writes
    assert stored(on, sent) == before


def test_each_change_is_told_once(on: Stage, invoice: str, sent: str) -> None:
    writes, messages = on.ledger.changing_writes(int(invoice)), len(on.ledger.messages(int(invoice)))
    move(on, sent, state="reminder", status="initialized")
    for _ in range(3):
        read(on)
        told(on)
    assert status(on, invoice) == "Hos Amili: Påminnelse, Registrerat"
    assert on.ledger.changing_writes(int(invoice)) == writes + 1
    assert len(on.ledger.messages(int(invoice))) == messages + 1
    assert changes(on, sent)[1:] == [("reminder", "initialized", False)]


def test_an_amount_that_changes_is_an_event_and_nothing_to_tell(on: Stage, invoice: str, sent: str) -> None:
    writes = on.ledger.changing_writes(int(invoice))
    move(on, sent, remaining_capital=Decimal("250.00"))
    assert read(on) == []
    told(on)
    assert kept(on, sent).remaining_capital == Decimal("250.00")
    assert len(changes(on, sent)) == 2
    assert on.ledger.changing_writes(int(invoice)) == writes


def test_an_unknown_state_is_shown_as_it_came(on: Stage, invoice: str, sent: str) -> None:
    on.amili.switches.set(replace(SAYS_CLOSED, unknown_state="kronofogden_utmätning"))
    days_later(on)
    read(on)
    told(on)
    assert kept(on, sent).state == "kronofogden_utmätning"
    assert status(on, invoice) == "Hos Amili: kronofogden_utmätning"
    assert not kept(on, sent).closed


@pytest.mark.parametrize("how", [ClosedAs.BOOLEAN, ClosedAs.DATE, ClosedAs.OBJECT])
def test_closed_paid_and_both_balances_are_three_facts(on: Stage, invoice: str, sent: str, how: ClosedAs) -> None:
    on.amili.switches.set(AmiliSwitches(closed_as=how))

    def facts() -> Closing:
        read(on)
        poll(on.deployment, CONNECTION)
        return closing(kept(on, sent), stored(on, sent).standing)

    assert facts() == Closing(closed_at_amili=False, paid_in_ledger=False, balances_zero=False)
    move(on, sent, closed=True)
    assert facts() == Closing(closed_at_amili=True, paid_in_ledger=False, balances_zero=False)
    move(on, sent, remaining_capital=Decimal(0))
    assert facts() == Closing(closed_at_amili=True, paid_in_ledger=False, balances_zero=False)
    on.ledger.books.pay(int(invoice), Decimal("1250.00"))
    assert facts() == Closing(closed_at_amili=True, paid_in_ledger=True, balances_zero=True)
    told(on)
    assert status(on, invoice).startswith("Avslutat hos Amili")


# How much is asked


def test_ten_thousand_open_cases_of_many_companies_take_few_calls(on: Stage, sent: str) -> None:
    others = [add_company(on, number) for number in range(4)]
    for creditor in (GUIDE_CREDITOR, *others):
        made(on, MANY // 5, creditor, creditor)
    before = asked(on)
    read(on)
    assert asked(on) - before <= POLITE, "everything has changed"
    days_later(on)
    minutes_later(on)
    before = asked(on)
    read(on)
    assert asked(on) - before <= POLITE, "the daily reading of all"
    assert len(cases.unknown(on.deployment.databases.main, limit=2 * MANY)) == MANY
    assert kept(on, sent).state == "debt_collection"


def add_company(on: Stage, number: int, **values: Any) -> str:
    """Another company whose creditor the same key pair sees; gives the creditor."""
    creditor = on.amili.add_creditor(GUIDE_ACCOUNT, f"Bolag {number} AB", "5560160680")
    own = on.deployment.connection(CONNECTION)
    details: dict[str, Any] = {
        "connection_id": f"bolag{number}-{creditor}",
        "host": "odoo",
        "name": f"Bolag {number} AB",
        "settings": own.settings.model_copy(update={"creditor": creditor}),
        "amili_access": DEFAULT_ACCESS,
        "secrets": own.secrets,
    }
    connections.add(on.deployment.databases.main, on.deployment.vault, **(details | values))
    return creditor


def test_with_one_company_nothing_is_read_of_others(on: Stage, sent: str) -> None:
    del sent
    stranger = on.amili.add_creditor(GUIDE_ACCOUNT, "Främmande AB", "5560160680")
    made(on, 3, stranger)
    days_later(on)
    read(on)
    read(on)
    assert [case.creditor for case in cases.unknown(on.deployment.databases.main)] == []


def test_cases_of_creditors_that_are_not_connected_are_not_kept(on: Stage, sent: str) -> None:
    del sent
    add_company(on, 9)
    stranger = on.amili.add_creditor(GUIDE_ACCOUNT, "Främmande AB", "5560160680")
    made(on, 3, stranger)
    days_later(on)
    read(on)
    assert cases.unknown(on.deployment.databases.main) == ()


def test_nothing_is_asked_for_companies_that_are_all_parked(on: Stage, sent: str) -> None:
    db = on.deployment.databases.main
    move(on, sent, status="paused")
    before = asked(on)
    with parked(on):
        assert read(on) == []
        assert asked(on) == before
    read(on)
    assert kept(on, sent).status == "paused"
    assert hand_overs.unfinished(db)


@contextmanager
def parked(on: Stage) -> Iterator[None]:
    """None of the ledgers accepts our key."""
    db = on.deployment.databases.main
    known = ledger_keys.every(db)
    for connection_id, key in known.items():
        ledger_keys.refused(db, connection_id, key.number)
    try:
        yield
    finally:
        for connection_id, key in known.items():
            ledger_keys.accepted(db, connection_id, key.number, expires=None)


def test_what_is_to_be_told_waits_for_a_new_key_and_is_then_told(on: Stage, invoice: str, sent: str) -> None:
    move(on, sent, status="paused")
    read(on)
    with parked(on):
        assert write_back(on.deployment, sent).then is Then.STOP
        assert stored(on, sent).waiting_for == WAITS_FOR_KEY
        assert hand_overs.unfinished(on.deployment.databases.main) == ()
    told(on)
    assert "paused" in status(on, invoice)
    assert stored(on, sent).waiting_for == ""


def test_amili_is_left_alone_as_long_as_it_asks(on: Stage, sent: str) -> None:
    move(on, sent, status="paused")
    strike(on, Fault(FaultKind.RATE_LIMITED, ("look",), next_n=1, retry_after_s=120))
    with pytest.raises(ConnectorError):
        read(on)
    before = asked(on)
    assert read(on) == []
    assert asked(on) == before
    with on.deployment.databases.main.begin() as connection:
        table = tables.case_readings
        connection.execute(update(table).values(not_before=table.c.not_before - 121))
    read(on)
    assert kept(on, sent).status == "paused"


def test_a_clock_that_was_put_back_keeps_nobody_from_reading(on: Stage, sent: str) -> None:
    read(on)
    table = tables.case_readings
    with on.deployment.databases.main.begin() as connection:
        day_ahead = table.c.all_read_at + 86_400
        connection.execute(update(table).values(all_read_at=day_ahead, not_before=day_ahead))
    before = asked(on)
    read(on)
    assert asked(on) > before + 1, "the changes, and all open cases too"
    before = asked(on)
    read(on)
    assert asked(on) == before + 1, "all of them are read once a day"


def test_closed_cases_are_not_asked_for_again_and_found_if_they_reopen(on: Stage, invoice: str, sent: str) -> None:
    move(on, sent, closed=True, remaining_capital=Decimal(0))
    read(on)
    days_later(on)
    on.amili.traffic.clear()
    read(on)
    assert asked(on, LOOK_AT_ONE) == 0
    assert kept(on, sent).closed
    move(on, sent, closed=False, status="reopened")
    minutes_later(on)
    read(on)
    assert kept(on, sent).closed, "no change told of it"
    days_later(on)
    read(on)
    assert not kept(on, sent).closed
    told(on)
    assert status(on, invoice) == "Hos Amili: Inkassokrav, reopened"


# Nothing lost


def test_a_case_whose_closing_no_change_told_of_is_read_by_itself(on: Stage, sent: str) -> None:
    move(on, sent, closed=True)
    minutes_later(on)
    read(on)
    assert not kept(on, sent).closed
    days_later(on)
    read(on)
    assert kept(on, sent).closed


def test_a_case_that_changes_while_pages_are_read_is_seen_the_next_time(on: Stage, sent: str) -> None:
    late = made(on, 250)[-1]
    first = next(iter(on.amili.cases.values()))

    def meanwhile() -> None:
        on.amili.set_case(late.id, status="moved")
        on.amili.set_case(first.id, status="moved too")

    with after_call(2, meanwhile):
        read(on)
    read(on)
    known = cases.of_many(on.deployment.databases.main, list(on.amili.cases))
    assert len(known) == 251
    assert (known[late.id].status, known[first.id].status) == ("moved", "moved too")
    assert kept(on, sent)


def test_a_case_passed_over_because_another_closed_is_not_taken_for_closed(on: Stage, sent: str) -> None:
    many = made(on, 250)
    read(on)
    minutes_later(on)
    days_later(on)
    # The list begins anew after it: what was first on the second page comes last on the first, which is read already.
    with after_call(2, lambda: move(on, sent, closed=True)):
        read(on)
    read(on)
    known = cases.of_many(on.deployment.databases.main, list(on.amili.cases))
    assert len(known) == len(many) + 1
    assert [one.id for one in known.values() if one.closed] == [case_of(on, sent).id]


def test_a_reading_that_is_cut_off_anywhere_loses_nothing(on: Stage, invoice: str, sent: str) -> None:
    made(on, 150)
    writes = on.ledger.changing_writes(int(invoice))
    move(on, sent, state="reminder")
    days_later(on)
    minutes_later(on)
    for call in range(1, 6):
        for after in (False, True):
            with death_at_call(call, after=after):
                read(on)
            with death_at_call(call, after=after):
                told(on)
            with on.deployment.databases.main.begin() as connection:
                connection.execute(update(tables.hand_overs).values(free_at=0.0))
    read(on)
    told(on)
    assert status(on, invoice).startswith("Hos Amili: Påminnelse")
    assert changes(on, sent)[1:] == [("reminder", "debt_collection_active", False)]
    assert on.ledger.changing_writes(int(invoice)) == writes + 1
    assert stored(on, sent).write_back is WriteBackState.WRITTEN


def test_a_process_that_dies_before_it_drives_what_it_read_leaves_it_to_be_found(
    on: Stage, invoice: str, sent: str
) -> None:
    move(on, sent, state="reminder")

    def dies(_job: Job) -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        case_reading.read(on.deployment, dies, DEFAULT_ACCESS)
    assert [one.id for one in hand_overs.unfinished(on.deployment.databases.main)] == [sent]
    assert read(on) == [], "it is kept already"
    told(on)
    assert status(on, invoice).startswith("Hos Amili: Påminnelse")


def test_two_workers_that_read_at_once_tell_it_once(on: Stage, sent: str) -> None:
    move(on, sent, state="reminder")
    begin = threading.Barrier(2)
    jobs: list[Job] = []

    def work() -> None:
        begin.wait()
        jobs.extend(read(on, elsewhere(on.deployment)))

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(jobs) == 1
    assert len(changes(on, sent)) == 2


def test_who_read_before_does_not_undo_what_was_read_later(on: Stage, sent: str) -> None:
    db = on.deployment.databases.main
    older = kept(on, sent).model_copy(update={"updated_at": datetime.now(UTC) - timedelta(hours=1), "state": "invoice"})
    move(on, sent, state="reminder")
    read(on)
    assert cases.news(db, [older]) == ()


def test_a_change_while_the_ledger_is_being_told_is_told_too(on: Stage, invoice: str, sent: str) -> None:
    move(on, sent, state="reminder")
    read(on)
    lease = claimed(on, sent)
    move(on, sent, state="invoice")
    read(on)
    db = on.deployment.databases.main
    assert not hand_over_work.write_back_result(db, lease, WriteBackState.WRITTEN, None, places=("x",))
    assert stored(on, sent).write_back is WriteBackState.PENDING
    told(on)
    assert status(on, invoice).startswith("Hos Amili: Faktura")


def test_a_change_before_the_hand_over_is_through_ends_with_it(on: Stage, invoice: str) -> None:
    started = begun(on, invoice)
    driven(on, started)
    write_back(on.deployment, started)
    assert stored(on, started).write_back is WriteBackState.WRITTEN
    assert read(on) == [], "its work is under way"
    assert stored(on, started).write_back is WriteBackState.PENDING
    told(on)
    assert stored(on, started).state is HandOverState.DONE
    assert status(on, invoice) == "Hos Amili: Inkassokrav, Inkasso pågår"


def test_a_ledger_that_refuses_is_a_finding_and_is_told_again_at_the_next_change(
    on: Stage, invoice: str, sent: str
) -> None:
    move(on, sent, state="reminder")
    read(on)
    on.ledger.switches.set(LedgerSwitches(custom_fields=False))
    assert write_back(elsewhere(on.deployment), sent).then is Then.NEXT
    refused = stored(on, sent)
    assert (refused.state, refused.write_back) == (HandOverState.DONE, WriteBackState.REFUSED)
    assert [finding.code for finding in refused.findings if finding.severity != "info"] == ["write_back_refused"]
    assert hand_overs.unfinished(on.deployment.databases.main) == ()
    on.ledger.switches.set(LedgerSwitches())
    move(on, sent, state="invoice")
    read(on)
    assert write_back(elsewhere(on.deployment), sent).then is Then.NEXT
    assert status(on, invoice).startswith("Hos Amili: Faktura")
    assert [finding.code for finding in stored(on, sent).findings if finding.severity != "info"] == []
    assert str(on.ledger.books.field(int(invoice), "x_amili_findings") or "") == ""


def test_a_ledger_without_a_place_for_it_is_not_called(on: Stage, sent: str) -> None:
    own = on.deployment.connection(CONNECTION)
    table = tables.connections
    fortnox = elsewhere(on.deployment, fortnox_client_id="id", fortnox_client_secret=SecretStr("secret"))
    before = stored(on, sent)
    with on.deployment.databases.main.begin() as connection:
        changed = own.settings.model_copy(update={"host": {"tenant_id": "1"}})
        connection.execute(
            update(table).where(table.c.id == CONNECTION).values(host="fortnox", settings=changed.model_dump_json())
        )
    try:
        move(on, sent, state="reminder")
        assert read(on, fortnox) == []
    finally:
        with on.deployment.databases.main.begin() as connection:
            connection.execute(
                update(table)
                .where(table.c.id == CONNECTION)
                .values(host="odoo", settings=own.settings.model_dump_json())
            )
    assert stored(on, sent) == before
    assert changes(on, sent)[1:] == [("reminder", "debt_collection_active", False)]


# For whoever compares


def test_a_case_nobody_here_knows_is_kept_for_who_compares(on: Stage, sent: str) -> None:
    del sent
    invoice = on.invoice()
    case = case_at_amili(on, invoice)
    read(on)
    (found,) = cases.unknown(on.deployment.databases.main)
    assert (found.id, found.creditor, found.invoice_number) == (case.id, GUIDE_CREDITOR, on.number(invoice))
    started = begun(on, invoice)
    driven(on, started)
    assert cases.unknown(on.deployment.databases.main) == ()
    write_back(on.deployment, started)
    assert status(on, invoice) == "Hos Amili: Påminnelse, reminder_active"


def test_a_case_that_vanished_is_noted_once_and_not_asked_for_again(on: Stage, sent: str) -> None:
    case = case_of(on, sent)
    public_key = on.deployment.access(DEFAULT_ACCESS).public_key
    on.amili.register_key(canary.API_CODE, public_key, accounts=())
    for _ in range(3):
        days_later(on)
        read(on)
    assert asked(on, LOOK_AT_ONE) == 1
    (found,) = cases.vanished(on.deployment.databases.main)
    assert (found.id, found.gone_at is not None) == (case.id, True)
    assert events(on, sent).count("case_gone") == 1
    (task,) = failing(on)
    assert (task.concerns, "read a case" in en(task.says[0])) == (frozenset({sent}), True)
    on.amili.register_key(canary.API_CODE, public_key)
    days_later(on)
    read(on)
    assert cases.vanished(on.deployment.databases.main) == ()
    assert failing(on) == []


def failing(on: Stage) -> list[Task]:
    return [task for task in tasks.gather(on.deployment.databases.main) if task.kind is TaskKind.FAILING]


def test_a_case_that_was_closed_before_it_was_ever_read_is_read_by_itself(on: Stage, invoice: str) -> None:
    started = finished(on, invoice)
    move(on, started, closed=True)
    with on.deployment.databases.main.begin() as connection:
        connection.execute(update(tables.hand_overs).values(registered_at=0.0))
    read(on)
    assert asked(on, LOOK_AT_ONE) == 1
    assert kept(on, started).closed
