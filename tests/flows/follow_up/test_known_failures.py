"""What went wrong elsewhere and came before Inkassonämnden (RULES.md, "What went wrong elsewhere"): payments, credits
and disputes.

Each case is named by its number or its year; each must end otherwise here.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.domain.assess import assess
from connector.domain.assessment import Circumstances
from connector.domain.dates import today
from connector.domain.findings import Severity
from connector.domain.follow_up import FollowUpState
from connector.domain.hand_over import HandOverState, Origin
from connector.flows.follow_up import case_reading
from connector.flows.hand_over import ledger_words
from connector.sandbox.shared.switches import Fault, FaultKind
from connector.store import cases
from connector.store.connections import DEFAULT_ACCESS
from tests.flows.follow_up_steps import (
    AtAmili,
    actions,
    followed,
    kr,
    looked,
    noticed,
    pays,
    questions,
    remaining,
    rows,
    sent,
)
from tests.flows.hand_over_steps import asked, begun, codes, driven, stored, strike
from tests.flows.stage import CONNECTION, Stage
from tests.said import en, sv

pytestmark = pytest.mark.ledgers("odoo", "fortnox")


def test_208_2020_a_dispute_during_a_fault_still_stops_what_follows(on: Stage) -> None:
    """There it was handled by hand while the system was down, and the demands went on."""
    invoice, hand_over = sent(on)
    strike(on, Fault(FaultKind.FAIL_BEFORE, next_n=6))
    on.side.bookkeeper.dispute(invoice)
    pays(on, invoice, 250)
    noticed(on, hand_over)
    strike(on)
    looked(on, hand_over)
    assert (actions(on, invoice), questions(on, hand_over)) == ([], ["disputed"])


def test_261_2021_a_receipt_that_is_not_matched_stops_the_hand_over(on: Stage) -> None:
    """There a wrong OCR left the money unmatched for a month, and a demand was sent after the payment."""
    invoice = on.invoice(price="3333")
    on.side.bookkeeper.receive(invoice, on.side.bookkeeper.balance(invoice), day=today() - timedelta(days=1))
    hand_over = begun(on, invoice)
    assert driven(on, hand_over).state is HandOverState.BLOCKED
    assert "A4" in codes(on, hand_over)
    assert on.cases(invoice) == 0


def test_191_2020_capital_paid_to_the_creditor_reaches_the_agent_who_was_paid_the_fee(on: Stage) -> None:
    """There nobody compared the two, and a paid debt went to court."""
    invoice, hand_over = sent(on)
    pays(on, invoice, 1250)
    followed(on, hand_over)
    assert actions(on, invoice) == [AtAmili("payment", kr(1250), "completed")]
    assert remaining(on, invoice) == 0


def test_347_2022_paid_is_not_said_before_amili_says_that_it_took_effect(on: Stage) -> None:
    """There a portal said "fully paid" while the case went on to a judgment."""
    invoice, hand_over = sent(on)
    pays(on, invoice, 1250)
    strike(on, actions_fail="sandbox.some_reason")
    followed(on, hand_over)
    (row,) = rows(on, hand_over)
    assert (row.state, row.amili_status) == (FollowUpState.ASKING, "error")
    assert questions(on, hand_over) == ["failed"]


def test_313_2021_a_payment_booked_late_keeps_the_banks_day(on: Stage) -> None:
    """There a Saturday's payment was not seen on Monday; what discharges is the day the bank booked it."""
    invoice, hand_over = sent(on)
    pays(on, invoice, 250, day=today())
    followed(on, hand_over)
    (row,) = rows(on, hand_over)
    assert (row.date, row.state) == (today(), FollowUpState.REPORTED)


def test_alektum_2023_an_objection_known_to_the_seller_is_a_task_at_once(on: Stage) -> None:
    """There it was never passed on to the agent."""
    invoice, hand_over = sent(on)
    on.side.bookkeeper.dispute(invoice)
    followed(on, hand_over)
    assert questions(on, hand_over) == ["disputed"]
    (row,) = rows(on, hand_over)
    assert all(finding.severity is Severity.WARNING for finding in row.findings)


AGREED_UNTIL = today() + timedelta(days=90)
PLAN = "Amorteringsplan"
"""What Amili's own pages call a case with an instalment plan; what its API says is not known
(amili/API.md, "Accounts and creditors")."""


def test_visma_amili_2024_what_is_agreed_with_the_customer_stops_the_hand_over(on: Stage) -> None:
    """There demands went on despite an agreed instalment arrangement."""
    invoice = on.invoice()
    on.side.bookkeeper.put_off(invoice, AGREED_UNTIL)
    hand_over = begun(on, invoice)
    assert driven(on, hand_over).state is HandOverState.BLOCKED
    assert "C2" in codes(on, hand_over)
    assert on.cases(invoice) == 0


def test_visma_amili_2024_a_ledger_that_tells_of_an_arrangement_as_such_stops_it_by_name(on: Stage) -> None:
    """Neither ledger tells of one but by a later due date, so that the rest is as this invoice is."""
    connection = on.deployment.connection(CONNECTION)
    _, host = on.deployment.sides(connection)
    read = host.read(on.invoice())
    agreed = read.model_copy(update={"respite_until": (AGREED_UNTIL,)})
    now = Circumstances(today=today(), first_action=connection.settings.first_action)
    found = {one.code: one.severity for one in assess(agreed, connection.settings, now).findings}
    assert found["A7"] is Severity.LIFTABLE


def test_visma_amili_2024_what_is_agreed_after_the_hand_over_is_a_task_and_what_is_paid_by_it_reported(
    on: Stage,
) -> None:
    invoice, hand_over = sent(on)
    on.side.bookkeeper.put_off(invoice, AGREED_UNTIL)
    pays(on, invoice, 250)
    followed(on, hand_over)
    assert actions(on, invoice) == [AtAmili("payment", kr(250), "completed")]
    assert questions(on, hand_over) == ["put_off"]
    (asking,) = [row for row in rows(on, hand_over) if row.state is FollowUpState.ASKING]
    assert all(str(AGREED_UNTIL) in sv(finding) and str(AGREED_UNTIL) in en(finding) for finding in asking.findings)
    on.side.bookkeeper.put_off(invoice, today() - timedelta(days=1))
    followed(on, hand_over)
    assert questions(on, hand_over) == []


def test_visma_amili_2024_a_plan_at_amili_is_shown_and_nothing_is_done_against_it(on: Stage) -> None:
    invoice, hand_over = sent(on)
    case_id = stored(on, hand_over).case_id
    on.amili.set_case(case_id, status=PLAN)
    on.let_cases_be_read()
    case_reading.read(on.deployment, lambda _: None, DEFAULT_ACCESS)
    standing = cases.of(on.deployment.databases.main, case_id)
    assert standing is not None
    assert (standing.status, standing.closed) == (PLAN, False)
    assert PLAN in ledger_words.case_status(standing, "sv")
    on.amili.traffic.clear()
    pays(on, invoice, 250)
    followed(on, hand_over)
    for origin in Origin:
        asked(on, invoice, origin=origin)
    assert actions(on, invoice) == [AtAmili("payment", kr(250), "completed")]
    told = {what: count for what, count in on.amili.traffic.snapshot()["requests"].items() if what.startswith("POST")}
    assert told == {"POST /creditor--payments": 1}
    assert on.cases(invoice) == 1


def test_visma_2024_other_costs_are_never_claimed_under_one_name(on: Stage) -> None:
    """There 3 600 kronor of "other costs" stood unspecified: here only capital, and fees by their kinds, are sent."""
    invoice, hand_over = sent(on)
    (case,) = on.amili.cases_of(on.number(invoice))
    assert set(case.debt) <= {
        "invoice_number",
        "debt_description",
        "invoice_date",
        "capital_to_claim",
        "invoice_due_days_after_invoice_date",
        "fees_included_in_capital_to_claim",
        "fees_already_claimed",
    }
    assert case.debt["capital_to_claim"] == stored(on, hand_over).capital
