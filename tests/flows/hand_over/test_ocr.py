"""The OCR number of a case reaches store and ledger, also where the case was taken over; and finds it again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.flows.hand_over.write_back import write_back
from connector.flows.outcome import Then
from connector.sandbox.shared.switches import Fault, FaultKind
from connector.store import hand_overs, timeline
from connector.store.hand_over_record import HandOver
from tests.flows.hand_over_steps import begun, case_at_amili, driven, stored, strike
from tests.flows.ledgers import FortnoxLedger
from tests.flows.stage import CONNECTION, Stage

pytestmark = pytest.mark.ledgers("odoo", "fortnox")


def written(on: Stage, hand_over: str) -> HandOver:
    on.side.let_windows_pass(on.deployment)
    assert write_back(on.deployment, hand_over).then is Then.NEXT
    return stored(on, hand_over)


def registered(on: Stage, invoice: str) -> tuple[str, str]:
    """The OCR number that Amili gave the invoice's case, and Amili's id of that."""
    (case,) = on.amili.cases_of(on.number(invoice))
    answer = on.amili.registrations[case.registration_id]
    return answer["_ocr_numbers_ocr"][0], answer["_ocr_numbers"][0]


def shown(on: Stage, invoice: str) -> str:
    """The OCR number that the invoice shows in its ledger."""
    if isinstance(on.side, FortnoxLedger):
        with on.side.state.lock:
            return str(on.side.books.invoice(invoice)["ExternalInvoiceReference2"]).partition(" OCR ")[2]
    return str(on.ledger.books.field(int(invoice), "x_amili_ocr") or "")


@pytest.mark.parametrize("taken_over", [False, True])
def test_it_stands_in_store_and_ledger_and_finds_the_case(on: Stage, taken_over: bool) -> None:
    invoice = on.invoice()
    if taken_over:
        case_at_amili(on, invoice)
    hand_over = begun(on, invoice)
    driven(on, hand_over)

    kept = written(on, hand_over)

    number, number_id = registered(on, invoice)
    assert (kept.ocr, kept.ocr_id, shown(on, invoice)) == (number, number_id, number)
    assert on.side.case_shown(invoice) == kept.case_id
    db = on.deployment.databases.main
    spaced = f"{number[:4]} {number[4:]}"
    assert [one.id for one in hand_overs.listing(db, connection_id=CONNECTION, ocr=spaced)] == [hand_over]
    assert [one.id for one in hand_overs.find(db, number)] == [hand_over]
    assert hand_overs.listing(db, ocr=number[:-1]) == ()
    assert [entry.event for entry in timeline.of_hand_over(db, hand_over)][-1] == "written_back"


@pytest.mark.parametrize("kind", [FaultKind.FAIL_BEFORE, FaultKind.HALF_ANSWER])
def test_a_number_that_cannot_be_read_is_tried_for_a_while_and_holds_nothing_up(on: Stage, kind: FaultKind) -> None:
    invoice = on.invoice()
    case_at_amili(on, invoice)
    hand_over = begun(on, invoice)
    driven(on, hand_over)
    strike(on, Fault(kind, ("read_registration",), share=1))

    on.side.let_windows_pass(on.deployment)
    assert write_back(on.deployment, hand_over).then is Then.AGAIN
    while (outcome := write_back(on.deployment, hand_over)).then is Then.AGAIN:
        on.side.let_windows_pass(on.deployment)

    assert outcome.then is Then.NEXT
    assert (stored(on, hand_over).ocr, shown(on, invoice)) == ("", "")
    assert on.side.case_shown(invoice) == stored(on, hand_over).case_id


def test_of_several_cases_of_one_registration_no_number_is_guessed(on: Stage) -> None:
    invoice = on.invoice()
    case = case_at_amili(on, invoice)
    answer = on.amili.registrations[case.registration_id]
    answer |= {"_cases": [*answer["_cases"], "f" * 24], "_ocr_numbers_ocr": [*answer["_ocr_numbers_ocr"], "20251"]}
    hand_over = begun(on, invoice)
    driven(on, hand_over)

    assert written(on, hand_over).ocr == ""
    assert replace(stored(on, hand_over), ocr="").case_id == on.side.case_shown(invoice)
