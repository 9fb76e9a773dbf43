"""Registering once: the protocol of the first step, against both sandboxes over HTTP.

Each call of the step is what a worker process does; between calls only what stands in the store is known.
"""

from __future__ import annotations

import threading
import time
from decimal import Decimal

import pytest
from pydantic import SecretStr

from connector.domain.doubt import BEFORE_A_THIRD_S
from connector.domain.findings import Severity
from connector.domain.hand_over import WAITS_FOR_AMILI_KEY, HandOverState, Judgement, Origin
from connector.flows.companies import amili_keys
from connector.flows.hand_over.circumstances import CREDITOR_FRESH_S
from connector.flows.hand_over.register import register
from connector.flows.outcome import Then
from connector.flows.sending.decisions import TRIES_BEFORE_ASKING
from connector.remote.calls import Kind
from connector.sandbox.amili.state import GUIDE_CREDITOR
from connector.sandbox.odoo.switches import LedgerSwitches
from connector.sandbox.shared.switches import BodyKind, ClosedAs, Duplicates, Fault, FaultKind
from connector.store import connections, hand_over_work, tables, timeline, tokens
from connector.store.connections import DEFAULT_ACCESS
from connector.store.database import reading
from connector.store.ownership import LostOwnership
from tests.flows.hand_over_steps import (
    armed,
    asked,
    begun,
    calls,
    case_at_amili,
    claimed,
    closed_port,
    codes,
    driven,
    elsewhere,
    events,
    let_pass,
    next_registration,
    registrations,
    step,
    stored,
    strike,
)
from tests.flows.stage import CONNECTION, Stage
from tests.flows.waiting import until
from tests.said import en, sv

SETTLE_S = 60.0
NOT_ANSWERED = (
    next_registration(FaultKind.DROP_AFTER),
    next_registration(FaultKind.FAIL_AFTER, status=500),
    next_registration(FaultKind.FAIL_AFTER, status=504, body=BodyKind.HTML),
    next_registration(FaultKind.HALF_ANSWER),
    next_registration(FaultKind.PACKED_ANSWER, size_bytes=Kind.DOCUMENT + 1),
    next_registration(FaultKind.ENDLESS_ANSWER),
)
NOT_RECEIVED = (
    next_registration(FaultKind.DROP_BEFORE),
    next_registration(FaultKind.FAIL_BEFORE, status=502, body=BodyKind.EMPTY),
    next_registration(FaultKind.FAIL_BEFORE, status=503, body=BodyKind.TEXT),
)


def one_case(on: Stage, hand_over_id: str, invoice: str) -> None:
    """The hand-over has the invoice's one case."""
    (case,) = on.amili.cases_of(on.number(invoice))
    kept = stored(on, hand_over_id)
    assert kept.state is HandOverState.REGISTERED
    assert (kept.case_id, kept.registration_id) == (case.id, case.registration_id)


def change_settings(on: Stage, **values: object) -> None:
    settings = on.deployment.connection(CONNECTION).settings
    connections.save_settings(on.deployment.databases.main, CONNECTION, settings.model_copy(update=values))


# A clean hand-over


def test_a_clean_invoice_becomes_one_case_with_its_amounts(on: Stage) -> None:
    invoice = on.invoice(price="1000")
    hand_over = begun(on, invoice)
    assert step(on, hand_over).then is Then.NEXT
    one_case(on, hand_over, invoice)
    kept = stored(on, hand_over)
    (case,) = on.amili.cases_of(on.number(invoice))
    assert (kept.invoice_number, kept.debtor_name, kept.capital) == (on.number(invoice), "Kund AB", Decimal("1250.00"))
    assert case.debt["capital_to_claim"] == Decimal("1250.00")
    assert case.state == "debt_collection"
    assert kept.ocr.startswith("2025")
    assert events(on, hand_over) == ["asked", "registering", "registered"]


def test_a_repeated_step_sends_nothing_more(on: Stage) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    for _ in range(3):
        assert step(on, hand_over).then is Then.NEXT
    assert registrations(on, invoice) == 1
    assert events(on, hand_over).count("registered") == 1


def test_it_looks_before_it_sends(on: Stage) -> None:
    invoice = on.invoice()
    step(on, begun(on, invoice, invoice_number=on.number(invoice)))
    assert (calls(on, "GET /cases"), registrations(on, invoice)) == (1, 1)


def test_the_first_action_is_the_persons_choice(on: Stage) -> None:
    invoice = on.invoice()
    step(on, begun(on, invoice, first_action="reminder"))
    (case,) = on.amili.cases_of(on.number(invoice))
    assert case.state == "reminder"


# An answer that does not come, or cannot be read


@pytest.mark.parametrize("fault", NOT_ANSWERED, ids=lambda fault: f"{fault.kind}-{fault.status}")
def test_a_lost_answer_is_looked_up_and_its_case_adopted(on: Stage, fault: Fault) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    strike(on, fault)
    outcome = step(on, hand_over)
    assert outcome.then is Then.AGAIN_FIRST
    assert outcome.after_s < SETTLE_S / 10, "the first look comes soon"
    assert stored(on, hand_over).state is HandOverState.UNKNOWN
    assert stored(on, hand_over).waiting_for.startswith("Amili")
    assert step(on, hand_over).then is Then.NEXT
    one_case(on, hand_over, invoice)
    assert registrations(on, invoice) == 1
    assert codes(on, hand_over) == []
    assert events(on, hand_over) == ["asked", "registering", "outcome_unknown", "adopted"]


@pytest.mark.parametrize("fault", NOT_RECEIVED, ids=lambda fault: f"{fault.kind}-{fault.status}")
def test_what_may_have_been_received_is_sent_again_only_after_settling(on: Stage, fault: Fault) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    strike(on, fault)
    step(on, hand_over)
    looks, waited_s, began_s = calls(on, "GET /cases"), 0.0, time.monotonic()
    while registrations(on, invoice) == 1:
        outcome = step(on, hand_over)
        if outcome.then is Then.NEXT:
            break
        assert outcome.then is Then.AGAIN_FIRST
        let_pass(on, hand_over, outcome.after_s)
        waited_s += outcome.after_s
        assert waited_s < 2 * SETTLE_S
    one_case(on, hand_over, invoice)
    assert registrations(on, invoice) == 2
    assert waited_s + time.monotonic() - began_s >= SETTLE_S, "a look a full settling time after the failure came first"
    assert calls(on, "GET /cases") - looks >= 4, "it was looked for with growing pauses, and once more at the end"


def test_however_often_the_work_wakes_it_does_not_send_before_settling(on: Stage) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    strike(on, next_registration(FaultKind.FAIL_BEFORE, status=503))
    step(on, hand_over)
    for _ in range(9):
        let_pass(on, hand_over, SETTLE_S / 10)
        assert step(on, hand_over).then is Then.AGAIN_FIRST
    assert registrations(on, invoice) == 1
    let_pass(on, hand_over, SETTLE_S / 10)
    assert step(on, hand_over).then is Then.NEXT
    assert registrations(on, invoice) == 2
    one_case(on, hand_over, invoice)


def test_a_second_failure_begins_a_settling_time_of_its_own(on: Stage) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    strike(on, next_registration(FaultKind.FAIL_BEFORE, times=2, status=503))
    step(on, hand_over)
    let_pass(on, hand_over, SETTLE_S)
    step(on, hand_over)
    assert registrations(on, invoice) == 2
    let_pass(on, hand_over, SETTLE_S - 1)
    assert step(on, hand_over).then is Then.AGAIN_FIRST
    assert registrations(on, invoice) == 2
    let_pass(on, hand_over, 1)
    assert step(on, hand_over).then is Then.AGAIN_FIRST
    assert registrations(on, invoice) == 2, "a third one waits for an hour after the first"
    let_pass(on, hand_over, BEFORE_A_THIRD_S - 2 * SETTLE_S, at_amili=False)
    assert step(on, hand_over).then is Then.NEXT
    one_case(on, hand_over, invoice)


def test_a_case_that_shows_late_is_found_before_anything_is_sent_again(on: Stage) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    strike(on, next_registration(FaultKind.FAIL_AFTER, status=500), visible_after_s=SETTLE_S * 0.8)
    step(on, hand_over)
    for _ in range(3):
        assert step(on, hand_over).then is Then.AGAIN_FIRST
        let_pass(on, hand_over, SETTLE_S / 4)
    driven(on, hand_over)
    one_case(on, hand_over, invoice)
    assert registrations(on, invoice) == 1
    assert events(on, hand_over).count("looked_in_vain") >= 3


def test_looks_that_fail_keep_the_doubt(on: Stage) -> None:
    """A look that cannot be made is no look: nothing may be sent on its strength."""
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    strike(on, NOT_ANSWERED[0])
    step(on, hand_over)
    strike(on, Fault(FaultKind.FAIL_BEFORE, ("look",), share=1.0))
    for _ in range(3):
        let_pass(on, hand_over, SETTLE_S)
        assert step(on, hand_over).then is Then.AGAIN_FIRST
    assert stored(on, hand_over).state is HandOverState.UNKNOWN
    strike(on)
    assert step(on, hand_over).then is Then.NEXT
    one_case(on, hand_over, invoice)
    assert registrations(on, invoice) == 1


def test_a_doubt_is_looked_into_at_least_once_each_settling_time_however_long_amili_is_away(on: Stage) -> None:
    hand_over = begun(on, on.invoice())
    strike(on, NOT_ANSWERED[0])
    step(on, hand_over)
    strike(on, Fault(FaultKind.FAIL_BEFORE, ("look",), share=1.0))
    for _ in range(12):
        let_pass(on, hand_over, SETTLE_S)
        assert step(on, hand_over).after_s <= SETTLE_S


def test_a_look_that_began_too_early_proves_nothing_however_late_its_answer(on: Stage) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    strike(on, NOT_RECEIVED[1])
    step(on, hand_over)
    strike(on, slow_operations_s={"look": 1.0})
    let_pass(on, hand_over, SETTLE_S - 0.5)
    assert step(on, hand_over).then is Then.AGAIN_FIRST
    assert registrations(on, invoice) == 1
    assert step(on, hand_over).then is Then.NEXT
    one_case(on, hand_over, invoice)


def test_a_refused_look_in_doubt_does_not_end_the_hand_over(on: Stage) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    strike(on, NOT_ANSWERED[0])
    step(on, hand_over)
    strike(on, Fault(FaultKind.UNAUTHORISED, ("look",), share=1.0))
    for _ in range(TRIES_BEFORE_ASKING + 2):
        let_pass(on, hand_over, SETTLE_S, at_amili=False)
        assert step(on, hand_over).then is Then.AGAIN_FIRST
    assert stored(on, hand_over).state is HandOverState.UNKNOWN
    strike(on)
    assert step(on, hand_over).then is Then.NEXT
    one_case(on, hand_over, invoice)


def test_a_doubt_outlasts_a_key_pair_that_is_refused(on: Stage) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    strike(on, NOT_ANSWERED[0])
    step(on, hand_over)
    strike(on, Fault(FaultKind.UNAUTHORISED, share=1.0))
    let_pass(on, hand_over, SETTLE_S)
    assert step(on, hand_over).then is Then.STOP, "it waits for the pair, and not by trying"
    waiting = stored(on, hand_over)
    assert (waiting.state, waiting.waiting_for) == (HandOverState.UNKNOWN, WAITS_FOR_AMILI_KEY)
    strike(on)
    amili_keys.look(on.deployment, DEFAULT_ACCESS)
    assert driven(on, hand_over).state is HandOverState.REGISTERED
    one_case(on, hand_over, invoice)


# Provably not sent


def test_a_rate_limit_is_waited_out_and_leaves_no_doubt(on: Stage) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    strike(on, next_registration(FaultKind.RATE_LIMITED, retry_after_s=37))
    outcome = step(on, hand_over)
    assert outcome.then is Then.AGAIN_FIRST
    assert 37 <= outcome.after_s <= 38, "the pause that Amili named"
    waiting = stored(on, hand_over)
    assert (waiting.state, waiting.attempted_at, waiting.waiting_for) == (
        HandOverState.REQUESTED,
        None,
        "Amili (HTTP 429)",
    )
    assert step(on, hand_over).then is Then.NEXT, "no settling: nothing took effect"
    one_case(on, hand_over, invoice)


def test_a_rate_limit_without_a_time_is_waited_out_with_growing_pauses(on: Stage) -> None:
    hand_over = begun(on, on.invoice())
    strike(on, next_registration(FaultKind.RATE_LIMITED, times=5))
    pauses = [step(on, hand_over).after_s for _ in range(5)]
    assert all(pause_s > 0.5 for pause_s in pauses)
    assert pauses[4] > 3 * pauses[0]


def test_amili_out_of_reach_is_waited_for(on: Stage) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    down = elsewhere(on.deployment, amili_sandbox_url=f"http://127.0.0.1:{closed_port()}")
    outcome = register(down, hand_over)
    assert outcome.then is Then.AGAIN_FIRST
    waiting = stored(on, hand_over)
    assert (waiting.state, waiting.attempted_at) == (HandOverState.REQUESTED, None)
    assert waiting.waiting_for.startswith("Amili: could not be reached")
    assert register(on.deployment, hand_over).then is Then.NEXT
    one_case(on, hand_over, invoice)


def test_the_ledger_out_of_reach_is_waited_for(on: Stage) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    host = on.deployment.connection(CONNECTION).settings.host
    change_settings(on, host=host | {"url": f"http://127.0.0.1:{closed_port()}"})
    assert step(on, hand_over).then is Then.AGAIN_FIRST
    assert stored(on, hand_over).state is HandOverState.REQUESTED
    assert stored(on, hand_over).waiting_for.startswith("Odoo: ")
    assert registrations(on, invoice) == 0
    change_settings(on, host=host)
    assert step(on, hand_over).then is Then.NEXT
    one_case(on, hand_over, invoice)


# Keys and rights


def test_one_401_is_answered_with_a_fresh_token(on: Stage) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    strike(on, next_registration(FaultKind.UNAUTHORISED))
    assert step(on, hand_over).then is Then.NEXT
    one_case(on, hand_over, invoice)
    assert registrations(on, invoice) == 2
    assert calls(on, "GET /authenticates/api-code") == 1


def test_two_401_in_a_row_are_tried_again_later(on: Stage) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    strike(on, next_registration(FaultKind.UNAUTHORISED, times=2))
    assert step(on, hand_over).then is Then.AGAIN_FIRST
    assert (stored(on, hand_over).state, stored(on, hand_over).attempted_at) == (HandOverState.REQUESTED, None)
    assert step(on, hand_over).then is Then.NEXT
    one_case(on, hand_over, invoice)


def test_a_registration_that_is_never_let_in_is_for_a_person_to_mend(on: Stage) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    strike(on, Fault(FaultKind.UNAUTHORISED, ("register",), share=1.0))
    ended = driven(on, hand_over, rounds=TRIES_BEFORE_ASKING + 1)
    assert ended.state is HandOverState.BLOCKED
    assert codes(on, hand_over) == ["amili_not_authorised"]
    strike(on)
    again, judgement = asked(on, invoice)
    assert judgement is Judgement.STARTED
    assert driven(on, again.id).state is HandOverState.REGISTERED


def test_a_new_api_code_is_used_without_a_restart(on: Stage) -> None:
    step(on, begun(on, on.invoice()))
    pair = on.deployment.access(DEFAULT_ACCESS)
    assert pair.api_code is not None
    on.amili.register_key("the-new-code", pair.public_key)
    connections.set_api_code(
        on.deployment.databases.main, on.deployment.vault, DEFAULT_ACCESS, SecretStr("the-new-code")
    )
    try:
        before = on.amili.tokens_issued
        assert step(on, begun(on, on.invoice())).then is Then.NEXT
        assert on.amili.tokens_issued == before + 1
    finally:
        connections.set_api_code(on.deployment.databases.main, on.deployment.vault, DEFAULT_ACCESS, pair.api_code)


# A clear no


def test_a_refusal_becomes_a_finding_in_amilis_words(on: Stage) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    on.amili.switches.change({"required_customer_fields": ["name", "id_number", "address", "mobile_number"]})
    assert step(on, hand_over).then is Then.NEXT
    ended = stored(on, hand_over)
    assert ended.state is HandOverState.BLOCKED
    (refused,) = (finding for finding in ended.findings if finding.severity is Severity.BLOCK)
    assert refused.code == "amili_refused"
    assert "mobile_number" in refused.field
    assert "required field" in sv(refused)
    assert "required field" in en(refused)
    assert on.cases(invoice) == 0


def test_a_refusal_does_not_hide_what_was_found_before(on: Stage) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    on.amili.switches.change({"required_debt_fields": ["invoice_number", "something_new"]})
    step(on, hand_over)
    found = {finding.severity for finding in stored(on, hand_over).findings}
    assert found == {Severity.BLOCK, Severity.INFO}


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_gateways_page_is_no_refusal_and_the_registration_is_looked_for(on: Stage, status: int) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    strike(on, next_registration(FaultKind.FAIL_AFTER, status=status, body=BodyKind.HTML))
    assert step(on, hand_over).then is Then.AGAIN_FIRST
    assert (stored(on, hand_over).state, codes(on, hand_over)) == (HandOverState.UNKNOWN, [])
    assert driven(on, hand_over).state is HandOverState.REGISTERED
    assert registrations(on, invoice) == 1
    one_case(on, hand_over, invoice)


def test_a_bad_hour_does_not_count_towards_the_refusals_that_block(on: Stage) -> None:
    """Failures of every other kind, and a refusal now and then: only clear ones in a row say that somebody must act."""
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    page = Fault(FaultKind.FAIL_BEFORE, ("register",), status=404, body=BodyKind.HTML, share=1.0)
    for _ in range(TRIES_BEFORE_ASKING + 2):
        strike(on, page, visible_after_s=0.0)
        step(on, hand_over)
        let_pass(on, hand_over, 2 * SETTLE_S, at_amili=False)
        strike(on, Fault(FaultKind.DROP_BEFORE, ("look",), share=1.0))
        step(on, hand_over)
        let_pass(on, hand_over, 2 * SETTLE_S, at_amili=False)
    strike(on, Fault(FaultKind.UNAUTHORISED, ("look",), share=1.0))
    assert step(on, hand_over).then is Then.AGAIN_FIRST
    assert stored(on, hand_over).state is not HandOverState.BLOCKED


def test_what_waits_for_its_ledger_is_not_said_to_be_of_unknown_outcome(on: Stage) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    strike(on, NOT_RECEIVED[0])
    step(on, hand_over)
    assert stored(on, hand_over).state is HandOverState.UNKNOWN
    let_pass(on, hand_over, 2 * SETTLE_S)
    host = on.deployment.connection(CONNECTION).settings.host
    change_settings(on, host=host | {"url": f"http://127.0.0.1:{closed_port()}"})
    assert step(on, hand_over).then is Then.AGAIN_FIRST
    waiting = stored(on, hand_over)
    assert (waiting.state, waiting.attempted_at is not None) == (HandOverState.REQUESTED, True)
    assert "Odoo" in waiting.waiting_for
    change_settings(on, host=host)
    assert driven(on, hand_over).state is HandOverState.REGISTERED
    assert on.cases(invoice) == 1


@pytest.mark.parametrize("refused", [Duplicates.REFUSED_422, Duplicates.REFUSED_409])
def test_a_refused_duplicate_is_looked_up_and_adopted(on: Stage, refused: Duplicates) -> None:
    """The case shows late: the look finds none, and Amili refuses to register the number again, or names a conflict."""
    invoice = on.invoice()
    case = case_at_amili(on, invoice)
    hand_over = begun(on, invoice)
    strike(on, duplicate_registrations=refused, visible_after_s=SETTLE_S / 2)
    assert step(on, hand_over).then is Then.AGAIN_FIRST
    assert stored(on, hand_over).state is HandOverState.UNKNOWN
    ended = driven(on, hand_over)
    assert (ended.state, ended.case_id) == (HandOverState.REGISTERED, case.id)
    assert on.cases(invoice) == 1


def test_a_duplicate_that_never_shows_ends_with_a_person(on: Stage) -> None:
    """A case that our key may not see: Amili refuses the number, and no look ever finds it."""
    invoice = on.invoice()
    case_at_amili(on, invoice)
    hand_over = begun(on, invoice)
    strike(on, duplicate_registrations=Duplicates.REFUSED_422, visible_after_s=86_400.0)
    ended = driven(on, hand_over, rounds=45)
    assert ended.state is HandOverState.BLOCKED
    assert codes(on, hand_over) == ["amili_refused"]
    assert "not unique" in sv(ended.findings[-1])
    assert on.cases(invoice) == 1


# The creditor


def test_an_inactive_creditor_stops_before_anything_is_sent(on: Stage) -> None:
    invoice = on.invoice()
    on.amili.set_creditor(GUIDE_CREDITOR, is_active=False)
    _forget_creditor(on)
    hand_over = begun(on, invoice)
    step(on, hand_over)
    assert codes(on, hand_over) == ["G2"]
    assert registrations(on, invoice) == 0


def test_a_creditor_that_became_active_is_believed_at_once(on: Stage) -> None:
    invoice = on.invoice()
    on.amili.set_creditor(GUIDE_CREDITOR, is_active=False)
    _forget_creditor(on)
    step(on, begun(on, invoice))
    on.amili.set_creditor(GUIDE_CREDITOR, is_active=True)
    again, _ = asked(on, invoice)
    assert driven(on, again.id).state is HandOverState.REGISTERED


def test_a_creditor_that_became_inactive_meanwhile_is_refused_in_words(on: Stage) -> None:
    hand_over = begun(on, on.invoice())
    on.amili.set_creditor(GUIDE_CREDITOR, is_active=False)
    step(on, hand_over)
    assert codes(on, hand_over) == ["amili_refused"]
    assert any("not active" in sv(finding) for finding in stored(on, hand_over).findings)


def test_amili_is_asked_about_the_creditor_once_in_a_while(on: Stage) -> None:
    for _ in range(2):
        step(on, begun(on, on.invoice()))
    assert calls(on, "GET /creditors/{creditor_id}") == 0, "what was heard at the start is fresh"
    _forget_creditor(on)
    for _ in range(2):
        step(on, begun(on, on.invoice()))
    assert calls(on, "GET /creditors/{creditor_id}") == 1


def _forget_creditor(on: Stage) -> None:
    """What Amili said of the creditor becomes old."""
    table = tables.connections
    with on.deployment.databases.main.begin() as connection:
        connection.execute(
            table.update().values(creditor_checked_at=table.c.creditor_checked_at - CREDITOR_FRESH_S - 1)
        )


# Cases that stand already


def test_a_case_made_by_hand_is_adopted_and_said(on: Stage) -> None:
    invoice = on.invoice()
    case = case_at_amili(on, invoice)
    hand_over = begun(on, invoice)
    assert step(on, hand_over).then is Then.NEXT
    kept = stored(on, hand_over)
    assert (kept.state, kept.case_id) == (HandOverState.REGISTERED, case.id)
    assert [(finding.code, finding.severity) for finding in kept.findings] == [("case_stood_already", Severity.INFO)]
    assert registrations(on, invoice) == 0


def test_a_case_of_another_creditor_is_not_ours(on: Stage) -> None:
    invoice = on.invoice()
    case = case_at_amili(on, invoice)
    case.document["creditor"] = "0123456789abcdef01234567"
    hand_over = begun(on, invoice)
    assert driven(on, hand_over).case_id != case.id
    assert registrations(on, invoice) == 1


@pytest.mark.parametrize("shown_as", [ClosedAs.BOOLEAN, ClosedAs.DATE, ClosedAs.OBJECT])
def test_an_earlier_closed_case_waits_for_a_person(on: Stage, shown_as: ClosedAs) -> None:
    invoice = on.invoice()
    closed = case_at_amili(on, invoice)
    on.amili.set_case(closed.id, closed=True)
    on.amili.switches.change({"closed_as": shown_as})
    hand_over = begun(on, invoice)
    step(on, hand_over)
    assert stored(on, hand_over).state is HandOverState.BLOCKED
    assert codes(on, hand_over) == ["A10"]
    assert registrations(on, invoice) == 0
    again, _ = asked(on, invoice, accepted=("A10",))
    ended = driven(on, again.id)
    assert ended.state is HandOverState.REGISTERED
    assert ended.case_id not in ("", closed.id)


def test_several_open_cases_are_shown(on: Stage) -> None:
    invoice = on.invoice()
    first, second = case_at_amili(on, invoice), case_at_amili(on, invoice)
    hand_over = begun(on, invoice)
    step(on, hand_over)
    kept = stored(on, hand_over)
    assert kept.case_id in (first.id, second.id)
    assert codes(on, hand_over) == ["several_cases"]
    assert first.id in sv(kept.findings[-1])
    assert second.id in sv(kept.findings[-1])
    assert registrations(on, invoice) == 0


def test_two_ledger_records_with_one_number_are_not_both_sent(on: Stage) -> None:
    first, second = on.invoice(), on.invoice()
    one = begun(on, first, invoice_number=on.number(first))
    on.ledger.books.set_invoice(int(second), name=on.number(first))
    other = begun(on, second)
    step(on, other)
    assert codes(on, other) == ["A9"]
    assert stored(on, other).findings[0].value == on.number(first)
    step(on, one)
    assert on.cases(first) == 1


# What has been paid


def test_what_was_paid_since_the_person_looked_is_not_sent(on: Stage) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice, proposed_balance=Decimal("1250.00"))
    on.ledger.books.pay(int(invoice))
    step(on, hand_over)
    assert stored(on, hand_over).state is HandOverState.BLOCKED
    assert "A2" in codes(on, hand_over)
    assert registrations(on, invoice) == 0


def test_the_record_names_only_the_checks_that_stopped_an_invoice(on: Stage) -> None:
    hand_over = begun(on, on.invoice(on.customer(company_registry="")))
    step(on, hand_over)

    found = stored(on, hand_over).findings
    (entry,) = (one for one in timeline.of_hand_over(on.deployment.databases.main, hand_over) if one.event == "blocked")
    assert {finding.severity for finding in found} > {Severity.INFO}, "notes beside it, which the record named too"
    assert entry.data["stopped_by"] == ["E2"]
    assert entry.data["findings"] == [finding.code for finding in found]


def test_a_balance_that_changed_since_the_person_looked_is_not_sent(on: Stage) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice, proposed_balance=Decimal("1250.00"))
    on.ledger.books.pay(int(invoice), Decimal("250.00"))
    step(on, hand_over)
    assert codes(on, hand_over) == ["A2"]
    assert registrations(on, invoice) == 0
    again, _ = asked(on, invoice, proposed_balance=Decimal("1000.00"))
    driven(on, again.id)
    (case,) = on.amili.cases_of(on.number(invoice))
    assert case.debt["capital_to_claim"] == Decimal("1000.00")


def test_a_payment_booked_while_amili_was_looked_at_stops_it(on: Stage) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice, invoice_number=on.number(invoice))
    strike(on, slow_operations_s={"look": 0.5})
    worker = threading.Thread(target=step, args=(on, hand_over))
    worker.start()
    until(lambda: calls(on, "GET /cases") == 1, within_s=120, what="the look under way")
    on.ledger.books.pay(int(invoice))
    worker.join(timeout=30)
    assert stored(on, hand_over).state is HandOverState.BLOCKED
    assert "A2" in codes(on, hand_over)
    assert registrations(on, invoice) == 0


def test_a_payment_booked_while_the_outcome_was_unknown_stops_the_second_sending(on: Stage) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    strike(on, NOT_RECEIVED[1])
    step(on, hand_over)
    on.ledger.books.pay(int(invoice))
    ended = driven(on, hand_over)
    assert ended.state is HandOverState.BLOCKED
    assert "A2" in codes(on, hand_over)
    assert on.cases(invoice) == 0
    assert registrations(on, invoice) == 1


# The ledger


def test_an_invoice_that_is_gone_ends_in_words(on: Stage) -> None:
    hand_over = begun(on, "999999")
    assert step(on, hand_over).then is Then.NEXT
    assert stored(on, hand_over).state is HandOverState.BLOCKED
    assert codes(on, hand_over) == ["ledger_not_found"]


def test_an_invoice_that_goes_while_the_outcome_is_unknown_ends_in_words_after_settling(on: Stage) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    strike(on, NOT_RECEIVED[1])
    step(on, hand_over)
    assert stored(on, hand_over).invoice_number
    on.ledger.books.set_invoice(int(invoice), company_id=2)
    ended = driven(on, hand_over)
    assert ended.state is HandOverState.BLOCKED
    assert codes(on, hand_over) == ["ledger_not_found"]
    assert registrations(on, invoice) == 1


def test_amounts_that_cannot_be_read_stop_it(on: Stage) -> None:
    invoice = on.invoice()
    on.ledger.books.set_invoice(int(invoice), amount_residual=Decimal("1250.001"))
    hand_over = begun(on, invoice)
    assert step(on, hand_over).then is Then.NEXT
    assert stored(on, hand_over).state is HandOverState.BLOCKED
    assert codes(on, hand_over) == ["B2"]
    assert registrations(on, invoice) == 0


def test_all_findings_come_at_once(on: Stage) -> None:
    nameless = on.customer(company_registry="", street="", zip="", city="")
    hand_over = begun(on, on.invoice(nameless, price="20"))
    step(on, hand_over)
    assert {"E2", "E10", "B5"} <= set(codes(on, hand_over))
    assert registrations(on, stored(on, hand_over).invoice_id) == 0


def test_a_tick_for_the_whole_company_counts(on: Stage) -> None:
    invoice = on.invoice(price="20")
    hand_over = begun(on, invoice)
    step(on, hand_over)
    assert codes(on, hand_over) == ["B5"]
    change_settings(on, accepted_warnings=("B5",))
    again, _ = asked(on, invoice)
    assert driven(on, again.id).state is HandOverState.REGISTERED


def test_a_pdf_that_is_required_and_not_to_be_had_stops_it(on: Stage) -> None:
    invoice = on.invoice()
    on.ledger.break_pdf(int(invoice))
    change_settings(on, require_pdf=True)
    hand_over = begun(on, invoice)
    step(on, hand_over)
    assert codes(on, hand_over) == ["F2"]
    assert "Wkhtmltopdf" in next(sv(found) for found in stored(on, hand_over).findings if found.code == "F2")
    assert registrations(on, invoice) == 0


def test_a_pdf_that_is_required_and_there_does_not_stop_it(on: Stage) -> None:
    invoice = on.invoice()
    change_settings(on, require_pdf=True)
    assert driven(on, begun(on, invoice)).state is HandOverState.REGISTERED


# Owners who fall silent


def test_who_is_at_work_is_not_disturbed(on: Stage) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    claimed(on, hand_over)
    outcome = step(on, hand_over)
    assert outcome.then is Then.AGAIN_FIRST
    assert 0 < outcome.after_s <= SETTLE_S / 4 + 0.1
    assert calls(on, "GET /cases") == 0, "nothing was attempted, so there is nothing to look for"
    assert registrations(on, invoice) == 0


def test_the_case_of_a_silent_owner_is_found_and_adopted_before_its_lease_ends(on: Stage) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    silent = armed(on, hand_over)
    assert step(on, hand_over).then is Then.AGAIN_FIRST
    case_at_amili(on, invoice)
    assert step(on, hand_over).then is Then.NEXT
    one_case(on, hand_over, invoice)
    with pytest.raises(LostOwnership):
        hand_over_work.outcome_unknown(on.deployment.databases.main, silent, why="woke up")
    assert registrations(on, invoice) == 0


def test_a_look_beside_a_silent_owner_that_fails_does_no_harm(on: Stage) -> None:
    hand_over = begun(on, on.invoice())
    armed(on, hand_over)
    before = stored(on, hand_over)
    strike(on, Fault(FaultKind.FAIL_BEFORE, ("look",), share=1.0))
    assert step(on, hand_over).then is Then.AGAIN_FIRST
    assert stored(on, hand_over) == before


@pytest.mark.parametrize("received", [True, False])
def test_the_work_of_a_silent_owner_is_taken_over_after_deadline_and_settling(on: Stage, received: bool) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    armed(on, hand_over)
    attempt_s = on.deployment.settings.attempt_s
    let_pass(on, hand_over, attempt_s + SETTLE_S - 1)
    assert step(on, hand_over).then is Then.AGAIN_FIRST
    assert registrations(on, invoice) == 0
    if received:
        case_at_amili(on, invoice)
    let_pass(on, hand_over, 1.1)
    assert driven(on, hand_over).state is HandOverState.REGISTERED
    one_case(on, hand_over, invoice)
    assert registrations(on, invoice) == (0 if received else 1)


def test_an_owner_whose_time_is_over_before_it_sends_sends_nothing(on: Stage) -> None:
    """The token runs out after the look, and getting a new one takes longer than the lease."""
    invoice = on.invoice()
    hand_over = begun(on, invoice, invoice_number=on.number(invoice))
    step(on, begun(on, on.invoice()))
    on.amili.traffic.clear()
    strike(on, slow_operations_s={"authenticate": 4.3})
    on.ledger.switches.set(LedgerSwitches(slow_operations_s={"account.move/web_search_read": 1.2}))
    hurried = elsewhere(on.deployment, attempt_s=4.0)
    _token_runs_out(on, in_s=1.0)
    outcome = register(hurried, hand_over)
    assert outcome.then is Then.AGAIN_FIRST
    assert calls(on, "GET /authenticates/api-code") == 1
    assert registrations(on, invoice) == 0
    assert stored(on, hand_over).state is HandOverState.REGISTERING, "for the others it may have been sent"
    let_pass(on, hand_over, 2 * SETTLE_S)
    assert driven(on, hand_over).state is HandOverState.REGISTERED
    one_case(on, hand_over, invoice)


def test_a_clock_that_is_put_forward_ends_no_settling_time(on: Stage) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    strike(on, next_registration(FaultKind.FAIL_BEFORE, status=503))
    step(on, hand_over)
    let_pass(on, hand_over, 2 * SETTLE_S, for_the_store_alone=True)
    assert step(on, hand_over).then is Then.AGAIN_FIRST
    assert (registrations(on, invoice), stored(on, hand_over).state) == (1, HandOverState.UNKNOWN)
    let_pass(on, hand_over, SETTLE_S)
    step(on, hand_over)
    assert registrations(on, invoice) == 2
    one_case(on, hand_over, invoice)


@pytest.mark.parametrize(("takes_s", "is_told"), [(0.6, True), (0.0, False)])
def test_calls_that_take_longer_than_an_attempt_may_are_a_failure_that_is_told(
    on: Stage, takes_s: float, is_told: bool
) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    strike(on, slow_operations_s={"look": takes_s})
    outcome = register(elsewhere(on.deployment, attempt_s=0.5 if is_told else 20.0), hand_over)
    assert ("ATTEMPT_S" in str(outcome.failed)) is is_told
    assert registrations(on, invoice) == (0 if is_told else 1)
    strike(on)
    let_pass(on, hand_over, 2 * SETTLE_S)
    assert driven(on, hand_over).state is HandOverState.REGISTERED
    one_case(on, hand_over, invoice)


def _token_runs_out(on: Stage, *, in_s: float) -> None:
    """The shared token is to be renewed in so many seconds (a minute before its end)."""
    db, vault = on.deployment.databases.main, on.deployment.vault
    with reading(db) as connection:
        keys = connection.execute(tables.tokens.select().with_only_columns(tables.tokens.c.key)).scalars().all()
    for key in keys:
        token = tokens.get(db, vault, key)
        assert token is not None
        tokens.put(db, vault, key, tokens.SealedToken(token.value, time.time() + 60 + in_s))


# The record


def test_a_blocked_wish_of_the_ledger_is_not_tried_again_by_itself(on: Stage) -> None:
    invoice = on.invoice(on.customer(company_registry=""))
    hand_over = begun(on, invoice, origin=Origin.LEDGER, wish_mark="x_amili_request,1")
    for _ in range(3):
        assert step(on, hand_over).then is Then.NEXT
    assert events(on, hand_over) == ["asked", "blocked"]


def test_what_was_waited_for_is_on_record(on: Stage) -> None:
    hand_over = begun(on, on.invoice())
    strike(on, next_registration(FaultKind.RATE_LIMITED))
    step(on, hand_over)
    waited = timeline.of_hand_over(on.deployment.databases.main, hand_over)[-1]
    assert (waited.event, waited.data) == ("waiting", {"for": "Amili (HTTP 429)"})


def test_a_company_joined_to_another_creditor_meanwhile_is_asked_about(on: Stage) -> None:
    hand_over, _ = asked(on, on.invoice())
    connection = on.deployment.connection(CONNECTION)
    other = on.amili.add_creditor(connection.settings.account, "Annan AB", "5560360793")
    changed = connection.settings.model_copy(update={"creditor": other})
    connections.save_settings(on.deployment.databases.main, CONNECTION, changed)

    register(on.deployment, hand_over.id)

    ended = stored(on, hand_over.id)
    assert (ended.state, [finding.code for finding in ended.findings]) == (HandOverState.BLOCKED, ["G1"])
    assert on.amili.cases_of(on.number(ended.invoice_id)) == []
