"""The PDF: on the case once, or a finding that says why not; never a reason to fail a registered case."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO

import pytest
from pypdf import PdfReader

from connector.domain.checks.content import PDF_MAX_BYTES
from connector.domain.findings import Severity
from connector.domain.hand_over import HandOverState, PdfState
from connector.flows.hand_over.register import register
from connector.flows.hand_over.upload import upload
from connector.flows.hand_over.write_back import write_back
from connector.flows.outcome import Outcome, Then
from connector.flows.sending.decisions import TRIES_BEFORE_GIVING_UP
from connector.sandbox.amili import state as amili_state
from connector.sandbox.amili.state import Case, Upload
from connector.sandbox.odoo.switches import LedgerSwitches
from connector.sandbox.shared.pdf import pdf_of
from connector.sandbox.shared.switches import BodyKind, Fault, FaultKind
from connector.store import pdf_work
from tests.flows.hand_over.test_pdf_content import attached, made, on_opening
from tests.flows.hand_over_steps import (
    begun,
    calls,
    claimed,
    codes,
    driven,
    elsewhere,
    events,
    let_pass,
    stored,
    strike,
)
from tests.flows.stage import Stage
from tests.said import en, sv

UPLOAD = "POST /media--upload/{reference_id}"


@pytest.fixture
def invoice(on: Stage) -> str:
    """An overdue invoice."""
    return on.invoice()


@pytest.fixture
def hand_over(on: Stage, invoice: str) -> str:
    """A hand-over whose case has just been registered."""
    started = begun(on, invoice)
    assert driven(on, started).state is HandOverState.REGISTERED
    return started


def let_settle(on: Stage, hand_over: str) -> None:
    """Let pass what an upload may take to arrive."""
    let_pass(on, hand_over, on.deployment.settings.settle_s + 0.1)


def step(on: Stage, hand_over: str) -> Outcome:
    return upload(on.deployment, hand_over)


def case(on: Stage, invoice: str) -> Case:
    (found,) = on.amili.cases_of(on.number(invoice))
    return found


def uploads(on: Stage, invoice: str) -> list[Upload]:
    return case(on, invoice).uploads


def next_upload(kind: FaultKind, times: int = 1, status: int = 503) -> Fault:
    return Fault(kind, operations=("upload",), next_n=times, status=status)


def text_of(content: bytes) -> str:
    return PdfReader(BytesIO(content)).pages[0].extract_text()


def ended_with(on: Stage, hand_over: str) -> str:
    """The words of the finding with which the hand-over ends, all else done."""
    write_back(on.deployment, hand_over)
    ended = stored(on, hand_over)
    assert (ended.state, ended.pdf) == (HandOverState.DONE, PdfState.UNAVAILABLE)
    (finding,) = (found for found in ended.findings if found.severity is Severity.WARNING)
    assert finding.code == "pdf_unavailable"
    return sv(finding)


def test_the_ledgers_own_pdf_reaches_the_case(on: Stage, hand_over: str, invoice: str) -> None:
    assert step(on, hand_over).then is Then.NEXT
    (uploaded,) = uploads(on, invoice)
    assert (uploaded.file_name, uploaded.content_type) == ("original_invoice.pdf", "application/pdf")
    assert on.number(invoice) in text_of(uploaded.content)
    assert base64.b64encode(uploaded.content).decode() == on.ledger.books.field(int(invoice), "invoice_pdf_report_file")
    assert stored(on, hand_over).pdf is PdfState.UPLOADED
    assert not on.ledger.emails_sent, "nobody is mailed"


def test_a_repeated_step_uploads_nothing_more(on: Stage, hand_over: str, invoice: str) -> None:
    for _ in range(3):
        assert step(on, hand_over).then is Then.NEXT
    assert len(uploads(on, invoice)) == 1
    assert events(on, hand_over).count("pdf_uploaded") == 1


def test_nothing_is_uploaded_before_there_is_a_case(on: Stage, invoice: str) -> None:
    started = begun(on, invoice)
    assert step(on, started).then is Then.NEXT
    assert calls(on, UPLOAD) == 0
    assert stored(on, started).pdf is PdfState.PENDING


@pytest.mark.parametrize(
    ("fault", "settles"),
    [
        (next_upload(FaultKind.FAIL_BEFORE), True),
        (next_upload(FaultKind.RATE_LIMITED), False),
        (next_upload(FaultKind.DROP_BEFORE), True),
        (next_upload(FaultKind.UNAUTHORISED, times=2), False),
        *(
            (replace(next_upload(FaultKind.FAIL_BEFORE, status=status), body=BodyKind.HTML), True)
            for status in (400, 403, 404)
        ),
    ],
    ids=lambda given: f"{given.kind} {given.status} {given.body}" if isinstance(given, Fault) else "",
)
def test_what_did_not_arrive_is_uploaded_later(
    on: Stage, hand_over: str, invoice: str, fault: Fault, *, settles: bool
) -> None:
    strike(on, fault)
    outcome = step(on, hand_over)
    assert outcome.then is Then.AGAIN, "the ledger is written to meanwhile"
    assert outcome.after_s > 0
    assert stored(on, hand_over).state is HandOverState.REGISTERED
    assert stored(on, hand_over).waiting_for.startswith("Amili")
    if settles:
        let_settle(on, hand_over)
    assert step(on, hand_over).then is Then.NEXT
    assert len(uploads(on, invoice)) == 1
    assert codes(on, hand_over) == []


@pytest.mark.parametrize("kind", [FaultKind.FAIL_AFTER, FaultKind.DROP_AFTER, FaultKind.HALF_ANSWER])
def test_an_upload_whose_answer_was_lost_is_not_repeated_if_the_case_shows_it(
    on: Stage, hand_over: str, invoice: str, kind: FaultKind
) -> None:
    strike(on, next_upload(kind), shows_original_invoice=True)
    assert step(on, hand_over).then is Then.AGAIN
    assert step(on, hand_over).then is Then.NEXT, "seen at once, without waiting for what is known"
    assert len(uploads(on, invoice)) == 1
    assert stored(on, hand_over).pdf is PdfState.UPLOADED


def test_an_upload_whose_answer_was_lost_is_repeated_if_the_case_does_not_show_it(
    on: Stage, hand_over: str, invoice: str
) -> None:
    """Nothing tells whether the first one arrived; the second carries the very same file."""
    strike(on, next_upload(FaultKind.FAIL_AFTER), shows_original_invoice=False)
    assert step(on, hand_over).then is Then.AGAIN
    let_settle(on, hand_over)
    assert step(on, hand_over).then is Then.NEXT
    assert len({uploaded.content for uploaded in uploads(on, invoice)}) == 1
    assert len(uploads(on, invoice)) == 2


def test_an_upload_that_is_still_on_its_way_is_not_met_by_a_second(on: Stage, hand_over: str, invoice: str) -> None:
    strike(on, next_upload(FaultKind.FAIL_AFTER), shows_original_invoice=True)
    assert step(on, hand_over).then is Then.AGAIN
    arrived = case(on, invoice).uploads.pop()
    settle_s = on.deployment.settings.settle_s
    for _ in range(3):
        outcome = step(on, hand_over)
        assert outcome.then is Then.AGAIN
        assert outcome.after_s < settle_s
        assert uploads(on, invoice) == []
    assert stored(on, hand_over).waiting_for, "it is still said what is waited for"
    case(on, invoice).uploads.append(arrived)
    assert step(on, hand_over).then is Then.NEXT
    assert uploads(on, invoice) == [arrived]
    assert stored(on, hand_over).pdf is PdfState.UPLOADED


@pytest.mark.parametrize("for_the_store_alone", [True, False], ids=["a clock put forward", "time"])
def test_only_time_lets_a_second_upload_follow(
    on: Stage, hand_over: str, invoice: str, *, for_the_store_alone: bool
) -> None:
    strike(on, next_upload(FaultKind.FAIL_BEFORE), shows_original_invoice=True)
    step(on, hand_over)
    let_pass(on, hand_over, 2 * on.deployment.settings.settle_s, for_the_store_alone=for_the_store_alone)
    assert step(on, hand_over).then is (Then.AGAIN if for_the_store_alone else Then.NEXT)
    assert len(uploads(on, invoice)) == (0 if for_the_store_alone else 1)


def test_a_clock_put_back_makes_an_upload_settle_no_longer_than_from_now(
    on: Stage, hand_over: str, invoice: str
) -> None:
    strike(on, next_upload(FaultKind.FAIL_BEFORE), shows_original_invoice=True)
    step(on, hand_over)
    let_pass(on, hand_over, -3_600.0, for_the_store_alone=True)
    assert step(on, hand_over).then is Then.AGAIN
    let_settle(on, hand_over)
    assert step(on, hand_over).then is Then.NEXT
    assert len(uploads(on, invoice)) == 1


def test_the_ledger_is_told_of_a_case_whose_pdf_is_still_on_its_way(on: Stage, hand_over: str, invoice: str) -> None:
    strike(on, next_upload(FaultKind.FAIL_BEFORE))
    step(on, hand_over)
    write_back(on.deployment, hand_over)
    assert on.side.case_shown(invoice) == case(on, invoice).id


def test_the_first_upload_asks_nothing_of_the_case(on: Stage, hand_over: str) -> None:
    on.amili.traffic.clear()
    step(on, hand_over)
    assert set(on.amili.traffic.snapshot()["requests"]) == {UPLOAD}


def test_a_pause_that_amili_names_is_kept(on: Stage, hand_over: str) -> None:
    strike(on, Fault(FaultKind.RATE_LIMITED, operations=("upload",), next_n=1, retry_after_s=41))
    assert 41 <= step(on, hand_over).after_s <= 42


def test_the_ledger_out_of_reach_is_waited_for(on: Stage, hand_over: str, invoice: str) -> None:
    on.ledger.switches.set(LedgerSwitches(faults=(Fault(FaultKind.FAIL_BEFORE, next_n=1),)))
    assert step(on, hand_over).then is Then.AGAIN
    assert stored(on, hand_over).waiting_for == "Odoo (HTTP 503)"
    assert step(on, hand_over).then is Then.NEXT
    assert len(uploads(on, invoice)) == 1


def test_a_ledger_key_that_is_refused_for_a_while_costs_no_pdf(on: Stage, hand_over: str, invoice: str) -> None:
    on.ledger.switches.set(LedgerSwitches(faults=(Fault(FaultKind.UNAUTHORISED, next_n=1),)))
    assert step(on, hand_over).then is Then.AGAIN
    assert step(on, hand_over).then is Then.NEXT
    assert len(uploads(on, invoice)) == 1


def test_a_pdf_that_cannot_be_had_is_a_finding_on_the_case(on: Stage, hand_over: str, invoice: str) -> None:
    on.ledger.break_pdf(int(invoice))
    assert step(on, hand_over).then is Then.NEXT
    assert "Wkhtmltopdf" in ended_with(on, hand_over)
    assert uploads(on, invoice) == []
    assert calls(on, UPLOAD) == 0


def test_a_file_that_is_no_pdf_is_not_uploaded(on: Stage, hand_over: str, invoice: str) -> None:
    on.ledger.books.set_invoice(int(invoice), invoice_pdf_report_file=base64.b64encode(b"<html>").decode())
    assert step(on, hand_over).then is Then.NEXT
    assert ended_with(on, hand_over)
    assert calls(on, UPLOAD) == 0


@pytest.mark.parametrize(
    ("document", "swedish", "english"),
    [
        (made(on_opening("JavaScript")), "innehåller skript", "holds scripts"),
        (made(attached("avtal.docx")), "andra filer inbäddade", "other files embedded"),
        (b"%PDF-1.4 the invoice", "inte att läsa som PDF", "cannot be read as a PDF"),
        (pdf_of(["Faktura"]) + b"\n" * PDF_MAX_BYTES, "byte; den får vara högst", "bytes; it may be at most"),
    ],
    ids=["scripts", "files", "a start alone", "size"],
)
def test_a_pdf_that_is_more_than_pages_or_less_is_not_uploaded_and_a_finding_says_why(
    on: Stage, hand_over: str, invoice: str, document: bytes, swedish: str, english: str
) -> None:
    on.ledger.books.set_invoice(int(invoice), invoice_pdf_report_file=base64.b64encode(document).decode())
    assert step(on, hand_over).then is Then.NEXT
    assert calls(on, UPLOAD) == 0
    assert stored(on, hand_over).state is HandOverState.REGISTERED
    (found,) = [one for one in stored(on, hand_over).findings if one.code == "pdf_unavailable"]
    assert swedish in sv(found)
    assert english in en(found)


@pytest.mark.parametrize(
    "document",
    [
        made(on_opening("GoTo")),
        made(attached("factur-x.xml")),
        pdf_of(["Faktura"]) + b"\n" * (PDF_MAX_BYTES - len(pdf_of(["Faktura"]))),
    ],
    ids=["where to begin", "the invoice for machines", "size"],
)
def test_a_pdf_that_is_nearly_so_is_uploaded(on: Stage, hand_over: str, invoice: str, document: bytes) -> None:
    on.ledger.books.set_invoice(int(invoice), invoice_pdf_report_file=base64.b64encode(document).decode())
    assert step(on, hand_over).then is Then.NEXT
    assert calls(on, UPLOAD) == 1
    (upload_of,) = uploads(on, invoice)
    assert upload_of.content == document


def test_the_pdf_of_another_number_is_not_uploaded(on: Stage, hand_over: str, invoice: str) -> None:
    on.ledger.books.set_invoice(int(invoice), name="INV/2020/99999")
    assert step(on, hand_over).then is Then.NEXT
    assert "INV/2020/99999" in ended_with(on, hand_over)
    assert calls(on, UPLOAD) == 0


def test_an_upload_that_amili_refuses_is_a_finding_in_its_words(on: Stage, hand_over: str, invoice: str) -> None:
    on.amili.set_case(case(on, invoice).id)
    refusing = _media_fields_without_the_invoice()
    try:
        assert step(on, hand_over).then is Then.NEXT
    finally:
        refusing()
    assert "Dotted Path is not valid" in ended_with(on, hand_over)
    assert uploads(on, invoice) == []


def _media_fields_without_the_invoice() -> Callable[[], None]:
    """Amili refuses the field that the documentation shows; gives what puts it back."""
    patch = pytest.MonkeyPatch()
    patch.setitem(amili_state.MEDIA_FIELDS, "cases", ("another_field",))
    return patch.undo


def test_a_case_that_is_not_visible_yet_is_waited_for(on: Stage, hand_over: str, invoice: str) -> None:
    registered = on.amili.cases.pop(case(on, invoice).id)
    for _ in range(3):
        assert step(on, hand_over).then is Then.AGAIN
    on.amili.cases[registered.id] = registered
    assert step(on, hand_over).then is Then.NEXT
    assert len(registered.uploads) == 1


def test_a_case_that_never_shows_ends_as_a_finding(on: Stage, hand_over: str, invoice: str) -> None:
    on.amili.cases.pop(case(on, invoice).id)
    tries = 0
    while step(on, hand_over).then is Then.AGAIN:
        tries += 1
        assert tries <= TRIES_BEFORE_GIVING_UP
    assert tries >= 3
    assert "Amili" in ended_with(on, hand_over)


def test_who_is_at_work_is_not_disturbed(on: Stage, hand_over: str, invoice: str) -> None:
    claimed(on, hand_over)
    outcome = step(on, hand_over)
    assert outcome.then is Then.AGAIN
    assert outcome.after_s > 0
    assert calls(on, UPLOAD) == 0


def test_a_worker_that_died_while_uploading_is_followed_by_another(on: Stage, hand_over: str, invoice: str) -> None:
    pdf_work.attempt(on.deployment.databases.main, claimed(on, hand_over))
    let_pass(on, hand_over, 2 * on.deployment.settings.attempt_s)
    let_pass(on, hand_over, on.deployment.settings.settle_s)
    assert step(on, hand_over).then is Then.NEXT
    assert len(uploads(on, invoice)) == 1
    assert calls(on, "GET /cases/{case_id}") == 1, "it may have arrived, so the case is asked first"


def test_an_uploader_whose_time_is_over_sends_nothing(on: Stage, hand_over: str, invoice: str) -> None:
    on.ledger.switches.set(LedgerSwitches(slow_operations_s={"account.move/search_read": 0.3}))
    outcome = upload(elsewhere(on.deployment, attempt_s=0.2), hand_over)
    assert outcome.then is Then.AGAIN
    assert uploads(on, invoice) == []
    assert stored(on, hand_over).pdf is PdfState.PENDING


def test_the_signed_address_of_the_file_is_kept_nowhere(on: Stage, invoice: str) -> None:
    started = begun(on, invoice)
    register(on.deployment, started)
    step(on, started)
    assert "Signature" not in repr(stored(on, started))
    folder = on.deployment.settings.data_dir
    assert not [path.name for path in folder.iterdir() if b"storage.example" in path.read_bytes()]
