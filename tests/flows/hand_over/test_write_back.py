"""The write-back: what became of the invoice stands where the accountant looks, written once."""

from __future__ import annotations

import html
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from connector.domain.dates import last_day_to_pay, today
from connector.domain.findings import Severity
from connector.domain.hand_over import HandOverState, Origin, WriteBackState
from connector.flows.hand_over.upload import upload
from connector.flows.hand_over.write_back import write_back
from connector.flows.outcome import Outcome, Then
from connector.flows.sending.decisions import TRIES_BEFORE_GIVING_UP
from connector.flows.tasks import tasks
from connector.sandbox.odoo.books import InvoiceLine
from connector.sandbox.odoo.switches import LedgerSwitches
from connector.sandbox.shared.switches import Fault, FaultKind
from connector.store import connections, hand_overs, timeline
from tests.flows.hand_over_steps import (
    asked,
    begun,
    claimed,
    codes,
    death_at_call,
    driven,
    elsewhere,
    events,
    let_pass,
    stored,
)
from tests.flows.stage import CONNECTION, Stage
from tests.said import en, sv

WRITE = ("account.move/write",)
POST = ("account.move/message_post",)


@pytest.fixture
def invoice(on: Stage) -> str:
    """An overdue invoice."""
    return on.invoice()


@pytest.fixture
def hand_over(on: Stage, invoice: str) -> str:
    """A hand-over whose case has its PDF."""
    started = begun(on, invoice)
    driven(on, started)
    upload(on.deployment, started)
    return started


def step(on: Stage, hand_over: str) -> Outcome:
    return write_back(on.deployment, hand_over)


def shown(on: Stage, invoice: str) -> tuple[object, object]:
    """Case id and status as the ledger shows them."""
    fields = on.ledger.books.field
    return fields(int(invoice), "x_amili_case_id"), fields(int(invoice), "x_amili_status")


def messages(on: Stage, invoice: str) -> list[str]:
    return on.ledger.messages(int(invoice))


def field(on: Stage, invoice: str, name: str) -> str:
    return str(on.ledger.books.field(int(invoice), name) or "")


def strike(on: Stage, fault: Fault) -> None:
    on.ledger.switches.set(LedgerSwitches(faults=(fault,)))


def written(on: Stage, hand_over: str) -> list[bool]:
    """Whether each write-back that is on record wrote the case id."""
    entries = timeline.of_hand_over(on.deployment.databases.main, hand_over)
    return [entry.data["case_id_written"] for entry in entries if "case_id_written" in entry.data]


def blocked(on: Stage, invoice: str, **values: str) -> str:
    """A hand-over that ended with findings, asked for as `values` say."""
    started = begun(on, invoice, **values)
    assert driven(on, started).state is HandOverState.BLOCKED
    return started


def test_case_status_and_date_stand_on_the_invoice(on: Stage, hand_over: str, invoice: str) -> None:
    assert step(on, hand_over).then is Then.NEXT
    ended = stored(on, hand_over)
    assert (ended.state, ended.write_back) == (HandOverState.DONE, WriteBackState.WRITTEN)
    assert shown(on, invoice) == (ended.case_id, "Hos Amili")
    assert ended.registered_at is not None
    registered = datetime.fromtimestamp(ended.registered_at, UTC)
    assert on.ledger.books.field(int(invoice), "x_amili_date") == f"{registered:%Y-%m-%d %H:%M:%S}"
    assert field(on, invoice, "x_amili_url") == f"{on.deployment.settings.public_url}/hand-overs/{hand_over}"
    assert field(on, invoice, "x_amili_findings") == ""
    (message,) = messages(on, invoice)
    assert f"Amili: Hos Amili · Ärende {ended.case_id}" in message
    assert f"/hand-overs/{hand_over}" in message
    assert events(on, hand_over)[-3:] == ["message_left", "written_back", "done"]
    assert written(on, hand_over) == [True]


def test_a_repeated_step_writes_nothing_more(on: Stage, hand_over: str, invoice: str) -> None:
    for _ in range(3):
        assert step(on, hand_over).then is Then.NEXT
    assert on.ledger.changing_writes(int(invoice)) == 1
    assert events(on, hand_over).count("written_back") == 1


@pytest.mark.parametrize("kind", [FaultKind.FAIL_AFTER, FaultKind.DROP_AFTER, FaultKind.HALF_ANSWER])
def test_a_write_whose_answer_was_lost_is_not_repeated(
    on: Stage, hand_over: str, invoice: str, kind: FaultKind
) -> None:
    strike(on, Fault(kind, WRITE, next_n=1))
    assert step(on, hand_over).then is Then.AGAIN
    assert stored(on, hand_over).state is HandOverState.REGISTERED
    assert step(on, hand_over).then is Then.NEXT
    assert stored(on, hand_over).state is HandOverState.DONE
    assert on.ledger.changing_writes(int(invoice)) == 1
    assert sum(write["id"] == int(invoice) for write in on.ledger.writes) == 1, "it was seen to stand there"


@pytest.mark.parametrize(
    "fault",
    [
        Fault(FaultKind.FAIL_BEFORE, WRITE, next_n=1, status=502),
        Fault(FaultKind.RATE_LIMITED, WRITE, next_n=1),
        Fault(FaultKind.UNAUTHORISED, next_n=1),
    ],
    ids=lambda fault: fault.kind,
)
def test_what_did_not_arrive_is_written_later(on: Stage, hand_over: str, invoice: str, fault: Fault) -> None:
    strike(on, fault)
    outcome = step(on, hand_over)
    assert outcome.then is Then.AGAIN
    assert outcome.after_s > 0
    waiting = stored(on, hand_over)
    assert (waiting.state, waiting.write_back) == (HandOverState.REGISTERED, WriteBackState.PENDING)
    assert waiting.waiting_for.startswith("Odoo")
    assert step(on, hand_over).then is Then.NEXT
    assert shown(on, invoice)[0] == waiting.case_id
    assert stored(on, hand_over).waiting_for == ""


def test_a_right_that_stays_missing_makes_a_finding_and_the_hand_over_ends(on: Stage, hand_over: str) -> None:
    groups = on.ledger.groups
    on.ledger.groups = dict.fromkeys(groups, frozenset({"base.group_user"}))
    tries = 1
    try:
        while step(on, hand_over).then is Then.AGAIN:
            tries += 1
            assert tries <= TRIES_BEFORE_GIVING_UP
    finally:
        on.ledger.groups = groups
    assert tries == TRIES_BEFORE_GIVING_UP, "it was worth waiting for"
    ended = stored(on, hand_over)
    assert (ended.state, ended.write_back) == (HandOverState.DONE, WriteBackState.REFUSED)
    assert (ended.findings[-1].code, ended.findings[-1].severity) == ("write_back_refused", Severity.WARNING)
    assert ended.case_id


def test_a_ledger_without_our_fields_makes_a_finding(on: Stage, hand_over: str, invoice: str) -> None:
    on.ledger.switches.set(LedgerSwitches(custom_fields=False))
    assert write_back(elsewhere(on.deployment), hand_over).then is Then.NEXT
    ended = stored(on, hand_over)
    assert (ended.state, ended.write_back) == (HandOverState.DONE, WriteBackState.REFUSED)
    assert "not set up" in en(ended.findings[-1])
    assert not on.ledger.changing_writes(int(invoice))


def test_an_invoice_that_is_gone_makes_a_finding(on: Stage, hand_over: str, invoice: str) -> None:
    on.ledger.books.set_invoice(int(invoice), company_id=2)
    assert step(on, hand_over).then is Then.NEXT
    ended = stored(on, hand_over)
    assert (ended.state, ended.write_back) == (HandOverState.DONE, WriteBackState.REFUSED)


def test_a_finding_about_the_pdf_is_not_lost_by_one_about_the_write_back(on: Stage, invoice: str) -> None:
    started = begun(on, invoice)
    driven(on, started)
    on.ledger.break_pdf(int(invoice))
    upload(on.deployment, started)
    on.ledger.switches.set(LedgerSwitches(custom_fields=False))
    write_back(elsewhere(on.deployment), started)
    assert codes(on, started) == ["pdf_unavailable", "write_back_refused"]


def test_the_case_is_written_while_the_pdf_still_waits(on: Stage, invoice: str) -> None:
    started = begun(on, invoice)
    driven(on, started)
    assert step(on, started).then is Then.NEXT
    assert shown(on, invoice)[0] == stored(on, started).case_id
    assert stored(on, started).state is HandOverState.REGISTERED
    upload(on.deployment, started)
    assert step(on, started).then is Then.NEXT
    assert stored(on, started).state is HandOverState.DONE
    assert on.ledger.changing_writes(int(invoice)) == 1


def test_a_wish_that_is_stopped_is_answered_where_it_was_made(on: Stage) -> None:
    invoice = on.invoice(on.customer(company_registry=""))
    started = blocked(on, invoice, origin=Origin.LEDGER, wish_mark="x_amili_request,1")
    assert step(on, started).then is Then.NEXT
    case_id, status = shown(on, invoice)
    assert not case_id
    assert status == "Åtgärd krävs"
    asked_for = next(sv(found) for found in stored(on, started).findings if found.code == "E2")
    assert asked_for in field(on, invoice, "x_amili_findings").splitlines()
    (message,) = messages(on, invoice)
    assert asked_for in html.unescape(message)
    assert stored(on, started).state is HandOverState.BLOCKED
    assert events(on, started)[-1] == "status_written", "there is no case whose id could be written"
    assert written(on, started) == [False]
    assert step(on, started).then is Then.NEXT
    assert on.ledger.changing_writes(int(invoice)) == 1


@pytest.mark.parametrize("late_days", [0, -1, -2, -3, -4, -5, -6])
def test_a_wish_before_its_time_is_told_from_when_on_whatever_day_it_falls_due(on: Stage, late_days: int) -> None:
    lines = [InvoiceLine("Konsulttimmar, projektering", Decimal(1000), Decimal(1))]
    invoice = str(on.ledger.books.add_invoice(on.customer(), lines, due_days_ago=late_days))
    on.side.wish(invoice, "Eva")
    started = blocked(on, invoice, origin=Origin.LEDGER, wish_mark=field(on, invoice, "x_amili_requested_at"))
    step(on, started)
    earliest = last_day_to_pay(today() - timedelta(days=late_days)) + timedelta(days=1)
    assert f"Den kan skickas tidigast {earliest}." in field(on, invoice, "x_amili_findings")
    assert on.cases(invoice) == 0


def test_the_answer_to_a_wish_names_what_must_be_done_and_no_more(on: Stage) -> None:
    invoice = on.invoice(
        on.customer(company_registry="19900101-1239", is_company="", name="Anna Andersson"), price="20"
    )
    started = blocked(on, invoice, origin=Origin.LEDGER, wish_mark="x_amili_request,1")
    step(on, started)
    told = field(on, invoice, "x_amili_findings")
    found = stored(on, started).findings
    assert len(told.splitlines()) == len([one for one in found if one.severity is not Severity.INFO])
    assert "19900101" not in told.replace("-", "")
    assert all(sv(one) not in told for one in found if one.severity is Severity.INFO)


@pytest.mark.parametrize("origin", [Origin.PAGE, Origin.COMMAND, Origin.RULE])
def test_who_asked_elsewhere_is_answered_there(on: Stage, origin: Origin) -> None:
    invoice = on.invoice(on.customer(company_registry=""))
    started = blocked(on, invoice, origin=origin)
    assert step(on, started).then is Then.NEXT
    assert not on.ledger.changing_writes(int(invoice))


def test_once_mended_the_case_takes_the_place_of_the_answer(on: Stage) -> None:
    customer = on.customer(company_registry="")
    invoice = on.invoice(customer)
    started = blocked(on, invoice, origin=Origin.LEDGER, wish_mark="x_amili_request,1")
    step(on, started)
    on.ledger.books.set_customer(customer, company_registry="556016-0680")
    asked(on, invoice, origin=Origin.LEDGER, wish_mark="x_amili_request,2")
    driven(on, started)
    upload(on.deployment, started)
    step(on, started)
    assert shown(on, invoice) == (stored(on, started).case_id, "Hos Amili")
    assert field(on, invoice, "x_amili_findings") == ""
    assert len(messages(on, invoice)) == 2, "one for each outcome"


def test_the_same_answer_to_a_new_wish_is_no_new_message(on: Stage) -> None:
    invoice = on.invoice(on.customer(company_registry=""))
    started = blocked(on, invoice, origin=Origin.LEDGER, wish_mark="x_amili_request,1")
    step(on, started)
    for mark in ("x_amili_request,2", "x_amili_request,3"):
        asked(on, invoice, origin=Origin.LEDGER, wish_mark=mark)
        driven(on, started)
        step(on, started)
    assert len(messages(on, invoice)) == 1
    assert events(on, started).count("message_left") == 1


@pytest.mark.parametrize("kind", [FaultKind.FAIL_AFTER, FaultKind.DROP_AFTER, FaultKind.HALF_ANSWER])
def test_a_message_whose_answer_was_lost_is_not_left_twice(
    on: Stage, hand_over: str, invoice: str, kind: FaultKind
) -> None:
    strike(on, Fault(kind, POST, next_n=1))
    assert step(on, hand_over).then is Then.AGAIN
    assert step(on, hand_over).then is Then.NEXT
    assert stored(on, hand_over).state is HandOverState.DONE
    assert len(messages(on, invoice)) == 1


def test_a_message_that_did_not_arrive_is_left_later(on: Stage, hand_over: str, invoice: str) -> None:
    strike(on, Fault(FaultKind.FAIL_BEFORE, POST, next_n=1))
    assert step(on, hand_over).then is Then.AGAIN
    assert messages(on, invoice) == []
    assert step(on, hand_over).then is Then.NEXT
    assert len(messages(on, invoice)) == 1


def test_a_process_that_dies_while_it_leaves_the_message_leaves_it_once(
    on: Stage, hand_over: str, invoice: str
) -> None:
    for call in range(1, 12):
        for after in (False, True):
            with death_at_call(call, after=after):
                step(on, hand_over)
            let_pass(on, hand_over, 3 * on.deployment.settings.attempt_s)
    assert step(on, hand_over).then is Then.NEXT
    assert stored(on, hand_over).state is HandOverState.DONE
    assert len(messages(on, invoice)) == 1
    assert on.ledger.changing_writes(int(invoice)) == 1


def test_a_ledger_that_takes_no_message_still_has_the_case(on: Stage, hand_over: str, invoice: str) -> None:
    on.ledger.switches.set(LedgerSwitches(takes_messages=False))
    assert step(on, hand_over).then is Then.NEXT
    ended = stored(on, hand_over)
    assert (ended.state, ended.write_back) == (HandOverState.DONE, WriteBackState.WRITTEN)
    assert messages(on, invoice) == []
    assert shown(on, invoice)[0] == ended.case_id
    assert "message_refused" in events(on, hand_over)


def test_a_remark_that_comes_after_the_case_was_written_is_told_too(on: Stage, invoice: str) -> None:
    started = begun(on, invoice)
    driven(on, started)
    step(on, started)
    assert field(on, invoice, "x_amili_findings") == ""
    on.ledger.break_pdf(int(invoice))
    upload(on.deployment, started)
    assert stored(on, started).write_back is WriteBackState.PENDING
    assert step(on, started).then is Then.NEXT
    assert stored(on, started).state is HandOverState.DONE
    remark = next(sv(one) for one in stored(on, started).findings if one.code == "pdf_unavailable")
    assert field(on, invoice, "x_amili_findings") == remark
    assert len(messages(on, invoice)) == 2


def test_people_who_do_not_read_swedish_are_told_in_english(on: Stage) -> None:
    company = int(on.ledger.records.get("res.company", 1)["partner_id"])
    on.ledger.books.set_customer(company, lang="en_US")
    invoice = on.invoice(on.customer(company_registry=""))
    started = blocked(on, invoice, origin=Origin.LEDGER, wish_mark="x_amili_request,1")
    try:
        assert write_back(elsewhere(on.deployment), started).then is Then.NEXT
    finally:
        on.ledger.books.set_customer(company, lang="sv_SE")
    assert shown(on, invoice)[1] == "Action needed"
    told = next(en(one) for one in stored(on, started).findings if one.code == "E2")
    assert told in field(on, invoice, "x_amili_findings").splitlines()
    assert "Amili: Action needed" in messages(on, invoice)[0]


def test_warnings_accepted_for_the_whole_company_are_not_told_as_things_to_do(on: Stage) -> None:
    settings = on.deployment.connection(CONNECTION).settings
    accepting = settings.model_copy(update={"accepted_warnings": ("B5",)})
    connections.save_settings(on.deployment.databases.main, CONNECTION, accepting)
    invoice = on.invoice(on.customer(company_registry=""), price="20")
    started = blocked(on, invoice, origin=Origin.LEDGER, wish_mark="x_amili_request,1")
    step(on, started)
    small = next(sv(one) for one in stored(on, started).findings if one.code == "B5")
    assert small not in field(on, invoice, "x_amili_findings")


def test_nothing_is_written_while_nothing_is_decided(on: Stage, invoice: str) -> None:
    started = begun(on, invoice, origin=Origin.LEDGER, wish_mark="x_amili_request,1")
    assert step(on, started).then is Then.NEXT
    assert not on.ledger.changing_writes(int(invoice))
    assert stored(on, started).state is HandOverState.REQUESTED


def test_who_is_at_work_is_not_disturbed(on: Stage, hand_over: str, invoice: str) -> None:
    claimed(on, hand_over)
    outcome = step(on, hand_over)
    assert (outcome.then, outcome.after_s > 0) == (Then.AGAIN, True)
    assert not on.ledger.changing_writes(int(invoice))
    let_pass(on, hand_over, 3 * on.deployment.settings.attempt_s)
    assert step(on, hand_over).then is Then.NEXT
    assert on.ledger.changing_writes(int(invoice)) == 1


def declined(on: Stage, invoice: str, **values: str) -> str:
    """A hand-over that was stopped and shown as such, and that a person decided not to send."""
    hand_over = blocked(on, invoice, **values)
    step(on, hand_over)
    (task,) = [one for one in tasks.gather(on.deployment.databases.main) if one.key == f"blocked/{hand_over}"]
    tasks.skip(on.deployment.databases.main, task, by="eva@byran.example", reason="Betald kontant")
    return hand_over


def unfit(on: Stage) -> str:
    """An invoice that the checks stop, and whose people asked for it in the ledger."""
    return on.invoice(on.customer(street="", zip=""), wished_by="Eva Ekonom")


def test_the_ledger_says_that_and_by_whom_it_was_decided_not_to_send_and_the_wish_is_over(on: Stage) -> None:
    invoice = unfit(on)
    hand_over = declined(on, invoice, origin=Origin.LEDGER, wish_mark=on.odoo.mark(invoice))
    assert field(on, invoice, "x_amili_status") == "Åtgärd krävs"
    assert hand_over in [one.id for one in hand_overs.unfinished(on.deployment.databases.main)]
    step(on, hand_over)
    assert field(on, invoice, "x_amili_status") == "Skickas inte, beslutat av eva@byran.example"
    assert (field(on, invoice, "x_amili_findings"), field(on, invoice, "x_amili_requested_at")) == ("", "")
    assert len(messages(on, invoice)) == 2
    assert hand_over not in [one.id for one in hand_overs.unfinished(on.deployment.databases.main)]


def test_a_newer_wish_than_the_declined_one_stands(on: Stage) -> None:
    invoice = unfit(on)
    first = on.odoo.mark(invoice)
    on.side.wish(invoice, "Eva Ekonom")
    newer = on.odoo.mark(invoice)
    hand_over = declined(on, invoice, origin=Origin.LEDGER, wish_mark=first)
    step(on, hand_over)
    assert field(on, invoice, "x_amili_requested_at") != ""
    assert on.odoo.mark(invoice) == newer


def test_what_was_declined_and_is_taken_up_again_needs_action_again(on: Stage) -> None:
    invoice = unfit(on)
    hand_over = declined(on, invoice, origin=Origin.LEDGER, wish_mark=on.odoo.mark(invoice))
    step(on, hand_over)
    db = on.deployment.databases.main
    (task,) = [one for one in tasks.gather(db) if one.key == f"blocked/{hand_over}"]
    tasks.reopen(db, task, by="bo@byran.example")
    step(on, hand_over)
    assert field(on, invoice, "x_amili_status") == "Åtgärd krävs"
    assert field(on, invoice, "x_amili_findings") != ""


def test_what_was_never_told_in_the_ledger_is_not_told_when_it_is_declined(on: Stage) -> None:
    invoice = on.invoice(on.customer(street="", zip=""))
    hand_over = declined(on, invoice)
    step(on, hand_over)
    assert hand_over not in [one.id for one in hand_overs.unfinished(on.deployment.databases.main)]
    assert (shown(on, invoice), messages(on, invoice)) == ((False, False), [])


def test_a_wish_that_was_taken_back_is_not_told_as_declined(on: Stage) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice, origin=Origin.LEDGER, wish_mark="x_amili_request,1")
    on.odoo.take_back(invoice)
    assert driven(on, hand_over).state is HandOverState.SKIPPED
    step(on, hand_over)
    assert (shown(on, invoice), messages(on, invoice)) == ((False, False), [])
