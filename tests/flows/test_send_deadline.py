"""The last check before bytes leave, on the way they leave."""

from __future__ import annotations

import pytest

from connector.amili.models import CaseRegistration
from connector.flows.send_deadline import SendDeadline, TooLate, clock_s
from connector.sandbox.amili.state import GUIDE_ACCOUNT, GUIDE_CREDITOR
from tests.flows.hand_over_steps import calls
from tests.flows.stage import CONNECTION, Stage


def registration(number: str) -> CaseRegistration:
    debt = {
        "invoice_number": number,
        "debt_description": "Konsulttimmar",
        "invoice_date": "2025-06-02",
        "capital_to_claim": "1250.00",
        "invoice_due_days_after_invoice_date": 30,
    }
    address = {"address_line_1": "Kungsgatan 2", "zip_code": "41119", "city": "Göteborg", "country": "SE"}
    return CaseRegistration.model_validate(
        {
            "account": GUIDE_ACCOUNT,
            "creditor": GUIDE_CREDITOR,
            "first_action": "reminder",
            "currency": "SEK",
            "customer": {"name": "Kund AB", "id_number": "5560160680", "is_company": True, "address": address},
            "debts": [debt],
        }
    )


def test_past_the_deadline_nothing_complete_reaches_amili(on: Stage) -> None:
    amili, _ = on.deployment.sides(on.deployment.connection(CONNECTION))
    with pytest.raises(TooLate):
        amili.register(registration("F-1"), may_send=SendDeadline(clock_s() - 0.001).may_send)
    assert on.amili.cases_of("F-1") == []
    assert on.amili.traffic.snapshot()["registrations_received"] == {}
    amili.register(registration("F-1"), may_send=SendDeadline(clock_s() + 60).may_send)
    assert len(on.amili.cases_of("F-1")) == 1


def test_past_the_deadline_no_file_reaches_amili(on: Stage) -> None:
    amili, _ = on.deployment.sides(on.deployment.connection(CONNECTION))
    case_id = amili.register(registration("F-2"), may_send=lambda: None).case_id
    with pytest.raises(TooLate):
        amili.upload_original_invoice(case_id, b"%PDF-1.7", "f.pdf", may_send=SendDeadline(clock_s() - 0.001).may_send)
    assert on.amili.cases[case_id].uploads == []
    assert calls(on, "POST /case--registrations") == 1


def test_the_clock_runs() -> None:
    first = clock_s()
    while clock_s() == first:
        pass
    assert clock_s() > first
    SendDeadline(clock_s() + 60).may_send()
