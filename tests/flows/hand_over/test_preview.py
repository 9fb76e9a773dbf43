"""Looking before acting: what is shown is what would be sent, and nothing is sent anywhere."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connector.domain.connection import FirstAction
from connector.domain.errors import ConfigurationError, NotFound, RemoteError
from connector.domain.findings import Severity
from connector.domain.hand_over import HandOverState
from connector.flows.hand_over.preview import PAGE_SIZE, OverdueRow, overdue, preview
from connector.sandbox.amili.state import GUIDE_CREDITOR
from connector.sandbox.odoo.switches import LedgerSwitches
from connector.sandbox.shared.switches import ClosedAs, Fault, FaultKind
from connector.store import tables
from tests.flows.hand_over.test_debts import DIFFERING, say, stranger
from tests.flows.hand_over_steps import (
    armed,
    asked,
    begun,
    calls,
    case_at_amili,
    codes,
    driven,
    next_registration,
    registrations,
    step,
    strike,
)
from tests.flows.stage import CONNECTION, Stage

PATIENT_S = 60.0


def stopping(on: Stage, invoice: str) -> list[str]:
    return [finding.code for finding in preview(on.deployment, CONNECTION, invoice).stopping]


def row(on: Stage, invoice: str) -> OverdueRow:
    found: list[OverdueRow] = []
    page = 1
    while rows := overdue(on.deployment, CONNECTION, page=page, within_s=PATIENT_S):
        found += rows
        page += 1
    (one,) = (row for row in found if row.invoice.id == invoice)
    return one


def test_a_clean_invoice_shows_what_would_be_sent(on: Stage) -> None:
    invoice = on.invoice(price="1000")
    look = preview(on.deployment, CONNECTION, invoice)
    assert look.stopping == ()
    assert look.hand_over is None
    assert look.first_action is FirstAction.DEBT_COLLECTION
    assert look.assessment is not None
    assert look.assessment.claim is not None
    assert look.assessment.claim.capital_to_claim == Decimal("1250.00")
    driven(on, begun(on, invoice))
    (case,) = on.amili.cases_of(on.number(invoice))
    assert case.debt["capital_to_claim"] == look.assessment.claim.capital_to_claim
    assert case.debt["debt_description"] == look.assessment.claim.debt_description


def test_nothing_is_sent_and_nothing_written(on: Stage) -> None:
    invoice = on.invoice(wished_by="Eva Ekonom")
    writes = len(on.ledger.writes)
    preview(on.deployment, CONNECTION, invoice)
    overdue(on.deployment, CONNECTION, within_s=PATIENT_S)
    assert registrations(on, invoice) == 0
    assert on.hand_over(invoice) is None
    assert len(on.ledger.writes) == writes
    assert not on.ledger.emails_sent
    assert on.ledger.pdfs_generated[int(invoice)] == 0


def test_the_first_action_can_be_tried_out(on: Stage) -> None:
    look = preview(on.deployment, CONNECTION, on.invoice(), first_action=FirstAction.REMINDER)
    assert look.first_action is FirstAction.REMINDER
    assert look.assessment is not None
    assert look.assessment.claim is not None
    assert look.assessment.claim.first_action is FirstAction.REMINDER


def test_what_would_stop_it_is_shown_all_at_once(on: Stage) -> None:
    invoice = on.invoice(on.customer(company_registry=""), price="20")
    assert {"E2", "B5"} <= set(stopping(on, invoice))


def test_amounts_that_cannot_be_read_are_a_finding(on: Stage) -> None:
    invoice = on.invoice()
    on.ledger.books.set_invoice(int(invoice), amount_residual=Decimal("0.001"))
    look = preview(on.deployment, CONNECTION, invoice)
    assert (look.invoice, look.assessment) == (None, None)
    assert [finding.code for finding in look.stopping] == ["B2"]


def test_a_case_of_ours_stops_another(on: Stage) -> None:
    invoice = on.invoice()
    driven(on, begun(on, invoice))
    look = preview(on.deployment, CONNECTION, invoice)
    assert [finding.code for finding in look.stopping] == ["A9"]
    assert look.hand_over is not None
    assert look.hand_over.case_id in look.stopping[0].value


def test_an_unknown_outcome_stops_another(on: Stage) -> None:
    invoice = on.invoice()
    started = begun(on, invoice)
    strike(on, Fault(FaultKind.DROP_AFTER, ("register",), next_n=1))
    step(on, started)
    assert stopping(on, invoice) == ["A9"]


def test_a_withdrawn_case_waits_for_a_tick(on: Stage) -> None:
    invoice = on.invoice()
    on.amili.set_case(case_at_amili(on, invoice).id, closed=True)
    on.amili.switches.change({"closed_as": ClosedAs.DATE})
    assert stopping(on, invoice) == ["A10"]


# An open case of the same number, which may be another debt's


@pytest.mark.parametrize("differing", DIFFERING)
def test_a_case_that_will_stop_it_is_told_before_anything_is_asked(on: Stage, differing: str) -> None:
    invoice = on.invoice()
    case = stranger(on, invoice, **DIFFERING[differing])
    on.amili.traffic.clear()
    look = preview(on.deployment, CONNECTION, invoice)
    (found,) = look.stopping
    assert (found.code, found.severity, found.value) == ("case_differs", Severity.WARNING, case.id)
    assert not look.asks_whose
    assert calls(on, "GET /cases") == 1, "no look more than without it"


@pytest.mark.parametrize("shown", [{}, {"customer_id_number": "556016-0680"}])
def test_a_case_that_fits_or_none_is_no_finding(on: Stage, shown: dict[str, str]) -> None:
    invoice, alone = on.invoice(), on.invoice()
    stranger(on, invoice, **shown)
    on.amili.traffic.clear()
    assert (stopping(on, invoice), stopping(on, alone)) == ([], [])
    assert calls(on, "GET /cases") == 2


def test_a_closed_case_of_another_debt_is_no_finding(on: Stage) -> None:
    invoice = on.invoice()
    on.amili.set_case(stranger(on, invoice, **DIFFERING["debtor"]).id, closed=True)
    assert stopping(on, invoice) == []


def test_one_that_fits_among_others_is_used(on: Stage) -> None:
    invoice = on.invoice()
    stranger(on, invoice, **DIFFERING["debtor"])
    stranger(on, invoice)
    assert stopping(on, invoice) == []
    assert driven(on, begun(on, invoice)).state is HandOverState.REGISTERED


@pytest.mark.parametrize("is_this", [True, False])
def test_what_stopped_for_it_is_decided_and_then_no_finding(on: Stage, is_this: bool) -> None:
    invoice = on.invoice()
    case = stranger(on, invoice, **DIFFERING["capital"])
    hand_over = begun(on, invoice)
    step(on, hand_over)
    assert codes(on, hand_over) == ["case_differs"]
    look = preview(on.deployment, CONNECTION, invoice)
    (found,) = look.stopping
    assert (found.code, found.severity, found.value) == ("case_differs", Severity.BLOCK, case.id)
    assert look.asks_whose
    say(on, hand_over, case.id, is_this=is_this)
    assert "case_differs" not in stopping(on, invoice)
    assert (driven(on, hand_over).case_id == case.id) is is_this


def test_one_that_came_after_another_stop_is_decided_there_too(on: Stage) -> None:
    customer = on.customer(company_registry="")
    invoice = on.invoice(customer)
    assert driven(on, begun(on, invoice)).state is HandOverState.BLOCKED
    stranger(on, invoice, **DIFFERING["date"])
    look = preview(on.deployment, CONNECTION, invoice)
    assert [finding.code for finding in look.stopping][:1] == ["case_differs"]
    assert look.asks_whose


def test_while_its_own_case_may_still_show_nobody_is_asked(on: Stage) -> None:
    invoice = on.invoice()
    hand_over = begun(on, invoice)
    strike(on, next_registration(FaultKind.DROP_BEFORE))
    step(on, hand_over)
    stranger(on, invoice, **DIFFERING["capital"])
    assert stopping(on, invoice) == ["A9"]


def test_an_inactive_creditor_is_seen_by_whoever_looks(on: Stage) -> None:
    on.amili.set_creditor(GUIDE_CREDITOR, is_active=False)
    table = tables.connections
    with on.deployment.databases.main.begin() as connection:
        connection.execute(table.update().values(creditor_checked_at=0.0))
    assert stopping(on, on.invoice()) == ["G2"]


def test_what_cannot_be_looked_at_says_why(on: Stage) -> None:
    with pytest.raises(NotFound):
        preview(on.deployment, CONNECTION, "999999")
    with pytest.raises(ConfigurationError):
        preview(on.deployment, "nobody", "1")
    invoice = on.invoice()
    on.ledger.switches.set(LedgerSwitches(faults=(Fault(FaultKind.FAIL_BEFORE, share=1.0),)))
    with pytest.raises(RemoteError, match="Odoo"):
        preview(on.deployment, CONNECTION, invoice)


# The list


def test_the_list_says_of_each_what_would_stop_it(on: Stage) -> None:
    clean, stopped = on.invoice(), on.invoice(on.customer(company_registry=""))
    assert row(on, clean).stopping == ()
    assert "E2" in [finding.code for finding in row(on, stopped).stopping]


def test_what_is_not_due_or_paid_is_not_listed(on: Stage) -> None:
    paid = on.invoice()
    on.ledger.books.pay(int(paid))
    listed = {one.invoice.id for one in overdue(on.deployment, CONNECTION, within_s=PATIENT_S)}
    assert paid not in listed


def test_what_is_under_way_or_done_shows_its_hand_over(on: Stage) -> None:
    invoice = on.invoice()
    started = begun(on, invoice)
    armed(on, started)
    shown = row(on, invoice)
    assert shown.hand_over is not None
    assert shown.hand_over.state is HandOverState.REGISTERING


def test_a_stopped_one_that_has_been_mended_can_be_sent_again(on: Stage) -> None:
    customer = on.customer(company_registry="")
    invoice = on.invoice(customer)
    assert driven(on, begun(on, invoice)).state is HandOverState.BLOCKED
    assert "E2" in [finding.code for finding in row(on, invoice).stopping]
    on.ledger.books.set_customer(customer, company_registry="556016-0680")
    assert row(on, invoice).stopping == ()
    again, _ = asked(on, invoice)
    assert driven(on, again.id).state is HandOverState.REGISTERED


def test_one_that_cannot_be_read_does_not_hide_the_others(on: Stage) -> None:
    bad, good = on.invoice(), on.invoice()
    on.ledger.books.set_invoice(int(bad), amount_total=Decimal("1250.001"))
    assert [finding.code for finding in row(on, bad).stopping] == ["B2"]
    assert (row(on, good).stopping, row(on, good).problem) == ((), "")


def test_pages_follow_on_one_another(on: Stage) -> None:
    customer = on.customer()
    wanted = {on.invoice(customer) for _ in range(PAGE_SIZE + 1)}
    pages: list[list[str]] = []
    while rows := overdue(on.deployment, CONNECTION, page=len(pages) + 1, within_s=PATIENT_S):
        pages.append([one.invoice.id for one in rows])
    seen = [invoice for page in pages for invoice in page]
    assert len(seen) == len(set(seen))
    assert wanted <= set(seen)
    assert all(len(page) == PAGE_SIZE for page in pages[:-1])


def test_a_list_whose_time_is_over_reads_no_further_invoice(on: Stage) -> None:
    on.invoice()
    on.ledger.traffic.clear()

    rows = overdue(on.deployment, CONNECTION, within_s=0.0)

    assert rows
    assert [one for one in rows if one.judged and one.hand_over is None] == []
    assert not [name for name in on.ledger.traffic.snapshot()["requests"] if "web_search_read" in name]
