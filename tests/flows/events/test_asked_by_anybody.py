"""What stands in an invoice's fields in Odoo makes no case and no withdrawal; what stood there before is a question."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from connector.domain.follow_up import FollowUpState
from connector.domain.hand_over import HandOverState, Origin
from connector.flows.events import following
from connector.flows.events.requests import Hint, follow_hint, take
from connector.flows.follow_up import withdrawal
from connector.flows.hand_over.upload import upload
from connector.flows.hand_over.write_back import write_back
from connector.flows.tasks import tasks
from connector.sandbox.odoo.switches import LedgerSwitches
from connector.store import connections, hand_overs, inbox, withdrawals
from tests.flows.follow_up.test_withdrawal import cancellations
from tests.flows.follow_up_steps import looked, sent
from tests.flows.hand_over_steps import asked, begun, codes, driven, stored
from tests.flows.stage import CONNECTION, Stage
from tests.said import en, sv

DIRECTOR = "Verkställande direktören"
AT = "2026-11-24 09:00:00"


@pytest.fixture(params=["no requests kept", "kept, and not set up for this company"])
def before(on: Stage, request: pytest.FixtureRequest) -> Iterator[Stage]:
    """A company whose Odoo was set up by a release before 0.5.0, or for another company since."""
    known = on.deployment.connection(CONNECTION).settings
    host = {name: value for name, value in known.host.items() if name != "answer_action_id"}
    connections.save_settings(on.deployment.databases.main, CONNECTION, known.model_copy(update={"host": host}))
    on.ledger.switches.set(LedgerSwitches(requests=request.param != "no requests kept"))
    yield on
    connections.save_settings(on.deployment.databases.main, CONNECTION, known)


def write_wish(on: Stage, invoice: str) -> None:
    on.ledger.books.set_invoice(int(invoice), x_amili_requested_at=AT, x_amili_requested_by=DIRECTOR)


def write_withdrawal(on: Stage, invoice: str, case_id: str) -> None:
    on.ledger.books.set_invoice(
        int(invoice),
        x_amili_withdrawal_at=AT,
        x_amili_withdrawal_by=DIRECTOR,
        x_amili_withdrawal_case=case_id,
        x_amili_withdrawal_reason="Fel kund.",
    )


def poll(on: Stage) -> None:
    following.poll(on.deployment, CONNECTION)


def hinted(on: Stage, invoice: str) -> None:
    item = inbox.put_hint(on.deployment.databases.inbox, CONNECTION, invoice)
    follow_hint(on.deployment, Hint(CONNECTION, invoice, item))


def taken(on: Stage) -> None:
    """Take up what waits, as the dispatcher does."""
    for item in inbox.waiting(on.deployment.databases.inbox):
        if item.request is not None:
            take(on.deployment, item.request, lambda _job: None)
        inbox.mark_dispatched(on.deployment.databases.inbox, (item.id,))
        inbox.mark_done(on.deployment.databases.inbox, (item.id,))


def at_amili(on: Stage) -> tuple[str, str]:
    invoice, hand_over = sent(on)
    upload(on.deployment, hand_over)
    write_back(on.deployment, hand_over)
    return invoice, hand_over


def told(on: Stage, invoice: str) -> str:
    return str(on.ledger.books.field(int(invoice), "x_amili_findings") or "")


@pytest.mark.parametrize("way", [hinted, lambda on, _: poll(on)], ids=["a hint", "a poll"])
def test_a_request_in_fields_asks_for_nothing_where_odoo_keeps_requests(on: Stage, way: object) -> None:
    assert callable(way)
    invoice, (case_of, hand_over) = on.invoice(), at_amili(on)
    write_wish(on, invoice)
    write_withdrawal(on, case_of, stored(on, hand_over).case_id)
    for one in (invoice, case_of):
        way(on, one)
    taken(on)
    looked(on, hand_over)
    assert hand_overs.latest(on.deployment.databases.main, CONNECTION, invoice) is None
    assert (on.cases(invoice), cancellations(on, case_of)) == (0, [])
    assert withdrawals.of_hand_over(on.deployment.databases.main, hand_over) is None


def test_before_the_set_up_it_is_a_question_once_and_a_person_may_send(before: Stage) -> None:
    on, invoice = before, before.invoice()
    write_wish(on, invoice)
    for _ in range(2):
        poll(on)
        taken(on)
    started = hand_overs.latest(on.deployment.databases.main, CONNECTION, invoice)
    assert started is not None
    ended = driven(on, started.id)
    assert (ended.state, on.cases(invoice)) == (HandOverState.BLOCKED, 0)
    assert codes(on, started.id) == ["asked_by_anybody"]
    (finding,) = [one for one in ended.findings if one.code == "asked_by_anybody"]
    assert DIRECTOR in sv(finding)
    assert DIRECTOR in en(finding)
    write_back(on.deployment, started.id)
    assert sv(finding) in told(on, invoice)
    poll(on)
    taken(on)
    assert stored(on, started.id).state is HandOverState.BLOCKED

    asked(on, invoice, origin=Origin.PAGE)
    assert driven(on, started.id).state is HandOverState.REGISTERED


def test_a_press_after_the_question_is_a_request_of_whoever_pressed(before: Stage) -> None:
    on, invoice = before, before.invoice()
    write_wish(on, invoice)
    poll(on)
    taken(on)
    (started,) = [hand_overs.latest(on.deployment.databases.main, CONNECTION, invoice)]
    assert started is not None
    driven(on, started.id)
    write_back(on.deployment, started.id)
    on.ledger.switches.set(LedgerSwitches())
    on.side.wish(invoice, "Eva Ekonom")
    hidden_for_a_while(on)
    poll(on)
    taken(on)
    ended = driven(on, started.id)
    assert (ended.state, ended.asked_by) == (HandOverState.REGISTERED, "Eva Ekonom")


def hidden_for_a_while(on: Stage) -> None:
    """The connector looks again for what an Odoo has once it has been a while: as if it were started anew."""
    known = on.deployment.connection(CONNECTION).settings
    renewed = known.model_copy(update={"host": {**known.host, "login": "connector"}})
    connections.save_settings(on.deployment.databases.main, CONNECTION, renewed)


def test_a_withdrawal_in_fields_is_a_question_before_the_set_up_and_a_person_may_withdraw(before: Stage) -> None:
    on = before
    invoice, hand_over = at_amili(on)
    write_withdrawal(on, invoice, stored(on, hand_over).case_id)
    for _ in range(2):
        poll(on)
    looked(on, hand_over)
    row = withdrawals.of_hand_over(on.deployment.databases.main, hand_over)
    assert row is not None
    assert (row.state, [one.code for one in row.findings]) == (
        FollowUpState.ASKING,
        ["follow_up_withdrawal_asked_by_anybody"],
    )
    assert DIRECTOR in sv(row.findings[0])
    assert cancellations(on, invoice) == []
    assert [task.path for task in tasks.gather(on.deployment.databases.main) if task.follow_up == row.id] == [
        f"/hand-overs/{hand_over}"
    ]
    write_back(on.deployment, hand_over)
    assert sv(row.findings[0]) in told(on, invoice)
    assert on.ledger.books.field(int(invoice), "x_amili_withdrawal_at") is False

    withdrawal.ask(on.deployment, hand_over, by="eva@byran.example", reason="Fel kund.")
    looked(on, hand_over)
    assert len(cancellations(on, invoice)) == 1


def test_what_an_earlier_release_had_taken_up_is_asked_about(on: Stage) -> None:
    """Its hand-over was asked for, or its withdrawal was to be sent, when the connector was upgraded."""
    invoice = on.invoice()
    started = begun(on, invoice, origin=Origin.LEDGER, wish_mark=AT)
    assert driven(on, started).state is HandOverState.BLOCKED
    assert codes(on, started) == ["asked_by_anybody"]

    other, hand_over = at_amili(on)
    db = on.deployment.databases.main
    assert withdrawals.take_wish(db, hand_over, mark=AT, by=DIRECTOR, reason="Fel kund.", objections=())
    looked(on, hand_over)
    row = withdrawals.of_hand_over(db, hand_over)
    assert row is not None
    assert (row.state, cancellations(on, other)) == (FollowUpState.ASKING, [])
    assert [one.code for one in row.findings] == ["follow_up_withdrawal_asked_by_anybody"]


def test_all_of_them_are_put_into_the_inbox_at_the_set_up(before: Stage) -> None:
    on, wished = before, [before.invoice() for _ in range(3)]
    invoice, hand_over = at_amili(on)
    for one in wished:
        write_wish(on, one)
    write_withdrawal(on, invoice, stored(on, hand_over).case_id)
    following.take_all_wishes(on.deployment, on.deployment.connection(CONNECTION))
    waiting = {item.invoice_id for item in inbox.waiting(on.deployment.databases.inbox)}
    assert set(wished) <= waiting
    assert withdrawals.of_hand_over(on.deployment.databases.main, hand_over) is not None
    taken(on)
    # The set-up is done: nothing of it is lost, and nothing is read from there again.
    set_up = on.deployment.connection(CONNECTION).settings
    host = {**set_up.host, "answer_action_id": 506}
    connections.save_settings(on.deployment.databases.main, CONNECTION, set_up.model_copy(update={"host": host}))
    on.ledger.switches.set(replace(LedgerSwitches()))
    for one in wished:
        known = hand_overs.latest(on.deployment.databases.main, CONNECTION, one)
        assert known is not None
        assert driven(on, known.id).state is HandOverState.BLOCKED
        assert codes(on, known.id) == ["asked_by_anybody"]
    forged = on.invoice()
    write_wish(on, forged)
    poll(on)
    taken(on)
    assert hand_overs.latest(on.deployment.databases.main, CONNECTION, forged) is None
