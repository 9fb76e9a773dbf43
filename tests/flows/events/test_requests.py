"""Requests: a hint is only a hint, a wish is answered once, and polling finds what no hint told of."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr
from sqlalchemy import select

from connector.domain.connection import FirstAction
from connector.domain.errors import ConnectorError
from connector.domain.hand_over import HandOverState, Origin, Request
from connector.flows.events import following, requests
from connector.flows.hand_over import driving
from connector.flows.hand_over.write_back import write_back
from connector.flows.job import Job
from connector.flows.outcome import Then
from connector.sandbox.odoo.switches import LedgerSwitches
from connector.sandbox.shared.switches import Fault, FaultKind
from connector.store import inbox, tables
from connector.store.crypto import Vault
from connector.store.inbox import Kind
from tests.flows.hand_over_steps import asked, calls, driven, events, registrations, stored
from tests.flows.stage import CONNECTION, Stage

READ = "POST /json/2/x_amili_request/search_read"


def job_id(job: Job) -> tuple[object, ...]:
    return job.kind, job.partition, job.key, job.number


class Submitted:
    """The jobs that the engine would be given; a key that it has had before is nothing new to it."""

    def __init__(self) -> None:
        self.jobs: dict[tuple[object, ...], Job] = {}

    def __call__(self, job: Job) -> None:
        self.jobs.setdefault(job_id(job), job)

    def of(self, kind: str) -> list[Job]:
        return [job for job in self.jobs.values() if job.kind == kind]


@pytest.fixture
def submitted() -> Submitted:
    """What has been submitted to the engine."""
    return Submitted()


def dispatch(on: Stage, submitted: Submitted) -> None:
    """Take up everything that waits, and follow the hints, until nothing waits."""
    followed: set[tuple[object, ...]] = set()
    while requests.dispatch(on.deployment, submitted):
        for job in submitted.of(requests.HINT):
            if job_id(job) not in followed:
                followed.add(job_id(job))
                assert requests.follow_hint(on.deployment, job.payload).then is Then.NEXT


def poll(on: Stage) -> None:
    assert following.poll(on.deployment, CONNECTION).then is Then.STOP


def waiting(on: Stage) -> list[str]:
    return [item.invoice_id for item in inbox.waiting(on.deployment.databases.inbox)]


def undone_s(on: Stage) -> float:
    return inbox.oldest_waiting_s(on.deployment.databases.inbox)


def reads(on: Stage) -> int:
    counted: dict[str, int] = on.ledger.traffic.snapshot()["requests"]
    return counted.get(READ, 0)


# Hints


def test_a_hint_about_a_wish_becomes_its_hand_over(on: Stage, submitted: Submitted) -> None:
    invoice = on.invoice(wished_by="Eva Ekonom")
    on.hint(invoice)
    dispatch(on, submitted)
    started = on.hand_over(invoice)
    assert started is not None
    assert (started.origin, started.asked_by, started.state) == (
        Origin.LEDGER,
        "Eva Ekonom",
        HandOverState.REQUESTED,
    )
    assert started.wish_mark == on.odoo.mark(invoice)
    (job,) = submitted.of(driving.HAND_OVER)
    assert (job.payload.hand_over, job.key, job.partition, job.urgent) == (
        started.id,
        started.workflow_id,
        CONNECTION,
        True,
    )
    assert undone_s(on) == 0.0


def test_one_hint_brings_every_invoice_that_was_chosen_at_once(on: Stage, submitted: Submitted) -> None:
    chosen = [on.invoice(wished_by="Eva Ekonom") for _ in range(3)]
    on.hint(chosen[1])
    dispatch(on, submitted)
    started = [on.hand_over(invoice) for invoice in chosen]
    assert [hand_over.asked_by for hand_over in started if hand_over] == ["Eva Ekonom"] * 3
    assert len(submitted.of(driving.HAND_OVER)) == 3
    assert undone_s(on) == 0.0


def test_a_hint_without_a_wish_is_a_read_and_nothing_else(on: Stage, submitted: Submitted) -> None:
    """A forged event: somebody who knows the address names an invoice that nobody asked to send."""
    invoice = on.invoice()
    before = reads(on)
    on.hint(invoice)
    dispatch(on, submitted)
    assert on.hand_over(invoice) is None
    assert submitted.of(driving.HAND_OVER) == []
    assert reads(on) == before + 1
    assert on.amili.traffic.snapshot()["requests"] == {}
    assert not on.ledger.changing_writes(int(invoice))
    assert undone_s(on) == 0.0


@pytest.mark.parametrize("invoice", ["999999", "0", "not-a-number", "99999999999999999999"])
def test_a_hint_about_nothing_is_nothing(on: Stage, submitted: Submitted, invoice: str) -> None:
    on.hint(invoice)
    dispatch(on, submitted)
    assert submitted.of(driving.HAND_OVER) == []
    assert undone_s(on) == 0.0


def test_a_hint_about_an_unknown_company_is_dropped(on: Stage, submitted: Submitted) -> None:
    inbox.put_hint(on.deployment.databases.inbox, "nobody", "1")
    dispatch(on, submitted)
    assert submitted.of(driving.HAND_OVER) == []
    assert undone_s(on) == 0.0


def test_twenty_hints_about_one_invoice_are_one_look(on: Stage, submitted: Submitted) -> None:
    invoice = on.invoice(wished_by="Eva Ekonom")
    before = reads(on)
    for _ in range(20):
        on.hint(invoice)
    dispatch(on, submitted)
    # One for this invoice, one for whatever else was chosen at once.
    assert reads(on) == before + 2
    assert len(submitted.of(requests.HINT)) == 1
    assert len(submitted.of(driving.HAND_OVER)) == 1
    assert undone_s(on) == 0.0


def test_hints_that_name_no_invoice_are_one_question(on: Stage, submitted: Submitted) -> None:
    for _ in range(20):
        on.hint(inbox.NO_INVOICE)
    dispatch(on, submitted)
    (question,) = submitted.of(following.CHANGES)
    assert submitted.of(requests.HINT) == []
    assert undone_s(on) == 0.0
    assert 0 < question.after_s <= 40
    assert abs(question.number - time.time() - question.after_s) <= 1


def test_what_has_changed_is_asked_at_most_twice_a_minute_and_never_too_early() -> None:
    instants_s = [1_000_000_020.0 + second for second in range(60)]
    questions = [following.changes_job(CONNECTION, at_s=at_s) for at_s in instants_s]
    assert len({one.number for one in questions}) == 2
    assert all(10 < one.after_s <= 40 for one in questions)
    assert {one.number - at_s - one.after_s for one, at_s in zip(questions, instants_s, strict=True)} == {0}


def test_a_hint_that_came_while_the_look_was_under_way_is_looked_at_again(on: Stage, submitted: Submitted) -> None:
    invoice = on.invoice()
    on.hint(invoice)
    requests.dispatch(on.deployment, submitted)
    on.hint(invoice)
    (first,) = submitted.of(requests.HINT)
    requests.follow_hint(on.deployment, first.payload)
    assert waiting(on) == [invoice]
    on.ledger.click_send(int(invoice), "Eva Ekonom")
    dispatch(on, submitted)
    assert on.hand_over(invoice) is not None


def test_a_look_that_fails_leaves_the_hint_to_be_looked_at_again(on: Stage, submitted: Submitted) -> None:
    invoice = on.invoice(wished_by="Eva Ekonom")
    on.hint(invoice)
    requests.dispatch(on.deployment, submitted)
    (job,) = submitted.of(requests.HINT)
    on.ledger.switches.set(LedgerSwitches(faults=(Fault(FaultKind.FAIL_BEFORE, next_n=1),)))
    with pytest.raises(ConnectorError):
        requests.follow_hint(on.deployment, job.payload)
    assert on.hand_over(invoice) is None
    assert undone_s(on) > 0.0
    requests.follow_hint(on.deployment, job.payload)
    dispatch(on, submitted)
    assert on.hand_over(invoice) is not None
    assert undone_s(on) == 0.0


def test_a_hint_whose_work_was_lost_is_taken_up_again(on: Stage, submitted: Submitted) -> None:
    invoice = on.invoice(wished_by="Eva Ekonom")
    on.hint(invoice)
    requests.dispatch(on.deployment, submitted)
    assert waiting(on) == []
    assert inbox.return_stranded(on.deployment.databases.inbox, older_than_s=-1) == 1
    dispatch(on, submitted)
    assert on.hand_over(invoice) is not None


# Wishes


def test_the_wishs_first_action_is_taken_if_it_is_one(on: Stage, submitted: Submitted) -> None:
    invoices = {word: on.invoice() for word in ("reminder", "", "something_new")}
    for word, invoice in invoices.items():
        on.ledger.click_send(int(invoice), "Eva Ekonom", word)
        on.hint(invoice)
    dispatch(on, submitted)
    taken = {word: on.hand_over(invoice) for word, invoice in invoices.items()}
    assert {word: started.first_action for word, started in taken.items() if started} == {
        "reminder": FirstAction.REMINDER,
        "": FirstAction.DEBT_COLLECTION,
        "something_new": "something_new",
    }


def test_a_wish_is_answered_once(on: Stage, submitted: Submitted) -> None:
    invoice = on.invoice(on.customer(company_registry=""), wished_by="Eva Ekonom")
    on.hint(invoice)
    dispatch(on, submitted)
    (job,) = submitted.of(driving.HAND_OVER)
    assert driven(on, job.payload.hand_over).state is HandOverState.BLOCKED
    for _ in range(3):
        on.hint(invoice)
        dispatch(on, submitted)
        poll(on)
        dispatch(on, submitted)
    assert stored(on, job.payload.hand_over).state is HandOverState.BLOCKED
    assert events(on, job.payload.hand_over) == ["asked", "blocked"]
    assert len(submitted.of(driving.HAND_OVER)) == 1


def test_a_wish_expressed_anew_is_worked_on_anew(on: Stage, submitted: Submitted) -> None:
    customer = on.customer(company_registry="")
    invoice = on.invoice(customer, wished_by="Eva Ekonom")
    on.hint(invoice)
    dispatch(on, submitted)
    (first,) = submitted.of(driving.HAND_OVER)
    driven(on, first.payload.hand_over)
    on.ledger.books.set_customer(customer, company_registry="556016-0680")
    on.side.wish(invoice, "Eva Ekonom")
    poll(on)
    dispatch(on, submitted)
    (_, second) = submitted.of(driving.HAND_OVER)
    assert second.payload.hand_over == first.payload.hand_over
    assert second.key != first.key
    assert driven(on, second.payload.hand_over).state is HandOverState.REGISTERED


def test_a_wish_that_has_its_case_stands_no_longer(on: Stage, submitted: Submitted) -> None:
    invoice = on.invoice(wished_by="Eva Ekonom")
    on.hint(invoice)
    dispatch(on, submitted)
    (job,) = submitted.of(driving.HAND_OVER)
    driven(on, job.payload.hand_over)
    write_back(on.deployment, job.payload.hand_over)
    on.side.wish(invoice, "Eva Ekonom")
    on.hint(invoice)
    poll(on)
    dispatch(on, submitted)
    assert registrations(on, invoice) == 1
    assert events(on, job.payload.hand_over).count("asked") == 1


# Polling


def test_polling_finds_wishes_without_any_hint(on: Stage, submitted: Submitted) -> None:
    wished = [on.invoice(wished_by="Eva Ekonom") for _ in range(3)]
    unwished = on.invoice()
    poll(on)
    assert set(wished) <= set(waiting(on))
    assert unwished not in waiting(on)
    dispatch(on, submitted)
    assert all(on.hand_over(invoice) for invoice in wished)


def test_polling_does_not_look_again_at_what_is_under_way(on: Stage, submitted: Submitted) -> None:
    invoice = on.invoice(wished_by="Eva Ekonom")
    poll(on)
    dispatch(on, submitted)
    poll(on)
    assert invoice not in waiting(on)


def test_a_poll_of_a_ledger_that_is_down_says_so(on: Stage) -> None:
    on.ledger.switches.set(LedgerSwitches(faults=(Fault(FaultKind.FAIL_BEFORE, share=1.0),)))
    with pytest.raises(ConnectorError, match="Odoo"):
        following.poll(on.deployment, CONNECTION)
    assert waiting(on) == []


# Requests of people and rules


def test_a_persons_request_is_taken_and_done(on: Stage, submitted: Submitted) -> None:
    invoice = on.invoice()
    on.ask(invoice)
    dispatch(on, submitted)
    (job,) = submitted.of(driving.HAND_OVER)
    assert job.urgent
    assert stored(on, job.payload.hand_over).invoice_id == invoice
    assert undone_s(on) == 0.0


def test_a_rules_request_stands_behind_peoples(on: Stage, submitted: Submitted) -> None:
    request = Request(connection=CONNECTION, invoice_id=on.invoice(), origin=Origin.RULE, asked_by="due 30 days")
    inbox.put_request(on.deployment.databases.inbox, request)
    dispatch(on, submitted)
    (job,) = submitted.of(driving.HAND_OVER)
    assert not job.urgent


def test_a_request_taken_twice_starts_one_piece_of_work(on: Stage, submitted: Submitted) -> None:
    """The worker died between taking the request and noting that it did."""
    invoice = on.invoice()
    on.ask(invoice)
    (item,) = inbox.waiting(on.deployment.databases.inbox)
    assert item.request is not None
    requests.take(on.deployment, item.request, submitted)
    dispatch(on, submitted)
    assert len(submitted.of(driving.HAND_OVER)) == 1
    started = on.hand_over(invoice)
    assert started is not None
    assert events(on, started.id) == ["asked"]


@pytest.mark.parametrize(("origin", "woken"), [(Origin.COMMAND, True), (Origin.PAGE, True), (Origin.RULE, False)])
def test_a_person_who_asks_again_wakes_what_pauses(on: Stage, origin: Origin, woken: bool) -> None:
    request = Request(connection=CONNECTION, invoice_id=on.invoice(), origin=origin, asked_by="eva@byran.example")
    paused, submitted = Submitted(), Submitted()
    for _ in range(2):
        taken = requests.take(on.deployment, request, submitted, paused)
    assert [job.key for job in paused.jobs.values()] == ([taken.workflow_id] if woken else [])


def test_a_request_for_what_is_done_starts_nothing(on: Stage, submitted: Submitted) -> None:
    invoice = on.invoice()
    started, _ = asked(on, invoice)
    driven(on, started.id)
    on.ask(invoice)
    requests.dispatch(on.deployment, submitted)
    assert [job.key for job in submitted.of(driving.HAND_OVER)] in ([], [started.workflow_id])
    assert registrations(on, invoice) == 1


def test_a_request_for_an_unknown_company_is_dropped_and_stops_no_other(on: Stage, submitted: Submitted) -> None:
    request = Request(connection="nobody", invoice_id="1", origin=Origin.COMMAND, asked_by="Eva")
    inbox.put_request(on.deployment.databases.inbox, request)
    invoice = on.invoice()
    on.ask(invoice)
    dispatch(on, submitted)
    assert on.hand_over(invoice) is not None
    assert undone_s(on) == 0.0


def test_a_request_that_cannot_be_taken_stops_no_other_and_is_not_lost(on: Stage, submitted: Submitted) -> None:
    table = tables.connections
    bad, good = on.invoice(), on.invoice()
    on.ask(bad)
    with on.deployment.databases.main.begin() as connection:
        (kept,) = connection.execute(table.select().with_only_columns(table.c.settings)).scalars().all()
        connection.execute(table.update().values(settings='{"a setting": "of a later release"}'))
    requests.dispatch(on.deployment, submitted)
    with on.deployment.databases.main.begin() as connection:
        connection.execute(table.update().values(settings=kept))
    on.ask(good)
    dispatch(on, submitted)
    assert on.hand_over(good) is not None
    assert on.hand_over(bad) is None
    assert undone_s(on) > 0.0
    inbox.return_stranded(on.deployment.databases.inbox, older_than_s=-1)
    dispatch(on, submitted)
    assert on.hand_over(bad) is not None


def test_a_request_is_not_lost_while_a_key_of_ours_is_missing(on: Stage, submitted: Submitted) -> None:
    """Somebody started the worker with the wrong SECRET_KEYS: no secret opens, but nothing is dropped."""
    invoice = on.invoice()
    on.ask(invoice)
    locked_out = replace(on.deployment, vault=Vault((SecretStr(Fernet.generate_key().decode()),)), _clients={})
    requests.dispatch(locked_out, submitted)
    started = on.hand_over(invoice)
    assert started is not None
    assert started.state is HandOverState.REQUESTED
    assert driven(on, started.id).state is HandOverState.REGISTERED


def test_nothing_is_marked_when_the_engine_cannot_take_the_work(on: Stage) -> None:
    on.hint(on.invoice(wished_by="Eva Ekonom"))

    def down(_: Job) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        requests.dispatch(on.deployment, down)
    assert len(waiting(on)) == 1


def test_an_empty_inbox_is_no_work(on: Stage, submitted: Submitted) -> None:
    assert requests.dispatch(on.deployment, submitted) == 0
    assert submitted.jobs == {}
    assert calls(on, "GET /cases") == 0


def test_many_wishes_with_a_hint_each_are_one_row_and_one_piece_of_work_each(on: Stage, submitted: Submitted) -> None:
    invoices = [on.invoice(wished_by="Eva Ekonom") for _ in range(30)]
    for invoice in invoices:
        on.hint(invoice)
    dispatch(on, submitted)
    table = tables.inbox
    with on.deployment.databases.inbox.connect() as connection:
        rows = connection.execute(select(table.c.invoice_id).where(table.c.kind == Kind.REQUEST)).scalars().all()
    assert sorted((row for row in rows if row in invoices), key=int) == invoices
    begun = [stored(on, job.payload.hand_over).invoice_id for job in submitted.of(driving.HAND_OVER)]
    assert sorted((one for one in begun if one in invoices), key=int) == invoices
